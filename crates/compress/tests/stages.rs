//! Stages are done once, found by content, and kept whole.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lessen_compress::{CompressError, Keep, Part, Progress, Stages};
use lessen_meter::Meter;
use lessen_records::{OutputFolder, RecordError, write_whole};
use lessen_units::Seconds;

/// A number in a file.
#[derive(Debug, PartialEq)]
struct Number(u64);

impl Keep for Number {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        Ok(write_whole(&folder.join("number"), self.0.to_string().as_bytes())?)
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        let path = folder.join("number");
        let broken = |problem: String| CompressError::Kept { path: path.clone(), problem };
        let text = std::fs::read_to_string(&path).map_err(|error| broken(error.to_string()))?;
        Ok(Self(text.parse().map_err(|_| broken(format!("`{text}`, expected a number")))?))
    }
}

/// Remembers how many parts of each stage were found.
#[derive(Default)]
struct Heard {
    ends: Mutex<Vec<(String, usize)>>,
}

impl Progress for Heard {
    fn begin(&self, _: &str, _: usize) {}
    fn advance(&self, _: f64, _: &str) {}
    fn end(&self, stage: &str, _: Seconds, found: usize) {
        self.ends.lock().unwrap().push((stage.to_owned(), found));
    }
    fn note(&self, _: &str) {}
}

struct Place {
    folder: OutputFolder,
    _temporary: tempfile::TempDir,
    meter: Meter,
}

fn place() -> Place {
    let temporary = tempfile::tempdir().unwrap();
    let folder = OutputFolder::open(&temporary.path().join("out"), "test", false).unwrap();
    Place { folder, _temporary: temporary, meter: Meter::detect() }
}

fn failure() -> CompressError {
    let source = std::io::Error::other("on purpose");
    RecordError::File { action: "write", path: "nowhere".into(), source }.into()
}

fn part<'a>(name: u64, calls: &'a AtomicUsize, fails: bool) -> Part<'a, u64, Number> {
    Part {
        name: format!("part {name}"),
        key: name,
        work: Box::new(move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            if fails { Err(failure()) } else { Ok(Number(10 * name)) }
        }),
    }
}

#[test]
fn a_stage_is_done_once_and_its_old_receipt_counts() {
    let place = place();
    let heard = Heard::default();
    let calls = AtomicUsize::new(0);
    let run = |key: u64| {
        let mut stages = Stages::new(&place.folder, &place.meter, &heard);
        let done = stages
            .stage("square", &key, |_, _| {
                calls.fetch_add(1, Ordering::Relaxed);
                Ok(Number(key * key))
            })
            .unwrap();
        assert_eq!(stages.into_receipts(), std::slice::from_ref(&done.receipt));
        done
    };
    let first = run(3);
    let again = run(3);
    assert_eq!((first.made, &first.receipt, &first.content), (Number(9), &again.receipt, &again.content));
    assert_eq!((again.made, calls.load(Ordering::Relaxed)), (Number(9), 1));
    assert_eq!(run(4).made, Number(16), "another key is another stage");
    let ends = heard.ends.lock().unwrap().clone();
    assert_eq!(ends, [("square".to_owned(), 0), ("square".to_owned(), 1), ("square".to_owned(), 0)]);
}

#[test]
fn parts_come_back_in_their_order_whatever_the_number_of_threads() {
    for threads in [1, 2, 5] {
        let place = place();
        let heard = Heard::default();
        let calls = AtomicUsize::new(0);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let made: Vec<u64> = pool.install(|| {
            let mut stages = Stages::new(&place.folder, &place.meter, &heard);
            let parts = (0..9).map(|name| part(name, &calls, false)).collect();
            let done = stages.parts("parts", parts).unwrap();
            let receipts = stages.into_receipts();
            assert_eq!(receipts.iter().map(|receipt| receipt.name.clone()).collect::<Vec<_>>().len(), 9);
            assert!(done.iter().all(|done| done.receipt.joules.value().is_some()));
            done.into_iter().map(|done| done.made.0).collect()
        });
        assert_eq!(made, [0, 10, 20, 30, 40, 50, 60, 70, 80]);
    }
}

#[test]
fn what_was_finished_before_a_failure_is_not_done_again() {
    let place = place();
    let heard = Heard::default();
    let calls = AtomicUsize::new(0);
    let run = |fails| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| {
            let mut stages = Stages::new(&place.folder, &place.meter, &heard);
            let parts = (0..4).map(|name| part(name, &calls, fails && name == 2)).collect();
            stages.parts("parts", parts).map(|done| done.len())
        })
    };
    assert!(matches!(run(true), Err(CompressError::Record(_))));
    assert_eq!(calls.load(Ordering::Relaxed), 3, "two done, one failed, none begun after it");
    assert_eq!(run(false).unwrap(), 4);
    assert_eq!(calls.load(Ordering::Relaxed), 5, "only the two that were missing");
    assert_eq!(*heard.ends.lock().unwrap(), [("parts".to_owned(), 2)]);
}

#[test]
fn a_kept_stage_that_is_broken_is_named_with_what_to_do() {
    let place = place();
    let heard = Heard::default();
    let run = || {
        Stages::new(&place.folder, &place.meter, &heard)
            .stage("s", &1, |_, _| Ok(Number(1)))
            .map(|done| done.made)
    };
    run().unwrap();
    let stages = place.folder.path().join("stages");
    let stage = std::fs::read_dir(&stages).unwrap().next().unwrap().unwrap().path();
    std::fs::write(stage.join("number"), "x").unwrap();
    let error = run().unwrap_err();
    assert!(matches!(error, CompressError::Kept { .. }), "{error}");
    assert!(error.hint().unwrap().contains("delete"), "{:?}", error.hint());
    std::fs::remove_dir_all(&stage).unwrap();
    assert_eq!(run().unwrap(), Number(1), "the hint helps");
}
