//! Growing one tree of a boosted sum.

use super::bins::Bins;
use super::grow::{Grown, Limits, Open, partition};
use super::histogram::{Cut, Layout, Newton, Pool, Slope, Sums, add_rows, best_cut};

/// What all trees of a boosted sum have in common.
pub(super) struct Growing<'a> {
    pub(super) bins: &'a Bins,
    pub(super) limits: Limits,
    pub(super) newton: Newton,
    /// Shrinks each leaf's step.
    pub(super) learning_rate: f32,
    pub(super) pool: &'a Pool,
}

/// A part of the tree that is yet to grow, with its histogram where there is one.
struct Node {
    open: Open,
    sums: Sums,
    histogram: Option<Vec<Sums>>,
}

impl Growing<'_> {
    /// Grows a tree on `rows` that splits at the features of `layout`; a leaf says what to add to a score.
    pub(super) fn grow(&self, layout: &Layout, mut rows: Vec<Slope>) -> Grown {
        let mut grown = Grown::new(1);
        let mut spare = Vec::with_capacity(rows.len());
        let root = self.node(layout, Open::whole(rows.len()), &rows);
        let mut still_open = vec![root];
        while let Some(node) = still_open.pop() {
            match self.best_split(layout, &node, &rows) {
                Some((feature, cut)) => {
                    let column = self.bins.column(feature);
                    let here = &mut rows[node.open.samples.clone()];
                    let left = partition(here, &mut spare, |row| column[row.row as usize] <= cut.last_left);
                    let middle = node.open.samples.start + left;
                    let [left, right] = grown.split(&node.open, feature, cut.last_left, middle);
                    let [left, right] = self.children(layout, [left, right], node.histogram, &rows);
                    still_open.extend([right, left]);
                }
                None => {
                    let step = self.newton.step(&node.sums) as f32 * self.learning_rate;
                    grown.end(&node.open, u64::from(node.sums.rows), &[step]);
                    node.histogram.into_iter().for_each(|histogram| self.pool.give_back(histogram));
                }
            }
        }
        grown
    }

    /// A node with its sums, and a histogram of its own where that is worth it.
    fn node(&self, layout: &Layout, open: Open, rows: &[Slope]) -> Node {
        let rows = &rows[open.samples.clone()];
        let histogram = (self.may_split(&open) && layout.is_filled_by(rows.len())).then(|| {
            let mut histogram = self.pool.take();
            layout.fill(self.bins, rows, &mut histogram);
            histogram
        });
        Node { open, sums: Sums::of(rows), histogram }
    }

    /// The two children. The larger one's histogram is the parent's less the smaller one's, which saves more
    /// than half of the counting.
    fn children(&self, layout: &Layout, opens: [Open; 2], parent: Option<Vec<Sums>>, rows: &[Slope]) -> [Node; 2] {
        let [left, right] = opens;
        let left_is_smaller = left.samples.len() <= right.samples.len();
        let (smaller, larger) = if left_is_smaller { (left, right) } else { (right, left) };
        let worth_it = self.may_split(&larger) && layout.is_filled_by(larger.samples.len());
        let (smaller, larger) = match parent {
            Some(mut histogram) if worth_it => {
                let mut counted = self.pool.take();
                layout.fill(self.bins, &rows[smaller.samples.clone()], &mut counted);
                for (cell, counted) in histogram.iter_mut().zip(&counted) {
                    *cell -= counted;
                }
                let larger_sums = Sums::of(&rows[larger.samples.clone()]);
                let smaller_sums = Sums::of(&rows[smaller.samples.clone()]);
                let smaller = Node { open: smaller, sums: smaller_sums, histogram: Some(counted) };
                (smaller, Node { open: larger, sums: larger_sums, histogram: Some(histogram) })
            }
            parent => {
                parent.into_iter().for_each(|histogram| self.pool.give_back(histogram));
                (self.node(layout, smaller, rows), self.node(layout, larger, rows))
            }
        };
        if left_is_smaller { [smaller, larger] } else { [larger, smaller] }
    }

    fn may_split(&self, open: &Open) -> bool {
        open.depth < self.limits.max_depth && open.samples.len() >= self.limits.min_leaf.saturating_mul(2)
    }

    /// The split of the greatest gain; of the first feature among equally good ones.
    fn best_split(&self, layout: &Layout, node: &Node, rows: &[Slope]) -> Option<(u32, Cut)> {
        if !self.may_split(&node.open) {
            return None;
        }
        let mut best: Option<(u32, Cut)> = None;
        let mut weigh = |feature, cells: &[Sums]| {
            if let Some(cut) = best_cut(cells, &node.sums, self.newton, self.limits.min_leaf)
                && best.is_none_or(|(_, best)| cut.gain > best.gain)
            {
                best = Some((feature, cut));
            }
        };
        if let Some(histogram) = &node.histogram {
            layout.columns(histogram).for_each(|(feature, cells)| weigh(feature, cells));
        } else {
            let mut cells = Vec::new();
            for &feature in layout.features() {
                cells.clear();
                cells.resize(self.bins.count(feature), Sums::default());
                add_rows([self.bins.column(feature)], &rows[node.open.samples.clone()], [&mut cells]);
                weigh(feature, &cells);
            }
        }
        best
    }
}
