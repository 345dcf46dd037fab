//! The learners that make a teacher: many kinds, each with several settings (Caruana et al. 2004, section 3); [`plan`]
//! sizes them to a problem, [`plan_within`] to what may be spent on it as well.

mod within;

use lessen_data::Task;
use serde::{Deserialize, Serialize};

pub use within::plan_within;

use crate::bayes::BayesKind;
use crate::learner::Learner;
use crate::neighbours::Weighting;

use crate::trees::FeatureShare;
use crate::{BayesSpec, BoostingSpec, ForestSpec, NeighboursSpec, NetSpec, SvmKernel, SvmSpec};

/// A library for a problem of some size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LibraryPlan {
    /// What to fit, slow learners first, so that they do not run alone in the end.
    pub learners: Vec<Learner>,
    /// What was cut because the problem is large, in plain sentences.
    pub cut: Vec<String>,
}

/// How large a problem is, and what that allows.
struct Size {
    rows: usize,
    width: usize,
}

/// Rows a pair of classes may have in a support vector machine: its kernel matrix is held as a whole.
const SVM_ROWS: usize = 3_000;

/// Entries (rows x features) above which a library is cut.
const LARGE: usize = 4_000_000;

/// The library for `rows` training rows of `width` encoded features and so many classes; `None` where the target is a
/// number.
pub fn plan(rows: usize, width: usize, classes: impl Into<Option<usize>>) -> LibraryPlan {
    let size = Size { rows, width };
    let classes = classes.into();
    let task = if classes.is_some() { Task::Classification } else { Task::Regression };
    let mut cut = Vec::new();
    if size.is_large() {
        let few = match task {
            Task::Classification => "of the nearest neighbours and of the support vector machines",
            Task::Regression => "of the nearest neighbours",
        };
        cut.push(format!(
            "forests have 60 trees, boosting 20 rounds, and there are two {few}: there are many rows and columns"
        ));
    }
    if classes.is_some_and(|classes| 2 * rows / classes.max(1) > SVM_ROWS) {
        cut.push(svm_sentence(SVM_ROWS));
    }
    let learners = [size.boosting(), size.nets(), size.svms(), size.forests(), size.neighbours(), bayes()];
    let learners = learners.into_iter().flatten().filter(|learner| learner.supports(task)).collect();
    LibraryPlan { learners, cut }
}

const SVM_SENTENCE: &str = "support vector machines see at most";

fn svm_sentence(rows: usize) -> String {
    format!("{SVM_SENTENCE} {rows} rows of each pair of classes")
}

impl Size {
    fn is_large(&self) -> bool {
        self.rows * self.width > LARGE
    }

    fn boosting(&self) -> Vec<Learner> {
        let rounds = if self.is_large() { 20 } else { 80 };
        let boosting = |rounds, max_depth, learning_rate| {
            Learner::Boosting(BoostingSpec {
                rounds,
                max_depth,
                learning_rate,
                min_leaf: 2,
                l2: 1.0,
                row_share: 0.8,
                feature_share: 0.5,
                rows_limit: None,
            })
        };
        let mut learners =
            vec![boosting(rounds, 5, 0.15), boosting(rounds, 3, 0.2), boosting(2 * rounds, 1, 0.3)];
        if !self.is_large() {
            learners.insert(0, boosting(rounds / 2, 4, 0.3));
        }
        learners
    }

    /// Wide nets too, where they can be afforded: they are the best single members on digits and letter. (The widest
    /// adds 0.2 points of validation accuracy to the teacher of letter, mean of three seeds.)
    fn nets(&self) -> Vec<Learner> {
        let epochs = match self.rows {
            ..3_000 => 60,
            3_000..20_000 => 40,
            _ => 10,
        };
        let net = |hidden: &[usize], weight_decay, smoothing| {
            let batch = if self.rows > 20_000 { 128 } else { 64 };
            Learner::Net(NetSpec {
                hidden: hidden.to_vec(),
                epochs,
                batch,
                rate: 0.002,
                weight_decay,
                smoothing,
            })
        };
        let mut learners = vec![
            net(&[512, 256], 0.01, 0.02),
            net(&[256, 256], 0.1, 0.02),
            net(&[512], 0.01, 0.02),
            net(&[256], 0.1, 0.02),
            net(&[128], 0.01, 0.02),
            net(&[64, 64], 0.01, 0.02),
            net(&[32], 0.01, 0.02),
            net(&[], 0.001, 0.0),
            net(&[], 0.1, 0.0),
        ];
        if self.is_large() {
            learners.extend([net(&[300, 100], 0.01, 0.02), net(&[128, 64], 0.01, 0.02)]);
        } else {
            learners.insert(0, net(&[512, 512], 0.1, 0.02));
            learners.insert(0, net(&[1024, 512], 0.1, 0.02));
        }
        learners
    }

