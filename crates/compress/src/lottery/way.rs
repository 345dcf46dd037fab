//! How far a search is, for a person who watches it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lessen_meter::{Meter, Window};
use lessen_units::{Figure, Joules, Kind};

use super::plan::Task;
use crate::course::Look;
use crate::stages::Progress;

/// How far all trainings are.
pub(super) struct Way<'a> {
    tasks: &'a [Task],
    progress: &'a dyn Progress,
    /// `%` where qualities are accuracies.
    unit: &'static str,
    window: Window<'a>,
    state: Mutex<State>,
    found: AtomicUsize,
}

struct State {
    /// Costs that are done, task by task.
    done: Vec<f64>,
    /// A line for each training that is under way.
    lines: BTreeMap<usize, String>,
    /// Energy of earlier sittings, as far as their trainings were found.
    earlier: Figure<Joules>,
}

impl<'a> Way<'a> {
    pub(super) fn new(
        tasks: &'a [Task],
        unit: &'static str,
        meter: &'a Meter,
        progress: &'a dyn Progress,
    ) -> Self {
        let earlier = Figure::exact(Joules(0.0), Kind::Measured, "nothing yet");
        let state = State { done: vec![0.0; tasks.len()], lines: BTreeMap::new(), earlier };
        let (window, state) = (meter.begin(), Mutex::new(state));
        Self { tasks, progress, unit, window, state, found: AtomicUsize::new(0) }
    }

    /// Trainings that an earlier sitting had done.
    pub(super) fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    /// A training has been looked at.
    pub(super) fn looked(&self, place: usize, looks: &[Look]) {
        let (task, Some(look)) = (&self.tasks[place], looks.last()) else { return };
        let line = format!(
            "{}: {:.1} % left, validation {:.2}{} at {} of {}",
            task.name(),
            100.0 * task.density,
            look.quality,
            self.unit,
            look.step,
            task.steps
        );
        self.tell(|state| {
            state.done[place] = task.cost() * look.step as f64 / task.steps.max(1) as f64;
            state.lines.insert(place, line);
        });
    }

    /// A training is over; where an earlier sitting had done it, that took `earlier`.
    pub(super) fn ended(&self, place: usize, earlier: Option<&Figure<Joules>>) {
        self.found.fetch_add(usize::from(earlier.is_some()), Ordering::Relaxed);
        self.tell(|state| {
            state.done[place] = self.tasks[place].cost();
            state.lines.remove(&place);
            if let Some(earlier) = earlier {
                state.earlier = &state.earlier + earlier;
            }
        });
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        let Ok(mut state) = self.state.lock() else { return };
        change(&mut state);
        let total: f64 = self.tasks.iter().map(Task::cost).sum();
        let share = state.done.iter().sum::<f64>() / total.max(f64::MIN_POSITIVE);
        let mut lines: Vec<String> = state.lines.values().cloned().collect();
        let energy = &state.earlier + &self.window.so_far().joules;
        if let Some(joules) = energy.value() {
            lines.push(format!("{:.2} kJ so far", joules.0 / 1000.0));
        }
        self.progress.advance(share * self.tasks.len() as f64, &lines.join("\n"));
    }
}
