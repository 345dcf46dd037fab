//! Names and what is known of the values that they stand for.

use std::collections::{HashMap, HashSet};

use crate::element::Element;
use crate::error::GraphError;
use crate::proto::{NodeProto, TypeProto, ValueInfoProto};
use crate::value::{Dims, Value};
use crate::walk::{name, qualified};

/// The names of a graph, and those around it.
pub(crate) struct Scope<'a, 's> {
    values: HashMap<&'a str, Value>,
    /// What the model says of values that nodes will make.
    said: HashMap<&'a str, Value>,
    missing: HashSet<&'a str>,
    outer: Option<&'s Scope<'a, 's>>,
}

impl<'a, 's> Scope<'a, 's> {
    pub(crate) fn new(inputs: HashMap<&'a str, Value>, outer: Option<&'s Scope<'a, 's>>) -> Self {
        Self { values: inputs, said: HashMap::new(), missing: HashSet::new(), outer }
    }

    /// For so many more values.
    pub(crate) fn make_room(&mut self, values: usize) {
        self.values.reserve(values);
    }

    /// A constant; it may have the name of an input, whose usual value it is then.
    pub(crate) fn constant(&mut self, name: &'a str, value: Value) -> Result<(), GraphError> {
        match self.values.insert(name, value.bounded()) {
            Some(Value { constant: Some(_), .. }) => Err(GraphError::Tensor {
                tensor: name.to_owned(),
                expected: "one constant of this name".into(),
                found: "two".into(),
            }),
            _ => Ok(()),
        }
    }

    /// What the model says of values.
    pub(crate) fn say(&mut self, all: &'a [ValueInfoProto]) {
        self.said.extend(all.iter().map(|info| (info.name.as_str(), said(info))));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).or_else(|| self.outer?.get(name))
    }

    /// An input of a function that its caller leaves out: a name that stands for nothing.
    pub(crate) fn missing(&mut self, name: &'a str) {
        self.missing.insert(name);
    }

    /// What a node is given; `None` for what it is not.
    pub(crate) fn inputs(&self, node: &NodeProto) -> Result<Vec<Option<Value>>, GraphError> {
        let input = |input: &String| match input.as_str() {
            "" => Ok(None),
            given if self.missing.contains(given) => Ok(None),
            given => self.get(given).cloned().map(Some).ok_or_else(|| GraphError::Node {
                node: format!("`{}` ({})", name(node), qualified(node)),
                expected: "an input, a constant or what an earlier node makes as its input".into(),
                found: format!("`{given}`, which is made later or nowhere"),
            }),
        };
        node.input.iter().map(input).collect()
    }

    /// What is known of a node's results, or else said.
    pub(crate) fn said(&self, node: &NodeProto, known: Vec<Value>) -> Vec<Value> {
        let mut known = known.into_iter();
        let one = |output: &String| {
            let value = known.next().unwrap_or_default();
            match self.said.get(output.as_str()) {
                Some(said) => value.or(said),
                None => value,
            }
        };
        node.output.iter().map(one).collect()
    }

    pub(crate) fn results(&mut self, node: &'a NodeProto, results: Vec<Value>) -> Result<(), GraphError> {
        for (output, value) in node.output.iter().zip(results) {
            if !output.is_empty() && self.values.insert(output, value.bounded()).is_some() {
                return Err(GraphError::Node {
                    node: format!("`{}` ({})", name(node), qualified(node)),
                    expected: "a new name for its result".into(),
                    found: format!("`{output}`, which is taken"),
                });
            }
        }
        Ok(())
    }
}

/// What is said of a value; extents with a name stay open.
fn said(info: &ValueInfoProto) -> Value {
    let Some((element, dims)) = info.r#type.as_ref().and_then(tensor_type) else { return Value::default() };
    let side = |dim: &crate::proto::DimensionProto| dim.dim_value.and_then(|side| u64::try_from(side).ok());
    Value::new(element, dims.map(|dims| dims.iter().map(side).collect::<Dims>())).bounded()
}

/// Kind and extents of a tensor's type, of a sparse one and of one that may be there or not.
pub(crate) fn tensor_type(
    of: &TypeProto,
) -> Option<(Option<Element>, Option<&[crate::proto::DimensionProto]>)> {
    if let Some(tensor) = of.tensor_type.as_ref().or(of.sparse_tensor_type.as_ref()) {
        let dims = tensor.shape.as_ref().map(|shape| shape.dim.as_slice());
        return Some((Element::of(tensor.elem_type), dims));
    }
    tensor_type(of.optional_type.as_ref()?.elem_type.as_ref()?)
}
