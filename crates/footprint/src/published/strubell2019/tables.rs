//! What the paper prints.

use lessen_records::study::StudyRow;
use lessen_units::Hours;
use serde::Deserialize;

use crate::published::printed::Printed;
use crate::published::{BuiltIn, built_in, claim, rows};
use crate::tables::Confidence;
use crate::tables::reading::{Row, Unfit, said, within, within_if_known};

static TABLE_1: BuiltIn<Compared> = built_in!("strubell2019_table1.csv");
static TABLE_3: BuiltIn<Training> = built_in!("strubell2019_table3.csv");
static TABLE_4: BuiltIn<Costed> = built_in!("strubell2019_table4.csv");

pub(super) fn compared() -> &'static [Compared] {
    rows(&TABLE_1)
}

pub(super) fn trainings() -> &'static [Training] {
    rows(&TABLE_3)
}

pub(super) fn costed() -> &'static [Costed] {
    rows(&TABLE_4)
}

/// A row of Table 1 that is worked out from another table; flight, lives and car are inputs, and left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compared {
    pub(super) key: String,
    what: String,
    /// `table-3/KEY` or `table-4/KEY`: the row whose energy it is.
    pub(super) follows_from: String,
    pub(super) printed_lb_co2e: Printed,
    source: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table; checked as it is read")]
    confidence: Confidence,
    /// What explains a number that does not follow.
    #[serde(default)]
    note: String,
}

/// A row of Table 3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Training {
    pub(super) key: String,
    model: String,
    hardware: String,
    pub(super) devices: u32,
    /// The row of the table of prices.
    pub(super) price_item: String,
    /// Of all devices, processors and memory together; `None` for TPUs, whose power was not public.
    #[serde(default)]
    pub(super) watts: Option<f64>,
    pub(super) printed_hours: Printed,
    /// Those that the other columns follow from, where they are others than printed.
    #[serde(default)]
    pub(super) corrected_hours: Option<f64>,
    /// Of an architecture search: its steps,
    #[serde(default)]
    search_steps: Option<f64>,
    /// those of one training,
    #[serde(default)]
    steps_per_training: Option<f64>,
    /// and the hours of one training.
    #[serde(default)]
    hours_per_training: Option<f64>,
    #[serde(default)]
    pub(super) printed_kwh: Option<Printed>,
    #[serde(default)]
    pub(super) printed_lb_co2e: Option<Printed>,
    pub(super) printed_usd_low: Printed,
    pub(super) printed_usd_high: Printed,
    source: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table; checked as it is read")]
    confidence: Confidence,
    /// What explains a number that does not follow.
    #[serde(default)]
    note: String,
}

/// What a search took, by the time of one training.
pub(super) struct Search {
    pub(super) hours: Hours,
    pub(super) in_words: String,
}

impl Training {
    /// Those that the columns follow from.
    pub(super) fn hours(&self) -> Hours {
        Hours(self.corrected_hours.unwrap_or(self.printed_hours.value))
    }

    pub(super) fn hours_in_words(&self) -> String {
        let printed = self.printed_hours.value;
        match self.corrected_hours {
            Some(hours) => format!("{hours} h (printed: {printed})"),
            None => format!("{printed} h"),
        }
    }

    pub(super) fn search(&self) -> Option<Search> {
        let (steps, each, hours) = (self.search_steps?, self.steps_per_training?, self.hours_per_training?);
        let in_words = format!("{steps} steps / {each} steps × {hours} h");
        Some(Search { hours: Hours(hours) * (steps / each), in_words })
    }
}

/// A row of Table 4.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Costed {
    pub(super) key: String,
    what: String,
    /// Of all devices together.
    pub(super) printed_hours: Printed,
    /// Where the hours follow from those of one job.
    #[serde(default)]
    pub(super) hours_per_job: Option<f64>,
    pub(super) jobs: u32,
    /// Not printed: derived.
    pub(super) watts_per_device: f64,
    /// The row of the table of prices.
    pub(super) price_item: String,
    pub(super) printed_usd_low: Printed,
    pub(super) printed_usd_high: Printed,
    pub(super) printed_electricity_usd: Printed,
    source: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table; checked as it is read")]
    confidence: Confidence,
    /// What explains a number that does not follow.
    #[serde(default)]
    note: String,
}

