//! The facts that estimates are made of: one CSV file a table in `tables/`, one row a fact, with its year, scope and
//! source.
//!
//! [`Tables::built_in`] are ours; [`Tables::with_own`] lays a user's rows over them. Every row is checked when it is
//! read, ours and theirs by the same rules: units within bounds, a year, a source, no key twice, nothing that refers
//! to a row which is not there.

mod error;
mod factor;
mod grid;
mod hardware;
mod price;
pub(crate) mod reading;
mod shelf;
mod training;

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

pub use error::TableError;
pub use factor::{Amount, AmountUnit, DefaultValue, Equivalent};
pub(crate) use grid::MOST_G_PER_KWH;
pub use grid::{CloudRegion, Grid, PueScope, Scope};
pub use hardware::{Accelerator, Processor, ProcessorKind};
pub use price::{Price, PriceKind, PriceUnit};
pub use reading::{Row, Table, Unfit};
pub use shelf::Shelf;
pub use training::{ComputeKind, EnergyScope, PowerKind, TrainingCompute, TrainingReport};

/// Where a value was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read in a public file or page; an empty cell says so too.
    #[default]
    #[serde(alias = "")]
    Read,
    /// Worked out by us; the source says from what.
    Derived,
    /// Read in part; the row's numbers give one another within 3 %.
    Recomputed,
}

impl Confidence {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Derived => "derived",
            Self::Recomputed => "recomputed",
        }
    }
}

/// All tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Carbon intensity by country, state and province.
    pub grids: Shelf<Grid>,
    /// Regions of the clouds: their grid, intensity and PUE.
    pub cloud_regions: Shelf<CloudRegion>,
    /// GPUs, TPUs and their kin.
    pub accelerators: Shelf<Accelerator>,
    /// CPUs, and families of them.
    pub processors: Shelf<Processor>,
    /// What devices and electricity cost.
    pub prices: Shelf<Price>,
    /// Everyday things and what they emit.
    pub equivalents: Shelf<Equivalent>,
    /// What is taken where nothing is said, and factors of published methods.
    pub defaults: Shelf<DefaultValue>,
    /// Arithmetic of published trainings.
    pub training_compute: Shelf<TrainingCompute>,
    /// Energy and emissions of published trainings.
    pub training_reports: Shelf<TrainingReport>,
    /// Tables of the user's that were laid over ours; empty where there are none.
    pub own: Vec<OwnTable>,
}

/// A file of the user's that was laid over a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTable {
    /// The file's name, such as `grid.csv`.
    pub file: &'static str,
    /// Rows in it.
    pub rows: usize,
    /// Those of them that took the place of one of ours.
    pub replaced: usize,
}

static BUILT_IN: Tables = Tables {
    grids: Shelf::new(include_bytes!("../tables/grid.csv")),
    cloud_regions: Shelf::new(include_bytes!("../tables/cloud_regions.csv")),
    accelerators: Shelf::new(include_bytes!("../tables/accelerators.csv")),
    processors: Shelf::new(include_bytes!("../tables/processors.csv")),
    prices: Shelf::new(include_bytes!("../tables/prices.csv")),
    equivalents: Shelf::new(include_bytes!("../tables/equivalents.csv")),
    defaults: Shelf::new(include_bytes!("../tables/defaults.csv")),
    training_compute: Shelf::new(include_bytes!("../tables/training_compute.csv")),
    training_reports: Shelf::new(include_bytes!("../tables/training_reports.csv")),
    own: Vec::new(),
};

