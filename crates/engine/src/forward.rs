//! The way of rows through the layers of a chain, however the layers hold their weights.

#[cfg(test)]
pub(crate) mod examples;

use std::ops::Range;
use std::sync::Mutex;

use lessen_data::{Encoding, padded};
use lessen_model::{Batch, PredictError, Predictor};

use crate::kernels::aligned::Aligned;
use crate::kernels::both::both;
use crate::kernels::columns::Nonzero;
use crate::kernels::dense::Strips;

/// The layers of a chain.
pub(crate) trait Layers: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// What layer `place` makes of one row; `outputs` becomes as long as they are.
    fn one_row(&self, place: usize, room: &mut Room, inputs: &[f32], outputs: &mut Aligned);

    /// What layer `place` makes of `[inputs][lanes]`.
    fn many_rows(&self, place: usize, lanes: usize, room: &mut Room, inputs: &[f32], outputs: &mut Aligned);
}

/// What layers work in, beside what they take in and give.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) nonzero: Nonzero,
    pub(crate) strips: Strips,
    /// Some rows of weights that lie elsewhere in another form.
    pub(crate) weights: Aligned,
    pub(crate) columns: Vec<u32>,
    pub(crate) starts: Vec<usize>,
}

/// What is known of a chain beside its layers, and the buffers of calls.
pub(crate) struct Forward {
    pub(crate) outputs: usize,
    pub(crate) ends_in_softmax: bool,
    /// Multiply-accumulates a row.
    pub(crate) macs: usize,
    /// Buffers that no call is using; each call takes one, so many threads may predict at once.
    pub(crate) idle: Mutex<Vec<Workspace>>,
}

/// Room that one call works in.
#[derive(Default)]
pub(crate) struct Workspace {
    current: Aligned,
    next: Aligned,
    room: Room,
}

/// Up to this many rows are predicted one by one, without lanes: a register of lanes takes as long for 16 rows as for one.
pub(crate) const FEW_ROWS: usize = 4;

/// Rows that go through all layers together: what a layer makes of them is still near when the next one reads it.
pub(crate) const CHUNK: usize = 64;

/// Multiply-accumulates below which rows are not worth a second thread: without their zeros, which takes longest, 70 microseconds.
const LEAST_SHARED: usize = 1 << 20;

impl Forward {
    /// Predicts a batch with `encoding`s rows gathered as they are needed.
    pub(crate) fn predict<P: Predictor>(
        &self,
        layers: &impl Layers,
        predictor: &P,
        encoding: &Encoding,
        batch: &Batch<'_>,
        into: &mut [f32],
    ) -> Result<(), PredictError> {
        predictor.check_room(batch, into)?;
        let (features, all) = (batch.features(), batch.rows());
        let fill = |rows: Range<usize>, lanes: usize, into: &mut [f32]| {
            encoding.gather(features, &all[rows], lanes, into)
        };
        let outcome = self.answer(layers, batch.len(), encoding.width(), &fill, into);
        outcome.map_err(|problem| predictor.error(problem))
    }

    /// Predicts as many rows as `fill` puts, `[width][lanes]`, where it is told to.
    pub(crate) fn answer<E: Send>(
        &self,
        layers: &impl Layers,
        rows: usize,
        width: usize,
        fill: &(impl Fn(Range<usize>, usize, &mut [f32]) -> Result<(), E> + Sync),
        into: &mut [f32],
    ) -> Result<(), E> {
        if rows > FEW_ROWS {
            return self.chunks(layers, 0..rows, width, fill, into);
        }
        self.with_workspace(|workspace| {
            for (row, into) in into.chunks_exact_mut(self.outputs).enumerate() {
                workspace.current.resize(width);
                fill(row..row + 1, 1, &mut workspace.current)?;
                self.one_row(layers, workspace, into);
            }
            Ok(())
        })
    }

    /// Predicts rows a chunk at a time, on more threads where that is worth it: chunks are the same on any number of them.
    fn chunks<E: Send>(
        &self,
        layers: &impl Layers,
        rows: Range<usize>,
        width: usize,
        fill: &(impl Fn(Range<usize>, usize, &mut [f32]) -> Result<(), E> + Sync),
        into: &mut [f32],
    ) -> Result<(), E> {
        let is_shared = rows.len() > CHUNK
            && rows.len() * self.macs >= 2 * LEAST_SHARED
            && rayon::current_num_threads() > 1;
        if is_shared {
            let middle = rows.start + (rows.len() / 2).next_multiple_of(CHUNK);
            let (first, second) = into.split_at_mut((middle - rows.start) * self.outputs);
            let (first, second) = both(
                || self.chunks(layers, rows.start..middle, width, fill, first),
                || self.chunks(layers, middle..rows.end, width, fill, second),
            );
            return first.and(second);
        }
        self.with_workspace(|workspace| {
            let outputs = self.outputs;
            for (start, into) in rows.clone().step_by(CHUNK).zip(into.chunks_mut(CHUNK * outputs)) {
                let chunk = start..rows.end.min(start + CHUNK);
                let lanes = padded(chunk.len());
                workspace.current.resize(width * lanes);
                fill(chunk, lanes, &mut workspace.current)?;
                self.chunk(layers, lanes, workspace, into);
            }
            Ok(())
        })
    }

    /// Lends `work` buffers that no other call is using.
    fn with_workspace<T>(&self, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let mut workspace = self.idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default();
        let outcome = work(&mut workspace);
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(workspace);
        }
        outcome
    }

    /// From an encoded row in `workspace.current`.
    fn one_row(&self, layers: &impl Layers, workspace: &mut Workspace, into: &mut [f32]) {
        let Workspace { current, next, room } = workspace;
        for place in 0..layers.count() {
            layers.one_row(place, room, current, next);
            std::mem::swap(current, next);
        }
        into.copy_from_slice(current);
        self.settle(into);
    }

    /// From encoded rows in `workspace.current`, `[width][lanes]`.
    fn chunk(&self, layers: &impl Layers, lanes: usize, workspace: &mut Workspace, into: &mut [f32]) {
        let Workspace { current, next, room } = workspace;
        for place in 0..layers.count() {
            layers.many_rows(place, lanes, room, current, next);
            std::mem::swap(current, next);
        }
        let outputs = self.outputs;
        for (output, values) in current.chunks_exact(lanes).enumerate() {
            for (into, &value) in into.chunks_exact_mut(outputs).zip(values) {
                into[output] = value;
            }
        }
        self.settle(into);
    }

    /// Cells near the largest numbers overflow on the way; what then comes out of the softmax says nothing, and is written as
    /// just that: every class alike. A row's probabilities sum to 1 whatever the row.
    fn settle(&self, into: &mut [f32]) {
        if !self.ends_in_softmax {
            return;
        }
        let outputs = self.outputs;
        for row in into.chunks_exact_mut(outputs) {
            if !row.iter().sum::<f32>().is_finite() {
                row.fill(1.0 / outputs as f32);
            }
        }
    }
}
