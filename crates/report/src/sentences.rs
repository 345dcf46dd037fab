//! What was saved, and when that is repaid, in two sentences.

use lessen_records::result::{NOTHING_SAVED, times_less_energy};
use lessen_records::{ModelRecord, ResultRecord, Role};
use lessen_units::Figure;

use crate::readable::{band, bytes, figure, joules, number, one_line, points, predictions, times, with_unit};

/// A sentence on what a training took.
pub fn trained(result: &ResultRecord) -> String {
    let sentence = match result.stages.iter().find(|stage| stage.name == "train") {
        Some(stage) => format!(
            "Training took {} and {} of energy.",
            with_unit(stage.seconds.0, "s"),
            figure(&stage.joules, joules)
        ),
        None => "What training took is not known.".to_owned(),
    };
    one_line(&sentence)
}

/// Two sentences on the chosen model: what it saves against the teacher and what that costs in test rows; and
/// what compressing took and after how many predictions that is repaid.
///
/// Each is one line and ends with a full stop. What is not known is said to be unknown.
pub fn sentences(result: &ResultRecord) -> [String; 2] {
    let pair = match (result.chosen_model(), result.teacher()) {
        (None, _) => ["No model was chosen: there was none to choose from.".to_owned(), nothing_saved()],
        (Some(chosen), None) => [
            format!("`{}` was chosen; there is no teacher to compare it with.", chosen.name),
            repayment(result, chosen),
        ],
        (Some(chosen), Some(teacher)) if chosen.name == teacher.name => [
            format!(
                "The {} itself was chosen: nothing smaller stayed within the allowed drop.",
                called(teacher)
            ),
            nothing_saved(),
        ],
        (Some(chosen), Some(teacher)) => [saving(result, teacher, chosen), repayment(result, chosen)],
    };
    pair.map(|sentence| one_line(&sentence))
}

fn nothing_saved() -> String {
    "Nothing was saved, so there is nothing to repay what the search took.".to_owned()
}

fn saving(result: &ResultRecord, teacher: &ModelRecord, chosen: &ModelRecord) -> String {
    let who = match result.chosen_within_drop {
        Some(false) => {
            format!("No student stays within the allowed drop; the nearest is `{}`,", chosen.name)
        }
        Some(true) | None => format!("`{}`", chosen.name),
    };
    format!(
        "{who} against the {}: {}, {}, {}, {}, {}.",
        called(teacher),
        quality(result, teacher, chosen),
        fewer(teacher.operations(), chosen.operations(), "operations"),
        faster(teacher, chosen),
        size(teacher.file_bytes, chosen.file_bytes),
        less_energy(teacher, chosen),
    )
}

/// The teacher's role, and its name where that says more.
fn called(teacher: &ModelRecord) -> String {
    let role = teacher.role.as_str();
    if teacher.name == role { role.to_owned() } else { format!("{role} `{}`", teacher.name) }
}

/// How much worse (or better) the chosen model answers the test rows.
fn quality(result: &ResultRecord, teacher: &ModelRecord, chosen: &ModelRecord) -> String {
    let test_rows = result.dataset.test;
    match (teacher.test_errors, chosen.test_errors, teacher.test_rmse, chosen.test_rmse) {
        _ if test_rows == 0 => "no test rows to compare on".to_owned(),
        (Some(teacher), Some(chosen), _, _) => rows_right(teacher, chosen, test_rows),
        (_, _, Some(teacher), Some(chosen)) => rmse(result, teacher, chosen),
        _ => "quality on test rows not known".to_owned(),
    }
}

/// Points and rows, from the counted errors: `0.6 points fewer test rows right (2 of 360)`.
fn rows_right(teacher: u64, chosen: u64, test_rows: u64) -> String {
    let difference = teacher.abs_diff(chosen);
    let share = points(difference as f64 / test_rows as f64 * 100.0);
    match chosen.cmp(&teacher) {
        std::cmp::Ordering::Greater => {
            format!("{share} points fewer test rows right ({difference} of {test_rows})")
        }
        std::cmp::Ordering::Less => {
            format!("{share} points more test rows right ({difference} of {test_rows})")
        }
        std::cmp::Ordering::Equal => {
            format!("as many test rows right ({} of {test_rows})", test_rows.saturating_sub(chosen))
        }
    }
}

