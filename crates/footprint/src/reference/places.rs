//! The sections of grids and of clouds' regions.

use super::footnotes::{Footnotes, Marks};
use super::numbers::{UNKNOWN, known, plain, rounded};
use super::page::Head::{Number, Text};
use super::page::{Section, code, groups, heading, needed, optional, table, text, text_if_known};
use crate::intensity::Intensity;
use crate::place::Place;
use crate::tables::{CloudRegion, Grid, Row as _, Tables};

pub(super) const GRIDS: Section = Section {
    title: "Grids",
    file: Grid::FILE,
    about: "a row is the carbon intensity of the electricity of a country, a state or a province, averaged over a year: \
            that of the place itself (location-based), whatever certificates were bought there. `code` is its key.",
    columns: &[
        needed("code", "ISO 3166-1 alpha-3 (`FRA`); `WORLD`, `EU27`; `US-CA`, `CA-QC`, `CN-SH` for parts"),
        needed("name", "for people; may be used in place of the code"),
        needed("g_co2e_per_kwh", "grams of CO2 equivalent a kilowatt-hour, 0 to 2000"),
        needed("year", "the year that was averaged over"),
        needed("scope", "`lifecycle`, `direct` or `consumption`, see [words](#words)"),
        needed("source", "who published it"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn grids(tables: &Tables) -> String {
    let mut rows: Vec<&Grid> = tables.grids.rows().iter().collect();
    rows.sort_by_cached_key(|grid| (grid.name.to_lowercase(), grid.code.clone()));
    let groups = groups(rows, |grid| group(grid, tables));
    let shown = || groups.values().flatten();
    let sources = Footnotes::of(Marks::Numbers, shown().map(|grid| grid.source.as_str()));
    let notes = Footnotes::of(Marks::Letters, shown().map(|grid| grid.note.as_str()));

    let mut page = GRIDS.opening();
    for (group, grids) in &groups {
        page += &heading(&text(&group.title()));
        let heads = [
            Text("Name"),
            Text("Code"),
            Number("g CO2e/kWh"),
            Number("Year"),
            Text("Scope"),
            Text("Source"),
            Text("Note"),
        ];
        page += &table(
            heads,
            grids.iter().map(|grid| {
                [
                    text(group.name_within(grid)),
                    code(&grid.code),
                    plain(grid.g_co2e_per_kwh),
                    grid.year.to_string(),
                    grid.scope.name().to_owned(),
                    sources.cell(&grid.source),
                    notes.cell(&grid.note),
                ]
            }),
        );
    }
    page + &Section::closing(&sources, Some(&notes), shown().map(|grid| grid.source.as_str()))
}

/// Under which heading a grid is, in the order of the page.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// The world, unions of countries, and what a user named otherwise.
    World,
    Countries,
    /// The parts of a country: its name, and what they are.
    Parts(String, &'static str),
}

fn group(grid: &Grid, tables: &Tables) -> Group {
    if grid.is_country() {
        return Group::Countries;
    }
    let Some((prefix, _)) = grid.code.split_once('-') else { return Group::World };
    let country = Place::Grid(grid).country().and_then(|code| tables.grids.get(code));
    let part = match prefix {
        "US" => "state",
        "CA" | "CN" => "province",
        _ => "part",
    };
    Group::Parts(country.map_or(prefix, |country| &country.name).to_owned(), part)
}

impl Group {
    fn title(&self) -> String {
        match self {
            Self::World => "World and unions".to_owned(),
            Self::Countries => "Countries and areas".to_owned(),
            Self::Parts(country, part) => format!("{country}, by {part}"),
        }
    }

    /// `Quebec, Canada` is `Quebec` under the heading of Canada.
    fn name_within<'g>(&self, grid: &'g Grid) -> &'g str {
        match (self, grid.name.split_once(", ")) {
            (Self::Parts(country, _), Some((name, rest))) if rest == country => name,
            _ => &grid.name,
        }
    }
}

pub(super) const CLOUD_REGIONS: Section = Section {
    title: "Regions of clouds",
    file: CloudRegion::FILE,
    about: "a row is a region of a cloud. `provider:region` is its key. The intensity is the provider's own where it \
            publishes one (then it is direct), or else that of the grid. The share of carbon-free energy is by the \
            provider's contracts; it must not be multiplied into the intensity of the place.",
    columns: &[
        needed("provider", "`aws`, `azure` or `gcp`"),
        needed("region", "as the provider calls it"),
        optional("location", "city, state or country, where it is published"),
        optional("grid_code", "key of its grid; needed where `g_co2e_per_kwh` is empty"),
        optional(
            "g_co2e_per_kwh",
            "what the provider publishes for it, direct, in grams of CO2 equivalent a kilowatt-hour",
        ),
        optional("year", "the year of that; needed with it"),
        optional("carbon_free_share", "share of carbon-free energy by contracts, 0 to 1"),
        needed("pue", "energy of the building over that of the computers in it, 1 to 3"),
        needed("pue_year", "the year of that"),
        needed(
            "pue_scope",
            "`region` where the PUE was published for the region, `provider` for the mean of all data centres of the provider",
        ),
        needed(
            "source",
            "who published the intensity, then, after a semicolon, the PUE; one for both where there is one",
        ),
    ],
};

pub(super) fn cloud_regions(tables: &Tables) -> String {
    let groups = groups(tables.cloud_regions.rows().iter().collect(), |region| provider(&region.provider));
    let shown = || groups.values().flatten();
    let sources = Footnotes::of(Marks::Numbers, shown().map(|region| region.source.as_str()));

    let mut page = CLOUD_REGIONS.opening();
    for (provider, regions) in &groups {
        page += &heading(&text(provider));
        let heads = [
            Text("Region"),
            Text("Location"),
            Text("Grid"),
            Number("g CO2e/kWh"),
            Text("Intensity of"),
            Number("Year"),
            Text("Scope"),
            Number("Carbon-free"),
            Number("PUE"),
            Text("PUE of"),
            Number("PUE year"),
            Text("Source"),
        ];
        page += &table(heads, regions.iter().map(|region| cloud_row(region, tables, &sources)));
    }
    page + &Section::closing(&sources, None, shown().map(|region| region.source.as_str()))
}

fn cloud_row(region: &CloudRegion, tables: &Tables, sources: &Footnotes) -> [String; 12] {
    let intensity = Intensity::of_cloud(region, tables);
    let year = intensity.as_ref().and_then(|intensity| intensity.year);
    let scope = intensity.as_ref().map_or("", Intensity::scope_name);
    let grams = intensity.as_ref().and_then(|intensity| intensity.g_per_kwh.value());
    [
        code(&region.region),
        text_if_known(&region.location),
        region.grid_code.as_deref().map_or(UNKNOWN.to_owned(), code),
        known(grams.map(|grams| grams.0), plain),
        if region.g_co2e_per_kwh.is_some() { "region" } else { "grid" }.to_owned(),
        year.map_or(UNKNOWN.to_owned(), |year| year.to_string()),
        text_if_known(scope),
        known(region.carbon_free_share, |share| format!("{} %", rounded(share * 100.0))),
        plain(region.pue),
        region.pue_scope.name().to_owned(),
        region.pue_year.to_string(),
        sources.cell(&region.source),
    ]
}

/// A provider for people, with what a user types.
fn provider(short: &str) -> String {
    match short {
        "aws" => "Amazon Web Services (aws)",
        "azure" => "Microsoft Azure (azure)",
        "gcp" => "Google Cloud (gcp)",
        other => other,
    }
    .to_owned()
}
