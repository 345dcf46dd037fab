//! Whose CPU time: every process of the tree, by a control group where one may be made and by reaping.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests are outside of what clippy takes for one"
)]

mod common;

use common::{Metered, there_is};

/// Both ways of counting; where no group may be made, the first is the second.
const WAYS: [&str; 2] = ["-", "no-group"];

const BURN: &str = env!("CARGO_BIN_EXE_metered");

fn assert_near(found: f64, expected: f64, slack: f64, what: &str) {
    assert!((found - expected).abs() <= slack, "{what}: {found} s, expected {expected} s to {slack} s");
}

#[test]
fn a_hundred_short_children_count_as_one_long_one() {
    for way in WAYS {
        let mut many = Metered::shell(way, &format!("for i in $(seq 100); do {BURN} burn 0.02; done"));
        let mut one = Metered::shell(way, &format!("{BURN} burn 2; true"));
        assert!(many.run().status.success() && one.run().status.success());
        let (many, one) = (many.end(), one.end());
        assert_near(one.cpu, 2.0, 0.04, "one process");
        // What it takes the shell to start a hundred processes is theirs too: a millisecond each at most.
        assert!((one.cpu * 0.98..one.cpu * 1.02 + 0.1).contains(&many.cpu), "{many:?} {one:?}");
        assert_eq!((many.cpu, many.running), (many.high, 0), "exact, and nobody left: {many:?}");
    }
}

#[test]
fn children_that_run_side_by_side_are_added_up() {
    for way in WAYS {
        let mut metered = Metered::shell(way, &format!("for i in 1 2 3 4; do {BURN} burn 0.1 & done; wait"));
        assert!(metered.run().status.success());
        assert_near(metered.end().cpu, 0.4, 0.05, way);
    }
}

#[test]
fn orphans_and_daemons_are_counted_while_we_are_there() {
    for way in WAYS {
        for script in [
            // Its parent ends at once; it is ours then.
            "BURN burn 0.3 & exit 3",
            // A session of its own and forked twice, as daemons do.
            "(setsid sh -c '(BURN burn 0.3) &' &) ; exit 3",
        ] {
            let mut metered = Metered::shell(&format!("{way},wait-all"), &script.replace("BURN", BURN));
            assert_eq!(
                metered.run().status.code(),
                Some(3),
                "the code is that of the command, not of the last"
            );
            let end = metered.end();
            assert_near(end.cpu, 0.3, 0.05, script);
            assert_eq!(end.running, 0);
            assert!(end.seen >= 2, "{end:?}");
        }
    }
}

#[test]
fn what_outlives_the_command_is_counted_so_far_and_said() {
    for way in WAYS {
        // The command ends when the daemon has used a little.
        let script = "mkfifo $0; (BURN burn 0.2; echo > $0; exec sleep 600) & echo $! > $0.pid; read x < $0";
        let mut metered = Metered::new(way, &[]);
        let fifo = metered.file("fifo");
        metered.command.args(["sh", "-c", &script.replace("BURN", BURN)]).arg(&fifo);
        metered.command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        assert!(metered.command.status().unwrap().success());
        let pid = std::fs::read_to_string(metered.file("fifo.pid")).unwrap();
        std::process::Command::new("kill").arg(pid.trim()).status().unwrap();
        let end = metered.end();
        assert_eq!(end.running, 1, "{end:?}");
        assert_near(end.cpu, 0.2, 0.05, &end.how);
    }
}

#[test]
fn readings_on_the_way_rise_to_the_end() {
    for way in WAYS {
        let mut metered = Metered::shell(
            &format!("{way},tick=20"),
            &format!("for i in 1 2 3 4 5; do {BURN} burn 0.06; done; exec {BURN} burn 0.1"),
        );
        assert!(metered.run().status.success());
        let (ticks, end) = (metered.lines("tick"), metered.end());
        assert!(ticks.len() >= 5, "{ticks:?}");
        assert!(ticks.windows(2).all(|pair| pair[0].cpu <= pair[1].cpu), "{ticks:?}");
        assert!(ticks.last().unwrap().cpu <= end.cpu && ticks[ticks.len() / 2].cpu > 0.05, "{ticks:?}");
        assert_near(end.cpu, 0.4, 0.05, "the command goes on as another program");
    }
}

#[test]
fn a_process_that_ignores_its_children_makes_the_figure_a_band() {
    if !there_is("perl") {
        return;
    }
    let script = "$SIG{CHLD} = 'IGNORE'; for (1..3) { system(\"true\"); if (!fork) { exec($ARGV[0], 'burn', '0.1'); } } 1 while wait() > 0;";
    let mut reaping = Metered::new("no-group", &["perl", "-e", script, BURN]);
    assert!(reaping.run().status.success());
    let end = reaping.end();
    assert!(end.cpu < 0.25 && end.high >= 0.3 && end.how.contains("SIGCHLD"), "{end:?}");
    let mut group = Metered::new("-", &["perl", "-e", script, BURN]);
    assert!(group.run().status.success());
    let end = group.end();
    match end.how.starts_with("control group of the command") {
        true => assert_near(end.cpu, 0.3, 0.05, "a group counts them"),
        false => eprintln!("skipped: no control group may be made here: {}", end.how),
    }
}

#[test]
fn memory_is_that_of_the_largest_process() {
    if !there_is("perl") {
        return;
    }
    let mut metered = Metered::shell("no-group", "perl -e '$x = \"a\" x 60_000_000'; true");
    assert!(metered.run().status.success());
    let end = metered.end();
    let peak = end.peak.unwrap();
    assert!((60e6..150e6).contains(&peak), "{end:?}");
    let mut small = Metered::new("no-group", &["true"]);
    assert!(small.run().status.success());
    assert!(small.end().peak.unwrap() < 20e6);
}
