//! What can be typed. Nothing of this leaves the binary: each verb turns it into what the libraries take.

pub(crate) mod bench;
pub(crate) mod count;
pub(crate) mod estimate;
pub(crate) mod foreign;
pub(crate) mod ledger;
mod numbers;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod site;
pub(crate) mod ticket;
pub(crate) mod train;

use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bench::BenchArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use count::CountArgs;
use estimate::{EstimateArgs, RegionsArgs};
use foreign::ForeignArgs;
use ledger::LedgerArgs;
use lessen_compress::munge::MungeSpec;
use lessen_compress::{HIDDEN, Method};
use lessen_data::Task;
use numbers::{above_zero, in_range};
use reproduce::ReproduceArgs;
use run::{DoctorArgs, RunArgs, StageArgs};
use ticket::TicketArgs;
use train::TrainArgs;

/// Tells what a machine-learning result cost, and makes the next one cheaper.
#[derive(Debug, Parser)]
#[command(name = "lessen", version, propagate_version = true, help_expected = true, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 done; 1 what was checked did not hold or is incomplete; 2 wrong usage, bad \
                        input or an error of our own.\n\nExample: lessen compress digits --seed 1"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Options of every verb.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// The verbs that are built. Those that are not yet are in `planned.rs`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Turn a heavy ensemble into a small network, and prove the saving.
    ///
    /// A library of learners is fitted and an ensemble selected from it (Caruana et al. 2004); MUNGE makes new rows and the
    /// ensemble labels them. Networks learn from that: small ones mimic it (Bucila et al. 2006), a deeper one is distilled
    /// (Hinton et al. 2014), pruned (Han et al. 2015) and trained again as a ticket (Frankle & Carbin 2019). Each is
    /// measured; the smallest that is nearly as good is chosen.
    Compress(CompressArgs),
    /// Mimicking alone, with every setting of the method in your hands.
    ///
    /// Without `--teacher` a library is fitted and an ensemble selected, as in `compress`.
    Mimic(MimicArgs),
    /// Train one network on the answers that the data gives.
    ///
    /// The best state on the validation rows is kept and measured; test rows are looked at at the end. What is done is saved every
    /// ten seconds: the same command again goes on from there, to the same bits. A network that was pruned is trained at the price of
    /// what is left of it.
    Train(Box<TrainArgs>),
    /// Find lottery tickets: the weights that would have been enough (Frankle & Carbin 2019).
    ///
    /// A network is trained, its smallest weights are taken away, the others are given their first values back and trained again,
    /// round by round. The ticket is decided for on the validation rows; controls say what it owes to its mask and to its values.
    /// What is done is saved every ten seconds: the same command again goes on from there, to the same bits.
    Ticket(Box<TicketArgs>),
    /// Run a paper's experiment again and hold it against the paper.
    ///
    /// Each number with its interval over replicates, and whether the paper's claim holds. What is done is kept: the same command
    /// again goes on.
    Reproduce(ReproduceArgs),
    /// Class probabilities (or values) of rows, by a network from a file.
    Predict(PredictArgs),
    /// Models side by side: accuracy, latency, energy, size and arithmetic, with ratios to the first.
    ///
    /// Models take turns on the same rows, so that what else the machine does hits all alike; each figure is the median of the turns
    /// with its 95 % interval, and a ratio has the doubt of both. Another runtime must answer as ours does before anything is timed.
    Bench(BenchArgs),
    /// The arithmetic of models: parameters, MACs, FLOPs, bytes; of any ONNX file, and the weights of safetensors files.
    ///
    /// Each operator has a rule. One without, and a shape that cannot be known, are listed with the reason, and the exit code is 1:
    /// nothing that is not known counts as 0. MACs and FLOPs stand side by side, and MACs with weights that are not zero in a line of their own.
    Count(CountArgs),
    /// The named data sets: which are there, and whether their files are the published ones.
    Data(DataArgs),
    /// What a run would cost, without running it: energy, CO2e, money, everyday equivalents.
    ///
    /// Time on devices, said or worked out from the arithmetic, times power, PUE and carbon intensity (Strubell et al. 2019). What is not
    /// said comes from tables of facts, with a band: `docs/tables.md` lists them with their sources. Nothing is looked up over the
    /// network and no location is guessed.
    Estimate(Box<EstimateArgs>),
    /// Run any command, and give a receipt of what it cost.
    ///
    /// The command runs as if nothing were there: its input, output, terminal, signals and exit code are its own. Energy is read
    /// from the best source that each device has, or modelled with a band; CPU time is that of the whole tree of processes. The
    /// receipt goes to stderr and to the ledger.
    Run(Box<RunArgs>),
    /// Mark a part of a running command, from inside of it.
    Stage(StageArgs),
    /// Say which sensors can be read here, and what would make the others readable.
    Doctor(DoctorArgs),
    /// The receipts of all runs: list, show, sum, export, import, verify.
    Ledger(LedgerArgs),
    /// Carbon intensities by country, state and cloud region, with year, scope and source.
    Regions(RegionsArgs),
}

