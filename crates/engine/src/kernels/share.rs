//! Work shared between threads by rows.

use super::both::both;
use super::dense::ROWS;

/// What can be shared between threads by rows.
pub(crate) trait Share: Sized + Send {
    /// The part for the rows before `row`, and that for the others, counted from 0 again.
    fn share(self, row: usize) -> (Self, Self);
}

impl<A: Share, B: Share> Share for (A, B) {
    fn share(self, row: usize) -> (Self, Self) {
        let (first, second) = (self.0.share(row), self.1.share(row));
        ((first.0, second.0), (first.1, second.1))
    }
}

/// Multiply-accumulates of a dense product below which work is not worth a second thread: about 70 microseconds.
const LEAST_SHARED: usize = 3 << 20;

/// Does `work` with all rows of `of`, on as many threads of the current pool as are free; a row takes as long as so many
/// multiply-accumulates of a dense product. `work` is given a part and the number of its rows.
pub(crate) fn by_rows<T: Share>(of: T, rows: usize, row_macs: usize, work: &(impl Fn(T, usize) + Sync)) {
    let is_small = rows * row_macs < 2 * LEAST_SHARED || rows < 2 * ROWS;
    if is_small || rayon::current_num_threads() < 2 {
        return work(of, rows);
    }
    let half = (rows / 2).next_multiple_of(ROWS);
    let (first, second) = of.share(half);
    both(|| by_rows(first, half, row_macs, work), || by_rows(second, rows - half, row_macs, work));
}
