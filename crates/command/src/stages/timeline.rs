//! The changes of a run's stages, and what they make of it.

use std::ops::Sub;
use std::time::Instant;

use lessen_units::Seconds;

use super::LONGEST_NAME;

/// More stages than this in one run are refused, so that a loop that names each step does not fill the memory.
const MOST: usize = 10_000;
/// Stages within stages.
const DEEPEST: usize = 64;

/// A stage began or ended.
#[derive(Clone, Debug)]
pub struct Change {
    /// Counted from 1; 0 is the beginning of the run.
    pub index: usize,
    /// When it was heard of.
    pub at: Instant,
    /// What happened.
    pub what: What,
}

/// What happened to a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// One began, with this name.
    Begin(String),
    /// The innermost ended.
    End,
}

/// A named part of a run, or, as the first of the list, the run itself.
///
/// Its inclusive energy, or whatever is read at every change, is the reading at `ended` less that at `began`.
#[derive(Clone, Debug)]
pub struct Stage {
    /// As it was said; empty for the run itself.
    pub name: String,
    /// The place in the list of the one that it lies in; `None` for the run itself. Parents come before children.
    pub parent: Option<usize>,
    /// The change with which it began.
    pub began: usize,
    /// The change with which it ended; for one that was open at the end that of the run's end, which comes after all.
    pub ended: usize,
    /// The instants of both.
    pub span: (Instant, Instant),
    /// Whether it was ended.
    pub end: End,
}

/// How a stage came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was said.
    Said,
    /// It was open when the run ended, and ended with it.
    WithTheRun,
}

impl Stage {
    /// Wall time, with the stages within.
    pub fn seconds(&self) -> Seconds {
        self.span.1.saturating_duration_since(self.span.0).into()
    }
}

/// What each stage has for itself: its inclusive amount less those of the stages right below. Over all stages, the
/// run among them, these add up to the run's inclusive amount.
pub fn own<Q: Copy + Sub<Output = Q>>(stages: &[Stage], inclusive: impl Fn(&Stage) -> Q) -> Vec<Q> {
    let mut own: Vec<Q> = stages.iter().map(&inclusive).collect();
    for stage in stages {
        if let Some(parent) = stage.parent.and_then(|parent| own.get_mut(parent)) {
            *parent = *parent - inclusive(stage);
        }
    }
    own
}

/// A run's stages so far.
#[derive(Debug)]
pub(super) struct Timeline {
    stages: Vec<Stage>,
    /// Those that are open, innermost last; the run is always.
    open: Vec<usize>,
    changes: usize,
}

impl Timeline {
    pub(super) fn begin_at(at: Instant) -> Self {
        Self { stages: vec![stage("", None, 0, at)], open: vec![0], changes: 0 }
    }

    /// Takes a change in; the error is for whoever asked for it.
    pub(super) fn take(&mut self, what: What, at: Instant) -> Result<Change, String> {
        match &what {
            What::Begin(name) => self.begin(name, at)?,
            What::End => self.end(at)?,
        }
        self.changes += 1;
        Ok(Change { index: self.changes, at, what })
    }

    fn begin(&mut self, name: &str, at: Instant) -> Result<(), String> {
        if name.trim().is_empty() || name.len() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(format!(
                "a stage's name has 1 to {LONGEST_NAME} bytes and no control letters, found {} bytes",
                name.len()
            ));
        }
        if self.stages.len() > MOST {
            return Err(format!("a run has at most {MOST} stages"));
        }
        if self.open.len() > DEEPEST {
            return Err(format!("at most {DEEPEST} stages lie within each other"));
        }
        self.stages.push(stage(name, self.open.last().copied(), self.changes + 1, at));
        self.open.push(self.stages.len() - 1);
        Ok(())
    }

    fn end(&mut self, at: Instant) -> Result<(), String> {
        // The first is the run.
        if self.open.len() < 2 {
            return Err("no stage is open: expected `begin` before `end`".to_owned());
        }
        if let Some(innermost) = self.open.pop() {
            self.close(innermost, at, End::Said);
        }
        Ok(())
    }

    fn close(&mut self, index: usize, at: Instant, end: End) {
        let stage = &mut self.stages[index];
        (stage.ended, stage.span.1, stage.end) = (self.changes + 1, at, end);
    }

    /// The run is over.
    pub(super) fn finish(mut self, at: Instant) -> Vec<Stage> {
        for index in std::mem::take(&mut self.open) {
            self.close(index, at, if index == 0 { End::Said } else { End::WithTheRun });
        }
        self.stages
    }
}