    fn svms(&self) -> Vec<Learner> {
        let svm = |kernel, c| Learner::Svm(SvmSpec { kernel, c, rows_limit: SVM_ROWS });
        let rbf = |gamma, c| svm(SvmKernel::Rbf { gamma }, c);
        let polynomial = |degree, c| svm(SvmKernel::Polynomial { degree, gamma: 1.0, coef0: 1.0 }, c);
        if self.is_large() {
            return vec![rbf(2.0, 10.0), polynomial(3, 1.0)];
        }
        vec![
            rbf(0.5, 10.0),
            rbf(1.0, 10.0),
            rbf(2.0, 1.0),
            rbf(2.0, 10.0),
            rbf(4.0, 10.0),
            polynomial(3, 1.0),
        ]
    }

    /// Each keeps all training rows, in memory and in its file: few where that is much.
    fn neighbours(&self) -> Vec<Learner> {
        let of = |k, weighting| Learner::Neighbours(NeighboursSpec { k, weighting });
        let mut learners = vec![of(3, Weighting::Uniform), of(5, Weighting::Distance)];
        if !self.is_large() {
            learners.extend([1, 9, 17, 31].map(|k| of(k, Weighting::Distance)));
        }
        learners
    }

    fn forests(&self) -> Vec<Learner> {
        let many = if self.is_large() { 60 } else { 200 };
        let forest = |trees, max_depth, min_leaf, features, bootstrap, random_thresholds| {
            Learner::Forest(ForestSpec {
                trees,
                max_depth,
                min_leaf,
                features,
                bootstrap,
                random_thresholds,
                rows_limit: None,
            })
        };
        let deep = None;
        let mut learners = vec![
            forest(many, deep, 1, FeatureShare::Sqrt, true, false),
            forest(many, deep, 1, FeatureShare::Share(0.3), true, false),
            forest(many, deep, 1, FeatureShare::Sqrt, false, true),
            forest(many, deep, 1, FeatureShare::Share(0.5), false, true),
            forest(1, deep, 1, FeatureShare::All, false, false),
            forest(1, Some(8), 4, FeatureShare::All, false, false),
            forest(1, Some(5), 8, FeatureShare::All, false, false),
        ];
        if self.is_large() {
            learners.push(forest(many, Some(16), 1, FeatureShare::Sqrt, true, false));
            learners.push(forest(1, Some(12), 2, FeatureShare::All, false, false));
        } else {
            learners.insert(0, forest(50, deep, 1, FeatureShare::All, true, false));
            learners.push(forest(many, Some(12), 3, FeatureShare::Sqrt, true, false));
        }
        learners
    }
}

fn bayes() -> Vec<Learner> {
    let of = |kind| Learner::Bayes(BayesSpec { kind });
    vec![of(BayesKind::Gaussian), of(BayesKind::Histogram { bins: 5 }), of(BayesKind::Histogram { bins: 12 })]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_library_has_thirty_members_of_six_kinds_with_names_of_their_own() {
        for (rows, width, classes) in [(1_077, 64, 10), (12_000, 16, 26), (55_000, 784, 10), (29_848, 105, 2)]
        {
            let plan = plan(rows, width, classes);
            let names: BTreeSet<String> = plan.learners.iter().map(Learner::name).collect();
            let kinds: BTreeSet<&str> = plan.learners.iter().map(Learner::kind).collect();
            assert_eq!(names.len(), plan.learners.len(), "names of {plan:?}");
            assert!(names.len() >= 30, "{} members", names.len());
            assert!(kinds.len() >= 8, "{kinds:?}");
        }
    }

    #[test]
    fn what_is_cut_is_said() {
        assert_eq!(plan(1_077, 64, 10).cut, [""; 0]);
        assert_eq!(plan(55_000, 784, 10).cut.len(), 2);
        assert_eq!(plan(29_848, 20, 2).cut.len(), 1);
    }
}
