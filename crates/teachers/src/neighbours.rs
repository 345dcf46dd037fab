//! The votes of the nearest training rows, or the mean of their numbers.

mod among;
mod mean;
mod search;
mod smoothing;

use lessen_data::Encoded;
use lessen_model::{Batch, Cost};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Labels, Values};
use among::PointsWire;
use search::{K_MAX, Neighbour};

pub(crate) use among::Among;
pub(crate) use mean::NeighbourMean;
pub(crate) use search::Points;

/// The `k` nearest training rows (Euclidean, encoded features) vote for their classes (Cover and Hart
/// 1967); of numbers the mean is taken, each counting as its vote.
///
/// | setting | purpose |
/// | --- | --- |
/// | `k` | votes; taken as 1 where it is 0 and as 32 where it is more |
/// | `weighting` | whether nearer rows count for more |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeighboursSpec {
    /// Votes.
    pub k: usize,
    /// Whether nearer rows count for more.
    pub weighting: Weighting,
}

/// What a neighbour's vote counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// All votes 1.
    Uniform,
    /// In inverse proportion to its distance, the nearest one's 1. Beside rows at distance 0, no other counts.
    Distance,
}

impl NeighboursSpec {
    /// `k-nearest 5` or `k-nearest 5, by distance`.
    pub fn name(&self) -> String {
        match self.weighting {
            Weighting::Uniform => format!("k-nearest {}", self.k),
            Weighting::Distance => format!("k-nearest {}, by distance", self.k),
        }
    }

    /// Keeps the rows of `examples` and chooses how far votes are smoothed.
    pub(crate) fn fit(&self, examples: &Examples, labels: &Labels) -> Neighbours {
        let mut neighbours = Neighbours {
            spec: self.within_bounds(),
            smoothing: 1.0,
            among: Among::of(examples),
            labels: labels.of_rows.clone(),
            prior: prior(&labels.of_rows, labels.classes),
        };
        neighbours.smoothing = smoothing::choose(&neighbours);
        neighbours
    }

    /// Keeps the rows of `examples` with their numbers.
    pub(crate) fn fit_mean(&self, examples: &Examples, values: &Values) -> NeighbourMean {
        NeighbourMean::fit(self.within_bounds(), examples, values)
    }

    fn within_bounds(&self) -> Self {
        Self { k: self.k.clamp(1, K_MAX), ..self.clone() }
    }

    fn check(&self) -> Result<(), String> {
        let fits = (1..=K_MAX).contains(&self.k);
        fits.then_some(()).ok_or_else(|| format!("{} neighbours, expected 1 to {K_MAX}", self.k))
    }
}

impl Weighting {
    /// Which points a row's neighbours are, and what the vote of each counts.
    fn votes(self, nearest: &[Neighbour]) -> impl Iterator<Item = (u32, f32)> {
        let least = nearest.first().map_or(0.0, |neighbour| neighbour.distance);
        nearest.iter().map(move |neighbour| match self {
            Self::Distance if neighbour.distance > least => (neighbour.point, least / neighbour.distance),
            Self::Uniform | Self::Distance => (neighbour.point, 1.0),
        })
    }

    /// Adds that a vote takes.
    fn adds(self) -> u64 {
        match self {
            Self::Uniform => 1,
            Self::Distance => 2,
        }
    }
}

/// Shares of the classes, each counted once more than it is there: no class is impossible.
fn prior(labels: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![1u32; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    let total = (labels.len() + classes) as f32;
    counts.into_iter().map(|count| count as f32 / total).collect()
}

/// Training rows that vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub(crate) struct Neighbours {
    spec: NeighboursSpec,
    /// Votes that are shared out by `prior`, besides the neighbours'.
    smoothing: f32,
    among: Among,
    /// One a point.
    labels: Vec<u32>,
    /// One a class, all above 0.
    prior: Vec<f32>,
}

/// [`Neighbours`] as a file has them.
#[derive(Deserialize)]
struct Wire {
    spec: NeighboursSpec,
    smoothing: f32,
    encoding: u64,
    points: PointsWire,
    labels: Vec<u32>,
    prior: Vec<f32>,
}

/// How far class shares may be from a sum of 1, by rounding.
const ROUNDING: f32 = 1e-3;

impl TryFrom<Wire> for Neighbours {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let Wire { spec, smoothing, encoding, points, labels, prior } = wire;
        spec.check()?;
        if !(smoothing > 0.0 && smoothing.is_finite()) {
            return Err(format!("a smoothing of {smoothing}, expected a finite number above 0"));
        }
        if let Some(label) = labels.iter().find(|&&label| label as usize >= prior.len()) {
            return Err(format!("label {label}, expected less than {}", prior.len()));
        }
        let sum: f32 = prior.iter().sum();
        let is_whole = (1.0 - ROUNDING..=1.0 + ROUNDING).contains(&sum);
        if !is_whole || !prior.iter().all(|&share| share > 0.0) {
            return Err("class shares that are not above 0, or do not sum to 1".into());
        }
        let among = Among::from_file(encoding, points, labels.len())?;
        Ok(Self { spec, smoothing, among, labels, prior })
    }
}

