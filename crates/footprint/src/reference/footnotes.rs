//! Texts that many rows share, said once below them.

use std::fmt::Write as _;

use super::numbers::UNKNOWN;
use super::page::text;

/// How a footnote is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// 1, 2, 3
    Numbers,
    /// a, b, c
    Letters,
}

/// What several rows of a section say, in the order in which it is first said.
pub(super) struct Footnotes {
    marks: Marks,
    shared: Vec<String>,
}

/// A shorter text is better said again than looked up.
const LONG: usize = 24;

impl Footnotes {
    /// Of the texts of all rows, in the order of the page. Their parts, between semicolons, count on their own.
    pub(super) fn of<'t>(marks: Marks, texts: impl Iterator<Item = &'t str> + Clone) -> Self {
        let every = || texts.clone().flat_map(parts).filter(|part| part.chars().count() >= LONG);
        let mut times = std::collections::HashMap::<&str, usize>::new();
        for part in every() {
            *times.entry(part).or_default() += 1;
        }
        let mut shared = Vec::new();
        for part in every() {
            // Taken out where it is met first.
            if times.remove(part).is_some_and(|times| times > 1) {
                shared.push(part.to_owned());
            }
        }
        Self { marks, shared }
    }

    /// A row's text: marks for what is below, the rest as it is.
    pub(super) fn cell(&self, all: &str) -> String {
        let cells: Vec<String> =
            parts(all).map(|part| self.mark(part).unwrap_or_else(|| text(part))).collect();
        if cells.is_empty() { UNKNOWN.to_owned() } else { cells.join("; ") }
    }

    fn mark(&self, part: &str) -> Option<String> {
        let place = self.shared.iter().position(|shared| shared == part)?;
        Some(format!("[{}]", self.marks.name(place)))
    }

    /// The list below the tables; empty where nothing is shared.
    pub(super) fn list(&self) -> String {
        let mut list = String::new();
        for (place, shared) in self.shared.iter().enumerate() {
            let _ = writeln!(list, "- **{}** {}", self.marks.name(place), text(shared));
        }
        list
    }
}

impl Marks {
    /// Of the footnote at that place, from 0.
    fn name(self, place: usize) -> String {
        const LETTERS: usize = 26;
        match self {
            Self::Numbers => (place + 1).to_string(),
            Self::Letters => {
                let letter = char::from(b'a' + (place % LETTERS) as u8);
                let before = place.checked_sub(LETTERS).map(|rest| self.name(rest / LETTERS));
                format!("{}{letter}", before.unwrap_or_default())
            }
        }
    }
}

fn parts(all: &str) -> impl Iterator<Item = &str> {
    all.split("; ").map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_and_long_is_said_once() {
        let rows = [
            "own part; a long part that two rows have",
            "a long part that two rows have; a second long part of several rows",
            "a second long part of several rows; short",
            "short; a long part that is of this row alone",
            "",
        ];
        let notes = Footnotes::of(Marks::Letters, rows.into_iter());
        let cells: Vec<String> = rows.iter().map(|row| notes.cell(row)).collect();
        assert_eq!(
            cells,
            ["own part; [a]", "[a]; [b]", "[b]; short", "short; a long part that is of this row alone", "–"]
        );
        assert_eq!(
            notes.list(),
            "- **a** a long part that two rows have\n- **b** a second long part of several rows\n"
        );
    }

    #[test]
    fn marks_go_on_after_the_alphabet() {
        let letters = [0, 25, 26, 27, 51, 52, 701, 702].map(|place| Marks::Letters.name(place));
        assert_eq!(letters, ["a", "z", "aa", "ab", "az", "ba", "zz", "aaa"]);
        assert_eq!(Marks::Numbers.name(26), "27");
    }
}
