//! What metering takes: `cargo run --release -p lessen-meter --example overhead -- [SECONDS] [ROOT]`, with another
//! root than `/` to read a tree that was made by hand.
#![allow(clippy::print_stdout, reason = "this is a program")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lessen_meter::{Ladder, Recorder, Roots, Settings, Visible};
use lessen_units::Seconds;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(10);
    let root = PathBuf::from(arguments.next().unwrap_or_else(|| "/".to_owned()));
    let roots = Roots { sys: root.join("sys"), proc: root.join("proc") };
    let settings = Settings { roots, visible: Visible::from_environment(), ..Settings::default() };

    let began = Instant::now();
    let recorder = Recorder::begin(Ladder::find(&settings));
    let start = began.elapsed();
    std::thread::sleep(Duration::from_secs(seconds));
    let ending = Instant::now();
    let (account, overhead) = recorder.end(Some(Seconds(0.0)));
    let finish = ending.elapsed();

    for reading in account.readings.iter().chain(&account.apart) {
        println!("{} ({}, {}): {:?}", reading.device, reading.source, reading.rung, reading.machine);
    }
    println!("start {start:.2?}, finish {finish:.2?}");
    println!("{:.6} s of CPU time, {:.5} % of a core", overhead.cpu_seconds.0, overhead.share * 100.0);
    println!("resident at most: {:?}", overhead.resident.value());
}