/// Root mean squared errors, and their difference in percent of the target's standard deviation.
fn rmse(result: &ResultRecord, teacher: f64, chosen: f64) -> String {
    let deviations = match result.dataset.target_deviation {
        Some(deviation) => {
            format!(", {} % of a standard deviation", points(100.0 * (chosen - teacher).abs() / deviation))
        }
        None => String::new(),
    };
    let than = if chosen < teacher { "less" } else { "more" };
    let (error, difference) = (number(chosen), number((chosen - teacher).abs()));
    format!("a root mean squared error of {error} on test rows ({difference} {than}{deviations})")
}

fn fewer(teacher: Option<u64>, chosen: Option<u64>, what: &str) -> String {
    match (teacher, chosen) {
        (Some(teacher), Some(chosen)) if teacher == chosen => format!("as many {what}"),
        (Some(teacher), Some(chosen)) if teacher > chosen && chosen > 0 => {
            format!("{} times fewer {what}", times(teacher as f64 / chosen as f64))
        }
        (Some(teacher), Some(chosen)) if teacher < chosen && teacher > 0 => {
            format!("{} times more {what}", times(chosen as f64 / teacher as f64))
        }
        (Some(teacher), Some(chosen)) => format!("{chosen} instead of {teacher} {what}"),
        _ => format!("{what} not known"),
    }
}

fn size(teacher: Option<u64>, chosen: Option<u64>) -> String {
    let sizes = match (teacher, chosen) {
        (Some(teacher), Some(chosen)) => format!(" ({} instead of {})", bytes(chosen), bytes(teacher)),
        _ => String::new(),
    };
    fewer(teacher, chosen, "bytes") + &sizes
}

fn faster(teacher: &ModelRecord, chosen: &ModelRecord) -> String {
    let row = |model: &ModelRecord| model.latency_us.row_on_all_threads.clone();
    let (teacher, chosen) = (row(teacher), row(chosen));
    let words = ["faster", "slower"].map(|word| format!("{word} per row on all threads"));
    factor(&teacher.ratio(&chosen), &chosen.ratio(&teacher), words)
        .unwrap_or_else(|why| format!("speed on all threads not known ({why})"))
}

fn less_energy(teacher: &ModelRecord, chosen: &ModelRecord) -> String {
    let (teacher, chosen) = (&teacher.joules_per_prediction, &chosen.joules_per_prediction);
    let words = ["less", "more"].map(|word| format!("{word} energy per prediction"));
    factor(&times_less_energy(teacher, chosen), &times_less_energy(chosen, teacher), words)
        .unwrap_or_else(|why| format!("energy per prediction not known ({why})"))
}

/// `12 times better (10 to 14)`, or `1.5 times worse` with the inverse where the factor is below 1; or why it is
/// not known.
fn factor(better: &Figure<f64>, worse: &Figure<f64>, words: [String; 2]) -> Result<String, String> {
    let [good, bad] = words;
    match better.value() {
        Some(value) if value >= 1.0 => {
            Ok(format!("{} times {good}{}", figure(better, times), band(better, times)))
        }
        Some(_) => Ok(format!("{} times {bad}{}", figure(worse, times), band(worse, times))),
        None => Err(better.how().to_owned()),
    }
}

/// What is to be repaid and when it is, so that the two numbers belong together; and what the teacher took, which
/// is no part of them.
fn repayment(result: &ResultRecord, chosen: &ModelRecord) -> String {
    let after = &chosen.break_even_predictions;
    let repaid = match after.value() {
        Some(_) => {
            format!(", repaid after {} predictions{}", figure(after, predictions), band(after, predictions))
        }
        None if after.how() == NOTHING_SAVED => format!("; it is {}", never()),
        None => format!("; after how many predictions it is repaid is not known ({})", after.how()),
    };
    format!("{}{repaid}{}.", took(result, chosen), teacher_took(result))
}

fn took(result: &ResultRecord, chosen: &ModelRecord) -> String {
    let to_repay = &chosen.to_repay_joules;
    if to_repay.value().is_none() {
        return format!("What compressing took is not known ({})", to_repay.how());
    }
    let tried = match result.models.iter().filter(|model| model.role == Role::Student).count() {
        0 | 1 => String::new(),
        networks => format!(", all {networks} networks tried included"),
    };
    format!("Compressing took {}{}{tried}", figure(to_repay, joules), band(to_repay, joules))
}

fn teacher_took(result: &ResultRecord) -> String {
    let made = result.teacher().map(|teacher| &teacher.made_with_joules);
    match made.filter(|made| made.value().is_some()) {
        Some(made) => format!("; the teacher itself took {} to make", figure(made, joules)),
        None => String::new(),
    }
}

/// The reason begins with `never`; between the two words the sentence needs a third.
fn never() -> String {
    NOTHING_SAVED.replacen("never", "never repaid", 1)
}
