//! The text format of Prometheus, version 0.0.4.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a metric is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Rises only; its name should end in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric, with a value for each set of labels. What is unavailable has no sample: a 0 would be a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// One sentence.
    pub help: String,
    /// Whether it only rises.
    pub kind: Type,
    /// Its values.
    pub samples: Vec<Sample>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values that tell it from the metric's other samples.
    pub labels: Vec<(String, String)>,
    /// In the unit that the metric's name ends in.
    pub value: f64,
}

/// Metrics that a reader would refuse.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpositionError {
    /// Of a metric.
    #[error("`{name}` is no name of a metric: expected letters, digits, `_` and `:`, and no digit first")]
    Name {
        /// As it was given.
        name: String,
    },
    /// Of a label.
    #[error(
        "`{label}` of `{name}` is no name of a label: expected letters, digits and `_`, and no digit or `__` first, each once"
    )]
    Label {
        /// The metric.
        name: String,
        /// As it was given.
        label: String,
    },
    /// Two samples that nothing tells apart.
    #[error("`{name}` has two values for the same labels `{labels}`")]
    Twice {
        /// The metric.
        name: String,
        /// As they are written.
        labels: String,
    },
}

/// Metrics by name, as a scraper reads them.
///
/// # Errors
/// Where a name is not allowed by the format, or two samples have the same labels.
pub fn exposition(metrics: &BTreeMap<String, Metric>) -> Result<String, ExpositionError> {
    let mut text = String::new();
    for (name, metric) in metrics {
        if !is_name(name, true) {
            return Err(ExpositionError::Name { name: name.clone() });
        }
        let kind = match metric.kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        };
        // Writing to a text does not fail.
        let _ = writeln!(text, "# HELP {name} {}", escaped(&metric.help, false));
        let _ = writeln!(text, "# TYPE {name} {kind}");
        let mut seen = BTreeSet::new();
        for sample in &metric.samples {
            let labels = labels(name, &sample.labels)?;
            let _ = writeln!(text, "{name}{labels} {}", number(sample.value));
            if !seen.insert(labels.clone()) {
                return Err(ExpositionError::Twice { name: name.clone(), labels });
            }
        }
    }
    Ok(text)
}

fn labels(name: &str, labels: &[(String, String)]) -> Result<String, ExpositionError> {
    if labels.is_empty() {
        return Ok(String::new());
    }
    // In order, so that two sets are the same when they are written the same.
    let sorted: BTreeMap<&str, &str> =
        labels.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
    let wrong = |label: &&(String, String)| !is_name(&label.0, false) || label.0.starts_with("__");
    let twice =
        labels.iter().enumerate().find(|(at, label)| labels[..*at].iter().any(|other| other.0 == label.0));
    if let Some(label) = labels.iter().find(wrong).or(twice.map(|(_, label)| label)) {
        return Err(ExpositionError::Label { name: name.to_owned(), label: label.0.clone() });
    }
    let pairs: Vec<String> =
        sorted.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value, true))).collect();
    Ok(format!("{{{}}}", pairs.join(",")))
}

fn is_name(name: &str, of_a_metric: bool) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || (of_a_metric && letter == ':');
    name.chars().all(allowed) && name.chars().next().is_some_and(|first| !first.is_ascii_digit())
}

/// Quotes are escaped in the values of labels only.
fn escaped(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, labels: &[(&str, &str)], values: &[f64]) -> Result<String, ExpositionError> {
        let labels: Vec<_> =
            labels.iter().map(|(label, value)| (label.to_string(), value.to_string())).collect();
        let samples = values.iter().map(|&value| Sample { labels: labels.clone(), value }).collect();
        let metric = Metric { help: "One \\ \"two\"\nthree.".to_owned(), kind: Type::Gauge, samples };
        exposition(&BTreeMap::from([(name.to_owned(), metric)]))
    }

    #[test]
    fn the_format_is_that_of_the_specification() {
        let head = "# HELP a:b_1 One \\\\ \"two\"\\nthree.\n# TYPE a:b_1 gauge\n";
        for (labels, value, line) in [
            (&[][..], 1.5, "a:b_1 1.5\n"),
            (&[("z", "1"), ("a", "q\"b\\s\nn")], -0.25, "a:b_1{a=\"q\\\"b\\\\s\\nn\",z=\"1\"} -0.25\n"),
            (&[("a", "")], f64::NAN, "a:b_1{a=\"\"} NaN\n"),
            (&[], f64::INFINITY, "a:b_1 +Inf\n"),
            (&[], f64::NEG_INFINITY, "a:b_1 -Inf\n"),
            (&[], 1e-7, "a:b_1 0.0000001\n"),
        ] {
            assert_eq!(one("a:b_1", labels, &[value]).unwrap(), format!("{head}{line}"));
        }
        assert_eq!(one("a:b_1", &[], &[]).unwrap(), head, "unavailable");
    }

    #[test]
    fn what_a_reader_would_refuse_is_an_error() {
        for name in ["", "1a", "a-b", "a b", "ä"] {
            assert!(matches!(one(name, &[], &[1.0]), Err(ExpositionError::Name { .. })), "{name}");
        }
        for labels in [&[("a:b", "")][..], &[("__x", "")], &[("", "")], &[("a", "1"), ("a", "2")]] {
            assert!(matches!(one("a", labels, &[1.0]), Err(ExpositionError::Label { .. })), "{labels:?}");
        }
        assert!(matches!(one("a", &[("b", "c")], &[1.0, 2.0]), Err(ExpositionError::Twice { .. })));
    }
}
