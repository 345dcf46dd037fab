//! Models that are no networks (`ai.onnx.ml`): trees, linear models, support vectors, and what prepares rows for them.

use std::collections::HashMap;

use lessen_units::Operations;

use super::{Operator, Shape, Work};
use crate::call::{Call, Reason, times, unknown};
use crate::value::Value;

pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "TreeEnsembleClassifier" | "TreeEnsembleRegressor" => {
            Operator::new(Shape::Said, Work::Of(listed_trees))
        }
        "TreeEnsemble" => Operator::new(Shape::Said, Work::Of(trees)),
        "LinearClassifier" | "LinearRegressor" => Operator::new(Shape::Said, Work::Of(linear)),
        "SVMClassifier" | "SVMRegressor" => Operator::new(Shape::Said, Work::Of(support_vectors)),
        // The offset subtracted, the factor.
        "Scaler" => Operator::new(Shape::As(0), Work::Each { adds: 2, comparisons: 0 }),
        // The norm of a row, and a division.
        "Normalizer" => Operator::new(Shape::As(0), Work::Each { adds: 3, comparisons: 0 }),
        "Binarizer" | "Imputer" => Operator::new(Shape::As(0), Work::Each { adds: 0, comparisons: 1 }),
        "ArrayFeatureExtractor"
        | "CastMap"
        | "CategoryMapper"
        | "DictVectorizer"
        | "FeatureVectorizer"
        | "LabelEncoder"
        | "OneHotEncoder"
        | "ZipMap" => Operator::new(Shape::Said, Work::None),
        _ => return None,
    })
}

/// Rows of the first input: one, where it is a vector.
fn rows_and_width(call: &Call<'_>) -> Result<(u64, u64), Reason> {
    match *call.sides(0)?.as_slice() {
        [width] => Ok((1, width)),
        [rows, width] => Ok((rows, width)),
        _ => Err(Reason::new("its input is no table")),
    }
}

/// A row walks each tree from its root to a leaf: at most as many comparisons as the tree is deep, and a sum of the leaf's weights.
fn walks(rows: u64, depths: &[u64], weights: u64) -> Result<Operations, Reason> {
    let deep = depths.iter().try_fold(0u64, |sum, &depth| sum.checked_add(depth));
    let deep = deep.ok_or_else(|| unknown("the trees"))?;
    let sums = times(&[depths.len() as u64, weights])?;
    Ok(Operations { comparisons: times(&[rows, deep])?, adds: times(&[rows, sums])?, ..Operations::NONE })
}

/// Trees as lists of nodes (up to version 3): each has the number of its tree and its own in that tree.
fn listed_trees(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let list = |name: &str| call.ints(name).unwrap_or(&[]);
    let (trees, nodes) = (list("nodes_treeids"), list("nodes_nodeids"));
    let (yes, no) = (list("nodes_truenodeids"), list("nodes_falsenodeids"));
    let modes = call.texts("nodes_modes");
    let count = trees.len();
    if count == 0 || [nodes.len(), yes.len(), no.len(), modes.len()].iter().any(|&other| other != count) {
        return Err(Reason::new("its lists of nodes are not of one length"));
    }
    let mut places = HashMap::new();
    for place in 0..count {
        places.insert((trees[place], nodes[place]), place);
    }
    let child = |place: usize, id: i64| places.get(&(trees[place], id)).copied();
    let children = |place: usize| match modes[place] {
        "LEAF" => [None, None],
        _ => [child(place, yes[place]), child(place, no[place])],
    };
    // A tree's root is its node that comes first.
    let roots = first_of_each(trees);
    let depths = depths(&roots, count, children)?;
    walks(rows_and_width(call)?.0, &depths, 1)
}

/// The first place of each number.
fn first_of_each(numbers: &[i64]) -> Vec<usize> {
    let mut seen = std::collections::HashSet::new();
    (0..numbers.len()).filter(|&place| seen.insert(numbers[place])).collect()
}

/// The longest way from each root to a leaf.
fn depths(
    roots: &[usize],
    nodes: usize,
    children: impl Fn(usize) -> [Option<usize>; 2],
) -> Result<Vec<u64>, Reason> {
    // Nodes that trees share, or that are their own ancestors, would be visited without end.
    let mut left = nodes;
    let mut depth = |root: usize| {
        let (mut deepest, mut open) = (0, vec![(root, 0u64)]);
        while let Some((place, depth)) = open.pop() {
            left = left.checked_sub(1).ok_or_else(|| Reason::new("its nodes are no trees"))?;
            deepest = deepest.max(depth);
            open.extend(children(place).into_iter().flatten().map(|child| (child, depth + 1)));
        }
        Ok(deepest)
    };
    roots.iter().map(|&root| depth(root)).collect()
}

/// Trees by place (version 5): a child is a leaf where it is said to be one.
fn trees(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let list = |name: &str| call.ints(name).unwrap_or(&[]);
    let (yes, no) = (list("nodes_truenodeids"), list("nodes_falsenodeids"));
    let (yes_leaf, no_leaf) = (list("nodes_trueleafs"), list("nodes_falseleafs"));
    let count = yes.len();
    if [no.len(), yes_leaf.len(), no_leaf.len()].iter().any(|&other| other != count) {
        return Err(Reason::new("its lists of nodes are not of one length"));
    }
    let child = |id: i64, is_leaf: i64| match is_leaf {
        0 => usize::try_from(id).ok().filter(|&place| place < count),
        _ => None,
    };
    let children = |place: usize| [child(yes[place], yes_leaf[place]), child(no[place], no_leaf[place])];
    let root = |&root: &i64| usize::try_from(root).ok().filter(|&root| root < count);
    let roots: Option<Vec<usize>> = list("tree_roots").iter().map(root).collect();
    let roots = roots.ok_or_else(|| Reason::new("a tree's root is no node"))?;
    // A node that is not a leaf compares; so the deepest one is one comparison short of its leaf.
    let depths: Vec<u64> = depths(&roots, count, children)?.into_iter().map(|depth| depth + 1).collect();
    walks(rows_and_width(call)?.0, &depths, 1)
}

/// A product with each row of coefficients, and its constant.
fn linear(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let (rows, width) = rows_and_width(call)?;
    let coefficients = call.floats("coefficients").map_or(0, <[f32]>::len) as u64;
    if width == 0 || !coefficients.is_multiple_of(width) {
        return Err(Reason::new("its coefficients do not fit its input"));
    }
    Ok(Operations {
        macs: times(&[rows, coefficients])?,
        adds: times(&[rows, coefficients / width])?,
        ..Operations::NONE
    })
}

/// A kernel of the row with each vector: a product (or a squared distance: a subtraction more for each number), and for the kernel's
/// function two steps and a value; then a product with the coefficients.
fn support_vectors(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let (rows, width) = rows_and_width(call)?;
    let numbers = call.floats("support_vectors").map_or(0, <[f32]>::len) as u64;
    let coefficients = call.floats("coefficients").map_or(0, <[f32]>::len) as u64;
    if width == 0 || numbers == 0 {
        // A linear machine keeps its coefficients alone.
        return linear(call, &[]);
    }
    let vectors = numbers / width;
    let (a_number, a_vector) = match call.text("kernel_type") {
        Some("LINEAR") | None => (0, 0),
        Some("RBF") => (1, 2),
        Some(_) => (0, 3),
    };
    Ok(Operations {
        macs: times(&[rows, numbers.saturating_add(coefficients)])?,
        adds: times(&[
            rows,
            numbers.saturating_mul(a_number).saturating_add(vectors.saturating_mul(a_vector)),
        ])?,
        ..Operations::NONE
    })
}
