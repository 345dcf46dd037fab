//! How sure a mean over seeds is, and what that says about a claim.

use lessen_records::study::Holds;

/// A mean over seeds with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) mean: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    /// `None` for fewer than two numbers: one seed says nothing about how sure it is.
    pub(crate) fn of(numbers: &[f64]) -> Option<Self> {
        let count = numbers.len() as f64;
        let quantile = student(numbers.len().checked_sub(1)?)?;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let half = quantile * (variance / count).sqrt();
        Some(Self { mean, low: mean - half, high: mean + half })
    }

    /// Whether it is no more than `bound`.
    pub(crate) fn at_most(&self, bound: f64) -> Holds {
        if self.high <= bound {
            Holds::Yes
        } else if self.low > bound {
            Holds::No
        } else {
            Holds::NotShown
        }
    }

    /// Whether it is more than `bound`.
    pub(crate) fn above(&self, bound: f64) -> Holds {
        if self.low > bound {
            Holds::Yes
        } else if self.high <= bound {
            Holds::No
        } else {
            Holds::NotShown
        }
    }

    /// Whether it is from `low` to `high`.
    pub(crate) fn within(&self, low: f64, high: f64) -> Holds {
        if self.low >= low && self.high <= high {
            Holds::Yes
        } else if self.high < low || self.low > high {
            Holds::No
        } else {
            Holds::NotShown
        }
    }
}

/// 97.5 % quantile of Student's distribution by degrees of freedom; from 31 on the normal's, corrected to first
/// order. `None` for no degree of freedom.
fn student(degrees: usize) -> Option<f64> {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
        2.045, 2.042,
    ];
    match degrees {
        0 => None,
        1..=30 => Some(TABLE[degrees - 1]),
        _ => Some(1.96 + 2.372 / degrees as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_by_hand() {
        // Mean 2, variance 1, n 3: half width 4.303 / sqrt(3).
        let interval = Interval::of(&[1.0, 2.0, 3.0]).unwrap();
        assert!((interval.mean - 2.0).abs() < 1e-12);
        assert!((interval.high - 2.0 - 4.303 / 3f64.sqrt()).abs() < 1e-9);
        assert_eq!(Interval::of(&[1.0]), None);
        assert_eq!(Interval::of(&[]), None);
    }

    #[test]
    fn a_claim_holds_only_where_the_whole_interval_says_so() {
        let interval = |low, high| Interval { mean: 0.5 * (low + high), low, high };
        assert_eq!(interval(0.5, 1.9).at_most(2.0), Holds::Yes);
        assert_eq!(interval(0.5, 2.1).at_most(2.0), Holds::NotShown);
        assert_eq!(interval(2.2, 3.0).at_most(2.0), Holds::No);
        assert_eq!(interval(0.1, 3.0).above(0.0), Holds::Yes);
        assert_eq!(interval(-0.1, 3.0).above(0.0), Holds::NotShown);
        assert_eq!(interval(-3.0, -0.1).above(0.0), Holds::No);
        assert_eq!(interval(1.0, 2.0).within(1.0, 2.5), Holds::Yes);
        assert_eq!(interval(0.9, 2.0).within(1.0, 2.5), Holds::NotShown);
        assert_eq!(interval(0.5, 0.9).within(1.0, 2.5), Holds::No);
    }
}
