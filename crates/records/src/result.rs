//! What one run made: models, what each costs and how good it is (`lessen.result/1`).

use lessen_units::{Figure, Joules, KilogramsCo2e, Microseconds, Seconds};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::machine::Machine;
use crate::schema::{Record, Schema, finite, finite_or_none};
use crate::study::{Series, check_series};

/// The models that one run made, with what making and using each of them costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRecord {
    /// `lessen.result/1`.
    pub schema: Schema<Self>,
    /// The data set and how many rows each part had.
    pub dataset: DatasetRecord,
    /// Where the times and energies were taken.
    pub machine: Machine,
    /// The seed that every random choice of the run came from.
    pub seed: u64,
    /// The run's settings, fully resolved: every default written out.
    pub spec: Value,
    /// What the run spent its time on, in the order in which it was done.
    pub stages: Vec<StageRecord>,
    /// The teacher, its students and whatever they are compared with; names are unique.
    pub models: Vec<ModelRecord>,
    /// The name of the chosen model; `None` where there was none to choose from.
    pub chosen: Option<String>,
    /// Whether the chosen model stays within the allowed drop, doubt included; where it does not, it is the one that
    /// comes nearest. `None` where nothing was chosen.
    pub chosen_within_drop: Option<bool>,
    /// What was left out or made smaller to stay within time or memory, in plain sentences.
    #[serde(default)]
    pub cut: Vec<String>,
    /// Curves: what was found on the way to the models, such as quality against density.
    #[serde(default)]
    pub series: Vec<Series>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The data set of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// As the user named it.
    pub name: String,
    /// Training rows.
    pub train: u64,
    /// Validation rows; what choices are made on.
    pub validation: u64,
    /// Test rows; they choose nothing.
    pub test: u64,
    /// Columns (or pixels) of a row as it came, before encoding.
    pub features: u64,
    /// Classes; `None` where the target is a value.
    pub classes: Option<u64>,
    /// Name of the column of values that is predicted; `None` where the target is a class.
    #[serde(default)]
    pub target: Option<String>,
    /// Standard deviation of those values over the training rows: the unit in which losses of quality are compared.
    #[serde(default, serialize_with = "finite_or_none")]
    pub target_deviation: Option<f64>,
    /// SHA-256 of the data, 64 hex digits.
    pub sha256: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A named part of a run with its own receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// `teacher`, `transfer set`, `student 64`, …
    pub name: String,
    /// Wall time.
    #[serde(serialize_with = "finite")]
    pub seconds: Seconds,
    /// CPU time of all threads.
    #[serde(serialize_with = "finite")]
    pub cpu_seconds: Seconds,
    /// Energy.
    pub joules: Figure<Joules>,
    /// Emissions of that energy, in kilograms.
    pub kg_co2e: Figure<KilogramsCo2e>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One model: how good it is, how large it is and what a prediction costs.
///
/// `None` and unavailable figures say that a number is not known or that the model has no such thing (a
/// teacher that was not saved has no file); 0 always means none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Unique in the result.
    pub name: String,
    /// What part it plays in the comparison.
    pub role: Role,
    /// How it was made: `ensemble selection`, `mimic`, `distil`, `prune`, `ticket`, `random forest`, …
    pub method: String,
    /// Name of the model that shows what the method adds: the same network without the teacher, or without its first
    /// weights; `None` where there is none.
    #[serde(default)]
    pub control: Option<String>,
    /// Share of validation rows that it gets right; `None` where the target is a value.
    #[serde(serialize_with = "finite_or_none")]
    pub validation_accuracy: Option<f64>,
    /// Share of test rows that it gets right; `None` where the target is a value.
    #[serde(serialize_with = "finite_or_none")]
    pub test_accuracy: Option<f64>,
    /// Test rows that it gets wrong; `None` where the target is a value.
    pub test_errors: Option<u64>,
    /// Root mean squared error on validation rows, in the target's unit; `None` where the target is a class.
    #[serde(default, serialize_with = "finite_or_none")]
    pub validation_rmse: Option<f64>,
    /// Root mean squared error on test rows, in the target's unit; `None` where the target is a class.
    #[serde(default, serialize_with = "finite_or_none")]
    pub test_rmse: Option<f64>,
    /// Learned numbers: weights and biases, or split thresholds and leaf values.
    pub parameters: Option<u64>,
    /// Parameters that are not zero.
    pub nonzero: Option<u64>,
    /// Weights left / prunable weights; 1 where nothing was pruned, `None` for what is no network.
    #[serde(serialize_with = "finite_or_none")]
    pub density: Option<f64>,
    /// Multiply-accumulates of one prediction, zeros multiplied too.
    pub macs: Option<u64>,
    /// Multiply-accumulates of one prediction with weights that are not zero.
    pub macs_nonzero: Option<u64>,
    /// Comparisons of one prediction: walks down trees, searches.
    pub comparisons: Option<u64>,
    /// Size of the saved model, without compression of the file as a whole.
    pub file_bytes: Option<u64>,
    /// Time of one call.
    pub latency_us: Latency,
    /// Energy of one prediction, in blocks of 256 rows on all threads.
    pub joules_per_prediction: Figure<Joules>,
    /// Energy that making it took: for a student generating and labelling the transfer set and its own training. The
    /// teacher, which is there before anything is compressed, is not in it.
    pub made_with_joules: Figure<Joules>,
    /// Energy that its savings have to repay: what making it took and, as the smallest good size is only known when all
    /// have been tried, the training of the other sizes.
    pub to_repay_joules: Figure<Joules>,
    /// Predictions after which the energy saved against the teacher has repaid `to_repay_joules`;
    /// unavailable with the reason where nothing is saved.
    pub break_even_predictions: Figure<f64>,
    /// The saved model, relative to the result's folder; the smallest form of it.
    pub file: Option<String>,
    /// The same model in other forms, for other programs.
    #[serde(default)]
    pub other_files: Vec<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Wall time of a model, in microseconds; of single calls on one thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// A call with one row.
    pub batch_1: Figure<Microseconds>,
    /// A call with 256 rows; of the whole call, not of a row.
    pub batch_256: Figure<Microseconds>,
    /// Of one row, where many are predicted in blocks of 256 on all threads: what the model can do here at best.
    pub row_on_all_threads: Figure<Microseconds>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The part that a model plays in a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Role {
    /// What is to be replaced.
    Teacher,
    /// The best single model of a teacher that is an ensemble: what one would ship without lessen.
    BestMember,
    /// A smaller model made to agree with the teacher.
    Student,
    /// A network like a student, trained on the given labels only: what the teacher adds is seen against it.
    HardLabels,
    /// A network that was trained on given answers, by itself.
    Trained,
    /// A ticket's survivors trained from newly drawn weights: what the first weights add is seen against it.
    RandomReinit,
    /// A part that this version has no name for; kept as it was written.
    Other(String),
}

