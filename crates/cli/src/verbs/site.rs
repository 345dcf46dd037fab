//! Where something runs, for the verbs that ask.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Context as _;
use lessen_footprint::{Place, PlaceError, Site, SiteSpec, Tables};
use lessen_units::UsdPerKilowattHour;

use crate::args::site::SiteArgs;
use crate::failure::Advised;

/// The built-in tables, or the user's laid over them.
pub(crate) fn tables(own: Option<&Path>) -> anyhow::Result<Cow<'static, Tables>> {
    Ok(match own {
        Some(folder) => {
            Cow::Owned(Tables::with_own(folder).context("the tables of `--tables` cannot be used")?)
        }
        None => Cow::Borrowed(Tables::built_in()),
    })
}

/// What was typed as the library takes it.
pub(crate) fn spec(args: &SiteArgs) -> SiteSpec {
    SiteSpec {
        region: args.region.clone(),
        intensity: args.intensity.clone(),
        pue: args.pue,
        usd_per_kwh: args.electricity_price.map(UsdPerKilowattHour),
    }
}

/// The site that was typed.
pub(crate) fn site<'t>(args: &SiteArgs, tables: &'t Tables) -> anyhow::Result<Site<'t>> {
    Site::new(&spec(args), tables).map_err(|error| named("--region", &error))
}

/// The place that a flag names.
pub(crate) fn place<'t>(flag: &str, name: &str, tables: &'t Tables) -> anyhow::Result<Place<'t>> {
    Place::find(name, tables).map_err(|error| named(flag, &error))
}

fn named(flag: &str, error: &PlaceError) -> anyhow::Error {
    Advised { message: format!("`{flag}`: {error}"), hint: error.hint().to_owned() }.into()
}
