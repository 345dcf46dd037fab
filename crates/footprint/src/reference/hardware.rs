//! The sections of accelerators and of processors.

use super::footnotes::{Footnotes, Marks};
use super::numbers::{UNKNOWN, known, plain};
use super::page::Head::{Number, Text};
use super::page::{Section, code, groups, heading, needed, optional, table, text, text_if_known};
use super::with_confidence;
use crate::tables::{Accelerator, Processor, ProcessorKind, Row as _, Tables};

pub(super) const ACCELERATORS: Section = Section {
    title: "Accelerators",
    file: Accelerator::FILE,
    about: "a row is one GPU, TPU or other accelerator as it is sold. `key` is its key; a name means every row whose key \
            begins with it and a dash, as `a100` means all A100.",
    columns: &[
        needed("key", "short: `a100-pcie-80gb`"),
        needed("name", "for people"),
        needed("vendor", "who makes it"),
        optional("watts", "thermal design power or board power of one device, in watts"),
        optional("peak_tflops_fp32", "peak in single precision, in 10^12 floating-point operations a second"),
        optional("peak_tflops_bf16_dense", "peak in half precision without sparsity, in the same unit"),
        optional("half_kind", "which half precision: `bf16`, `fp16-tensor`, `fp16-packed`"),
        optional("memory_gb", "memory, in gigabytes"),
        needed("year", "when it came out"),
        optional("embodied_kg_co2e", "what making one emitted, in kilograms of CO2 equivalent"),
        needed("citation", "the document that the figures are from"),
        optional("confidence", "where the watts were seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn accelerators(tables: &Tables) -> String {
    let mut rows: Vec<&Accelerator> = tables.accelerators.rows().iter().collect();
    rows.sort_by_key(|device| device.year);
    let groups = groups(rows, |device| ByName::of(&device.vendor));
    let shown = || groups.values().flatten();
    let sources = Footnotes::of(Marks::Numbers, shown().map(|device| device.citation.as_str()));
    let notes = Footnotes::of(Marks::Letters, shown().map(|device| device.note.as_str()));

    let mut page = ACCELERATORS.opening();
    for (vendor, devices) in &groups {
        page += &heading(&vendor.title());
        let heads = [
            Text("Name"),
            Text("Key"),
            Number("Year"),
            Number("Power (W)"),
            Number("FP32 (TFLOP/s)"),
            Number("Half (TFLOP/s)"),
            Text("Half is"),
            Number("Memory (GB)"),
            Number("Embodied (kg CO2e)"),
            Text("Source"),
            Text("Note"),
        ];
        page += &table(
            heads,
            devices.iter().map(|device| {
                [
                    text(&device.name),
                    code(&device.key),
                    device.year.to_string(),
                    known(device.watts, plain),
                    known(device.peak_tflops_fp32, plain),
                    known(device.peak_tflops_bf16_dense, plain),
                    text_if_known(&device.half_kind),
                    known(device.memory_gb, plain),
                    known(device.embodied_kg_co2e, plain),
                    with_confidence(sources.cell(&device.citation), device.confidence),
                    notes.cell(&device.note),
                ]
            }),
        );
    }
    // Where a note says who a figure was taken from, their terms count too.
    let named = shown().flat_map(|device| [device.citation.as_str(), device.note.as_str()]);
    page + &Section::closing(&sources, Some(&notes), named)
}

pub(super) const PROCESSORS: Section = Section {
    title: "Processors",
    file: Processor::FILE,
    about: "a row is one processor as it is sold, with its cores and watts, or a family of them in clouds, with the watts \
            of a vCPU. `key` is its key.",
    columns: &[
        needed("kind", "`cpu` or `family`"),
        needed("key", "short: `epyc-7763`, `family-epyc-3`"),
        needed("name", "for people"),
        optional("vendor", "who makes it"),
        optional("cores", "cores of one processor; needed of a `cpu`"),
        optional("watts", "thermal design power of one processor, in watts; needed of a `cpu`"),
        optional(
            "idle_watts_per_vcpu",
            "of a `family`, needed: watts of the server at the wall while nothing runs, over its hardware threads",
        ),
        optional("full_watts_per_vcpu", "of a `family`, needed: the same while every thread is busy"),
        needed("year", "when it came out, or the year of a family's coefficients"),
        needed("citation", "the document that the figures are from"),
        optional("confidence", "where the watts were seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn processors(tables: &Tables) -> String {
    let mut rows: Vec<&Processor> = tables.processors.rows().iter().collect();
    rows.sort_by_cached_key(|processor| (processor.year, processor.name.to_lowercase()));
    let (single, mut families): (Vec<&Processor>, Vec<&Processor>) =
        rows.into_iter().partition(|processor| processor.kind == ProcessorKind::Cpu);
    families.sort_by_cached_key(|family| ByName::of(&family.vendor));
    let single = groups(single, |processor| ByName::of(&processor.vendor));
    let shown = || single.values().flatten().chain(&families);
    let sources = Footnotes::of(Marks::Numbers, shown().map(|processor| processor.citation.as_str()));
    let notes = Footnotes::of(Marks::Letters, shown().map(|processor| processor.note.as_str()));
    let last = |processor: &Processor| {
        let source = sources.cell(&processor.citation);
        [with_confidence(source, processor.confidence), notes.cell(&processor.note)]
    };

    let mut page = PROCESSORS.opening();
    for (vendor, processors) in &single {
        page += &heading(&vendor.title());
        let heads = [
            Text("Name"),
            Text("Key"),
            Number("Year"),
            Number("Cores"),
            Number("Power (W)"),
            Text("Source"),
            Text("Note"),
        ];
        page += &table(
            heads,
            processors.iter().map(|processor| {
                let [source, note] = last(processor);
                let cores = processor.cores.map_or(UNKNOWN.to_owned(), |cores| cores.to_string());
                [
                    text(&processor.name),
                    code(&processor.key),
                    processor.year.to_string(),
                    cores,
                    known(processor.watts, plain),
                    source,
                    note,
                ]
            }),
        );
    }
    if !families.is_empty() {
        page += &heading("Families in clouds");
        let heads = [
            Text("Name"),
            Text("Key"),
            Number("Year"),
            Number("Idle (W/vCPU)"),
            Number("Busy (W/vCPU)"),
            Text("Source"),
            Text("Note"),
        ];
        page += &table(
            heads,
            families.iter().map(|processor| {
                let [source, note] = last(processor);
                [
                    text(&processor.name),
                    code(&processor.key),
                    processor.year.to_string(),
                    known(processor.idle_watts_per_vcpu, plain),
                    known(processor.full_watts_per_vcpu, plain),
                    source,
                    note,
                ]
            }),
        );
    }
    page + &Section::closing(&sources, Some(&notes), shown().map(|processor| processor.citation.as_str()))
}

/// A name in the order of the alphabet, whatever its capitals; none comes last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ByName {
    missing: bool,
    folded: String,
    name: String,
}

impl ByName {
    fn of(name: &str) -> Self {
        let name = name.trim();
        Self { missing: name.is_empty(), folded: name.to_lowercase(), name: name.to_owned() }
    }

    fn title(&self) -> String {
        if self.missing { "any vendor".to_owned() } else { text(&self.name) }
    }
}
