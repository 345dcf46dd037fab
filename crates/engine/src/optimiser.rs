//! One optimiser step over entries of a tensor, a register at a time.

use pulp::{Arch, Simd, WithSimd};

use crate::kernels::aligned::Aligned;
use crate::recipe::{Optimiser, Recipe};

/// An entry's value with what the optimiser remembers of it: the value itself where it remembers nothing.
#[derive(Clone, Copy)]
pub(crate) struct Entry<R> {
    pub(crate) value: R,
    pub(crate) first: R,
    pub(crate) second: R,
}

/// How an entry moves against its gradient.
pub(crate) trait Rule: Copy + Send + Sync {
    /// Whether a first moment is remembered.
    const FIRST: bool;
    /// Whether a second one is.
    const SECOND: bool;

    /// The entry after the step.
    fn step<S: Simd>(self, simd: S, gradient: S::f32s, at: Entry<S::f32s>) -> Entry<S::f32s>;
}

/// What is the same for all entries of a tensor in one step.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    rule: AnyRule,
    pulls: Pulls,
}

#[derive(Clone, Copy)]
enum AnyRule {
    Adam(Adam),
    Sgd(Sgd),
    Momentum(Momentum),
}

impl Step {
    /// The step `number` (from 1) of `recipe` for weights, with the learning rate times `factor` and gradients times `clip`.
    pub(crate) fn of_weights(recipe: &Recipe, number: u64, factor: f32, clip: f32) -> Self {
        let decay = recipe.weight_decay;
        let pulls = Pulls { clip, l2: recipe.penalty.l2, l1: recipe.penalty.l1 };
        Self { rule: AnyRule::of(recipe.optimiser, number, factor, decay), pulls }
    }

    /// The same for biases, which nothing pulls to zero.
    pub(crate) fn of_biases(recipe: &Recipe, number: u64, factor: f32, clip: f32) -> Self {
        let pulls = Pulls { clip, l2: 0.0, l1: 0.0 };
        Self { rule: AnyRule::of(recipe.optimiser, number, factor, 0.0), pulls }
    }

    /// Does `work` with the rule, whichever it is.
    pub(crate) fn with<W: WithRule>(self, work: W) -> W::Output {
        match self.rule {
            AnyRule::Adam(rule) => work.with_rule(rule, self.pulls),
            AnyRule::Sgd(rule) => work.with_rule(rule, self.pulls),
            AnyRule::Momentum(rule) => work.with_rule(rule, self.pulls),
        }
    }
}

/// Work that is compiled for each rule.
pub(crate) trait WithRule {
    /// What comes of it.
    type Output;
    /// The work.
    fn with_rule<R: Rule>(self, rule: R, pulls: Pulls) -> Self::Output;
}

/// What is done to a gradient before the rule sees it.
#[derive(Clone, Copy)]
pub(crate) struct Pulls {
    clip: f32,
    l2: f32,
    l1: f32,
}

impl Pulls {
    /// `clip g + l2 w + l1 sign(w)`.
    #[inline(always)]
    pub(crate) fn apply<S: Simd>(self, simd: S, gradient: S::f32s, value: S::f32s) -> S::f32s {
        let mut gradient = gradient;
        if self.clip != 1.0 {
            gradient = simd.mul_f32s(gradient, simd.splat_f32s(self.clip));
        }
        if self.l2 != 0.0 {
            gradient = simd.mul_add_e_f32s(simd.splat_f32s(self.l2), value, gradient);
        }
        if self.l1 != 0.0 {
            let zero = simd.splat_f32s(0.0);
            let up = simd.select_f32s(simd.less_than_f32s(zero, value), simd.splat_f32s(self.l1), zero);
            let down = simd.select_f32s(simd.less_than_f32s(value, zero), simd.splat_f32s(self.l1), zero);
            gradient = simd.sub_f32s(simd.add_f32s(gradient, up), down);
        }
        gradient
    }
}

