//! The page of a run.

mod density;
mod energy;
mod group;
mod models;
mod opening;
mod origin;
mod quality;
mod repaid;
mod teaching;
mod work;

use lessen_records::ResultRecord;

use crate::html::{Element, element};

/// Everything that a result says, as one HTML page for people: sentences, the table of models, pictures, and how it was
/// done.
///
/// The page needs nothing else: style and pictures (SVG) are in it, it has no script and asks no network, and it can be
/// read on a telephone, in the dark, printed, and without seeing. Text from the record is escaped. What is not known is
/// said to be unknown; a picture for which a record holds nothing is left out.
pub fn page(result: &ResultRecord) -> String {
    let sections = [
        Some(models::section(result)),
        Some(work::section(result)),
        teaching::section(result),
        density::section(result),
        energy::section(result),
        Some(repaid::section(result)),
        Some(origin::section(result)),
    ];
    let main = element("main").child(opening::header(result)).children(sections.into_iter().flatten());
    let page = element("html").with("lang", "en").child(head(result)).child(element("body").child(main));
    format!("<!DOCTYPE html>\n{page}\n")
}

fn head(result: &ResultRecord) -> Element {
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
        .child(element("title").text(format!("{} – lessen", result.dataset.name)))
        .child(element("style").verbatim(include_str!("page/style.css")))
}

fn section(heading: &str) -> Element {
    element("section").child(element("h2").text(heading))
}

fn caption(text: &str) -> Element {
    element("figcaption").child(crate::html::paragraph(text))
}
