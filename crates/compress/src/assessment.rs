//! All models of a run side by side: measured, chosen among, and put into the record.

use std::sync::Arc;

use lessen_data::{Dataset, Split, Unit};
use lessen_meter::Meter;
use lessen_model::{Network, Predictor};
use lessen_records::result::break_even;
use lessen_records::{Latency, ModelRecord, Role};
use lessen_units::{Figure, Joules};

use crate::choose::{Candidate, Choice, choose};
use crate::error::CompressError;
use crate::judged::Judged;
use crate::measure::{joules_per_prediction, latency};
use crate::stages::Progress;

/// A model that takes part in the comparison.
pub(crate) struct Entrant {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) method: String,
    /// Name of the entrant that shows what the method adds.
    pub(crate) control: Option<String>,
    pub(crate) predictor: Arc<dyn Predictor>,
    /// What the predictor computes, where it is a network.
    pub(crate) network: Option<Network>,
    /// Weights left over prunable weights, where it is a network.
    pub(crate) density: Option<f64>,
    /// Name in the run's folder, and size; and other forms of the same.
    pub(crate) file: Option<String>,
    pub(crate) other_files: Vec<String>,
    pub(crate) file_bytes: Option<u64>,
    /// Energy that making it took, alone.
    pub(crate) made_with: Figure<Joules>,
    /// Energy that its savings have to repay: making it, and whatever was made to choose it from.
    pub(crate) to_repay: Figure<Joules>,
}

/// The comparison's outcome.
pub(crate) struct Assessment {
    pub(crate) models: Vec<ModelRecord>,
    /// The chosen student's name, and whether it keeps within the allowed drop.
    pub(crate) chosen: Option<(String, bool)>,
}

/// What was measured of an entrant without a look at the test rows.
struct Measured {
    entrant: Entrant,
    unit: Unit,
    validation: Judged,
    latency: Latency,
    joules: Figure<Joules>,
}

/// Measures every entrant (the first is the teacher), chooses among the students by validation, and only then
/// looks at the test rows.
pub(crate) fn assess(
    entrants: Vec<Entrant>,
    (dataset, split): (&Dataset, &Split),
    max_drop_points: f64,
    meter: &Meter,
    progress: &dyn Progress,
) -> Result<Assessment, CompressError> {
    let total = entrants.len() as f64;
    let mut measured = Vec::new();
    for (place, entrant) in entrants.into_iter().enumerate() {
        progress.advance(place as f64 / total, &entrant.name);
        measured.push(Measured::new(entrant, dataset, split, meter)?);
    }
    let chosen = choose_student(&measured, max_drop_points);
    let teacher = measured.first().map(|teacher| teacher.joules.clone());
    let teacher = teacher.unwrap_or_else(|| Figure::unavailable("there is no teacher"));
    let models = measured.into_iter().map(|model| model.record(dataset, split, &teacher));
    Ok(Assessment { models: models.collect::<Result<_, _>>()?, chosen })
}

fn choose_student(measured: &[Measured], max_drop_points: f64) -> Option<(String, bool)> {
    let students = || measured.iter().filter(|model| model.entrant.role == Role::Student);
    let candidates: Vec<Candidate> = students().map(Measured::candidate).collect();
    let Choice { place, within } = choose(&measured.first()?.validation, &candidates, max_drop_points)?;
    Some((students().nth(place)?.entrant.name.clone(), within))
}

impl Measured {
    fn new(entrant: Entrant, dataset: &Dataset, split: &Split, meter: &Meter) -> Result<Self, CompressError> {
        let predictor = entrant.predictor.as_ref();
        let unit = dataset.target_unit(&split.train);
        let validation = Judged::of(predictor, dataset, &split.validation, unit)?;
        let latency = latency(predictor, dataset, &split.validation)?;
        let joules = joules_per_prediction(predictor, dataset, &split.validation, meter)?;
        Ok(Self { entrant, unit, validation, latency, joules })
    }

    fn macs_nonzero(&self) -> u64 {
        match &self.entrant.network {
            Some(network) => network.operations_nonzero().macs,
            None => self.entrant.predictor.cost().total().macs,
        }
    }

    fn candidate(&self) -> Candidate {
        Candidate {
            macs_nonzero: self.macs_nonzero(),
            file_bytes: self.entrant.file_bytes.unwrap_or(u64::MAX),
            judged: self.validation.clone(),
        }
    }

    fn record(
        self,
        dataset: &Dataset,
        split: &Split,
        teacher: &Figure<Joules>,
    ) -> Result<ModelRecord, CompressError> {
        let test = Judged::of(self.entrant.predictor.as_ref(), dataset, &split.test, self.unit)?;
        let computed = self.entrant.predictor.cost().total();
        // A plan may leave zeros out; here all are counted.
        let macs = self.entrant.network.as_ref().map_or(computed.macs, |network| network.operations().macs);
        let macs_nonzero = self.macs_nonzero();
        let Entrant { name, role, method, control, network, density, file, .. } = self.entrant;
        let Entrant { file_bytes, other_files, made_with, to_repay, .. } = self.entrant;
        let break_even = match role {
            Role::Teacher => Figure::unavailable("the teacher is what the others are compared with"),
            _ => break_even(&to_repay, teacher, &self.joules),
        };
        Ok(ModelRecord {
            name,
            role,
            method,
            control,
            validation_accuracy: self.validation.accuracy(),
            test_accuracy: test.accuracy(),
            test_errors: test.errors(),
            validation_rmse: self.validation.rmse(),
            test_rmse: test.rmse(),
            parameters: network.as_ref().map(|network| network.parameters() as u64),
            nonzero: network.as_ref().map(|network| network.nonzero() as u64),
            density,
            macs: Some(macs),
            macs_nonzero: Some(macs_nonzero),
            comparisons: Some(computed.comparisons),
            file_bytes,
            latency_us: self.latency,
            joules_per_prediction: self.joules,
            made_with_joules: made_with,
            to_repay_joules: to_repay,
            break_even_predictions: break_even,
            file,
            other_files,
            extra: serde_json::Map::default(),
        })
    }
}
