//! Ensemble selection (Caruana, Niculescu-Mizil, Crew & Ksikes, ICML 2004).

use lessen_data::random;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::truth::Truth;

/// Settings of ensemble selection.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `metric` | RMSE | what is climbed on the validation rows |
/// | `bags` | 20 | selections from random parts of the library, added up (section 2.3 of the paper) |
/// | `fraction` | 0.5 | share of the library in each bag |
/// | `largest_start` | 25 | most models that the sorted start may take (section 2.2: 5 to 25) |
/// | `steps` | 40 | models added one at a time after the start; the best prefix is kept |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelectionSpec {
    /// What is climbed on the validation rows.
    pub metric: Metric,
    /// Number of selections that are added up.
    pub bags: usize,
    /// Share of the library in each bag, in (0, 1].
    pub fraction: f64,
    /// Most models that the sorted start may take.
    pub largest_start: usize,
    /// Models added one at a time after the start.
    pub steps: usize,
}

impl Default for SelectionSpec {
    fn default() -> Self {
        Self { metric: Metric::Rmse, bags: 20, fraction: 0.5, largest_start: 25, steps: 40 }
    }
}

/// What the library's members say of the validation rows.
pub struct HillClimbSet<'a> {
    /// A member's answers, `[rows][outputs]` row-major, for each member.
    pub predictions: &'a [Vec<f32>],
    /// What is true of the rows.
    pub truth: &'a Truth,
}

/// How often each member was chosen: its weight in the mean. Deterministic for a seed, on any number of threads.
///
/// In each bag of members the models are ranked by themselves; the prefix of the ranking whose mean is best
/// starts the ensemble; then, again and again, the model that helps most is added (with replacement: one may
/// be added twice). The ensemble is cut back to its best state. Ties go to the member that comes first.
pub fn select(set: &HillClimbSet<'_>, spec: &SelectionSpec, seed: u64) -> Vec<u32> {
    let scores: Vec<f64> = set.predictions.iter().map(|member| set.score(spec.metric, member, 1)).collect();
    let climb = |bag: usize| {
        let members = draw_bag(set.predictions.len(), spec.fraction, seed, bag);
        climb(set, spec, &scores, members)
    };
    let chosen: Vec<Vec<usize>> = (0..spec.bags.max(1)).into_par_iter().map(climb).collect();
    let mut weights = vec![0; set.predictions.len()];
    for member in chosen.into_iter().flatten() {
        weights[member] += 1;
    }
    weights
}

impl HillClimbSet<'_> {
    /// The score of a mean of `count` models whose answers add up to `sum`.
    fn score(&self, metric: Metric, sum: &[f32], count: usize) -> f64 {
        let score = self.truth.score(metric, sum, 1.0 / count as f32);
        // A model that says nothing usable must not be ranked first, as NaN would be.
        if score.is_nan() { f64::NEG_INFINITY } else { score }
    }
}

/// A random part of the library, in the library's order; all of it for a fraction of 1.
fn draw_bag(members: usize, fraction: f64, seed: u64, bag: usize) -> Vec<usize> {
    let size = ((members as f64 * fraction).round() as usize).clamp(1, members.max(1));
    let mut bag_members: Vec<usize> = (0..members).collect();
    if size < members {
        bag_members.shuffle(&mut random::stream(seed, &format!("selection bag {bag}")));
        bag_members.truncate(size);
        bag_members.sort_unstable();
    }
    bag_members
}

/// One hill climb; the models of the best ensemble on the way, in the order in which they were added.
fn climb(set: &HillClimbSet<'_>, spec: &SelectionSpec, scores: &[f64], members: Vec<usize>) -> Vec<usize> {
    let mut ranked = members.clone();
    ranked.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    ranked.truncate(spec.largest_start.max(1));

    let mut ensemble =
        Climb { sum: vec![0.0; set.truth.rows() * set.truth.outputs()], chosen: Vec::new(), best: None };
    for &member in &ranked {
        ensemble.add(set, spec.metric, member);
    }
    ensemble.cut_to_best(set);

    let mut trial = ensemble.sum.clone();
    for _ in 0..spec.steps {
        let Some(member) = ensemble.most_helpful(set, spec.metric, &members, &mut trial) else { break };
        ensemble.add(set, spec.metric, member);
    }
    ensemble.cut_to_best(set);
    ensemble.chosen
}

/// An ensemble on its way up.
struct Climb {
    /// Sum of the chosen models' answers.
    sum: Vec<f32>,
    chosen: Vec<usize>,
    /// The best score so far and the length of `chosen` that had it.
    best: Option<(f64, usize)>,
}

impl Climb {
    fn add(&mut self, set: &HillClimbSet<'_>, metric: Metric, member: usize) {
        for (sum, p) in self.sum.iter_mut().zip(&set.predictions[member]) {
            *sum += p;
        }
        self.chosen.push(member);
        let score = set.score(metric, &self.sum, self.chosen.len());
        if self.best.is_none_or(|(best, _)| score > best) {
            self.best = Some((score, self.chosen.len()));
        }
    }

