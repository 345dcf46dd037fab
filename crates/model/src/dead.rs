//! Units that pruning has cut off.

use crate::{Dense, Layer, Network, Weights};

impl Network {
    /// The same function without the hidden units that have no part in it; exact but for rounding.
    ///
    /// A unit of which no weight goes out is dropped. One into which none comes is the same for every row, the
    /// activation of its bias: that is folded into the next layer's bias, and the unit dropped. What loses its last
    /// weight so is dropped in turn. A weight that is left and zero counts as none. Masks shrink along; each
    /// layer keeps at least one unit. Units are hidden between two dense layers with nothing but element-wise
    /// activations between them; a network that is not a chain is given back as it is. The function is that of a
    /// prediction: a dropout between two layers stays, though in training it would have dropped what is folded.
    ///
    /// [`Network::density`] of what is given back is of the weights that it has. Weights left over those that
    /// could once be pruned, the density that a run reports, is that of the network before.
    pub fn without_dead_units(&self) -> Self {
        let is_chain = self.nodes().iter().enumerate().all(|(place, node)| node.inputs == [place]);
        let mut nodes = self.nodes().to_vec();
        let boundaries = if is_chain { boundaries(self) } else { vec![] };
        for &[first, second] in &boundaries {
            let constants =
                constants(&nodes[first..second].iter().map(|node| &node.layer).collect::<Vec<_>>());
            if let [Some(first), Some(second)] = pair(&mut nodes, first, second) {
                fold(first, second, &constants);
            }
        }
        for &[first, second] in boundaries.iter().rev() {
            if let [Some(first), Some(second)] = pair(&mut nodes, first, second) {
                drop_unread(first, second);
            }
        }
        Self::new(nodes, self.encoding().clone(), self.answer().clone()).unwrap_or_else(|_| self.clone())
    }
}

/// Places of dense nodes with the dense node that comes next, where all between them is element-wise.
fn boundaries(network: &Network) -> Vec<[usize; 2]> {
    let mut found = vec![];
    let mut first = None;
    for (place, node) in network.nodes().iter().enumerate() {
        match node.layer {
            Layer::Dense(_) => found.extend(first.replace(place).map(|first| [first, place])),
            // A dropout passes what is predicted unchanged.
            Layer::Relu | Layer::LeakyRelu(_) | Layer::Tanh | Layer::Sigmoid | Layer::Dropout(_) => {}
            Layer::Softmax => first = None,
        }
    }
    found
}

fn pair(nodes: &mut [crate::Node], first: usize, second: usize) -> [Option<&mut Dense>; 2] {
    let (before, from_second) = nodes.split_at_mut(second);
    [&mut before[first].layer, &mut from_second[0].layer].map(|layer| match layer {
        Layer::Dense(dense) => Some(dense),
        _ => None,
    })
}

/// What comes out of each unit of the first layer, behind its activations, where that is the same for every row.
fn constants(layers: &[&Layer]) -> Vec<Option<f64>> {
    let Some((Layer::Dense(dense), activations)) = layers.split_first() else { return vec![] };
    let activate = |value: f64, layer: &&Layer| match layer {
        Layer::Relu => value.max(0.0),
        Layer::LeakyRelu(slope) if value < 0.0 => f64::from(*slope) * value,
        Layer::Tanh => value.tanh(),
        Layer::Sigmoid => 1.0 / (1.0 + (-value).exp()),
        Layer::Dense(_) | Layer::LeakyRelu(_) | Layer::Softmax | Layer::Dropout(_) => value,
    };
    let rows = dense.weights.values().chunks_exact(columns(dense).max(1));
    let is_constant = |row: &[f32]| row.iter().all(|&weight| weight == 0.0);
    let constant = |(row, &bias): (&[f32], &f32)| {
        is_constant(row).then(|| activations.iter().fold(f64::from(bias), activate))
    };
    rows.zip(&dense.bias).map(constant).collect()
}

fn columns(dense: &Dense) -> usize {
    dense.weights.shape().get(1).copied().unwrap_or_default()
}

/// Takes constant units into the second layer's bias and drops them.
fn fold(first: &mut Dense, second: &mut Dense, constants: &[Option<f64>]) {
    if constants.iter().all(Option::is_none) {
        return;
    }
    let rows = second.weights.values().chunks_exact(constants.len());
    for (row, bias) in rows.zip(&mut second.bias) {
        let folded = |(&weight, constant): (&f32, &Option<f64>)| {
            constant.filter(|_| weight != 0.0).map(|constant| f64::from(weight) * constant)
        };
        let folded: f64 = row.iter().zip(constants).filter_map(folded).sum();
        *bias = (f64::from(*bias) + folded) as f32;
    }
    // Where every unit is constant one is kept, but none of its weights.
    let cut: Vec<bool> = constants.iter().map(Option::is_some).collect();
    second.weights = part(&second.weights, &vec![true; second.bias.len()], &vec![true; cut.len()], &cut);
    keep_units(first, second, &cut.iter().map(|cut| !cut).collect::<Vec<_>>());
}

/// Drops units that the second layer does not read.
fn drop_unread(first: &mut Dense, second: &mut Dense) {
    let mut read = vec![false; first.bias.len()];
    for row in second.weights.values().chunks_exact(read.len()) {
        read.iter_mut().zip(row).for_each(|(read, &weight)| *read |= weight != 0.0);
    }
    keep_units(first, second, &read);
}

