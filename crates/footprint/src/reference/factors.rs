//! The sections of prices, equivalents and defaults.

use lessen_units::{GramsCo2e, KilogramsCo2e};

use super::footnotes::{Footnotes, Marks};
use super::numbers::{UNKNOWN, known, plain, rounded};
use super::page::Head::{Number, Text};
use super::page::{Section, code, heading, needed, optional, table, text};
use super::with_confidence;
use crate::tables::{Amount, DefaultValue, Equivalent, Price, PriceKind, PriceUnit, Row as _, Tables};

pub(super) const PRICES: Section = Section {
    title: "Prices",
    file: Price::FILE,
    about: "a row is what an hour of a device in a cloud or a kilowatt-hour of electricity costs, in US dollars. `item` is \
            its key. Prices in clouds change by the month: take those below for an order of magnitude, and your own bill \
            for more.",
    columns: &[
        needed(
            "item",
            "`FAMILY-device-hour`, with a `-PROVIDER` where it is one provider's; `electricity-COUNTRY-CONSUMER`, with a \
             `-YEAR` where there are several",
        ),
        needed("kind", "`device` or `electricity`"),
        needed(
            "unit",
            "`usd_per_device_hour`, `usd_per_4_device_hours` (four that are rented together) or `usd_per_kwh`",
        ),
        optional(
            "usd_low",
            "the least, in US dollars of that unit: preemptible, for a device; one of the two is needed",
        ),
        optional("usd_high", "the most, in US dollars of that unit: on demand, for a device"),
        needed("date", "year, month or quarter: `2019`, `2026-03`, `2025-Q2`"),
        needed("source", "who published it"),
        optional("confidence", "where it was seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn prices(tables: &Tables) -> String {
    let (devices, electricity): (Vec<&Price>, Vec<&Price>) =
        tables.prices.rows().iter().partition(|price| price.kind == PriceKind::Device);
    let shown = || devices.iter().chain(&electricity);
    let sources = Footnotes::of(Marks::Numbers, shown().map(|price| price.source.as_str()));
    let notes = Footnotes::of(Marks::Letters, shown().map(|price| price.note.as_str()));

    let mut page = PRICES.opening();
    for (title, least, most, prices) in [
        ("Devices", "Least (USD/device-hour)", "Most (USD/device-hour)", &devices),
        ("Electricity", "Least (USD/kWh)", "Most (USD/kWh)", &electricity),
    ] {
        if prices.is_empty() {
            continue;
        }
        page += &heading(title);
        let heads = [
            Text("Item"),
            Number(least),
            Number(most),
            Text("Billed"),
            Text("Date"),
            Text("Source"),
            Text("Note"),
        ];
        page += &table(
            heads,
            prices.iter().map(|price| {
                let (low, high) = price.bounds().unzip();
                let billed = match price.unit {
                    PriceUnit::DeviceHour => "by the device",
                    PriceUnit::FourDeviceHours => "by four devices",
                    PriceUnit::KilowattHour => "by the kWh",
                };
                [
                    code(&price.item),
                    known(price.usd_low.and(low), rounded),
                    known(price.usd_high.and(high), rounded),
                    billed.to_owned(),
                    text(&price.date),
                    with_confidence(sources.cell(&price.source), price.confidence),
                    notes.cell(&price.note),
                ]
            }),
        );
    }
    page + &Section::closing(&sources, Some(&notes), shown().map(|price| price.source.as_str()))
}

pub(super) const EQUIVALENTS: Section = Section {
    title: "Equivalents",
    file: Equivalent::FILE,
    about: "a row is an everyday thing and what one of it emits, or uses. `key` is its key. The page gives emissions in \
            kilograms of CO2 equivalent, to four digits, beside the amount as it was published.",
    columns: &[
        needed("key", "short: `car-lifetime`"),
        needed("phrase", "one of them in words: `a charge of a smartphone`"),
        needed("amount", "what one emits or uses, in `unit`"),
        needed(
            "unit",
            "`lb_co2e`, `kg_co2e` or `g_co2e`: pounds, kilograms or grams of CO2 equivalent; `kwh`: kilowatt-hours",
        ),
        needed("year", "the year of the source"),
        needed("source", "who published it"),
        optional("confidence", "where it was seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn equivalents(tables: &Tables) -> String {
    let rows = || tables.equivalents.rows().iter();
    let sources = Footnotes::of(Marks::Numbers, rows().map(|thing| thing.source.as_str()));
    let notes = Footnotes::of(Marks::Letters, rows().map(|thing| thing.note.as_str()));
    let heads = [
        Text("One is"),
        Text("Key"),
        Number("Emits (kg CO2e)"),
        Number("Uses (kWh)"),
        Text("As published"),
        Number("Year"),
        Text("Source"),
        Text("Note"),
    ];
    let rows_of_page = rows().map(|thing| {
        let kilograms = |mass: GramsCo2e| rounded(KilogramsCo2e::from(mass).0);
        let (emitted, used) = match thing.amount() {
            Amount::Emitted(mass) => (kilograms(mass), UNKNOWN.to_owned()),
            Amount::Used(energy) => (UNKNOWN.to_owned(), rounded(energy.0)),
        };
        [
            text(&thing.phrase),
            code(&thing.key),
            emitted,
            used,
            format!("{} `{}`", plain(thing.amount), thing.unit.name()),
            thing.year.to_string(),
            with_confidence(sources.cell(&thing.source), thing.confidence),
            notes.cell(&thing.note),
        ]
    });
    EQUIVALENTS.opening()
        + &table(heads, rows_of_page)
        + &Section::closing(&sources, Some(&notes), rows().map(|thing| thing.source.as_str()))
}

pub(super) const DEFAULTS: Section = Section {
    title: "Defaults",
    file: DefaultValue::FILE,
    about: "a row is a factor of a published method, or what is taken where nothing is said, with what it may be at least \
            and at most. `key` is its key. A row without bounds is a definition or a paper's own.",
    columns: &[
        needed("key", "short: `pue`"),
        needed("value", "what is taken, in `unit`"),
        optional("low", "what it may be at least, in `unit`"),
        optional("high", "what it may be at most, in `unit`"),
        needed("unit", "the unit of the three"),
        needed("year", "the year of the source"),
        needed("source", "who published it"),
        optional("confidence", "where it was seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn defaults(tables: &Tables) -> String {
    let rows = || tables.defaults.rows().iter();
    let sources = Footnotes::of(Marks::Numbers, rows().map(|factor| factor.source.as_str()));
    let notes = Footnotes::of(Marks::Letters, rows().map(|factor| factor.note.as_str()));
    let heads = [
        Text("Key"),
        Number("Value"),
        Number("Least"),
        Number("Most"),
        Text("Unit"),
        Number("Year"),
        Text("Source"),
        Text("Note"),
    ];
    let rows_of_page = rows().map(|factor| {
        [
            code(&factor.key),
            plain(factor.value),
            known(factor.low, plain),
            known(factor.high, plain),
            code(&factor.unit),
            factor.year.to_string(),
            with_confidence(sources.cell(&factor.source), factor.confidence),
            notes.cell(&factor.note),
        ]
    });
    DEFAULTS.opening()
        + &table(heads, rows_of_page)
        + &Section::closing(&sources, Some(&notes), rows().map(|factor| factor.source.as_str()))
}
