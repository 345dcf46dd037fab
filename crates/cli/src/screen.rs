//! What a record looks like at the end of a run.

use std::path::Path;

use lessen_records::{Record, ResultRecord, Study};
use lessen_report::{sentences, table};

use crate::output::Output;
use crate::verbs::REPORT;

/// The table of models with the chosen one marked, and two sentences; or the record itself with `--json`.
pub(crate) fn result(result: &ResultRecord, folder: &Path, output: &Output) -> anyhow::Result<()> {
    if output.json() {
        return Ok(output.data(&result.to_json()?)?);
    }
    let [saving, repayment] = sentences(result);
    output.data(&format!("\n{}\n{saving}\n{repayment}\n", table::models(result)))?;
    output.talk(&format!("everything is in `{}`; see `{REPORT}` there", folder.display()));
    Ok(())
}

/// The study's rows; or the record itself with `--json`.
pub(crate) fn study(study: &Study, output: &Output) -> anyhow::Result<()> {
    let text = if output.json() { study.to_json()? } else { table::study_markdown(study) };
    Ok(output.data(&text)?)
}