/// Options of every verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Print one JSON document to stdout instead of tables.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing on stderr but errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// What every random choice comes from.
    #[arg(long, global = true, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Threads to work on [default: all cores]; results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = count::<NonZeroUsize, MOST_THREADS>)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Folder to write into [default: lessen-DATA].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write into the output folder even if it holds something else.
    #[arg(long, global = true)]
    pub(crate) force: bool,
    /// Folder that the named data sets are looked for in first; then `LESSEN_DATA`, then the user's cache.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// What there is to say about a file of rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Your own data")]
pub(crate) struct FileArgs {
    /// The column to be predicted where DATA is your own file: its name, or its place counted from 1.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: Option<String>,
    /// File of rows that are held back for the test, with the columns of DATA [default: a fifth of its rows].
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Option<PathBuf>,
    /// Whether classes or numbers are predicted [default: by what the target column holds].
    #[arg(long, value_enum)]
    pub(crate) task: Option<TaskName>,
}

impl FileArgs {
    /// The first of the options that was given.
    pub(crate) fn first_said(&self) -> Option<&'static str> {
        let said = [
            ("--target", self.target.is_some()),
            ("--test", self.test.is_some()),
            ("--task", self.task.is_some()),
        ];
        said.into_iter().find(|(_, said)| *said).map(|(flag, _)| flag)
    }
}

/// What is predicted.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TaskName {
    /// One of several classes.
    Classification,
    /// A number.
    Regression,
}

/// `lessen compress`.
#[derive(Debug, Args)]
pub(crate) struct CompressArgs {
    /// A named data set (`lessen data list`), or your own: CSV, NPY, NPZ, Parquet, IDX, or a folder of such.
    #[arg(default_value = "digits")]
    pub(crate) data: String,
    /// Points that the chosen network may lose against the teacher: percentage points of accuracy, or percent of the
    /// target's standard deviation where numbers are predicted.
    #[arg(long, value_name = "POINTS", default_value_t = 1.0, value_parser = points)]
    pub(crate) max_drop: f64,
    /// Time that the whole run may take (`90s`, `10m`, `1h30m`): less is tried where it is short.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Methods to try: mimic, distill, prune, ticket [default: all]; pruning stands on distilling, tickets on pruning.
    #[arg(long, value_delimiter = ',', value_name = "LIST", hide_possible_values = true)]
    pub(crate) methods: Option<Vec<MethodName>>,
    /// Repeat the run for this many seeds, from `--seed` on, and write a study of them.
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64, MOST_SEEDS>, conflicts_with = "budget")]
    pub(crate) seeds: Option<NonZeroU64>,
    /// What DATA is, where it is your own.
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

/// A way to make a small network.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MethodName {
    /// Small networks mimic the teacher on new rows (Bucila et al. 2006).
    Mimic,
    /// A deeper network learns soft and hard targets (Hinton et al. 2014).
    Distill,
    /// The distilled network is pruned in rounds (Han et al. 2015).
    Prune,
    /// Survivors are trained again from their first weights (Frankle & Carbin 2019).
    Ticket,
}

impl From<TaskName> for Task {
    fn from(name: TaskName) -> Self {
        match name {
            TaskName::Classification => Self::Classification,
            TaskName::Regression => Self::Regression,
        }
    }
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Mimic => Self::Mimic,
            MethodName::Distill => Self::Distil,
            MethodName::Prune => Self::Prune,
            MethodName::Ticket => Self::Ticket,
        }
    }
}

