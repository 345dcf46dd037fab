//! The system call `perf_event_open(2)`, for which there is no safe wrapper among our dependencies.

#![cfg_attr(
    all(target_os = "linux", target_arch = "x86_64"),
    allow(unsafe_code, reason = "one system call that no safe wrapper of ours has")
)]

use std::fs::File;
use std::io::{self, Read};

use super::Counter;

/// Opens a counter of an event of a PMU, for all of the machine, asked of one CPU. Counting begins at once.
pub(super) fn open(pmu: u32, config: u64, cpu: u32) -> io::Result<OpenCounter> {
    sys::open(Attributes::new(pmu, config), cpu).map(OpenCounter)
}

/// A counter of the kernel; closed when it is dropped.
#[derive(Debug)]
pub(super) struct OpenCounter(File);

impl Counter for OpenCounter {
    fn count(&mut self) -> io::Result<u64> {
        let mut count = [0; 8];
        self.0.read_exact(&mut count)?;
        Ok(u64::from_ne_bytes(count))
    }
}

/// The first version of `struct perf_event_attr`, which every kernel takes: see `linux/perf_event.h`. With all
/// zero but these fields it counts, without samples, and reads as one number of 64 bits.
#[repr(C)]
#[derive(Debug)]
struct Attributes {
    pmu: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
}

impl Attributes {
    /// `PERF_ATTR_SIZE_VER0`.
    const SIZE: u32 = 64;

    fn new(pmu: u32, config: u64) -> Self {
        Self {
            pmu,
            size: Self::SIZE,
            config,
            sample_period: 0,
            sample_type: 0,
            read_format: 0,
            flags: 0,
            wakeup_events: 0,
            breakpoint_type: 0,
            breakpoint_address: 0,
        }
    }
}

/// Only x86 has this PMU.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod sys {
    use std::ffi::{c_int, c_long, c_ulong};
    use std::fs::File;
    use std::io;
    use std::os::fd::{FromRawFd, OwnedFd};

    use super::Attributes;

    const PERF_EVENT_OPEN: c_long = 298;
    const EVERY_PROCESS: c_int = -1;
    const NO_GROUP: c_int = -1;
    const CLOSE_ON_EXEC: c_ulong = 1 << 3;

    unsafe extern "C" {
        /// Of the C library, which the standard library links.
        fn syscall(number: c_long, ...) -> c_long;
    }

    pub(super) fn open(mut attributes: Attributes, cpu: u32) -> io::Result<File> {
        let cpu = c_int::try_from(cpu).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // SAFETY: the number and the types of the arguments are those of perf_event_open(2) on x86-64. The
        // kernel reads `size` bytes at `attributes`, a live struct of that size that nobody else refers to, and may
        // write its field `size`.
        // What is returned is an error or a new descriptor that nobody else owns.
        let file = unsafe {
            let descriptor =
                syscall(PERF_EVENT_OPEN, &raw mut attributes, EVERY_PROCESS, cpu, NO_GROUP, CLOSE_ON_EXEC);
            match c_int::try_from(descriptor) {
                Ok(descriptor) if descriptor >= 0 => OwnedFd::from_raw_fd(descriptor),
                _ => return Err(io::Error::last_os_error()),
            }
        };
        Ok(File::from(file))
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod sys {
    use std::fs::File;
    use std::io;

    use super::Attributes;

    pub(super) fn open(_: Attributes, _: u32) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn the_attributes_have_the_size_that_they_say() {
        assert_eq!(size_of::<Attributes>(), Attributes::SIZE as usize);
    }

    #[test]
    fn what_the_kernel_does_not_have_is_an_error() {
        assert!(open(u32::MAX, 0, 0).is_err(), "no such PMU");
        assert!(open(SOFTWARE, CPU_CLOCK, u32::MAX).is_err(), "no such CPU");
    }

    const SOFTWARE: u32 = 1;
    const CPU_CLOCK: u64 = 0;

    #[test]
    fn a_counter_of_the_kernel_counts_where_it_may_be_opened() {
        match open(SOFTWARE, CPU_CLOCK, 0) {
            Ok(mut counter) => {
                let first = counter.count().unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
                let second = counter.count().unwrap();
                assert!(second - first >= 5_000_000, "a clock in nanoseconds: {first} to {second}");
            }
            Err(error) => {
                println!("skipped: {error}");
                let known = [ErrorKind::PermissionDenied, ErrorKind::Unsupported, ErrorKind::NotFound];
                assert!(known.contains(&error.kind()), "{error:?}");
            }
        }
    }
}
