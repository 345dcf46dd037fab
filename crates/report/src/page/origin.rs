//! How it was done: machine, data, settings, meters, files.

use std::collections::BTreeSet;

use lessen_records::ResultRecord;
use lessen_units::{Figure, Quantity};

use super::section as titled;
use crate::html::{Element, element, name};
use crate::readable::{self, bytes};

/// Everything that is needed to do it again, `settings` in words first.
pub(crate) fn section(result: &ResultRecord, settings: Vec<(&'static str, String)>) -> Element {
    let facts = element("dl").children(
        settings
            .into_iter()
            .chain(facts(result))
            .flat_map(|(what, value)| [element("dt").text(what), element("dd").child(name(&value))]),
    );
    let spec = element("details")
        .child(element("summary").text("Settings, every default written out"))
        .child(element("pre").with("tabindex", "0").text(format!("{:#}", result.spec)));
    titled("How it was done").child(facts).children(meters(result)).children(files(result)).child(spec)
}

fn facts(result: &ResultRecord) -> Vec<(&'static str, String)> {
    let (machine, data) = (&result.machine, &result.dataset);
    let unknown = || "not known".to_owned();
    let number = |number: Option<u32>| number.map_or_else(unknown, |number| number.to_string());
    let predicted = match (data.classes, &data.target) {
        (Some(classes), _) => format!("one of {classes} classes"),
        (None, Some(target)) => format!("the value of {target}"),
        (None, None) => "a value".to_owned(),
    };
    let mut facts = vec![
        ("data", data.name.clone()),
        (
            "rows",
            format!(
                "{} for training, {} for validation, {} for the test",
                data.train, data.validation, data.test
            ),
        ),
        ("columns", data.features.to_string()),
        ("predicted", predicted),
    ];
    facts.extend(
        data.target_deviation.map(|deviation| ("standard deviation of it", readable::number(deviation))),
    );
    facts.extend([
        ("SHA-256 of the data", data.sha256.clone()),
        ("seed", result.seed.to_string()),
        ("processor", machine.cpu.clone().unwrap_or_else(unknown)),
        ("cores", number(machine.cores)),
        ("threads", number(machine.threads)),
        ("vectors", machine.isa.clone()),
        ("memory", machine.memory_bytes.map_or_else(unknown, bytes)),
        ("system", machine.os.clone().unwrap_or_else(unknown)),
        ("lessen", machine.lessen_version.clone()),
    ]);
    facts
}

/// How energies and emissions were obtained, or why they were not, each account once.
fn meters(result: &ResultRecord) -> Option<Element> {
    let mut accounts = BTreeSet::new();
    for stage in &result.stages {
        accounts.insert(account(&stage.joules));
        accounts.insert(account(&stage.kg_co2e));
    }
    accounts.extend(result.models.iter().map(|model| account(&model.joules_per_prediction)));
    (!accounts.is_empty()).then(|| list("Energy and emissions", accounts.iter().map(|account| name(account))))
}

fn account<Q: Quantity>(figure: &Figure<Q>) -> String {
    match figure.kind() {
        Some(kind) => format!("{kind:?}: {}", figure.how()),
        None => format!("Not known: {}", figure.how()),
    }
}

fn files(result: &ResultRecord) -> Option<Element> {
    let files: Vec<Element> = result
        .models
        .iter()
        .filter_map(|model| {
            let file = model.file.as_deref()?;
            let mut entry = element("span").child(name(&model.name)).text(": ").child(link(file));
            for other in &model.other_files {
                entry = entry.text(", ").child(link(other));
            }
            Some(entry)
        })
        .collect();
    (!files.is_empty()).then(|| list("Model files, beside this page", files.into_iter()))
}

/// A file's name, as a link where it is beside the page.
fn link(file: &str) -> Element {
    match address(file) {
        Some(address) => element("a").with("href", address).child(name(file)),
        None => name(file),
    }
}

fn list(heading: &str, entries: impl Iterator<Item = Element>) -> Element {
    element("div")
        .child(element("h3").text(heading))
        .child(element("ul").class("notes").children(entries.map(|entry| element("li").child(entry))))
}

/// A link to a file in the page's own folder; `None` for a path that leaves it.
fn address(file: &str) -> Option<String> {
    let outside =
        file.is_empty() || file.starts_with(['/', '\\']) || file.split(['/', '\\']).any(|part| part == "..");
    let encoded = file.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    });
    (!outside).then(|| format!("./{}", encoded.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_in_the_folder_and_are_no_code() {
        for (file, expected) in [
            ("student-64.onnx", Some("./student-64.onnx")),
            ("a b/ä.onnx", Some("./a%20b/%C3%A4.onnx")),
            ("javascript:alert(1)", Some("./javascript%3Aalert%281%29")),
            ("\" onclick=", Some("./%22%20onclick%3D")),
            ("../secret", None),
            ("a\\..\\b", None),
            ("//elsewhere.example/x", None),
            ("", None),
        ] {
            assert_eq!(address(file).as_deref(), expected, "{file}");
        }
    }
}
