//! What a graph's results take, all together and at a time.

use std::collections::HashMap;

use crate::call::{Reason, unknown};
use crate::walk::{Step, is_view, name};

/// Bytes of activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activations {
    /// Inputs and all results, each once; one that only names another anew is that one.
    pub bytes: u64,
    /// The most that there is at a time: a result is there from the node that makes it to the last that reads it, and with it what the
    /// node is given.
    pub peak_bytes: u64,
}

/// Of the outermost graph, node by node in its order; what bodies hold for themselves is not in it.
pub(crate) fn activations(
    inputs: &[(&str, Option<u64>)],
    steps: &[Step<'_>],
    outputs: &[&str],
) -> Result<Activations, Reason> {
    let Lives { holders, last_read } = Lives::of(inputs, steps, outputs);
    let mut sizes: HashMap<&str, u64> = HashMap::new();
    let mut held = Held::default();
    for (name, bytes) in inputs {
        let bytes = bytes.ok_or_else(|| unknown(&format!("the input `{name}`")))?;
        sizes.insert(name, bytes);
        held.take(bytes)?;
    }
    held.remember();
    for (place, step) in steps.iter().enumerate() {
        for (made, bytes) in step.node.output.iter().zip(&step.bytes) {
            let is_held = holders.get(made.as_str()).is_some_and(|holder| holder == made);
            if made.is_empty() || !is_held || step.node.op_type == "Constant" {
                continue;
            }
            let bytes = bytes.ok_or_else(|| unknown(&format!("`{}`", name(step.node))))?;
            sizes.insert(made, bytes);
            held.take(bytes)?;
        }
        held.remember();
        let names = step.node.input.iter().map(String::as_str).chain(captured(step.node));
        let names = names.chain(step.node.output.iter().map(String::as_str));
        for given in names {
            let Some(&holder) = holders.get(given) else { continue };
            if last_read.get(holder).is_none_or(|&last| last <= place)
                && let Some(bytes) = sizes.remove(holder)
            {
                held.now -= bytes;
            }
        }
    }
    Ok(Activations { bytes: held.all, peak_bytes: held.peak })
}

/// How long results are there.
struct Lives<'a> {
    /// What each name stands for: the name of the result that holds its numbers.
    holders: HashMap<&'a str, &'a str>,
    /// The step that reads a result last; behind all of them for what the graph gives.
    last_read: HashMap<&'a str, usize>,
}

impl<'a> Lives<'a> {
    fn of(inputs: &[(&'a str, Option<u64>)], steps: &[Step<'a>], outputs: &[&'a str]) -> Self {
        let mut holders: HashMap<&str, &str> = inputs.iter().map(|(name, _)| (*name, *name)).collect();
        let mut last_read: HashMap<&str, usize> = HashMap::new();
        for (place, step) in steps.iter().enumerate() {
            for given in step.node.input.iter().map(String::as_str).chain(captured(step.node)) {
                if let Some(holder) = holders.get(given) {
                    last_read.insert(holder, place);
                }
            }
            let first = step.node.input.first().and_then(|given| holders.get(given.as_str())).copied();
            for (output, made) in step.node.output.iter().enumerate() {
                let holder = first.filter(|_| output == 0 && is_view(step.node)).unwrap_or(made);
                holders.insert(made, holder);
            }
        }
        for output in outputs {
            if let Some(holder) = holders.get(output) {
                last_read.insert(holder, steps.len());
            }
        }
        Self { holders, last_read }
    }
}

#[derive(Default)]
struct Held {
    now: u64,
    all: u64,
    peak: u64,
}

impl Held {
    fn take(&mut self, bytes: u64) -> Result<(), Reason> {
        let both = self.now.checked_add(bytes).zip(self.all.checked_add(bytes));
        (self.now, self.all) = both.ok_or_else(|| Reason::new("more bytes than fit into 64 bits"))?;
        Ok(())
    }

    fn remember(&mut self) {
        self.peak = self.peak.max(self.now);
    }
}

/// Names that the bodies of a node read, those from around it among them.
fn captured(node: &crate::proto::NodeProto) -> impl Iterator<Item = &str> {
    let mut names = Vec::new();
    let mut open: Vec<_> = node.attribute.iter().filter_map(|attribute| attribute.g.as_ref()).collect();
    while let Some(graph) = open.pop() {
        for node in &graph.node {
            names.extend(node.input.iter().map(String::as_str));
            open.extend(node.attribute.iter().filter_map(|attribute| attribute.g.as_ref()));
        }
        names.extend(graph.output.iter().map(|output| output.name.as_str()));
    }
    names.into_iter()
}
