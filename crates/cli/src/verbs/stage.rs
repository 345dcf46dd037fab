//! `lessen stage`: a part of a running command begins or ends.

use lessen_command::stages::talk::{self, TalkError};

use crate::Outcome;
use crate::args::run::{StageArgs, StageVerb};
use crate::failure::Advised;

pub(crate) fn run(args: &StageArgs) -> anyhow::Result<Outcome> {
    let talked = talk::path_from_environment().and_then(|path| match &args.verb {
        StageVerb::Begin { name } => talk::begin(&path, name),
        StageVerb::End => talk::end(&path),
    });
    talked.map_err(advised)?;
    Ok(Outcome::Done)
}

fn advised(error: TalkError) -> anyhow::Error {
    match error.hint() {
        Some(hint) => Advised { message: error.to_string(), hint: hint.to_owned() }.into(),
        None => error.into(),
    }
}
