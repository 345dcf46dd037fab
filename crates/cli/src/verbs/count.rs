//! `lessen count`: what computing models takes.

mod activity;

use std::mem::ManuallyDrop;
use std::path::Path;

use lessen_footprint::{ChipEnergy, Tables};
use lessen_graph::file::{Reads, map};
use lessen_graph::{Count, Model, Options, safetensors};
use lessen_model::{Format, compact, onnx};
use lessen_records::count::{
    ChipEnergyRecord, CountedModelRecord, DimensionRecord, LayerRecord, TensorRecord, UncountedRecord,
};
use lessen_records::{CountRecord, Record, Schema};
use lessen_report::count::{Detail, text};

use anyhow::Context as _;
use lessen_units::Operations;

use crate::Outcome;
use crate::args::Common;
use crate::args::count::{By, CountArgs, EnergyTable};
use crate::output::Output;

pub(crate) fn run(args: &CountArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let data = args.data.as_ref().map(|data| super::load(data, &args.file, common)).transpose()?;
    let options = Options { dims: args.dim.iter().cloned().collect(), reads_other_files: args.read_external };
    let models = args
        .models
        .iter()
        .map(|path| counted(path, &options).with_context(|| format!("cannot count `{}`", path.display())));
    let mut models: Vec<CountedModelRecord> = models.collect::<anyhow::Result<_>>()?;
    if args.energy == Some(EnergyTable::Nm45) {
        models.iter_mut().for_each(|model| model.energy = at_45nm(model));
    }
    if let Some((dataset, notes)) = &data {
        for (model, path) in models.iter_mut().zip(&args.models) {
            let (found, assumed) = activity::of(path, dataset, args.foreign)?;
            model.activity = Some(found);
            model.notes.extend(notes.iter().cloned().chain(assumed));
        }
    }
    let is_complete = models.iter().all(|model| model.complete);
    let record = CountRecord { schema: Schema::default(), models, extra: serde_json::Map::default() };
    let detail = match (args.layers, args.by) {
        (true, _) => Detail::Layers,
        (false, Some(By::Op)) => Detail::Operators,
        (false, None) => Detail::Sums,
    };
    output.data(&if output.json() { record.to_json()? } else { text(&record, detail) })?;
    Ok(if is_complete { Outcome::Done } else { Outcome::NotHeld })
}

/// The kind of file is told by its content, but for the index of parts, which has a name.
fn counted(path: &Path, options: &Options) -> anyhow::Result<CountedModelRecord> {
    let file = path.display().to_string();
    if safetensors::is_index(path) {
        return Ok(of_weights(file, safetensors::open(path)?));
    }
    let bytes = map(path, Reads::WhenLookedAt)?;
    if safetensors::is_safetensors(&bytes) {
        return Ok(of_weights(file, safetensors::open(path)?));
    }
    Ok(match Format::of(&bytes) {
        Format::Compact => {
            let network = compact::read(&bytes)?;
            of_graph(file, "compact", &Model::decode(onnx::write(&network).into())?.count(options)?)
        }
        _ => {
            // The system takes all of it back in a moment; freed part by part, a graph of many nodes would take a seventh of the time.
            let model = ManuallyDrop::new(Model::open(path)?);
            of_graph(file, "onnx", &ManuallyDrop::new(model.count(options)?))
        }
    })
}

