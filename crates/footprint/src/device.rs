//! What a run runs on: a name in the tables, its power and its peak.

use lessen_names::the_nearest;
use lessen_units::{Figure, FlopsPerSecond, Kind, Watts};

use crate::published_runs::draw_over_tdp;
use crate::tables::{Accelerator, DefaultValue, Processor, ProcessorKind, Tables};

/// Devices of one kind as the tables know them.
#[derive(Clone, Debug)]
pub enum Device<'t> {
    /// An accelerator, or all variants of a family.
    Accelerator {
        /// As it was said.
        key: String,
        /// The rows that this means; at least one.
        variants: Vec<&'t Accelerator>,
    },
    /// A processor, or one vCPU of a family.
    Processor(&'t Processor),
}

/// A device that is not in the tables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} `{name}` in the tables{}", the_nearest(like_it))]
pub struct UnknownDevice {
    /// `accelerator` or `processor`.
    pub kind: &'static str,
    /// What was asked for.
    pub name: String,
    /// What may have been meant.
    pub like_it: Vec<String>,
}

/// Precision of a training's arithmetic: which peak is reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 16 bits where the device has a peak for it.
    Half,
    /// 32 bits.
    Single,
}

/// The words of a name that tell devices apart.
fn words(name: &str) -> Vec<String> {
    const MAKERS: [&str; 5] = ["nvidia", "tesla", "geforce", "amd", "instinct"];
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| !word.is_empty() && !MAKERS.contains(&word.as_str())).collect()
}

impl<'t> Device<'t> {
    /// The accelerator that a key (`a100-pcie-80gb`), a name, or the beginning of keys that a family shares (`a100`) means.
    ///
    /// # Errors
    /// [`UnknownDevice`] with the nearest names.
    pub fn accelerator(name: &str, tables: &'t Tables) -> Result<Self, UnknownDevice> {
        let rows = tables.accelerators.rows();
        let exact = rows.iter().filter(|row| row.key.eq_ignore_ascii_case(name.trim()));
        let mut variants: Vec<&Accelerator> = exact.collect();
        if variants.is_empty() {
            variants = rows.iter().filter(|row| row.is_called(name)).collect();
        }
        if variants.is_empty() {
            return Err(unknown("accelerator", name, rows.iter().map(|row| row.key.as_str())));
        }
        Ok(Self::Accelerator { key: name.trim().to_owned(), variants })
    }

    /// The processor that a key (`epyc-7763`) or a name means.
    ///
    /// # Errors
    /// [`UnknownDevice`] with the nearest names.
    pub fn processor(name: &str, tables: &'t Tables) -> Result<Self, UnknownDevice> {
        let rows = tables.processors.rows();
        let wanted = name.trim();
        let found = rows
            .iter()
            .find(|row| row.key.eq_ignore_ascii_case(wanted) || row.name.eq_ignore_ascii_case(wanted));
        match found {
            Some(row) => Ok(Self::Processor(row)),
            None => Err(unknown("processor", name, rows.iter().map(|row| row.key.as_str()))),
        }
    }

    /// The accelerator that calls itself so, as drivers do: `NVIDIA A100-SXM4-80GB`, `Tesla T4`, `NVIDIA H100 80GB HBM3`.
    /// Where the name does not tell the variant, the family with all of them. `None` where the tables have no such.
    pub fn reported(name: &str, tables: &'t Tables) -> Option<Self> {
        let words = words(name);
        let rows = tables.accelerators.rows();
        let is_in = |text: &str| -> Option<usize> {
            let of_row = self::words(text);
            let fits = !of_row.is_empty() && of_row.iter().all(|word| words.contains(word));
            fits.then_some(of_row.len())
        };
        let exact = rows.iter().filter_map(|row| {
            // `GeForce RTX 3090` has the key `rtx3090`.
            let whole = words.concat() == self::words(&row.name).concat()
                || words.concat() == self::words(&row.key).concat();
            Some((if whole { usize::MAX } else { is_in(&row.key)? }, row))
        });
        if let Some((_, row)) = exact.max_by_key(|(words, _)| *words) {
            return Some(Self::Accelerator { key: row.key.clone(), variants: vec![row] });
        }
        let family = |word: &&String| word.chars().any(|letter| letter.is_ascii_digit());
        words.iter().filter(family).find_map(|word| Self::accelerator(word, tables).ok())
    }

