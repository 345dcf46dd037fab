//! What a run will do, every default written out and sized to the data.

mod estimate;
mod within;

use lessen_data::{Dataset, Encoding, Split};
use lessen_engine::Activation;
use lessen_teachers::{Learner, ProblemSize, library};
use serde::{Deserialize, Serialize};

use self::estimate::Problem;
use self::within::cut_to;
use crate::budget::Budget;
use crate::error::CompressError;
use crate::job::{DistilSpec, PruneSpec, StudentSpec, TicketSpec};
use crate::lessons::Weighing;
use crate::metric::Metric;
use crate::munge::{MungeSpec, Neighbours};
use crate::select::SelectionSpec;
use crate::train::{Shape, TrainSpec};

/// A run, fully resolved: part of the result's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompressSpec {
    /// What every random choice comes from.
    pub seed: u64,
    /// Points of quality that the chosen network may lose against the teacher: percentage points of accuracy, or percent of
    /// the target's standard deviation.
    pub max_drop_points: f64,
    /// How the teacher is put together out of its library.
    pub selection: SelectionSpec,
    /// How the transfer set is made.
    pub munge: MungeSpec,
    /// Training rows that MUNGE starts from; fewer than there are where the search for neighbours would take too long.
    pub munge_from: usize,
    /// The learners of the teacher's library.
    pub library: Vec<Learner>,
    /// The students that mimic; each is trained on the transfer set and once more on the given answers alone.
    pub students: Vec<StudentSpec>,
    /// The distilled network.
    pub distil: Option<DistilSpec>,
    /// How it is pruned.
    pub prune: Option<PruneSpec>,
    /// How the survivors of pruning are trained from their first weights.
    pub ticket: Option<TicketSpec>,
    /// The time that all of this was cut to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// A resolved run, and what had to be cut for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What will be done.
    pub spec: CompressSpec,
    /// What was left out or made smaller, in plain sentences.
    pub cut: Vec<String>,
}

/// A way to make a small network of a teacher. Each stands on those before it, mimicking apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// One-hidden-layer networks of several sizes learn a transfer set (Bucila et al. 2006).
    Mimic,
    /// A deeper network learns soft and hard targets at a temperature (Hinton et al. 2014).
    Distil,
    /// The distilled network loses its smallest weights in rounds (Han et al. 2015).
    Prune,
    /// The survivors are trained from their first weights (Frankle & Carbin 2019).
    Ticket,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mimic, Self::Distil, Self::Prune, Self::Ticket];
}

/// What a user may say; what is not said is sized to the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompressOptions {
    /// See [`CompressSpec::seed`]; 0 where nothing is said.
    pub seed: u64,
    /// Points that the chosen network may lose.
    pub max_drop_points: Option<f64>,
    /// Methods to try; all where nothing is said. Those that a named one stands on are tried too.
    pub methods: Option<Vec<Method>>,
    /// Time that the run may take; as long as it takes where nothing is said.
    pub budget: Option<Budget>,
    /// Rows of the transfer set.
    pub rows: Option<usize>,
    /// Hidden units of the students.
    pub hidden: Option<Vec<usize>>,
    /// What selection climbs and networks are kept by.
    pub metric: Option<Metric>,
    /// Where MUNGE looks for neighbours.
    pub neighbours: Option<Neighbours>,
    /// MUNGE's `p`.
    pub swap_probability: Option<f64>,
    /// MUNGE's `s`.
    pub spread: Option<f32>,
    /// Whether a teacher is there already: what a library would be cut to is nobody's business then.
    pub has_teacher: bool,
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