fn stage(name: &str, parent: Option<usize>, began: usize, at: Instant) -> Stage {
    Stage { name: name.to_owned(), parent, began, ended: began, span: (at, at), end: End::Said }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn begin(name: &str) -> What {
        What::Begin(name.to_owned())
    }

    #[test]
    fn a_run_by_hand() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut line = Timeline::begin_at(at(0));
        // 0: run, 1: load 1..3, 2: train 4..10 with 3: eval 6..7, and 4: save, open at the end, 11..12.
        for (what, seconds) in [
            (begin("load"), 1),
            (What::End, 3),
            (begin("train"), 4),
            (begin("eval"), 6),
            (What::End, 7),
            (What::End, 10),
            (begin("save"), 11),
        ] {
            line.take(what, at(seconds)).unwrap();
        }
        let stages = line.finish(at(12));
        let names: Vec<_> = stages.iter().map(|stage| (stage.name.as_str(), stage.parent)).collect();
        assert_eq!(
            names,
            [("", None), ("load", Some(0)), ("train", Some(0)), ("eval", Some(2)), ("save", Some(0))]
        );
        let inclusive: Vec<f64> = stages.iter().map(|stage| stage.seconds().0).collect();
        assert_eq!(inclusive, [12.0, 2.0, 6.0, 1.0, 1.0]);
        let own: Vec<f64> = own(&stages, Stage::seconds).iter().map(|seconds| seconds.0).collect();
        assert_eq!(own, [3.0, 2.0, 5.0, 1.0, 1.0]);
        let changes: Vec<_> = stages.iter().map(|stage| (stage.began, stage.ended)).collect();
        assert_eq!(changes, [(0, 8), (1, 2), (3, 6), (4, 5), (7, 8)]);
        let ends: Vec<_> = stages.iter().map(|stage| stage.end).collect();
        assert_eq!(ends, [End::Said, End::Said, End::Said, End::Said, End::WithTheRun]);
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let mut line = Timeline::begin_at(Instant::now());
        assert!(line.take(What::End, Instant::now()).unwrap_err().contains("no stage is open"));
        for name in ["", "  ", "a\nb", &"x".repeat(LONGEST_NAME + 1)] {
            assert!(line.take(begin(name), Instant::now()).is_err(), "{name:?}");
        }
        assert_eq!(line.take(begin(&"x".repeat(LONGEST_NAME)), Instant::now()).unwrap().index, 1);
        let mut deep = 1;
        while line.take(begin("deeper"), Instant::now()).is_ok() {
            deep += 1;
        }
        assert_eq!(deep, DEEPEST);
        for _ in 0..DEEPEST {
            line.take(What::End, Instant::now()).unwrap();
        }
        let mut many = DEEPEST;
        while line.take(begin("one of many"), Instant::now()).is_ok() {
            line.take(What::End, Instant::now()).unwrap();
            many += 1;
        }
        assert_eq!(many, MOST);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(steps in prop::collection::vec((any::<bool>(), 0..1000u32), 0..200)) {
            let mut line = Timeline::begin_at(Instant::now());
            let (mut at, mut readings) = (Instant::now(), vec![0i64]);
            for (begins, milliseconds) in steps {
                at += Duration::from_millis(u64::from(milliseconds));
                let what = if begins { begin("x") } else { What::End };
                if line.take(what, at).is_ok() {
                    readings.push(readings[readings.len() - 1] + i64::from(milliseconds));
                }
            }
            readings.push(readings[readings.len() - 1] + 7);
            let stages = line.finish(at);
            let inclusive = |stage: &Stage| readings[stage.ended] - readings[stage.began];
            let own = own(&stages, inclusive);
            prop_assert_eq!(own.iter().sum::<i64>(), inclusive(&stages[0]));
            prop_assert_eq!(inclusive(&stages[0]), readings[readings.len() - 1]);
            prop_assert!(own.iter().all(|&amount| amount >= 0));
            prop_assert!(stages.iter().enumerate().all(|(index, stage)| stage.parent.is_none_or(|parent| parent < index)));
        }
    }
}
