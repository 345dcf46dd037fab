//! A library cut to what may be spent on it.

use std::collections::BTreeMap;

use super::{LibraryPlan, SVM_ROWS, plan};
use crate::cost::ProblemSize;
use crate::learner::Learner;

/// Shares that trees, rounds and epochs are cut to, one after the other; never below the floors.
const SHARES: [f64; 5] = [0.75, 0.5, 0.35, 0.25, 0.0];

/// Fewest trees of a forest that is cut.
const LEAST_TREES: usize = 30;

/// Fewest rounds of boosting that is cut.
const LEAST_ROUNDS: usize = 10;

/// Share of a net's epochs that stays at least.
const LEAST_EPOCHS: f64 = 0.5;

/// Rows of a pair of classes that support vector machines are cut to.
const SVM_LIMITS: [usize; 3] = [2_000, 1_000, 500];

/// Fewest rows that forests and boosting are cut to, halving what there is.
const LEAST_ROWS: usize = 2_000;

/// Of each of these kinds the cheapest member stays, whatever it costs.
const KEPT: [&str; 4] = ["random forest", "neural net", "logistic regression", "linear regression"];

/// The library for a problem of this size, cut until fitting it and asking about the validation rows is expected to take
/// at most `cpu_seconds` on the reference machine, one thread after the other: first fewer trees, rounds and epochs, then
/// fewer rows for support vector machines, for boosting and for forests, then fewer members, the dearest first. Of each
/// kind one stays as long as that fits; a forest, a net and logistic (linear) regression stay in any case. More seconds
/// never give fewer members.
pub fn plan_within(size: &ProblemSize, cpu_seconds: f64) -> LibraryPlan {
    let whole = plan(size.rows, size.width, size.classes);
    let fits = |learners: &[Learner]| cost(learners, size) <= cpu_seconds;
    let mut learners = whole.learners.clone();
    let mut trim = Trim::default();
    for next in trims(size.rows) {
        if fits(&learners) {
            break;
        }
        trim = next;
        learners = whole.learners.iter().map(|learner| trim.apply(learner, size.rows)).collect();
    }
    let mut dropped = Vec::new();
    while !fits(&learners)
        && let Some(place) = dearest(&learners, size)
    {
        dropped.push(learners.remove(place).name_for(size.task()));
    }
    let mut cut = whole.cut;
    trim.tell(&learners, size, cpu_seconds, &mut cut);
    if !dropped.is_empty() {
        cut.push(format!("left out, the dearest of many first: {}", dropped.join("; ")));
    }
    if !fits(&learners) {
        let expected = cost(&learners, size);
        cut.push(format!(
            "even so the library is expected to take {expected:.1} CPU seconds, more than {cpu_seconds:.1}"
        ));
    }
    LibraryPlan { learners, cut }
}

impl LibraryPlan {
    /// CPU seconds that fitting all members and asking each about the validation rows is expected to take on the reference
    /// machine.
    pub fn cpu_seconds(&self, size: &ProblemSize) -> f64 {
        cost(&self.learners, size)
    }

    /// CPU seconds that an answer of all members together is expected to take on the reference machine, a row of many; a
    /// search for neighbours, which the members share, counts once.
    pub fn seconds_per_row(&self, size: &ProblemSize) -> f64 {
        let mut search: f64 = 0.0;
        let mut others = 0.0;
        for learner in &self.learners {
            let seconds = learner.predict_cost_per_row(size);
            match learner {
                Learner::Neighbours(_) => search = search.max(seconds),
                _ => others += seconds,
            }
        }
        search + others
    }
}

fn cost(learners: &[Learner], size: &ProblemSize) -> f64 {
    learners.iter().map(|learner| learner.fit_cost(size).total()).sum()
}

/// The member to do without next: the dearest of a kind that has others, or else the dearest that is not kept.
fn dearest(learners: &[Learner], size: &ProblemSize) -> Option<usize> {
    let kind = |learner: &Learner| learner.kind_for(size.task());
    let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for learner in learners {
        *of_kind.entry(kind(learner)).or_default() += 1;
    }
    let dearest_of = |may_go: &dyn Fn(&str) -> bool| {
        let costs = learners.iter().map(|learner| learner.fit_cost(size).total());
        let costs = costs.enumerate().filter(|(place, _)| may_go(kind(&learners[*place])));
        costs.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place)
    };
    dearest_of(&|kind| of_kind[kind] > 1).or_else(|| dearest_of(&|kind| !KEPT.contains(&kind)))
}

