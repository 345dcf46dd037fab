//! Where something runs, as a user names it.

use lessen_names::the_nearest;

use crate::intensity::Intensity;
use crate::tables::{CloudRegion, Grid, Row as _, Tables};

/// A place of the tables.
#[derive(Clone, Copy, Debug)]
pub enum Place<'t> {
    /// A country, a state or a province.
    Grid(&'t Grid),
    /// A region of a cloud.
    Cloud(&'t CloudRegion),
}

/// A place that is not in the tables, or of which there are several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// There is none of that name.
    #[error("no region `{name}`{}", the_nearest(like_it))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        like_it: Vec<String>,
    },
    /// Several have that name.
    #[error("`{name}` may be {}", codes.join(" or "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Their codes.
        codes: Vec<String>,
    },
}

impl PlaceError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => {
                "`lessen regions [FILTER]` lists them: a country's code or name, a state (US-CA), a cloud's region (aws:eu-west-3)"
            }
            Self::Ambiguous { .. } => "say the code",
        }
    }
}

impl<'t> Place<'t> {
    /// The place that a code or a name means: `FRA`, `France`, `US-CA`, `California`, `aws:eu-west-3`. Capitals do not
    /// matter.
    ///
    /// # Errors
    /// [`PlaceError`] with the nearest names, or with the codes of several.
    pub fn find(name: &str, tables: &'t Tables) -> Result<Self, PlaceError> {
        let wanted = name.trim().to_lowercase();
        let is = |text: &str| text.to_lowercase() == wanted;
        if let Some(region) = tables.cloud_regions.rows().iter().find(|region| is(&region.key())) {
            return Ok(Self::Cloud(region));
        }
        if let Some(grid) = tables.grids.rows().iter().find(|grid| is(&grid.code)) {
            return Ok(Self::Grid(grid));
        }
        // `Quebec, Canada` is called `Quebec` too.
        let named = |grid: &&Grid| is(&grid.name) || grid.name.split(", ").next().is_some_and(is);
        let grids: Vec<&Grid> = tables.grids.rows().iter().filter(named).collect();
        match grids.as_slice() {
            [grid] => Ok(Self::Grid(grid)),
            [] => Err(Self::unknown(name, tables)),
            several => Err(PlaceError::Ambiguous {
                name: name.to_owned(),
                codes: several.iter().map(|grid| format!("{} ({})", grid.code, grid.name)).collect(),
            }),
        }
    }

    fn unknown(name: &str, tables: &Tables) -> PlaceError {
        const MOST: usize = 5;
        let regions: Vec<String> = tables.cloud_regions.rows().iter().map(CloudRegion::key).collect();
        let grids = tables.grids.rows();
        let names = regions.iter().map(String::as_str);
        let names = names.chain(grids.iter().flat_map(|grid| [grid.code.as_str(), grid.name.as_str()]));
        let like_it = lessen_names::some_like(name.trim(), names, MOST);
        PlaceError::Unknown {
            name: name.to_owned(),
            like_it: like_it.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Every place of the tables: grids first, then the regions of clouds.
    pub fn all(tables: &'t Tables) -> impl Iterator<Item = Self> {
        let grids = tables.grids.rows().iter().map(Self::Grid);
        grids.chain(tables.cloud_regions.rows().iter().map(Self::Cloud))
    }

    /// What a user says for it.
    pub fn code(&self) -> String {
        match self {
            Self::Grid(grid) => grid.code.clone(),
            Self::Cloud(region) => region.key(),
        }
    }

    /// For people.
    pub fn name(&self) -> &'t str {
        match self {
            Self::Grid(grid) => &grid.name,
            Self::Cloud(region) => &region.location,
        }
    }

    /// The average of a year.
    pub fn intensity(&self, tables: &Tables) -> Intensity {
        let found = match self {
            Self::Grid(grid) => Some(Intensity::of_grid(grid, tables)),
            Self::Cloud(region) => Intensity::of_cloud(region, tables),
        };
        // The tables are checked: a region has an intensity of its own, or a grid that is there.
        found.unwrap_or_else(|| Intensity::world_average(tables))
    }

    /// The PUE that was published for it, with year and source; `None` for a grid.
    pub fn pue(&self) -> Option<(f64, String)> {
        match self {
            Self::Grid(_) => None,
            Self::Cloud(region) => {
                let source = region.source.split(';').next_back().unwrap_or_default().trim();
                Some((region.pue, format!("PUE {}, {}, {source}", region.pue, region.pue_year)))
            }
        }
    }

    /// The country, by its code of three letters; `None` for a union, the world, and a region whose place is not
    /// published.
    pub fn country(&self) -> Option<&'t str> {
        let code = match self {
            Self::Grid(grid) => grid.code.as_str(),
            Self::Cloud(region) => region.grid_code.as_deref()?,
        };
        match code.split_once('-') {
            Some(("US", _)) => Some("USA"),
            Some(("CA", _)) => Some("CAN"),
            Some(("CN", _)) => Some("CHN"),
            Some(_) => None,
            None => (code.len() == 3).then_some(code),
        }
    }

