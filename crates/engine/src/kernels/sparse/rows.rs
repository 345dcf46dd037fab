//! Some rows of a pattern, and what is computed of each by itself.

use std::ops::Range;

use pulp::Arch;

use super::gradient::Gradient;
use super::product::Product;
use crate::kernels::dense::Finish;
use crate::kernels::share::Share;

/// The column of each entry, as narrow as the width allows: what is read is half of what is left then.
#[derive(Clone)]
pub(super) enum Columns {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

impl Columns {
    /// Of a matrix so wide.
    pub(super) fn new(columns: Vec<u32>, width: usize) -> Self {
        if width <= 1 << 16 {
            Self::Narrow(columns.into_iter().map(|column| column as u16).collect())
        } else {
            Self::Wide(columns)
        }
    }

    pub(super) fn at(&self, entry: usize) -> usize {
        match self {
            Self::Narrow(columns) => columns[entry].place(),
            Self::Wide(columns) => columns[entry].place(),
        }
    }
}

/// A column's number.
pub(super) trait Column: Copy + Send + Sync {
    fn place(self) -> usize;
}

impl Column for u16 {
    #[inline(always)]
    fn place(self) -> usize {
        usize::from(self)
    }
}

impl Column for u32 {
    #[inline(always)]
    fn place(self) -> usize {
        self as usize
    }
}

/// Rows of a pattern that follow each other.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(super) bounds: &'a [usize],
    pub(super) blocks: usize,
    pub(super) columns: &'a Columns,
    pub(super) width: usize,
}

impl Rows<'_> {
    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        (self.bounds.len() - 1) / self.blocks
    }

    /// The entries of a row, counted from the pattern's first.
    pub(crate) fn row(&self, row: usize) -> Range<usize> {
        self.bounds[row * self.blocks]..self.bounds[(row + 1) * self.blocks]
    }

    /// The entries of all of them, counted from the pattern's first.
    pub(crate) fn entries(&self) -> Range<usize> {
        self.bounds[0]..self.bounds[self.bounds.len() - 1]
    }

    /// `y = W x`: hands `values[row] . inputs[..][lane]` to `finish`, a register of lanes at a time; `values` has one of each
    /// entry of the pattern, `inputs` is `[width][lanes]`. What a lane gets depends on the number of lanes, its place and the
    /// instruction set only.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn product<F: Finish>(self, values: &[f32], inputs: &[f32], lanes: usize, finish: &mut F) {
        assert!(values.len() >= self.entries().end && inputs.len() >= self.width * lanes);
        match self.columns {
            Columns::Narrow(columns) => {
                let entries = Entries { cells: self.cells(columns), values };
                Arch::new().dispatch(Product { entries, inputs, lanes, finish });
            }
            Columns::Wide(columns) => {
                let entries = Entries { cells: self.cells(columns), values };
                Arch::new().dispatch(Product { entries, inputs, lanes, finish });
            }
        }
    }

    /// `dW = dy x'` at the entries of these rows: `into[entry] = delta[row] . inputs[column]`, counted from the first of
    /// them; `delta` is `[rows][lanes]`, `inputs` `[width][lanes]`.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn gradient(self, delta: &[f32], inputs: &[f32], lanes: usize, into: &mut [f32]) {
        assert!(delta.len() >= self.count() * lanes && inputs.len() >= self.width * lanes);
        let into = &mut into[..self.entries().len()];
        match self.columns {
            Columns::Narrow(columns) => {
                let cells = self.cells(columns);
                Arch::new().dispatch(Gradient { cells, delta, inputs, lanes, into });
            }
            Columns::Wide(columns) => {
                let cells = self.cells(columns);
                Arch::new().dispatch(Gradient { cells, delta, inputs, lanes, into });
            }
        }
    }
}

impl<'a> Rows<'a> {
    pub(super) fn cells<C>(self, columns: &'a [C]) -> Cells<'a, C> {
        Cells { bounds: self.bounds, blocks: self.blocks, columns }
    }
}

impl Share for Rows<'_> {
    fn share(self, row: usize) -> (Self, Self) {
        let at = row * self.blocks;
        (Self { bounds: &self.bounds[..=at], ..self }, Self { bounds: &self.bounds[at..], ..self })
    }
}

/// Rows whose columns are of one kind: a cell is what a row has in a block of columns.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a, C> {
    /// Where each cell's entries begin, and the end of the last; row by row.
    pub(super) bounds: &'a [usize],
    /// Cells of a row.
    pub(super) blocks: usize,
    /// Of all entries of the pattern; rising in a row.
    pub(super) columns: &'a [C],
}

impl<C> Cells<'_, C> {
    pub(super) fn rows(&self) -> usize {
        (self.bounds.len() - 1) / self.blocks
    }

    /// The entries of a row.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> Range<usize> {
        self.bounds[row * self.blocks]..self.bounds[(row + 1) * self.blocks]
    }

    /// Those of them in a block of columns.
    #[inline(always)]
    pub(super) fn cell(&self, row: usize, block: usize) -> Range<usize> {
        let cell = row * self.blocks + block;
        self.bounds[cell]..self.bounds[cell + 1]
    }
}

/// Rows with their values.
#[derive(Clone, Copy)]
pub(super) struct Entries<'a, C> {
    pub(super) cells: Cells<'a, C>,
    /// Of all entries of the pattern.
    pub(super) values: &'a [f32],
}

impl<'a, C: Column> Entries<'a, C> {
    /// Columns and values of each row.
    #[inline(always)]
    pub(super) fn rows(self) -> impl Iterator<Item = (&'a [C], &'a [f32])> {
        (0..self.cells.rows()).map(move |row| self.of(self.cells.row(row)))
    }

    /// Columns and values of some entries.
    #[inline(always)]
    pub(super) fn of(self, entries: Range<usize>) -> (&'a [C], &'a [f32]) {
        (&self.cells.columns[entries.clone()], &self.values[entries])
    }
}
