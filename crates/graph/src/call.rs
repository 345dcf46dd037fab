//! A node with all that is known of what it is given.

use crate::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};
use crate::value::{Dims, Value};

/// Why something cannot be told; never an error of the file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

impl Reason {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Attributes by name, those of a function's caller put in.
#[derive(Clone, Default)]
pub(crate) struct Attributes<'a> {
    all: Vec<(&'a str, &'a AttributeProto)>,
}

impl<'a> Attributes<'a> {
    /// Those of `node`; one that refers to its caller's is the caller's.
    pub(crate) fn of(node: &'a NodeProto, callers: &Self) -> Self {
        let resolve = |attribute: &'a AttributeProto| {
            let given = match attribute.ref_attr_name.as_str() {
                "" => attribute,
                name => callers.get(name)?,
            };
            Some((attribute.name.as_str(), given))
        };
        Self { all: node.attribute.iter().filter_map(resolve).collect() }
    }

    /// The same with those of `defaults` that are not among them.
    pub(crate) fn or(mut self, defaults: &'a [AttributeProto]) -> Self {
        for attribute in defaults {
            if self.get(&attribute.name).is_none() {
                self.all.push((&attribute.name, attribute));
            }
        }
        self
    }

    fn get(&self, name: &str) -> Option<&'a AttributeProto> {
        self.all.iter().find(|(known, _)| *known == name).map(|(_, attribute)| *attribute)
    }
}

/// A node, its operator's version, what it is given.
pub(crate) struct Call<'a> {
    pub(crate) node: &'a NodeProto,
    /// Of the operator set of its domain.
    pub(crate) version: i64,
    /// `None` where an optional input is left out.
    pub(crate) inputs: Vec<Option<Value>>,
    pub(crate) attributes: Attributes<'a>,
}

impl<'a> Call<'a> {
    pub(crate) fn input(&self, place: usize) -> Option<&Value> {
        self.inputs.get(place)?.as_ref()
    }

    /// Extents of an input, if their number is known.
    pub(crate) fn dims(&self, place: usize) -> Option<&Dims> {
        self.input(place)?.dims.as_ref()
    }

    /// Extents of an input, if all are known.
    pub(crate) fn sides(&self, place: usize) -> Result<Vec<u64>, Reason> {
        self.input(place).and_then(Value::sides).ok_or_else(|| unknown(&format!("input {}", place + 1)))
    }

    /// Numbers of an input.
    pub(crate) fn numbers(&self, place: usize) -> Result<u64, Reason> {
        self.input(place).and_then(Value::numbers).ok_or_else(|| unknown(&format!("input {}", place + 1)))
    }

    /// Whether an optional input is there.
    pub(crate) fn has(&self, place: usize) -> bool {
        self.input(place).is_some()
    }

    /// Integers that are an attribute in older versions of an operator and an input in newer ones.
    pub(crate) fn listed(&self, attribute: &str, input: usize) -> Listed {
        if let Some(given) = self.ints(attribute) {
            return Listed::Known(given.to_vec());
        }
        match self.input(input) {
            None => Listed::NotSaid,
            Some(value) if value.numbers() == Some(0) => Listed::Known(Vec::new()),
            Some(value) => value.integers().map_or(Listed::Unknown, Listed::Known),
        }
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.attributes.get(name).map(|attribute| attribute.i)
    }

    pub(crate) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attributes.get(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(crate) fn float(&self, name: &str) -> Option<f32> {
        self.attributes.get(name).map(|attribute| attribute.f)
    }

    pub(crate) fn floats(&self, name: &str) -> Option<&'a [f32]> {
        self.attributes.get(name).map(|attribute| attribute.floats.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.attributes.get(name).and_then(|attribute| std::str::from_utf8(&attribute.s).ok())
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        let strings = self.attributes.get(name).map_or(&[][..], |attribute| &attribute.strings);
        strings.iter().map(|string| std::str::from_utf8(string).unwrap_or("")).collect()
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&'a TensorProto> {
        self.attributes.get(name)?.t.as_ref()
    }

    pub(crate) fn graph(&self, name: &str) -> Option<&'a GraphProto> {
        self.attributes.get(name)?.g.as_ref()
    }
}

/// Integers that may be said in one of two ways.
pub(crate) enum Listed {
    NotSaid,
    /// They are computed from what is not known.
    Unknown,
    Known(Vec<i64>),
}

/// An axis of a tensor of this rank, counted from the end where it is negative.
pub(crate) fn axis(axis: i64, rank: usize) -> Option<usize> {
    let axis = if axis < 0 { axis.checked_add(i64::try_from(rank).ok()?)? } else { axis };
    usize::try_from(axis).ok().filter(|&axis| axis < rank)
}

pub(crate) fn unknown(what: &str) -> Reason {
    Reason(format!("the extents of {what} are not known"))
}

/// `a b`, where that fits into 64 bits.
pub(crate) fn times(factors: &[u64]) -> Result<u64, Reason> {
    let product = factors.iter().try_fold(1u64, |product, &factor| product.checked_mul(factor));
    product.ok_or_else(|| Reason::new("more than fits into 64 bits"))
}
