//! The page of a run.

pub(crate) mod cells;
mod density;
pub(crate) mod energy;
mod group;
pub(crate) mod models;
mod opening;
pub(crate) mod origin;
mod quality;
mod repaid;
mod teaching;
mod work;

use lessen_records::ResultRecord;
use lessen_records::study::Axis;

use crate::html::{Element, element};

/// Everything that a result says, as one HTML page for people: sentences, the table of models, pictures, and how it was
/// done.
///
/// The page needs nothing else: style and pictures (SVG) are in it, it has no script and asks no network, and it can be
/// read on a telephone, in the dark, printed, and without seeing. Text from the record is escaped. What is not known is
/// said to be unknown; a picture for which a record holds nothing is left out.
pub fn page(result: &ResultRecord) -> String {
    let sections = [
        Some(models::section(result, "the teacher")),
        Some(work::section(result)),
        teaching::section(result),
        density::section(result),
        energy::section(result),
        Some(repaid::section(result)),
        Some(origin::section(result, Vec::new())),
    ];
    document(&result.dataset.name, opening::header(result), sections.into_iter().flatten())
}

/// A page of ours: what it begins with, and its sections.
pub(crate) fn document(title: &str, header: Element, sections: impl IntoIterator<Item = Element>) -> String {
    let main = element("main").child(header).children(sections);
    let page = element("html").with("lang", "en").child(head(title)).child(element("body").child(main));
    format!("<!DOCTYPE html>\n{page}\n")
}

fn head(title: &str) -> Element {
    element("head")
        .child(element("meta").with("charset", "utf-8"))
        .child(
            element("meta").with("name", "viewport").with("content", "width=device-width, initial-scale=1"),
        )
        // Should markup slip through after all, no browser runs or fetches anything for it.
        .child(
            element("meta")
                .with("http-equiv", "Content-Security-Policy")
                .with("content", "default-src 'none'; style-src 'unsafe-inline'"),
        )
        .child(element("meta").with("name", "color-scheme").with("content", "light dark"))
        .child(element("title").text(format!("{title} – lessen")))
        .child(element("style").verbatim(include_str!("page/style.css")))
}

pub(crate) fn section(heading: &str) -> Element {
    element("section").child(element("h2").text(heading))
}

pub(crate) fn caption(text: &str) -> Element {
    element("figcaption").child(crate::html::paragraph(text))
}

/// The quantity of a curve for an axis, and its unit as it stands behind a number; a unit other than percent is said once, in
/// the name.
pub(crate) fn quantity(axis: &Axis) -> (String, &'static str) {
    let name = capitalised(&axis.name);
    match axis.unit.as_str() {
        "%" => (name, "%"),
        "" => (name, ""),
        other => (format!("{name} ({other})"), ""),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
