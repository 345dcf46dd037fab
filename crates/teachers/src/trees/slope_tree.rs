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
    fn children(
        &self,
        layout: &Layout,
        opens: [Open; 2],
        parent: Option<Vec<Sums>>,
        rows: &[Slope],
    ) -> [Node; 2] {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trees::testing::{encoded, ends};

    fn growing<'a>(bins: &'a Bins, pool: &'a Pool, max_depth: u32, min_leaf: usize) -> Growing<'a> {
        let limits = Limits { max_depth, min_leaf };
        Growing { bins, limits, newton: Newton { l2: 1.0 }, learning_rate: 0.5, pool }
    }

    /// A tree whose every node is searched anew, from the definition: what grown trees must equal.
    fn searched(
        growing: &Growing<'_>,
        features: &[u32],
        rows: &[Slope],
        depth: u32,
        says: &mut [f32],
    ) -> usize {
        let sums = Sums::of(rows);
        let mut best: Option<(u32, Cut)> = None;
        for &feature in features.iter().filter(|_| depth < growing.limits.max_depth) {
            let mut cells = vec![Sums::default(); growing.bins.count(feature)];
            add_rows([growing.bins.column(feature)], rows, [&mut cells]);
            let cut = best_cut(&cells, &sums, growing.newton, growing.limits.min_leaf);
            best = best
                .into_iter()
                .chain(cut.map(|cut| (feature, cut)))
                .reduce(|a, b| if b.1.gain > a.1.gain { b } else { a });
        }
        let Some((feature, cut)) = best else {
            let step = growing.newton.step(&sums) as f32 * growing.learning_rate;
            rows.iter().for_each(|row| says[row.row as usize] = step);
            return 0;
        };
        let column = growing.bins.column(feature);
        let (left, right): (Vec<Slope>, Vec<Slope>) =
            rows.iter().copied().partition(|row| column[row.row as usize] <= cut.last_left);
        1 + searched(growing, features, &left, depth + 1, says)
            + searched(growing, features, &right, depth + 1, says)
    }

    #[test]
    fn a_leaf_takes_the_shrunk_newton_step() {
        let bins = Bins::new(&encoded(&[&[0.0, 0.0, 1.0, 1.0]]));
        let pool = Pool::default();
        let slope = |(row, slope)| Slope { row, slope, curvature: 0.5 };
        let rows: Vec<Slope> = [(0, 0.5), (1, 0.5), (2, -0.5), (3, -0.5)].map(slope).to_vec();
        let layout = Layout::new(&bins, bins.varying());
        let grown = growing(&bins, &pool, 3, 1).grow(&layout, rows.clone());
        // Left: -1 / (1 + 1), times a half.
        assert_eq!(
            (0..4).map(|row| grown.leaf_of(&bins, row)[0]).collect::<Vec<_>>(),
            [-0.25, -0.25, 0.25, 0.25]
        );
        assert_eq!((grown.nodes.len(), grown.comparisons), (1, 4));
        let root = growing(&bins, &pool, 0, 1).grow(&layout, rows);
        assert_eq!((root.nodes.len(), root.leaves.values), (0, vec![0.0]));
        let nothing = growing(&bins, &pool, 3, 1).grow(&layout, Vec::new());
        assert_eq!(nothing.leaves.values, [0.0]);
    }

    proptest! {
        /// Few distinct values fill histograms, which children then share by subtraction; many do not, and
        /// each node counts for itself.
        #[test]
        fn grown_trees_are_those_that_a_plain_search_finds(
            cells in prop::collection::vec(prop::array::uniform5(0u16..1000), 2..120),
            slopes in prop::collection::vec(-16i8..16, 120),
            distinct in prop::sample::select(vec![2u16, 5, 1000]),
            max_depth in 0u32..6,
            min_leaf in 1usize..10,
        ) {
            let column = |feature: usize| cells.iter().map(|row| f32::from(row[feature] % distinct)).collect();
            let columns: Vec<Vec<f32>> = (0..5).map(column).collect();
            let bins = Bins::new(&encoded(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>()));
            // Sixteenths, so that subtraction is exact.
            let rows: Vec<Slope> = slopes[..cells.len()].iter().zip(0..)
                .map(|(&slope, row)| Slope { row, slope: f32::from(slope) / 16.0, curvature: 0.125 }).collect();
            let pool = Pool::default();
            let growing = growing(&bins, &pool, max_depth, min_leaf);
            let layout = Layout::new(&bins, bins.varying());
            let grown = growing.grow(&layout, rows.clone());
            let mut says = vec![f32::NAN; rows.len()];
            let nodes = searched(&growing, layout.features(), &rows, 0, &mut says);
            prop_assert_eq!(nodes, grown.nodes.len());
            for (row, says) in says.iter().enumerate() {
                prop_assert_eq!(grown.leaf_of(&bins, row), &[*says]);
            }
            let ends = ends(&grown, &bins, rows.iter().map(|row| (row.row, 1)));
            prop_assert!(nodes == 0 || ends.values().all(|&rows| rows as usize >= min_leaf), "{:?}", ends);
        }
    }
}
