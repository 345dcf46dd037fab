//! Masks that owe nothing to what was learned: controls.

use lessen_data::random;
use lessen_model::{Network, Weights};
use rand::seq::index::sample;

/// As many weights of each layer as `masked` has, at random places of it, with the values of `origin`.
pub(crate) fn shuffled(origin: &Network, masked: &Network, seed: u64) -> Network {
    let mut random = random::stream(seed, "shuffled mask");
    let mut network = origin.clone();
    for (weights, (_, masked)) in network.weights_mut().zip(masked.weights()) {
        let (count, left) = (masked.values().len(), masked.left());
        let mut keep = vec![false; count];
        sample(&mut random, count, left).into_iter().for_each(|index| keep[index] = true);
        weights.shrink(|index| keep[index]);
    }
    network
}

/// As many weights as `masked` has, at random places of all layers of which it has lost some, with the values of `origin`.
pub(crate) fn scattered(origin: &Network, masked: &Network, seed: u64) -> Network {
    let mut random = random::stream(seed, "random mask");
    let is_pruned: Vec<bool> =
        masked.weights().map(|(_, weights)| weights.left() < weights.values().len()).collect();
    let pruned =
        || masked.weights().zip(&is_pruned).filter(|(_, pruned)| **pruned).map(|((_, weights), _)| weights);
    let count: usize = pruned().map(|weights| weights.values().len()).sum();
    let left: usize = pruned().map(Weights::left).sum();
    let mut keep = vec![false; count];
    sample(&mut random, count, left).into_iter().for_each(|index| keep[index] = true);
    let mut network = origin.clone();
    let mut begin = 0;
    for (weights, pruned) in network.weights_mut().zip(is_pruned) {
        if pruned {
            let end = begin + weights.values().len();
            let keep = &keep[begin..end];
            weights.shrink(|index| keep[index]);
            begin = end;
        }
    }
    network
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding};
    use lessen_engine::{Activation, initial};

    use super::*;
    use crate::magnitude::left_by_layer;

    #[test]
    fn they_have_as_many_weights_with_their_first_values() {
        let pixels = ColumnEncoding::Pixels { count: 30, shift: 0.0, scale: 1.0 };
        let encoding = Encoding::try_from(vec![pixels]).unwrap();
        let classes = Answer::Classes(vec!["a".into(), "b".into()]);
        let origin = initial::mlp(encoding, &[20, 10], Activation::Relu, classes, 1).unwrap();
        let mut masked = origin.clone();
        for (dense, every) in masked.dense_mut().zip([4, 2, 1]) {
            dense.weights.shrink(|index| index % every == 0);
        }
        assert_eq!(left_by_layer(&masked), [150, 100, 20]);
        let shuffled_1 = shuffled(&origin, &masked, 1);
        assert_eq!(left_by_layer(&shuffled_1), [150, 100, 20]);
        let scattered = scattered(&origin, &masked, 1);
        let left = left_by_layer(&scattered);
        assert_eq!((left[0] + left[1], left[2]), (250, 20), "the last layer has lost none");
        assert_ne!(left[0], 150, "layers have what chance gives them");
        for network in [&shuffled_1, &scattered] {
            for (dense, origin) in network.dense().zip(origin.dense()) {
                let mask = dense.weights.mask().cloned();
                for (index, (&value, &first)) in
                    dense.weights.values().iter().zip(origin.weights.values()).enumerate()
                {
                    let is_left = mask.as_ref().is_none_or(|mask| mask.has(index));
                    assert_eq!(value, if is_left { first } else { 0.0 });
                }
            }
        }
        assert_ne!(shuffled(&origin, &masked, 2), shuffled_1);
    }
}
