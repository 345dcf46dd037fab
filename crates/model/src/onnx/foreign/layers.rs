//! Nodes that do something to rows.

use std::rc::Rc;

use lessen_graph::proto::NodeProto;
use lessen_graph::{Array, Numbers};

use super::affine::{Affine, Per};
use super::reader::Reader;
use super::value::{Row, Value};
use super::{attributes, kept, name, rows};
use crate::onnx::OnnxError;
use crate::onnx::read::{USUAL_RATIO, USUAL_SLOPE};
use crate::{Dense, Layer, Node, Weights};

/// Added to a variance where nothing is said.
const USUAL_EPSILON: f32 = 1e-5;

impl<'a> Reader<'a> {
    /// What a node makes of which at least one input depends on the rows.
    pub(super) fn of_rows(
        &mut self,
        node: &'a NodeProto,
        inputs: &[Option<Value>],
    ) -> Result<Value, OnnxError> {
        let row = match inputs {
            [Some(Value::Row(row)), rest @ ..] if !rest.iter().any(is_row) => row,
            [Some(Value::Constant(constant)), Some(Value::Row(row))] => {
                return self.behind_a_constant(node, constant, row);
            }
            _ => return Err(kept(node, "it joins rows of several nodes, and layers here are a chain")),
        };
        let rest = &inputs[1..];
        match node.op_type.as_str() {
            "Gemm" => self.gemm(node, row, rest),
            "MatMul" => self.matmul(node, row, constant(rest, 0)),
            "Conv" => self.conv(node, row, rest),
            "BatchNormalization" => self.batch_normalization(node, row, rest),
            "Add" | "Sub" | "Mul" | "Div" => match constant(rest, 0) {
                Some(constant) => {
                    let per = self.spread(node, constant, &row.shape)?;
                    let affine = match node.op_type.as_str() {
                        "Add" => Affine { scale: Per::All(1.0), shift: per },
                        "Sub" => Affine { scale: Per::All(1.0), shift: per.map(|number| -number) },
                        "Mul" => Affine { scale: per, shift: Per::All(0.0) },
                        _ => Affine { scale: per.map(|number| 1.0 / number), shift: Per::All(0.0) },
                    };
                    self.scaled(node, row, affine)
                }
                None => Err(kept(node, "its second input is no constant")),
            },
            "Neg" => self.scaled(node, row, Affine { scale: Per::All(-1.0), shift: Per::All(0.0) }),
            "Relu" => self.activation(node, Layer::Relu, row),
            "Tanh" => self.activation(node, Layer::Tanh, row),
            "Sigmoid" => self.activation(node, Layer::Sigmoid, row),
            "LeakyRelu" => {
                let slope = attributes::number(node, "alpha", USUAL_SLOPE);
                self.activation(node, Layer::LeakyRelu(slope), row)
            }
            "PRelu" => match constant(rest, 0).and_then(only) {
                Some(slope) => self.activation(node, Layer::LeakyRelu(slope), row),
                None => Err(kept(node, "its slopes differ")),
            },
            "Clip" => self.clip(node, row, rest),
            "Softmax" | "LogSoftmax" => self.softmax(node, row),
            "Dropout" => self.dropout(node, row, rest),
            _ => rows::moved(self, node, row, rest),
        }
    }

    /// `c + x`, `c x` and `c - x`, and a product with the constant before the rows, which is none of a layer's.
    fn behind_a_constant(
        &mut self,
        node: &'a NodeProto,
        constant: &Array,
        row: &Row,
    ) -> Result<Value, OnnxError> {
        let factor = match node.op_type.as_str() {
            "Add" | "Mul" => 1.0,
            "Sub" => -1.0,
            _ => return Err(kept(node, "its first input is a constant, and not rows")),
        };
        let per = self.spread(node, constant, &row.shape)?;
        let affine = match node.op_type.as_str() {
            "Mul" => Affine { scale: per, shift: Per::All(0.0) },
            _ => Affine { scale: Per::All(factor), shift: per },
        };
        self.scaled(node, row, affine)
    }

    /// `y = alpha A B + beta C`, with `A` the rows, `B` the weights and `C` the bias.
    fn gemm(&mut self, node: &'a NodeProto, row: &Row, rest: &[Option<Value>]) -> Result<Value, OnnxError> {
        let Some(weights) = constant(rest, 0) else { return Err(kept(node, "its weights are no constant")) };
        if attributes::integer(node, "transA", 0) != 0 || row.shape.len() != 1 {
            return Err(kept(node, "its rows are turned"));
        }
        let turned = attributes::integer(node, "transB", 0) == 0;
        let (alpha, beta) = (attributes::number(node, "alpha", 1.0), attributes::number(node, "beta", 1.0));
        let made = self.dense(node, row, (weights, turned), Vec::new())?;
        let bias = match (rest.get(1), constant(rest, 1)) {
            (_, Some(bias)) => self.spread(node, bias, &made.shape)?.map(|bias| bias * f64::from(beta)),
            (None | Some(None), None) => Per::All(0.0),
            _ => return Err(kept(node, "its bias is no constant")),
        };
        self.scaled(node, &made, Affine { scale: Per::All(f64::from(alpha)), shift: bias })
    }

