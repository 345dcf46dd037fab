//! Which weights go: the smallest of those that are left, by exact rank.

use lessen_model::{Mask, Network, Weights};

/// What a round takes, and from where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cut {
    /// From each layer by itself: shares of the weights that are left there, a layer each.
    ByLayer(Vec<f64>),
    /// From the layers that are marked, ranked together: a share of all that is left in them.
    Together {
        /// The share.
        rate: f64,
        /// Whether a layer takes part, one each.
        takes_part: Vec<bool>,
    },
}

/// Weights of `left` that go at `rate`: the nearest whole number.
pub(crate) fn gone(left: usize, rate: f64) -> usize {
    (left as f64 * rate).round() as usize
}

/// The network without its smallest weights. Of equals the earlier ones go, counted through the layers in their order; biases
/// stay.
pub(crate) fn without_the_smallest(network: &Network, cut: &Cut) -> Network {
    let mut network = network.clone();
    match cut {
        Cut::ByLayer(rates) => {
            for (weights, &rate) in network.weights_mut().zip(rates) {
                let mut left = places(weights);
                let going = gone(left.len(), rate);
                keep_the_largest(&mut [weights], &mut left, going);
            }
        }
        Cut::Together { rate, takes_part } => {
            let mut layers: Vec<&mut Weights> = (network.weights_mut().zip(takes_part))
                .filter(|(_, takes_part)| **takes_part)
                .map(|(weights, _)| weights)
                .collect();
            let mut left: Vec<Place> = layers
                .iter()
                .enumerate()
                .flat_map(|(layer, weights)| {
                    places(weights).into_iter().map(move |place| Place { layer, ..place })
                })
                .collect();
            let going = gone(left.len(), *rate);
            keep_the_largest(&mut layers, &mut left, going);
        }
    }
    network
}

/// A weight that is left.
#[derive(Clone, Copy)]
struct Place {
    layer: usize,
    index: usize,
    magnitude: f32,
}

fn places(weights: &Weights) -> Vec<Place> {
    let is_left = |index: &usize| weights.mask().is_none_or(|mask| mask.has(*index));
    let place = |index| Place { layer: 0, index, magnitude: weights.values()[index].abs() };
    (0..weights.values().len()).filter(is_left).map(place).collect()
}

/// Drops the `going` smallest of `left`.
fn keep_the_largest(layers: &mut [&mut Weights], left: &mut [Place], going: usize) {
    left.sort_unstable_by(|a, b| {
        a.magnitude.total_cmp(&b.magnitude).then((a.layer, a.index).cmp(&(b.layer, b.index)))
    });
    let mut keep: Vec<Vec<bool>> = layers.iter().map(|weights| vec![true; weights.values().len()]).collect();
    left[..going].iter().for_each(|place| keep[place.layer][place.index] = false);
    for (weights, keep) in layers.iter_mut().zip(&keep) {
        weights.shrink(|index| keep[index]);
    }
}

/// Weights that are left, layer by layer.
pub(crate) fn left_by_layer(network: &Network) -> Vec<usize> {
    network.weights().map(|(_, weights)| weights.left()).collect()
}

/// The weights of `network` that `masked` has left.
pub(crate) fn under_mask_of(mut network: Network, masked: &Network) -> Network {
    for (weights, (_, masked)) in network.weights_mut().zip(masked.weights()) {
        let mask: Option<&Mask> = masked.mask();
        weights.shrink(|index| mask.is_none_or(|mask| mask.has(index)));
    }
    network
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding};
    use lessen_engine::{Activation, initial};
    use lessen_model::Dense;

    use super::*;

    fn drop_smallest(dense: &mut Dense, rate: f64) {
        let mut left = places(&dense.weights);
        let going = gone(left.len(), rate);
        keep_the_largest(&mut [&mut dense.weights], &mut left, going);
    }

    #[test]
    fn the_smallest_go_by_exact_rank_and_the_first_of_equals() {
        let weights = Weights::new(vec![2, 3], vec![0.5, -0.1, 0.1, 2.0, 0.0, -0.1]).unwrap();
        let mut dense = Dense { weights, bias: vec![0.0; 2] };
        // Half of six: 0.0 and the first two of the three that are 0.1 large.
        drop_smallest(&mut dense, 0.5);
        assert_eq!(dense.weights.values(), [0.5, 0.0, 0.0, 2.0, 0.0, -0.1]);
        assert_eq!(dense.weights.left(), 3);
        // A third of three: one, of those that are left.
        drop_smallest(&mut dense, 1.0 / 3.0);
        assert_eq!(dense.weights.values(), [0.5, 0.0, 0.0, 2.0, 0.0, 0.0]);
        drop_smallest(&mut dense, 0.0);
        assert_eq!(dense.weights.left(), 2);
    }

    /// 3 inputs, 2 hidden units, 2 classes; the weights of both layers.
    fn network(first: [f32; 6], second: [f32; 4]) -> Network {
        let pixels = ColumnEncoding::Pixels { count: 3, shift: 0.0, scale: 1.0 };
        let encoding = Encoding::try_from(vec![pixels]).unwrap();
        let classes = Answer::Classes(vec!["a".into(), "b".into()]);
        let mut network = initial::mlp(encoding, &[2], Activation::Relu, classes, 1).unwrap();
        let values = [first.to_vec(), second.to_vec()];
        for (dense, values) in network.dense_mut().zip(&values) {
            dense.weights.update(|index, _| values[index]);
        }
        network
    }

    #[test]
    fn layers_are_cut_by_themselves_or_ranked_together() {
        let network = network([9.0, 1.0, 8.0, 2.0, 7.0, 6.0], [0.1, 0.2, 5.0, 0.3]);
        let values = |network: &Network| -> Vec<Vec<f32>> {
            network.dense().map(|dense| dense.weights.values().to_vec()).collect()
        };
        let by_layer = without_the_smallest(&network, &Cut::ByLayer(vec![0.5, 0.25]));
        assert_eq!(values(&by_layer), [vec![9.0, 0.0, 8.0, 0.0, 7.0, 0.0], vec![0.0, 0.2, 5.0, 0.3]]);
        assert_eq!(left_by_layer(&by_layer), [3, 3]);
        let together = |takes_part: [bool; 2]| {
            without_the_smallest(&network, &Cut::Together { rate: 0.4, takes_part: takes_part.to_vec() })
        };
        // Four of ten; where the output layer takes no part two (of 2.4) of six.
        assert_eq!(left_by_layer(&together([true, true])), [5, 1]);
        assert_eq!(left_by_layer(&together([true, false])), [4, 4]);
        let other = super::tests::network([1.0; 6], [1.0; 4]);
        let masked = under_mask_of(other, &by_layer);
        assert_eq!(values(&masked), [vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0], vec![0.0, 1.0, 1.0, 1.0]]);
    }
}