/// How far the members themselves are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Trim {
    /// Of trees, rounds and epochs.
    share: f64,
    svm_rows: usize,
    tree_rows: Option<usize>,
}

impl Default for Trim {
    fn default() -> Self {
        Self { share: 1.0, svm_rows: SVM_ROWS, tree_rows: None }
    }
}

/// From the gentlest on, each with all of those before.
fn trims(rows: usize) -> Vec<Trim> {
    let mut trim = Trim::default();
    let mut trims = Vec::new();
    let mut push = |trim: Trim| trims.push(trim);
    for share in SHARES {
        trim.share = share;
        push(trim);
    }
    for svm_rows in SVM_LIMITS {
        trim.svm_rows = svm_rows;
        push(trim);
    }
    let halves = std::iter::successors(Some(rows / 2), |rows| Some(rows / 2));
    for tree_rows in halves.take_while(|rows| *rows >= LEAST_ROWS) {
        trim.tree_rows = Some(tree_rows);
        push(trim);
    }
    trims
}

impl Trim {
    fn apply(&self, learner: &Learner, rows: usize) -> Learner {
        let share = |all: usize, least: usize| {
            let kept = (all as f64 * self.share).round() as usize;
            kept.max(least).min(all)
        };
        let rows_limit = self.tree_rows.filter(|limit| *limit < rows);
        let mut learner = learner.clone();
        match &mut learner {
            // A single tree is cheap, and none without its rows.
            Learner::Forest(spec) if spec.trees > 1 => {
                (spec.trees, spec.rows_limit) = (share(spec.trees, LEAST_TREES), rows_limit);
            }
            Learner::Boosting(spec) => {
                (spec.rounds, spec.rows_limit) = (share(spec.rounds, LEAST_ROUNDS), rows_limit);
            }
            Learner::Net(spec) => {
                let least = (spec.epochs as f64 * LEAST_EPOCHS).ceil() as usize;
                spec.epochs = share(spec.epochs as usize, least) as u64;
            }
            Learner::Svm(spec) => spec.rows_limit = spec.rows_limit.min(self.svm_rows),
            Learner::Forest(_) | Learner::Neighbours(_) | Learner::Bayes(_) => {}
        }
        learner
    }

