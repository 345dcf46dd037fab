//! An estimate for a terminal: what it would cost, what that was worked out with, what was assumed.

use lessen_records::EstimateRecord;
use lessen_records::estimate::{
    ElsewhereRecord, EquivalentRecord, OwnRecord, OwnTableRecord, WhenRecord, WorkRecord,
};
use lessen_units::{Figure, GramsCo2e, KilogramsCo2e, KilowattHours, PoundsCo2e, Quantity, WattHours};

use crate::amounts::{Scale, figure, line, line_of, quantity, remark};
use crate::readable::{NOTHING, one_line, significant, thousands, with_unit, wrapped};
use crate::table::WIDTH;

/// All of an estimate in lines of at most [`WIDTH`] characters.
pub fn text(record: &EstimateRecord) -> String {
    let mut text = heading(record) + "\n";
    text.extend(own_tables(&record.own_tables));
    text.push('\n');
    text.extend(costs(record).into_iter().map(|(label, value, remark)| line(label, &value, &remark)));
    text += &as_much_as(&record.equivalents);
    text += "\nworked out with\n";
    text.extend(inputs(record).into_iter().map(|(label, value, how)| line(label, &value, &how)));
    if let Some(when) = &record.when {
        text += &times(when);
    }
    if !record.elsewhere.is_empty() {
        text += &places(record);
    }
    if !record.notes.is_empty() {
        text.push('\n');
    }
    text.extend(record.notes.iter().map(|note| wrapped(note, WIDTH, "") + "\n"));
    text
}

/// What is estimated, in a line.
fn heading(record: &EstimateRecord) -> String {
    let hardware = &record.hardware;
    let count = thousands(hardware.count.into());
    let devices = match (&hardware.key, hardware.names.as_slice()) {
        (Some(_), [name]) => format!("{count} × {name}"),
        (Some(key), names) => format!("{count} × {key} ({} variants)", names.len()),
        (None, _) if hardware.count > 1 => format!("{count} devices"),
        (None, _) => "A run".to_owned(),
    };
    let time = match record.hours.value() {
        Some(_) => format!(" for {}", quantity(&record.hours, "h", Scale::Plain)),
        None => String::new(),
    };
    let times = match record.experiments {
        1 => String::new(),
        experiments => format!(", {} times", thousands(experiments)),
    };
    let in_all = match record.device_hours.value() {
        Some(_) if hardware.key.is_some() || hardware.count > 1 => {
            format!(": {}", quantity(&record.device_hours, "device-hours", Scale::Plain))
        }
        _ => String::new(),
    };
    wrapped(&one_line(&(devices + &time + &times + &in_all)), WIDTH, "")
}

/// That tables of the user's are behind the numbers.
fn own_tables(tables: &[OwnTableRecord]) -> Option<String> {
    if tables.is_empty() {
        return None;
    }
    Some(wrapped(&own_tables_sentence(tables), WIDTH, "") + "\n")
}

/// `With tables of your own: grid.csv (2 rows, 1 of them in place of a built-in one).`
pub fn own_tables_sentence(tables: &[OwnTableRecord]) -> String {
    let files: Vec<String> = tables
        .iter()
        .map(|table| {
            let rows = if table.rows == 1 { "row" } else { "rows" };
            format!("{} ({} {rows}, {} in place of a built-in one)", table.file, table.rows, table.replaced)
        })
        .collect();
    format!("With tables of your own: {}.", files.join(", "))
}

/// Whether a number of kilos is better told in thousandths of one.
fn is_small<Q: Quantity>(figure: &Figure<Q>) -> bool {
    figure.value().is_some_and(|kilos| kilos.raw() < 0.01)
}

/// Kilowatt-hours; of a short run watt-hours, with a prefix.
fn bought(energy: &Figure<KilowattHours>) -> String {
    if is_small(energy) {
        return figure(&energy.map(WattHours::from), "Wh", Scale::Prefixes);
    }
    figure(energy, "kWh", Scale::Plain)
}

