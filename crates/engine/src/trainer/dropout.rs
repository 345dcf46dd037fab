//! Outputs that training leaves out at random.

use crate::kernels::aligned::Aligned;

/// Dropout of what one layer gives, or of the rows (Srivastava et al. 2014): each unit of each row is 0 with the probability
/// `rate`, and otherwise divided by `1 - rate`, so that its mean stays and a prediction needs no other weights.
///
/// Whether a unit of a row is dropped is a function of the seed, the step, the layer, the unit and the row's place in the
/// minibatch, and of nothing that was drawn before: the same units are dropped however a layer is held, whichever units are
/// left out as dead, and after training was interrupted.
pub(super) struct Dropout {
    /// A unit is kept where its 32 bits are no less.
    threshold: u32,
    /// What is kept is multiplied with it.
    scale: f32,
    /// Which layer: 0 for the rows, then the layers in order.
    place: u32,
    /// The units that are computed, by their number in the whole layer.
    units: Vec<u32>,
    /// `[units][lanes]`: 0 or `scale`.
    factors: Aligned,
    /// `[units][lanes]`: the layer's outputs times `factors`.
    outputs: Aligned,
    /// Whether `outputs` are those of the last forward pass, which was one of training.
    is_on: bool,
}

/// What the draws of one step have in common.
#[derive(Clone, Copy)]
pub(super) struct Draw(u64);

impl Draw {
    /// The draw of step `step` of a trainer with this key.
    pub(super) fn of(key: u64, step: u64) -> Self {
        Self(mix(key.wrapping_add(step.wrapping_mul(0xd1b5_4a32_d192_ed03))))
    }
}

impl Dropout {
    /// With room for `lanes` rows; `None` where nothing is dropped.
    pub(super) fn new(rate: f32, place: usize, units: &[u32], lanes: usize) -> Option<Self> {
        let room = || Aligned::zeros(units.len() * lanes);
        (rate > 0.0).then(|| Self {
            threshold: (f64::from(rate) * 2f64.powi(32)).round() as u32,
            scale: 1.0 / (1.0 - rate),
            place: place as u32,
            units: units.to_vec(),
            factors: room(),
            outputs: room(),
            is_on: false,
        })
    }

