//! `lessen count`: what computing models takes.

use std::path::{Path, PathBuf};

use lessen_model::Format;
use lessen_records::{CountRecord, Record};

use crate::{lessen, names};

/// A model of `testdata/counted`, copied, so that its path is the same everywhere.
fn copied(folder: &Path, name: &str) -> String {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/counted").join(name);
    std::fs::copy(from, folder.join(name)).unwrap();
    name.to_owned()
}

fn safetensors(folder: &Path) -> PathBuf {
    let header = r#"{"layer.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"layer.bias":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]}}"#;
    let numbers =
        [1.0f32, 0.0, -0.0, 2.0].iter().flat_map(|number| number.to_le_bytes()).chain([0, 0, 0x80, 0x3f]);
    let bytes = (header.len() as u64).to_le_bytes().into_iter().chain(header.bytes()).chain(numbers);
    let path = folder.join("weights.safetensors");
    std::fs::write(&path, bytes.collect::<Vec<u8>>()).unwrap();
    path
}

#[test]
fn a_model_is_counted_by_layer_and_by_operator() {
    let folder = tempfile::tempdir().unwrap();
    let model = copied(folder.path(), "lenet-5-caffe.onnx");
    let layers = lessen(folder.path(), &["count", &model, "--layers"]);
    assert_eq!((layers.code, layers.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(layers.out);
    let model = copied(folder.path(), "bert-base.onnx");
    let operators = lessen(folder.path(), &["count", &model, "--dim", "sequence=128", "--by", "op"]);
    assert_eq!((operators.code, operators.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(operators.out);
    assert_eq!(names(folder.path()), ["bert-base.onnx", "lenet-5-caffe.onnx"], "nothing is written");
}

#[test]
fn two_models_are_set_against_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (large, small) =
        (copied(folder.path(), "resnet-50-224.onnx"), copied(folder.path(), "resnet-18-224.onnx"));
    let ran = lessen(folder.path(), &["count", &large, &small]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn what_cannot_be_known_is_listed_and_ends_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let model = copied(folder.path(), "bert-base.onnx");
    let ran = lessen(folder.path(), &["count", &model]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ran.out);
    let ran = lessen(folder.path(), &["count", &model, "--json"]);
    assert_eq!(ran.code, Some(1));
    let record = CountRecord::from_json(&ran.out).unwrap();
    assert!(!record.models[0].complete && record.models[0].uncounted.len() > 100);
    assert_eq!(record.models[0].dimensions[1].value, None);
}

#[test]
fn weights_are_counted_without_a_graph() {
    let folder = tempfile::tempdir().unwrap();
    safetensors(folder.path());
    let ran = lessen(folder.path(), &["count", "weights.safetensors", "--layers"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn our_own_files_are_counted_with_what_is_left_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::read(crate::job::job().out().join("student-16.onnx")).unwrap();
    let mut network = lessen_model::read(&file).unwrap();
    network.weights_mut().for_each(|weights| weights.shrink(|index| index % 3 == 1));
    for format in [Format::Onnx, Format::Compact] {
        let path = folder.path().join("pruned").with_extension(format.extension());
        std::fs::write(path, format.write(&network)).unwrap();
    }
    let ran = lessen(folder.path(), &["count", "pruned.onnx", "pruned.lsm", "--energy", "45nm", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let record = CountRecord::from_json(&ran.out).unwrap();
    let [onnx, compact] = record.models.as_slice() else { panic!("two models") };
    assert_eq!((onnx.format.as_str(), compact.format.as_str()), ("onnx", "compact"));
    for model in [onnx, compact] {
        assert_eq!(model.parameters, network.parameters() as u64);
        assert_eq!(model.nonzero, Some(network.nonzero() as u64));
        assert_eq!(model.macs, Some(network.operations().macs));
        assert_eq!(model.macs_nonzero, Some(network.operations_nonzero().macs));
        let energy = model.energy.as_ref().unwrap();
        let joules = |figure: &lessen_units::Figure<lessen_units::Joules>| figure.value().unwrap().0;
        assert!(joules(&energy.arithmetic_nonzero_joules) < joules(&energy.arithmetic_joules));
    }
}

#[test]
fn bad_input_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = copied(folder.path(), "lenet-300-100.onnx");
    std::fs::write(folder.path().join("text.onnx"), "not a model").unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    for (arguments, expected) in [
        (vec!["count", "text.onnx"], "error: cannot count `text.onnx`\n  caused by: not an ONNX model: "),
        (vec!["count", "folder"], "error: cannot count `folder`\n  caused by: is no file"),
        (
            vec!["count", &model, "--dim", "rows=2"],
            "caused by: no input has a free dimension `rows`; free are `batch`",
        ),
        (vec!["count", &model, "--dim", "batch"], "expected a name and a number, as in `batch=8`"),
    ] {
        let ran = lessen(folder.path(), &arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}
