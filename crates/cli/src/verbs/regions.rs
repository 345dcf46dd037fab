//! `lessen regions`: carbon intensities by country, state and cloud region.

use lessen_footprint::regions;
use lessen_records::Record as _;

use crate::Outcome;
use crate::args::estimate::RegionsArgs;
use crate::output::Output;

pub(crate) fn run(args: &RegionsArgs, output: &Output) -> anyhow::Result<Outcome> {
    let tables = super::site::tables(args.tables.as_deref())?;
    let filter = args.filter.as_deref().unwrap_or_default();
    let found = regions(filter, &tables);
    if found.regions.is_empty() {
        anyhow::bail!("no region has `{filter}` in its code, name, country, scope or source");
    }
    let text = if output.json() { found.to_json()? } else { lessen_report::regions::text(&found) };
    output.data(&text)?;
    Ok(Outcome::Done)
}
