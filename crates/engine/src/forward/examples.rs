//! Networks and rows that tests predict.

use lessen_data::{Answer, ColumnEncoding, Encoding, Features, Images};
use lessen_model::{Batch, Network, Predictor};

use crate::{Activation, initial};

/// As many images, one pixel high.
pub(crate) fn images(rows: usize, pixels: usize) -> Features {
    let bytes = (0..rows * pixels).map(|place| (place * place * 31 + place) as u8).collect();
    Features::Images(Images { channels: 1, height: 1, width: pixels, bytes })
}

/// A net of these widths, and three classes, with this share of its weights left, drawn at random; at 1 it was never pruned.
pub(crate) fn network(widths: [usize; 2], activation: Activation, density: f32, seed: u64) -> Network {
    let columns = ColumnEncoding::Pixels { count: widths[0], shift: 100.0, scale: 50.0 };
    let encoding = Encoding::try_from(vec![columns]).unwrap();
    let classes = Answer::Classes((0..3).map(|class| class.to_string()).collect());
    let mut network = initial::mlp(encoding, &widths[1..], activation, classes, seed).unwrap();
    let mut random = lessen_data::random::stream(seed, "test mask");
    for dense in network.dense_mut().filter(|_| density < 1.0) {
        let drawn: Vec<f32> =
            dense.weights.values().iter().map(|_| rand::RngExt::random(&mut random)).collect();
        dense.weights.shrink(|index| drawn[index] < density);
    }
    network
}

/// What is answered for all rows.
pub(crate) fn answers(predictor: &dyn Predictor, features: &Features) -> Vec<f32> {
    let rows: Vec<u32> = (0..features.rows() as u32).collect();
    let mut into = vec![f32::NAN; predictor.outputs() * rows.len()];
    predictor.predict(&Batch::new(features, &rows), &mut into).unwrap();
    into
}
