//! `lessen estimate`: what a run would cost.

use std::path::Path;

use anyhow::Context as _;
use lessen_footprint::device::Precision;
use lessen_footprint::estimate::{Arithmetic, DeviceName, Setting, elsewhere};
use lessen_footprint::{EstimateError, EstimateSpec, Intensity, Place, SiteSpec, Tables, estimate};
use lessen_graph::{Model, Options};
use lessen_model::{Format, compact};
use lessen_records::{EstimateRecord, Record};
use lessen_report::estimate as screen;
use lessen_units::{Flops, FlopsPerSecond, Hours, Usd, UsdPerHour, Watts};

use crate::Outcome;
use crate::args::Common;
use crate::args::estimate::{EstimateArgs, PrecisionName, WorkArgs};
use crate::failure::Advised;
use crate::output::Output;
use crate::verbs::{model, site};

mod live;
mod published;
mod when;

pub(crate) fn run(args: &EstimateArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(name) = args.published {
        return published::run(name, common, output);
    }
    let tables = &*site::tables(args.site.tables.as_deref())?;
    let (intensity, said) = intensity(args, tables)?;
    let spec = spec(args, intensity)?;
    let mut record = estimate(&spec, tables).map_err(with_flag)?;
    record.notes.extend(said);
    if let Some(list) = &args.place.compare_regions {
        let places = places(list, tables)?;
        record.elsewhere = elsewhere(&spec, &places, tables).map_err(with_flag)?;
    }
    if let Some(path) = &args.place.hourly {
        record.when = Some(when::of(path, &record, tables)?);
    }
    show(&record, output)
}

fn show(record: &EstimateRecord, output: &Output) -> anyhow::Result<Outcome> {
    let text = if output.json() { record.to_json()? } else { screen::text(record) };
    output.data(&text)?;
    Ok(Outcome::Done)
}

/// What was typed as the library takes it.
fn spec(args: &EstimateArgs, intensity: Option<Intensity>) -> anyhow::Result<EstimateSpec> {
    let (hardware, work, money) = (&args.hardware, &args.work, &args.money);
    let gpu = hardware.gpu.clone().map(DeviceName::Gpu);
    Ok(EstimateSpec {
        device: gpu.or_else(|| hardware.cpu.clone().map(DeviceName::Cpu)),
        count: hardware.count.map_or(1, std::num::NonZeroU32::get),
        watts: hardware.watts.map(Watts),
        hours: work.hours.map(Hours),
        arithmetic: arithmetic(work)?,
        experiments: work.experiments.map_or(1, std::num::NonZeroU64::get),
        utilization: work.utilization,
        precision: match hardware.precision {
            PrecisionName::Half => Precision::Half,
            PrecisionName::Single => Precision::Single,
        },
        peak: hardware.peak_tflops.map(FlopsPerSecond::from_teraflops),
        site: SiteSpec { intensity, ..site::spec(&args.site) },
        usd_per_device_hour: money.cloud_price.map(|range| (UsdPerHour(range.low), UsdPerHour(range.high))),
        own_price: money.own_price.map(Usd),
        own_years: money.own_years,
    })
}

fn arithmetic(work: &WorkArgs) -> anyhow::Result<Option<Arithmetic>> {
    if let (Some(model), Some(examples)) = (&work.model, work.examples) {
        return Ok(Some(Arithmetic::Counted {
            flops_per_example: flops_per_example(model)?,
            examples: examples.get(),
            epochs: work.epochs.map_or(1, std::num::NonZeroU64::get),
        }));
    }
    if let (Some(parameters), Some(tokens)) = (work.parameters, work.tokens) {
        return Ok(Some(Arithmetic::Tokens { parameters, tokens }));
    }
    Ok(work.flops.map(|flops| Arithmetic::Flops(Flops(flops))))
}

/// FLOPs that a model takes for an example: of any ONNX file whose arithmetic is known to the last node.
fn flops_per_example(path: &Path) -> anyhow::Result<u64> {
    let cannot_count = || format!("cannot count `{}`", path.display());
    let bytes = model::read_regular(path, None)?;
    if Format::of(&bytes) == Format::Compact {
        return Ok(compact::read(&bytes).with_context(cannot_count)?.operations().flops());
    }
    let count = Model::decode(bytes.into())
        .and_then(|model| model.in_folder_of(path).count(&Options::default()))
        .with_context(cannot_count)?;
    if let Some((node, reason)) = count.unknown().next() {
        let message =
            format!("`{}`: node `{}` ({}) is not counted: {}", path.display(), node.name, node.op, reason.0);
        let hint = "`lessen count` shows what is known; `--flops` says the sum by hand".to_owned();
        return Err(Advised { message, hint }.into());
    }
    Ok(count.operations().flops())
}

/// An intensity that goes before the region's, and what there is to say about where it is from.
fn intensity(args: &EstimateArgs, tables: &Tables) -> anyhow::Result<(Option<Intensity>, Option<String>)> {
    let Some(live) = &args.place.live else { return Ok((args.site.intensity.clone(), None)) };
    let fallback = match &args.site.region {
        Some(name) => site::place("--region", name, tables)?.intensity(tables),
        None => Intensity::world_average(tables),
    };
    let (intensity, said) = live::intensity(live, fallback, tables)?;
    Ok((Some(intensity), said))
}

/// The places of `--compare-regions`.
fn places<'t>(list: &[String], tables: &'t Tables) -> anyhow::Result<Vec<Place<'t>>> {
    if list.len() == 1 && list[0] == "clouds" {
        return Ok(Place::all(tables).filter(|place| place.provider().is_some()).collect());
    }
    list.iter().map(|name| site::place("--compare-regions", name, tables)).collect()
}

/// The error with the flag that it is about.
fn with_flag(error: EstimateError) -> anyhow::Error {
    let message = match error.setting().map(flag) {
        Some(flag) => format!("`{flag}`: {error}"),
        None => error.to_string(),
    };
    match error.hint() {
        Some(hint) => Advised { message, hint: hint.to_owned() }.into(),
        None => anyhow::anyhow!(message),
    }
}

fn flag(setting: Setting) -> &'static str {
    match setting {
        Setting::Gpu => "--gpu",
        Setting::Cpu => "--cpu",
        Setting::Count => "--count",
        Setting::Watts => "--watts",
        Setting::Hours => "--hours",
        Setting::Flops => "--flops",
        Setting::Parameters => "--parameters",
        Setting::Tokens => "--tokens",
        Setting::Experiments => "--experiments",
        Setting::Utilization => "--utilization",
        Setting::Peak => "--peak-tflops",
        Setting::Pue => "--pue",
        Setting::Region => "--region",
        Setting::ElectricityPrice => "--electricity-price",
        Setting::CloudPrice => "--cloud-price",
        Setting::OwnPrice => "--own-price",
        Setting::OwnYears => "--own-years",
    }
}

/// A file's name, for records.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
