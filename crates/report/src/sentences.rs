//! What was saved, and when that is repaid, in two sentences.

use lessen_records::result::{NOTHING_SAVED, times_less_energy};
use lessen_records::{ModelRecord, ResultRecord};

use crate::readable::{band, bytes, figure, joules, one_line, points, predictions, times};
use crate::table::operations;

/// Two sentences on the chosen model: what it saves against the teacher and what that costs in test rows; and
/// what making it took and after how many predictions that is repaid.
///
/// Each is one line and ends with a full stop. What is not known is said to be unknown.
pub fn sentences(result: &ResultRecord) -> [String; 2] {
    let Some(chosen) = result.chosen_model() else {
        let first = "No model was chosen: none stayed within the allowed drop of validation accuracy.";
        return [
            first.to_owned(),
            "Nothing was saved, so there is nothing to repay what the search took.".to_owned(),
        ];
    };
    [saving(result, chosen), repayment(chosen)].map(|sentence| one_line(&sentence))
}

fn saving(result: &ResultRecord, chosen: &ModelRecord) -> String {
    let Some(teacher) = result.teacher() else {
        return format!("`{}` was chosen; there is no teacher to compare it with.", chosen.name);
    };
    if teacher.name == chosen.name {
        return format!(
            "The teacher `{}` itself was chosen: nothing smaller stayed within the allowed drop.",
            chosen.name
        );
    }
    format!(
        "`{}` against the teacher `{}`: {}, {}, {}, {}.",
        chosen.name,
        teacher.name,
        rows_right(teacher, chosen, result.dataset.test),
        fewer(operations(teacher), operations(chosen), "operations"),
        size(teacher.file_bytes, chosen.file_bytes),
        less_energy(teacher, chosen),
    )
}

/// Points and rows, from the counted errors: `0.6 points fewer test rows right (2 of 360)`.
fn rows_right(teacher: &ModelRecord, chosen: &ModelRecord, test_rows: u64) -> String {
    if test_rows == 0 {
        return "no test rows to compare on".to_owned();
    }
    let difference = teacher.test_errors.abs_diff(chosen.test_errors);
    let share = points(difference as f64 / test_rows as f64 * 100.0);
    match chosen.test_errors.cmp(&teacher.test_errors) {
        std::cmp::Ordering::Greater => {
            format!("{share} points fewer test rows right ({difference} of {test_rows})")
        }
        std::cmp::Ordering::Less => {
            format!("{share} points more test rows right ({difference} of {test_rows})")
        }
        std::cmp::Ordering::Equal => {
            format!(
                "as many test rows right ({} of {test_rows})",
                test_rows.saturating_sub(chosen.test_errors)
            )
        }
    }
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

fn less_energy(teacher: &ModelRecord, chosen: &ModelRecord) -> String {
    let less = times_less_energy(&teacher.joules_per_prediction, &chosen.joules_per_prediction);
    match less.value() {
        Some(factor) if factor >= 1.0 => {
            format!("{} times less energy per prediction{}", figure(&less, times), band(&less, times))
        }
        Some(_) => {
            let more = times_less_energy(&chosen.joules_per_prediction, &teacher.joules_per_prediction);
            format!("{} times more energy per prediction{}", figure(&more, times), band(&more, times))
        }
        None => format!("energy per prediction not known ({})", less.how()),
    }
}

fn repayment(chosen: &ModelRecord) -> String {
    let made = &chosen.made_with_joules;
    let took = match made.value() {
        Some(_) => format!("Compressing took {}{}", figure(made, joules), band(made, joules)),
        None => format!("What compressing took is not known ({})", made.how()),
    };
    let after = &chosen.break_even_predictions;
    match after.value() {
        Some(_) => {
            let (value, bounds) = (figure(after, predictions), band(after, predictions));
            format!("{took}, repaid after {value} predictions{bounds}.")
        }
        None if after.how() == NOTHING_SAVED => format!("{took}; it is {}.", never()),
        None => format!("{took}; after how many predictions it is repaid is not known ({}).", after.how()),
    }
}

/// The reason begins with `never`; between the two words the sentence needs a third.
fn never() -> String {
    NOTHING_SAVED.replacen("never", "never repaid", 1)
}
