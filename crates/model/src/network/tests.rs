use super::*;
use lessen_data::ColumnEncoding;

fn pixels(count: usize) -> Encoding {
    Encoding::try_from(vec![ColumnEncoding::Pixels { count, shift: 0.0, scale: 1.0 }]).unwrap()
}

fn dense(shape: [usize; 2], values: &[f32], bias: &[f32]) -> Layer {
    let weights = Weights::new(shape.to_vec(), values.to_vec()).unwrap();
    Layer::Dense(Dense { weights, bias: bias.to_vec() })
}

fn node(name: &str, layer: Layer, inputs: &[usize]) -> Node {
    Node { name: name.into(), layer, inputs: inputs.to_vec() }
}

fn names(count: usize) -> Answer {
    Answer::Classes((0..count).map(|class| format!("class {class}")).collect())
}

/// 2 features, 3 hidden units, 2 classes; of its 17 parameters 4 are zero.
fn small() -> Network {
    let hidden = dense([3, 2], &[1.0, 0.0, 2.0, -1.0, 0.5, -0.0], &[0.5, 0.0, 1.0]);
    let output = dense([2, 3], &[1.0, 2.0, 3.0, 0.0, 5.0, 6.0], &[1.0, 2.0]);
    let nodes = vec![
        node("hidden", hidden, &[0]),
        node("relu", Layer::Relu, &[1]),
        node("output", output, &[2]),
        node("softmax", Layer::Softmax, &[3]),
    ];
    Network::new(nodes, pixels(2), names(2)).unwrap()
}

