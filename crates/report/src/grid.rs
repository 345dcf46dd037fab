//! Rows of cells as text: aligned columns for a terminal, or Markdown.

use crate::readable::{one_line, shortened};

/// A table: the first column is words, the others are numbers where nothing else is said.
pub(crate) struct Grid {
    /// Lines of the header, top to bottom; as many cells in each as columns.
    header: Vec<Vec<String>>,
    rows: Vec<Vec<String>>,
    /// Columns of words beside the first.
    words: &'static [usize],
}

impl Grid {
    pub(crate) fn new<S: Into<String>>(header: Vec<Vec<S>>, rows: impl Iterator<Item = Vec<String>>) -> Self {
        let header = header.into_iter().map(|line| line.into_iter().map(Into::into).collect()).collect();
        let one_line = |row: Vec<String>| row.iter().map(|cell| one_line(cell)).collect();
        Self { header, rows: rows.map(one_line).collect(), words: &[] }
    }

    /// The same table with columns that are aligned as words are.
    pub(crate) fn with_words(self, words: &'static [usize]) -> Self {
        Self { words, ..self }
    }

    /// Columns aligned by spaces, two between columns; the first column is cut so that no line is longer than
    /// `width` characters, as far as the other columns leave room.
    pub(crate) fn text(&self, width: usize) -> String {
        const LEAST_OF_FIRST: usize = 8;
        let mut widths = self.widths();
        let others: usize = widths.iter().skip(1).map(|width| width + 2).sum();
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(width.saturating_sub(others).max(LEAST_OF_FIRST));
        }
        let header = self.header.iter().map(|line| text_line(line, &widths, self.words));
        let rows = self.rows.iter().map(|row| text_line(row, &widths, self.words));
        header.chain(rows).map(|line| line + "\n").collect()
    }

    /// A Markdown table with a header of one line.
    pub(crate) fn markdown(&self) -> String {
        let columns = self.widths().len();
        let headings = (0..columns).map(|column| {
            let words: Vec<&str> =
                self.header.iter().filter_map(|line| line.get(column).map(String::as_str)).collect();
            words.join(" ").trim().to_owned()
        });
        let is_words = |column| column == 0 || self.words.contains(&column);
        let rules = (0..columns).map(|column| if is_words(column) { "---" } else { "---:" }.to_owned());
        let cells = |row: &Vec<String>| markdown_line(row.iter().map(|cell| escaped(cell)));
        let mut text = markdown_line(headings) + &markdown_line(rules);
        text.extend(self.rows.iter().map(cells));
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        let header = self.header.iter().map(|line| line.iter().map(|cell| cell.chars().count()).collect());
        let rows = self.rows.iter().map(|row| row.iter().map(|cell| cell.chars().count()).collect());
        for line in header.chain(rows) {
            let line: Vec<usize> = line;
            widths.resize(widths.len().max(line.len()), 0);
            for (width, found) in widths.iter_mut().zip(line) {
                *width = (*width).max(found);
            }
        }
        widths
    }
}

fn text_line<S: AsRef<str>>(cells: &[S], widths: &[usize], words: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let cell = cell.as_ref();
        if column == 0 {
            line += &format!("{:<width$}", shortened(cell, width));
        } else if words.contains(&column) {
            line += &format!("  {cell:<width$}");
        } else {
            line += &format!("  {cell:>width$}");
        }
    }
    line.trim_end().to_owned()
}

fn markdown_line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A bar would end the cell, and a `<` or a `*` of a name is no markup.
pub(crate) fn escaped(cell: &str) -> String {
    let mut text = String::new();
    for letter in cell.chars() {
        match letter {
            '|' | '\\' | '*' | '<' | '[' | ']' | '`' | '_' | '~' => text.extend(['\\', letter]),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let rows = [row(["a model | of\nmany words", "12.3 µB"]), row(["*b_1", "–"])];
        Grid::new(vec![vec!["model", "file"], vec!["", "size"]], rows.into_iter())
    }

    #[test]
    fn columns_are_aligned_by_characters_and_long_names_cut() {
        let expected = "\
model                       file
                            size
a model | of many words  12.3 µB
*b_1                           –
";
        assert_eq!(grid().text(100), expected);
        let expected = "\
model          file
               size
a model |…  12.3 µB
*b_1              –
";
        assert_eq!(grid().text(19), expected);
        assert_eq!(grid().text(0).lines().next(), Some("model        file"), "names are not cut to nothing");
    }

    #[test]
    fn markdown_cells_stay_cells() {
        let expected = "\
| model | file size |
| --- | ---: |
| a model \\| of many words | 12.3 µB |
| \\*b\\_1 | – |
";
        assert_eq!(grid().markdown(), expected);
    }
}
