//! Ctrl-C and SIGTERM: finished stages are whole on disk already, so stopping at once loses nothing else.

use std::io::Write;

/// From now on an interrupt says how to go on and leaves with exit code 1.
pub(crate) fn explain(how_to_resume: String) {
    // A handler that cannot be set leaves the system's own: the process ends without the explanation.
    let _ = ctrlc::set_handler(move || {
        let _ = writeln!(std::io::stderr().lock(), "\nstopped; {how_to_resume}");
        std::process::exit(1);
    });
}
