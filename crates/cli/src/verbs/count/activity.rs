//! How much of what layers give is not zero.

use std::path::Path;

use lessen_data::Dataset;
use lessen_engine::Plan;
use lessen_records::count::{ActivityRecord, LayerActivityRecord};

use crate::args::foreign::ForeignArgs;
use crate::verbs::model::{self, Rows};

/// Predicts all rows of `dataset` with the network in a file. Gives what was assumed of it, too.
pub(super) fn of(
    path: &Path,
    dataset: &Dataset,
    said: ForeignArgs,
) -> anyhow::Result<(ActivityRecord, Vec<String>)> {
    let known = model::read(path)?.on(path, Rows::Of(dataset), said)?;
    let plan = Plan::new(path.display().to_string(), known.network)?;
    let rows: Vec<u32> = (0..dataset.features.rows() as u32).collect();
    let found = plan.activity(&dataset.features, &rows)?;

    let before = std::iter::once(1.0).chain(found.layers.iter().copied());
    let layers: Vec<LayerActivityRecord> = plan
        .network()
        .weights()
        .zip(before)
        .zip(&found.layers)
        .map(|(((name, weights), before), &activation_density)| {
            let all = weights.values().len() as u64;
            let weight_density = weights.nonzero() as f64 / all.max(1) as f64;
            LayerActivityRecord {
                name: name.to_owned(),
                weights: all,
                flops: 2 * all,
                activation_density,
                weight_density,
                flops_share: weight_density * before,
            }
        })
        .collect();
    let widths: Vec<f64> = plan.network().dense().map(|dense| dense.bias.len() as f64).collect();
    let record = ActivityRecord {
        data: dataset.name.clone(),
        rows: rows.len() as u64,
        input_density: found.inputs,
        activation_density: mean(found.layers.iter().copied().zip(widths)),
        weight_density: mean(layers.iter().map(|layer| (layer.weight_density, layer.weights as f64))),
        flops_share: mean(layers.iter().map(|layer| (layer.flops_share, layer.flops as f64))),
        flops_share_of_weights: mean(layers.iter().map(|layer| (layer.weight_density, layer.flops as f64))),
        layers,
    };
    Ok((record, known.notes))
}

/// The mean of shares, each as often as its weight says.
fn mean(shares: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, of) = shares.fold((0.0, 0.0), |(sum, of), (share, weight)| (sum + share * weight, of + weight));
    if of > 0.0 { sum / of } else { 0.0 }
}
