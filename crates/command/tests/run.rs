//! A command under the meter behaves as it does alone: exit codes, streams, signals, what is not found.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests are outside of what clippy takes for one"
)]

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use common::{Metered, there_is, wait_until};

fn kill(signal: &str, pid: impl ToString) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// The command's own process, which it wrote to a file.
fn pid_of_command(metered: &Metered) -> String {
    let file = metered.file("pid");
    wait_until("the command says its number", || {
        fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n'))
    });
    fs::read_to_string(&file).unwrap().trim().to_owned()
}

/// A script that gets the path of the file `pid` as `$0`.
fn script(options: &str, text: &str) -> (Metered, Child) {
    let mut metered = Metered::new(options, &["sh", "-c", text]);
    let file = metered.file("pid");
    metered.command.arg(file);
    let child = metered.start();
    (metered, child)
}

fn state(pid: impl ToString) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.to_string())).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[test]
fn exit_codes_are_passed_on() {
    for code in [0, 1, 2, 3, 42, 125, 126, 127, 128, 129, 137, 200, 254, 255] {
        let mut metered = Metered::shell("-", &format!("exit {code}"));
        assert_eq!(metered.run().status.code(), Some(code));
        assert!(metered.report().contains(&format!("exit Code({code})")));
    }
}

#[test]
fn a_signal_that_kills_is_128_and_its_number() {
    for (signal, number) in [("-KILL", 9), ("-TERM", 15), ("-INT", 2), ("-SEGV", 11), ("-HUP", 1)] {
        let mut metered = Metered::shell("-", &format!("kill {signal} $$"));
        assert_eq!(metered.run().status.code(), Some(128 + number), "{signal}");
        assert!(metered.report().contains(&format!("exit Signal({number})")));
    }
    // A signal without a name of its own, from which a wait must come back too.
    assert_eq!(Metered::shell("-", "kill -40 $$").run().status.code(), Some(168));
}

#[test]
fn streams_folder_and_environment_are_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let mut metered = Metered::shell("-", "cat; pwd -P; echo $SAID-$LESSEN_METERED; echo noise >&2");
    metered.command.current_dir(folder.path()).env("SAID", "yes").stdin(Stdio::piped());
    let mut child = metered.start();
    child.stdin.take().unwrap().write_all(b"in\0put\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let expected = format!("in\0put\n{}\nyes-yes\n", folder.path().canonicalize().unwrap().display());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.stderr, b"noise\n");
}

#[test]
fn the_command_gets_signals_as_they_were() {
    // SigBlk, SigIgn and SigCgt of a shell that `true` would see, with and without us.
    let masks = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let grep = ["grep", "^Sig[BIC]", "/proc/self/status"];
    let alone = masks(Command::new("grep").args(&grep[1..]));
    assert_eq!(masks(&mut Metered::new("-", &grep).command), alone);
    // What is ignored above us stays so: nohup.
    let ignoring = |inner: &str| masks(Command::new("sh").args(["-c", &format!("trap '' HUP INT; {inner}")]));
    let alone = ignoring("grep ^SigIgn /proc/self/status");
    let under =
        ignoring(&format!("{} /dev/null - -- grep ^SigIgn /proc/self/status", env!("CARGO_BIN_EXE_metered")));
    assert_eq!(under, alone);
    assert_eq!(u64::from_str_radix(alone.split_whitespace().nth(1).unwrap(), 16).unwrap() & 3, 3);
}

#[test]
fn what_is_not_there_is_127_and_what_cannot_run_126() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    fs::write(&plain, "echo from a script\n").unwrap();
    let (plain, here) = (plain.to_str().unwrap(), folder.path().to_str().unwrap());
    for (argv, code, said, hint) in [
        (&["slepe"][..], 127, "not found on PATH", "sleep"),
        (&["no-such-command-at-all --x"], 127, "not found on PATH", "one by one"),
        (&["./no/such/file"], 127, "no such file", ""),
        (&[plain], 126, "may not be executed", "chmod +x"),
        (&[here], 126, "it is a folder", ""),
        (&[], 127, "no command", "--"),
    ] {
        let mut metered = Metered::new("-", argv);
        assert_eq!(metered.run().status.code(), Some(code), "{argv:?}");
        let report = metered.report();
        let (error, hinted) = report.split_once("\nhint ").unwrap();
        assert!(error.contains(said) && hinted.contains(hint), "{report}");
    }
    fs::set_permissions(plain, fs::Permissions::from_mode(0o755)).unwrap();
    let output = Metered::new("-", &[plain]).run();
    assert_eq!(output.stdout, b"from a script\n", "a script without a first line is the shell's");
    fs::write(plain, "#!/no/such/interpreter\n").unwrap();
    let mut metered = Metered::new("-", &[plain]);
    assert_eq!(metered.run().status.code(), Some(127));
    assert!(metered.report().contains("interpreter"));
}