/// `lessen mimic`.
#[derive(Debug, Args)]
pub(crate) struct MimicArgs {
    /// A named data set (`lessen data list`), or your own: CSV, NPY, NPZ, Parquet, IDX, or a folder of such.
    pub(crate) data: String,
    /// Teacher instead of fitting a library: one that an earlier run saved (the run's folder, or `teacher` in it), or a model file,
    /// ONNX of any tool or compact.
    #[arg(long, value_name = "DIR|MODEL")]
    pub(crate) teacher: Option<PathBuf>,
    /// What that is, where another tool wrote it.
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
    /// Percentage points of accuracy that the chosen network may lose against the teacher.
    #[arg(long, value_name = "POINTS", default_value_t = 1.0, value_parser = points)]
    pub(crate) max_drop: f64,
    /// Rows of the transfer set [default: 20 times the training rows, at most 160000].
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize, MOST_ROWS>)]
    pub(crate) rows: Option<NonZeroUsize>,
    /// Hidden units of the students.
    #[arg(long, value_name = "LIST", default_value_t = Hidden(HIDDEN.to_vec()), value_parser = hidden)]
    pub(crate) hidden: Hidden,
    /// What the ensemble is selected and the students are kept by, on validation.
    #[arg(long, value_enum, default_value_t = MetricName::Rmse)]
    pub(crate) metric: MetricName,
    /// Where MUNGE looks for a row's neighbour [default: live where that is affordable].
    #[arg(long, value_enum)]
    pub(crate) neighbours: Option<NeighboursName>,
    /// MUNGE's p: the chance that a cell is exchanged with the neighbour's.
    #[arg(long, value_name = "P", default_value_t = MungeSpec::default().swap_probability, value_parser = probability)]
    pub(crate) swap_probability: f64,
    /// MUNGE's s: the standard deviation of a new number is the pair's difference over s.
    #[arg(long, value_name = "S", default_value_t = MungeSpec::default().spread, value_parser = above_zero::<f32>)]
    pub(crate) spread: f32,
    /// Only make the transfer set and write it, labelled, as CSV. A file that is there is replaced with `--force` only.
    #[arg(long, value_name = "FILE")]
    pub(crate) transfer_only: Option<PathBuf>,
    /// What DATA is, where it is your own.
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

/// Hidden units of several students: no two alike, for each names its student's files.
#[derive(Clone, Debug)]
pub(crate) struct Hidden(pub(crate) Vec<usize>);

impl fmt::Display for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.0.iter().map(usize::to_string).collect();
        formatter.write_str(&sizes.join(","))
    }
}

/// What a prediction is judged by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MetricName {
    /// Root mean squared error of the probabilities.
    Rmse,
    /// Share of rows that are right.
    Accuracy,
    /// Mean negative log-probability of the true class.
    LogLoss,
    /// Area under the ROC curve.
    Auc,
}

/// Where MUNGE looks for neighbours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum NeighboursName {
    /// Among the rows as they are at that moment, as Algorithm 1 says.
    Live,
    /// Among the training rows, once for all copies.
    Static,
}

/// `lessen predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A model file: ONNX, or compact (`.lsm`). Of another tool's ONNX file it must be plain what its layers are.
    pub(crate) model: PathBuf,
    /// A named data set, a file with the model's columns (by name where the file has a header), or `-` for a CSV table from
    /// standard input. Text is read, predicted and printed block by block, however long it is; `--json` keeps all answers.
    pub(crate) data: String,
    /// Which rows of a named set, divided by `--seed` as `compress` divides them.
    #[arg(long, value_enum, default_value_t = PartName::All)]
    pub(crate) part: PartName,
    /// What MODEL is, where another tool wrote it.
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
}

/// A part of a named set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartName {
    /// All rows.
    All,
    /// What learners were fitted to.
    Train,
    /// What chose between models.
    Validation,
    /// What nothing was chosen by.
    Test,
}

/// `lessen data`.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: DataVerb,
}

/// The verbs of `lessen data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataVerb {
    /// The named sets, and where they were found.
    List,
    /// Compare the files of a set with the digests of the published ones.
    Check {
        /// The set.
        name: String,
    },
}

// Larger numbers are slips of the finger: they would end in an exhausted machine, not in a result.
const MOST_ROWS: u64 = 100_000_000;
const MOST_HIDDEN: u64 = 65_536;
const MOST_THREADS: u64 = 1024;
const MOST_SEEDS: u64 = 10_000;

fn count<N: TryFrom<NonZeroU64>, const MOST: u64>(text: &str) -> Result<N, String> {
    let number = text.parse::<NonZeroU64>().ok().filter(|number| number.get() <= MOST);
    number
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| format!("expected a whole number from 1 to {MOST}"))
}