impl Tables {
    /// The tables that come with the program; each is read when it is first used.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Ours with the user's own rows laid over them: each file of `folder` that is named like one of our tables is
    /// read; a row with a key of ours takes its place, others are added.
    ///
    /// # Errors
    /// [`TableError`] with file, line and column: where the folder cannot be read or holds none of our tables' names or a
    /// CSV file of another name,
    /// where a file is larger than 16 MB, and where a row breaks the rules that ours are held to.
    pub fn with_own(folder: &Path) -> Result<Self, TableError> {
        only_ours(folder)?;
        let mut tables = Self::built_in().clone();
        let mut own = Vec::new();
        own.extend(tables.grids.table_mut().lay_over(folder)?);
        own.extend(tables.cloud_regions.table_mut().lay_over(folder)?);
        own.extend(tables.accelerators.table_mut().lay_over(folder)?);
        own.extend(tables.processors.table_mut().lay_over(folder)?);
        own.extend(tables.prices.table_mut().lay_over(folder)?);
        own.extend(tables.equivalents.table_mut().lay_over(folder)?);
        own.extend(tables.defaults.table_mut().lay_over(folder)?);
        own.extend(tables.training_compute.table_mut().lay_over(folder)?);
        own.extend(tables.training_reports.table_mut().lay_over(folder)?);
        if own.is_empty() {
            return Err(TableError::NoneOfOurs {
                folder: folder.to_owned(),
                names: Self::files().join(", "),
            });
        }
        tables.own = own;
        tables.check()?;
        Ok(tables)
    }

    /// The files of all tables, by name.
    pub fn files() -> [&'static str; 9] {
        [
            Grid::FILE,
            CloudRegion::FILE,
            Accelerator::FILE,
            Processor::FILE,
            Price::FILE,
            Equivalent::FILE,
            DefaultValue::FILE,
            TrainingCompute::FILE,
            TrainingReport::FILE,
        ]
    }

    /// What holds between tables: references lead somewhere.
    fn check(&self) -> Result<(), TableError> {
        for region in self.cloud_regions.rows() {
            if let Some(code) = &region.grid_code
                && self.grids.get(code).is_none()
            {
                return Err(TableError::Dangling {
                    file: CloudRegion::FILE,
                    key: region.key(),
                    column: "grid_code",
                    found: code.clone(),
                    refers_to: Grid::FILE,
                });
            }
        }
        for report in self.training_reports.rows() {
            if let Some(accelerator) = &report.accelerator
                && !self.accelerators.rows().iter().any(|row| row.is_called(accelerator))
            {
                return Err(TableError::Dangling {
                    file: TrainingReport::FILE,
                    key: report.key(),
                    column: "accelerator",
                    found: accelerator.clone(),
                    refers_to: Accelerator::FILE,
                });
            }
        }
        Ok(())
    }
}

/// Every CSV file in the folder has the name of a table.
fn only_ours(folder: &Path) -> Result<(), TableError> {
    let unreadable = |error| TableError::Unreadable { path: folder.to_owned(), error };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        if is_csv && !Tables::files().contains(&name.as_str()) {
            return Err(TableError::NotOurs { near: lessen_names::nearest(&name, Tables::files()), path });
        }
    }
    Ok(())
}

impl<R: Row> Table<R> {
    /// Reads the file of this table in a user's folder, if it is there.
    fn lay_over(&mut self, folder: &Path) -> Result<Option<OwnTable>, TableError> {
        let path = folder.join(R::FILE);
        let Some(bytes) = bytes_of(&path)? else { return Ok(None) };
        let own = Self::read(&path.display().to_string(), &bytes)?;
        let rows = own.rows().len();
        let replaced = self.replace(own);
        Ok(Some(OwnTable { file: R::FILE, rows, replaced }))
    }
}

/// The largest table of a user's that is read, in bytes: ours together are a hundredth of it.
const MOST_BYTES: u64 = 16_000_000;

/// What is in a file of a user's; `None` where there is none of that name.
fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, TableError> {
    let unreadable = |error| TableError::Unreadable { path: path.to_owned(), error };
    let too_large = |found| TableError::TooLarge { path: path.to_owned(), found, most: MOST_BYTES };
    // Looked at before it is opened: opening a pipe would wait for its other end.
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !about.is_file() {
        let found = if about.is_dir() { "a folder" } else { "a device or a pipe" };
        return Err(TableError::NotAFile { path: path.to_owned(), found });
    }
    if about.len() > MOST_BYTES {
        return Err(too_large(about.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since it was looked at.
    let mut start = File::open(path).map_err(unreadable)?.take(MOST_BYTES + 1);
    let length = start.read_to_end(&mut bytes).map_err(unreadable)? as u64;
    if length > MOST_BYTES { Err(too_large(length)) } else { Ok(Some(bytes)) }
}

#[cfg(test)]
mod tests;
