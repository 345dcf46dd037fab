//! Any bytes as a file of hourly intensities: windows that lie within the file's values or an error, never a panic.
#![no_main]

use lessen_footprint::hourly::parse;
use lessen_units::Hours;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = parse("fuzz", bytes) else { return };
    let half = Hours(file.length().0 / 2.0);
    let Ok(windows) = file.best_window(half) else { return };
    assert!(windows.best.g_per_kwh <= windows.first.g_per_kwh && windows.first.g_per_kwh <= windows.worst.g_per_kwh);
});
