//! The dual problem of a two-class machine, by sequential minimal optimisation.
//!
//! Coefficients carry their class's sign, `z_k = y_k alpha_k`, so that the problem is: `z_k` in `[0, limit]` for
//! the class at +1 and in `[-limit, 0]` for the one at -1, a sum of zero, and the largest
//! `sum y_k z_k - z' K z / 2`. Its slope at `z_k` is the residual `y_k - sum_l z_l K_kl`. At the solution
//! there is a bias with all residuals of rows that may still rise at or below it, and all of rows that may still
//! fall at or above it.

/// Rows of two classes with all kernel values between them.
pub(super) struct Problem<'a> {
    /// `[rows][rows]`, symmetrical.
    pub(super) kernel: &'a [f32],
    /// +1 or -1 for each row.
    pub(super) signs: &'a [f64],
    /// The largest alpha of each row, C in most: a row at 0 takes no part, yet gets its residual.
    pub(super) limits: &'a [f64],
}

/// What [`Problem::solve`] found.
pub(super) struct Solution {
    /// `y_k alpha_k`.
    pub(super) coefficients: Vec<f64>,
    /// Added to the sum over kernel values to make a decision value.
    pub(super) bias: f64,
    /// The decision value of each row.
    pub(super) decisions: Vec<f64>,
}

/// How far above the bias' own bound a residual may be at the end: LIBSVM's tolerance.
const TOLERANCE: f64 = 1e-3;

/// Steps a row before the search ends where it is. Feasible then too, only less exact; a problem that is scaled
/// sensibly takes a few steps a row.
const STEPS_PER_ROW: usize = 100;

/// Takes the place of a curvature that is not above zero, as two equal rows have.
const SMALLEST_CURVATURE: f64 = 1e-12;

