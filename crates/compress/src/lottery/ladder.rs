//! How many weights each round leaves: arithmetic alone, known before anything is trained (Frankle & Carbin 2019, figure 2).

use crate::magnitude::gone;

/// The layers that a network's weights are in, and what a round takes from each.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    layers: Vec<Rung>,
    together: bool,
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rung {
    /// Its weights; biases are no weights.
    pub weights: usize,
    /// Share of those that are left which a round takes; 0 for a layer that is never pruned.
    pub rate: f64,
}

impl Ladder {
    /// Each layer is pruned by itself.
    pub fn by_layer(layers: Vec<Rung>) -> Self {
        Self { layers, together: false }
    }

    /// All layers that have a rate are ranked together; they have the same one.
    pub fn together(layers: Vec<Rung>) -> Self {
        Self { layers, together: true }
    }

    /// Weights that are left after each of `rounds` rounds, before the first one too, by layer; of layers that are ranked
    /// together the sum stands in the first of them, and 0 in the others, as their shares are not known before.
    pub fn left(&self, rounds: usize) -> Vec<Vec<usize>> {
        let mut left: Vec<usize> = self.layers.iter().map(|layer| layer.weights).collect();
        if self.together {
            let pruned = || (0..left.len()).filter(|&layer| self.layers[layer].rate > 0.0);
            let (first, sum) = (pruned().next(), pruned().map(|layer| left[layer]).sum());
            let others: Vec<usize> = pruned().skip(1).collect();
            others.into_iter().for_each(|layer| left[layer] = 0);
            first.into_iter().for_each(|layer| left[layer] = sum);
        }
        let mut all = vec![left];
        for _ in 0..rounds {
            let before = &all[all.len() - 1];
            let after = before.iter().zip(&self.layers).map(|(&left, layer)| left - gone(left, layer.rate));
            all.push(after.collect());
        }
        all
    }

    /// Shares of all weights that are left after each of `rounds` rounds, before the first one too.
    pub fn densities(&self, rounds: usize) -> Vec<f64> {
        let all: usize = self.layers.iter().map(|layer| layer.weights).sum();
        self.left(rounds).iter().map(|left| left.iter().sum::<usize>() as f64 / all as f64).collect()
    }

    /// The first round that takes nothing: rates of what is left are rounded to whole weights.
    pub(crate) fn first_idle(&self, rounds: usize) -> Option<usize> {
        let left = self.left(rounds);
        left.windows(2).position(|pair| pair[0] == pair[1]).map(|before| before + 1)
    }

