//! The facts that estimates are made of: one CSV file a table in `tables/`, one row a fact, with its year, scope and
//! source.
//!
//! [`Tables::built_in`] are ours; [`Tables::with_own`] lays a user's rows over them. Every row is checked when it is
//! read, ours and theirs by the same rules: units within bounds, a year, a source, no key twice, nothing that refers
//! to a row which is not there.

mod factor;
mod grid;
mod hardware;
mod price;
pub(crate) mod reading;
mod training;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

pub use factor::{Amount, AmountUnit, DefaultValue, Equivalent};
pub use grid::{CloudRegion, Grid, PueScope, Scope};
pub use hardware::{Accelerator, Processor, ProcessorKind};
pub use price::{Price, PriceKind, PriceUnit};
pub use reading::{Row, Table, TableError};
pub use training::{ComputeKind, EnergyScope, PowerKind, TrainingCompute, TrainingReport};

use reading::read;

/// Where a value was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read in a public file or page.
    #[default]
    Read,
    /// Worked out by us; the source says from what.
    Derived,
    /// Read in part; the row's numbers give one another within 3 %.
    Recomputed,
}

/// All tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Carbon intensity by country, state and province.
    pub grids: Table<Grid>,
    /// Regions of the clouds: their grid, intensity and PUE.
    pub cloud_regions: Table<CloudRegion>,
    /// GPUs, TPUs and their kin.
    pub accelerators: Table<Accelerator>,
    /// CPUs, and families of them.
    pub processors: Table<Processor>,
    /// What devices and electricity cost.
    pub prices: Table<Price>,
    /// Everyday things and what they emit.
    pub equivalents: Table<Equivalent>,
    /// What is taken where nothing is said, and factors of published methods.
    pub defaults: Table<DefaultValue>,
    /// Arithmetic of published trainings.
    pub training_compute: Table<TrainingCompute>,
    /// Energy and emissions of published trainings.
    pub training_reports: Table<TrainingReport>,
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

macro_rules! built_in {
    ($row:ty, $file:literal) => {
        read::<$row>($file, include_bytes!(concat!("../tables/", $file)))
    };
}

static BUILT_IN: LazyLock<Result<Tables, TableError>> = LazyLock::new(|| {
    let tables = Tables {
        grids: built_in!(Grid, "grid.csv")?,
        cloud_regions: built_in!(CloudRegion, "cloud_regions.csv")?,
        accelerators: built_in!(Accelerator, "accelerators.csv")?,
        processors: built_in!(Processor, "processors.csv")?,
        prices: built_in!(Price, "prices.csv")?,
        equivalents: built_in!(Equivalent, "equivalents.csv")?,
        defaults: built_in!(DefaultValue, "defaults.csv")?,
        training_compute: built_in!(TrainingCompute, "training_compute.csv")?,
        training_reports: built_in!(TrainingReport, "training_reports.csv")?,
        own: Vec::new(),
    };
    tables.check()?;
    Ok(tables)
});

impl Tables {
    /// The tables that come with the program.
    pub fn built_in() -> &'static Self {
        match &*BUILT_IN {
            Ok(tables) => tables,
            // Compiled in and read by the tests: no input of a user's leads here.
            Err(error) => unreachable!("a built-in table is broken: {error}"),
        }
    }

    /// Ours with the user's own rows laid over them: each file of `folder` that is named like one of our tables is
    /// read; a row with a key of ours takes its place, others are added.
    ///
    /// # Errors
    /// [`TableError`] with file, line and column: where the folder cannot be read or holds none of our tables' names,
    /// and where a row breaks the rules that ours are held to.
    pub fn with_own(folder: &Path) -> Result<Self, TableError> {
        let mut tables = Self::built_in().clone();
        let mut own = Vec::new();
        own.extend(tables.grids.lay_over(folder)?);
        own.extend(tables.cloud_regions.lay_over(folder)?);
        own.extend(tables.accelerators.lay_over(folder)?);
        own.extend(tables.processors.lay_over(folder)?);
        own.extend(tables.prices.lay_over(folder)?);
        own.extend(tables.equivalents.lay_over(folder)?);
        own.extend(tables.defaults.lay_over(folder)?);
        own.extend(tables.training_compute.lay_over(folder)?);
        own.extend(tables.training_reports.lay_over(folder)?);
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

impl<R: Row> Table<R> {
    /// Reads the file of this table in a user's folder, if it is there.
    fn lay_over(&mut self, folder: &Path) -> Result<Option<OwnTable>, TableError> {
        let path = folder.join(R::FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => return Ok(None),
            Err(error) => return Err(TableError::Unreadable { path, error }),
        };
        let own = read::<R>(&path.display().to_string(), &bytes)?;
        let rows = own.rows().len();
        let replaced = self.replace(own);
        Ok(Some(OwnTable { file: R::FILE, rows, replaced }))
    }
}

#[cfg(test)]
mod tests;
