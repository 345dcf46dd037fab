//! `--metrics`: the running receipt for Prometheus.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use lessen_command::metrics::{Metric, MetricsServer, Reach, Sample, Type, exposition, serve};
use lessen_records::Receipt;
use lessen_units::{Figure, Quantity};

use crate::failure::Advised;

/// What is served: the last receipt that was shown.
pub(super) struct Gauges {
    page: Arc<Mutex<String>>,
    /// Serves until it is dropped; `None` where nobody asked.
    server: Option<MetricsServer>,
}

impl Gauges {
    pub(super) fn serve(address: Option<SocketAddr>) -> anyhow::Result<Self> {
        let page = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&page);
        let render = move || shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let server = address.map(|address| serve(address, Reach::ThisMachine, render)).transpose();
        let server = server.map_err(|error| match error.hint() {
            Some(hint) => Advised { message: format!("`--metrics`: {error}"), hint: hint.to_owned() }.into(),
            None => anyhow::Error::from(error).context("`--metrics`"),
        })?;
        Ok(Self { page, server })
    }

    /// Shows the receipt, if somebody may look.
    pub(super) fn show(&self, receipt: impl FnOnce() -> Receipt) {
        if self.server.is_none() {
            return;
        }
        // A receipt of which Prometheus could not hold a number shows nothing rather than another one.
        let text = exposition(&metrics(&receipt())).unwrap_or_default();
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// The numbers of a receipt. What is not known is left out: there is no 0 for it.
fn metrics(receipt: &Receipt) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    let run = vec![("run".to_owned(), receipt.id.clone()), ("name".to_owned(), receipt.name.clone())];
    let mut add = |name: &str, kind, help: &str, samples: Vec<Sample>| {
        if !samples.is_empty() {
            metrics.insert(name.to_owned(), Metric { help: help.to_owned(), kind, samples });
        }
    };
    let one = |value: f64| vec![Sample { labels: run.clone(), value }];
    let seconds = receipt.seconds.raw();
    add("lessen_run_seconds_total", Type::Counter, "Wall time.", one(seconds));
    let cpu = receipt.cpu_seconds.map(|cpu| one(cpu.raw())).unwrap_or_default();
    add("lessen_run_cpu_seconds_total", Type::Counter, "CPU time of all processes.", cpu);
    let energy = banded(&receipt.energy.joules, &run);
    add("lessen_run_energy_joules_total", Type::Counter, "Energy, with its bounds.", energy);
    let devices = receipt.energy.components.iter().filter_map(|component| {
        let mut labels = run.clone();
        labels.push(("device".to_owned(), component.device.clone()));
        labels.push(("source".to_owned(), component.source.clone()));
        Some(Sample { labels, value: component.joules.value()?.raw() })
    });
    let help = "Energy of a device, the run's share.";
    add("lessen_run_device_energy_joules_total", Type::Counter, help, devices.collect());
    let grams = receipt.carbon.kg_co2e.map(lessen_units::GramsCo2e::from);
    let help = "Emissions in grams of CO2 equivalent, with their bounds.";
    add("lessen_run_co2e_grams_total", Type::Counter, help, banded(&grams, &run));
    let electricity = banded(&receipt.cost.electricity_usd, &run);
    add(
        "lessen_run_electricity_usd_total",
        Type::Counter,
        "Price of the electricity, with its bounds.",
        electricity,
    );
    metrics
}

/// Value, low and high under a label.
fn banded<Q: Quantity>(figure: &Figure<Q>, run: &[(String, String)]) -> Vec<Sample> {
    let bounds = [("value", figure.value()), ("low", figure.low()), ("high", figure.high())];
    let samples = bounds.into_iter().filter_map(|(bound, number)| {
        let mut labels = run.to_vec();
        labels.push(("bound".to_owned(), bound.to_owned()));
        Some(Sample { labels, value: number?.raw() })
    });
    samples.collect()
}