    /// Says what was cut, in sentences about the members that are left.
    fn tell(&self, learners: &[Learner], size: &ProblemSize, cpu_seconds: f64, cut: &mut Vec<String>) {
        if self.share < 1.0 {
            let most = |of: &dyn Fn(&Learner) -> Option<u64>| learners.iter().filter_map(of).max();
            let counts = [
                (
                    "forests",
                    "trees",
                    most(&|learner| match learner {
                        Learner::Forest(spec) => Some(spec.trees as u64),
                        _ => None,
                    }),
                ),
                (
                    "boosting",
                    "rounds",
                    most(&|learner| match learner {
                        Learner::Boosting(spec) => Some(spec.rounds as u64),
                        _ => None,
                    }),
                ),
                (
                    "nets",
                    "epochs",
                    most(&|learner| match learner {
                        Learner::Net(spec) => Some(spec.epochs),
                        _ => None,
                    }),
                ),
            ];
            let counts = counts
                .iter()
                .filter_map(|(who, what, most)| Some(format!("{who} at most {} {what}", (*most)?)));
            let counts: Vec<String> = counts.collect();
            cut.push(format!("to take at most {cpu_seconds:.1} CPU seconds: {}", counts.join(", ")));
        }
        if self.svm_rows < SVM_ROWS {
            cut.retain(|sentence| !sentence.starts_with(super::SVM_SENTENCE));
            let in_pair = size.classes.map_or(0, |classes| 2 * size.rows / classes.max(1));
            let are_left = learners.iter().any(|learner| matches!(learner, Learner::Svm(_)));
            if are_left && in_pair > self.svm_rows {
                cut.push(super::svm_sentence(self.svm_rows));
            }
        }
        if let Some(rows) = self.tree_rows {
            cut.push(format!("boosting and forests learn from {rows} of {} training rows", size.rows));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_search_that_members_share_counts_once() {
        let size = ProblemSize { rows: 10_000, width: 20, classes: Some(3), validation_rows: 1000 };
        let of = |k| Learner::Neighbours(crate::NeighboursSpec { k, weighting: crate::Weighting::Uniform });
        let seconds = |ks: &[usize]| {
            let learners = ks.iter().map(|&k| of(k)).collect();
            LibraryPlan { learners, cut: Vec::new() }.seconds_per_row(&size)
        };
        assert!(seconds(&[1]) > 0.0);
        assert_eq!(seconds(&[1, 3, 5]), seconds(&[1]));
        let mut both = plan(10_000, 20, 3);
        let all = both.seconds_per_row(&size);
        both.learners.retain(|learner| !matches!(learner, Learner::Neighbours(_)));
        assert!((all - both.seconds_per_row(&size) - seconds(&[1])).abs() < 1e-12);
    }

    const MNIST: ProblemSize =
        ProblemSize { rows: 55_000, width: 784, classes: Some(10), validation_rows: 5_000 };

    fn kinds(plan: &LibraryPlan, size: &ProblemSize) -> BTreeSet<&'static str> {
        plan.learners.iter().map(|learner| learner.kind_for(size.task())).collect()
    }

    #[test]
    fn without_a_bound_the_plan_is_the_whole_library() {
        for (rows, width, classes) in [(1_077, 64, Some(10)), (55_000, 784, Some(10)), (20_000, 8, None)] {
            let size = ProblemSize { rows, width, classes, validation_rows: rows / 3 };
            assert_eq!(plan_within(&size, f64::INFINITY), plan(rows, width, classes));
            let just = plan(rows, width, classes).cpu_seconds(&size);
            assert_eq!(plan_within(&size, just), plan(rows, width, classes));
        }
    }

    #[test]
    fn with_nothing_to_spend_a_forest_a_net_and_a_regression_are_left() {
        for (classes, regression) in [(Some(10), "logistic regression"), (None, "linear regression")] {
            let size = ProblemSize { classes, ..MNIST };
            for budget in [0.0, -1.0, f64::NAN] {
                let least = plan_within(&size, budget);
                assert_eq!(least.learners.len(), 3);
                assert_eq!(kinds(&least, &size), BTreeSet::from(["random forest", "neural net", regression]));
                assert!(least.cut.last().unwrap().starts_with("even so"), "{:?}", least.cut);
            }
        }
    }

    #[test]
    fn cuts_come_in_their_order_and_are_said() {
        let whole = plan(MNIST.rows, MNIST.width, MNIST.classes);
        let all = whole.cpu_seconds(&MNIST);
        let gentle = plan_within(&MNIST, 0.9 * all);
        assert_eq!(gentle.learners.len(), whole.learners.len());
        let said = |plan: &LibraryPlan, what: &str| plan.cut.iter().any(|sentence| sentence.contains(what));
        assert!(said(&gentle, "forests at most ") && !said(&gentle, "left out"), "{:?}", gentle.cut);
        let hard = plan_within(&MNIST, 60.0);
        for what in [
            "forests at most 30 trees, boosting at most 10 rounds, nets at most 5 epochs",
            "support vector machines see at most 500 rows of each pair of classes",
            "boosting and forests learn from 3437 of 55000 training rows",
        ] {
            assert!(said(&hard, what), "{what}: {:?}", hard.cut);
        }
        assert_eq!(hard.cut.iter().filter(|sentence| sentence.contains("see at most")).count(), 1);
        assert_eq!(kinds(&hard, &MNIST), kinds(&whole, &MNIST), "of each kind one, while that fits");
    }

    fn sizes() -> impl Strategy<Value = ProblemSize> {
        let classes = prop_oneof![Just(None), (2usize..40).prop_map(Some)];
        (20usize..200_000, 1usize..2_000, classes, 0usize..50_000).prop_map(
            |(rows, width, classes, validation_rows)| ProblemSize { rows, width, classes, validation_rows },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_plan_stays_within_or_is_the_least_and_more_seconds_give_no_fewer_members(
            size in sizes(),
            exponents in prop::array::uniform2(-2.0f64..5.0),
        ) {
            let mut budgets = exponents.map(|exponent| 10f64.powf(exponent));
            budgets.sort_by(f64::total_cmp);
            let least = plan_within(&size, 0.0);
            let plans = budgets.map(|budget| plan_within(&size, budget));
            for (plan, budget) in plans.iter().zip(budgets) {
                prop_assert!(plan.cpu_seconds(&size) <= budget || plan.learners == least.learners);
                let names: BTreeSet<String> =
                    plan.learners.iter().map(|learner| learner.name_for(size.task())).collect();
                prop_assert_eq!(names.len(), plan.learners.len(), "names are still of their own");
                prop_assert!(kinds(&least, &size).is_subset(&kinds(plan, &size)));
            }
            prop_assert!(plans[0].learners.len() <= plans[1].learners.len());
            prop_assert_eq!(plan_within(&size, budgets[0]), plans[0].clone(), "the same again");
        }
    }
}