impl Role {
    /// As it is written and shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Teacher => "teacher",
            Self::BestMember => "best member",
            Self::Student => "student",
            Self::HardLabels => "hard labels",
            Self::Trained => "trained",
            Self::RandomReinit => "random reinit",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for Role {
    fn from(name: String) -> Self {
        let known = [
            Self::Teacher,
            Self::BestMember,
            Self::Student,
            Self::HardLabels,
            Self::Trained,
            Self::RandomReinit,
        ];
        known.into_iter().find(|role| role.as_str() == name).unwrap_or(Self::Other(name))
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.as_str().to_owned()
    }
}

impl ResultRecord {
    /// The model of that name.
    pub fn model(&self, name: &str) -> Option<&ModelRecord> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The first model with the role of the teacher.
    pub fn teacher(&self) -> Option<&ModelRecord> {
        self.models.iter().find(|model| model.role == Role::Teacher)
    }

    /// Points of test quality that `model` loses against the teacher; below 0 where it is better. For classes percentage
    /// points of accuracy; for values percent of the target's standard deviation by which its root mean squared error is
    /// larger. `None` without a teacher, or where a number is missing.
    pub fn points_lost(&self, model: &ModelRecord) -> Option<f64> {
        let teacher = self.teacher()?;
        match self.dataset.target_deviation {
            Some(deviation) => Some(100.0 * (model.test_rmse? - teacher.test_rmse?) / deviation),
            None => Some(100.0 * (teacher.test_accuracy? - model.test_accuracy?)),
        }
    }

    /// The model that was chosen.
    pub fn chosen_model(&self) -> Option<&ModelRecord> {
        self.model(self.chosen.as_deref()?)
    }
}

/// The reason of an unavailable break-even where a prediction saves nothing.
pub const NOTHING_SAVED: &str = "never: a prediction saves no energy";

/// Predictions after which the energy saved has repaid `to_repay`: `to_repay / (teacher - student)`, where `teacher` and
/// `student` are the energies of one prediction each.
///
/// Energies with the same account ([`Figure::how`]) come from one meter: their doubt is mostly a common
/// factor, which cancels. Unavailable with [`NOTHING_SAVED`] where the student is not cheaper, and with
/// another reason where an energy is unavailable or the saving may be none.
pub fn break_even(
    to_repay: &Figure<Joules>,
    teacher: &Figure<Joules>,
    student: &Figure<Joules>,
) -> Figure<f64> {
    if let (Some(teacher), Some(student)) = (teacher.value(), student.value())
        && student >= teacher
    {
        return Figure::unavailable(NOTHING_SAVED);
    }
    let saving = combine_energies(teacher, student, |teacher, student| teacher - student);
    if saving.low().is_some_and(|low: Joules| low <= Joules(0.0)) {
        return Figure::unavailable("the doubt of the energies is as large as the saving");
    }
    combine_energies(to_repay, &saving, |to_repay, saving| to_repay / saving)
}

/// How many times less energy a prediction of `student` takes than one of `teacher`; doubts as for
/// [`break_even`].
pub fn times_less_energy(teacher: &Figure<Joules>, student: &Figure<Joules>) -> Figure<f64> {
    if student.low().is_some_and(|low| low <= Joules(0.0)) {
        return Figure::unavailable("the energy of a prediction is too small to be told from 0");
    }
    combine_energies(teacher, student, |teacher, student| teacher / student)
}

fn combine_energies<S: lessen_units::Quantity>(
    a: &Figure<Joules>,
    b: &Figure<Joules>,
    combine: impl Fn(f64, f64) -> f64,
) -> Figure<S> {
    if a.how() == b.how() { a.combine_alike(b, combine) } else { a.combine(b, combine) }
}

impl Record for ResultRecord {
    const NAME: &'static str = "lessen.result";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<(), String> {
        if let Some(chosen) = &self.chosen
            && self.model(chosen).is_none()
        {
            return Err(format!("`chosen` is `{chosen}`, which is none of `models`"));
        }
        for (index, model) in self.models.iter().enumerate() {
            if self.models.iter().take(index).any(|earlier| earlier.name == model.name) {
                return Err(format!("two models are called `{}`", model.name));
            }
            if let Some(control) = model.control.as_ref().filter(|control| self.model(control).is_none()) {
                return Err(format!(
                    "model `{}`: `control` is `{control}`, which is none of `models`",
                    model.name
                ));
            }
            model
                .check(self.dataset.test, self.dataset.classes.is_some())
                .map_err(|problem| format!("model `{}`: {problem}", model.name))?;
        }
        check_series(&self.series)
    }
}

