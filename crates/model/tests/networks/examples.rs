//! Networks to try things on: one small enough to work out by hand, and random ones.

use lessen_data::{Answer, ColumnEncoding, Encoding};
use lessen_model::{Dense, Layer, Network, Node, Weights};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn pixels(count: usize) -> Encoding {
    Encoding::try_from(vec![ColumnEncoding::Pixels { count, shift: 0.0, scale: 1.0 }]).unwrap()
}

pub(crate) fn dense(shape: [usize; 2], values: &[f32], bias: &[f32]) -> Layer {
    let weights = Weights::new(shape.to_vec(), values.to_vec()).unwrap();
    Layer::Dense(Dense { weights, bias: bias.to_vec() })
}

pub(crate) fn node(name: &str, layer: Layer, input: usize) -> Node {
    Node { name: name.into(), layer, inputs: vec![input] }
}

/// 2 features, 2 hidden units, 2 classes. Of the hidden layer's weights the last is gone.
///
/// Of the row (2, 1) it makes, by hand:
/// hidden (1 * 2 - 2 * 1 + 0.25, 0.5 * 2 + 0 * 1 - 1.5) = (0.25, -0.5), relu (0.25, 0),
/// output (1 * 0.25 + 0 * 0 + 0, -1 * 0.25 + 2 * 0 + 0.5) = (0.25, 0.25), softmax (0.5, 0.5);
/// of the row (0, 0): hidden (0.25, -1.5), and the same from there on;
/// of the row (0, 1): hidden (-1.75, -1.5), relu (0, 0), output (0, 0.5),
/// softmax (1 / (1 + e^0.5), 1 / (1 + e^-0.5)) = (0.37754067, 0.62245933).
pub(crate) fn by_hand() -> Network {
    let nodes = vec![
        node("hidden", dense([2, 2], &[1.0, -2.0, 0.5, 7.0], &[0.25, -1.5]), 0),
        node("relu", Layer::Relu, 1),
        node("output", dense([2, 2], &[1.0, 0.0, -1.0, 2.0], &[0.0, 0.5]), 2),
        node("softmax", Layer::Softmax, 3),
    ];
    let mut network =
        Network::new(nodes, pixels(2), Answer::Classes(vec!["no".into(), "yes".into()])).unwrap();
    network.dense_mut().next().unwrap().weights.shrink(|index| index != 3);
    network
}

/// Names that a file could mix up: no name, those of the graph's own tensors, and of each other's parameters.
const NAMES: [&str; 8] =
    ["", "rows", "probabilities", "a", "a.weights", "a.bias", "a.weights_", "größer ∞\n\"q\""];

/// Names that a dropout's own could be mixed up with.
const DROPOUTS: [&str; 3] = ["a.ratio", "dropout", "a.bias_"];

/// Random networks of 1 to 3 dense layers, with an activation between them and a dropout before some, a softmax or none at
/// the end, masks on some layers, and `weight`s (zeros of both signs among them).
pub(crate) fn networks(
    weight: impl Strategy<Value = f32> + Clone + 'static,
) -> impl Strategy<Value = Network> {
    let shape = (vec(1usize..6, 1..4), encodings(), betweens(), any::<bool>(), Just(NAMES).prop_shuffle());
    shape.prop_flat_map(move |(outputs, encoding, between, softmax, names)| {
        let inputs = std::iter::once(encoding.width()).chain(outputs.iter().copied());
        let layers: Vec<_> = inputs
            .zip(outputs.clone())
            .map(|(inputs, outputs)| layers(outputs, inputs, weight.clone()))
            .collect();
        (layers, Just((encoding, between, softmax, names))).prop_map(
            |(layers, (encoding, between, softmax, names))| {
                assemble(layers, encoding, &between, softmax, &names)
            },
        )
    })
}

/// What stands before a dense layer, if anything, and behind it, where that is not the last.
type Between = (Option<f32>, Layer);

fn betweens() -> impl Strategy<Value = Vec<Between>> {
    let activation = prop_oneof![
        Just(Layer::Relu),
        Just(Layer::Tanh),
        Just(Layer::Sigmoid),
        prop_oneof![Just(0.01f32), -1.0f32..1.0].prop_map(Layer::LeakyRelu),
    ];
    vec((proptest::option::weighted(0.3, 0.0f32..1.0), activation), 3)
}

fn layers(
    outputs: usize,
    inputs: usize,
    weight: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = Dense> {
    let zero = prop_oneof![8 => weight.clone(), 1 => Just(0.0), 1 => Just(-0.0)];
    // Half of the weights left, or so few that whole rows and columns are gone.
    let left = prop_oneof![Just(0.5), Just(0.1)];
    let mask = left.prop_flat_map(move |left| vec(proptest::bool::weighted(left), outputs * inputs));
    let mask = proptest::option::of(mask);
    (vec(zero, outputs * inputs), vec(weight, outputs), mask).prop_map(move |(values, bias, mask)| {
        let mut weights = Weights::new(vec![outputs, inputs], values).unwrap();
        if let Some(mask) = mask {
            weights.shrink(|index| mask[index]);
        }
        Dense { weights, bias }
    })
}

fn assemble(
    layers: Vec<Dense>,
    encoding: Encoding,
    between: &[Between],
    softmax: bool,
    names: &[&str],
) -> Network {
    let classes: Vec<String> =
        (0..layers.last().unwrap().bias.len()).map(|class| format!("class \"{class}\"")).collect();
    let answer = match classes.as_slice() {
        [one] if !softmax => Answer::Value(one.clone()),
        _ => Answer::Classes(classes),
    };
    let last = layers.len() - 1;
    let mut stack = vec![];
    let mut names = names.iter();
    let mut name = || (*names.next().unwrap()).to_owned();
    for (place, (layer, (dropped, activation))) in layers.into_iter().zip(between).enumerate() {
        stack.extend(dropped.map(|rate| (DROPOUTS[place].to_owned(), Layer::Dropout(rate))));
        stack.push((name(), Layer::Dense(layer)));
        if place < last {
            stack.push((name(), activation.clone()));
        } else if softmax {
            stack.push((name(), Layer::Softmax));
        }
    }
    let nodes = stack.into_iter().enumerate().map(|(place, (name, layer))| node(&name, layer, place));
    Network::new(nodes.collect(), encoding, answer).unwrap()
}

/// Encodings of 1 to 9 features, of every kind of column and with any numbers that an encoding may have.
fn encodings() -> impl Strategy<Value = Encoding> {
    let number = || any::<f32>().prop_filter("finite", |value| value.is_finite());
    let scale = || any::<f32>().prop_filter("above zero", |value| value.is_finite() && *value > 0.0);
    let column = prop_oneof![
        (1usize..4, number(), scale()).prop_map(|(count, shift, scale)| ColumnEncoding::Pixels {
            count,
            shift,
            scale
        }),
        (".*", number(), number(), scale(), any::<bool>()).prop_map(
            |(name, fill, shift, scale, indicator)| {
                ColumnEncoding::Numeric { name, fill, shift, scale, indicator }
            }
        ),
        (".*", vec(".*", 1..4)).prop_map(|(name, levels)| ColumnEncoding::Nominal { name, levels }),
    ];
    vec(column, 1..4).prop_map(|columns| Encoding::try_from(columns).unwrap())
}