/// Kilograms; of a short run grams, with a prefix.
fn emissions(carbon: &Figure<KilogramsCo2e>) -> String {
    if is_small(carbon) {
        return figure(&carbon.map(GramsCo2e::from), "g", Scale::Prefixes);
    }
    figure(carbon, "kg", Scale::Plain)
}

/// What it would cost: a label, the figure, what is to be minded about it.
fn costs(record: &EstimateRecord) -> Vec<(&'static str, String, String)> {
    let mut lines = arithmetic(record);
    let pounds =
        quantity(&record.carbon.kg_co2e.map(GramsCo2e::from).map(PoundsCo2e::from), "lb", Scale::Plain);
    let mut push = |label, figure, remark| lines.push((label, figure, remark));
    let energy = &record.kwh_with_pue;
    push("energy", bought(energy), remark(energy, ""));
    let emitted = &record.carbon.kg_co2e;
    push("CO2e", emissions(emitted), remark(emitted, if is_small(emitted) { "" } else { &pounds }));
    if record.hardware.key.is_some() {
        let making = &record.embodied_kg_co2e;
        let share = "the devices' share of making them, not in the CO2e above";
        push("manufacture", figure(making, "kg", Scale::Plain), remark(making, share));
    }
    let cost = &record.cost;
    let electricity = &cost.electricity_usd;
    push("electricity", figure(electricity, "USD", Scale::Money), remark(electricity, ""));
    if record.hardware.key.is_some() || cost.cloud_usd.value().is_some() {
        let rent = "renting: on demand, down to preemptible";
        push("cloud", figure(&cost.cloud_usd, "USD", Scale::Money), remark(&cost.cloud_usd, rent));
    }
    lines.extend(cost.own.iter().flat_map(owning));
    lines
}

/// E, D and H of Schwartz et al. 2019, as far as they were said.
fn arithmetic(record: &EstimateRecord) -> Vec<(&'static str, String, String)> {
    let Some(work) = &record.work else { return Vec::new() };
    let mut lines =
        vec![("arithmetic", figure(&work.flops, "FLOP", Scale::Prefixes), work.flops.how().to_owned())];
    if let (Some(per_example), Some(examples)) = (work.flops_per_example, work.examples) {
        let product = per_example as f64 * examples as f64 * record.experiments as f64;
        let [e, d, h] = [per_example, examples, record.experiments].map(thousands);
        let remark = format!("E·D·H: {e} FLOP a prediction x {d} examples x {h} experiments");
        lines.push(("Cost(R)", with_unit(product, "FLOP"), remark));
    }
    lines
}

