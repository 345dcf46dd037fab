//! `lessen doctor`: which sensors can be read here, and what would make the others readable.

use std::thread::sleep;
use std::time::Duration;

use lessen_meter::doctor::{Calibration, Probe, State, calibrate, probe};
use lessen_meter::{Ladder, Overhead, Recorder, Settings};
use lessen_report::readable::{joules, percent, with_unit};
use lessen_units::Quantity as _;
use serde_json::json;

use crate::Outcome;
use crate::args::run::DoctorArgs;
use crate::output::Output;

pub(crate) fn run(args: &DoctorArgs, output: &Output) -> anyhow::Result<Outcome> {
    let settings = Settings::default();
    let probes = probe(&settings);
    let duration = args.calibrate.0;
    let wanted = duration > Duration::ZERO;
    if wanted {
        output.talk(&format!(
            "reading for {} seconds, idle and with one busy CPU in turn …",
            duration.as_secs_f64()
        ));
    }
    let calibration = wanted.then(|| calibrate(Ladder::find(&settings), duration));
    let overhead = overhead(&settings);
    if output.json() {
        output.data(&serde_json::to_string_pretty(&as_json(&probes, calibration.as_ref(), &overhead))?)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    text.extend(probes.iter().map(lines));
    text += &calibration.as_ref().map(calibrated).unwrap_or_default();
    text += &format!(
        "\nmetering itself: {} of one core at readings of once a second, {} of memory at most\n",
        percent(overhead.share),
        overhead.resident.value().map_or_else(|| "?".to_owned(), |bytes| with_unit(bytes.raw(), "B")),
    );
    output.data(&text)?;
    Ok(Outcome::Done)
}

/// What reading takes, with nothing else going on.
fn overhead(settings: &Settings) -> Overhead {
    let recorder = Recorder::begin(Ladder::find(settings));
    sleep(Duration::from_millis(1100));
    recorder.overhead()
}

/// A source and what came of it.
fn lines(probe: &Probe) -> String {
    let (mark, state) = state(probe);
    let mut text = format!("{mark} {:<10} {:<28} {state}\n", probe.source, probe.device);
    let mut more = |label: &str, line: Option<&str>| {
        text.extend(line.map(|line| format!("             {label}{line}\n")));
    };
    more("", probe.why.as_deref());
    more("to read it:  ", probe.remedy.as_deref());
    more("what that exposes:  ", probe.exposes);
    text
}

fn state(probe: &Probe) -> (char, String) {
    match probe.state {
        State::Used(rung) => ('*', format!("used: {rung}")),
        State::Readable(rung) => ('+', format!("readable: {rung}; a better one serves")),
        State::NotReadable => ('-', "not readable".to_owned()),
    }
}

fn calibrated(calibration: &Result<Calibration, String>) -> String {
    let calibration = match calibration {
        Ok(calibration) => calibration,
        Err(why) => return format!("\ncalibration: the processor's energy is not known ({why})\n"),
    };
    let series = [("idle", &calibration.idle), ("one busy CPU", &calibration.busy)];
    let mut text = format!("\ncalibration by {} ({}):\n", calibration.source, calibration.rung);
    for (name, series) in series {
        text += &format!(
            "  {name:<13} {} in {}, {} on average; repeated within {}\n",
            joules(series.mean()),
            with_unit(series.seconds.raw(), "s"),
            with_unit(series.watts().raw(), "W"),
            percent(series.repeatability()),
        );
    }
    text + &format!("  a busy CPU adds {}\n", with_unit(calibration.watts_of_busy_cpu().raw(), "W"))
}

fn as_json(
    probes: &[Probe],
    calibration: Option<&Result<Calibration, String>>,
    overhead: &Overhead,
) -> serde_json::Value {
    let probes: Vec<_> = probes
        .iter()
        .map(|probe| {
            json!({
                "source": probe.source, "device": probe.device, "state": state(probe).1, "why": probe.why,
                "remedy": probe.remedy, "exposes": probe.exposes,
            })
        })
        .collect();
    let calibration = calibration.map(|calibration| match calibration {
        Err(why) => json!({"why": why}),
        Ok(found) => json!({
            "source": found.source,
            "rung": found.rung.to_string(),
            "seconds_each": found.idle.seconds,
            "idle_joules": found.idle.joules,
            "busy_joules": found.busy.joules,
            "watts_of_busy_cpu": found.watts_of_busy_cpu(),
        }),
    });
    json!({
        "sources": probes,
        "calibration": calibration,
        "overhead": {"cpu_seconds": overhead.cpu_seconds, "share": overhead.share, "resident_bytes": overhead.resident},
    })
}
