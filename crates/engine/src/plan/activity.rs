//! How much of what layers give is not zero.

use lessen_data::{Features, padded};
use lessen_model::{PredictError, Predictor};

use super::Plan;
use crate::forward::{CHUNK, Layers, Room};
use crate::kernels::aligned::Aligned;

/// Shares of numbers that are not zero, of each layer with weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Of the encoded rows.
    pub inputs: f64,
    /// Of what each layer gives behind its activation, in order.
    pub layers: Vec<f64>,
}

impl Plan {
    /// Predicts `rows` and counts what is not zero on the way (the `Act%` of Han et al. 2015, Tables 2 to 5).
    ///
    /// # Errors
    /// Where the rows do not fit.
    pub fn activity(&self, features: &Features, rows: &[u32]) -> Result<Activity, PredictError> {
        let encoding = self.network().encoding();
        let mut nonzero = vec![0usize; self.layers.len() + 1];
        let (mut current, mut next, mut room) = (Aligned::default(), Aligned::default(), Room::default());
        for chunk in rows.chunks(CHUNK) {
            let lanes = padded(chunk.len());
            current.resize(encoding.width() * lanes);
            encoding.gather(features, chunk, lanes, &mut current).map_err(|problem| self.error(problem))?;
            nonzero[0] += count(&current, lanes, chunk.len());
            for place in 0..self.layers.len() {
                self.many_rows(place, lanes, &mut room, &current, &mut next);
                std::mem::swap(&mut current, &mut next);
                nonzero[place + 1] += count(&current, lanes, chunk.len());
            }
        }
        let widths = std::iter::once(encoding.width()).chain(self.layers.iter().map(|layer| layer.outputs));
        let share = |(nonzero, width): (usize, usize)| nonzero as f64 / (width * rows.len()).max(1) as f64;
        let mut shares = nonzero.into_iter().zip(widths).map(share);
        Ok(Activity { inputs: shares.next().unwrap_or_default(), layers: shares.collect() })
    }
}

/// How many of `[width][lanes]` are not zero, the lanes beyond the rows left out.
fn count(values: &[f32], lanes: usize, rows: usize) -> usize {
    let of_lane = |lane: &[f32]| lane[..rows].iter().filter(|&&value| value != 0.0).count();
    values.chunks_exact(lanes.max(1)).map(of_lane).sum()
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding, Images};
    use lessen_model::{Dense, Layer, Network, Node, Weights};

    use super::*;

    /// Pixels `a` and `b` become `relu(a - b)`, `relu(b - a)` and `relu(-a)`, then a softmax of two sums.
    #[test]
    fn what_is_not_zero_is_counted_as_by_hand() {
        let dense = |shape: [usize; 2], values: &[f32]| {
            let weights = Weights::new(shape.to_vec(), values.to_vec()).unwrap();
            Layer::Dense(Dense { weights, bias: vec![0.0; shape[0]] })
        };
        let layers = [
            dense([3, 2], &[1.0, -1.0, -1.0, 1.0, -1.0, 0.0]),
            Layer::Relu,
            dense([2, 3], &[1.0; 6]),
            Layer::Softmax,
        ];
        let node = |(place, layer)| Node { name: format!("node {place}"), layer, inputs: vec![place] };
        let nodes = layers.into_iter().enumerate().map(node).collect();
        let encoding =
            Encoding::try_from(vec![ColumnEncoding::Pixels { count: 2, shift: 0.0, scale: 1.0 }]).unwrap();
        let answer = Answer::Classes(vec!["a".into(), "b".into()]);
        let plan = Plan::new("small", Network::new(nodes, encoding, answer).unwrap()).unwrap();
        // (3, 1) makes (2, 0, 0), (0, 5) makes (0, 5, 0), (4, 4) makes nothing; 71 rows are more than a chunk.
        let mut bytes = vec![3, 1, 0, 5, 4, 4];
        bytes.extend([0, 0].repeat(68));
        let features = Features::Images(Images { channels: 1, height: 1, width: 2, bytes });
        let rows: Vec<u32> = (0..71).collect();
        let found = plan.activity(&features, &rows).unwrap();
        assert_eq!(found, Activity { inputs: 5.0 / 142.0, layers: vec![2.0 / 213.0, 1.0] });
        let few = plan.activity(&features, &[0, 2]).unwrap();
        assert_eq!(few, Activity { inputs: 1.0, layers: vec![1.0 / 6.0, 1.0] });
    }
}
