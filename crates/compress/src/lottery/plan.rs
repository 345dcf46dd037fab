//! Which trainings a search is made of, and which waits for which.

use super::spec::{LotterySpec, Rewound, Strategy};

/// One training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// From 1.
    pub(crate) replicate: u32,
    pub(crate) kind: Kind,
    /// Places of the tasks whose outcome this one begins with: the first one's survivors, and the weights of the second.
    pub(crate) after: After,
    /// Minibatches.
    pub(crate) steps: u64,
    /// What is left of the network, about: tasks cost in proportion.
    pub(crate) density: f64,
}

/// What a task stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct After {
    /// The training whose weights are ranked.
    pub(crate) ranked: Option<usize>,
    /// The training whose weights are given back, where those are not the first ones.
    pub(crate) rewound: Option<usize>,
}

/// What a training is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Until the step that later ones are rewound to.
    Rewind,
    /// A level of the search: the dense network (0), or the ticket after so many rounds.
    Ticket(usize),
    /// Survivors that go on from their trained weights, whose ranks make the masks of the next level.
    Continued(usize),
    /// A ticket's mask with newly drawn weights.
    Reinit { level: usize, draw: u32 },
    /// As many weights at random places of all layers.
    Random { level: usize, draw: u32 },
    /// As many weights at random places of each layer.
    Shuffled { level: usize, draw: u32 },
    /// The ticket once more, in another order of rows.
    Copy(usize),
    /// What one cut at this rate leaves, by its place in the list of rates.
    OneShot { place: usize, rate: f64 },
}

impl Kind {
    /// Where its outcome is kept in a replicate's folder.
    pub(crate) fn place(self) -> String {
        match self {
            Self::Rewind => "rewind".to_owned(),
            Self::Ticket(level) => format!("level-{level:02}/ticket"),
            Self::Continued(level) => format!("level-{level:02}/continued"),
            Self::Reinit { level, draw } => format!("level-{level:02}/reinit-{draw}"),
            Self::Random { level, draw } => format!("level-{level:02}/random-{draw}"),
            Self::Shuffled { level, draw } => format!("level-{level:02}/shuffled-{draw}"),
            Self::Copy(level) => format!("level-{level:02}/copy"),
            Self::OneShot { place, .. } => format!("one-shot-{}", place + 1),
        }
    }

    /// In a line of progress.
    fn name(self) -> String {
        match self {
            Self::Rewind => "to the rewind".to_owned(),
            Self::Ticket(0) => "dense".to_owned(),
            Self::Ticket(level) => format!("level {level}"),
            Self::Continued(level) => format!("level {level}, continued"),
            Self::Reinit { level, .. } => format!("level {level}, reinit"),
            Self::Random { level, .. } => format!("level {level}, random mask"),
            Self::Shuffled { level, .. } => format!("level {level}, shuffled mask"),
            Self::Copy(level) => format!("level {level}, copy"),
            Self::OneShot { rate, .. } => format!("one-shot {}", 100.0 * rate),
        }
    }
}

impl Task {
    /// Where its outcome is kept in the run's folder.
    pub(crate) fn place(&self) -> String {
        format!("replicate-{}/{}", self.replicate, self.kind.place())
    }

    /// In a line of progress and on its receipt.
    pub(crate) fn name(&self) -> String {
        format!("replicate {}, {}", self.replicate, self.kind.name())
    }

    /// Rounds that led to it.
    pub(crate) fn level(&self) -> usize {
        match self.kind {
            Kind::Rewind => 0,
            Kind::OneShot { .. } => 1,
            Kind::Ticket(level) | Kind::Continued(level) | Kind::Copy(level) => level,
            Kind::Reinit { level, .. } | Kind::Random { level, .. } | Kind::Shuffled { level, .. } => level,
        }
    }

    /// Whether it is a ticket, or one once more.
    pub(crate) fn is_ticket(&self) -> bool {
        matches!(self.kind, Kind::Ticket(_) | Kind::Copy(_) | Kind::OneShot { .. })
    }

    /// What it costs, in minibatches of the dense network: what a step takes falls with what is left, but not to nothing.
    pub(crate) fn cost(&self) -> f64 {
        const LEAST: f64 = 0.06;
        self.steps as f64 * (LEAST + (1.0 - LEAST) * self.density)
    }
}

/// The tasks of `spec`, each after those that it stands on; `densities` are those of the levels.
pub(crate) fn tasks(spec: &LotterySpec, densities: &[f64]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for replicate in 1..=spec.replicates {
        of_replicate(spec, replicate, densities, &mut tasks);
    }
    tasks
}

fn of_replicate(spec: &LotterySpec, replicate: u32, densities: &[f64], tasks: &mut Vec<Task>) {
    let rewind = spec.pruning.rewind;
    let mut push = |kind: Kind, after: After, steps: u64, density: f64| {
        tasks.push(Task { replicate, kind, after, steps, density });
        tasks.len() - 1
    };
    let gives_back_weights = rewind > 0 && spec.pruning.rewound == Rewound::Weights;
    let rewound = gives_back_weights.then(|| push(Kind::Rewind, After::default(), rewind, 1.0));
    let dense = push(Kind::Ticket(0), After::default(), spec.steps, 1.0);
    let mut ranked = dense;
    for (level, &density) in densities.iter().enumerate().skip(1) {
        let after = After { ranked: Some(ranked), rewound };
        let steps = spec.steps - rewind;
        let ticket = push(Kind::Ticket(level), after, steps, density);
        if spec.controls.levels.contains(&level) {
            for draw in 1..=spec.controls.reinit {
                push(Kind::Reinit { level, draw }, After { rewound: None, ..after }, spec.steps, density);
            }
            for draw in 1..=spec.controls.random {
                push(Kind::Random { level, draw }, after, steps, density);
            }
            for draw in 1..=spec.controls.shuffled {
                push(Kind::Shuffled { level, draw }, after, steps, density);
            }
            if spec.controls.copies {
                push(Kind::Copy(level), after, steps, density);
            }
        }
        ranked = match spec.pruning.strategy {
            Strategy::Reset => ticket,
            Strategy::Continue if level + 1 < densities.len() => {
                push(Kind::Continued(level), after, steps, density)
            }
            Strategy::Continue => ticket,
        };
    }
    for (place, &rate) in spec.controls.one_shot.iter().enumerate() {
        let after = After { ranked: Some(dense), rewound };
        push(Kind::OneShot { place, rate }, after, spec.steps - rewind, 1.0 - rate);
    }
}