    fn matmul(
        &mut self,
        node: &'a NodeProto,
        row: &Row,
        weights: Option<&Array>,
    ) -> Result<Value, OnnxError> {
        let Some(weights) = weights else { return Err(kept(node, "its weights are no constant")) };
        let is_one_row = row.shape.split_last().is_some_and(|(_, rest)| rest.iter().all(|&side| side == 1));
        if !is_one_row {
            return Err(kept(node, format!("it is done several times for a row of {:?}", row.shape)));
        }
        let mut made = self.dense(node, row, (weights, true), Vec::new())?;
        made.shape = [vec![1; row.shape.len() - 1], made.shape].concat();
        Ok(Value::Row(made))
    }

    /// A convolution that is done once: its kernel covers all that it reads.
    fn conv(&mut self, node: &'a NodeProto, row: &Row, rest: &[Option<Value>]) -> Result<Value, OnnxError> {
        let Some(kernel) = constant(rest, 0) else { return Err(kept(node, "its weights are no constant")) };
        let ([outputs, sides @ ..], Numbers::Floats(numbers)) = (kernel.dims.as_slice(), &kernel.numbers)
        else {
            return Err(kept(node, "its weights are no numbers"));
        };
        let is_padded = attributes::integers(node, "pads")
            .is_some_and(|pads| pads.iter().any(|&pad| pad != 0))
            || attributes::word(node, "auto_pad").is_some_and(|pad| pad.starts_with("SAME"));
        let dilations = attributes::integers(node, "dilations").unwrap_or_default();
        let is_dilated =
            dilations.iter().zip(sides.iter().skip(1)).any(|(&dilation, &side)| dilation != 1 && side > 1);
        if sides != row.shape || is_padded || is_dilated || attributes::integer(node, "group", 1) != 1 {
            return Err(kept(node, "it is a convolution, which is not one of the layers here"));
        }
        let flat = Array { dims: vec![*outputs, row.width()], numbers: Numbers::Floats(numbers.clone()) };
        self.spend(numbers.len() as u64)?;
        let bias = match rest.get(1).and_then(Option::as_ref) {
            Some(Value::Constant(bias)) if bias.dims == [*outputs] => floats(node, bias)?.to_vec(),
            None => Vec::new(),
            _ => return Err(kept(node, "its bias is not one constant an output")),
        };
        let mut made = self.dense(node, row, (&flat, false), bias)?;
        made.shape.resize(row.shape.len(), 1);
        Ok(Value::Row(made))
    }

    /// A dense layer of weights `[outputs, inputs]`, or turned; without bias where `bias` is empty.
    fn dense(
        &mut self,
        node: &'a NodeProto,
        row: &Row,
        (weights, turned): (&Array, bool),
        bias: Vec<f32>,
    ) -> Result<Row, OnnxError> {
        let (&[first, second], numbers) = (weights.dims.as_slice(), floats(node, weights)?) else {
            return Err(kept(
                node,
                format!("its weights have the dimensions {:?}, expected 2", weights.dims),
            ));
        };
        let (outputs, inputs) = if turned { (second, first) } else { (first, second) };
        if inputs != row.width() || outputs == 0 {
            let why =
                format!("its weights are for rows of {inputs} numbers, and its rows have {}", row.width());
            return Err(kept(node, why));
        }
        let said = node.input.get(1).map(String::as_str).unwrap_or_default();
        if !self.taken.insert(said) {
            return Err(kept(node, format!("it shares the weights `{said}` with another layer")));
        }
        self.spend(numbers.len() as u64 + outputs as u64)?;
        let values: Vec<f32> = match turned {
            true => (0..numbers.len()).map(|at| numbers[at % inputs * outputs + at / inputs]).collect(),
            false => numbers.to_vec(),
        };
        let Some(weights) = Weights::new(vec![outputs, inputs], values) else {
            return Err(kept(node, "it has other weights than their dimensions say"));
        };
        let bias = if bias.is_empty() { vec![0.0; outputs] } else { bias };
        let mut dense = Dense { weights, bias };
        if !row.affine.is_none() {
            row.affine.clone().into_inputs(&mut dense);
        }
        let name = layer_name(node, said);
        match self.push(node, (&name, Layer::Dense(dense)), row, vec![outputs]) {
            Value::Row(row) => Ok(row),
            _ => Err(kept(node, "it makes no rows")),
        }
    }

