//! What the timing examples run on.

use lessen_data::{Features, Images, random};
use lessen_model::Network;
use rand::RngExt;

/// Images as large as MNIST's, of random pixels of which the share `zeros` is zero.
pub(crate) fn images(count: usize, zeros: f64) -> Features {
    let mut random = random::stream(1, "random images");
    let mut pixel = || if random.random::<f64>() < zeros { 0 } else { random.random() };
    let bytes = (0..count * 784).map(|_| pixel()).collect();
    Features::Images(Images { channels: 1, height: 28, width: 28, bytes })
}

/// The same network with this share of each layer's weights, chosen at random; at 1 without a mask.
pub(crate) fn pruned(network: &Network, density: f64) -> Network {
    let mut network = network.clone();
    let mut random = random::stream(1, "random mask");
    for dense in network.dense_mut().filter(|_| density < 1.0) {
        let drawn: Vec<f64> = dense.weights.values().iter().map(|_| random.random()).collect();
        dense.weights.shrink(|index| drawn[index] < density);
    }
    network
}
