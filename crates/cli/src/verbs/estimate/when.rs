//! `--hourly`.
use lessen_records::EstimateRecord;
use lessen_records::estimate::WhenRecord;
use std::path::Path;

pub(super) fn of(_path: &Path, _record: &EstimateRecord) -> anyhow::Result<WhenRecord> {
    anyhow::bail!("to come with the merge")
}
