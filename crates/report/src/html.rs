//! Elements of a page as a tree: text and attributes are escaped when they are written, and what is opened is closed.

use std::fmt::{self, Display, Formatter, Write};

/// An element of HTML or SVG with its attributes and what is in it.
pub(crate) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Content>,
}

enum Content {
    Element(Element),
    Text(String),
    /// Our own style sheet, in which nothing may be escaped.
    Verbatim(&'static str),
}

/// An element without attributes and content.
pub(crate) fn element(name: &'static str) -> Element {
    Element { name, attributes: Vec::new(), content: Vec::new() }
}

impl Element {
    pub(crate) fn with(mut self, attribute: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((attribute, value.into()));
        self
    }

    /// A coordinate, to a hundredth of a pixel.
    pub(crate) fn at(self, attribute: &'static str, coordinate: f64) -> Self {
        self.with(attribute, pixels(coordinate))
    }

    pub(crate) fn class(self, names: impl Into<String>) -> Self {
        self.with("class", names)
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.content.push(Content::Text(text.into()));
        self
    }

    pub(crate) fn child(mut self, child: Element) -> Self {
        self.content.push(Content::Element(child));
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.content.extend(children.into_iter().map(Content::Element));
        self
    }

    pub(crate) fn verbatim(mut self, text: &'static str) -> Self {
        self.content.push(Content::Verbatim(text));
        self
    }
}

/// A name from a record: it may be of another script, whose direction must not reach its neighbours.
pub(crate) fn name(text: &str) -> Element {
    element("bdi").text(text)
}

/// A paragraph in which what stands between backticks is a name.
pub(crate) fn paragraph(text: &str) -> Element {
    let parts = text.split('`').enumerate();
    parts.fold(
        element("p"),
        |paragraph, (index, part)| {
            if index % 2 == 1 { paragraph.child(name(part)) } else { paragraph.text(part) }
        },
    )
}

/// A coordinate with at most two decimals.
pub(crate) fn pixels(coordinate: f64) -> String {
    let text = format!("{coordinate:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Display for Element {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "<{}", self.name)?;
        for (attribute, value) in &self.attributes {
            write!(out, " {attribute}=\"")?;
            escape(value, out)?;
            out.write_char('"')?;
        }
        out.write_char('>')?;
        if self.name == "meta" {
            return Ok(());
        }
        for content in &self.content {
            match content {
                Content::Element(element) => element.fmt(out)?,
                Content::Text(text) => escape(text, out)?,
                Content::Verbatim(text) => out.write_str(text)?,
            }
        }
        write!(out, "</{}>", self.name)?;
        // A page that is read as text, or compared with another, needs lines.
        if BLOCKS.contains(&self.name) { out.write_char('\n') } else { Ok(()) }
    }
}

const BLOCKS: [&str; 18] = [
    "p", "h1", "h3", "summary", "h2", "tr", "li", "dd", "path", "line", "text", "circle", "rect", "svg",
    "section", "figure", "title", "style",
];

/// Signs that are markup become references; control characters, which HTML does not allow, spaces.
fn escape(text: &str, out: &mut Formatter<'_>) -> fmt::Result {
    for letter in text.chars() {
        match letter {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            '\n' => out.write_char('\n')?,
            letter if letter.is_control() => out.write_char(' ')?,
            letter => out.write_char(letter)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped() {
        let hostile = "</p><script>\"a\" & 'b'\u{0}\u{1b}";
        let written = element("span").with("title", hostile).text(hostile).to_string();
        let escaped = "&lt;/p&gt;&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;  ";
        assert_eq!(written, format!("<span title=\"{escaped}\">{escaped}</span>"));
    }

    #[test]
    fn elements_nest_and_close() {
        let list = element("ul").children((1..3).map(|n| element("li").text(n.to_string())));
        let written = element("div").class("a").child(list).child(element("meta")).to_string();
        assert_eq!(written, "<div class=\"a\"><ul><li>1</li>\n<li>2</li>\n</ul><meta></div>");
    }

    #[test]
    fn names_in_a_sentence_keep_their_direction_to_themselves() {
        assert_eq!(paragraph("`a<` is `b`.").to_string(), "<p><bdi>a&lt;</bdi> is <bdi>b</bdi>.</p>\n");
    }

    #[test]
    fn coordinates_are_short() {
        for (coordinate, text) in [(1.0, "1"), (0.126, "0.13"), (100.0, "100"), (-3.5, "-3.5")] {
            assert_eq!(pixels(coordinate), text);
        }
    }
}
