//! A weighted mean of library members.

use std::sync::Arc;

use lessen_model::{Batch, Cost, PredictError, Predictor};
use lessen_units::Operations;

use crate::learned::Learned;

/// A weighted mean of the members' class probabilities (Caruana et al. 2004, section 2). Members that share
/// work (an encoding, a neighbour search) do it once per batch.
#[derive(Clone, Debug)]
pub struct Ensemble {
    name: String,
    members: Vec<(Arc<Learned>, u32)>,
}

impl Ensemble {
    /// The members with a weight above zero. `None` where there is none, or they differ in their classes.
    pub fn new(name: impl Into<String>, members: Vec<(Arc<Learned>, u32)>) -> Option<Self> {
        let members: Vec<_> = members.into_iter().filter(|(_, weight)| *weight > 0).collect();
        let outputs = members.first()?.0.outputs();
        members
            .iter()
            .all(|(member, _)| member.outputs() == outputs)
            .then(|| Self { name: name.into(), members })
    }

    /// Members and how often each was chosen.
    pub fn members(&self) -> &[(Arc<Learned>, u32)] {
        &self.members
    }
}

impl Predictor for Ensemble {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.members[0].0.outputs()
    }

    fn cost(&self) -> Cost {
        let mut cost = Cost::own(Operations::macs((self.members.len() * self.outputs()) as u64));
        for (member, _) in &self.members {
            cost.join(&member.cost());
        }
        cost
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        let total: u64 = self.members.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut answer = vec![0.0; into.len()];
        into.fill(0.0);
        for (member, weight) in &self.members {
            member.predict(batch, &mut answer)?;
            let share = *weight as f32 / total as f32;
            for (into, answer) in into.iter_mut().zip(&answer) {
                *into += share * answer;
            }
        }
        Ok(())
    }
}
