//! What cells are, and how those of a column are kept.

use std::collections::HashMap;

use crate::Column;

/// What a cell turned out to be.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Missing,
    Number(f32),
    /// Rust reads it as a number, but one that nothing can be computed with.
    NotFinite,
    Text,
}

/// The cells of one column as they are kept.
pub(super) enum Cells {
    Numbers(Vec<f32>),
    /// Codes in order of first appearance, until all levels are known.
    Levels {
        codes: Vec<Option<u32>>,
        known: HashMap<String, u32>,
    },
}

impl Cells {
    pub(super) fn new(text: bool) -> Self {
        if text {
            Self::Levels { codes: Vec::new(), known: HashMap::new() }
        } else {
            Self::Numbers(Vec::new())
        }
    }

    pub(super) fn push(&mut self, cell: &str, kind: Cell) {
        match self {
            Self::Numbers(values) => {
                values.push(if let Cell::Number(number) = kind { number } else { f32::NAN })
            }
            Self::Levels { codes, .. } if matches!(kind, Cell::Missing) => codes.push(None),
            Self::Levels { codes, known } => {
                let code = known.get(cell).copied().unwrap_or_else(|| {
                    let next = known.len() as u32;
                    known.insert(cell.to_owned(), next);
                    next
                });
                codes.push(Some(code));
            }
        }
    }

    pub(super) fn into_column(self, name: String) -> Column {
        match self {
            Self::Numbers(values) => Column::Numeric { name, values },
            Self::Levels { codes, known } => {
                let (levels, codes) = ascending(known, codes, str::cmp);
                Column::Nominal { name, levels, codes }
            }
        }
    }

    /// The classes of a target that has no missing cell.
    pub(super) fn into_classes(self) -> (Vec<String>, Vec<u32>) {
        let Self::Levels { codes, known } = self else { return (Vec::new(), Vec::new()) };
        let number = |name: &str| name.parse::<f64>().ok().filter(|number| number.is_finite());
        let (names, codes) = if known.keys().all(|name| number(name).is_some()) {
            let value = |name: &str| number(name).unwrap_or(f64::NAN);
            ascending(known, codes, |a, b| value(a).total_cmp(&value(b)).then_with(|| a.cmp(b)))
        } else {
            ascending(known, codes, str::cmp)
        };
        (names, codes.into_iter().flatten().collect())
    }
}

/// Puts levels in `order`, so that they do not depend on which row came first, and codes with them.
pub(crate) fn ascending(
    known: HashMap<String, u32>,
    mut codes: Vec<Option<u32>>,
    order: impl Fn(&str, &str) -> std::cmp::Ordering,
) -> (Vec<String>, Vec<Option<u32>>) {
    let mut levels: Vec<(String, u32)> = known.into_iter().collect();
    levels.sort_unstable_by(|(a, _), (b, _)| order(a, b));
    let mut places = vec![0; levels.len()];
    for (place, (_, code)) in levels.iter().enumerate() {
        places[*code as usize] = place as u32;
    }
    for code in codes.iter_mut().flatten() {
        *code = places[*code as usize];
    }
    (levels.into_iter().map(|(level, _)| level).collect(), codes)
}
