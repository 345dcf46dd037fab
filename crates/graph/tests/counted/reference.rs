//! Counts that are published, to the unit.

use std::collections::BTreeMap;
use std::path::Path;

use lessen_graph::{Count, Model, Options};

fn count(name: &str, dims: &[(&str, u64)]) -> Count {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/counted").join(format!("{name}.onnx"));
    let dims = dims.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<BTreeMap<_, _>>();
    Model::open(&path).unwrap().count(&Options { dims, ..Options::default() }).unwrap()
}

/// Parameters (running means and variances apart), those of them that are multiplied with something, and MACs of convolutions, linear
/// layers and attention for one row.
const REFERENCE: [(&str, u64, u64, u64); 16] = [
    ("lenet-300-100", 266_610, 266_200, 266_200),
    ("lenet-5-caffe", 431_080, 430_500, 2_293_000),
    ("alexnet-caffe-227", 60_965_224, 60_954_656, 724_406_816),
    ("alexnet-224", 61_100_840, 61_090_496, 714_188_480),
    ("vgg-16-224", 138_357_544, 138_344_128, 15_470_264_320),
    ("resnet-18-224", 11_689_512, 11_678_912, 1_814_073_344),
    ("resnet-34-224", 21_797_672, 21_779_648, 3_663_761_408),
    ("resnet-50-224", 25_557_032, 25_502_912, 4_089_184_256),
    ("resnet-101-224", 44_549_160, 44_442_816, 7_801_405_440),
    ("resnet-152-224", 60_192_808, 60_040_384, 11_513_626_624),
    ("mobilenet-v2-224", 3_504_872, 3_469_760, 300_774_272),
    ("resnet-20-cifar", 272_474, 270_896, 40_813_184),
    ("vgg-19-cifar", 20_035_018, 20_024_000, 398_136_320),
    ("conv-2", 4_301_642, 4_300_992, 43_780_608),
    ("conv-4", 2_425_930, 2_425_024, 98_306_560),
    ("conv-6", 2_262_602, 2_261_184, 153_881_088),
];

#[test]
fn counts_are_the_published_ones_to_the_unit() {
    for (name, parameters, weights, macs) in REFERENCE {
        let count = count(name, &[]);
        let unknown: Vec<_> = count.unknown().map(|(node, reason)| (&node.name, &reason.0)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
        assert_eq!(count.operations().macs, macs, "MACs of {name}");
        assert_eq!(count.parameter_count(), parameters, "parameters of {name}");
        let is_weight = |place: &usize| count.nodes.iter().any(|node| node.weights.contains(place));
        let found: u64 =
            (0..count.constants.len()).filter(is_weight).map(|at| count.constants[at].numbers).sum();
        assert_eq!(found, weights, "weights of {name}");
        assert_eq!(count.nonzero_count(), None, "their numbers are not in the file");
    }
}

#[test]
fn attention_written_out_is_counted_with_the_rest() {
    for (length, macs) in [(128, 11_174_215_680), (512, 48_318_971_904)] {
        let count = count("bert-base", &[("batch", 1), ("sequence", length)]);
        assert!(count.is_complete(), "{:?}", count.unknown().next());
        assert_eq!(count.operations().macs, macs, "{length} tokens");
        assert_eq!(count.parameter_count(), 109_482_240);
        let products = |node: &&lessen_graph::NodeCount| node.op == "MatMul" && node.weights.is_empty();
        let attention: u64 = count.nodes.iter().filter(products).map(|node| node.operations.macs).sum();
        assert_eq!(attention, 2 * 12 * length * length * 768);
    }
}

#[test]
fn a_free_dimension_that_nobody_told_leaves_the_count_open() {
    let count = count("bert-base", &[]);
    assert!(!count.is_complete());
    let assumed = count.dimensions.iter().find(|dimension| dimension.name == "batch").unwrap();
    assert_eq!((assumed.value, assumed.is_assumed), (Some(1), true));
    let free = count.dimensions.iter().find(|dimension| dimension.name == "sequence").unwrap();
    assert_eq!(free.value, None);
}

#[test]
fn twice_the_batch_is_twice_the_work() {
    let (one, two) = (count("resnet-18-224", &[]), count("resnet-18-224", &[("batch", 2)]));
    let (one_takes, two_take) = (one.operations(), two.operations());
    assert_eq!(two_take.macs, 2 * one_takes.macs);
    assert_eq!(two_take.adds, 2 * one_takes.adds);
    assert_eq!(two_take.comparisons, 2 * one_takes.comparisons);
    assert_eq!(
        two.activations.as_ref().unwrap().peak_bytes,
        2 * one.activations.as_ref().unwrap().peak_bytes
    );
    assert_eq!(two.weight_bytes(), one.weight_bytes());
}