#[test]
fn a_signal_for_us_goes_to_the_command() {
    for (signal, number) in [("-TERM", 15), ("-HUP", 1), ("-USR1", 10), ("-INT", 2), ("-QUIT", 3)] {
        let (metered, mut child) = script("-", "echo $$ > $0; exec sleep 600");
        pid_of_command(&metered);
        kill(signal, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{signal}");
        assert!(metered.report().contains(&format!("exit Signal({number})")));
    }
}

#[test]
fn a_command_that_handles_a_signal_goes_on() {
    let text =
        "trap 'echo got >> $0.got' INT TERM; echo $$ > $0; until test -e $0.end; do sleep 0.01; done; exit 9";
    let (metered, mut child) = script("-", text);
    pid_of_command(&metered);
    for (signal, times) in [("-INT", 1), ("-TERM", 2)] {
        kill(signal, child.id());
        let got = metered.file("pid.got");
        wait_until("the trap", || fs::read_to_string(&got).is_ok_and(|text| text.lines().count() == times));
    }
    assert!(child.try_wait().unwrap().is_none(), "we outlive it");
    fs::write(metered.file("pid.end"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

#[test]
fn a_command_that_is_killed_is_seen() {
    let (metered, mut child) = script("-", "echo $$ > $0; exec sleep 600");
    kill("-KILL", pid_of_command(&metered));
    assert_eq!(child.wait().unwrap().code(), Some(137));
    assert_eq!(metered.end().running, 0);
}

#[test]
fn a_signal_of_the_command_to_its_parent_does_not_come_back() {
    let mut metered = Metered::shell("-", "kill -TERM $PPID; sleep 0.2; exit 4");
    assert_eq!(metered.run().status.code(), Some(4));
}

#[test]
fn we_stop_with_the_command_and_go_on_with_it() {
    // As Ctrl-Z does it: the signal reaches the command, and the shell above sees us stop.
    let (metered, mut child) = script("-", "echo $$ > $0; until test -e $0.end; do sleep 0.01; done; exit 5");
    let command = pid_of_command(&metered);
    for _ in 0..3 {
        kill("-TSTP", &command);
        wait_until("both stop", || state(&command) == Some('T') && state(child.id()) == Some('T'));
        kill("-CONT", child.id());
        wait_until("both go on", || state(&command) != Some('T') && state(child.id()) != Some('T'));
    }
    // A debugger stops the command alone.
    kill("-STOP", &command);
    wait_until("the command stops", || state(&command) == Some('T'));
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_ne!(state(child.id()), Some('T'));
    kill("-CONT", &command);
    fs::write(metered.file("pid.end"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn waiting_for_daemons_ends_on_request() {
    let (metered, mut child) = script("wait-all", "setsid sleep 600 & echo $! > $0; exit 6");
    let daemon = pid_of_command(&metered);
    let commands_end = || fs::read_to_string(format!("/proc/{}/task/{}/children", child.id(), child.id()));
    wait_until("the command ends", || commands_end().is_ok_and(|list| list.trim() == daemon));
    kill("-TERM", child.id());
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(6), None));
    assert_eq!(metered.end().running, 1);
    kill("-KILL", daemon);
}

#[test]
fn waiting_takes_no_cpu_time() {
    if !there_is("bash") {
        return;
    }
    // The meter's own time, and not its children's, by the shell's account of the whole.
    let (metered, mut child) = script("no-group", "echo $$ > $0; exec sleep 1");
    pid_of_command(&metered);
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let fields: Vec<u64> =
            stat.rsplit_once(") ").unwrap().1.split(' ').filter_map(|field| field.parse().ok()).collect();
        fields[10] + fields[11]
    };
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert!(ticks() - before <= 1, "a hundredth of a second at most");
    assert!(child.wait().unwrap().success());
}
