//! What computing models takes, for a terminal.

use std::collections::BTreeMap;

use lessen_records::CountRecord;
use lessen_records::count::{ChipEnergyRecord, CountedModelRecord, LayerActivityRecord, LayerRecord};
use lessen_units::{Figure, Joules};

use crate::grid::Grid;
use crate::readable::{NOTHING, bytes, count, figure, joules, one_line, percent, thousands, times, wrapped};
use crate::table::WIDTH;

/// What of a count is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Sums.
    Sums,
    /// A line for each node that computes something.
    Layers,
    /// A line for each operator.
    Operators,
}

/// Sums of the models beside each other; of each what was asked for in detail, what is not counted, and what was assumed.
pub fn text(record: &CountRecord, detail: Detail) -> String {
    let mut text = sums(&record.models);
    for model in &record.models {
        let is_one = record.models.len() == 1;
        let heading = if is_one { String::new() } else { format!("{}\n", one_line(&model.file)) };
        let parts = [details(model, detail), activity(model), assumed(model), uncounted(model)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            text += &format!("\n{heading}{}", parts.join("\n"));
        }
    }
    text + "\n" + &legend(&record.models)
}

/// A quantity of a model.
type Quantity = (&'static str, fn(&CountedModelRecord) -> Option<u64>, fn(u64) -> String);

const QUANTITIES: [Quantity; 9] = [
    ("parameters", |model| Some(model.parameters), thousands),
    ("  not 0", |model| model.nonzero, thousands),
    ("  bytes", |model| Some(model.weight_bytes), bytes),
    ("MACs", |model| model.macs, thousands),
    ("  with weights not 0", |model| model.macs_nonzero, thousands),
    ("FLOPs", |model| model.flops, thousands),
    ("comparisons", |model| model.comparisons, thousands),
    ("activations, bytes", |model| model.activation_bytes, bytes),
    ("  at a time, at most", |model| model.peak_activation_bytes, bytes),
];

/// A part of what a model takes on a chip.
type Energy = (&'static str, fn(&ChipEnergyRecord) -> &Figure<Joules>);

const ENERGIES: [Energy; 4] = [
    ("on a chip, arithmetic", |energy| &energy.arithmetic_joules),
    ("  with weights not 0", |energy| &energy.arithmetic_nonzero_joules),
    ("  weights from DRAM", |energy| &energy.weights_from_dram_joules),
    ("  weights from a cache", |energy| &energy.weights_from_sram_joules),
];

/// A line for each quantity, a column for each model; with two of them how many times less the second takes.
fn sums(models: &[CountedModelRecord]) -> String {
    let mut header = vec![String::new()];
    header.extend(models.iter().map(|model| file_name(&model.file)));
    let is_pair = models.len() == 2;
    if is_pair {
        header.push("times less".into());
    }
    let open = |model: &CountedModelRecord, name: &str| {
        let is_sum = ["MACs", "  with weights not 0", "FLOPs", "comparisons"].contains(&name);
        if is_sum && !model.complete { "at least " } else { "" }
    };
    let line = |&(name, of, write): &Quantity| {
        let mut cells = vec![name.to_owned()];
        cells.extend(models.iter().map(|model| match of(model) {
            Some(number) => format!("{}{}", open(model, name), write(number)),
            None => NOTHING.to_owned(),
        }));
        if let (true, [first, second]) = (is_pair, models) {
            let both = of(first).zip(of(second)).filter(|(_, second)| *second > 0);
            let is_known = open(first, name).is_empty() && open(second, name).is_empty();
            let ratio = both.filter(|_| is_known).map(|(first, second)| times(first as f64 / second as f64));
            cells.push(ratio.unwrap_or_else(|| NOTHING.to_owned()));
        }
        cells
    };
    let mut lines: Vec<Vec<String>> = QUANTITIES.iter().map(line).collect();
    let mut intensity = vec!["FLOPs a byte".to_owned()];
    intensity.extend(models.iter().map(|model| model.flops_per_byte.map_or(NOTHING.to_owned(), times)));
    lines.push(intensity);
    for (name, of) in ENERGIES {
        let cell = |model: &CountedModelRecord| {
            model.energy.as_ref().map_or(NOTHING.to_owned(), |energy| figure(of(energy), joules))
        };
        lines.push(std::iter::once(name.to_owned()).chain(models.iter().map(cell)).collect());
    }
    let is_told = |cells: &Vec<String>| cells[1..].iter().any(|cell| cell != NOTHING);
    Grid::new(vec![header], lines.into_iter().filter(is_told)).text(WIDTH)
}

fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

fn details(model: &CountedModelRecord, detail: Detail) -> String {
    match detail {
        Detail::Sums => String::new(),
        Detail::Layers if !model.tensors.is_empty() => tensors(model),
        Detail::Layers => layers(model),
        Detail::Operators => operators(model),
    }
}

fn layers(model: &CountedModelRecord) -> String {
    let header = vec![vec!["node", "operator", "result", "MACs", "not 0", "FLOPs", "comparisons"]];
    let computes = |layer: &&LayerRecord| {
        [layer.macs, layer.flops, layer.comparisons].iter().any(|number| *number != Some(0))
    };
    let or_nothing = |number: Option<u64>| number.map_or(NOTHING.to_owned(), count);
    let cells = |layer: &LayerRecord| {
        let often = if layer.times == 1 { String::new() } else { format!(" x {}", layer.times) };
        vec![
            layer.name.clone(),
            format!("{}{often}", layer.op),
            extents(layer.result.as_deref()),
            or_nothing(layer.macs),
            or_nothing(layer.macs_nonzero),
            or_nothing(layer.flops),
            or_nothing(layer.comparisons),
        ]
    };
    Grid::new(header, model.layers.iter().filter(computes).map(cells)).with_words(&[1, 2]).text(WIDTH)
}

fn tensors(model: &CountedModelRecord) -> String {
    let cells = |tensor: &lessen_records::count::TensorRecord| {
        let shape: Vec<_> = tensor.shape.iter().copied().map(Some).collect();
        vec![
            tensor.name.clone(),
            tensor.element.clone(),
            extents(Some(&shape)),
            bytes(tensor.bytes),
            tensor.nonzero.map_or(NOTHING.to_owned(), count),
        ]
    };
    let header = vec![vec!["tensor", "of", "extents", "bytes", "not 0"]];
    Grid::new(header, model.tensors.iter().map(cells)).with_words(&[1, 2]).text(WIDTH)
}

/// How much of what layers give is not zero, as in Tables 2 to 5 of Han et al. 2015.
fn activity(model: &CountedModelRecord) -> String {
    let Some(activity) = &model.activity else { return String::new() };
    let header = vec![vec!["layer", "weights", "FLOPs", "results not 0", "weights not 0", "FLOPs left"]];
    let cells = |layer: &LayerActivityRecord| {
        vec![
            layer.name.clone(),
            count(layer.weights),
            count(layer.flops),
            percent(layer.activation_density),
            percent(layer.weight_density),
            percent(layer.flops_share),
        ]
    };
    let sum = |of: fn(&LayerActivityRecord) -> u64| count(activity.layers.iter().map(of).sum());
    let total = vec![
        "in all".to_owned(),
        sum(|layer| layer.weights),
        sum(|layer| layer.flops),
        percent(activity.activation_density),
        percent(activity.weight_density),
        percent(activity.flops_share),
    ];
    let lines = activity.layers.iter().map(cells).chain([total]);
    let said = format!(
        "{} rows of {}, of which {} of the numbers are not 0. FLOPs left: weights not 0 times results not 0 of the layer before, the first \
         layer's counted as dense (Han et al. 2015); without the zeros among the weights alone {} are left",
        count(activity.rows),
        one_line(&activity.data),
        percent(activity.input_density),
        percent(activity.flops_share_of_weights),
    );
    Grid::new(header, lines).text(WIDTH) + &wrapped(&said, WIDTH, "  ") + "\n"
}

/// `[1, 64, ?]`: what is not known is asked for.
fn extents(dims: Option<&[Option<u64>]>) -> String {
    let Some(dims) = dims else { return "[…]".into() };
    let sides: Vec<String> =
        dims.iter().map(|side| side.map_or("?".into(), |side| side.to_string())).collect();
    format!("[{}]", sides.join(", "))
}

/// Sums over the nodes of each operator, the most FLOPs first.
fn operators(model: &CountedModelRecord) -> String {
    let mut sums: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for layer in &model.layers {
        let sum = sums.entry(&layer.op).or_default();
        let found = [Some(1), layer.macs, layer.flops, layer.comparisons];
        for (sum, found) in sum.iter_mut().zip(found) {
            *sum = sum.saturating_add(found.unwrap_or(0));
        }
    }
    let all = sums.values().map(|sum| sum[2] as f64).sum::<f64>();
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(op, sum)| (std::cmp::Reverse(sum[2]), std::cmp::Reverse(sum[3]), *op));
    let cells = |(op, [nodes, macs, flops, comparisons]): (&str, [u64; 4])| {
        let share = if all > 0.0 { percent(flops as f64 / all) } else { NOTHING.to_owned() };
        vec![op.to_owned(), count(nodes), count(macs), count(flops), share, count(comparisons)]
    };
    let header = vec![vec!["operator", "nodes", "MACs", "FLOPs", "of all", "comparisons"]];
    Grid::new(header, sums.into_iter().map(cells)).text(WIDTH)
}

/// Nodes that are not counted: a line for each reason, with how many there are.
fn uncounted(model: &CountedModelRecord) -> String {
    if model.complete {
        return String::new();
    }
    let mut reasons: Vec<(&str, &str, Vec<&str>, String)> = Vec::new();
    for node in &model.uncounted {
        match reasons.iter_mut().find(|(op, reason, ..)| *op == node.op && *reason == node.reason) {
            Some((_, _, names, _)) => names.push(&node.name),
            None => {
                let result = extents(node.result.as_deref());
                reasons.push((&node.op, &node.reason, vec![&node.name], result));
            }
        }
    }
    let mut text =
        format!("incomplete: {} of {} nodes are not counted\n", model.uncounted.len(), model.layers.len());
    for (op, reason, names, result) in reasons {
        let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
        let line = format!("  {op} `{}`{more}, {result}: {reason}", names[0]);
        text += &(wrapped(&one_line(&line), WIDTH, "    ") + "\n");
    }
    text
}

fn assumed(model: &CountedModelRecord) -> String {
    let mut lines: Vec<String> = Vec::new();
    for dimension in &model.dimensions {
        let name = &dimension.name;
        lines.push(match dimension.value {
            Some(value) if dimension.assumed => {
                format!("{name} = {value}, as nothing was said (--dim {name}=N)")
            }
            Some(value) => format!("{name} = {value}"),
            None => format!("{name} is free: say --dim {name}=N"),
        });
    }
    lines.extend(model.notes.iter().cloned());
    lines.iter().map(|line| wrapped(&one_line(line), WIDTH, "  ") + "\n").collect()
}

fn legend(models: &[CountedModelRecord]) -> String {
    let has_graph = models.iter().any(|model| model.macs.is_some());
    if !has_graph {
        return "a file of weights alone: what computing takes is in no file without a graph\n".into();
    }
    let mut lines = vec![
        "MACs: of convolutions, linear and recurrent layers, attention; FLOPs: two a MAC, and additions, multiplications and function values of all else",
        "activations: inputs and results, each once; FLOPs a byte: of weights, inputs and results",
    ];
    if let Some(energy) = models.iter().find_map(|model| model.energy.as_ref()) {
        lines.push(energy.arithmetic_joules.how());
    }
    lines.iter().map(|line| wrapped(line, WIDTH, "  ") + "\n").collect()
}
