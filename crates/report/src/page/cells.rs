//! Cells of tables, and what a wide table scrolls in.

use lessen_units::{Figure, Quantity};

use crate::html::{Element, element};
use crate::readable::{NOTHING, band, figure};

/// The heading of a column, with what stands in its second line.
pub(crate) fn heading([first, second]: [&str; 2]) -> Element {
    let column = element("th").with("scope", "col").text(format!("{first} "));
    if second.is_empty() { column } else { column.child(element("span").text(second)) }
}

/// A text, or that there is none.
pub(crate) fn plain(text: Option<String>) -> Element {
    element("td").text(text.unwrap_or_else(|| NOTHING.to_owned()))
}

/// A figure; its bounds and how it was obtained, or why it is not known, where one points at it.
pub(crate) fn known<Q: Quantity>(number: &Figure<Q>, write: impl Fn(Q) -> String) -> Element {
    let account = format!("{} {}", band(number, &write).trim(), number.how());
    element("td").with("title", account.trim()).text(figure(number, &write))
}

/// A figure with its bounds in small print.
pub(crate) fn with_bounds<Q: Quantity>(number: &Figure<Q>, write: impl Fn(Q) -> String) -> Element {
    let bounds = band(number, &write);
    let bounds = bounds.trim().trim_start_matches('(').trim_end_matches(')');
    let small = (!bounds.is_empty()).then(|| element("small").text(bounds));
    known(number, &write).children(small)
}

/// A table that scrolls where it is wider than the page: a part that scrolls must be reachable without a mouse.
pub(crate) fn scrolling(name: &str, table: Element) -> Element {
    element("div")
        .class("scroll")
        .with("tabindex", "0")
        .with("role", "region")
        .with("aria-label", name)
        .child(table)
}

/// What columns and marks of a table mean, a note a line.
pub(crate) fn notes(notes: impl IntoIterator<Item = Element>) -> Element {
    element("ul").class("notes").children(notes)
}
