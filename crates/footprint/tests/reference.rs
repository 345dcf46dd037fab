//! `docs/tables.md` is what the tables give.

use std::path::Path;

use lessen_footprint::{Tables, reference};

/// Where it is set, the page is written instead of compared.
const WRITE: &str = "LESSEN_WRITE_REFERENCE";
const RENEW: &str = "LESSEN_WRITE_REFERENCE=1 cargo test --release -p lessen-footprint --test reference";

#[test]
fn the_committed_page_is_that_of_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tables.md");
    let given = reference(Tables::built_in());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, given).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (committed, given) = (lines(&committed), lines(&given));
    let same = committed.iter().zip(&given).take_while(|(a, b)| a == b).count();
    assert!(
        committed == given,
        "docs/tables.md, line {}: expected `{}`, found `{}`; renew it with\n{RENEW}",
        same + 1,
        given.get(same).map_or("nothing", String::as_str),
        committed.get(same).map_or("nothing", String::as_str),
    );
}
