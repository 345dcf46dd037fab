//! Nodes that hold graphs: choices, repetitions, and calls of functions.

use std::collections::HashMap;

use lessen_units::Operations;

use super::{Context, Scope, Walker, name};
use crate::call::{Call, Reason, axis, unknown};
use crate::error::GraphError;
use crate::proto::{FunctionProto, GraphProto, NodeProto};
use crate::value::{Dims, Value};

impl<'a> Context<'a> {
    /// Within a node, done so many times each time.
    fn within(&self, node: &NodeProto, times: u64) -> Result<Self, GraphError> {
        if self.depth >= super::DEEPEST {
            return Err(GraphError::Graph {
                expected: format!("graphs and functions at most {} deep", super::DEEPEST),
                found: format!("deeper ones, in `{}{}`", self.path, name(node)),
            });
        }
        let path = format!("{}{}/", self.path, super::shortened(name(node)));
        let times = self.times.saturating_mul(times);
        Ok(Self { path, depth: self.depth + 1, times, ..self.clone() })
    }
}

impl<'a> Walker<'a> {
    /// A function's nodes in the place of its call.
    pub(super) fn function(
        &mut self,
        function: &'a FunctionProto,
        call: &Call<'a>,
        _: &Scope<'a, '_>,
        context: &Context<'a>,
    ) -> Result<Vec<Value>, GraphError> {
        let within = Context {
            opsets: &function.opset_import,
            attributes: call.attributes.clone().or(&function.attribute_proto),
            ..context.within(call.node, 1)?
        };
        let given = call.inputs.iter().map(|input| input.clone().unwrap_or_default());
        let inputs = function.input.iter().map(String::as_str).zip(given).collect();
        // Of what is around a call a function sees nothing.
        let mut scope = Scope::new(inputs, None);
        for name in function.input.iter().skip(call.inputs.len()) {
            scope.missing(name);
        }
        for node in &function.node {
            self.node(node, &mut scope, &within)?;
        }
        Ok(function.output.iter().map(|output| scope.get(output).cloned().unwrap_or_default()).collect())
    }

