//! What the page begins with: the data set, two sentences, warnings.

use lessen_records::ResultRecord;

use crate::html::{Element, element, name, paragraph};
use crate::sentences;

/// The title, what was saved, and what to beware of.
pub(super) fn header(result: &ResultRecord) -> Element {
    let models = match result.models.len() {
        1 => "One model".to_owned(),
        number => format!("{number} models"),
    };
    let under = format!("{models} on a data set, what each costs and how good it is");
    element("header")
        .child(element("p").class("kind").text(under))
        .child(element("h1").child(name(&result.dataset.name)))
        .child(element("div").class("summary").children(sentences(result).iter().map(|text| paragraph(text))))
        .children(warnings(result))
}

fn warnings(result: &ResultRecord) -> Option<Element> {
    let beyond = (result.chosen_within_drop == Some(false)).then(|| {
        paragraph(
            "No model stays within the allowed drop, doubt included. The chosen one is the nearest: look at \
             what it loses before it is used.",
        )
    });
    let cut = (!result.cut.is_empty()).then(|| {
        let items = result.cut.iter().map(|sentence| element("li").child(name(sentence)));
        [
            element("p").text("To stay within time or memory, the run left out or made smaller:"),
            element("ul").children(items),
        ]
    });
    (beyond.is_some() || cut.is_some()).then(|| {
        element("aside")
            .class("warning")
            .child(element("p").class("warning-title").text("Beware"))
            .children(beyond)
            .children(cut.into_iter().flatten())
    })
}