    /// The member whose addition scores best, and `trial` is scratch of the sum's length.
    fn most_helpful(
        &self,
        set: &HillClimbSet<'_>,
        metric: Metric,
        members: &[usize],
        trial: &mut [f32],
    ) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for &member in members {
            for ((trial, sum), p) in trial.iter_mut().zip(&self.sum).zip(&set.predictions[member]) {
                *trial = sum + p;
            }
            let score = set.score(metric, trial, self.chosen.len() + 1);
            if best.is_none_or(|(best, _)| score > best) {
                best = Some((score, member));
            }
        }
        best.map(|(_, member)| member)
    }

    fn cut_to_best(&mut self, set: &HillClimbSet<'_>) {
        let Some((_, length)) = self.best else { return };
        self.chosen.truncate(length);
        self.sum.fill(0.0);
        for &member in &self.chosen {
            for (sum, p) in self.sum.iter_mut().zip(&set.predictions[member]) {
                *sum += p;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_bag(metric: Metric, largest_start: usize, steps: usize) -> SelectionSpec {
        SelectionSpec { metric, bags: 1, fraction: 1.0, largest_start, steps }
    }

    /// Two rows of two classes, both of class 0; a member says `p` of class 0 for each row.
    fn members(of_class_0: &[[f32; 2]]) -> Vec<Vec<f32>> {
        of_class_0.iter().map(|&[first, second]| vec![first, 1.0 - first, second, 1.0 - second]).collect()
    }

    fn weights(predictions: &[Vec<f32>], spec: &SelectionSpec) -> Vec<u32> {
        let truth = Truth::Classes { labels: vec![0, 0], classes: 2 };
        select(&HillClimbSet { predictions, truth: &truth }, spec, 1)
    }

    #[test]
    fn members_that_mend_each_other_are_chosen_together() {
        // Alone: A misses by (0.0, 0.8), B by (0.8, 0.0), C by (0.5, 0.5) on the two rows. Squared error over rows:
        // A 0.64, B 0.64, C 0.50. C starts. C+A: ((.5+0)/2, (.5+.8)/2) = (.25, .65), 0.485; C+B the same, later:
        // A is added. C+A+B: (1.3/3, 1.3/3), 0.3756. C+A+B+A: (.325, .525), 0.3813; +B (.525, .325), the same;
        // +C: (.45, .45), 0.405. The climb goes on with A: then + B = (2.1/5, 2.1/5) = .42^2 * 2 = 0.3528, the best
        // within five models.
        let predictions = members(&[[1.0, 0.2], [0.2, 1.0], [0.5, 0.5]]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 1, 0)), [0, 0, 1]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 1, 1)), [1, 0, 1]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 1, 2)), [1, 1, 1]);
        // One more step makes it worse: the best prefix is kept.
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 1, 3)), [1, 1, 1]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 1, 4)), [2, 2, 1]);
    }

    #[test]
    fn the_sorted_start_takes_the_best_prefix_of_the_ranking() {
        // Ranking: A (0.02), B (0.32), C (0.72 by squared errors of both rows). A alone is best.
        let predictions = members(&[[0.9, 0.9], [0.6, 0.6], [0.4, 0.4]]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 3, 0)), [1, 0, 0]);
        // A and B mend each other: their mean misses by (0.3, 0.3), 0.18 against 0.36 alone;
        // with C by (1.4/3, 1.4/3), 0.44.
        let predictions = members(&[[1.0, 0.4], [0.4, 1.0], [0.2, 0.2]]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 3, 0)), [1, 1, 0]);
    }

    #[test]
    fn a_model_may_be_chosen_twice() {
        // A misses by (0, 0.3), B by (0.6, 0): 2A + B misses by (0.2, 0.2), better than any single or pair.
        let predictions = members(&[[1.0, 0.7], [0.4, 1.0]]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Rmse, 1, 2)), [2, 1]);
    }

    #[test]
    fn ties_go_to_the_first() {
        let predictions = members(&[[0.3, 0.3], [0.8, 0.8], [0.8, 0.8]]);
        assert_eq!(weights(&predictions, &one_bag(Metric::Accuracy, 1, 0)), [0, 1, 0]);
    }

    proptest! {
        #[test]
        fn a_bagless_selection_is_at_least_as_good_as_its_best_member(
            rows in proptest::collection::vec(proptest::collection::vec(0.0f32..=1.0, 6), 1..8),
            labels in proptest::collection::vec(0u32..2, 6),
        ) {
            let predictions: Vec<Vec<f32>> =
                rows.iter().map(|row| row.iter().flat_map(|&p| [p, 1.0 - p]).collect()).collect();
            let truth = Truth::Classes { labels, classes: 2 };
            let set = HillClimbSet { predictions: &predictions, truth: &truth };
            for metric in [Metric::Rmse, Metric::Accuracy, Metric::LogLoss] {
                let weights = select(&set, &one_bag(metric, 3, 6), 7);
                let mut sum = vec![0.0; 12];
                for (member, &weight) in predictions.iter().zip(&weights) {
                    sum.iter_mut().zip(member).for_each(|(sum, p)| *sum += weight as f32 * p);
                }
                let total: u32 = weights.iter().sum();
                let best = predictions.iter().map(|p| set.score(metric, p, 1)).fold(f64::MIN, f64::max);
                prop_assert!(set.score(metric, &sum, total as usize) >= best - 1e-6);
            }
        }

        #[test]
        fn the_same_seed_selects_the_same_on_any_number_of_threads(seed in 0u64..1000) {
            let mut random = random::stream(seed, "test predictions");
            let predictions: Vec<Vec<f32>> = (0..9)
                .map(|_| (0..20).flat_map(|_| { let p: f32 = rand::RngExt::random(&mut random); [p, 1.0 - p] }).collect())
                .collect();
            let labels: Vec<u32> = (0..20).map(|row| row % 2).collect();
            let truth = Truth::Classes { labels, classes: 2 };
            let set = HillClimbSet { predictions: &predictions, truth: &truth };
            let spec = SelectionSpec { bags: 5, ..SelectionSpec::default() };
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| select(&set, &spec, seed))
            };
            let weights = on(1);
            prop_assert_eq!(&weights, &on(3));
            prop_assert!(weights.iter().sum::<u32>() >= 5);
        }
    }
}
