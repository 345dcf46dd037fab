//! A receipt for tests.

use std::collections::BTreeMap;

use lessen_units::{Figure, Kind, Quantity, Seconds};
use serde_json::Map;

use crate::machine::Machine;
use crate::receipt::{Carbon, Component, Cost, Energy, Overhead, Receipt, State};
use crate::schema::Schema;

/// A closed run of 10 s with 100 J between 50 J and 200 J, 60 J of it measured, tagged `project=a`.
pub(crate) fn receipt(id: &str) -> Receipt {
    Receipt {
        schema: Schema::default(),
        id: id.to_owned(),
        name: format!("run {id}"),
        tags: BTreeMap::from([("project".to_owned(), "a".to_owned())]),
        command: vec!["python".to_owned(), "train.py".to_owned()],
        started: "2026-11-24T14:00:00Z".to_owned(),
        seconds: Seconds(10.0),
        exit_code: Some(0),
        state: State::Done,
        cpu_seconds: Some(Seconds(20.0)),
        peak_rss_bytes: Some(1 << 20),
        energy: Energy {
            joules: estimated(100.0),
            kwh_with_pue: estimated(4e-5),
            complete: true,
            machine_joules: estimated(150.0),
            measured_share: Some(0.6),
            components: vec![
                component(
                    "cpu package 0",
                    Figure::exact(Quantity::from_raw(60.0), Kind::Measured, "powercap"),
                ),
                component("memory", estimated(40.0)),
            ],
            extra: Map::new(),
        },
        pue: 1.5,
        carbon: Carbon {
            kg_co2e: estimated(2e-5),
            g_per_kwh: Some(480.0),
            region: "DEU".to_owned(),
            year: Some(2024),
            scope: "lifecycle".to_owned(),
            source: "Ember".to_owned(),
            extra: Map::new(),
        },
        cost: Cost {
            electricity_usd: estimated(1e-5),
            cloud_usd: Figure::unavailable("no price given"),
            extra: Map::new(),
        },
        overhead: Overhead { cpu_seconds: Some(Seconds(0.01)), share: Some(0.001), extra: Map::new() },
        stages: Vec::new(),
        machine: Machine {
            cpu: Some("Some CPU".to_owned()),
            cores: Some(1),
            threads: Some(2),
            memory_bytes: Some(25_232_932_864),
            os: Some("Linux".to_owned()),
            isa: "avx2".to_owned(),
            lessen_version: "0.1.0".to_owned(),
            extra: Map::new(),
        },
        equivalent: None,
        notes: Vec::new(),
        extra: Map::new(),
    }
}

/// The same, under way.
pub(crate) fn running(id: &str) -> Receipt {
    Receipt { state: State::Running, exit_code: None, ..receipt(id) }
}

/// Between half and twice the value.
pub(crate) fn estimated<Q: Quantity>(value: f64) -> Figure<Q> {
    let [value, low, high] = [value, value * 0.5, value * 2.0].map(Q::from_raw);
    Figure::band(value, low, high, Kind::Estimated, "a model")
}

fn component(device: &str, joules: Figure<lessen_units::Joules>) -> Component {
    let (device, source) = (device.to_owned(), joules.how().to_owned());
    let machine_joules = joules.clone();
    Component { device, source, joules, machine_joules, in_sum: true, why: None, extra: Map::new() }
}