    /// The cloud; `None` for a grid.
    pub fn provider(&self) -> Option<&'t str> {
        match self {
            Self::Grid(_) => None,
            Self::Cloud(region) => Some(&region.provider),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_code_and_by_name() {
        let tables = Tables::built_in();
        for (name, code) in [
            ("FRA", "FRA"),
            ("france", "FRA"),
            ("US-CA", "US-CA"),
            (" california ", "US-CA"),
            ("Quebec", "CA-QC"),
            ("AWS:eu-west-3", "aws:eu-west-3"),
            ("gcp:us-central1", "gcp:us-central1"),
            ("azure:swedencentral", "azure:swedencentral"),
            ("world", "WORLD"),
        ] {
            assert_eq!(Place::find(name, tables).unwrap().code(), code, "{name}");
        }
        for place in Place::all(tables) {
            assert_eq!(Place::find(&place.code(), tables).unwrap().code(), place.code());
            assert!(place.intensity(tables).g_per_kwh.value().is_some(), "{}", place.code());
        }
    }

    #[test]
    fn unknown_places_come_with_the_nearest() {
        let tables = Tables::built_in();
        let error = |name| Place::find(name, tables).unwrap_err().to_string();
        assert_eq!(error("Georgia"), "`Georgia` may be GEO (Georgia) or US-GA (Georgia)");
        assert!(
            error("eu-west-3").starts_with("no region `eu-west-3`; the nearest: aws:eu-west-3"),
            "{}",
            error("eu-west-3")
        );
        assert!(error("Frnace").contains("France"), "{}", error("Frnace"));
        assert_eq!(error("Atlantis"), "no region `Atlantis`");
    }

    #[test]
    fn a_cloud_region_has_its_own_intensity_or_its_grids() {
        let tables = Tables::built_in();
        let found = |name| Place::find(name, tables).unwrap().intensity(tables);
        let google = found("gcp:us-central1");
        assert_eq!(
            (google.region.as_str(), google.scope),
            ("gcp:us-central1", Some(crate::tables::Scope::Direct))
        );
        assert_eq!(google.g_per_kwh.value().map(|grams| grams.0), Some(431.95));
        let amazon = found("aws:eu-west-3");
        assert_eq!(amazon.region, "aws:eu-west-3 (FRA)");
        assert_eq!(amazon.g_per_kwh.value(), found("FRA").g_per_kwh.value());
    }

    #[test]
    fn countries_of_places() {
        let tables = Tables::built_in();
        for (name, country) in [
            ("FRA", Some("FRA")),
            ("US-CA", Some("USA")),
            ("US-EGRID", Some("USA")),
            ("CN-SH", Some("CHN")),
            ("WORLD", None),
            ("EU27", None),
            ("aws:ca-central-1", Some("CAN")),
            ("gcp:europe-west5", None),
        ] {
            assert_eq!(Place::find(name, tables).unwrap().country(), country, "{name}");
        }
    }
}