    /// The branch that is taken, where that is known; else the one that takes more, and the choice is written down as not known unless
    /// both take the same.
    pub(super) fn choice(
        &mut self,
        call: &Call<'a>,
        scope: &Scope<'a, '_>,
        context: &Context<'a>,
    ) -> Result<Vec<Value>, GraphError> {
        let (yes, no) = (body(call, "then_branch")?, body(call, "else_branch")?);
        let within = context.within(call.node, 1)?;
        let walk = |walker: &mut Self, graph: &'a GraphProto| {
            walker.graph(graph, HashMap::new(), Some(scope), &within)
        };
        if let Some(condition) = call.input(0).and_then(Value::integers) {
            let taken = if condition.first().is_some_and(|&condition| condition != 0) { yes } else { no };
            return walk(self, taken);
        }
        let begin = self.nodes.len();
        let of_yes = walk(self, yes)?;
        let nodes_of_yes = self.nodes.split_off(begin);
        let of_no = walk(self, no)?;
        let nodes_of_no = self.nodes.split_off(begin);
        let sum =
            |nodes: &[super::NodeCount]| -> Operations { nodes.iter().map(|node| node.operations).sum() };
        let (yes, no) = (sum(&nodes_of_yes), sum(&nodes_of_no));
        let weight =
            |of: Operations| u128::from(of.macs) * 2 + u128::from(of.adds) + u128::from(of.comparisons);
        self.nodes.extend(if weight(yes) >= weight(no) { nodes_of_yes } else { nodes_of_no });
        let results: Vec<Value> = of_yes.into_iter().zip(of_no).map(|(yes, no)| common(yes, &no)).collect();
        if yes != no {
            let reason = format!(
                "which branch is taken depends on the data: {} or {} MACs; the greater was counted",
                yes.macs, no.macs
            );
            self.count(call, &results, Err(Reason(reason)), context);
        }
        Ok(results)
    }

    /// A body as often as is said, if that is known and nothing can end it before.
    pub(super) fn repetition(
        &mut self,
        call: &Call<'a>,
        scope: &Scope<'a, '_>,
        context: &Context<'a>,
    ) -> Result<Vec<Value>, GraphError> {
        let body = body(call, "body")?;
        let trips = call.input(0).and_then(Value::integers).and_then(|trips| trips.first().copied());
        let trips = trips.map(|trips| u64::try_from(trips).unwrap_or(0));
        let carried: Vec<Value> =
            call.inputs.iter().skip(2).map(|input| input.clone().unwrap_or_default()).collect();
        // Its number is another one each time, and so may be what it carries from one time to the next.
        let number = Value::known(Some(crate::element::Element::I64), []);
        let condition = call.input(1).cloned().unwrap_or_else(true_value);
        let always =
            |value: &Value| value.integers().is_some_and(|value| value.first().is_some_and(|v| *v != 0));
        let within = context.within(call.node, trips.unwrap_or(1))?;
        let given: Vec<Value> = [number, condition.clone()].into_iter().chain(carried.clone()).collect();
        let made = self.body(body, given, scope, &within, &carried, 2, 1)?;
        let ends_early = !always(&condition) || !made.first().is_some_and(always);
        let carried_on = made.iter().skip(1).take(carried.len()).cloned();
        let collected = made.iter().skip(1 + carried.len());
        let results: Vec<Value> = carried_on.chain(collected.map(|value| in_front(trips, value))).collect();
        let reason = match trips {
            None => Some("how often it is done is not known; once was counted".to_owned()),
            Some(trips) if ends_early => {
                Some(format!("it may end before its {trips} times, which were counted"))
            }
            Some(_) => None,
        };
        if let Some(reason) = reason {
            self.count(call, &results, Err(Reason(reason)), context);
        }
        Ok(results)
    }

    /// A body once for each place along an axis of what is scanned.
    pub(super) fn scan(
        &mut self,
        call: &Call<'a>,
        scope: &Scope<'a, '_>,
        context: &Context<'a>,
    ) -> Result<Vec<Value>, GraphError> {
        let graph = body(call, "body")?;
        // In its first version a batch's lengths come first, and its axis before those of each input.
        let first = usize::from(call.version < 9);
        let inputs: Vec<Value> =
            call.inputs.iter().skip(first).map(|input| input.clone().unwrap_or_default()).collect();
        let scanned = call.int("num_scan_inputs").and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let states = inputs.len().saturating_sub(scanned);
        let axes = call.ints("scan_input_axes").unwrap_or(&[]);
        let mut trips = None;
        let mut given: Vec<Value> = inputs[..states].to_vec();
        for (place, value) in inputs[states..].iter().enumerate() {
            let at = axes.get(place).copied().unwrap_or(0).saturating_add(first as i64);
            let at = value.rank().and_then(|rank| axis(at, rank));
            let dims = value.dims.as_ref().zip(at).map(|(dims, at)| {
                trips = trips.or(dims[at]);
                dims.iter()
                    .enumerate()
                    .filter(|(axis, _)| *axis != at)
                    .map(|(_, side)| *side)
                    .collect::<Dims>()
            });
            given.push(Value::new(value.element, dims));
        }
        let within = context.within(call.node, trips.unwrap_or(1))?;
        let carried = inputs[..states].to_vec();
        let made = self.body(graph, given, scope, &within, &carried, 0, 0)?;
        let collected = made.iter().skip(states).map(|value| in_front(trips, value));
        let results: Vec<Value> = made.iter().take(states).cloned().chain(collected).collect();
        if trips.is_none() {
            self.count(call, &results, Err(unknown("what is scanned")), context);
        }
        Ok(results)
    }

    /// A body that is done again and again: where what it carries on is not as it was given, what differs is not known.
    #[allow(
        clippy::too_many_arguments,
        reason = "a body, its surroundings, and where its carried values are"
    )]
    fn body(
        &mut self,
        graph: &'a GraphProto,
        mut given: Vec<Value>,
        scope: &Scope<'a, '_>,
        context: &Context<'a>,
        carried: &[Value],
        first_given: usize,
        first_made: usize,
    ) -> Result<Vec<Value>, GraphError> {
        for value in &mut given[first_given..first_given + carried.len()] {
            (value.content, value.constant) = (None, None);
        }
        let begin = self.nodes.len();
        for _ in 0..2 {
            let named = graph.input.iter().map(|input| input.name.as_str()).zip(given.clone()).collect();
            let made = self.graph(graph, named, Some(scope), context)?;
            let mut changed = false;
            for (place, value) in carried.iter().enumerate() {
                let Some(now) = made.get(first_made + place) else { continue };
                let both = common(Value { content: None, constant: None, ..value.clone() }, now);
                let known = &mut given[first_given + place];
                if both.dims != known.dims {
                    changed = true;
                    *known = both;
                }
            }
            if !changed {
                return Ok(made);
            }
            // With what is not known this time.
            self.nodes.truncate(begin);
        }
        let named = graph.input.iter().map(|input| input.name.as_str()).zip(given).collect();
        self.graph(graph, named, Some(scope), context)
    }
}

fn body<'a>(call: &Call<'a>, name: &str) -> Result<&'a GraphProto, GraphError> {
    call.graph(name).ok_or_else(|| GraphError::Node {
        node: format!("`{}` ({})", super::name(call.node), super::qualified(call.node)),
        expected: format!("a graph as `{name}`"),
        found: "none".into(),
    })
}

fn true_value() -> Value {
    Value {
        content: Some(crate::value::Content::integers(vec![1])),
        ..Value::known(Some(crate::element::Element::BOOL), [])
    }
}

/// As many of a value, along a new first axis.
fn in_front(count: Option<u64>, value: &Value) -> Value {
    let dims = value.dims.as_ref().map(|dims| std::iter::once(count).chain(dims.iter().copied()).collect());
    Value::new(value.element, dims)
}

/// What two values have in common.
fn common(one: Value, other: &Value) -> Value {
    let dims = match (one.dims, &other.dims) {
        (Some(one), Some(other)) if one.len() == other.len() => {
            Some(one.iter().zip(other).map(|(one, other)| one.filter(|_| one == other)).collect())
        }
        _ => None,
    };
    Value {
        element: one.element.filter(|_| one.element == other.element),
        dims,
        content: one.content.filter(|content| Some(content) == other.content.as_ref()),
        constant: None,
    }
}
