//! CPU seconds that fitting and asking the members of a library takes on one thread, beside what is estimated:
//! `cargo run --release -p lessen-teachers --example fit_times -- SET ROWS DATA_FOLDER [PART_OF_A_NAME]`.
//! `SET:values` takes the numbers of the classes for a number to predict.
//!
//! Thread CPU time, so that others on the machine disturb it less than they would a clock on the wall.

#![allow(clippy::print_stdout, reason = "an example that shows what it measured")]

use std::path::Path;
use std::sync::Arc;

use lessen_data::{Dataset, Encoding, Split, Target, named};
use lessen_meter::thread_cpu_seconds;
use lessen_model::predict_rows;
use lessen_teachers::{Examples, ProblemSize, library};

/// Rows that are asked about.
const ASKED: usize = 1000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, rows, folder, rest @ ..] = arguments.as_slice() else {
        return Err("expected SET ROWS DATA_FOLDER [PART_OF_A_NAME]".into());
    };
    let folders = named::Folders::from_environment(Some(Path::new(folder)));
    let split = named::load(set.trim_end_matches(":values"), &folders)?.split(1)?;
    let dataset = load(set, &folders)?;
    let Split { mut train, mut test, .. } = split;
    train.truncate(rows.parse()?);
    test.truncate(ASKED);
    let encoding = Arc::new(Encoding::fit(&dataset.features, &train));
    let examples = Examples::new(&dataset, encoding, &train)?;
    let size = ProblemSize::of(&examples, test.len());
    println!("{set}: {size:?}");
    println!(
        "{:>9} {:>9} {:>6}  {:>9} {:>9} {:>6}  member",
        "fit", "expected", "ratio", "ask", "expected", "ratio"
    );
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut sums = [0.0; 4];
    for learner in library::plan(size.rows, size.width, size.classes).learners {
        let name = learner.name_for(examples.lesson.task());
        if rest.iter().any(|part| !name.contains(part.as_str())) {
            continue;
        }
        let [fit, ask] = pool.install(|| -> Result<_, Failure> {
            let before = cpu_seconds();
            let learned = learner.fit(&examples, 1)?;
            let between = cpu_seconds();
            predict_rows(&learned, &dataset.features, &test)?;
            Ok([between - before, (cpu_seconds() - between) / test.len() as f64])
        })?;
        let (fit_expected, ask_expected) =
            (learner.fit_cost(&size).fitting(), learner.predict_cost_per_row(&size));
        println!(
            "{fit:9.3} {fit_expected:9.3} {:6.2}  {:9.3} {:9.3} {:6.2}  {name}",
            fit_expected / fit,
            1e6 * ask,
            1e6 * ask_expected,
            ask_expected / ask
        );
        for (sum, part) in sums.iter_mut().zip([fit, fit_expected, ask, ask_expected]) {
            *sum += part;
        }
    }
    let [fit, fit_expected, ask, ask_expected] = sums;
    println!(
        "{fit:9.3} {fit_expected:9.3} {:6.2}  {:9.3} {:9.3} {:6.2}  all (seconds; microseconds a row)",
        fit_expected / fit,
        1e6 * ask,
        1e6 * ask_expected,
        ask_expected / ask
    );
    Ok(())
}

fn cpu_seconds() -> f64 {
    thread_cpu_seconds().0
}

/// The set of this name; of a name like `letter:values` with its classes' numbers as a target to predict.
fn load(set: &str, folders: &named::Folders) -> Result<Dataset, Failure> {
    let Some(set) = set.strip_suffix(":values") else { return Ok(named::load(set, folders)?) };
    let mut dataset = named::load(set, folders)?;
    let values = dataset.classes()?.1.iter().map(|&label| label as f32).collect();
    dataset.target = Target::Values { name: "class".into(), values };
    Ok(dataset)
}
