//! One optimiser step over one tensor, in one pass.

use lessen_model::Mask;

use crate::recipe::Optimiser;

/// What an optimiser remembers of one tensor; zero wherever the weight is masked.
pub(crate) struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

/// What is the same for all tensors of a step.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) optimiser: Optimiser,
    /// The schedule's factor.
    pub(crate) factor: f32,
    /// Steps taken, this one included.
    pub(crate) number: u64,
}

impl Moments {
    pub(crate) fn new(optimiser: Optimiser, length: usize) -> Self {
        let second = match optimiser {
            Optimiser::Adam { .. } => vec![0.0; length],
            Optimiser::Sgd { .. } => Vec::new(),
        };
        Self { first: vec![0.0; length], second }
    }

    /// What is remembered of one entry: one number or, for Adam, two.
    #[cfg(test)]
    pub(crate) fn at(&self, index: usize) -> impl Iterator<Item = f32> + '_ {
        [&self.first, &self.second].into_iter().filter_map(move |moments| moments.get(index).copied())
    }

    /// Moves `values` against `gradient`; `decay` is the share of a value taken away, times the learning rate.
    /// Where `mask` says that a weight is gone, its gradient is set to 0 first: then nothing moves or is remembered,
    /// as value and moments are 0 there already.
    pub(crate) fn apply(
        &mut self,
        step: Step,
        decay: f32,
        mask: Option<&Mask>,
        values: &mut [f32],
        gradient: &mut [f32],
    ) {
        if let Some(mask) = mask {
            for (index, gradient) in gradient.iter_mut().enumerate() {
                if !mask.has(index) {
                    *gradient = 0.0;
                }
            }
        }
        match step.optimiser {
            Optimiser::Adam { rate, beta1, beta2, epsilon } => {
                let power = i32::try_from(step.number).unwrap_or(i32::MAX);
                let first_bias = 1.0 - f64::from(beta1).powi(power);
                let second_bias = 1.0 - f64::from(beta2).powi(power);
                let rate = rate * step.factor;
                let settings = Adam {
                    keep: 1.0 - rate * decay,
                    rate: (f64::from(rate) / first_bias) as f32,
                    root_bias: (1.0 / second_bias.sqrt()) as f32,
                    beta1,
                    beta2,
                    epsilon,
                };
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || settings.apply(values, gradient, &mut self.first, &mut self.second),
                );
            }
            Optimiser::Sgd { rate, momentum } => {
                let rate = rate * step.factor;
                let keep = 1.0 - rate * decay;
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for ((value, gradient), first) in
                            values.iter_mut().zip(&*gradient).zip(&mut self.first)
                        {
                            *first = momentum * *first + gradient;
                            *value = *value * keep - rate * *first;
                        }
                    },
                );
            }
        }
    }
}

/// Adam with its bias corrections put into the step's numbers.
#[derive(Clone, Copy)]
struct Adam {
    keep: f32,
    rate: f32,
    root_bias: f32,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
}

impl Adam {
    #[inline(always)]
    fn apply(self, values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        for (((value, gradient), first), second) in values.iter_mut().zip(gradient).zip(first).zip(second) {
            *first = self.beta1 * *first + (1.0 - self.beta1) * gradient;
            *second = self.beta2 * *second + (1.0 - self.beta2) * gradient * gradient;
            let root = second.sqrt() * self.root_bias + self.epsilon;
            *value = *value * self.keep - self.rate * *first / root;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(optimiser: Optimiser, number: u64) -> Step {
        Step { optimiser, factor: 1.0, number }
    }

    #[test]
    fn two_steps_of_adam_by_hand() {
        let adam = Optimiser::Adam { rate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1e-8 };
        let mut moments = Moments::new(adam, 1);
        let mut value = [1.0];
        // m = 1, v = 1, corrected 2 and 4: step 0.1 * 2 / 2.
        moments.apply(step(adam, 1), 0.0, None, &mut value, &mut [2.0]);
        assert!((value[0] - 0.9).abs() < 1e-6, "{value:?}");
        // m = 0.5 - 0.5 = 0, so nothing moves; v = 0.75 + 0.25.
        moments.apply(step(adam, 2), 0.0, None, &mut value, &mut [-1.0]);
        assert!((value[0] - 0.9).abs() < 1e-6, "{value:?}");
        assert_eq!(moments.at(0).collect::<Vec<_>>(), [0.0, 1.0]);
    }

    #[test]
    fn two_steps_of_momentum_with_decay_by_hand() {
        let sgd = Optimiser::Sgd { rate: 0.5, momentum: 0.5 };
        let mut moments = Moments::new(sgd, 1);
        let mut value = [1.0];
        // keep = 1 - 0.5 * 0.2 = 0.9; v = 1: 0.9 - 0.5.
        moments.apply(step(sgd, 1), 0.2, None, &mut value, &mut [1.0]);
        assert!((value[0] - 0.4).abs() < 1e-6);
        // v = 0.5 + 1: 0.36 - 0.75.
        moments.apply(step(sgd, 2), 0.2, None, &mut value, &mut [1.0]);
        assert!((value[0] + 0.39).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_moved_or_remembered_under_a_mask() {
        let mut mask = Mask::full(2);
        mask.shrink(|index| index == 1);
        for optimiser in [Optimiser::adam(0.1), Optimiser::Sgd { rate: 0.1, momentum: 0.9 }] {
            let mut moments = Moments::new(optimiser, 2);
            let mut values = [0.0, 1.0];
            for number in 1..5 {
                moments.apply(step(optimiser, number), 0.01, Some(&mask), &mut values, &mut [3.0, 3.0]);
            }
            assert_eq!(values[0], 0.0);
            assert!(moments.at(0).all(|moment| moment == 0.0) && moments.at(1).all(|moment| moment > 0.0));
            assert!(values[1] < 1.0);
        }
    }
}