impl ModelRecord {
    /// Operations of one prediction: multiply-accumulates whose weight is not zero (all, where it is not known which
    /// those are) and comparisons. `None` where neither is known; otherwise what is not known counts as none.
    pub fn operations(&self) -> Option<u64> {
        match (self.macs_nonzero.or(self.macs), self.comparisons) {
            (None, None) => None,
            (macs, comparisons) => Some(macs.unwrap_or(0).saturating_add(comparisons.unwrap_or(0))),
        }
    }

    fn check(&self, test_rows: u64, has_classes: bool) -> Result<(), String> {
        let shares = [
            ("validation_accuracy", self.validation_accuracy),
            ("test_accuracy", self.test_accuracy),
            ("density", self.density),
        ];
        for (field, share) in shares {
            if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                return Err(format!(
                    "`{field}` is {}, expected a share from 0 to 1",
                    share.unwrap_or_default()
                ));
            }
        }
        if let Some(errors) = self.test_errors.filter(|&errors| errors > test_rows) {
            return Err(format!("`test_errors` is {errors}, but there are {test_rows} test rows"));
        }
        let errors = [("validation_rmse", self.validation_rmse), ("test_rmse", self.test_rmse)];
        for (field, error) in errors {
            if let Some(error) = error.filter(|error| *error < 0.0) {
                return Err(format!("`{field}` is {error}, expected a number that is not negative"));
            }
        }
        let (needed, there) = if has_classes {
            ("`test_accuracy` and `test_errors`", self.test_accuracy.is_some() && self.test_errors.is_some())
        } else {
            ("`test_rmse`", self.test_rmse.is_some())
        };
        if there { Ok(()) } else { Err(format!("{needed} missing, expected for such a target")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_units::Kind;

    fn modelled(joules: f64, how: &'static str) -> Figure<Joules> {
        Figure::band(Joules(joules), Joules(joules * 0.5), Joules(joules * 3.0), Kind::Estimated, how)
    }

    fn numbers(figure: &Figure<f64>) -> Option<(f64, f64, f64)> {
        Some((figure.low()?, figure.value()?, figure.high()?))
    }

    #[test]
    fn break_even_is_what_is_to_repay_over_what_a_prediction_saves() {
        let (to_repay, teacher, student) = (modelled(90.0, "m"), modelled(10.0, "m"), modelled(1.0, "m"));
        assert_eq!(numbers(&break_even(&to_repay, &teacher, &student)), Some((10.0, 10.0, 10.0)));
        assert_eq!(numbers(&times_less_energy(&teacher, &student)), Some((10.0, 10.0, 10.0)));
        // Another meter for what is to repay: 45 J / 27 J to 270 J / 4.5 J.
        let to_repay = modelled(90.0, "other");
        assert_eq!(numbers(&break_even(&to_repay, &teacher, &student)), Some((45.0 / 27.0, 10.0, 60.0)));
    }

    #[test]
    fn where_nothing_is_saved_it_is_never_repaid_and_where_that_is_not_known_it_is_not_known() {
        let (to_repay, one) = (modelled(90.0, "m"), modelled(1.0, "m"));
        for student in [&one, &modelled(2.0, "m"), &modelled(2.0, "other")] {
            assert_eq!(break_even(&to_repay, &one, student).how(), NOTHING_SAVED);
        }
        let none = Figure::unavailable("no sensor");
        assert_eq!(break_even(&to_repay, &none, &one).how(), "no sensor");
        assert_eq!(break_even(&none, &modelled(2.0, "m"), &one).how(), "no sensor");
        let unsure = break_even(&to_repay, &modelled(2.0, "m"), &modelled(1.0, "other"));
        assert_eq!(unsure.how(), "the doubt of the energies is as large as the saving");
        assert_eq!(times_less_energy(&one, &modelled(0.0, "m")).value(), None);
    }
}
