//! What every section of the page is made of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::footnotes::Footnotes;
use super::licences;

/// What is said of a table besides its rows.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) file: &'static str,
    /// What a row is.
    pub(super) about: &'static str,
    pub(super) columns: &'static [Column],
}

/// A column of a table's file.
pub(super) struct Column {
    pub(super) name: &'static str,
    /// What it says, in which unit.
    pub(super) about: &'static str,
    /// Whether a cell may be empty, and the column be left out.
    pub(super) optional: bool,
}

pub(super) const fn needed(name: &'static str, about: &'static str) -> Column {
    Column { name, about, optional: false }
}

pub(super) const fn optional(name: &'static str, about: &'static str) -> Column {
    Column { name, about, optional: true }
}

impl Section {
    /// The heading, what a row is, and the columns.
    pub(super) fn opening(&self) -> String {
        let mut page = format!("## {}\n\n`{}`: {}\n\n", self.title, self.file, self.about);
        for Column { name, about, optional } in self.columns {
            let optional = if *optional { " *May be empty.*" } else { "" };
            let _ = writeln!(page, "- `{name}`: {about}.{optional}");
        }
        page + "\n"
    }

    /// What the rows' marks stand for, and under which terms the sources are used.
    pub(super) fn closing<'t>(
        sources: &Footnotes,
        notes: Option<&Footnotes>,
        all_sources: impl Iterator<Item = &'t str> + Clone,
    ) -> String {
        let mut page = String::new();
        let notes = notes.map(Footnotes::list).unwrap_or_default();
        for (title, list) in [("Sources", sources.list()), ("Notes", notes)] {
            if !list.is_empty() {
                let _ = write!(page, "{title}:\n\n{list}\n");
            }
        }
        let _ = writeln!(page, "{}\n", licences::of(all_sources));
        page
    }

    /// Where a link to the heading leads.
    pub(super) fn anchor(&self) -> String {
        self.title.to_lowercase().replace(' ', "-")
    }
}

/// The heading of a column of the page, and where its cells stand.
#[derive(Clone, Copy)]
pub(super) enum Head {
    /// On the left.
    Text(&'static str),
    /// On the right.
    Number(&'static str),
}

/// A table of Markdown; the cells are Markdown already. Each row has as many as there are heads.
pub(super) fn table<const COLUMNS: usize>(
    heads: [Head; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let titles = heads.map(|head| match head {
        Head::Text(title) | Head::Number(title) => title.to_owned(),
    });
    let rules = heads.map(|head| match head {
        Head::Text(_) => "---".to_owned(),
        Head::Number(_) => "--:".to_owned(),
    });
    let mut page = String::new();
    for cells in [titles, rules].into_iter().chain(rows) {
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page + "\n"
}

/// A heading within a section.
pub(super) fn heading(title: &str) -> String {
    format!("### {title}\n\n")
}

/// Rows by what they share, in its order; within it in theirs.
pub(super) fn groups<R, K: Ord>(rows: Vec<&R>, key: impl Fn(&R) -> K) -> BTreeMap<K, Vec<&R>> {
    let mut groups = BTreeMap::<K, Vec<&R>>::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
}

/// A text that Markdown shows as it is, on one line and in one cell.
pub(super) fn text(raw: &str) -> String {
    let mut escaped = String::new();
    for letter in raw.trim().chars() {
        if letter.is_control() {
            escaped.push(' ');
            continue;
        }
        if r"\|`*_[]<>~$&".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// What a user types, such as a key.
pub(super) fn code(raw: &str) -> String {
    // In code nothing can be escaped but what divides cells.
    let fits = !raw.trim().is_empty()
        && !raw.contains(|letter: char| letter == '`' || letter == '\\' || letter.is_control());
    if fits { format!("`{}`", raw.trim().replace('|', r"\|")) } else { text(raw) }
}

/// A text that may be missing.
pub(super) fn text_if_known(raw: &str) -> String {
    if raw.trim().is_empty() { super::numbers::UNKNOWN.to_owned() } else { text(raw) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_read_is_escaped() {
        for (raw, expected) in [
            ("plain, (1) text", "plain, (1) text"),
            ("a|b", r"a\|b"),
            ("small (<0.5 TWh)", r"small (\<0.5 TWh)"),
            ("*a* _b_ `c` [d] ~e~ $f$ &g; \\", r"\*a\* \_b\_ \`c\` \[d\] \~e\~ \$f\$ \&g; \\"),
            ("two\r\nlines", "two  lines"),
        ] {
            assert_eq!(text(raw), expected);
        }
        assert_eq!(code("US-CA"), "`US-CA`");
        assert_eq!(code("a|b"), r"`a\|b`");
        assert_eq!(code("a`b"), r"a\`b");
        assert_eq!(code(""), "");
    }
}