    /// As it was said.
    pub fn key(&self) -> &str {
        match self {
            Self::Accelerator { key, .. } => key,
            Self::Processor(row) => &row.key,
        }
    }

    /// The devices that this means, for people.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Accelerator { variants, .. } => variants.iter().map(|row| row.name.clone()).collect(),
            Self::Processor(row) => vec![row.name.clone()],
        }
    }

    /// Power of one device as its maker gives it; of a family half-way between its variants, with a band of all. A
    /// family of processors: one vCPU of a busy server. Unavailable where the maker publishes none.
    pub fn rated_watts(&self) -> Figure<Watts> {
        match self {
            Self::Accelerator { key, variants } => {
                let watts = between(variants, |row| row.watts);
                let Some((low, high)) = watts else {
                    return Figure::unavailable(format!("the power of `{key}` is not published"));
                };
                let how = format!("{}, {}", range(low, high, "W"), citations(variants));
                rated(low, high, how).map(Watts)
            }
            Self::Processor(row) => {
                let watts = row.watts.or(row.full_watts_per_vcpu).unwrap_or(f64::NAN);
                Figure::exact(Watts(watts), Kind::Declared, format!("{watts} W, {}", row.citation))
            }
        }
    }

    /// Power of one device with its share of the machine around it while it works.
    ///
    /// An accelerator: its rated power times what whole machines drew over that in published runs
    /// ([`draw_over_tdp`]). A processor: its rated power, with a band as wide as server processors lie around the
    /// full watts of their family (`tdp-over-family-watts` in the table of defaults), which are taken at the wall.
    pub fn working_watts(&self, tables: &Tables) -> Figure<Watts> {
        match self {
            Self::Accelerator { .. } => &self.rated_watts() * &draw_over_tdp(tables),
            Self::Processor(row) => {
                let spread = tables.defaults.get("tdp-over-family-watts").map(DefaultValue::figure);
                let Some(spread) = spread else { return Figure::unavailable("no band for processors") };
                match row.kind {
                    // The wall is the rated power over the ratio of both.
                    ProcessorKind::Cpu => self.rated_watts().ratio(&spread),
                    ProcessorKind::Family => {
                        self.rated_watts().combine(&spread, |watts, ratio| watts * ratio)
                    }
                }
            }
        }
    }

    /// Peak of one device; of a family half-way between its variants. Unavailable where it is not in the tables.
    pub fn peak(&self, precision: Precision) -> Figure<FlopsPerSecond> {
        let Self::Accelerator { key, variants } = self else {
            return Figure::unavailable("the tables hold no peak of processors");
        };
        let column = |row: &Accelerator| match precision {
            Precision::Half => row.peak_tflops_bf16_dense.or(row.peak_tflops_fp32),
            Precision::Single => row.peak_tflops_fp32,
        };
        let Some((low, high)) = between(variants, column) else {
            return Figure::unavailable(format!(
                "the peak of `{key}` at this precision is not in the tables"
            ));
        };
        let how = format!("{}, {}", range(low, high, "TFLOP/s"), citations(variants));
        rated(low, high, how).map(FlopsPerSecond::from_teraflops)
    }
}

fn unknown<'a>(kind: &'static str, name: &str, keys: impl Iterator<Item = &'a str>) -> UnknownDevice {
    const MOST: usize = 5;
    let like_it = lessen_names::some_like(name.trim(), keys, MOST);
    UnknownDevice { kind, name: name.to_owned(), like_it: like_it.into_iter().map(str::to_owned).collect() }
}

/// The least and the most of a column.
fn between(rows: &[&Accelerator], column: impl Fn(&Accelerator) -> Option<f64>) -> Option<(f64, f64)> {
    let values: Vec<f64> = rows.iter().filter_map(|row| column(row)).collect();
    Some((values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?))
}