    /// `y = scale (x - mean) / sqrt(variance + epsilon) + shift`, by channel (Ioffe & Szegedy 2015).
    fn batch_normalization(
        &mut self,
        node: &'a NodeProto,
        row: &Row,
        rest: &[Option<Value>],
    ) -> Result<Value, OnnxError> {
        if attributes::integer(node, "training_mode", 0) != 0 {
            return Err(kept(node, "it is in training mode"));
        }
        let Some(&channels) = row.shape.first() else { return Err(kept(node, "its rows have no channels")) };
        let of = |place| match constant(rest, place) {
            Some(array) if array.dims == [channels] => floats(node, array),
            _ => Err(kept(node, format!("its inputs are not {channels} constants each"))),
        };
        let (scale, shift, mean, variance) = (of(0)?, of(1)?, of(2)?, of(3)?);
        let epsilon = f64::from(attributes::number(node, "epsilon", USUAL_EPSILON));
        let places = row.width() / channels.max(1);
        self.spend(2 * row.width() as u64)?;
        let (mut scales, mut shifts) = (Vec::new(), Vec::new());
        for channel in 0..channels {
            let a = f64::from(scale[channel]) / (f64::from(variance[channel]) + epsilon).sqrt();
            let c = f64::from(shift[channel]) - f64::from(mean[channel]) * a;
            scales.extend(std::iter::repeat_n(a, places));
            shifts.extend(std::iter::repeat_n(c, places));
        }
        self.scaled(node, row, Affine { scale: Per::Each(scales), shift: Per::Each(shifts) })
    }

    /// Scales a row: in the dense layer that made it, where nothing else reads that, otherwise in the one that will read it.
    fn scaled(&mut self, node: &'a NodeProto, row: &Row, affine: Affine) -> Result<Value, OnnxError> {
        let finite = |per: &Per| match per {
            Per::All(number) => number.is_finite(),
            Per::Each(numbers) => numbers.iter().all(|number| number.is_finite()),
        };
        if !finite(&affine.scale) || !finite(&affine.shift) {
            return Err(kept(node, "it scales by what is no number"));
        }
        let is_alone = row.is_alone && node.output.first().is_some_and(|result| self.is_read_once(result));
        let weights = match row.place.checked_sub(1).and_then(|place| self.layers.get(place)) {
            Some(Node { layer: Layer::Dense(dense), .. }) => dense.weights.values().len(),
            _ => 0,
        };
        self.spend(affine.work(weights) + row.affine.work(0) + 1)?;
        let row = Row { is_alone, ..row.clone() };
        let producer = row.place.checked_sub(1).and_then(|place| self.layers.get_mut(place));
        match producer.map(|producer| &mut producer.layer) {
            Some(Layer::Dense(dense)) if is_alone && row.affine.is_none() => {
                affine.into_results(dense);
                Ok(Value::Row(row))
            }
            _ => Ok(Value::Row(Row { affine: row.affine.then(&affine), ..row })),
        }
    }

    /// A constant's number for each of a row's, or the one for all.
    fn spread(&mut self, node: &NodeProto, constant: &Array, shape: &[usize]) -> Result<Per, OnnxError> {
        let numbers = floats(node, constant)?;
        if let &[number] = numbers {
            return Ok(Per::All(f64::from(number)));
        }
        // Behind the batch, which a constant has once, if at all.
        let skipped = constant.dims.len().saturating_sub(shape.len());
        let (leading, sides) = constant.dims.split_at(skipped);
        let missing = shape.len() - sides.len();
        let fits = sides.iter().zip(&shape[missing..]).all(|(&side, &of_row)| side == 1 || side == of_row);
        if skipped > 1 || leading.iter().any(|&side| side != 1) || !fits || numbers.is_empty() {
            let why = format!("its constant has the dimensions {:?}, and a row {shape:?}", constant.dims);
            return Err(kept(node, why));
        }
        let width: usize = shape.iter().product();
        self.spend(width as u64)?;
        let at = |mut place: usize| {
            let (mut index, mut stride) = (0, 1);
            for (axis, &of_row) in shape.iter().enumerate().rev() {
                let (here, side) = (place % of_row, axis.checked_sub(missing).map_or(1, |axis| sides[axis]));
                place /= of_row;
                index += if side == 1 { 0 } else { here * stride };
                stride *= side;
            }
            f64::from(numbers[index])
        };
        Ok(Per::Each((0..width).map(at).collect()))
    }

