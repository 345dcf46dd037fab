//! How far votes of a few neighbours are to be believed.

use super::Neighbours;

/// Smoothings to choose from. Of a single vote the least gives a class 1 % less than certainty: a nearest neighbour
/// that errs so rarely is rare.
const GRID: [f32; 11] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];

/// Most training rows that the choice looks at.
const ROWS: usize = 2000;

/// The smoothing of the grid under which (some, evenly spread) training rows get the least log-loss from the votes of
/// the others; of equal ones the smaller.
pub(super) fn choose(neighbours: &Neighbours) -> f32 {
    let rows = neighbours.labels.len();
    let count = rows.min(ROWS);
    let these: Vec<u32> = (0..count).map(|place| (place * rows / count) as u32).collect();
    let nearest = neighbours.among.points.nearest_others(&these);
    let mut losses = [0.0f64; GRID.len()];
    let mut votes = vec![0.0; neighbours.classes()];
    for (&row, nearest) in these.iter().zip(nearest.of_each(neighbours.spec.k)) {
        let label = neighbours.labels[row as usize] as usize;
        votes.fill(0.0);
        let sum = neighbours.vote(nearest, &mut votes);
        for (loss, smoothing) in losses.iter_mut().zip(GRID) {
            let probability = (votes[label] + smoothing * neighbours.prior[label]) / (sum + smoothing);
            *loss -= f64::from(probability).ln();
        }
    }
    let best = (0..GRID.len()).fold(0, |best, next| if losses[next] < losses[best] { next } else { best });
    GRID[best]
}

#[cfg(test)]
mod tests {
    use crate::neighbours::{NeighboursSpec, Weighting};
    use crate::testing::{examples, labels as labels_of, line};

    /// Ten pairs of points, far apart; the one nearest to a point is the other one of its pair. In `odd` pairs the
    /// two differ in their class.
    fn chosen(odd: usize) -> f32 {
        let values: Vec<f32> =
            (0..10).flat_map(|pair| [100.0 * pair as f32, 100.0 * pair as f32 + 1.0]).collect();
        let label = |pair: usize| (pair % 2) as u32;
        let labels: Vec<u32> =
            (0..10).flat_map(|pair| [label(pair), label(pair) ^ u32::from(pair < odd)]).collect();
        let spec = NeighboursSpec { k: 1, weighting: Weighting::Uniform };
        let training = examples(line(&values), &labels, 2);
        spec.fit(&training, labels_of(&training)).smoothing
    }

    /// The share `e` of votes is wrong; the best probability `s / 2 / (1 + s)` of the other class is `e`.
    #[test]
    fn it_is_as_great_as_votes_are_wrong() {
        assert_eq!(chosen(0), 0.01, "never wrong: the least");
        // e = 0.1. Of the grid 0.2 gives 0.083 (loss 0.327), 0.5 gives 0.167 (loss 0.343).
        assert_eq!(chosen(1), 0.2);
        assert_eq!(chosen(10), 20.0, "always wrong: the greatest");
    }
}
