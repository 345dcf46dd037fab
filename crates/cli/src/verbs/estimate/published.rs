//! `--published`: a published table recomputed.
use crate::Outcome;
use crate::args::Common;
use crate::args::estimate::PublishedName;
use crate::output::Output;

pub(super) fn run(_name: PublishedName, _common: &Common, _output: &Output) -> anyhow::Result<Outcome> {
    anyhow::bail!("to come with the merge")
}
