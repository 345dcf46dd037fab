//! A node's settings.

use lessen_graph::proto::{AttributeProto, NodeProto};

fn find<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

/// A setting that is an integer; `usual` where it is not said.
pub(super) fn integer(node: &NodeProto, name: &str, usual: i64) -> i64 {
    find(node, name).map_or(usual, |attribute| attribute.i)
}

/// A setting that is a number; `usual` where it is not said.
pub(super) fn number(node: &NodeProto, name: &str, usual: f32) -> f32 {
    find(node, name).map_or(usual, |attribute| attribute.f)
}

/// A setting that is a list of integers, where it is said.
pub(super) fn integers<'a>(node: &'a NodeProto, name: &str) -> Option<&'a [i64]> {
    find(node, name).map(|attribute| attribute.ints.as_slice())
}

/// A setting that is a word, where it is said.
pub(super) fn word<'a>(node: &'a NodeProto, name: &str) -> Option<&'a str> {
    find(node, name).and_then(|attribute| std::str::from_utf8(&attribute.s).ok())
}

/// The first of these that is said.
pub(super) fn first<'a>(node: &'a NodeProto, names: &[&str]) -> Option<&'a AttributeProto> {
    names.iter().find_map(|name| find(node, name))
}
