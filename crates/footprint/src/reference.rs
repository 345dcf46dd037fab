//! The tables as a page for people.

mod factors;
mod footnotes;
mod hardware;
mod licences;
mod numbers;
mod page;
mod places;
mod trainings;

use std::fmt::Write as _;

use crate::tables::{Confidence, Row, Table, Tables};
use page::{Section, text};

/// All tables as one page of Markdown: what they are, how own rows are laid over them, and every row of each, in the
/// order of [`Tables::files`]. The same tables always give the same text; `docs/tables.md` is that of ours.
pub fn reference(tables: &Tables) -> String {
    let mut page = GENERATED.to_owned();
    page += ABOUT;
    if !tables.own.is_empty() {
        page += &laid_over(tables);
    }
    page += &contents(tables);
    page += OWN_ROWS;
    page += WORDS;
    page += &places::grids(tables);
    page += &places::cloud_regions(tables);
    page += &hardware::accelerators(tables);
    page += &hardware::processors(tables);
    page += &factors::prices(tables);
    page += &factors::equivalents(tables);
    page += &factors::defaults(tables);
    page += &trainings::compute(tables);
    page += &trainings::reports(tables);
    page
}

const GENERATED: &str = "\
<!-- Generated from crates/footprint/tables: change the tables and renew this page with
LESSEN_WRITE_REFERENCE=1 cargo test --release -p lessen-footprint --test reference -->

# Tables of facts

";

const ABOUT: &str = "\
What lessen reckons with where nothing was measured: what electricity emits and costs, what devices draw, and what was \
published of trainings. Each row is one fact with its year and its source. The tables are part of the program; nothing \
is looked up over the network. `–` stands for what is not known, which is never 0.

";

const OWN_ROWS: &str = "\
## Your own rows

`--tables DIR` lays rows of yours over these. Each file of the folder that has the name of a table is read: a row with \
the key of one of ours takes its place, any other is added, none is taken away. The files are held to the rules of ours: \
CSV in UTF-8 with commas between the cells, the names of the columns in the first line, every column that is not marked \
*may be empty*, no other columns, no key twice, numbers within what can be, and 16 MB at most. A column that may be empty \
may also be left out. This `grid.csv` replaces the row of France and adds a grid that `LAB` names:

```csv
code,name,g_co2e_per_kwh,year,scope,source
FRA,France,21.7,2025,direct,the yearly account of our supplier
LAB,the roof of our laboratory,41,2025,lifecycle,our own meters
```

";

const WORDS: &str = "\
## Words

**Confidence** says where a value was seen. A source without a word after it was read.

- *read*: in a public file or page.
- *derived*: worked out by us; the source says from what.
- *recomputed*: read in part; the numbers of the row give one another within 3 %.

**Scope** says what an intensity counts.

- *lifecycle*: what the stacks emit, the supply of the fuel, and building the plants.
- *direct*: what the stacks emit and no more.
- *consumption*: of the electricity that is used in a region, with what it imports from others.

A direct value leaves out what a lifecycle value counts and is lower for the same electricity: wind, water and nuclear \
power are 0 in one and not in the other. Two places, years or reports compare only within one scope; a sum or a \
difference over both says nothing. Where this cannot be avoided, as between a country and one of its states, name both \
scopes beside the result.

";

/// The list of sections, with how much is in each.
fn contents(tables: &Tables) -> String {
    let lines = [
        line(&places::GRIDS, &tables.grids),
        line(&places::CLOUD_REGIONS, &tables.cloud_regions),
        line(&hardware::ACCELERATORS, &tables.accelerators),
        line(&hardware::PROCESSORS, &tables.processors),
        line(&factors::PRICES, &tables.prices),
        line(&factors::EQUIVALENTS, &tables.equivalents),
        line(&factors::DEFAULTS, &tables.defaults),
        line(&trainings::COMPUTE, &tables.training_compute),
        line(&trainings::REPORTS, &tables.training_reports),
    ];
    format!("{}\n", lines.concat())
}

fn line<R: Row>(section: &Section, table: &Table<R>) -> String {
    let rows = table.rows().len();
    format!("- [{}](#{}): `{}`, {rows} rows\n", section.title, section.anchor(), section.file)
}

/// Which rows are a user's.
fn laid_over(tables: &Tables) -> String {
    let mut said = "Rows of these files were laid over ours:\n\n".to_owned();
    for own in &tables.own {
        let _ = writeln!(said, "- {}: {} rows, {} in place of ours", text(own.file), own.rows, own.replaced);
    }
    said + "\n"
}

/// A source with where the value was seen, unless it was read there.
fn with_confidence(source: String, confidence: Confidence) -> String {
    match confidence {
        Confidence::Read => source,
        other => format!("{source}, *{}*", other.name()),
    }
}

#[cfg(test)]
mod tests;
