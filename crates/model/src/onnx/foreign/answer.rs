//! How a model ends, and what is asked for.

use lessen_data::Answer;

use super::Foreign;
use crate::onnx::OnnxError;
use crate::{Dense, Layer, Node, Weights};

/// Layers that end with what is asked for: probabilities, or the number itself.
pub(super) fn ending(foreign: Foreign, answer: &Answer) -> Result<Vec<Node>, OnnxError> {
    let Foreign { mut nodes, last: (node, op), outputs, .. } = foreign;
    let Answer::Classes(classes) = answer else { return Ok(nodes) };
    if classes.len() == 2 && outputs == 1 {
        two_classes(&mut nodes).ok_or_else(|| OnnxError::Kept {
            node: node.clone(),
            op: format!("`{op}`"),
            why: "it gives one number for two classes that is no sigmoid of a layer with weights".into(),
        })?;
    }
    match nodes.last().map(|last| &last.layer) {
        Some(Layer::Softmax) => {}
        Some(Layer::Sigmoid) => {
            return Err(OnnxError::Independent { node });
        }
        _ => nodes.push(behind(&nodes, Layer::Softmax)),
    }
    Ok(nodes)
}

/// `sigmoid(z)` of the second class is a softmax of `0` and `z`.
fn two_classes(nodes: &mut Vec<Node>) -> Option<()> {
    if matches!(nodes.last()?.layer, Layer::Sigmoid) {
        nodes.pop();
    }
    let Layer::Dense(Dense { weights, bias }) = &mut nodes.last_mut()?.layer else { return None };
    let &[1, inputs] = weights.shape() else { return None };
    let gone: Vec<bool> =
        (0..inputs).map(|place| weights.mask().is_some_and(|mask| !mask.has(place))).collect();
    let was_pruned = weights.mask().is_some();
    let mut both = vec![0.0; inputs];
    both.extend_from_slice(weights.values());
    let mut two = Weights::new(vec![2, inputs], both)?;
    if was_pruned {
        two.shrink(|place| place < inputs || !gone[place - inputs]);
    }
    (*weights, *bias) = (two, vec![0.0, *bias.first()?]);
    Some(())
}

/// A layer behind the last one.
fn behind(nodes: &[Node], layer: Layer) -> Node {
    let is_free = |name: &String| nodes.iter().all(|node| node.name != *name);
    let mut names =
        std::iter::once("softmax".to_owned()).chain((2..).map(|number| format!("softmax_{number}")));
    Node { name: names.find(is_free).unwrap_or_default(), layer, inputs: vec![nodes.len()] }
}
