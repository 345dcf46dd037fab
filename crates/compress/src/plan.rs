//! What a run will do, every default written out and sized to the data.

use lessen_data::{Dataset, Encoding, Split};
use lessen_teachers::{Learner, library};
use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::munge::{MungeSpec, Neighbours};
use crate::select::SelectionSpec;
use crate::students::StudentSpec;

/// A run of mimicking, fully resolved: part of the result's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MimicSpec {
    /// What every random choice comes from.
    pub seed: u64,
    /// Points of accuracy that the chosen student may lose against the teacher.
    pub max_drop_points: f64,
    /// How the teacher is put together out of its library.
    pub selection: SelectionSpec,
    /// How the transfer set is made.
    pub munge: MungeSpec,
    /// Training rows that MUNGE starts from; fewer than there are where the search for neighbours would take too long.
    pub munge_from: usize,
    /// The learners of the teacher's library.
    pub library: Vec<Learner>,
    /// The students; each is trained on the transfer set and once more on hard labels alone.
    pub students: Vec<StudentSpec>,
}

/// What a user may say; what is not said is sized to the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MimicOptions {
    /// See [`MimicSpec::seed`]; 0 where nothing is said.
    pub seed: u64,
    /// Points that the chosen student may lose.
    pub max_drop_points: Option<f64>,
    /// Rows of the transfer set.
    pub rows: Option<usize>,
    /// Hidden units of the students.
    pub hidden: Option<Vec<usize>>,
    /// What selection climbs and students are kept by.
    pub metric: Option<Metric>,
    /// Where MUNGE looks for neighbours.
    pub neighbours: Option<Neighbours>,
    /// MUNGE's `p`.
    pub swap_probability: Option<f64>,
    /// MUNGE's `s`.
    pub spread: Option<f32>,
}

/// Hidden units of the students where nothing is said.
pub const HIDDEN: [usize; 6] = [8, 16, 32, 64, 128, 256];

/// Transfer rows for each training row, where that is affordable.
const ROWS_PER_TRAINING_ROW: usize = 20;

/// Most transfer rows where nothing is said: labelling and learning grow with them.
const MOST_ROWS: usize = 160_000;

/// Squared differences that the search for neighbours may take; about ten seconds on two cores.
const AFFORDABLE_DIFFERENCES: u128 = 60_000_000_000;

/// Times that a student sees each of its rows.
const EPOCHS: u64 = 30;

impl MimicSpec {
    /// Sizes a run to `dataset`; what had to be cut is said in plain sentences.
    pub fn new(dataset: &Dataset, split: &Split, options: &MimicOptions) -> (Self, Vec<String>) {
        let training_rows = split.train.len();
        let mut cut = Vec::new();
        let rows = options.rows.unwrap_or_else(|| (ROWS_PER_TRAINING_ROW * training_rows).min(MOST_ROWS));
        let (neighbours, munge_from) =
            affordable(training_rows, dataset.features.count(), rows, options.neighbours, &mut cut);
        let metric = options.metric.unwrap_or_default();
        let munge = MungeSpec {
            rows,
            neighbours,
            swap_probability: options.swap_probability.unwrap_or(MungeSpec::default().swap_probability),
            spread: options.spread.unwrap_or(MungeSpec::default().spread),
        };
        let batch = if rows > 50_000 { 128 } else { 64 };
        let steps = (EPOCHS * (rows + training_rows) as u64).div_ceil(batch as u64);
        let student =
            |&hidden: &usize| StudentSpec { hidden, steps, batch, rate: 0.01, evaluations: 20, metric };
        let hidden = options.hidden.as_deref().unwrap_or(&HIDDEN);
        let width = Encoding::fit(&dataset.features, &split.train).width();
        let classes = dataset.classes().map_or(0, |(names, _)| names.len());
        let library = library::plan(training_rows, width, classes);
        cut.extend(library.cut);
        let spec = Self {
            seed: options.seed,
            max_drop_points: options.max_drop_points.unwrap_or(1.0),
            selection: SelectionSpec { metric, ..SelectionSpec::default() },
            munge,
            munge_from,
            library: library.learners,
            students: hidden.iter().map(student).collect(),
        };
        (spec, cut)
    }
}

/// Neighbours and starting rows whose search takes at most [`AFFORDABLE_DIFFERENCES`]; an explicit wish for live or
/// static neighbours is kept and only the rows are cut.
fn affordable(
    training_rows: usize,
    columns: usize,
    rows: usize,
    wished: Option<Neighbours>,
    cut: &mut Vec<String>,
) -> (Neighbours, usize) {
    let differences = |neighbours, from: usize| {
        let searches = match neighbours {
            Neighbours::Live => rows.div_ceil(from.max(1)),
            Neighbours::Static => 1,
        };
        searches as u128 * (from as u128).pow(2) * columns as u128
    };
    let mut neighbours = wished.unwrap_or(Neighbours::Live);
    if wished.is_none() && differences(neighbours, training_rows) > AFFORDABLE_DIFFERENCES {
        neighbours = Neighbours::Static;
        cut.push("neighbours are looked up once (static): live ones would take too long here".into());
    }
    let mut from = training_rows;
    while differences(neighbours, from) > AFFORDABLE_DIFFERENCES && from > 1000 {
        from = from * 9 / 10;
    }
    if from < training_rows {
        cut.push(format!("the transfer set is made from {from} of {training_rows} training rows"));
    }
    (neighbours, from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_get_live_neighbours_and_all_rows() {
        let mut cut = Vec::new();
        assert_eq!(affordable(1077, 64, 21_540, None, &mut cut), (Neighbours::Live, 1077));
        assert_eq!(cut, [""; 0]);
    }

    #[test]
    fn large_tables_are_cut_and_say_so() {
        let mut cut = Vec::new();
        let (neighbours, from) = affordable(55_000, 784, 160_000, None, &mut cut);
        assert_eq!(neighbours, Neighbours::Static);
        assert!((7_000..55_000).contains(&from), "{from}");
        assert_eq!(cut.len(), 2);
    }

    #[test]
    fn an_explicit_wish_is_kept() {
        let mut cut = Vec::new();
        let (neighbours, from) = affordable(55_000, 784, 160_000, Some(Neighbours::Live), &mut cut);
        assert_eq!(neighbours, Neighbours::Live);
        assert!(from < 2_000, "{from}");
        assert_eq!(cut.len(), 1);
    }
}