fn hidden(text: &str) -> Result<Hidden, String> {
    let mut sizes = Vec::new();
    for item in text.split(',') {
        let size = count::<NonZeroUsize, MOST_HIDDEN>(item.trim())
            .map_err(|expected| format!("`{item}`: {expected}"))?
            .get();
        if sizes.contains(&size) {
            return Err(format!("{size} is there twice"));
        }
        sizes.push(size);
    }
    Ok(Hidden(sizes))
}

/// `90s`, `10m`, `1h30m`: whole numbers with units, from large to small, each once.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a time such as `90s`, `10m` or `1h30m`".to_owned();
    let mut seconds = 0u64;
    let mut rest = text;
    let mut left = ["h", "m", "s"].as_slice();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(expected)?;
        let number: u64 = rest[..digits].parse().map_err(|_| expected())?;
        let place = left.iter().position(|unit| rest[digits..].starts_with(unit)).ok_or_else(expected)?;
        let unit = match left[place] {
            "h" => 3600,
            "m" => 60,
            _ => 1,
        };
        seconds = number.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(expected)?;
        (rest, left) = (&rest[digits + 1..], &left[place + 1..]);
    }
    if (SHORTEST..=LONGEST).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(format!("expected a time from {SHORTEST} seconds to {} days", LONGEST / 86_400))
    }
}

/// Seconds that a budget has at least: less does not fit the smallest teacher and its measurement.
const SHORTEST: u64 = 10;
/// Seconds that a budget has at most: a month.
const LONGEST: u64 = 30 * 86_400;

fn points(text: &str) -> Result<f64, String> {
    in_range(text, 0.0, 100.0, "a number of percentage points from 0 to 100")
}

fn probability(text: &str) -> Result<f64, String> {
    in_range(text, 0.0, 1.0, "a probability from 0 to 1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use lessen_compress::{CompressOptions, Planned};

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for bad in ["-1", "101", "nan", "inf", "x", "1e400"] {
            assert!(points(bad).is_err(), "{bad}");
        }
        assert_eq!(points("1.5"), Ok(1.5));
        for bad in ["0", "-1", "11", "1.5", "", "x", "99999999999999999999"] {
            assert!(count::<NonZeroU64, 10>(bad).is_err(), "{bad}");
        }
        assert_eq!(count::<NonZeroU64, 10>("10").map(NonZeroU64::get), Ok(10));
    }

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h", 7200), ("1m30s", 90)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "10",
            "m",
            "10x",
            "30m1h",
            "1m1m",
            "-5m",
            "1.5h",
            "9s",
            "31d",
            "99999999999999999999h",
            "721h",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hidden_units_are_a_list_of_different_sizes() {
        for bad in ["", "8,", "8,0", "8,8", "8,16,08", "65537", "x", "8;16"] {
            assert!(hidden(bad).is_err(), "{bad}");
        }
        assert_eq!(hidden("65536, 8").map(|hidden| hidden.0), Ok(vec![65_536, 8]));
        assert_eq!(Hidden(vec![8, 16]).to_string(), "8,16");
    }

    /// The help says what the library does where nothing is said.
    #[test]
    fn the_defaults_are_the_librarys() {
        let dataset = lessen_data::digits().unwrap();
        let split = dataset.split(1).unwrap();
        let spec = Planned::new(&dataset, &split, &CompressOptions::default()).unwrap().spec;
        let cli = Cli::parse_from(["lessen", "mimic", "digits"]);
        let Verb::Mimic(mimic) = cli.verb else { panic!("another verb than typed") };
        assert_eq!(mimic.max_drop, spec.max_drop_points);
        let Verb::Compress(compress) = Cli::parse_from(["lessen", "compress"]).verb else {
            panic!("another verb than typed")
        };
        assert_eq!(compress.max_drop, spec.max_drop_points);
        assert_eq!((mimic.swap_probability, mimic.spread), (spec.munge.swap_probability, spec.munge.spread));
        assert_eq!(
            mimic.hidden.0,
            spec.students.iter().map(|student| student.shape.hidden[0]).collect::<Vec<_>>()
        );
        let help = Cli::command().find_subcommand_mut("mimic").unwrap().render_long_help().to_string();
        assert!(help.contains("20 times the training rows, at most 160000"), "{help}");
        assert_eq!(spec.munge.rows, 20 * split.train.len());
    }
}