impl Costed {
    pub(super) fn hours(&self) -> Hours {
        Hours(self.printed_hours.value)
    }
}

/// A row of one of the three, of which numbers are printed.
pub(super) trait Subject {
    /// Its table and key: `table-3/elmo`.
    fn id(&self) -> String;
    /// For people.
    fn name(&self) -> String;
    /// Why a number does not follow from the others; empty where all do.
    fn why(&self) -> &str;

    /// A number of it beside ours, with the inputs in words, and why where they do not give what is printed.
    fn claim(
        &self,
        quantity: &str,
        what: &str,
        printed: Printed,
        ours: Option<f64>,
        inputs: String,
    ) -> StudyRow {
        let follows = ours.is_some_and(|ours| printed.agrees(ours));
        let note =
            if follows || self.why().is_empty() { inputs } else { format!("{inputs}; {}", self.why()) };
        claim(format!("{}/{quantity}", self.id()), format!("{}: {what}", self.name()), printed, ours, note)
    }
}

impl Subject for Compared {
    fn id(&self) -> String {
        format!("table-1/{}", self.key)
    }
    fn name(&self) -> String {
        self.what.clone()
    }
    fn why(&self) -> &str {
        &self.note
    }
}

impl Subject for Training {
    fn id(&self) -> String {
        format!("table-3/{}", self.key)
    }
    fn name(&self) -> String {
        format!("{} on {}", self.model, self.hardware)
    }
    fn why(&self) -> &str {
        &self.note
    }
}

impl Subject for Costed {
    fn id(&self) -> String {
        format!("table-4/{}", self.key)
    }
    fn name(&self) -> String {
        self.what.clone()
    }
    fn why(&self) -> &str {
        &self.note
    }
}

impl Row for Compared {
    const FILE: &'static str = "strubell2019_table1.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("what", &self.what)?;
        if !self.follows_from.starts_with("table-3/") && !self.follows_from.starts_with("table-4/") {
            return Err(Unfit {
                column: "follows_from",
                expected: "table-3/KEY or table-4/KEY".to_owned(),
                found: format!("`{}`", self.follows_from),
            });
        }
        within("printed_lb_co2e", self.printed_lb_co2e.value, 1.0, 1e9)?;
        said("source", &self.source)
    }
}

impl Row for Training {
    const FILE: &'static str = "strubell2019_table3.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("model", &self.model)?;
        said("hardware", &self.hardware)?;
        said("price_item", &self.price_item)?;
        within("devices", f64::from(self.devices), 1.0, 1e6)?;
        within_if_known("watts", self.watts, 1.0, 1e7)?;
        within("printed_hours", self.printed_hours.value, 1.0, 1e7)?;
        within_if_known("corrected_hours", self.corrected_hours, 1.0, 1e7)?;
        within_if_known("search_steps", self.search_steps, 1.0, 1e12)?;
        within_if_known("steps_per_training", self.steps_per_training, 1.0, 1e12)?;
        within_if_known("hours_per_training", self.hours_per_training, 1.0, 1e6)?;
        if self.corrected_hours.is_some() {
            said("note", &self.note)?;
        }
        said("source", &self.source)
    }
}

impl Row for Costed {
    const FILE: &'static str = "strubell2019_table4.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("what", &self.what)?;
        said("price_item", &self.price_item)?;
        within("printed_hours", self.printed_hours.value, 1.0, 1e7)?;
        within_if_known("hours_per_job", self.hours_per_job, 1.0, 1e5)?;
        within("watts_per_device", self.watts_per_device, 1.0, 1e4)?;
        said("source", &self.source)
    }
}
