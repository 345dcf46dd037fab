//! Graphs within graphs.

use lessen_graph::Count;
use lessen_graph::proto::{AttributeProto, FunctionProto, GraphProto, ValueInfoProto};

use crate::built::{BOOL, F32, I64, count, holding, info, integers, node, truth, try_count};

/// `x` of 2 by 3 with constants of its own.
fn graph(node: Vec<lessen_graph::proto::NodeProto>) -> GraphProto {
    GraphProto { node, input: vec![info("x", F32, &[2, 3])], ..GraphProto::default() }
}

fn outputs(names: &[&str]) -> Vec<ValueInfoProto> {
    names.iter().map(|&name| ValueInfoProto { name: name.into(), r#type: None }).collect()
}

/// `x` is multiplied with itself turned round so many times: 2 by 3 by 2 each.
fn branch(products: usize) -> GraphProto {
    let mut nodes = vec![node("Transpose", &["x"], &["t"])];
    nodes.extend((0..products).map(|place| node("MatMul", &["x", "t"], &[&format!("product{place}")])));
    let last = format!("product{}", products - 1);
    GraphProto { node: nodes, output: outputs(&[&last]), ..GraphProto::default() }
}

fn choice(condition: &str) -> lessen_graph::proto::NodeProto {
    holding(holding(node("If", &[condition], &["y"]), "then_branch", branch(1)), "else_branch", branch(3))
}

fn reasons(count: &Count) -> Vec<String> {
    count.unknown().map(|(node, reason)| format!("{}: {}", node.op, reason.0)).collect()
}

#[test]
fn of_a_choice_the_branch_that_is_taken_counts() {
    for (is_true, macs) in [(true, 12), (false, 36)] {
        let known = GraphProto { initializer: vec![truth("c", is_true)], ..graph(vec![choice("c")]) };
        let found = count(known);
        assert_eq!((found.operations().macs, found.is_complete()), (macs, true));
        assert_eq!(found.nodes.last().unwrap().result.sides(), Some(vec![2, 2]));
    }
}

#[test]
fn of_a_choice_that_is_not_known_the_greater_branch_counts_and_is_listed() {
    let mut open = graph(vec![choice("c")]);
    open.input.push(info("c", BOOL, &[]));
    let found = count(open);
    assert_eq!(found.operations().macs, 36);
    assert_eq!(
        reasons(&found),
        ["If: which branch is taken depends on the data: 12 or 36 MACs; the greater was counted"]
    );
    // Where both take the same nothing is open.
    let same =
        holding(holding(node("If", &["c"], &["y"]), "then_branch", branch(2)), "else_branch", branch(2));
    let mut open = graph(vec![same]);
    open.input.push(info("c", BOOL, &[]));
    let found = count(open);
    assert_eq!((found.operations().macs, found.is_complete()), (24, true));
}

/// A body that multiplies and carries on what it was given.
fn body(condition: Vec<lessen_graph::proto::NodeProto>) -> GraphProto {
    let mut nodes = condition;
    nodes.push(node("Transpose", &["carried"], &["t"]));
    nodes.push(node("MatMul", &["carried", "t"], &["collected"]));
    nodes.push(node("Identity", &["carried"], &["carried_on"]));
    GraphProto {
        node: nodes,
        input: outputs(&["number", "condition", "carried"]),
        output: outputs(&["goes_on", "carried_on", "collected"]),
        ..GraphProto::default()
    }
}

#[test]
fn a_repetition_counts_as_often_as_it_is_done() {
    let goes_on = vec![node("Identity", &["condition"], &["goes_on"])];
    let repetition = holding(node("Loop", &["times", "", "x"], &["last", "all"]), "body", body(goes_on));
    let sum = node("ReduceSum", &["all"], &["sum"]);
    let times = integers("times", &[], &[5]);
    let found = count(GraphProto { initializer: vec![times], ..graph(vec![repetition, sum]) });
    assert_eq!((found.operations().macs, reasons(&found)), (5 * 12, vec![]));
    // Five times 2 by 2 are collected: 19 sums.
    assert_eq!(found.operations().adds, 19);
    assert_eq!(
        found.nodes.iter().filter(|node| node.op == "MatMul").map(|node| node.times).collect::<Vec<_>>(),
        [5]
    );
}

#[test]
fn a_repetition_that_may_end_or_is_not_told_is_listed() {
    let depends =
        vec![node("ReduceSum", &["carried"], &["all"]), node("Less", &["all", "all"], &["goes_on"])];
    let may_end = holding(node("Loop", &["times", "", "x"], &["last", "all"]), "body", body(depends));
    let times = integers("times", &[], &[5]);
    let found = count(GraphProto { initializer: vec![times], ..graph(vec![may_end]) });
    assert_eq!(found.operations().macs, 60);
    assert_eq!(reasons(&found), ["Loop: it may end before its 5 times, which were counted"]);

    let goes_on = vec![node("Identity", &["condition"], &["goes_on"])];
    let not_told = holding(node("Loop", &["times", "", "x"], &["last", "all"]), "body", body(goes_on));
    let mut open = graph(vec![not_told]);
    open.input.push(info("times", I64, &[]));
    let found = count(open);
    assert_eq!(found.operations().macs, 12);
    assert_eq!(reasons(&found), ["Loop: how often it is done is not known; once was counted"]);
}

/// What grows from time to time has no extents that could be told before.
#[test]
fn what_a_body_carries_on_in_other_extents_is_not_known() {
    let body = GraphProto {
        node: vec![
            node("Identity", &["condition"], &["goes_on"]),
            node("Concat", &["carried", "carried"], &["carried_on"]),
            node("Relu", &["carried_on"], &["collected"]),
        ],
        ..body(Vec::new())
    };
    let mut concat = holding(node("Loop", &["times", "", "x"], &["last", "all"]), "body", body);
    concat.name = "growing".into();
    let times = integers("times", &[], &[3]);
    let found = count(GraphProto { initializer: vec![times], ..graph(vec![concat]) });
    assert_eq!(reasons(&found), ["Relu: the extents of the result are not known"]);
    assert_eq!(found.unknown().next().unwrap().0.name, "growing/collected");
}

#[test]
fn a_scan_is_done_for_each_place_of_its_axis() {
    let body = GraphProto {
        node: vec![node("Mul", &["state", "part"], &["state_on"]), node("Relu", &["state_on"], &["made"])],
        input: outputs(&["state", "part"]),
        output: outputs(&["state_on", "made"]),
        ..GraphProto::default()
    };
    let mut scan = holding(node("Scan", &["first", "x"], &["last", "all"]), "body", body);
    scan.attribute.push(AttributeProto {
        name: "num_scan_inputs".into(),
        i: 1,
        r#type: 2,
        ..AttributeProto::default()
    });
    let mut scanned = graph(vec![scan]);
    scanned.input.push(info("first", F32, &[3]));
    let found = count(scanned);
    assert_eq!((found.operations().adds, found.operations().comparisons, found.is_complete()), (6, 6, true));
}

#[test]
fn a_function_counts_at_each_of_its_calls() {
    let function = FunctionProto {
        name: "Twice".into(),
        domain: "ours".into(),
        input: vec!["given".into()],
        output: vec!["made".into()],
        node: vec![node("Transpose", &["given"], &["t"]), node("MatMul", &["given", "t"], &["made"])],
        ..FunctionProto::default()
    };
    let call = |given: &str, made: &str| {
        let mut call = node("Twice", &[given], &[made]);
        call.domain = "ours".into();
        call
    };
    let found = try_count(graph(vec![call("x", "y"), call("y", "z")]), vec![function]).unwrap();
    assert_eq!(found.operations().macs, 2 * 3 * 2 + 2 * 2 * 2);
    assert!(found.is_complete());
}