    /// Draws anew and drops of `given`, `[units][lanes]`; nothing where there is no draw.
    pub(super) fn apply(&mut self, draw: Option<Draw>, given: &[f32], lanes: usize) {
        self.is_on = draw.is_some();
        let Some(draw) = draw else { return };
        let Self { threshold, scale, place, units, factors, outputs, .. } = self;
        let (threshold, scale) = (*threshold, *scale);
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let units = units.iter().zip(given.chunks_exact(lanes));
                let into = factors.chunks_exact_mut(lanes).zip(outputs.chunks_exact_mut(lanes));
                for ((unit, given), (factors, outputs)) in units.zip(into) {
                    let key = unit_key(draw, *place, *unit);
                    for (lane, factor) in factors.iter_mut().enumerate() {
                        *factor = if bits(key, lane as u32) >= threshold { scale } else { 0.0 };
                    }
                    for ((output, given), factor) in outputs.iter_mut().zip(given).zip(&*factors) {
                        *output = given * factor;
                    }
                }
            },
        );
    }

    /// What came out of the last forward pass, `[units][lanes]`; `given` where nothing was dropped.
    pub(super) fn outputs<'a>(&'a self, given: &'a [f32]) -> &'a [f32] {
        if self.is_on { &self.outputs[..given.len()] } else { given }
    }

    /// `[units][lanes]`, of the last step.
    #[cfg(test)]
    pub(super) fn factors(&self) -> &[f32] {
        &self.factors
    }

    /// From the gradient by what came out, `[units][lanes]`, that by what went in, in place.
    pub(super) fn back(&self, gradient: &mut [f32]) {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || gradient.iter_mut().zip(&*self.factors).for_each(|(gradient, factor)| *gradient *= factor),
        );
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): each bit of the input changes each of the output with a
/// probability near one half.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn unit_key(Draw(key): Draw, place: u32, unit: u32) -> u64 {
    let number = (u64::from(place) << 32) | u64::from(unit);
    mix(key.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// 32 bits for a lane: a hash of 32 bits with two multiplications (the constants are those of C. Wellons' `lowbias32`, 2018),
/// half of the unit's key at its begin and half in its middle. A register of lanes takes about a dozen instructions, where
/// a stream cipher would take hundreds; nobody has to be kept from guessing what is dropped.
#[inline(always)]
fn bits(key: u64, lane: u32) -> u32 {
    let mut bits = lane.wrapping_mul(0x9e37_79b9).wrapping_add(key as u32);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x7feb_352d);
    bits = (bits ^ (bits >> 15) ^ ((key >> 32) as u32)).wrapping_mul(0x846c_a68b);
    bits ^ (bits >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: usize = 200;
    const LANES: usize = 64;

    /// What is kept, `[steps][units][lanes]`.
    fn kept(rate: f32, place: usize, key: u64, steps: u64) -> Vec<bool> {
        let units: Vec<u32> = (0..UNITS as u32).collect();
        let mut dropout = Dropout::new(rate, place, &units, LANES).unwrap();
        let given = vec![1.0; UNITS * LANES];
        let mut kept = Vec::new();
        for step in 0..steps {
            dropout.apply(Some(Draw::of(key, step)), &given, LANES);
            let outputs = dropout.outputs(&given);
            assert!(outputs.iter().all(|&output| output == 0.0 || output == 1.0 / (1.0 - rate)));
            kept.extend(outputs.iter().map(|&output| output > 0.0));
        }
        kept
    }

    fn share(of: impl ExactSizeIterator<Item = bool>) -> f64 {
        let all = of.len() as f64;
        of.filter(|is| *is).count() as f64 / all
    }

    #[test]
    fn the_share_that_is_kept_is_what_was_said() {
        for rate in [0.01f32, 0.2, 0.5, 0.9] {
            let expected = 1.0 - f64::from(rate);
            let deviation = |draws: usize| (expected * (1.0 - expected) / draws as f64).sqrt();
            let kept = kept(rate, 1, 7, 50);
            let found = share(kept.iter().copied());
            assert!((found - expected).abs() < 4.0 * deviation(kept.len()), "{rate}: {found}");
            // Of each unit, over all steps and lanes: 200 of them, so one in 3 million is beyond 5 deviations.
            for unit in 0..UNITS {
                let lanes: Vec<bool> = kept
                    .chunks_exact(LANES)
                    .skip(unit)
                    .step_by(UNITS)
                    .flat_map(|lanes| lanes.iter().copied())
                    .collect();
                let found = share(lanes.iter().copied());
                assert!((found - expected).abs() < 5.0 * deviation(lanes.len()), "{rate}, {unit}: {found}");
            }
        }
    }

    /// Two draws agree in half of all places, whatever they have in common.
    #[test]
    fn draws_that_differ_in_anything_are_independent() {
        let first = kept(0.5, 1, 7, 50);
        let per_step = UNITS * LANES;
        let shifted = |by: usize| first[by..].iter().chain(&first[..by]).copied().collect::<Vec<_>>();
        for (what, other) in [
            ("lane", shifted(1)),
            ("second lane", shifted(2)),
            ("unit", shifted(LANES)),
            ("unit and lane", shifted(LANES + 1)),
            ("step", shifted(per_step)),
            ("step and unit", shifted(per_step + LANES)),
            ("layer", kept(0.5, 2, 7, 50)),
            ("seed", kept(0.5, 1, 8, 50)),
        ] {
            let pairs = first.iter().zip(&other).map(|(a, b)| a == b).collect::<Vec<_>>();
            let found = share(pairs.iter().copied());
            let deviation = 0.5 / (pairs.len() as f64).sqrt();
            assert!((found - 0.5).abs() < 4.0 * deviation, "{what}: {found}");
        }
        assert_eq!(first, kept(0.5, 1, 7, 50), "the same draw again");
    }

    #[test]
    fn units_that_are_left_out_change_nothing_for_the_others() {
        let given = vec![1.0; 64];
        let drawn = |units: &[u32]| {
            let mut dropout = Dropout::new(0.5, 1, units, 16).unwrap();
            dropout.apply(Some(Draw::of(1, 2)), &given[..16 * units.len()], 16);
            dropout.outputs(&given[..16 * units.len()]).to_vec()
        };
        let (all, two) = (drawn(&[0, 1, 2, 3]), drawn(&[1, 3]));
        assert_eq!((&all[16..32], &all[48..]), (&two[..16], &two[16..]));
    }

    #[test]
    fn nothing_is_dropped_without_a_draw() {
        let given = vec![1.0; 16];
        let mut dropout = Dropout::new(0.5, 0, &[0], 16).unwrap();
        dropout.apply(Some(Draw::of(1, 2)), &given, 16);
        assert_ne!(dropout.outputs(&given), given);
        let mut gradient = vec![3.0; 16];
        dropout.back(&mut gradient);
        for (gradient, output) in gradient.iter().zip(dropout.outputs(&given)) {
            assert_eq!(*gradient, 3.0 * output);
        }
        dropout.apply(None, &given, 16);
        assert_eq!(dropout.outputs(&given), given);
        assert!(Dropout::new(0.0, 0, &[0], 16).is_none());
    }
}