/// Adam (Kingma & Ba 2015, algorithm 1) with its bias corrections put into the step's numbers, and decoupled decay
/// (Loshchilov & Hutter 2019).
#[derive(Clone, Copy)]
pub(crate) struct Adam {
    keep: f32,
    rate: f32,
    root_bias: f32,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
}

impl Rule for Adam {
    const FIRST: bool = true;
    const SECOND: bool = true;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, gradient: S::f32s, at: Entry<S::f32s>) -> Entry<S::f32s> {
        let number = |number: f32| simd.splat_f32s(number);
        let new = simd.mul_f32s(number(1.0 - self.beta1), gradient);
        let first = simd.mul_add_e_f32s(number(self.beta1), at.first, new);
        let new = simd.mul_f32s(simd.mul_f32s(number(1.0 - self.beta2), gradient), gradient);
        let second = simd.mul_add_e_f32s(number(self.beta2), at.second, new);
        let root = simd.mul_add_e_f32s(simd.sqrt_f32s(second), number(self.root_bias), number(self.epsilon));
        let step = simd.div_f32s(simd.mul_f32s(number(self.rate), first), root);
        let value = simd.sub_f32s(simd.mul_f32s(at.value, number(self.keep)), step);
        Entry { value, first, second }
    }
}

/// `w <- keep w - rate g`.
#[derive(Clone, Copy)]
pub(crate) struct Sgd {
    keep: f32,
    rate: f32,
}

impl Rule for Sgd {
    const FIRST: bool = false;
    const SECOND: bool = false;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, gradient: S::f32s, at: Entry<S::f32s>) -> Entry<S::f32s> {
        let kept = simd.mul_f32s(at.value, simd.splat_f32s(self.keep));
        let value = simd.sub_f32s(kept, simd.mul_f32s(simd.splat_f32s(self.rate), gradient));
        Entry { value, ..at }
    }
}

/// `v <- momentum v + g; w <- keep w - rate v`, or with Nesterov's look ahead `w <- keep w - rate (g + momentum v)`
/// (Sutskever, Martens, Dahl & Hinton 2013, as frameworks write it).
#[derive(Clone, Copy)]
pub(crate) struct Momentum {
    keep: f32,
    rate: f32,
    momentum: f32,
    nesterov: bool,
}

impl Rule for Momentum {
    const FIRST: bool = true;
    const SECOND: bool = false;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, gradient: S::f32s, at: Entry<S::f32s>) -> Entry<S::f32s> {
        let momentum = simd.splat_f32s(self.momentum);
        let first = simd.mul_add_e_f32s(momentum, at.first, gradient);
        let by = if self.nesterov { simd.mul_add_e_f32s(momentum, first, gradient) } else { first };
        let kept = simd.mul_f32s(at.value, simd.splat_f32s(self.keep));
        let value = simd.sub_f32s(kept, simd.mul_f32s(simd.splat_f32s(self.rate), by));
        Entry { value, first, ..at }
    }
}

impl AnyRule {
    fn of(optimiser: Optimiser, number: u64, factor: f32, decay: f32) -> Self {
        match optimiser {
            Optimiser::Adam { rate, beta1, beta2, epsilon } => {
                let power = i32::try_from(number).unwrap_or(i32::MAX);
                let first_bias = 1.0 - f64::from(beta1).powi(power);
                let second_bias = 1.0 - f64::from(beta2).powi(power);
                let rate = rate * factor;
                Self::Adam(Adam {
                    keep: 1.0 - rate * decay,
                    rate: (f64::from(rate) / first_bias) as f32,
                    root_bias: (1.0 / second_bias.sqrt()) as f32,
                    beta1,
                    beta2,
                    epsilon,
                })
            }
            Optimiser::Sgd { rate, momentum, nesterov } => {
                let rate = rate * factor;
                let keep = 1.0 - rate * decay;
                if momentum == 0.0 {
                    Self::Sgd(Sgd { keep, rate })
                } else {
                    Self::Momentum(Momentum { keep, rate, momentum, nesterov })
                }
            }
        }
    }
}