impl Planned {
    /// Sizes a run to `dataset`, and cuts it to the budget where there is one.
    ///
    /// # Errors
    /// [`CompressError::Budget`] where even the least that can be done is expected to take longer.
    pub fn new(dataset: &Dataset, split: &Split, options: &CompressOptions) -> Result<Self, CompressError> {
        let training_rows = split.train.len();
        let mut cut = Vec::new();
        let rows = options.rows.unwrap_or_else(|| (ROWS_PER_TRAINING_ROW * training_rows).min(MOST_ROWS));
        let columns = dataset.features.count();
        let wished = options.neighbours;
        let (neighbours, munge_from) =
            affordable(training_rows, columns, rows, AFFORDABLE_DIFFERENCES, wished, &mut cut);
        let metric = options.metric.unwrap_or_default();
        let munge = MungeSpec {
            rows,
            neighbours,
            swap_probability: options.swap_probability.unwrap_or(MungeSpec::default().swap_probability),
            spread: options.spread.unwrap_or(MungeSpec::default().spread),
        };
        let width = Encoding::fit(&dataset.features, &split.train).width();
        let classes = dataset.answer().classes().map(<[String]>::len);
        let library = library::plan(training_rows, width, classes);
        // A budget cuts the library anew.
        cut.extend(library.cut.into_iter().filter(|_| options.budget.is_none() && !options.has_teacher));
        let size = Size { rows: rows + training_rows, width, metric };
        let is_wanted = |method: Method| {
            let named = |methods: &Vec<Method>| match method {
                Method::Mimic => methods.contains(&Method::Mimic),
                _ => methods.iter().any(|named| *named >= method),
            };
            options.methods.as_ref().is_none_or(named)
        };
        let hidden = options.hidden.as_deref().unwrap_or(&HIDDEN);
        let hidden = if is_wanted(Method::Mimic) { hidden } else { &[] };
        let spec = CompressSpec {
            seed: options.seed,
            max_drop_points: options.max_drop_points.unwrap_or(1.0),
            selection: SelectionSpec { metric, ..SelectionSpec::default() },
            munge,
            munge_from,
            library: library.learners,
            students: hidden.iter().map(|&hidden| size.student(hidden)).collect(),
            distil: is_wanted(Method::Distil).then(|| size.distil()),
            prune: is_wanted(Method::Prune).then(|| size.prune()),
            ticket: is_wanted(Method::Ticket).then(|| size.ticket()),
            budget: options.budget,
        };
        let mut planned = Self { spec, cut };
        let validation_rows = split.validation.len();
        let problem = ProblemSize { rows: training_rows, width, classes, validation_rows };
        if let Some(budget) = &options.budget {
            let problem = Problem { size: problem, columns, test_rows: split.test.len() };
            cut_to(&mut planned, &problem, budget)?;
        }
        // Dear ones first, so that none runs alone in the end.
        let cost = |learner: &Learner| learner.fit_cost(&problem).fitting();
        planned.spec.library.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        Ok(planned)
    }
}

/// What training is sized to.
struct Size {
    /// Rows that are learned from.
    rows: usize,
    /// Encoded features.
    width: usize,
    metric: Metric,
}

impl Size {
    fn training(&self, epochs: u64, rate: f32) -> TrainSpec {
        let batch = if self.rows > 50_000 { 128 } else { 64 };
        let steps = (epochs * self.rows as u64).div_ceil(batch as u64);
        TrainSpec { steps, batch, rate, evaluations: 20, metric: self.metric }
    }

    fn student(&self, hidden: usize) -> StudentSpec {
        let shape = Shape { hidden: vec![hidden], activation: Activation::Tanh };
        StudentSpec { shape, train: self.training(EPOCHS, 0.01) }
    }

    fn distil(&self) -> DistilSpec {
        let hidden = if self.width > 256 { vec![256, 128] } else { vec![128, 64] };
        DistilSpec {
            shape: Shape { hidden, activation: Activation::Relu },
            train: self.training(EPOCHS / 2, 0.004),
            temperatures: vec![1.0, 2.0, 4.0, 8.0],
            weighing: Weighing { soft: 1.0, hard: 0.5 },
        }
    }

    fn prune(&self) -> PruneSpec {
        PruneSpec { rate: 0.3, output_rate: 0.15, rounds: 14, train: self.training(EPOCHS / 6, 0.002) }
    }

    fn ticket(&self) -> TicketSpec {
        TicketSpec { train: self.distil().train, every: 2 }
    }
}

/// Neighbours and starting rows whose search takes at most so many differences; an explicit wish for live or static
/// neighbours is kept and only the rows are cut.
fn affordable(
    training_rows: usize,
    columns: usize,
    rows: usize,
    most_differences: u128,
    wished: Option<Neighbours>,
    cut: &mut Vec<String>,
) -> (Neighbours, usize) {
    let differences = |neighbours: Neighbours, from| neighbours.differences(from, columns, rows);
    let mut neighbours = wished.unwrap_or(Neighbours::Live);
    if wished.is_none() && differences(neighbours, training_rows) > most_differences {
        neighbours = Neighbours::Static;
        cut.push("neighbours are looked up once (static): live ones would take too long here".into());
    }
    let mut from = training_rows;
    while differences(neighbours, from) > most_differences && from > 1000 {
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
        assert_eq!(
            affordable(1077, 64, 21_540, AFFORDABLE_DIFFERENCES, None, &mut cut),
            (Neighbours::Live, 1077)
        );
        assert_eq!(cut, [""; 0]);
    }

    #[test]
    fn large_tables_are_cut_and_say_so() {
        let mut cut = Vec::new();
        let (neighbours, from) = affordable(55_000, 784, 160_000, AFFORDABLE_DIFFERENCES, None, &mut cut);
        assert_eq!(neighbours, Neighbours::Static);
        assert!((7_000..55_000).contains(&from), "{from}");
        assert_eq!(cut.len(), 2);
    }

    #[test]
    fn an_explicit_wish_is_kept() {
        let mut cut = Vec::new();
        let (neighbours, from) =
            affordable(55_000, 784, 160_000, AFFORDABLE_DIFFERENCES, Some(Neighbours::Live), &mut cut);
        assert_eq!(neighbours, Neighbours::Live);
        assert!(from < 2_000, "{from}");
        assert_eq!(cut.len(), 1);
    }
}