    fn activation(&mut self, node: &'a NodeProto, layer: Layer, row: &Row) -> Result<Value, OnnxError> {
        if !row.affine.is_none() {
            return Err(kept(
                node,
                "its rows are scaled, and no layer with weights before it can take that in",
            ));
        }
        Ok(self.push(node, (&name(node), layer), row, row.shape.clone()))
    }

    fn clip(&mut self, node: &'a NodeProto, row: &Row, rest: &[Option<Value>]) -> Result<Value, OnnxError> {
        let bound = |place, named, usual| match rest.get(place) {
            Some(Some(Value::Constant(array))) => only(array),
            Some(Some(_)) => None,
            _ => Some(attributes::number(node, named, usual)),
        };
        match (bound(0, "min", f32::MIN), bound(1, "max", f32::MAX)) {
            (Some(0.0), Some(f32::MAX)) => self.activation(node, Layer::Relu, row),
            (Some(least), Some(most)) => {
                Err(kept(node, format!("it cuts off at {least} and {most}, and layers here at 0 alone")))
            }
            _ => Err(kept(node, "its bounds are no constants")),
        }
    }

    fn softmax(&mut self, node: &'a NodeProto, row: &Row) -> Result<Value, OnnxError> {
        // Before operator set 13 all from the axis on, which was 1 where nothing was said, was one row.
        let axis = attributes::integer(node, "axis", -1);
        let rank = row.shape.len() as i64 + 1;
        let axis = if axis < 0 { axis + rank } else { axis };
        let is_whole = usize::try_from(axis - 1).is_ok_and(|axis| row.shape.get(axis) == Some(&row.width()));
        if !is_whole {
            return Err(kept(node, "it is done over parts of a row"));
        }
        let made = self.activation(node, Layer::Softmax, row)?;
        if node.op_type == "LogSoftmax" {
            self.notes
                .push(format!("`{}` gives logarithms: the probabilities themselves are taken", name(node)));
            self.logarithms = Some(self.layers.len());
        }
        Ok(made)
    }

    fn dropout(
        &mut self,
        node: &'a NodeProto,
        row: &Row,
        rest: &[Option<Value>],
    ) -> Result<Value, OnnxError> {
        let in_training = rest.get(1).is_some_and(|training| match training {
            Some(Value::Constant(array)) => array.numbers != Numbers::Integers(vec![0]),
            Some(_) => true,
            None => false,
        });
        if in_training || node.output.get(1).is_some_and(|mask| !mask.is_empty()) {
            return Err(kept(node, "it is in training mode"));
        }
        let ratio = match rest.first() {
            Some(Some(Value::Constant(array))) => only(array),
            Some(Some(_)) => None,
            _ => Some(attributes::number(node, "ratio", USUAL_RATIO)),
        };
        match ratio {
            Some(ratio) if row.affine.is_none() => {
                let made = self.push(node, (&name(node), Layer::Dropout(ratio)), row, row.shape.clone());
                Ok(made)
            }
            // What is scaled is dropped all the same, but the scale is another layer's: a prediction passes either unchanged.
            Some(_) => Ok(Value::Row(Row { is_alone: false, ..row.clone() })),
            None => Err(kept(node, "its ratio is no constant")),
        }
    }
}

fn is_row(value: &Option<Value>) -> bool {
    matches!(value, Some(Value::Row(_)))
}

/// The constant at a place.
fn constant(inputs: &[Option<Value>], place: usize) -> Option<&Array> {
    match inputs.get(place) {
        Some(Some(Value::Constant(array))) => Some(array),
        _ => None,
    }
}

/// A constant's only number.
fn only(array: &Array) -> Option<f32> {
    match &array.numbers {
        Numbers::Floats(numbers) => {
            let first = numbers.first().copied();
            first.filter(|first| numbers.iter().all(|number| number == first))
        }
        Numbers::Integers(_) => None,
    }
}

fn floats<'n>(node: &NodeProto, array: &'n Array) -> Result<&'n [f32], OnnxError> {
    match &array.numbers {
        Numbers::Floats(numbers) => Ok(numbers),
        Numbers::Integers(_) => Err(kept(node, "it computes with integers")),
    }
}

/// What a layer is called: as its weights are, `fc1` for `fc1.weight`, or as its node.
fn layer_name(node: &NodeProto, weights: &str) -> String {
    weights.strip_suffix(".weight").filter(|name| !name.is_empty()).map_or_else(|| name(node), str::to_owned)
}

/// Numbers that others may share.
pub(super) fn shared(array: Array) -> Value {
    Value::Constant(Rc::new(array))
}
