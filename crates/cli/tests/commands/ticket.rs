//! `lessen ticket`: searches for lottery tickets, as a person types them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lessen_model::{Network, compact};

use super::{lessen, names, shared_data};

/// A small search with every control.
const SEARCH: &str = "ticket digits --arch mlp:64-40-20-10 --steps 300 --rounds 4 --replicates 2 --at 51,41 --reinit 2 \
                      --random-mask 1 --shuffled-mask 1 --connectivity --one-shot 50 --batch 32 --validate-every 20 \
                      --test-every 100";

fn run(folder: &Path, typed: &str) -> super::Ran {
    lessen(folder, &typed.split_whitespace().collect::<Vec<_>>())
}

fn network(path: &Path) -> Network {
    compact::read(&std::fs::read(path).unwrap()).unwrap()
}

/// Every training's folder below `folder`, sorted.
fn trainings(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for replicate in names(folder).iter().filter(|name| name.starts_with("replicate-")) {
        let replicate = folder.join(replicate);
        for level in names(&replicate).iter().map(|name| replicate.join(name)) {
            let is_training = |path: &PathBuf| path.join("training.json").exists();
            if is_training(&level) {
                found.push(level);
            } else {
                found.extend(names(&level).iter().map(|name| level.join(name)).filter(is_training));
            }
        }
    }
    found
}

/// Whether weight by weight the mask of `inner` is within that of `outer`; and the values of `inner` on its mask are those of
/// `outer`, and zero elsewhere.
fn is_nested(inner: &Network, outer: &Network, same_values: bool) {
    for (inner, outer) in inner.dense().zip(outer.dense()) {
        for (index, (&value, &of_outer)) in
            inner.weights.values().iter().zip(outer.weights.values()).enumerate()
        {
            let has = |weights: &lessen_model::Weights| weights.mask().is_none_or(|mask| mask.has(index));
            assert!(!has(&inner.weights) || has(&outer.weights));
            if !has(&inner.weights) {
                assert_eq!(value, 0.0);
            } else if same_values {
                assert_eq!(value.to_bits(), of_outer.to_bits());
            }
        }
    }
}

