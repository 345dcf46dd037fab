//! The mean of the nearest training rows' numbers.

use lessen_data::Encoded;
use lessen_model::{Batch, Cost};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use super::NeighboursSpec;
use super::among::{Among, PointsWire};
use crate::examples::{Examples, Values};

/// Training rows whose numbers are averaged, each counting as its vote would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub(crate) struct NeighbourMean {
    spec: NeighboursSpec,
    among: Among,
    /// One a point, in the target's unit.
    values: Vec<f32>,
    /// The mean of all, for rows without neighbours.
    centre: f32,
}

/// [`NeighbourMean`] as a file has it.
#[derive(Deserialize)]
struct Wire {
    spec: NeighboursSpec,
    encoding: u64,
    points: PointsWire,
    values: Vec<f32>,
    centre: f32,
}

impl TryFrom<Wire> for NeighbourMean {
    type Error = String;

    fn try_from(Wire { spec, encoding, points, values, centre }: Wire) -> Result<Self, String> {
        spec.check()?;
        if !values.iter().chain([&centre]).all(|value| value.is_finite()) {
            return Err("a number that is not finite".into());
        }
        let among = Among::from_file(encoding, points, values.len())?;
        Ok(Self { spec, among, values, centre })
    }
}

impl NeighbourMean {
    pub(super) fn fit(spec: NeighboursSpec, examples: &Examples, values: &Values) -> Self {
        let in_unit = values.standardised.iter().map(|&value| values.unit.unscaled(value)).collect();
        Self { spec, among: Among::of(examples), values: in_unit, centre: values.unit.centre }
    }

    /// A number for each encoded row. The search is done once a batch for all that look among the same points.
    pub(crate) fn values(&self, encoded: &Encoded, batch: &Batch<'_>, into: &mut [f32]) {
        let nearest = self.among.nearest(encoded, batch);
        for (nearest, into) in nearest.of_each(self.spec.k).zip(into) {
            let (mut sum, mut votes) = (0.0, 0.0);
            for (point, vote) in self.spec.weighting.votes(nearest) {
                sum += f64::from(vote) * f64::from(self.values[point as usize]);
                votes += f64::from(vote);
            }
            *into = if votes > 0.0 { (sum / votes) as f32 } else { self.centre };
        }
    }

    /// What one prediction takes. Shared: the search. Own: a multiply-accumulate a neighbour, and as adds its vote
    /// (weighed by distance: and its quotient) and the division.
    pub(crate) fn cost(&self) -> Cost {
        let votes = self.among.found(self.spec.k);
        let adds = votes * self.spec.weighting.adds() + 1;
        self.among.cost(Operations { macs: votes, adds, ..Operations::NONE })
    }

    pub(crate) fn among(&self) -> &Among {
        &self.among
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weighting;
    use crate::testing::{column, line, numbers, values};

    fn answers(k: usize, weighting: Weighting, at: &[f32]) -> Vec<f32> {
        let training = numbers(line(&[1.0, 2.0, 4.0, -8.0]), &[10.0, 20.0, 60.0, -30.0]);
        let mean = NeighboursSpec { k, weighting }.fit_mean(&training, values(&training));
        let features = column(at);
        let rows: Vec<u32> = (0..at.len() as u32).collect();
        let mut found = vec![f32::NAN; at.len()];
        mean.values(&line(at), &Batch::new(&features, &rows), &mut found);
        found
    }

    #[test]
    fn means_by_hand() {
        // At 0 the distances are 1, 2, 4 and 8: votes of 1, 1/2 and 1/4 by distance.
        let cases = [
            (1, Weighting::Uniform, 10.0),
            (2, Weighting::Uniform, 15.0),
            (3, Weighting::Uniform, 30.0),
            (9, Weighting::Uniform, 15.0),
            (2, Weighting::Distance, (10.0 + 10.0) / 1.5),
            (3, Weighting::Distance, (10.0 + 10.0 + 15.0) / 1.75),
        ];
        for (k, weighting, expected) in cases {
            let found = answers(k, weighting, &[0.0])[0];
            assert!((found - expected).abs() < 1e-4, "{k} {weighting:?}: {found}, expected {expected}");
        }
        assert!((answers(3, Weighting::Distance, &[4.0])[0] - 60.0).abs() < 1e-4, "a row at distance 0");
        assert!((answers(3, Weighting::Distance, &[f32::NAN])[0] - 15.0).abs() < 1e-4, "no neighbours");
    }

    #[test]
    fn arithmetic_is_counted() {
        let training = numbers(line(&[1.0, 2.0, 4.0, -8.0]), &[10.0, 20.0, 60.0, -30.0]);
        let own =
            |k, weighting| NeighboursSpec { k, weighting }.fit_mean(&training, values(&training)).cost().own;
        assert_eq!(own(3, Weighting::Uniform), Operations { macs: 3, adds: 4, comparisons: 0 });
        assert_eq!(own(9, Weighting::Distance), Operations { macs: 4, adds: 9, comparisons: 0 });
    }

    #[test]
    fn wrong_ones_are_refused() {
        fn wire(change: impl FnOnce(&mut Wire)) -> Result<NeighbourMean, String> {
            let points = PointsWire { width: 1, values: vec![1.0, 2.0] };
            let spec = NeighboursSpec { k: 1, weighting: Weighting::Uniform };
            let mut wire = Wire { spec, encoding: 0, points, values: vec![5.0, 6.0], centre: 5.5 };
            change(&mut wire);
            NeighbourMean::try_from(wire)
        }
        assert!(wire(|_| ()).is_ok());
        let cases: [(Result<NeighbourMean, String>, &str); 4] = [
            (wire(|wire| wire.spec.k = 0), "0 neighbours"),
            (wire(|wire| wire.values.push(1.0)), "2 values, expected 3 rows of 1"),
            (wire(|wire| wire.values[0] = f32::NAN), "not finite"),
            (wire(|wire| wire.centre = f32::INFINITY), "not finite"),
        ];
        for (found, expected) in cases {
            let error = found.unwrap_err();
            assert!(error.contains(expected), "{error}, expected {expected}");
        }
    }
}