/// The values of a tensor with what the optimiser remembers of each.
#[derive(Clone)]
pub(crate) struct Parameters {
    pub(crate) values: Aligned,
    /// Empty where the optimiser has no first moment, as `second` is where it has no second one.
    pub(crate) first: Aligned,
    pub(crate) second: Aligned,
}

/// A stretch of [`Parameters`].
pub(crate) struct Stretch<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) first: &'a mut [f32],
    pub(crate) second: &'a mut [f32],
}

impl Parameters {
    /// `length` zeros, about which nothing is remembered yet.
    pub(crate) fn zeros(optimiser: Optimiser, length: usize) -> Self {
        let moments = |there: bool| Aligned::zeros(if there { length } else { 0 });
        let (first, second) = optimiser.moments();
        Self { values: Aligned::zeros(length), first: moments(first), second: moments(second) }
    }

    pub(crate) fn stretch(&mut self) -> Stretch<'_> {
        Stretch { values: &mut self.values, first: &mut self.first, second: &mut self.second }
    }

    /// Moves every entry against its gradient.
    pub(crate) fn descend(&mut self, step: Step, gradient: &[f32]) {
        self.stretch().descend(step, gradient);
    }
}

impl<'a> Stretch<'a> {
    /// What is before `index`, and the rest.
    pub(crate) fn split_at(self, index: usize) -> (Self, Self) {
        fn split(slice: &mut [f32], index: usize) -> (&mut [f32], &mut [f32]) {
            let index = index.min(slice.len());
            slice.split_at_mut(index)
        }
        let (values, first, second) =
            (split(self.values, index), split(self.first, index), split(self.second, index));
        let before = Self { values: values.0, first: first.0, second: second.0 };
        (before, Self { values: values.1, first: first.1, second: second.1 })
    }

    /// Moves every entry against its gradient.
    pub(crate) fn descend(self, step: Step, gradient: &[f32]) {
        step.with(Descent { stretch: self, gradient });
    }

    /// Moves the register at `at` against `gradient`.
    #[inline(always)]
    pub(crate) fn move_register<S: Simd, R: Rule>(
        &mut self,
        simd: S,
        (rule, pulls): (R, Pulls),
        at: usize,
        gradient: S::f32s,
    ) {
        let end = at + S::F32_LANES;
        let (values, _) = S::as_mut_simd_f32s(&mut self.values[at..end]);
        let value = values[0];
        let mut entry = Entry { value, first: value, second: value };
        if R::FIRST {
            entry.first = S::as_simd_f32s(&self.first[at..end]).0[0];
        }
        if R::SECOND {
            entry.second = S::as_simd_f32s(&self.second[at..end]).0[0];
        }
        let entry = rule.step(simd, pulls.apply(simd, gradient, value), entry);
        values[0] = entry.value;
        if R::FIRST {
            S::as_mut_simd_f32s(&mut self.first[at..end]).0[0] = entry.first;
        }
        if R::SECOND {
            S::as_mut_simd_f32s(&mut self.second[at..end]).0[0] = entry.second;
        }
    }

    /// Moves the last entries, which fill no register, against `gradient`.
    #[inline(always)]
    fn move_rest<S: Simd, R: Rule>(&mut self, simd: S, (rule, pulls): (R, Pulls), gradient: &[f32]) {
        let from = self.values.len() - gradient.len();
        let values = &mut self.values[from..];
        let value = simd.partial_load_f32s(values);
        let mut entry = Entry { value, first: value, second: value };
        if R::FIRST {
            entry.first = simd.partial_load_f32s(&self.first[from..]);
        }
        if R::SECOND {
            entry.second = simd.partial_load_f32s(&self.second[from..]);
        }
        let gradient = simd.partial_load_f32s(gradient);
        let entry = rule.step(simd, pulls.apply(simd, gradient, value), entry);
        simd.partial_store_f32s(values, entry.value);
        if R::FIRST {
            simd.partial_store_f32s(&mut self.first[from..], entry.first);
        }
        if R::SECOND {
            simd.partial_store_f32s(&mut self.second[from..], entry.second);
        }
    }
}