#[test]
fn tickets_are_first_values_under_nested_masks_and_controls_have_as_many_weights() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &format!("{SEARCH} --out o --json"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let study: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let out = folder.path().join("o");
    // Each replicate: 5 levels, 5 controls at each of two levels, one one-shot network.
    assert_eq!(trainings(&out).len(), 2 * (5 + 2 * 5 + 1));
    assert!(
        ["dense.onnx", "ticket.lsm", "ticket.onnx", "study.json", "result.json", "report.html"]
            .iter()
            .all(|name| out.join(name).exists())
    );
    for replicate in ["replicate-1", "replicate-2"] {
        let first = |place: &str| network(&out.join(replicate).join(place).join("first.lsm"));
        let theta = first("level-00/ticket");
        let mut outer = theta.clone();
        for level in 1..=4 {
            let place = format!("level-0{level}/ticket");
            let ticket = first(&place);
            is_nested(&ticket, &outer, true);
            is_nested(&ticket, &theta, true);
            // What is gone is gone from the trained network too.
            is_nested(&network(&out.join(replicate).join(&place).join("last.lsm")), &ticket, false);
            outer = ticket;
        }
        let left =
            |network: &Network| -> Vec<usize> { network.dense().map(|dense| dense.weights.left()).collect() };
        for level in ["level-03", "level-04"] {
            let ticket = first(&format!("{level}/ticket"));
            let reinit = first(&format!("{level}/reinit-1"));
            is_nested(&reinit, &ticket, false);
            assert_eq!(left(&reinit), left(&ticket));
            let values = |network: &Network| network.dense().next().unwrap().weights.values().to_vec();
            assert_ne!(values(&reinit), values(&first(&format!("{level}/reinit-2"))));
            let shuffled = first(&format!("{level}/shuffled-1"));
            assert_eq!(left(&shuffled), left(&ticket));
            is_nested(&shuffled, &theta, true);
            let scattered = first(&format!("{level}/random-1"));
            assert_eq!(left(&scattered).iter().sum::<usize>(), left(&ticket).iter().sum::<usize>());
            is_nested(&scattered, &theta, true);
            is_nested(&first(&format!("{level}/copy")), &ticket, true);
        }
        is_nested(&first("one-shot-1"), &theta, true);
    }
    // 2560, 800 and 200 weights; a fifth, a fifth and a tenth go.
    let density = |level: usize| study["tickets"][level]["density"].as_f64().unwrap();
    assert!((density(1) - (2048.0 + 640.0 + 180.0) / 3560.0).abs() < 1e-12);
    let ids: Vec<&str> =
        study["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    for id in
        ["best-ticket", "random-reinit-52.42", "random-mask-52.42", "shuffled-mask-52.42", "connected-42.33"]
    {
        assert!(ids.contains(&id), "{id} is none of {ids:?}");
    }
    // Curves were lines while training ran; they are kept with the networks.
    let curve = std::fs::read_to_string(out.join("replicate-1/level-02/ticket/curve.jsonl")).unwrap();
    let looks: Vec<serde_json::Value> =
        curve.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(looks.len(), 15);
    assert!(looks[4]["test"].is_object() && looks[3]["test"].is_null());
}

#[test]
fn stopped_and_repaired_it_ends_with_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let typed =
        "ticket digits --arch mlp:64-40-10 --steps 1500 --rounds 3 --replicates 2 --rewind 100 --batch 32";
    assert_eq!(run(path, &format!("{typed} --out a")).code, Some(0));
    let arguments: Vec<String> = format!("{typed} --out b").split_whitespace().map(str::to_owned).collect();
    for milliseconds in [150, 300, 300] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
        command.current_dir(path).args(&arguments).stderr(Stdio::null()).stdout(Stdio::null());
        let mut running = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        // It may have ended.
        let _ = running.kill();
        running.wait().unwrap();
    }
    let ran = run(path, &format!("{typed} --out b --threads 1"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let same = || {
        for training in trainings(&path.join("a")) {
            let other = path.join("b").join(training.strip_prefix(path.join("a")).unwrap());
            for name in ["first.lsm", "last.lsm", "early.lsm", "early.onnx", "curve.jsonl", "training.json"] {
                let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
                assert!(read(&training) == read(&other), "{name} of {}", other.display());
            }
        }
    };
    same();

    // A bit that flipped is found, named, and mended when that is asked for.
    let broken = path.join("b/replicate-2/level-01/ticket/last.lsm");
    let mut bytes = std::fs::read(&broken).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&broken, bytes).unwrap();
    let ran = run(path, &format!("{typed} --out b"));
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("replicate-2/level-01/ticket` cannot be read: `last.lsm`: expected SHA-256"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("--repair"), "{}", ran.err);
    let ran = run(path, &format!("{typed} --out b --repair"));
    assert!(
        ran.code == Some(0) && ran.err.contains("replicate 2, level 1: its files are broken"),
        "{}",
        ran.err
    );
    same();
}