impl Problem<'_> {
    /// Two coefficients at a time, chosen by the slope and the curvature (Fan, Chen & Lin 2005, WSS 2), until no
    /// pair breaks the optimality conditions by more than [`TOLERANCE`].
    pub(super) fn solve(&self) -> Solution {
        let mut search = Search::new(self);
        for _ in 0..STEPS_PER_ROW * self.signs.len() {
            let Some((rising, falling)) = search.pair() else { break };
            search.step(rising, falling);
        }
        let bias = search.bias();
        let decision = |(sign, residual): (&f64, &f64)| sign - residual + bias;
        let decisions = self.signs.iter().zip(&search.residuals).map(decision).collect();
        Solution { coefficients: search.coefficients, bias, decisions }
    }

    fn row(&self, row: usize) -> &[f32] {
        let rows = self.signs.len();
        &self.kernel[row * rows..][..rows]
    }

    /// The range of a row's coefficient.
    fn range(&self, row: usize) -> (f64, f64) {
        let limit = self.limits[row];
        if self.signs[row] > 0.0 { (0.0, limit) } else { (-limit, 0.0) }
    }
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    diagonal: Vec<f64>,
    coefficients: Vec<f64>,
    residuals: Vec<f64>,
    /// 0 where a coefficient may rise, negative infinite elsewhere: added to a residual it takes the row out of
    /// a search for the largest without a branch.
    may_rise: Vec<f64>,
    /// 0 where a coefficient may fall, infinite elsewhere.
    may_fall: Vec<f64>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem<'a>) -> Self {
        let rows = problem.signs.len();
        let mut search = Self {
            problem,
            diagonal: (0..rows).map(|row| f64::from(problem.kernel[row * rows + row])).collect(),
            coefficients: vec![0.0; rows],
            residuals: problem.signs.to_vec(),
            may_rise: vec![0.0; rows],
            may_fall: vec![0.0; rows],
        };
        (0..rows).for_each(|row| search.note_room(row));
        search
    }

    fn note_room(&mut self, row: usize) {
        let (least, most) = self.problem.range(row);
        let coefficient = self.coefficients[row];
        self.may_rise[row] = if coefficient < most { 0.0 } else { f64::NEG_INFINITY };
        self.may_fall[row] = if coefficient > least { 0.0 } else { f64::INFINITY };
    }

    /// The row with the largest residual among those that may rise.
    fn highest(&self) -> Option<(usize, f64)> {
        let mut highest = (None, f64::NEG_INFINITY);
        for (row, (residual, may_rise)) in self.residuals.iter().zip(&self.may_rise).enumerate() {
            if residual + may_rise > highest.1 {
                highest = (Some(row), residual + may_rise);
            }
        }
        highest.0.map(|row| (row, highest.1))
    }

    /// The row that is to rise: the largest residual. The one that is to fall: the largest gain `slope^2 / (2
    /// curvature)` of the objective, were there no limits. `None` at the solution.
    fn pair(&self) -> Option<(usize, usize)> {
        let (rising, highest) = self.highest()?;
        let values = self.problem.row(rising);
        let own = self.diagonal[rising];
        let (mut largest_slope, mut best) = (0f64, None);
        // Gains are compared crosswise, which spares a division a row.
        let (mut best_square, mut best_curvature) = (0f64, 1f64);
        let rows = self.residuals.iter().zip(&self.may_fall).zip(values.iter().zip(&self.diagonal));
        for (row, ((residual, may_fall), (&value, other))) in rows.enumerate() {
            let slope = highest - (residual + may_fall);
            if slope > 0.0 {
                largest_slope = largest_slope.max(slope);
                let curvature = (own + other - 2.0 * f64::from(value)).max(SMALLEST_CURVATURE);
                if slope * slope * best_curvature > best_square * curvature {
                    (best_square, best_curvature, best) = (slope * slope, curvature, Some(row));
                }
            }
        }
        if largest_slope < TOLERANCE { None } else { best.map(|falling| (rising, falling)) }
    }

    /// Moves weight from one coefficient to the other: to the best point on that line, or to the first limit.
    fn step(&mut self, rising: usize, falling: usize) {
        let (risen, fallen) = (self.problem.row(rising), self.problem.row(falling));
        let curvature = self.diagonal[rising] + self.diagonal[falling] - 2.0 * f64::from(risen[falling]);
        let slope = self.residuals[rising] - self.residuals[falling];
        let (_, most) = self.problem.range(rising);
        let (least, _) = self.problem.range(falling);
        let room_above = most - self.coefficients[rising];
        let room_below = self.coefficients[falling] - least;
        let length = (slope / curvature.max(SMALLEST_CURVATURE)).min(room_above).min(room_below);
        // At a limit exactly: rounding must not leave a rest that may still rise or fall.
        let at = |coefficient: f64, room: f64, limit: f64| if length >= room { limit } else { coefficient };
        self.coefficients[rising] = at(self.coefficients[rising] + length, room_above, most);
        self.coefficients[falling] = at(self.coefficients[falling] - length, room_below, least);
        for (residual, (&risen, &fallen)) in self.residuals.iter_mut().zip(risen.iter().zip(fallen)) {
            *residual -= length * f64::from(risen - fallen);
        }
        self.note_room(rising);
        self.note_room(falling);
    }

    /// The mean residual of rows between their limits, where it must equal the bias; without such rows the middle
    /// of what the conditions allow, and with one class alone that class's sign.
    fn bias(&self) -> f64 {
        let (mut sum, mut free) = (0.0, 0u32);
        let (mut at_least, mut at_most) = (f64::NEG_INFINITY, f64::INFINITY);
        for (row, &residual) in self.residuals.iter().enumerate() {
            let (rises, falls) = (self.may_rise[row] == 0.0, self.may_fall[row] == 0.0);
            if rises && falls {
                sum += residual;
                free += 1;
            }
            if rises {
                at_least = at_least.max(residual);
            }
            if falls {
                at_most = at_most.min(residual);
            }
        }
        match (at_least.is_finite(), at_most.is_finite()) {
            _ if free > 0 => sum / f64::from(free),
            (true, true) => f64::midpoint(at_least, at_most),
            (true, false) => at_least,
            (false, true) => at_most,
            (false, false) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::random;
    use proptest::prelude::*;
    use rand::RngExt;

    use super::*;

    fn solve(kernel: &[f32], signs: &[f64], limit: f64) -> Solution {
        Problem { kernel, signs, limits: &vec![limit; signs.len()] }.solve()
    }

    /// `x_i x_j` of numbers.
    fn linear(points: &[f32]) -> Vec<f32> {
        points.iter().flat_map(|x| points.iter().map(move |y| x * y)).collect()
    }

    fn check(found: &Solution, coefficients: &[f64], bias: f64, decisions: &[f64]) {
        let near = |found: &[f64], expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-3, "{found}, expected {expected}");
            }
        };
        near(&found.coefficients, coefficients);
        near(&[found.bias], &[bias]);
        near(&found.decisions, decisions);
    }

    #[test]
    fn two_points_are_solved_as_by_hand() {
        let signs = [1.0, -1.0];
        // f(x) = x: the margin is 1 at both.
        check(&solve(&linear(&[1.0, -1.0]), &signs, 10.0), &[0.5, -0.5], 0.0, &[1.0, -1.0]);
        // f(x) = x - 1.
        check(&solve(&linear(&[2.0, 0.0]), &signs, 10.0), &[0.5, -0.5], -1.0, &[1.0, -1.0]);
        // Half as much weight as wanted: f(x) = x / 2.
        check(&solve(&linear(&[1.0, -1.0]), &signs, 0.25), &[0.25, -0.25], 0.0, &[0.5, -0.5]);
        // One place for both classes: nothing can be told.
        check(&solve(&linear(&[1.0, 1.0]), &signs, 2.0), &[2.0, -2.0], 0.0, &[0.0, 0.0]);
    }

    #[test]
    fn four_points_are_solved_as_by_hand() {
        // The outer two are beyond the margin.
        let found = solve(&linear(&[2.0, 1.0, -1.0, -2.0]), &[1.0, 1.0, -1.0, -1.0], 10.0);
        check(&found, &[0.0, 0.5, -0.5, 0.0], 0.0, &[2.0, 1.0, -1.0, -2.0]);
        // Exclusive or with the kernel (1 + x.y)^2: 9 of a corner with itself, 1 with all others. By symmetry all
        // alphas are one a, and 4 a - 16 a^2 is largest at 1/8.
        let kernel: Vec<f32> = (0..16).map(|entry| if entry % 5 == 0 { 9.0 } else { 1.0 }).collect();
        let found = solve(&kernel, &[1.0, -1.0, 1.0, -1.0], 10.0);
        check(&found, &[0.125, -0.125, 0.125, -0.125], 0.0, &[1.0, -1.0, 1.0, -1.0]);
    }

    #[test]
    fn a_row_without_weight_gets_the_decision_of_the_others() {
        let (kernel, signs) = (linear(&[1.0, -1.0, 5.0]), [1.0, -1.0, -1.0]);
        let found = Problem { kernel: &kernel, signs: &signs, limits: &[10.0, 10.0, 0.0] }.solve();
        check(&found, &[0.5, -0.5, 0.0], 0.0, &[1.0, -1.0, 5.0]);
    }

    #[test]
    fn one_class_alone_is_decided_for() {
        for sign in [1.0, -1.0] {
            let found = solve(&linear(&[1.0, 2.0]), &[sign, sign], 1.0);
            check(&found, &[0.0, 0.0], sign, &[sign, sign]);
        }
    }

    proptest! {
        /// Karush, Kuhn and Tucker: feasible, and `y f(x)` at or above 1 where alpha is 0, at or below where it is C, 1
        /// between.
        #[test]
        fn what_is_found_is_the_optimum(rows in 2usize..30, limit in 0.05f64..20.0, spread in 0.1f64..3.0, seed: u64) {
            let mut random = random::stream(seed, "test svm");
            let signs: Vec<f64> = (0..rows).map(|row| if row % 3 == 0 { 1.0 } else { -1.0 }).collect();
            let points: Vec<[f64; 2]> = signs
                .iter()
                .map(|sign| [0.5 * sign + spread * random.random_range(-1.0..1.0), random.random_range(-1.0..1.0)])
                .collect();
            let rbf = |x: &[f64; 2], y: &[f64; 2]| (-(x[0] - y[0]).powi(2) - (x[1] - y[1]).powi(2)).exp() as f32;
            let kernel: Vec<f32> = points.iter().flat_map(|x| points.iter().map(move |y| rbf(x, y))).collect();
            let found = solve(&kernel, &signs, limit);
            prop_assert!(found.coefficients.iter().sum::<f64>().abs() < 1e-9);
            for row in 0..rows {
                let values = kernel[row * rows..][..rows].iter().zip(&found.coefficients);
                let decision = found.bias + values.map(|(&value, weight)| f64::from(value) * weight).sum::<f64>();
                prop_assert!((decision - found.decisions[row]).abs() < 1e-4);
                let (alpha, margin) = (signs[row] * found.coefficients[row], signs[row] * decision);
                prop_assert!((0.0..=limit).contains(&alpha));
                prop_assert!(alpha > 0.0 || margin >= 1.0 - TOLERANCE, "alpha 0, margin {}", margin);
                prop_assert!(alpha < limit || margin <= 1.0 + TOLERANCE, "alpha C, margin {}", margin);
                let free = alpha > 0.0 && alpha < limit;
                prop_assert!(!free || (margin - 1.0).abs() <= TOLERANCE, "free, margin {}", margin);
            }
        }
    }
}