impl Neighbours {
    /// Class probabilities of encoded rows into `[rows][classes]`: `(votes + s * prior) / (sum of votes + s)` with the
    /// smoothing `s`. The search is done once a batch for all that vote over the same points.
    pub(crate) fn probabilities(&self, encoded: &Encoded, batch: &Batch<'_>, into: &mut [f32]) {
        let nearest = self.among.nearest(encoded, batch);
        into.fill(0.0);
        for (nearest, into) in nearest.of_each(self.spec.k).zip(into.chunks_exact_mut(self.classes())) {
            let sum = self.vote(nearest, into);
            for (into, prior) in into.iter_mut().zip(&self.prior) {
                *into = (*into + self.smoothing * prior) / (sum + self.smoothing);
            }
        }
    }

    /// Adds the votes of a row's neighbours to their classes'; the sum of all.
    fn vote(&self, nearest: &[Neighbour], votes: &mut [f32]) -> f32 {
        let mut sum = 0.0;
        for (point, vote) in self.spec.weighting.votes(nearest) {
            votes[self.labels[point as usize] as usize] += vote;
            sum += vote;
        }
        sum
    }

    /// What one prediction takes. Shared: the search. Own, as adds: a vote (weighed by distance: and its quotient) of
    /// each neighbour, sum and quotient of each class.
    pub(crate) fn cost(&self) -> Cost {
        let adds = self.among.found(self.spec.k) * self.spec.weighting.adds() + 2 * self.classes() as u64;
        self.among.cost(Operations { adds, ..Operations::NONE })
    }

    /// Class probabilities that it gives.
    pub(crate) fn classes(&self) -> usize {
        self.prior.len()
    }