fn of_graph(file: String, format: &str, count: &Count) -> CountedModelRecord {
    let operations = count.operations();
    let dimensions = count.dimensions.iter().map(|dimension| DimensionRecord {
        name: dimension.name.clone(),
        value: dimension.value,
        assumed: dimension.is_assumed,
    });
    let layers = count.nodes.iter().map(|node| {
        let known = node.unknown.is_none();
        LayerRecord {
            name: node.name.clone(),
            op: node.op.clone(),
            result: node.result.dims.clone(),
            element: node.result.element.map(|element| element.name().to_owned()),
            times: node.times,
            macs: known.then_some(node.operations.macs),
            macs_nonzero: count.nonzero_macs_of(node).filter(|_| known),
            flops: known.then_some(node.operations.flops()),
            comparisons: known.then_some(node.operations.comparisons),
        }
    });
    let uncounted = count.unknown().map(|(node, reason)| UncountedRecord {
        name: node.name.clone(),
        op: node.op.clone(),
        result: node.result.dims.clone(),
        reason: reason.0.clone(),
    });
    let mut notes = Vec::new();
    if let Err(reason) = &count.activations {
        notes.push(format!("activations: {}", reason.0));
    }
    let not_read = count.parameters().filter(|constant| constant.nonzero.is_none()).count();
    if not_read > 0 {
        notes.push(format!(
            "how many are not 0 is not known: the numbers of {not_read} tensors are in other files (--read-external) or left out"
        ));
    }
    let activations = count.activations.as_ref().ok();
    CountedModelRecord {
        file,
        format: format.to_owned(),
        complete: count.is_complete(),
        dimensions: dimensions.collect(),
        parameters: count.parameter_count(),
        nonzero: count.nonzero_count(),
        weight_bytes: count.weight_bytes(),
        macs: Some(operations.macs),
        macs_nonzero: count.nonzero_macs(),
        flops: Some(operations.flops()),
        comparisons: Some(operations.comparisons),
        activation_bytes: activations.map(|activations| activations.bytes),
        peak_activation_bytes: activations.map(|activations| activations.peak_bytes),
        flops_per_byte: count.flops_per_byte(),
        energy: None,
        activity: None,
        layers: layers.collect(),
        tensors: Vec::new(),
        uncounted: uncounted.collect(),
        notes,
        extra: serde_json::Map::default(),
    }
}

/// Of a model that is counted whole: a part of the energy would be none.
fn at_45nm(model: &CountedModelRecord) -> Option<ChipEnergyRecord> {
    let (Some(macs), Some(flops)) = (model.macs, model.flops) else { return None };
    let adds = flops.checked_sub(macs.checked_mul(2)?)?;
    let operations = Operations { adds, ..Operations::macs(macs) };
    let energy = ChipEnergy::at_45nm(operations, model.macs_nonzero, model.weight_bytes, Tables::built_in());
    model.complete.then_some(ChipEnergyRecord {
        table: "45nm".to_owned(),
        arithmetic_joules: energy.arithmetic,
        arithmetic_nonzero_joules: energy.arithmetic_nonzero,
        weights_from_dram_joules: energy.weights_from_dram,
        weights_from_sram_joules: energy.weights_from_sram,
    })
}

fn of_weights(file: String, tensors: Vec<safetensors::Stored>) -> CountedModelRecord {
    let parameters = tensors.iter().map(|tensor| tensor.numbers).sum();
    let nonzero = tensors.iter().map(|tensor| tensor.nonzero).sum();
    let weight_bytes = tensors.iter().map(|tensor| tensor.bytes).sum();
    let tensors = tensors.into_iter().map(|tensor| TensorRecord {
        name: tensor.name,
        element: tensor.element.to_owned(),
        shape: tensor.dims,
        bytes: tensor.bytes,
        nonzero: tensor.nonzero,
    });
    CountedModelRecord {
        file,
        format: "safetensors".to_owned(),
        complete: true,
        dimensions: Vec::new(),
        parameters,
        nonzero,
        weight_bytes,
        macs: None,
        macs_nonzero: None,
        flops: None,
        comparisons: None,
        activation_bytes: None,
        peak_activation_bytes: None,
        flops_per_byte: None,
        energy: None,
        activity: None,
        layers: Vec::new(),
        tensors: tensors.collect(),
        uncounted: Vec::new(),
        notes: Vec::new(),
        extra: serde_json::Map::default(),
    }
}
