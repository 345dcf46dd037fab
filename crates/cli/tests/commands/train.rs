//! `lessen train`.

use super::{lessen, names};

/// The record that a run wrote.
fn record(folder: &std::path::Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("result.json")).unwrap()).unwrap()
}

#[test]
fn a_network_is_trained_and_trained_on_and_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let ran = lessen(path, &["train", "digits", "--arch", "mlp:64-32-10", "--epochs", "12", "--out", "a"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("Training took "), "{}", ran.out);
    assert_eq!(names(&path.join("a")), [".lessen", "network.onnx", "result.json", "stages"]);
    let found = record(&path.join("a"));
    assert_eq!(found["models"][0]["role"], "trained");
    assert!(found["models"][0]["test_accuracy"].as_f64().unwrap() > 0.9);
    // 1078 training rows in minibatches of 60: 18 a pass, looked at once a pass.
    let looks = found["series"][0]["x"]["values"].as_array().unwrap();
    assert_eq!((looks.len(), looks[0].as_f64(), looks[11].as_f64()), (12, Some(18.0), Some(216.0)));

    // The same again finds it done; the same elsewhere gives the same bytes.
    let again = lessen(path, &["train", "digits", "--arch", "mlp:64-32-10", "--epochs", "12", "--out", "a"]);
    assert!(again.code == Some(0) && again.err.contains("found"), "{}", again.err);
    let one = ["train", "digits", "--arch", "mlp:64-32-10", "--epochs", "12", "--out", "b", "--threads", "1"];
    lessen(path, &one);
    let bytes = |folder: &str| std::fs::read(path.join(folder).join("network.onnx")).unwrap();
    assert!(bytes("a") == bytes("b"));

    let from =
        ["train", "digits", "--from", "a/network.onnx", "--epochs", "2", "--lr", "0.0001", "--out", "c"];
    let from = lessen(path, &[&from[..], &["--rate", "dense_1=0"]].concat());
    assert_eq!(from.code, Some(0), "{}", from.err);
    let before = found["models"][0]["validation_accuracy"].as_f64().unwrap();
    let after = record(&path.join("c"))["models"][0]["validation_accuracy"].as_f64().unwrap();
    assert!(after > before - 0.02, "{before}, {after}");
    let predicted = lessen(path, &["predict", "c/network.onnx", "digits", "--part", "test"]);
    assert_eq!(predicted.code, Some(0), "{}", predicted.err);
}

#[test]
fn every_setting_of_a_recipe_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let typed = "train digits --arch lenet-300-100 --steps 40 --batch 32 --eval-every 10 --patience 9 --metric log-loss \
                 --activation leaky-relu --init glorot --dropout 0.2 --input-dropout 0.1 --optimizer nesterov --lr 0.01 \
                 --momentum 0.8 --schedule steps --warm-up 4 --drop-at 20,30 --drop-by 0.5 --rate dense_2=0.5 \
                 --weight-decay 0.001 --l1 0.0001 --l2 0.0002 --clip 1 --max-norm 3 --out o --json";
    let ran = lessen(folder.path(), &typed.split_whitespace().collect::<Vec<_>>());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let recipe = &found["spec"]["recipe"];
    assert_eq!(recipe["schedule"]["steps"]["at"], serde_json::json!([20, 30]));
    assert_eq!(recipe["optimiser"]["sgd"]["nesterov"], true);
    assert_eq!((&recipe["clip"], &recipe["max_norm"]), (&1.0.into(), &3.0.into()));
    assert_eq!(found["spec"]["start"]["drawn"]["start"]["initial"], "glorot");
    assert_eq!(found["series"][1]["y"]["name"], "validation log-loss");
}

#[test]
fn what_does_not_fit_is_refused_naming_both() {
    let folder = tempfile::tempdir().unwrap();
    let train = |arguments: &[&str]| lessen(folder.path(), &[&["train", "digits"], arguments].concat());
    for (arguments, expected) in [
        (&["--arch", "mlp:70-5-10"][..], "`mlp:70-5-10` has 70 inputs, and the data has 64 encoded features"),
        (&["--arch", "mlp:64-5-3"], "`mlp:64-5-3` has 3 outputs, and the data asks for 10"),
        (&["--arch", "vgg"], "`vgg` is no architecture: expected `lenet-300-100`"),
        (&["--arch", "mlp:64-5-10", "--rate", "dense_9=1"], "`dense_9`"),
        (&[], "--arch <ARCH>"),
        (&["--arch", "mlp:64-5-10", "--steps", "5", "--epochs", "5"], "cannot be used with"),
        (&["--arch", "mlp:64-5-10", "--steps", "300", "--optimizer", "sgd", "--lr", "1e30"], "the loss is "),
    ] {
        let ran = train(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_training_that_diverges_says_where_and_keeps_its_best_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let typed =
        "train digits --arch mlp:64-32-10 --steps 60 --eval-every 1 --optimizer sgd --lr 10000 --out o";
    let ran = lessen(path, &typed.split_whitespace().collect::<Vec<_>>());
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("the loss is") && ran.err.contains("first in layer `dense_"), "{}", ran.err);
    let kept = ran.err.split("is kept in `").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    let on = ["train", "digits", "--from", kept, "--steps", "10", "--lr", "0.0001", "--out", "on"];
    let on = lessen(path, &on);
    assert_eq!(on.code, Some(0), "{}", on.err);
}
