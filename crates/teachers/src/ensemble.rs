//! A weighted mean of library members.

use std::sync::Arc;

use lessen_model::{Batch, Cost, PredictError, Predictor};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use crate::learned::Learned;

/// A weighted mean of the members' class probabilities, or numbers (Caruana et al. 2004, section 2). Members that share
/// work (an encoding, a neighbour search) do it once per batch.
#[derive(Clone, Debug)]
pub struct Ensemble {
    name: String,
    members: Vec<(Arc<Learned>, u32)>,
    origin: Option<Origin>,
}

/// Which rows an ensemble has seen: under another seed its training rows are somebody's test rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The data set's name, for people.
    pub dataset: String,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
    /// The seed that divided its rows.
    pub seed: u64,
}

impl Ensemble {
    /// The members with a weight above zero. `None` where there is none, or they differ in how many
    /// numbers they answer with.
    pub fn new(name: impl Into<String>, members: Vec<(Arc<Learned>, u32)>) -> Option<Self> {
        let members: Vec<_> = members.into_iter().filter(|(_, weight)| *weight > 0).collect();
        let outputs = members.first()?.0.outputs();
        members.iter().all(|(member, _)| member.outputs() == outputs).then(|| Self {
            name: name.into(),
            members,
            origin: None,
        })
    }

    /// The same ensemble, knowing which rows it was fitted to.
    pub fn with_origin(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }

    /// Which rows it was fitted to, where that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
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