fn rated(low: f64, high: f64, how: String) -> Figure<f64> {
    Figure::band(f64::midpoint(low, high), low, high, Kind::Declared, how)
}

fn range(low: f64, high: f64, unit: &str) -> String {
    if low == high { format!("{low} {unit}") } else { format!("{low} to {high} {unit}") }
}

/// The documents, each once.
fn citations(variants: &[&Accelerator]) -> String {
    // What follows a semicolon is of other columns.
    let documents = variants.iter().map(|row| row.citation.split(';').next().unwrap_or_default().trim());
    let mut all: Vec<&str> = documents.collect();
    all.dedup();
    match all.as_slice() {
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Row as _;

    fn bounds<Q: lessen_units::Quantity>(figure: &Figure<Q>) -> [f64; 3] {
        [figure.low(), figure.value(), figure.high()].map(|bound| bound.unwrap().raw())
    }

    #[test]
    fn a_family_spans_its_variants() {
        let tables = Tables::built_in();
        let family = Device::accelerator("V100", tables).unwrap();
        assert_eq!(bounds(&family.rated_watts()), [250.0, 275.0, 300.0]);
        assert_eq!(bounds(&family.peak(Precision::Half)), [1.12e14, 1.185e14, 1.25e14]);
        assert_eq!(bounds(&family.peak(Precision::Single)), [1.4e13, 1.485e13, 1.57e13]);
        let one = Device::accelerator("v100-sxm2-16gb", tables).unwrap();
        assert_eq!(bounds(&one.rated_watts()), [300.0; 3]);
        assert_eq!(one.names(), ["Tesla V100 SXM2 16GB"]);
        let [low, value, high] = bounds(&one.working_watts(tables));
        assert!(low < value && value < 300.0 && 300.0 < high, "whole machines: {low} {value} {high}");
    }

    #[test]
    fn what_is_not_published_is_unavailable() {
        let tables = Tables::built_in();
        let chip = Device::accelerator("tpu-v5e", tables).unwrap();
        assert_eq!(chip.rated_watts().how(), "the power of `tpu-v5e` is not published");
        assert_eq!(chip.working_watts(tables).value(), None);
        let processor = Device::processor("epyc-7763", tables).unwrap();
        assert_eq!(processor.peak(Precision::Half).value(), None);
    }

    #[test]
    fn processors_have_a_band_around_their_rating() {
        let tables = Tables::built_in();
        let [low, value, high] =
            bounds(&Device::processor("epyc-7763", tables).unwrap().working_watts(tables));
        assert_eq!(value, 280.0);
        assert!((low - 280.0 / 3.1).abs() < 1e-9 && (high - 280.0 / 0.6).abs() < 1e-9, "{low} {high}");
        let vcpu = Device::processor("family-epyc-4", tables).unwrap().working_watts(tables);
        let [low, value, high] = bounds(&vcpu);
        assert!((low - 2.282 * 0.6).abs() < 1e-9 && value == 2.282 && (high - 2.282 * 3.1).abs() < 1e-9);
    }

    #[test]
    fn unknown_devices_come_with_the_nearest() {
        let tables = Tables::built_in();
        let error = Device::accelerator("b100x", tables).unwrap_err();
        assert_eq!(error.kind, "accelerator");
        let error = Device::accelerator("gtx1080to", tables).unwrap_err().to_string();
        assert!(
            error.contains("no accelerator `gtx1080to` in the tables; the nearest: gtx1080ti"),
            "{error}"
        );
        let error = Device::processor("epyc-7736", tables).unwrap_err().to_string();
        assert!(error.contains("epyc-7763"), "{error}");
    }

    #[test]
    fn every_row_is_found_by_its_key() {
        let tables = Tables::built_in();
        for row in tables.accelerators.rows() {
            let device = Device::accelerator(&row.key(), tables).unwrap();
            assert_eq!(device.names(), [row.name.as_str()], "{}", row.key);
            assert_eq!(device.rated_watts().value().map(|watts| watts.0), row.watts);
        }
        for row in tables.processors.rows() {
            assert!(Device::processor(&row.key(), tables).unwrap().working_watts(tables).value().is_some());
        }
    }
}
