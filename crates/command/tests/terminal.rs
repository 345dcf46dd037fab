//! Under a terminal: the command is what the terminal talks to, and Ctrl-C and Ctrl-Z do what they do without us.
//! The terminal is made by python's `pty`; where there is no python3 these tests are skipped.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are outside of what clippy takes for one")]

mod common;

use std::process::Command;

use common::there_is;

/// Opens a terminal, runs `sh` in it as a session of its own, and has it do a script; `expect(text)` waits for output
/// and `send(text)` types.
const TERMINAL: &str = r#"
import os, pty, select, signal, sys, time
metered, report, options = sys.argv[1:4]
pid, terminal = pty.fork()
if pid == 0:
    # A shell's background jobs, as which these tests may run, ignore Ctrl-C and hand that on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    os.environ["PS1"] = ""
    os.execvp(SHELL[0], SHELL)
seen = b""
def expect(text, again=None):
    """Waits for the text; sends `again` once a second meanwhile."""
    global seen
    deadline = time.time() + 60
    resend = time.time() + 1
    while text.encode() not in seen:
        if time.time() > deadline:
            sys.exit("waited a minute for %r, got %r" % (text, seen))
        if again and time.time() > resend:
            send(again)
            resend += 1
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 4096)
            except OSError:
                sys.exit("the terminal closed before %r, got %r" % (text, seen))
    seen = seen.split(text.encode(), 1)[1]
def send(text):
    os.write(terminal, text.encode())
def code():
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"#;

fn in_a_terminal(shell: &str, script: &str) {
    if !there_is("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let program = format!("SHELL = {shell}\n{TERMINAL}\n{script}")
        .replace("METERED", &format!("{} {} -", env!("CARGO_BIN_EXE_metered"), report.display()));
    let output = Command::new("python3")
        .args(["-c", &program, env!("CARGO_BIN_EXE_metered")])
        .arg(&report)
        .arg("-")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_terminal_is_the_commands() {
    in_a_terminal(
        r#"["sh", "-c", "exec METERED -- sh -c 'test -t 0 && test -t 1 && test -t 2 && echo a''ll; read x; echo got-$x; stty size'"]"#,
        r#"
expect("all")
send("word\n")
expect("got-word")
expect(" ")
assert code() == 0
"#,
    );
}

#[test]
fn an_interactive_python_works() {
    in_a_terminal(
        r#"["sh", "-c", "exec METERED -- python3 -q"]"#,
        r#"
expect(">>> ")
send("6*7\n")
expect("42")
expect(">>> ")
# A Ctrl-C between python's prompt and its wait for a key is lost, without a meter too (7 of 100 under load).
send("\x03")
expect("KeyboardInterrupt", again="\x03")
expect(">>> ")
send("exit(3)\n")
assert code() == 3
"#,
    );
}

#[test]
fn ctrl_c_goes_to_the_command_once_and_we_outlive_it() {
    in_a_terminal(
        r#"["sh", "-c", "exec METERED -- sh -c 'trap \"echo tr\"\"apped\" INT; echo re\"\"ady; read x; read y; echo e\"\"nd-$y; exit 7'"]"#,
        r#"
expect("ready")
send("\x03")
expect("trapped")
send("one\n")
send("two\n")
expect("end-")
assert b"trapped" not in seen
assert code() == 7
assert "exit Code(7)" in open(report).read()
"#,
    );
    in_a_terminal(
        r#"["sh", "-c", "exec METERED -- sh -c 'echo re\"\"ady; exec sleep 600'"]"#,
        r#"
expect("ready")
send("\x03")
assert code() == 130
assert "exit Signal(2)" in open(report).read()
"#,
    );
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_goes_on() {
    // A shell with job control, and the command asks nothing until it is back.
    in_a_terminal(
        r#"["bash", "--norc", "-i"]"#,
        r#"
send("METERED -- sh -c 'echo re\"\"ady; read x; echo g\"\"ot-$x; exit 5'; echo co\"\"de-$?\n")
expect("ready")
send("\x1a")
expect("Stopped")
send("echo sh\"\"ell\n")
expect("shell")
send("fg\n")
time.sleep(0.3)
send("\x1a")
expect("Stopped")
send("fg; echo co\"\"de-$?\n")
time.sleep(0.3)
send("word\n")
expect("got-word")
expect("code-5")
send("exit\n")
assert "exit Code(5)" in open(report).read()
"#,
    );
}
