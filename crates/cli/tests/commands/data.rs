//! `lessen data`.

use crate::{lessen, shared_data};

#[test]
fn the_list_names_every_set_and_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["data", "list"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for name in ["digits", "mnist", "fashion-mnist", "letter", "adult", "covtype"] {
        assert!(ran.out.lines().any(|line| line.starts_with(name)), "{name} in\n{}", ran.out);
    }
    assert!(ran.out.contains("built in") && ran.out.contains("not found"));

    let ran = lessen(folder.path(), &["data", "list", "--json"]);
    let sets: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let available = |set: &serde_json::Value| set["available"] == true;
    assert_eq!(sets.as_array().unwrap().iter().filter(|set| available(set)).count(), 1, "digits alone");
}

#[test]
fn shared_sets_are_the_published_ones() {
    let Some(data) = shared_data() else {
        eprintln!("skipped: no shared data beside the checkout");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["letter", "adult", "covtype", "mnist"] {
        let ran = lessen(folder.path(), &["data", "check", name, "--data-dir", data.to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{name}: {}{}", ran.out, ran.err);
        assert!(ran.out.lines().all(|line| line.starts_with("ok ")), "{}", ran.out);
    }
}

#[test]
fn there_is_no_file_to_check_of_a_built_in_set_and_a_missing_one_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(lessen(folder.path(), &["data", "check", "digits"]).code, Some(0));
    let ran = lessen(folder.path(), &["data", "check", "letter"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("missing"), "{}", ran.out);
}