    pub(crate) fn among(&self) -> &Among {
        &self.among
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lessen_model::Predictor;

    use super::*;
    use crate::learned::Learned;
    use crate::testing::{column, digits, examples, labels, line};
    use crate::{Ensemble, Learner};

    fn learned(k: usize, weighting: Weighting, examples: &Examples) -> Learned {
        Learner::Neighbours(NeighboursSpec { k, weighting }).fit(examples, 0).unwrap()
    }

    /// Points at 1, 2, 4 and -8, of two classes.
    fn four(k: usize, weighting: Weighting) -> Neighbours {
        let examples = examples(line(&[1.0, 2.0, 4.0, -8.0]), &[0, 1, 1, 1], 2);
        let fitted = NeighboursSpec { k, weighting }.fit(&examples, labels(&examples));
        Neighbours { smoothing: 0.5, ..fitted }
    }

    #[test]
    fn votes_by_hand() {
        let cases = [
            (1, Weighting::Uniform, [1.0, 0.0]),
            (3, Weighting::Uniform, [1.0, 2.0]),
            (9, Weighting::Uniform, [1.0, 3.0]),
            (3, Weighting::Distance, [1.0, 0.5 + 0.25]),
            (9, Weighting::Distance, [1.0, 0.5 + 0.25 + 0.125]),
        ];
        let features = column(&[0.0]);
        // Counted once more than they are there: 2 and 4 of 6.
        let prior = [1.0 / 3.0, 2.0 / 3.0];
        for (k, weighting, votes) in cases {
            let mut found = [f32::NAN; 2];
            four(k, weighting).probabilities(&line(&[0.0]), &Batch::new(&features, &[0]), &mut found);
            let expected =
                [0, 1].map(|class| (votes[class] + 0.5 * prior[class]) / (votes[0] + votes[1] + 0.5));
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{k} {weighting:?}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn beside_rows_at_distance_0_no_other_counts() {
        let neighbours = four(4, Weighting::Distance);
        let mut votes = [0.0; 2];
        let nearest = neighbours.among.points.nearest(&line(&[2.0]));
        let sum = neighbours.vote(nearest.of_each(4).next().unwrap(), &mut votes);
        assert_eq!((sum, votes), (1.0, [0.0, 1.0]));
    }

    #[test]
    fn without_neighbours_the_shares_are_told() {
        let features = column(&[0.0]);
        let mut found = [f32::NAN; 2];
        four(3, Weighting::Distance).probabilities(
            &line(&[f32::NAN]),
            &Batch::new(&features, &[0]),
            &mut found,
        );
        assert!((found[0] - 1.0 / 3.0).abs() < 1e-6 && (found[1] - 2.0 / 3.0).abs() < 1e-6, "{found:?}");
        let nothing = examples(line(&[]), &[], 2);
        let neighbours =
            NeighboursSpec { k: 3, weighting: Weighting::Uniform }.fit(&nothing, labels(&nothing));
        neighbours.probabilities(&line(&[1.0]), &Batch::new(&features, &[0]), &mut found);
        assert_eq!(found, [0.5, 0.5]);
    }

    #[test]
    fn an_ensemble_searches_once() {
        let training = digits().training;
        let members: Vec<Arc<Learned>> = [1, 3, 32]
            .into_iter()
            .flat_map(|k| [(k, Weighting::Uniform), (k, Weighting::Distance)])
            .map(|(k, weighting)| Arc::new(learned(k, weighting, &training)))
            .collect();
        let ensemble =
            Ensemble::new("all", members.iter().map(|member| (member.clone(), 1)).collect()).unwrap();
        let cost = ensemble.cost();
        let (rows, width) = (training.rows() as u64, training.encoded.width as u64);
        let search = Operations { macs: (rows + 40) * width, adds: rows, comparisons: rows };
        assert_eq!(cost.shared.values().collect::<Vec<_>>(), [&search]);
        // Votes and their quotients, and sum and quotient of each of 10 classes.
        assert_eq!(members[2].cost().own.adds, 3 + 20);
        assert_eq!(members[3].cost().own.adds, 6 + 20);

        // What the first member searched, all others find there; and each says what it says alone.
        let digits = lessen_data::digits().unwrap();
        let rows: Vec<u32> = (0..50).collect();
        let batch = Batch::new(&digits.features, &rows);
        let mut mean = vec![0.0; 500];
        ensemble.predict(&batch, &mut mean).unwrap();
        let key = *cost.shared.keys().next().unwrap();
        assert!(batch.shared::<search::Nearest, _>(key, || Err("searched again")).is_ok());
        let mut expected = vec![0.0; 500];
        for member in &members {
            let mut alone = vec![0.0; 500];
            member.predict(&Batch::new(&digits.features, &rows), &mut alone).unwrap();
            expected.iter_mut().zip(alone).for_each(|(sum, alone)| *sum += alone / 6.0);
        }
        for (mean, expected) in mean.iter().zip(expected) {
            assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
        }
    }

    #[test]
    fn digits_are_told_apart() {
        let digits = digits();
        for (k, weighting, accuracy, loss) in
            [(1, Weighting::Uniform, 0.96, 0.25), (5, Weighting::Distance, 0.96, 0.2)]
        {
            let found = digits.accuracy_and_loss(&learned(k, weighting, &digits.training));
            assert!(found.0 >= accuracy && found.1 <= loss, "{k} {weighting:?}: {found:?}");
        }
    }

    #[test]
    fn names_say_the_settings() {
        let name = |k, weighting| NeighboursSpec { k, weighting }.name();
        assert_eq!(name(1, Weighting::Uniform), "k-nearest 1");
        assert_eq!(name(5, Weighting::Distance), "k-nearest 5, by distance");
    }

    #[test]
    fn wrong_ones_are_refused() {
        fn wire(change: impl FnOnce(&mut Wire)) -> Result<Neighbours, String> {
            let points = PointsWire { width: 1, values: vec![1.0, 2.0] };
            let (labels, prior) = (vec![0, 1], vec![0.5, 0.5]);
            let (spec, smoothing) = (NeighboursSpec { k: 1, weighting: Weighting::Uniform }, 0.1);
            let mut wire = Wire { spec, smoothing, encoding: 0, points, labels, prior };
            change(&mut wire);
            Neighbours::try_from(wire)
        }
        assert!(wire(|_| ()).is_ok());
        let cases: [(Result<Neighbours, String>, &str); 10] = [
            (wire(|wire| wire.spec.k = 0), "0 neighbours"),
            (wire(|wire| wire.spec.k = 33), "33 neighbours, expected 1 to 32"),
            (wire(|wire| wire.smoothing = 0.0), "smoothing of 0"),
            (wire(|wire| wire.smoothing = f32::NAN), "smoothing of NaN"),
            (wire(|wire| wire.labels[1] = 2), "label 2, expected less than 2"),
            (wire(|wire| wire.labels.push(0)), "2 values, expected 3 rows of 1"),
            (wire(|wire| wire.points.width = 3), "2 values, expected 2 rows of 3"),
            (wire(|wire| wire.points.width = usize::MAX), "2 values"),
            (wire(|wire| wire.prior = vec![1.0, 0.0]), "class shares"),
            (wire(|wire| wire.prior = vec![0.5, f32::NAN]), "class shares"),
        ];
        for (found, expected) in cases {
            let error = found.unwrap_err();
            assert!(error.contains(expected), "{error}, expected {expected}");
        }
    }
}
