//! Columns that teach nothing.

use crate::Column;

/// The columns that are kept, and a sentence about each other one. What the rows behind `training_rows` hold plays
/// no part: they are a test part.
pub(super) fn without_useless(columns: Vec<Column>, training_rows: usize) -> (Vec<Column>, Vec<String>) {
    let mut sentences = Vec::new();
    let mut kept = Vec::new();
    for column in columns {
        match uselessness(&column, training_rows) {
            Some(why) => sentences.push(format!("`{}` is left out: {why}", column.name())),
            None => kept.push(column),
        }
    }
    (kept, sentences)
}

/// Why a column teaches nothing, if so.
fn uselessness(column: &Column, rows: usize) -> Option<&'static str> {
    const EMPTY: &str = "it has no value in any row";
    const CONSTANT: &str = "it is the same in every row";
    match column {
        Column::Numeric { values, .. } => {
            let values = &values[..rows];
            let mut there = values.iter().filter(|value| !value.is_nan());
            let Some(first) = there.next() else { return Some(EMPTY) };
            // A number that is sometimes missing tells that much.
            if values.iter().all(|value| value == first) {
                return Some(CONSTANT);
            }
            let whole = values.iter().all(|value| value.fract() == 0.0);
            let counts = whole && values.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
            counts.then_some("it numbers the rows")
        }
        Column::Nominal { levels, codes, .. } => {
            let codes = &codes[..rows];
            let mut counts = vec![0usize; levels.len()];
            for &code in codes.iter().flatten() {
                counts[code as usize] += 1;
            }
            if counts.iter().all(|&count| count == 0) {
                return Some(EMPTY);
            }
            if counts.contains(&rows) {
                return Some(CONSTANT);
            }
            let alone = counts.iter().filter(|&&count| count == 1).count();
            (2 * alone > rows).then_some("more than half of its rows have a text of their own")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_teaches_nothing_is_told_from_what_does() {
        const NAN: f32 = f32::NAN;
        let number = |values: &[f32]| Column::Numeric { name: "c".into(), values: values.into() };
        let text = |codes: &[i32]| Column::Nominal {
            name: "c".into(),
            levels: ["a", "b", "c", "d", "e"].map(str::to_owned).into(),
            codes: codes.iter().map(|&code| u32::try_from(code).ok()).collect(),
        };
        let cases = [
            (number(&[NAN, NAN, NAN, NAN, 1.0]), Some("it has no value in any row")),
            (number(&[2.0, 2.0, 2.0, 2.0, 1.0]), Some("it is the same in every row")),
            (number(&[2.0, NAN, 2.0, 2.0, 2.0]), None),
            (number(&[7.0, 8.0, 9.0, 10.0, 1.0]), Some("it numbers the rows")),
            (number(&[7.5, 8.5, 9.5, 10.5, 1.0]), None),
            (number(&[7.0, 8.0, NAN, 10.0, 1.0]), None),
            (number(&[10.0, 9.0, 8.0, 7.0, 1.0]), None),
            (text(&[-1, -1, -1, -1, 0]), Some("it has no value in any row")),
            (text(&[1, 1, 1, 1, 0]), Some("it is the same in every row")),
            (text(&[1, -1, 1, 1, 1]), None),
            (text(&[0, 1, 2, 2, 2]), None),
            (text(&[0, 1, 2, -1, 4]), Some("more than half of its rows have a text of their own")),
        ];
        for (column, expected) in cases {
            assert_eq!(uselessness(&column, 4), expected, "{column:?}");
        }
    }
}