/// What owning would cost instead of renting.
fn owning(own: &OwnRecord) -> [(&'static str, String, String); 2] {
    let (purchase, years) =
        (quantity(&own.purchase_usd, "USD", Scale::Plain), figure(&own.years, "years", Scale::Plain));
    let share = format!("this run's share of buying for {purchase}, over {years}, and the electricity");
    let after = "of each device: from there on owning is cheaper than renting";
    [
        ("owning", figure(&own.run_usd, "USD", Scale::Money), remark(&own.run_usd, &share)),
        (
            "repaid after",
            figure(&own.break_even_hours, "h", Scale::Plain),
            remark(&own.break_even_hours, after),
        ),
    ]
}

/// What the figures were worked out with.
fn inputs(record: &EstimateRecord) -> Vec<(&'static str, String, String)> {
    let mut lines = Vec::new();
    let mut push = |label, value: String, how: &str| lines.push((label, value, how.to_owned()));
    let watts = &record.hardware.watts;
    push("power", figure(watts, "W", Scale::Plain), watts.how());
    push("time", figure(&record.hours, "h", Scale::Plain), record.hours.how());
    if let Some(WorkRecord { peak: Some(peak), utilization: Some(utilization), .. }) = &record.work {
        push("peak", figure(peak, "FLOP/s", Scale::Prefixes), peak.how());
        push("utilization", figure(utilization, "", Scale::Plain), utilization.how());
    }
    push("PUE", figure(&record.pue, "", Scale::Plain), record.pue.how());
    push("intensity", figure(&record.g_per_kwh, "g/kWh", Scale::Plain), record.g_per_kwh.how());
    let cost = &record.cost;
    push("kWh price", figure(&cost.usd_per_kwh, "USD", Scale::Money), cost.usd_per_kwh.how());
    if cost.usd_per_device_hour.value().is_some() {
        let rent = &cost.usd_per_device_hour;
        push("device-hour", figure(rent, "USD", Scale::Money), rent.how());
    }
    lines
}

/// The first of the everyday things; all of them are in the record.
fn as_much_as(equivalents: &[EquivalentRecord]) -> String {
    const SHOWN: usize = 5;
    let mut text = String::new();
    for (index, record) in equivalents.iter().take(SHOWN).enumerate() {
        let label = if index == 0 { "as much as" } else { "" };
        let remark = format!("{} ({})", record.phrase, short(&record.source));
        text += &line(label, &figure(&record.amount, "×", Scale::Plain), &remark);
    }
    text
}

/// A source by its first words and its year: `Strubell 2019`.
pub(crate) fn short(source: &str) -> String {
    let name = source.split([',', ':', '(']).next().unwrap_or_default().trim();
    let year = source.rsplit(", ").next().filter(|year| year.len() == 4 && *year != name);
    year.map_or_else(|| name.to_owned(), |year| format!("{name} {year}"))
}

/// When it would emit least.
fn times(when: &WhenRecord) -> String {
    let mut text = format!("\nwhen it would emit least, by `{}`\n", one_line(&when.file));
    for (label, window) in [("best", &when.best), ("worst", &when.worst), ("first", &when.first)] {
        let remark = format!("from {} on, {} g/kWh", window.start, significant(window.g_per_kwh, 4));
        text += &line(label, &figure(&window.kg_co2e, "kg", Scale::Plain), &remark);
    }
    text
}

/// Where it would emit least.
fn places(record: &EstimateRecord) -> String {
    const EACH_END: usize = 8;
    let all = &record.elsewhere;
    let mut text = format!("\nwhere it would emit least, of {} places\n", all.len());
    let shown = |place: &ElsewhereRecord| {
        let remark = format!(
            "{}, PUE {}; {}",
            [place.scope.clone(), place.year.map(|year| year.to_string()).unwrap_or_default()]
                .join(" ")
                .trim(),
            significant(place.pue, 3),
            if place.name.is_empty() { NOTHING } else { &place.name },
        );
        // The doubt about the energy is the same everywhere; that about the intensity is the place's own.
        let emitted = emissions(&place.kg_co2e);
        let emitted = emitted.split(" (").next().unwrap_or_default();
        let value = format!("{emitted:<13} {}", figure(&place.g_per_kwh, "g/kWh", Scale::Plain));
        line_of(&place.region, 27, &value, &remark)
    };
    if all.len() <= 2 * EACH_END {
        text.extend(all.iter().map(shown));
    } else {
        text.extend(all.iter().take(EACH_END).map(shown));
        text += &format!("  … {} more, all with --json\n", all.len() - 2 * EACH_END);
        text.extend(all.iter().skip(all.len() - EACH_END).map(shown));
    }
    let mut scopes: Vec<&str> = all.iter().map(|place| place.scope.as_str()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.len() > 1 {
        let sentence = "Compare within a scope: direct values leave out the supply of fuel and the building of plants, lifecycle \
                        values have them; consumption values have imports too.";
        text += &(wrapped(sentence, WIDTH, "") + "\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_units::Kind;

    #[test]
    fn short_runs_are_told_in_small_units() {
        let said = |kilos: f64| {
            let of = |kilos| Figure::exact(kilos, Kind::Declared, "said");
            (bought(&of(kilos).map(KilowattHours)), emissions(&of(kilos).map(KilogramsCo2e)))
        };
        for (kilos, energy, carbon) in [
            (12.0, "12 kWh", "12 kg"),
            (0.25, "0.25 kWh", "0.25 kg"),
            (0.004, "4.00 Wh", "4.00 g"),
            (0.000_002, "2.00 mWh", "2.00 mg"),
        ] {
            assert_eq!(said(kilos), (energy.to_owned(), carbon.to_owned()));
        }
        assert_eq!(bought(&Figure::unavailable("no power")), NOTHING);
    }
}
