//! `--live`.
use crate::args::estimate::LiveZone;
use lessen_footprint::{Intensity, Tables};

pub(super) fn intensity(
    _live: &LiveZone,
    _e: Option<&str>,
    _tables: &Tables,
) -> anyhow::Result<(Intensity, Option<String>)> {
    anyhow::bail!("to come with the merge")
}
