//! `lessen data`: which named sets are there, and are they the published ones.

use lessen_data::named::{self, FileCheck, FileState, Found, SetStatus};

use crate::Outcome;
use crate::args::{Common, DataArgs, DataVerb};
use crate::output::Output;

pub(crate) fn run(args: &DataArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    match &args.verb {
        DataVerb::List => list(common, output),
        DataVerb::Check { name } => check(name, common, output),
    }
}

fn list(common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let sets = named::status(&super::folders(common));
    if output.json() {
        let sets: Vec<_> = sets.iter().map(set_as_json).collect();
        output.data(&serde_json::to_string_pretty(&sets)?)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for status in &sets {
        let set = status.set;
        text += &format!(
            "{:14} {:>6} rows  {:>3} features  {:>2} classes  {}\n{:14} {}; {}\n",
            set.name,
            set.rows,
            set.features,
            set.classes,
            set.description,
            "",
            place(&status.found),
            set.licence,
        );
    }
    output.data(&text)?;
    Ok(Outcome::Done)
}

fn place(found: &Found) -> String {
    match found {
        Found::BuiltIn => "built in".into(),
        Found::In(folder) => format!("in `{}`", folder.display()),
        Found::Nowhere => "not found: name its folder with `--data-dir` or LESSEN_DATA".into(),
    }
}

fn set_as_json(status: &SetStatus) -> serde_json::Value {
    let set = status.set;
    let folder = match &status.found {
        Found::In(folder) => Some(folder.display().to_string()),
        Found::BuiltIn | Found::Nowhere => None,
    };
    serde_json::json!({
        "name": set.name, "description": set.description, "rows": set.rows, "features": set.features,
        "classes": set.classes, "licence": set.licence, "citation": set.citation,
        "available": !matches!(status.found, Found::Nowhere), "folder": folder,
    })
}

fn check(name: &str, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let files = named::check(name, &super::folders(common))?;
    let holds = files.iter().all(|file| matches!(file.state, FileState::Ok));
    if output.json() {
        let files: Vec<_> = files.iter().map(file_as_json).collect();
        output.data(&serde_json::to_string_pretty(&files)?)?;
    } else if files.is_empty() {
        output.data(&format!("{name} is built in: there is no file to check"))?;
    } else {
        let lines: Vec<String> =
            files.iter().map(|file| format!("{}  {}", state(file), file.path.display())).collect();
        output.data(&lines.join("\n"))?;
    }
    Ok(if holds { Outcome::Done } else { Outcome::NotHeld })
}

fn state(file: &FileCheck) -> String {
    match &file.state {
        FileState::Ok => "ok     ".into(),
        FileState::Missing => "missing".into(),
        FileState::WrongDigest { expected, found } => format!("wrong: SHA-256 {found}, expected {expected}"),
        FileState::Unreadable { why } => format!("unreadable: {why}"),
    }
}

fn file_as_json(file: &FileCheck) -> serde_json::Value {
    serde_json::json!({
        "path": file.path.display().to_string(),
        "ok": matches!(file.state, FileState::Ok),
        "state": state(file).trim_end(),
    })
}