/// Keeps these units between two layers, or the first if none.
fn keep_units(first: &mut Dense, second: &mut Dense, keep: &[bool]) {
    let mut keep = keep.to_vec();
    if !keep.contains(&true) {
        keep[0] = true;
    }
    if !keep.contains(&false) {
        return;
    }
    let inputs = columns(first);
    first.weights = part(&first.weights, &keep, &vec![true; inputs], &vec![false; inputs]);
    let mut kept = keep.iter();
    first.bias.retain(|_| kept.next().copied().unwrap_or_default());
    second.weights = part(&second.weights, &vec![true; second.bias.len()], &keep, &vec![false; keep.len()]);
}

/// These rows and columns of weights with their mask, the columns in `cut` gone.
fn part(weights: &Weights, rows: &[bool], columns: &[bool], cut: &[bool]) -> Weights {
    let kept = |kept: &[bool]| (0..kept.len()).filter(|&place| kept[place]).collect::<Vec<_>>();
    let (rows, kept_columns) = (kept(rows), kept(columns));
    let old = |index: usize| {
        let column = kept_columns[index % kept_columns.len()];
        (rows[index / kept_columns.len()] * columns.len() + column, column)
    };
    let value = |index| {
        let (old, column) = old(index);
        if cut[column] { 0.0 } else { weights.values()[old] }
    };
    let shape = vec![rows.len(), kept_columns.len()];
    let values = (0..rows.len() * kept_columns.len()).map(value).collect();
    let Some(mut part) = Weights::new(shape, values) else { return weights.clone() };
    if let Some(mask) = weights.mask() {
        part.shrink(|index| {
            let (old, column) = old(index);
            mask.has(old) && !cut[column]
        });
    }
    part
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding};

    use super::*;
    use crate::Node;

    fn network(layers: Vec<Layer>, inputs: usize, outputs: usize) -> Network {
        let node = |(place, layer)| Node { name: format!("n{place}"), layer, inputs: vec![place] };
        let nodes = layers.into_iter().enumerate().map(node).collect();
        let encoding = ColumnEncoding::Pixels { count: inputs, shift: 0.0, scale: 1.0 };
        let classes = Answer::Classes((0..outputs).map(|class| class.to_string()).collect());
        Network::new(nodes, Encoding::try_from(vec![encoding]).unwrap(), classes).unwrap()
    }

    /// Masked where it is zero.
    fn dense(shape: [usize; 2], values: &[f32], bias: &[f32]) -> Layer {
        let mut weights = Weights::new(shape.to_vec(), values.to_vec()).unwrap();
        weights.shrink(|index| values[index] != 0.0);
        Layer::Dense(Dense { weights, bias: bias.to_vec() })
    }

    #[test]
    fn dead_units_by_hand() {
        // Unit 0 is read, unit 1 is the constant relu(3), unit 2 is read only by a unit that nobody reads,
        // unit 3 the constant relu(-1).
        let first = [1.0, 2.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0];
        let second = [0.5, 2.0, 0.0, 7.0, 0.0, 1.0, 4.0, 0.0];
        let whole = network(
            vec![
                dense([4, 2], &first, &[0.1, 3.0, 0.2, -1.0]),
                Layer::Relu,
                dense([2, 4], &second, &[1.0, 1.0]),
                Layer::Relu,
                dense([1, 2], &[9.0, 0.0], &[0.0]),
            ],
            2,
            1,
        );
        let rest = whole.without_dead_units();
        let expected = network(
            vec![
                dense([1, 2], &[1.0, 2.0], &[0.1]),
                Layer::Relu,
                dense([1, 1], &[0.5], &[7.0]),
                Layer::Relu,
                dense([1, 1], &[9.0], &[0.0]),
            ],
            2,
            1,
        );
        assert_eq!(rest, expected);
        assert_eq!((whole.density(), rest.density()), (9.0 / 18.0, 1.0));
    }

    #[test]
    fn a_network_that_answers_with_its_biases_keeps_a_unit_a_layer() {
        let layers =
            vec![dense([2, 2], &[0.0; 4], &[0.5, 2.0]), Layer::Tanh, dense([1, 2], &[4.0, 0.0], &[1.0])];
        let rest = network(layers, 2, 1).without_dead_units();
        let dense: Vec<_> = rest.dense().collect();
        assert_eq!((dense[0].weights.left(), dense[0].bias.as_slice()), (0, &[0.5][..]));
        assert_eq!((dense[1].weights.left(), dense[1].weights.shape()), (0, &[1, 1][..]));
        assert!((dense[1].bias[0] - (1.0 + 4.0 * 0.5f32.tanh())).abs() < 1e-6);
    }

    #[test]
    fn units_before_a_softmax_and_in_branches_are_kept() {
        let values = [1.0, 0.0, 0.0, 0.0];
        let layers =
            || vec![dense([2, 2], &values, &[0.0; 2]), Layer::Softmax, dense([2, 2], &values, &[0.0; 2])];
        let chain = network(layers(), 2, 2);
        assert_eq!(chain.without_dead_units(), chain);
        let mut nodes =
            network(vec![layers().remove(0), Layer::Relu, layers().remove(2)], 2, 2).nodes().to_vec();
        nodes[2].inputs = vec![1];
        let branched = Network::new(nodes, chain.encoding().clone(), chain.answer().clone()).unwrap();
        assert_eq!(branched.without_dead_units(), branched);
    }
}
