//! Stages over the socket, with clients that behave and clients that do not.

#![allow(clippy::unwrap_used, reason = "helpers of tests are outside of what clippy takes for one")]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lessen_command::stages::talk::{self, TalkError};
use lessen_command::stages::{End, LONGEST_NAME, Listener, What};

fn raw(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // It may be refused before all is sent.
    let _ = stream.write_all(bytes);
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply);
    reply
}

#[test]
fn a_run_with_stages() {
    let (sender, changes) = mpsc::channel();
    let listener =
        Listener::start(move |change| sender.send((change.index, change.what.clone())).unwrap()).unwrap();
    let path = listener.path().to_owned();
    let folder = path.parent().unwrap().to_owned();
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700, "for this user alone");
    let name = format!("träin \"{}\"", "x".repeat(LONGEST_NAME - 9));
    talk::begin(&path, &name).unwrap();
    assert_eq!(changes.try_recv().unwrap(), (1, What::Begin(name.clone())), "heard before the answer");
    assert_eq!(raw(&path, b"{\"stage\":\"begin\",\"name\":\"inner\"}\n"), "{\"ok\":true}\n");
    assert_eq!(raw(&path, b"{\"stage\":\"end\"}\n"), "{\"ok\":true}\n");
    let stages = listener.finish();
    let found: Vec<_> = stages.iter().map(|stage| (stage.name.as_str(), stage.parent, stage.end)).collect();
    let expected = [("", None, End::Said), (&*name, Some(0), End::WithTheRun), ("inner", Some(1), End::Said)];
    assert_eq!(found, expected);
    assert_eq!(changes.iter().map(|(index, _)| index).collect::<Vec<_>>(), [2, 3]);
    assert!(!folder.exists());
    assert!(matches!(talk::end(&path), Err(TalkError::Nobody { .. })));
}

#[test]
fn what_is_wrong_is_answered_and_changes_nothing() {
    let listener = Listener::start(|_| ()).unwrap();
    let path = listener.path();
    let refused = |outcome: Result<(), TalkError>, part: &str| match outcome {
        Err(TalkError::Refused { why }) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?}"),
    };
    refused(talk::end(path), "no stage is open");
    refused(talk::begin(path, ""), "1 to 200 bytes");
    refused(talk::begin(path, &"x".repeat(LONGEST_NAME + 1)), "1 to 200 bytes");
    for bytes in [
        &b"\n"[..],
        b"begin x\n",
        b"{\"stage\":\"begin\"}\n",
        b"{\"stage\":\"begin\",\"name\":3}\n",
        b"{\"stage\":\"end\",\"more\":1}\n",
        b"\xff\xfe\n",
        &[b'['; 100_000],
    ] {
        let reply = raw(path, bytes);
        assert!(reply.starts_with("{\"error\":\"expected `{") && reply.ends_with("\"}\n"), "{reply}");
    }
    assert_eq!(listener.finish().len(), 1);
}

#[test]
fn silent_and_slow_clients_hold_nobody_up() {
    let listener = Listener::start(|_| ()).unwrap();
    let path = listener.path().to_owned();
    // More than are let in at a time; none ends its line.
    let silent: Vec<UnixStream> = (0..80)
        .map(|_| {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.write_all(b"{\"stage\":").unwrap();
            stream
        })
        .collect();
    let before = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    talk::begin(&path, "work").unwrap();
                    talk::end(&path).unwrap();
                }
            });
        }
    });
    assert!(before.elapsed() < Duration::from_secs(30));
    drop(silent);
    let stages = listener.finish();
    assert_eq!(stages.len(), 81);
    assert!(stages.iter().all(|stage| stage.end == End::Said));
}

#[test]
fn without_a_run_the_client_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = talk::begin(&folder.path().join("socket"), "x").unwrap_err();
    assert!(matches!(error, TalkError::Nobody { .. }) && error.hint().is_some(), "{error}");
    // A socket that takes calls and never answers.
    let dumb = folder.path().join("dumb");
    let _listener = std::os::unix::net::UnixListener::bind(&dumb).unwrap();
    let before = Instant::now();
    let error = talk::end(&dumb).unwrap_err();
    assert!(matches!(error, TalkError::NoAnswer { .. }), "{error}");
    assert!(before.elapsed() < Duration::from_secs(30));
    if std::env::var_os(lessen_command::stages::VARIABLE).is_none() {
        assert!(matches!(talk::path_from_environment(), Err(TalkError::NoRun)));
    }
}
