//! Processors and accelerators.

use serde::Deserialize;

use super::Confidence;
use super::reading::{Row, Unfit, said, within, within_if_known, year};

/// One device as it is sold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accelerator {
    /// Short: `a100-pcie-80gb`. Rows that share a beginning are variants of one family.
    pub key: String,
    /// For people.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Thermal design power or board power of one device, in watts; `None` where it is not published.
    #[serde(default)]
    pub watts: Option<f64>,
    /// Peak in single precision, in 10^12 floating-point operations a second.
    #[serde(default)]
    pub peak_tflops_fp32: Option<f64>,
    /// Peak in half precision without sparsity, in 10^12 floating-point operations a second.
    #[serde(default)]
    pub peak_tflops_bf16_dense: Option<f64>,
    /// Which half precision: `bf16`, `fp16-tensor`, `fp16-packed`.
    #[serde(default)]
    pub half_kind: String,
    /// Memory, in gigabytes.
    #[serde(default)]
    pub memory_gb: Option<f64>,
    /// When it came out.
    pub year: u16,
    /// What making one emitted, in kilograms of CO2 equivalent.
    #[serde(default)]
    pub embodied_kg_co2e: Option<f64>,
    /// The document that the figures are from.
    pub citation: String,
    /// Where the watts were seen; those of other columns are of the same document.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl Accelerator {
    /// Whether a name means this row: its key, its name, or the beginning of its key that a family shares.
    /// Capitals do not matter.
    pub fn is_called(&self, name: &str) -> bool {
        let (name, key) = (name.trim().to_lowercase(), self.key.to_lowercase());
        key == name || self.name.to_lowercase() == name || key.starts_with(&format!("{name}-"))
    }
}

impl Row for Accelerator {
    const FILE: &'static str = "accelerators.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("name", &self.name)?;
        said("vendor", &self.vendor)?;
        within_if_known("watts", self.watts, 1.0, 20_000.0)?;
        within_if_known("peak_tflops_fp32", self.peak_tflops_fp32, 0.1, 1e5)?;
        within_if_known("peak_tflops_bf16_dense", self.peak_tflops_bf16_dense, 0.1, 1e6)?;
        within_if_known("memory_gb", self.memory_gb, 0.1, 1e5)?;
        within_if_known("embodied_kg_co2e", self.embodied_kg_co2e, 1.0, 1e5)?;
        year("year", self.year)?;
        said("citation", &self.citation)
    }
}

/// Whether a row is of one processor or of a family in a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessorKind {
    /// One processor as it is sold: cores and watts are known.
    Cpu,
    /// A family: watts of a vCPU (a hardware thread) are known, of the whole server.
    Family,
}

/// One processor, or a family of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Which of the two.
    pub kind: ProcessorKind,
    /// Short: `epyc-7763`, `family-epyc-3`.
    pub key: String,
    /// For people.
    pub name: String,
    /// Who makes it.
    #[serde(default)]
    pub vendor: String,
    /// Cores of one processor.
    #[serde(default)]
    pub cores: Option<u32>,
    /// Thermal design power of one processor, in watts.
    #[serde(default)]
    pub watts: Option<f64>,
    /// Watts of a vCPU while nothing runs: the server's at the wall, over its hardware threads.
    #[serde(default)]
    pub idle_watts_per_vcpu: Option<f64>,
    /// The same while every vCPU is busy.
    #[serde(default)]
    pub full_watts_per_vcpu: Option<f64>,
    /// When it came out, or the year of a family's coefficients.
    pub year: u16,
    /// The document that the figures are from.
    pub citation: String,
    /// Where the watts were seen.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl Row for Processor {
    const FILE: &'static str = "processors.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("name", &self.name)?;
        let unknown = f64::NAN;
        match self.kind {
            ProcessorKind::Cpu => {
                within("cores", self.cores.map_or(unknown, f64::from), 1.0, 1024.0)?;
                within("watts", self.watts.unwrap_or(unknown), 1.0, 2000.0)?;
            }
            ProcessorKind::Family => {
                let idle = self.idle_watts_per_vcpu.unwrap_or(unknown);
                let full = self.full_watts_per_vcpu.unwrap_or(unknown);
                within("full_watts_per_vcpu", full, 0.1, 100.0)?;
                // A busy processor draws more than an idle one.
                within("idle_watts_per_vcpu", idle, 0.01, full)?;
            }
        }
        year("year", self.year)?;
        said("citation", &self.citation)
    }
}