struct Descent<'a> {
    stretch: Stretch<'a>,
    gradient: &'a [f32],
}

impl WithRule for Descent<'_> {
    type Output = ();

    fn with_rule<R: Rule>(self, rule: R, pulls: Pulls) {
        Arch::new().dispatch(DescentByRule { descent: self, rule, pulls });
    }
}

struct DescentByRule<'a, R> {
    descent: Descent<'a>,
    rule: R,
    pulls: Pulls,
}

impl<R: Rule> WithSimd for DescentByRule<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (gradients, rest) = S::as_simd_f32s(self.descent.gradient);
        for (place, &gradient) in gradients.iter().enumerate() {
            let at = place * S::F32_LANES;
            self.descent.stretch.move_register(simd, (self.rule, self.pulls), at, gradient);
        }
        if !rest.is_empty() {
            self.descent.stretch.move_rest(simd, (self.rule, self.pulls), rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Penalty;

    fn one(optimiser: Optimiser, value: f32) -> Parameters {
        let mut parameters = Parameters::zeros(optimiser, 16);
        parameters.values.fill(value);
        parameters
    }

    fn step(optimiser: Optimiser, decay: f32, number: u64) -> Step {
        let recipe = Recipe { weight_decay: decay, ..Recipe::plain(1, optimiser) };
        Step::of_weights(&recipe, number, 1.0, 1.0)
    }

    fn descend(parameters: &mut Parameters, step: Step, gradient: f32) -> f32 {
        parameters.descend(step, &[gradient; 16]);
        assert!(parameters.values.iter().all(|value| *value == parameters.values[0]));
        parameters.values[0]
    }

    fn near(found: f32, expected: f32) {
        assert!((found - expected).abs() < 1e-6, "{found}, {expected}");
    }

    #[test]
    fn two_steps_of_adam_by_hand() {
        let adam = Optimiser::Adam { rate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1e-8 };
        let mut parameters = one(adam, 1.0);
        // m = 1, v = 1, corrected 2 and 4: step 0.1 * 2 / 2.
        near(descend(&mut parameters, step(adam, 0.0, 1), 2.0), 0.9);
        // m = 0.5 - 0.5 = 0, so nothing moves; v = 0.75 + 0.25.
        near(descend(&mut parameters, step(adam, 0.0, 2), -1.0), 0.9);
        assert_eq!((parameters.first[3], parameters.second[3]), (0.0, 1.0));
    }

    #[test]
    fn two_steps_of_momentum_with_decay_by_hand() {
        let sgd = Optimiser::Sgd { rate: 0.5, momentum: 0.5, nesterov: false };
        let mut parameters = one(sgd, 1.0);
        // keep = 1 - 0.5 * 0.2 = 0.9; v = 1: 0.9 - 0.5.
        near(descend(&mut parameters, step(sgd, 0.2, 1), 1.0), 0.4);
        // v = 0.5 + 1: 0.36 - 0.75.
        near(descend(&mut parameters, step(sgd, 0.2, 2), 1.0), -0.39);
        assert!(parameters.second.is_empty());
    }

    #[test]
    fn nesterov_looks_ahead_and_plain_descent_remembers_nothing() {
        let nesterov = Optimiser::Sgd { rate: 0.5, momentum: 0.5, nesterov: true };
        let mut parameters = one(nesterov, 1.0);
        // v = 1, by 1 + 0.5: 1 - 0.75; then v = 1.5, by 1 + 0.75: 0.25 - 0.875.
        near(descend(&mut parameters, step(nesterov, 0.0, 1), 1.0), 0.25);
        near(descend(&mut parameters, step(nesterov, 0.0, 2), 1.0), -0.625);
        let mut parameters = one(Optimiser::sgd(0.5), 1.0);
        near(descend(&mut parameters, step(Optimiser::sgd(0.5), 0.0, 1), 1.0), 0.5);
        assert!(parameters.first.is_empty() && parameters.second.is_empty());
    }

    #[test]
    fn penalties_pull_weights_to_zero_and_biases_not() {
        let recipe =
            Recipe { penalty: Penalty { l1: 0.25, l2: 0.5 }, ..Recipe::plain(1, Optimiser::sgd(1.0)) };
        for (value, expected) in
            [(2.0, 2.0 - 0.5 * 3.0 - 1.0 - 0.25), (-2.0, -2.0 - 1.5 + 1.0 + 0.25), (0.0, -1.5)]
        {
            let mut parameters = one(recipe.optimiser, value);
            near(descend(&mut parameters, Step::of_weights(&recipe, 1, 1.0, 0.5), 3.0), expected);
            let mut parameters = one(recipe.optimiser, value);
            near(descend(&mut parameters, Step::of_biases(&recipe, 1, 0.5, 1.0), 3.0), value - 1.5);
        }
    }

    /// Parts of a tensor begin and end anywhere.
    #[test]
    fn entries_that_fill_no_register_move_as_the_others() {
        let momentum = Optimiser::Sgd { rate: 0.1, momentum: 0.9, nesterov: true };
        for optimiser in [Optimiser::adam(0.1), Optimiser::sgd(0.1), momentum] {
            let gradient: Vec<f32> = (0..32).map(|place| place as f32 / 7.0 - 2.0).collect();
            let drawn = |parameters: &mut Parameters| {
                for (value, gradient) in parameters.values.iter_mut().zip(&gradient) {
                    *value = 1.0 - gradient;
                }
            };
            let mut whole = Parameters::zeros(optimiser, 32);
            drawn(&mut whole);
            (1..4).for_each(|number| whole.descend(step(optimiser, 0.1, number), &gradient));
            for split in 0..32 {
                let mut parts = Parameters::zeros(optimiser, 32);
                drawn(&mut parts);
                for number in 1..4 {
                    let (first, second) = parts.stretch().split_at(split);
                    first.descend(step(optimiser, 0.1, number), &gradient[..split]);
                    second.descend(step(optimiser, 0.1, number), &gradient[split..]);
                }
                let tensors = |of: &Parameters| [of.values.to_vec(), of.first.to_vec(), of.second.to_vec()];
                assert_eq!(tensors(&parts), tensors(&whole), "{optimiser:?} in parts from {split}");
            }
        }
    }

    #[test]
    fn an_entry_without_value_gradient_or_moments_stays_so() {
        for optimiser in [Optimiser::adam(0.1), Optimiser::Sgd { rate: 0.1, momentum: 0.9, nesterov: true }] {
            let recipe = Recipe {
                penalty: Penalty { l1: 0.1, l2: 0.1 },
                weight_decay: 0.1,
                ..Recipe::plain(1, optimiser)
            };
            let mut parameters = one(optimiser, 0.0);
            for number in 1..5 {
                let found = descend(&mut parameters, Step::of_weights(&recipe, number, 1.0, 1.0), 0.0);
                assert_eq!(found, 0.0, "what is gone, or fills up a row, stays zero");
            }
        }
    }

    #[test]
    fn the_portable_path_agrees() {
        let adam = Optimiser::adam(0.1);
        let gradient: Vec<f32> = (0..32).map(|place| place as f32 - 7.0).collect();
        let start = Parameters::zeros(adam, 32);
        let (mut quick, mut plain) = (start.clone(), start);
        for number in 1..4 {
            let step = step(adam, 0.01, number);
            quick.descend(step, &gradient);
            let AnyRule::Adam(rule) = step.rule else { panic!("Adam was asked for") };
            let descent = Descent { stretch: plain.stretch(), gradient: &gradient };
            DescentByRule { descent, rule, pulls: step.pulls }.with_simd(pulp::Scalar::new());
        }
        assert!(quick.values.iter().zip(&*plain.values).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