    /// The first round that leaves a layer (or the layers that are ranked together) less than one weight for each, and the
    /// layer's place.
    pub(crate) fn first_empty(&self, rounds: usize) -> Option<(usize, usize)> {
        let least = |layer: usize| {
            if !self.together || self.layers[layer].rate == 0.0 {
                return 1;
            }
            let pruned = self.layers.iter().filter(|layer| layer.rate > 0.0).count();
            // The sum of all stands in the first one.
            if self.layers.iter().position(|layer| layer.rate > 0.0) == Some(layer) { pruned } else { 0 }
        };
        self.left(rounds).iter().enumerate().find_map(|(round, left)| {
            let short = left.iter().enumerate().position(|(layer, &left)| left < least(layer));
            short.map(|layer| (round, layer))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rungs(layers: &[(usize, f64)]) -> Vec<Rung> {
        layers.iter().map(|&(weights, rate)| Rung { weights, rate }).collect()
    }

    /// 3x3 kernels without bias weights, then dense layers; `rate` of convolutions, 20 % of dense ones, 10 % of the last.
    fn convolutional(channels: &[usize], flat: usize, rate: f64) -> Ladder {
        let mut layers = Vec::new();
        let mut before = 3;
        for &channels in channels {
            layers.push((9 * before * channels, rate));
            before = channels;
        }
        layers.extend([(flat * 256, 0.2), (256 * 256, 0.2), (256 * 10, 0.1)]);
        Ladder::by_layer(rungs(&layers))
    }

    fn lenet() -> Ladder {
        Ladder::by_layer(rungs(&[(784 * 300, 0.2), (300 * 100, 0.2), (100 * 10, 0.1)]))
    }

    fn percents(ladder: &Ladder, rounds: usize) -> Vec<f64> {
        ladder.densities(rounds).iter().map(|density| 100.0 * density).collect()
    }

    /// Whether each rounds to what is printed, of so many decimals.
    fn assert_prints(found: &[f64], printed: &[f64], decimals: usize) {
        assert_eq!(found.len(), printed.len());
        for (round, (found, printed)) in found.iter().zip(printed).enumerate() {
            assert_eq!(format!("{found:.decimals$}"), format!("{printed:.decimals$}"), "round {round}");
        }
    }

    #[test]
    fn lenet_as_printed() {
        let printed = [
            100.0, 80.04, 64.06, 51.28, 41.05, 32.87, 26.32, 21.07, 16.88, 13.52, 10.83, 8.68, 6.95, 5.57,
            4.47, 3.58, 2.87, 2.31, 1.85, 1.49, 1.19, 0.96,
        ];
        assert_prints(&percents(&lenet(), 21), &printed, 2);
        assert_eq!(lenet().left(1), [[235_200, 30_000, 1000], [188_160, 24_000, 900]]);
    }

    #[test]
    fn convolutional_networks_as_printed() {
        let two = convolutional(&[64, 64], 16 * 16 * 64, 0.1);
        assert_eq!(two.left(0)[0].iter().sum::<usize>(), 4_300_992);
        let printed = [
            100.0, 80.1, 64.2, 51.4, 41.2, 33.0, 26.5, 21.2, 17.0, 13.7, 11.0, 8.8, 7.1, 5.7, 4.6, 3.7, 3.0,
            2.4, 1.9,
        ];
        assert_prints(&percents(&two, 18), &printed, 1);
        let four = convolutional(&[64, 64, 128, 128], 8 * 8 * 128, 0.1);
        assert_eq!(four.left(0)[0].iter().sum::<usize>(), 2_425_024);
        let printed = [
            100.0, 81.1, 65.8, 53.5, 43.6, 35.6, 29.1, 23.9, 19.6, 16.2, 13.3, 11.1, 9.2, 7.7, 6.4, 5.4, 4.5,
            3.8, 3.2, 2.7, 2.3,
        ];
        assert_prints(&percents(&four, 20), &printed, 1);
        let six = convolutional(&[64, 64, 128, 128, 256, 256], 4 * 4 * 256, 0.15);
        assert_eq!(six.left(0)[0].iter().sum::<usize>(), 2_261_184);
        let printed = [
            100.0, 82.5, 68.2, 56.4, 46.7, 38.7, 32.1, 26.6, 22.1, 18.4, 15.3, 12.7, 10.6, 8.9, 7.4, 6.2, 5.2,
        ];
        assert_prints(&percents(&six, 16), &printed, 1);
    }

    /// Shortcuts and the dense layer are never pruned; all else is ranked together.
    #[test]
    fn residual_network_as_printed() {
        let mut layers = vec![(9 * 3 * 16, 0.2)];
        for (before, channels) in [(16, 16), (16, 32), (32, 64)] {
            layers.push((9 * before * channels, 0.2));
            layers.extend([(9 * channels * channels, 0.2); 5]);
        }
        layers.extend([(16 * 32, 0.0), (32 * 64, 0.0), (640, 0.0)]);
        let ladder = Ladder::together(rungs(&layers));
        assert_eq!(ladder.left(0)[0].iter().sum::<usize>(), 270_896);
        let printed = [100.0, 80.2, 64.4, 51.8, 41.7, 33.6, 27.1, 21.9, 17.8, 14.4, 11.8];
        assert_prints(&percents(&ladder, 10), &printed, 1);
    }

    #[test]
    fn vgg_as_printed() {
        let mut layers = Vec::new();
        let mut before = 3;
        for (count, channels) in [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)] {
            for _ in 0..count {
                layers.push((9 * before * channels, 0.2));
                before = channels;
            }
        }
        layers.push((5120, 0.0));
        let ladder = Ladder::together(rungs(&layers));
        assert_eq!(ladder.left(0)[0].iter().sum::<usize>(), 20_018_880 + 5_120);
        let found = percents(&ladder, 19);
        assert_prints(&[found[12], found[15], found[19]], &[6.90, 3.54, 1.47], 2);
    }

    #[test]
    fn one_shot_as_printed() {
        let left = |rate: f64| {
            let layers = [(784 * 300, rate), (300 * 100, rate), (100 * 10, rate / 2.0)];
            percents(&Ladder::by_layer(rungs(&layers)), 1)[1]
        };
        assert_prints(&[0.05, 0.325, 0.825, 0.95].map(left), &[95.01, 67.56, 17.65, 5.18], 2);
    }

    #[test]
    fn a_round_that_leaves_a_layer_nothing_is_found() {
        // 10, 5, 3 (2.5 is rounded up to go: 2), 1 (1.5 go: 2), 0 (half of 1 goes: 1).
        let ladder = Ladder::by_layer(rungs(&[(1000, 0.2), (10, 0.5)]));
        assert_eq!(ladder.left(5).iter().map(|left| left[1]).collect::<Vec<_>>(), [10, 5, 2, 1, 0, 0]);
        assert_eq!(ladder.first_empty(3), None);
        assert_eq!(ladder.first_empty(9), Some((4, 1)));
        // A tenth of 4 is nothing.
        let idle = Ladder::by_layer(rungs(&[(6, 0.1)]));
        assert_eq!(idle.left(4), [[6], [5], [4], [4], [4]]);
        assert_eq!((idle.first_idle(2), idle.first_idle(4)), (None, Some(3)));
        let together = Ladder::together(rungs(&[(4, 0.0), (4, 0.5), (4, 0.5)]));
        assert_eq!(together.left(3), [[4, 8, 0], [4, 4, 0], [4, 2, 0], [4, 1, 0]]);
        assert_eq!(together.first_empty(3), Some((3, 1)), "two layers that share one weight");
    }
}
