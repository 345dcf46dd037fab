//! Which network to ship.

use serde::{Deserialize, Serialize};

/// A network that might be shipped, as validation sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Multiply-accumulates with weights that are not zero: what is to be least.
    pub macs_nonzero: u64,
    /// Size of its file: decides between equal arithmetic.
    pub file_bytes: u64,
    /// For each validation row, whether it is right.
    pub right: Vec<bool>,
}

/// The candidate that was chosen, and whether the rule could be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its place among the candidates.
    pub place: usize,
    /// Whether its drop, doubt included, is within what was allowed; `false` marks the least bad candidate.
    pub within: bool,
}

/// How many standard errors of the drop are added to it before it is held against what is allowed.
///
/// One is the rule of Breiman et al. 1984 (section 3.4.3), turned to the safe side: validation rows are few, and
/// the smallest of several sizes that pass a noisy test tends to have passed by luck.
pub const STANDARD_ERRORS: f64 = 1.0;

/// The candidate with the fewest nonzero MACs (ties: bytes, then order) whose drop in accuracy against the
/// teacher on the validation rows, plus [`STANDARD_ERRORS`], is at most `max_drop_points` (percentage points).
/// Where none is, the one whose drop with its doubt is least, and `within` is false. `None` without candidates.
pub fn choose(teacher_right: &[bool], candidates: &[Candidate], max_drop_points: f64) -> Option<Choice> {
    let doubtful_drop = |candidate: &Candidate| {
        let (drop, error) = drop_points(teacher_right, &candidate.right);
        drop + STANDARD_ERRORS * error
    };
    let within = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| doubtful_drop(candidate) <= max_drop_points)
        .min_by_key(|(place, candidate)| (candidate.macs_nonzero, candidate.file_bytes, *place));
    if let Some((place, _)) = within {
        return Some(Choice { place, within: true });
    }
    candidates
        .iter()
        .enumerate()
        .min_by(|(_, a), (_, b)| doubtful_drop(a).total_cmp(&doubtful_drop(b)))
        .map(|(place, _)| Choice { place, within: false })
}

/// How much worse than the teacher, in percentage points of accuracy, and the standard error of that.
///
/// The two see the same rows, so only rows on which one is right and the other wrong speak: with `b` rows that only
/// the teacher gets right and `c` that only the other does, the drop is `(b - c) / n` and its variance
/// `(b + c - (b - c)^2 / n) / n^2` (McNemar's table). One half is added to each of `b` and `c` for the variance
/// alone: no disagreement on a few rows does not prove that there is none.
pub fn drop_points(teacher_right: &[bool], right: &[bool]) -> (f64, f64) {
    let pairs = || teacher_right.iter().zip(right);
    let only_teacher = pairs().filter(|(teacher, other)| **teacher && !**other).count() as f64;
    let only_other = pairs().filter(|(teacher, other)| !**teacher && **other).count() as f64;
    let rows = (teacher_right.len() as f64).max(1.0);
    let difference = only_teacher - only_other;
    let variance = (only_teacher + only_other + 1.0 - difference * difference / rows) / (rows * rows);
    (100.0 * difference / rows, 100.0 * variance.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 rows; the first `wrong` are wrong.
    fn right(wrong: usize) -> Vec<bool> {
        (0..100).map(|row| row >= wrong).collect()
    }

    fn candidate(macs_nonzero: u64, wrong: usize) -> Candidate {
        Candidate { macs_nonzero, file_bytes: 1, right: right(wrong) }
    }

    #[test]
    fn the_drop_counts_disagreements_only() {
        // Teacher wrong on 2 rows, the other on the same 2 and 3 more: b = 3, c = 0, n = 100:
        // drop 3, variance (3 + 0 + 1 - 9 / 100) / 10,000.
        let (drop, error) = drop_points(&right(2), &right(5));
        assert!((drop - 3.0).abs() < 1e-12);
        assert!((error - 100.0 * (3.91f64 / 10_000.0).sqrt()).abs() < 1e-12);
        let (drop, error) = drop_points(&right(2), &right(2));
        assert_eq!((drop, error), (0.0, 1.0), "no disagreement still leaves doubt");
    }

    #[test]
    fn the_cheapest_within_the_drop_is_chosen_doubt_included() {
        let candidates = [candidate(10, 9), candidate(20, 4), candidate(30, 2), candidate(40, 2)];
        // Drops 7, 2, 0, 0 with errors 2.7, 1.7, 1, 1.
        assert_eq!(choose(&right(2), &candidates, 1.0), Some(Choice { place: 2, within: true }));
        assert_eq!(choose(&right(2), &candidates, 3.0), Some(Choice { place: 2, within: true }));
        assert_eq!(choose(&right(2), &candidates, 3.8), Some(Choice { place: 1, within: true }));
        assert_eq!(choose(&right(2), &candidates, 10.0), Some(Choice { place: 0, within: true }));
    }

    #[test]
    fn bytes_decide_between_equal_arithmetic() {
        let mut candidates = [candidate(10, 2), candidate(10, 2)];
        candidates[0].file_bytes = 5;
        assert_eq!(choose(&right(2), &candidates, 1.0), Some(Choice { place: 1, within: true }));
    }

    #[test]
    fn the_least_bad_is_marked_where_none_is_good_enough() {
        let candidates = [candidate(10, 9), candidate(20, 6)];
        assert_eq!(choose(&right(2), &candidates, 1.0), Some(Choice { place: 1, within: false }));
        assert_eq!(choose(&right(2), &[], 1.0), None);
    }
}
