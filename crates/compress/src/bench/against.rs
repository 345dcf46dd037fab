//! One model against another.

use lessen_records::bench::{AgainstFirst, BenchModelRecord};
use lessen_records::result::times_less_energy;
use lessen_units::{Figure, Kind};

use super::Z;
use crate::judged::Judged;

/// `model` against `first`: how many times less it takes, with the doubt of both.
pub(super) fn against(
    model: &BenchModelRecord,
    first: &BenchModelRecord,
    judged: &Judged,
    judged_first: &Judged,
) -> AgainstFirst {
    let (drop, error) = judged.drop_points(judged_first);
    let how = "on the same rows, 95 % interval of the paired difference";
    let latency = first.latency.iter().zip(&model.latency);
    let fewer = |first: Option<u64>, model: Option<u64>| {
        let (first, model) = (first? as f64, model.filter(|&count| count > 0)? as f64);
        Some(first / model)
    };
    AgainstFirst {
        points_lost: Figure::band(drop, drop - Z * error, drop + Z * error, Kind::Measured, how),
        latency: latency.map(|(first, model)| first.us.ratio(&model.us)).collect(),
        seconds: first.seconds.ratio(&model.seconds),
        joules_per_prediction: times_less_energy(&first.joules_per_prediction, &model.joules_per_prediction),
        file_bytes: fewer(first.file_bytes, model.file_bytes),
        macs_nonzero: fewer(first.macs_nonzero, model.macs_nonzero),
        extra: serde_json::Map::default(),
    }
}
