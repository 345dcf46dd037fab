//! From a decision value to the probability of the class at +1.

use serde::{Deserialize, Serialize};

/// `1 / (1 + exp(slope * decision + offset))` (Platt 1999); the slope is negative where decisions are any good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sigmoid {
    pub(super) slope: f32,
    pub(super) offset: f32,
}

/// Newton steps at most, and the shortest step that a line search tries.
const STEPS: usize = 100;
const SHORTEST: f64 = 1e-10;

/// Added to the Hessian's diagonal, so that it can be inverted.
const RIDGE: f64 = 1e-12;

/// The fit ends where both slopes of the loss are below this.
const TOLERANCE: f64 = 1e-5;

impl Sigmoid {
    /// The least log-loss over `decisions` of rows that the machine did not see: Newton's method with a backtracking
    /// line search (Lin, Lin & Weng 2007). Targets are drawn in from 0 and 1 by the number of rows, as Platt does,
    /// so that classes that are told apart without fault still get a finite slope.
    pub(super) fn fit(decisions: &[f64], signs: &[f64]) -> Self {
        let positive = signs.iter().filter(|&&sign| sign > 0.0).count() as f64;
        let negative = signs.len() as f64 - positive;
        let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
        let target = |sign: &f64| if *sign > 0.0 { high } else { low };
        let rows: Vec<(f64, f64)> = decisions.iter().copied().zip(signs.iter().map(target)).collect();
        let (mut slope, mut offset) = (0.0, ((negative + 1.0) / (positive + 1.0)).ln());
        let mut loss = log_loss(&rows, slope, offset);
        for _ in 0..STEPS {
            let Some((by_slope, by_offset, descent)) = direction(&rows, slope, offset) else { break };
            let mut length = 1.0;
            while length >= SHORTEST {
                let (new_slope, new_offset) = (slope + length * by_slope, offset + length * by_offset);
                let new_loss = log_loss(&rows, new_slope, new_offset);
                if new_loss < loss + 1e-4 * length * descent {
                    (slope, offset, loss) = (new_slope, new_offset, new_loss);
                    break;
                }
                length /= 2.0;
            }
            if length < SHORTEST {
                break;
            }
        }
        Self { slope: slope as f32, offset: offset as f32 }
    }

    /// The probability of the class at +1; a half where the decision value is no number.
    pub(super) fn probability(self, decision: f32) -> f64 {
        let log_odds = f64::from(self.slope) * f64::from(decision) + f64::from(self.offset);
        let probability = 1.0 / (1.0 + log_odds.exp());
        if probability.is_nan() { 0.5 } else { probability }
    }
}

/// The sum over rows of the cross-entropy between target and sigmoid, written so that nothing overflows.
fn log_loss(rows: &[(f64, f64)], slope: f64, offset: f64) -> f64 {
    let row = |&(decision, target): &(f64, f64)| {
        let log_odds = slope * decision + offset;
        let linear = if log_odds >= 0.0 { target } else { target - 1.0 };
        linear * log_odds + (-log_odds.abs()).exp().ln_1p()
    };
    rows.iter().map(row).sum()
}

/// Newton's step in slope and offset, and the loss's slope along it. `None` where the gradient is small enough.
fn direction(rows: &[(f64, f64)], slope: f64, offset: f64) -> Option<(f64, f64, f64)> {
    let (mut gradient, mut hessian) = ([0.0; 2], [RIDGE, 0.0, RIDGE]);
    for &(decision, target) in rows {
        let log_odds = slope * decision + offset;
        let small = (-log_odds.abs()).exp();
        let (p, q) = (1.0 / (1.0 + small), small / (1.0 + small));
        let probability = if log_odds >= 0.0 { q } else { p };
        let curvature = p * q;
        hessian[0] += decision * decision * curvature;
        hessian[1] += decision * curvature;
        hessian[2] += curvature;
        gradient[0] += decision * (target - probability);
        gradient[1] += target - probability;
    }
    if gradient.iter().all(|slope| slope.abs() < TOLERANCE) {
        return None;
    }
    let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
    let by_slope = -(hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant;
    let by_offset = -(hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant;
    Some((by_slope, by_offset, gradient[0] * by_slope + gradient[1] * by_offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_are_those_worked_out_by_hand() {
        // Decisions of 1 and -1 only: the sigmoid meets the mean target at both.
        let cases: [(&[f64], &[f64], f64, f64); 3] = [
            // Targets 4/5 and 1/5.
            (&[1.0, 1.0, 1.0, -1.0, -1.0, -1.0], &[1.0, 1.0, 1.0, -1.0, -1.0, -1.0], -(4f64.ln()), 0.0),
            // Targets 3/4 and 1/7: slope + offset = -ln 3, offset - slope = ln 6.
            (
                &[1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0],
                &[1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0],
                -(18f64.ln()) / 2.0,
                2f64.ln() / 2.0,
            ),
            // One in four is wrong; targets 5/6 and 1/6 have the mean 2/3 at 1.
            (
                &[1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0],
                &[1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, -1.0],
                -(2f64.ln()),
                0.0,
            ),
        ];
        for (decisions, signs, slope, offset) in cases {
            let found = Sigmoid::fit(decisions, signs);
            let near = |found: f32, expected: f64| (f64::from(found) - expected).abs() < 1e-4;
            assert!(near(found.slope, slope) && near(found.offset, offset), "{found:?}, {slope}, {offset}");
        }
    }

    #[test]
    fn probabilities_rise_with_decisions_and_stay_between_0_and_1() {
        let decisions = [-2.0, -0.5, 0.3, -0.1, 0.8, 3.0];
        let sigmoid = Sigmoid::fit(&decisions, &[-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
        assert!(sigmoid.slope < 0.0);
        let mut last = 0.0;
        for step in -1000..=1000 {
            let probability = sigmoid.probability(step as f32 / 100.0);
            assert!(probability > last && probability < 1.0);
            last = probability;
        }
        assert_eq!(sigmoid.probability(f32::INFINITY), 1.0);
        assert_eq!(sigmoid.probability(f32::NEG_INFINITY), 0.0);
        assert_eq!(sigmoid.probability(f32::NAN), 0.5);
    }

    #[test]
    fn decisions_that_tell_nothing_give_the_share_of_each_class() {
        // Targets 4/5 and 1/3 of 3 and 1 rows: their mean is 41/60.
        let sigmoid = Sigmoid::fit(&[0.0; 4], &[1.0, 1.0, 1.0, -1.0]);
        assert!((sigmoid.probability(0.0) - 41.0 / 60.0).abs() < 1e-4);
    }
}
