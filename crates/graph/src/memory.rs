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
    let lives = Lives::of(inputs, steps, outputs);
    let mut sizes: Vec<u64> = vec![0; lives.last_read.len()];
    let mut held = Held::default();
    for (name, bytes) in inputs {
        let bytes = bytes.ok_or_else(|| unknown(&format!("the input `{name}`")))?;
        if let Some(result) = lives.made_as(name) {
            sizes[result] = bytes;
        }
        held.take(bytes)?;
    }
    held.remember();
    for (place, step) in steps.iter().enumerate() {
        for (made, bytes) in step.node.output.iter().zip(&step.bytes) {
            let Some(result) = lives.made_as(made).filter(|_| !made.is_empty()) else { continue };
            if step.node.op_type == "Constant" {
                continue;
            }
            let bytes = bytes.ok_or_else(|| unknown(&format!("`{}`", name(step.node))))?;
            sizes[result] = bytes;
            held.take(bytes)?;
        }
        held.remember();
        let names = step.node.input.iter().map(String::as_str).chain(captured(step.node));
        let names = names.chain(step.node.output.iter().map(String::as_str));
        for given in names {
            let Some(&result) = lives.results.get(given) else { continue };
            if lives.last_read[result].is_none_or(|last| last <= place) {
                held.now -= std::mem::take(&mut sizes[result]);
            }
        }
    }
    Ok(Activations { bytes: held.all, peak_bytes: held.peak })
}

/// How long results are there. Each is a number here: names are looked up once.
struct Lives<'a> {
    /// The result that holds the numbers of each name.
    results: HashMap<&'a str, usize>,
    /// The name that each result was made as.
    names: Vec<&'a str>,
    /// The step that reads a result last; behind all of them for what the graph gives.
    last_read: Vec<Option<usize>>,
}

impl<'a> Lives<'a> {
    fn of(inputs: &[(&'a str, Option<u64>)], steps: &[Step<'a>], outputs: &[&'a str]) -> Self {
        let mut lives = Self {
            results: HashMap::with_capacity(inputs.len() + steps.len()),
            names: Vec::with_capacity(inputs.len() + steps.len()),
            last_read: Vec::with_capacity(inputs.len() + steps.len()),
        };
        inputs.iter().for_each(|(name, _)| lives.make(name));
        for (place, step) in steps.iter().enumerate() {
            let mut first = None;
            for (input, given) in
                step.node.input.iter().map(String::as_str).chain(captured(step.node)).enumerate()
            {
                let Some(&result) = lives.results.get(given) else { continue };
                lives.last_read[result] = Some(place);
                first = first.or(Some(result).filter(|_| input == 0 && !step.node.input.is_empty()));
            }
            for (output, made) in step.node.output.iter().enumerate() {
                match first.filter(|_| output == 0 && is_view(step.node)) {
                    Some(viewed) => drop(lives.results.insert(made, viewed)),
                    None => lives.make(made),
                }
            }
        }
        for output in outputs {
            if let Some(&result) = lives.results.get(output) {
                lives.last_read[result] = Some(steps.len());
            }
        }
        lives
    }

    fn make(&mut self, name: &'a str) {
        self.results.insert(name, self.names.len());
        self.names.push(name);
        self.last_read.push(None);
    }

    /// The result that was made as this, and not as another name that this only stands for.
    fn made_as(&self, name: &str) -> Option<usize> {
        self.results.get(name).copied().filter(|&result| self.names[result] == name)
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