#[test]
fn a_folder_of_another_search_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let typed = "ticket digits --arch mlp:64-20-10 --steps 40 --rounds 2 --reinit 0";
    assert_eq!(run(path, &format!("{typed} --out o")).code, Some(0));
    for (more, expected) in [
        ("--rate 0.3", "`pruning.rate` is 0.2 there, 0.3 was asked for"),
        ("--seed 2", "`seed` is 1 there, 2 was asked for"),
        ("--lr 0.01", "`recipe.optimiser.adam.rate`"),
    ] {
        let ran = run(path, &format!("{typed} {more} --out o"));
        assert_eq!(ran.code, Some(2), "{more}: {}", ran.out);
        assert!(
            ran.err.contains("holds a run with other settings") && ran.err.contains(expected),
            "{}",
            ran.err
        );
    }
    // Where no folder is said each search has its own.
    for seed in ["1", "2"] {
        assert_eq!(run(path, &format!("{typed} --seed {seed}")).code, Some(0));
    }
    assert_eq!(names(path).iter().filter(|name| name.starts_with("lessen-ticket-digits-")).count(), 2);
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (more, expected) in [
        ("--rate 0", "`--rate 0`: expected above 0 and below 1"),
        ("--rate 1", "`--rate 1`: expected above 0 and below 1"),
        ("--output-rate 1", "`--output-rate 1`: expected at least 0 and below 1"),
        ("--one-shot 100", "`--one-shot 100`: expected percents above 0 and below 100"),
        ("--test-every 150", "a multiple of `--validate-every`"),
        ("--steps 50 --rewind 50", "`--rewind 50`: expected a step before the last one"),
        ("--strategy continue --rewind 5 --rewind-rate", "`--strategy continue`"),
        ("--rate 0.9 --output-rate 0.9 --rounds 9", "leaves `dense_2` less than one weight"),
        ("--rounds 80", "takes nothing"),
        ("--arch mlp:63-10", "`mlp:63-10` has 63 inputs"),
    ] {
        let arch = if more.contains("--arch") { "" } else { "--arch mlp:64-20-10" };
        let ran = run(folder.path(), &format!("ticket digits {arch} {more}"));
        assert_eq!(ran.code, Some(2), "{more}: {}", ran.out);
        assert!(ran.err.contains(expected), "{more}: {}", ran.err);
    }
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn every_way_of_pruning_and_rewinding_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let base = "ticket digits --arch mlp:64-20-10 --steps 60 --rounds 2 --batch 32 --validate-every 20 --test-every 20";
    for (place, more) in [
        "--scope global --output-rate 0",
        "--strategy continue --reinit 0",
        "--rewind 20 --random-mask 1 --at 80",
        "--rewind 20 --rewind-rate --schedule steps --drop-at 40 --warm-up 10",
        "--optimizer momentum --lr 0.05 --dropout 0.2 --one-shot",
    ]
    .into_iter()
    .enumerate()
    {
        let ran = run(folder.path(), &format!("{base} {more} --out o{place}"));
        assert_eq!(ran.code, Some(0), "{more}: {}", ran.err);
    }
    // Strategy 2 trains each level's survivors on as well, but for the last, whose ranks nobody needs.
    let path = folder.path().join("o1/replicate-1");
    assert!(path.join("level-01/continued/training.json").exists());
    assert!(!path.join("level-02/continued").exists());
    // Under late rewinding tickets begin with the weights of that step.
    let path = folder.path().join("o2/replicate-1");
    let at_step = network(&path.join("rewind/last.lsm"));
    is_nested(&network(&path.join("level-01/ticket/first.lsm")), &at_step, true);
    // Where the rate alone is rewound, with their trained ones.
    let path = folder.path().join("o3/replicate-1");
    is_nested(
        &network(&path.join("level-01/ticket/first.lsm")),
        &network(&path.join("level-00/ticket/last.lsm")),
        true,
    );
    // A file's weights are the first ones of every replicate.
    let from = "ticket digits --from o0/dense.onnx --steps 40 --rounds 1 --replicates 2 --at 80 --out f";
    let ran = run(folder.path(), from);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let first = |replicate: &str| {
        std::fs::read(folder.path().join("f").join(replicate).join("level-00/ticket/first.lsm")).unwrap()
    };
    assert!(first("replicate-1") == first("replicate-2"));
}

#[test]
fn numbers_are_predicted_too() {
    let folder = tempfile::tempdir().unwrap();
    super::own::write_table(folder.path(), "t.csv", 240);
    let ran = run(folder.path(), "ticket t.csv --target width --arch mlp:8-20-1 --steps 60 --rounds 1");
    // The message says the right width, so that the second try is right.
    let width = ran.err.split("the data has ").nth(1).and_then(|rest| rest.split(' ').next());
    let Some(width) = width else { panic!("{}", ran.err) };
    let ran = run(
        folder.path(),
        &format!(
            "ticket t.csv --target width --arch mlp:{width}-20-1 --steps 60 --rounds 2 --replicates 2 --out o"
        ),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let study = std::fs::read_to_string(folder.path().join("o/study.json")).unwrap();
    assert!(study.contains("test RMSE at early stop"));
}

#[test]
fn the_paper_is_reproduced_in_short() {
    let Some(data) = shared_data() else {
        eprintln!("skipped: there is no `../shared/data` beside the checkout");
        return;
    };
    // That it begins, with the paper's ladder, is all that can be seen in seconds.
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
    command.current_dir(folder.path()).args([
        "reproduce",
        "frankle2019",
        "--short",
        "--out",
        "o",
        "--data-dir",
    ]);
    let mut running = command.arg(data).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let spec = folder.path().join("o/spec.json");
    for _ in 0..600 {
        if spec.exists() || running.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let spec: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(spec).unwrap()).unwrap();
    assert_eq!((&spec["steps"], &spec["replicates"]), (&5000.into(), &3.into()));
    assert_eq!(spec["start"]["drawn"]["start"]["initial"], "glorot");
}
