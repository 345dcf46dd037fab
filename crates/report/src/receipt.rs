//! A receipt for a terminal: one screen.

use lessen_records::Receipt;
use lessen_records::receipt::{Component, State};
use lessen_units::{GramsCo2e, Joules, Quantity as _, Seconds, WattHours};

use crate::amounts::{Scale, figure, line, quantity, remark};
use crate::estimate::short;
use crate::readable::{NOTHING, bytes, percent, significant, with_unit, wrapped};
use crate::table::WIDTH;

/// What one run cost, in lines of at most [`WIDTH`] characters.
pub fn text(receipt: &Receipt) -> String {
    let mut text = wrapped(&heading(receipt), WIDTH, "  ") + "\n\n";
    text += &energy(receipt);
    text += &costs(receipt);
    text += &work(receipt);
    text.extend(receipt.notes.iter().map(|note| wrapped(&format!("  {note}"), WIDTH, "  ") + "\n"));
    text
}

/// Name, state, exit code.
fn heading(receipt: &Receipt) -> String {
    let ended = match (receipt.state, receipt.exit_code) {
        (State::Running, _) => "still running".to_owned(),
        (State::Interrupted, _) => "interrupted: the numbers go up to the last checkpoint".to_owned(),
        (State::Done, Some(code)) => format!("exit code {code}"),
        (State::Done, None) => "ended by a signal".to_owned(),
    };
    format!("lessen {} `{}`: {ended}", receipt.id, receipt.name)
}

/// The sum, then a line a device.
fn energy(receipt: &Receipt) -> String {
    let energy = &receipt.energy;
    let mut said = Vec::new();
    if energy.machine_joules.value().is_some() {
        said.push(format!(
            "of {} that the machine took",
            quantity(&energy.machine_joules, "J", Scale::Prefixes)
        ));
    }
    said.extend(energy.measured_share.map(|share| match share {
        0.0 => "none of it measured".to_owned(),
        share => format!("{} of it measured", percent(share)),
    }));
    if !energy.complete {
        said.push("without what could not be read".to_owned());
    }
    let joules = figure(&energy.joules, "J", Scale::Prefixes);
    let mut text = line("energy", &joules, &remark(&energy.joules, &said.join(", ")));
    text.extend(energy.components.iter().map(component));
    let bought = figure(&energy.kwh_with_pue.map(WattHours::from), "Wh", Scale::Prefixes);
    text + &line("with PUE", &bought, &remark(&energy.kwh_with_pue, &format!("PUE {}", receipt.pue)))
}

fn component(component: &Component) -> String {
    let apart = if component.in_sum { "" } else { "apart from the sum; " };
    let how = component.joules.how();
    // A model's account says itself why nothing better served.
    let why = component.why.as_ref().filter(|why| !how.contains(why.as_str()));
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    let remark = match component.joules.value() {
        Some(_) if how.starts_with(&component.source) => format!("{apart}{how}{why}"),
        Some(_) => format!("{apart}{}{why}: {how}", component.source),
        None => format!("{apart}{how}{why}"),
    };
    line(&format!("  {}", component.device), &figure(&component.joules, "J", Scale::Prefixes), &remark)
}

/// Emissions and money.
fn costs(receipt: &Receipt) -> String {
    let carbon = &receipt.carbon;
    let year = carbon.year.map(|year| format!(" {year}")).unwrap_or_default();
    let scope = if carbon.scope.is_empty() { String::new() } else { format!(", {}", carbon.scope) };
    let intensity = carbon.g_per_kwh.map_or_else(String::new, |g| format!("{} g/kWh, ", significant(g, 4)));
    let grid = format!("{intensity}{}{year}{scope}, {}", carbon.region, carbon.source);
    let grams = carbon.kg_co2e.map(GramsCo2e::from);
    let mut text = line("CO2e", &figure(&grams, "g", Scale::Prefixes), &remark(&grams, &grid));
    let cost = &receipt.cost;
    text += &line(
        "electricity",
        &figure(&cost.electricity_usd, "USD", Scale::Plain),
        &remark(&cost.electricity_usd, ""),
    );
    let rent = format!("renting it for as long: {}", cost.cloud_usd.how());
    text += &line("cloud", &figure(&cost.cloud_usd, "USD", Scale::Plain), &remark(&cost.cloud_usd, &rent));
    if let Some(like) = &receipt.equivalent {
        let remark = format!("{} ({})", like.phrase, short(&like.source));
        text += &line("as much as", &figure(&like.amount, "×", Scale::Plain), &remark);
    }
    text
}

/// Time and memory.
fn work(receipt: &Receipt) -> String {
    let cpu = receipt.cpu_seconds.map_or_else(
        || "CPU time could not be read".to_owned(),
        |cpu| {
            format!(
                "{} of CPU time, {} cores on average",
                seconds(cpu),
                significant(cpu.0 / receipt.seconds.0, 3)
            )
        },
    );
    let mut text = line("time", &seconds(receipt.seconds), &cpu);
    let peak = receipt.peak_rss_bytes.map_or_else(|| NOTHING.to_owned(), bytes);
    text += &line("peak memory", &peak, "resident, of the largest process");
    let overhead = &receipt.overhead;
    let share = overhead.share.map_or_else(String::new, |share| format!(" {} of one core,", percent(share)));
    text += &match overhead.cpu_seconds {
        Some(cpu) => line("metering", &seconds(cpu), &format!("of CPU time,{share} not among the run's")),
        None => line("metering", NOTHING, "what metering took is not known"),
    };
    for stage in &receipt.stages {
        let joules = figure::<Joules>(&stage.joules, "J", Scale::Prefixes);
        text += &line(&format!("  {}", stage.name), &joules, &seconds(stage.seconds));
    }
    text
}

fn seconds(time: Seconds) -> String {
    with_unit(time.raw(), "s")
}
