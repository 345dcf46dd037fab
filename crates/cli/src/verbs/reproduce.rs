//! `lessen reproduce`: a paper's experiment, run again.

use lessen_compress::studies::frankle2019;
use lessen_data::named;

use crate::Outcome;
use crate::args::Common;
use crate::args::reproduce::{PaperName, ReproduceArgs};
use crate::output::Output;

pub(crate) fn run(args: &ReproduceArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    match args.paper {
        PaperName::Frankle2019 => {
            let dataset = named::load(frankle2019::DATA, &super::folders(common))?;
            let spec = frankle2019::spec(common.seed, args.short, args.seeds.map(Into::into));
            let paper = frankle2019::paper(args.short);
            super::ticket::search((&dataset, &[]), (&spec, None), (&paper, args.repair), common, output)
        }
    }
}
