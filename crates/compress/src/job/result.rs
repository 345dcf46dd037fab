//! The end of a run: networks shipped, everything measured, one chosen, the record put together.

use std::sync::Arc;

use lessen_data::{Dataset, Split, Target, Unit};
use lessen_engine::Plan;
use lessen_records::study::{Axis, Series};
use lessen_records::{DatasetRecord, Machine, Record, ResultRecord, Role, Schema};

use super::Job;
use crate::assessment::{Entrant, assess};
use crate::error::CompressError;
use crate::judged::Judged;
use crate::kept::as_json;
use crate::made::{Curve, Made, MadeTeacher, energy_of};
use crate::shipped::ship;
use crate::stages::Stages;
use crate::train::Validation;

impl Job<'_> {
    /// Ships the networks, measures everything, and puts the record together.
    pub(super) fn result(
        &self,
        teacher: &MadeTeacher,
        made: Made,
        cut: &[String],
        mut stages: Stages<'_>,
    ) -> Result<ResultRecord, CompressError> {
        let (folder, meter) = (stages.folder(), stages.meter());
        let (assessment, series) = stages.unkept("measure", |progress| {
            let mut entrants = teacher.entrants(folder.path());
            for network in &made.networks {
                let shipped =
                    ship(&network.network, &network.name, folder, self.dataset, &self.split.validation)?;
                let tried = match network.role {
                    Role::Student => &made.tried,
                    _ => &made.tried_controls,
                };
                entrants.push(Entrant {
                    name: network.name.clone(),
                    role: network.role.clone(),
                    method: network.method.to_owned(),
                    control: network.control.clone(),
                    predictor: Arc::new(Plan::new(network.name.as_str(), shipped.network.clone())?),
                    network: Some(shipped.network),
                    density: Some(shipped.density),
                    file: Some(shipped.file),
                    other_files: shipped.other_files,
                    file_bytes: Some(shipped.bytes),
                    made_with: energy_of(&network.chain),
                    to_repay: energy_of(tried.iter().chain(&network.chain)),
                });
            }
            let data = (self.dataset, self.split);
            let assessment = assess(entrants, data, self.spec.max_drop_points, meter, progress)?;
            // After the choice: test rows are looked at here.
            Ok((assessment, self.series(&made.curves)?))
        })?;
        if let Some((name, false)) = &assessment.chosen {
            let points = self.spec.max_drop_points;
            stages.progress().note(&format!(
                "no student stays within {points} points of the teacher on the {} validation rows with one standard \
                 error to spare; {name} comes nearest",
                self.split.validation.len()
            ));
        }
        let record = ResultRecord {
            schema: Schema::default(),
            dataset: dataset_record(self.dataset, self.split, &self.validation),
            machine: Machine::here(),
            seed: self.spec.seed,
            spec: as_json("spec", self.spec)?,
            stages: stages.into_receipts(),
            models: assessment.models,
            chosen_within_drop: assessment.chosen.as_ref().map(|(_, within)| *within),
            chosen: assessment.chosen.map(|(name, _)| name),
            cut: cut.to_vec(),
            series,
            extra: serde_json::Map::default(),
        };
        folder.write("result.json", record.to_json()?.as_bytes())?;
        Ok(record)
    }

    /// Quality against density, on test and on validation rows.
    fn series(&self, curves: &[Curve]) -> Result<Vec<Series>, CompressError> {
        let mut series = Vec::new();
        for (part, rows, suffix) in
            [("test", &self.split.test, ""), ("validation", &self.split.validation, ", validation")]
        {
            let (quality, unit) = match self.dataset.target {
                Target::Classes { .. } => (format!("{part} accuracy"), "%"),
                Target::Values { .. } => (format!("{part} RMSE"), ""),
            };
            for curve in curves {
                let mut values = Vec::new();
                for network in &curve.levels {
                    let plan = Plan::new(curve.name.as_str(), network.clone())?;
                    values.push(Judged::of(&plan, self.dataset, rows, Unit::NONE)?.quality());
                }
                let densities = curve.levels.iter().map(lessen_model::Network::density).collect();
                series.push(Series {
                    name: format!("{}{suffix}", curve.name),
                    seed: Some(self.spec.seed),
                    x: Axis::new("density", "", densities),
                    y: Axis::new(&quality, unit, values),
                    extra: serde_json::Map::default(),
                });
            }
        }
        Ok(series)
    }
}

/// What the record says of the data.
pub(crate) fn dataset_record(dataset: &Dataset, split: &Split, validation: &Validation<'_>) -> DatasetRecord {
    let deviation = f64::from(validation.unit().scale);
    let (classes, target, target_deviation) = match &dataset.target {
        Target::Classes { names, .. } => (Some(names.len() as u64), None, None),
        Target::Values { name, .. } => (None, Some(name.clone()), Some(deviation)),
    };
    DatasetRecord {
        name: dataset.name.clone(),
        train: split.train.len() as u64,
        validation: split.validation.len() as u64,
        test: split.test.len() as u64,
        features: dataset.features.count() as u64,
        classes,
        target,
        target_deviation,
        sha256: dataset.digest(),
        extra: serde_json::Map::default(),
    }
}
