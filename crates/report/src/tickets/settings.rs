//! The settings of a search in words, as far as they are known to this version.

use super::found::Search;
use crate::readable::{count, number};

/// The network: its architecture, or the file that it came from.
pub(super) fn network(search: &Search<'_>) -> Option<String> {
    let start = search.study.spec.get("start")?;
    match start.get("drawn") {
        Some(drawn) => Some(format!("`{}`", drawn.get("architecture")?.as_str()?)),
        None => Some(format!("The network of `{}`", start.get("file")?.get("path")?.as_str()?)),
    }
}

/// What was done, a setting a line; what is not in the records is left out.
pub(super) fn facts(search: &Search<'_>) -> Vec<(&'static str, String)> {
    let settings = [
        ("network", network(search).map(|network| network.replace('`', ""))),
        ("weights", weights(search)),
        ("training", training(search)),
        ("steps", steps(search)),
        ("pruning", pruning(search)),
        ("between rounds", between(search)),
        ("replicates", search.count("/replicates").map(count)),
        ("controls", controls(search)),
        ("one-shot", one_shot(search)),
    ];
    settings.into_iter().filter_map(|(what, value)| Some((what, value?))).collect()
}

impl Search<'_> {
    fn number(&self, path: &str) -> Option<f64> {
        self.study.spec.pointer(path)?.as_f64()
    }

    fn word(&self, path: &str) -> Option<&str> {
        self.study.spec.pointer(path)?.as_str()
    }

    fn share(&self, path: &str) -> Option<String> {
        self.number(path).map(in_percent)
    }
}

fn in_percent(share: f64) -> String {
    format!("{}%", number(100.0 * share))
}

fn weights(search: &Search<'_>) -> Option<String> {
    let activation = search.word("/start/drawn/start/activation")?;
    Some(match search.word("/start/drawn/start/initial") {
        Some(initial) => format!("drawn after {}, for {activation}", initial.replace('_', " ")),
        None => format!("drawn for {activation}"),
    })
}

fn training(search: &Search<'_>) -> Option<String> {
    let optimiser = search.study.spec.pointer("/recipe/optimiser")?.as_object()?;
    let (method, settings) = optimiser.iter().next()?;
    let rate = settings.get("rate")?.as_f64()?;
    let batch = search.count("/recipe/batch")?;
    Some(format!("{method} at {}, minibatches of {}", number(rate), count(batch)))
}

fn steps(search: &Search<'_>) -> Option<String> {
    let all = number(search.number("/steps")?);
    let looks = |what: &str, path: &str| {
        search.number(path).map(|every| format!(", {what} rows looked at every {}", number(every)))
    };
    let validation = looks("validation", "/validate_every").unwrap_or_default();
    Some(format!("{all}{validation}{}", looks("test", "/test_every").unwrap_or_default()))
}

fn pruning(search: &Search<'_>) -> Option<String> {
    let rounds = search.count("/pruning/rounds")?;
    let rate = search.share("/pruning/rate")?;
    let of = match search.word("/pruning/scope")? {
        "layer" => "of each layer",
        "global" => "of all layers but the output together",
        _ => "of the weights",
    };
    let output = search.share("/pruning/output_rate").map(|rate| format!(", {rate} of the output layer"));
    let rounds = if rounds == 1 { "1 round".to_owned() } else { format!("{} rounds", count(rounds)) };
    let output = output.unwrap_or_default();
    Some(format!("{rounds}, each takes the smallest {rate} {of}{output}"))
}

fn between(search: &Search<'_>) -> Option<String> {
    let to = match search.count("/pruning/rewind")? {
        0 => "their first values".to_owned(),
        step => format!("their values at step {}", count(step)),
    };
    if search.word("/pruning/rewound") == Some("rate") {
        return Some("survivors keep their trained values, the learning rate begins again".to_owned());
    }
    match search.word("/pruning/strategy")? {
        "reset" => Some(format!("survivors are given back {to}")),
        "continue" => Some(format!("survivors go on from their trained values; tickets are given back {to}")),
        _ => None,
    }
}

fn controls(search: &Search<'_>) -> Option<String> {
    let levels = search.study.spec.pointer("/controls/levels")?.as_array()?;
    let levels: Vec<String> = levels.iter().filter_map(|level| level.as_u64()).map(count).collect();
    let kinds = [("reinit", "random reinit"), ("random", "random mask"), ("shuffled", "shuffled mask")];
    let counted = kinds.into_iter().filter_map(|(path, name)| {
        let number = search.count(&format!("/controls/{path}")).filter(|number| *number > 0)?;
        Some(format!("{} of {name}", count(number)))
    });
    let copies =
        search.study.spec.pointer("/controls/copies").is_some_and(|copies| copies.as_bool() == Some(true));
    let kinds: Vec<String> = counted.chain(copies.then(|| "a copy in another order".to_owned())).collect();
    let is_any = !levels.is_empty() && !kinds.is_empty();
    is_any.then(|| format!("after rounds {}: {}", levels.join(", "), kinds.join(", ")))
}

fn one_shot(search: &Search<'_>) -> Option<String> {
    let rates = search.study.spec.pointer("/controls/one_shot")?.as_array()?;
    let rates: Vec<String> = rates.iter().filter_map(|rate| rate.as_f64()).map(in_percent).collect();
    (!rates.is_empty()).then(|| format!("{} of hidden layers taken in one round", rates.join(", ")))
}