#[test]
fn nodes_that_do_not_fit_are_refused() {
    let wide = |bias: &[f32]| dense([2, 3], &[0.0; 6], bias);
    let inputs = |node: &str, found| NetworkError::Inputs { node: node.into(), found };
    let shape = |weights: &[usize], bias| NetworkError::Shape {
        node: "a".into(),
        weights: weights.to_vec(),
        bias,
        inputs: 3,
    };
    let flat = Weights::new(vec![3], vec![0.0; 3]).unwrap();
    let flat = Layer::Dense(Dense { weights: flat, bias: vec![0.0] });
    let setting =
        |setting, found, expected| NetworkError::Setting { node: "a".into(), setting, found, expected };
    let cases = [
        (
            "a slope without end",
            vec![node("a", Layer::LeakyRelu(f32::INFINITY), &[0])],
            setting("slope", f32::INFINITY, "a finite number"),
        ),
        (
            "all dropped",
            vec![node("a", Layer::Dropout(1.0), &[0])],
            setting("dropout rate", 1.0, "at least 0 and below 1"),
        ),
        (
            "less than none dropped",
            vec![node("a", Layer::Dropout(-0.1), &[0])],
            setting("dropout rate", -0.1, "at least 0 and below 1"),
        ),
        ("no node", vec![], NetworkError::Empty),
        ("no input", vec![node("a", Layer::Relu, &[])], inputs("a", 0)),
        ("two inputs", vec![node("a", Layer::Relu, &[0, 0])], inputs("a", 2)),
        ("its own output", vec![node("a", Layer::Relu, &[1])], inputs("a", 0)),
        ("nowhere", vec![node("a", Layer::Relu, &[usize::MAX])], inputs("a", 0)),
        ("too few columns", vec![node("a", dense([2, 2], &[0.0; 4], &[0.0; 2]), &[0])], shape(&[2, 2], 2)),
        ("too short a bias", vec![node("a", wide(&[0.0]), &[0])], shape(&[2, 3], 1)),
        ("a vector", vec![node("a", flat, &[0])], shape(&[3], 1)),
        (
            "one name twice",
            vec![node("a", Layer::Relu, &[0]), node("a", Layer::Tanh, &[1])],
            NetworkError::Duplicate { node: "a".into() },
        ),
        (
            "more outputs than classes",
            vec![node("a", Layer::Relu, &[0])],
            NetworkError::Outputs { expected: 2, found: 3 },
        ),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(what, nodes, expected)| (what, Network::new(nodes, pixels(3), names(2)), expected))
        .filter(|(_, found, expected)| found.as_ref().err() != Some(expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let right = Network::new(vec![node("a", wide(&[0.0; 2]), &[0])], pixels(3), names(2)).unwrap();
    assert_eq!(right.widths(), [3, 2]);
}

#[test]
fn an_answer_is_scaled_in_the_last_layer() {
    let network = || {
        let layer = node("a", dense([1, 2], &[3.0, -1.0], &[0.5]), &[0]);
        Network::new(vec![layer], pixels(2), Answer::Value("y".into())).unwrap()
    };
    let unit = Unit { centre: 10.0, scale: 2.0 };
    let scaled = network().answering_in(unit);
    let dense = scaled.dense().next().unwrap();
    assert_eq!((dense.weights.values(), dense.bias.as_slice()), (&[6.0, -2.0][..], &[11.0][..]));
    assert_eq!((scaled.outputs(), network().answer().classes()), (1, None));
    assert_eq!(small().answering_in(unit), small(), "probabilities are not scaled");
}

#[test]
fn an_error_names_the_node_and_both_shapes() {
    let error = Network::new(vec![node("a", dense([1, 2], &[0.0; 2], &[0.0]), &[0])], pixels(3), names(1));
    let expected = "node `a` has weights [1, 2] and bias [1], expected [n, 3] and [n] with n above 0";
    assert_eq!(error.unwrap_err().to_string(), expected);
    for (layer, expected) in [
        (Layer::LeakyRelu(f32::NAN), "node `a` has the slope NaN, expected a finite number"),
        (Layer::Dropout(f32::NAN), "node `a` has the dropout rate NaN, expected at least 0 and below 1"),
    ] {
        let error = Network::new(vec![node("a", layer, &[0])], pixels(3), names(3)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn parameters_and_operations_are_those_counted_by_hand() {
    let mut network = small();
    assert_eq!((network.parameters(), network.nonzero(), network.density()), (17, 13, 1.0));
    // MACs: 3 * 2 + 2 * 3. Adds: the biases 3 + 2, the softmax 4 * 2. Comparisons: 3 of the ReLU.
    assert_eq!(network.operations(), Operations { macs: 12, adds: 13, comparisons: 3 });
    // Three of the twelve weights are zero.
    assert_eq!(network.operations_nonzero(), Operations { macs: 9, adds: 13, comparisons: 3 });

    // Of twelve weights six are left, the first, which is 1.0 in both layers, not among them.
    for dense in network.dense_mut() {
        dense.weights.shrink(|index| index > 2);
    }
    assert_eq!(network.density(), 0.5);
    // Left and not zero: -1.0, 0.5 and 5.0, 6.0; biases 0.5, 1.0 and 1.0, 2.0.
    assert_eq!((network.parameters(), network.nonzero()), (17, 8));
    assert_eq!(network.operations_nonzero(), Operations { macs: 4, adds: 13, comparisons: 3 });
    assert_eq!(network.operations(), small().operations());
}

#[test]
fn activations_are_counted_a_unit_and_no_weights_are_dense() {
    for (layer, adds, comparisons) in [
        (Layer::Tanh, 5, 0),
        (Layer::Sigmoid, 5, 0),
        (Layer::LeakyRelu(0.1), 5, 5),
        (Layer::Dropout(0.5), 0, 0),
    ] {
        let network = Network::new(vec![node("a", layer, &[0])], pixels(5), names(5)).unwrap();
        assert_eq!(network.operations(), Operations { macs: 0, adds, comparisons });
        assert_eq!((network.parameters(), network.density()), (0, 1.0));
    }
}

/// A number with an indicator, then two levels: `[(x - 2) / 4, missing?, level a?, level b?]`.
fn scaled() -> Encoding {
    let number =
        ColumnEncoding::Numeric { name: "x".into(), fill: 6.0, shift: 2.0, scale: 4.0, indicator: true };
    let levels = ColumnEncoding::Nominal { name: "l".into(), levels: vec!["a".into(), "b".into()] };
    Encoding::try_from(vec![number, levels]).unwrap()
}

#[test]
fn scaling_is_folded_as_by_hand() {
    let layer = dense([2, 4], &[8.0, 3.0, 5.0, 7.0, -4.0, 0.0, 1.0, 2.0], &[1.0, 0.0]);
    let mut network = Network::new(vec![node("a", layer, &[0])], scaled(), names(2)).unwrap();
    network.dense_mut().for_each(|dense| dense.weights.shrink(|index| index != 2));

    let folded = network.with_scaling_folded().unwrap();
    let dense = folded.dense().next().unwrap();
    // Column 0 is divided by 4, the others are not scaled.
    assert_eq!(dense.weights.values(), [2.0, 3.0, 0.0, 7.0, -1.0, 0.0, 1.0, 2.0]);
    // 1 - 8 * 2 / 4 and 0 + 4 * 2 / 4: at x = 10 both give 8 * 2 + 1 = 2 * 10 - 3 = 17.
    assert_eq!(dense.bias, [-3.0, 2.0]);
    assert_eq!(folded.density(), network.density());
    let unscaled =
        ColumnEncoding::Numeric { name: "x".into(), fill: 6.0, shift: 0.0, scale: 1.0, indicator: true };
    assert_eq!(folded.encoding().columns()[0], unscaled);
    assert_eq!(folded.encoding().columns()[1], network.encoding().columns()[1]);
    assert_eq!(folded.with_scaling_of(&scaled()).as_ref(), Some(&network), "and back");
    assert_eq!(network.with_scaling_of(&scaled()), None, "it is scaled already");
    assert_eq!(folded.with_scaling_folded(), Some(folded), "folding twice changes nothing");
}

#[test]
fn only_layers_that_read_the_row_are_folded_and_only_dense_ones_can_be() {
    let first = node("a", dense([4, 4], &[1.0; 16], &[0.0; 4]), &[0]);
    let second = node("b", dense([1, 4], &[1.0; 4], &[0.5]), &[1]);
    let network = Network::new(vec![first, second.clone()], scaled(), names(1)).unwrap();
    let folded = network.with_scaling_folded().unwrap();
    assert_eq!(folded.nodes()[1], second);
    assert_eq!(folded.dense().next().unwrap().bias, [-0.5; 4]);

    let relu = Network::new(vec![node("relu", Layer::Relu, &[0])], scaled(), names(4)).unwrap();
    assert_eq!(relu.with_scaling_folded(), None);

    // A dropout of the row goes, one behind a layer stays.
    let dropping = vec![
        node("row", Layer::Dropout(0.2), &[0]),
        node("a", dense([4, 4], &[1.0; 16], &[0.0; 4]), &[1]),
        node("hidden", Layer::Dropout(0.5), &[2]),
        node("b", dense([1, 4], &[1.0; 4], &[0.5]), &[3]),
    ];
    let network = Network::new(dropping, scaled(), names(1)).unwrap();
    let of_folded = network.with_scaling_folded().unwrap();
    let shape: Vec<_> = of_folded.nodes().iter().map(|node| (&*node.name, node.inputs[0])).collect();
    assert_eq!(shape, [("a", 0), ("hidden", 1), ("b", 2)]);
    assert_eq!(of_folded.dense().next(), folded.dense().next());
    let only = Network::new(vec![node("row", Layer::Dropout(0.2), &[0])], scaled(), names(4)).unwrap();
    assert_eq!(only.with_scaling_folded(), None);
    let unread = node("a", dense([4, 4], &[1.0; 16], &[0.0; 4]), &[0]);
    let last = node("row", Layer::Dropout(0.2), &[0]);
    let row = Network::new(vec![unread, last], scaled(), names(4)).unwrap();
    assert_eq!(row.with_scaling_folded(), None, "the answer is the row, whatever else is computed");
}
