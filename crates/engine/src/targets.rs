//! What a network is to learn.

use lessen_data::Answer;

/// What a network is to learn, for all rows of its features.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// The true class, one a row.
    Labels(&'a [u32]),
    /// Class probabilities, `[rows][classes]` row-major.
    Soft(&'a [f32]),
    /// A teacher's class probabilities at a temperature, and true classes where they are known.
    Taught(Taught<'a>),
    /// A teacher's logits, `[rows][classes]` row-major, of which the network's own, before its softmax, are made by squared
    /// error (Ba & Caruana 2014; what Hinton, Vinyals & Dean 2014, section 2.1, find a high temperature to come to).
    Logits(&'a [f32]),
    /// Class probabilities, `[rows][classes]` row-major, of which the network's are made by squared error through the softmax
    /// (Bucila, Caruana & Niculescu-Mizil 2006).
    Probabilities(&'a [f32]),
    /// A number, one a row: learned by squared error.
    Values(&'a [f32]),
    /// Several at once: the loss is the sum of theirs times these weights, each at least 0.
    Weighted(&'a [(f32, Targets<'a>)]),
}

/// Soft targets at a temperature beside hard ones (Hinton, Vinyals & Dean 2014, section 2).
#[derive(Clone, Copy, Debug)]
pub struct Taught<'a> {
    /// The teacher's class probabilities at the temperature ([`soften`]), `[rows][classes]` row-major.
    pub soft: &'a [f32],
    /// The true class, one a row; [`NO_LABEL`] where it is not known.
    pub labels: &'a [u32],
    /// How the two are weighed.
    pub blend: Blend,
}

/// How soft and hard targets are weighed: the loss of a row is `soft T^2 C_soft + hard C_hard`, where `C_soft` is the
/// cross-entropy of the teacher's probabilities at temperature `T` with the network's at the same, and `C_hard` that of
/// the true class with the network's at temperature 1. `T^2` keeps the balance of the two gradients as `T` changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blend {
    /// `T`, above 0.
    pub temperature: f32,
    /// Weight of the soft targets, at least 0.
    pub soft: f32,
    /// Weight of the hard targets, at least 0.
    pub hard: f32,
}

/// In the place of a label that is not known.
pub const NO_LABEL: u32 = u32::MAX;

/// Probabilities are kept this far from 0 before a logarithm is taken.
const SMALLEST: f32 = 1e-7;

/// Class probabilities, `[rows][classes]`, made in place what they are at `temperature`: `p_i^(1/T) / sum_j p_j^(1/T)`, which
/// is the softmax of the logits over `T`. Probabilities below 1e-7 count as that: what has no logit has none at any
/// temperature.
pub fn soften(probabilities: &mut [f32], classes: usize, temperature: f32) {
    for row in probabilities.chunks_exact_mut(classes.max(1)) {
        let largest = row.iter().copied().fold(SMALLEST, f32::max);
        row.iter_mut().for_each(|p| *p = ((p.max(SMALLEST) / largest).ln() / temperature).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
}

impl Targets<'_> {
    /// The number of entries of the first that a network with this answer cannot learn from `rows` rows: they are of another
    /// kind, or too few or too many. `None` where all fit.
    pub(crate) fn misfit(&self, answer: &Answer, rows: usize) -> Option<usize> {
        let is_value = matches!(answer, Answer::Value(_));
        let outputs = answer.outputs();
        let unless = |fits: bool, found: usize| (!fits).then_some(found);
        match self {
            Self::Labels(labels) => unless(!is_value && labels.len() == rows, labels.len()),
            Self::Soft(wanted) | Self::Logits(wanted) | Self::Probabilities(wanted) => {
                unless(!is_value && Some(wanted.len()) == rows.checked_mul(outputs), wanted.len())
            }
            Self::Taught(Taught { soft, labels, .. }) => {
                Self::Soft(soft).misfit(answer, rows).or_else(|| Self::Labels(labels).misfit(answer, rows))
            }
            Self::Values(values) => unless(is_value && values.len() == rows, values.len()),
            Self::Weighted(parts) => parts.iter().find_map(|(_, part)| part.misfit(answer, rows)),
        }
    }

    /// What is wrong with the target of `row`, which must be there.
    pub(crate) fn problem(&self, row: u32, classes: usize) -> Option<String> {
        match self {
            Self::Labels(labels) => label_problem(labels[row as usize], classes),
            Self::Soft(soft) | Self::Probabilities(soft) => soft_problem(soft, row, classes),
            Self::Logits(logits) => {
                let logits = &logits[row as usize * classes..][..classes];
                let is_finite = logits.iter().all(|logit| logit.is_finite());
                (!is_finite).then(|| format!("logits {logits:?}, expected finite numbers"))
            }
            Self::Taught(Taught { soft, labels, .. }) => {
                let label = Some(labels[row as usize]).filter(|&label| label != NO_LABEL);
                soft_problem(soft, row, classes).or_else(|| label_problem(label?, classes))
            }
            Self::Values(values) => {
                let value = values[row as usize];
                (!value.is_finite()).then(|| format!("value {value}, expected a finite number"))
            }
            Self::Weighted(parts) => parts.iter().find_map(|(_, part)| part.problem(row, classes)),
        }
    }

    /// What is wrong with the weights of a sum or of a blend.
    pub(crate) fn weight_problem(&self) -> Option<String> {
        let is_weight = |weight: f32| weight >= 0.0 && weight.is_finite();
        match self {
            Self::Taught(Taught { blend, .. }) => {
                let Blend { temperature, soft, hard } = *blend;
                let fits = temperature > 0.0 && temperature.is_finite() && is_weight(soft) && is_weight(hard);
                (!fits)
                    .then(|| format!("{blend:?}, expected a temperature above 0 and weights of at least 0"))
            }
            Self::Weighted([]) => Some("no weight, expected at least one".into()),
            Self::Weighted(parts) => parts.iter().find_map(|(weight, part)| {
                let problem = || format!("{weight}, expected weights of at least 0");
                (!is_weight(*weight)).then(problem).or_else(|| part.weight_problem())
            }),
            _ => None,
        }
    }
}

fn label_problem(label: u32, classes: usize) -> Option<String> {
    (label as usize >= classes).then(|| format!("label {label}, expected less than {classes}"))
}

fn soft_problem(soft: &[f32], row: u32, classes: usize) -> Option<String> {
    let target = &soft[row as usize * classes..][..classes];
    let sum: f32 = target.iter().sum();
    // Written so that NaN is refused too.
    let fits = target.iter().all(|&share| share >= 0.0) && (sum - 1.0).abs() <= SUM_TOLERANCE;
    (!fits).then(|| format!("soft target {target:?}, expected probabilities that sum to 1"))
}

/// How far probabilities that were rounded, or printed with few digits, may be from a sum of 1.
const SUM_TOLERANCE: f32 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softened_probabilities_by_hand() {
        // Odds 9 to 1 at temperature 2 are 3 to 1; at 1 they stay.
        for (temperature, expected) in [(2.0, [0.75, 0.25]), (1.0, [0.9, 0.1])] {
            let mut found = [0.9, 0.1];
            soften(&mut found, 2, temperature);
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        }
        let mut certain = [1.0, 0.0];
        soften(&mut certain, 2, 1e6);
        assert!((certain[0] - 0.5).abs() < 1e-4, "{certain:?}");
    }

    #[test]
    fn targets_that_are_none_are_found() {
        assert_eq!(Targets::Labels(&[0, 2]).problem(0, 2), None);
        assert_eq!(Targets::Labels(&[0, 2]).problem(1, 2).unwrap(), "label 2, expected less than 2");
        let soft = [0.5, 0.5, 0.3334, 0.6667, 1.5, -0.5, f32::NAN, 1.0, 0.5, 0.4, f32::INFINITY, 0.0];
        let refused: Vec<u32> =
            (0..6).filter(|&row| Targets::Soft(&soft).problem(row, 2).is_some()).collect();
        assert_eq!(refused, [2, 3, 4, 5]);
        let values = Targets::Values(&[1.0, f32::NAN]);
        assert_eq!(values.problem(0, 1), None);
        assert_eq!(values.problem(1, 1).unwrap(), "value NaN, expected a finite number");
    }

    #[test]
    fn each_part_of_a_sum_is_looked_at() {
        let logits = [1.0, 2.0, f32::INFINITY, 0.0];
        assert_eq!(Targets::Logits(&logits).problem(0, 2), None);
        let problem = Targets::Logits(&logits).problem(1, 2).unwrap();
        assert_eq!(problem, "logits [inf, 0.0], expected finite numbers");
        assert!(Targets::Probabilities(&[0.5, 0.6]).problem(0, 2).is_some());

        let classes = Answer::Classes(vec!["a".into(), "b".into()]);
        let labels = Targets::Labels(&[0, 1]);
        let problems = |parts: &[(f32, Targets<'_>)]| {
            let sum = Targets::Weighted(parts);
            (sum.weight_problem(), sum.misfit(&classes, 2), sum.problem(1, 2))
        };
        assert_eq!(problems(&[(1.0, labels), (0.0, Targets::Logits(&[0.0; 4]))]), (None, None, None));
        assert_eq!(problems(&[]).0.unwrap(), "no weight, expected at least one");
        let nested = [(1.0, labels), (-1.0, labels)];
        let refused = problems(&[(1.0, labels), (1.0, Targets::Weighted(&nested))]).0.unwrap();
        assert_eq!(refused, "-1, expected weights of at least 0");
        assert!(problems(&[(f32::NAN, labels)]).0.is_some());
        assert_eq!(problems(&[(1.0, labels), (1.0, Targets::Logits(&[0.0; 5]))]).1, Some(5));
        assert_eq!(problems(&[(1.0, labels), (1.0, Targets::Values(&[0.0; 2]))]).1, Some(2));
        assert_eq!(problems(&[(1.0, labels), (0.5, Targets::Logits(&logits))]).2.unwrap(), problem);
    }

    #[test]
    fn taught_targets_need_both_halves_and_sound_weights() {
        let taught = |labels, blend| Targets::Taught(Taught { soft: &[0.5, 0.5, 1.0, 0.0], labels, blend });
        let blend = Blend { temperature: 2.0, soft: 1.0, hard: 0.5 };
        let classes = Answer::Classes(vec!["a".into(), "b".into()]);
        assert_eq!(taught(&[1, NO_LABEL], blend).misfit(&classes, 2), None);
        assert_eq!(taught(&[1], blend).misfit(&classes, 2), Some(1));
        assert_eq!(taught(&[1, NO_LABEL], blend).problem(1, 2), None);
        assert_eq!(taught(&[2, 0], blend).problem(0, 2).unwrap(), "label 2, expected less than 2");
        assert_eq!(taught(&[0, 0], blend).weight_problem(), None);
        for (temperature, soft, hard) in [(0.0, 1.0, 1.0), (f32::NAN, 1.0, 1.0), (1.0, -1.0, 1.0)] {
            let blend = Blend { temperature, soft, hard };
            assert!(taught(&[0, 0], blend).weight_problem().is_some(), "{blend:?}");
        }
    }
}
