//! Room for numbers that begins at a cache line.
#![allow(unsafe_code)]

use std::ops::{Deref, DerefMut};

/// Numbers from the beginning of a cache line on, so that no register of 16 is loaded from two lines.
#[derive(Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

impl Aligned {
    /// `length` zeros.
    pub(crate) fn zeros(length: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); length.div_ceil(16)], length }
    }

    /// Makes it `length` long; what is added is zero, or what was there before it was made shorter.
    pub(crate) fn resize(&mut self, length: usize) {
        if self.lines.len() * 16 < length {
            self.lines.resize(length.div_ceil(16), Line([0.0; 16]));
        }
        self.length = length;
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a line is 16 numbers without padding (64 bytes, aligned to 64), and there are lines for `length` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above; the lines are borrowed mutably, so nobody else reads them.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_at_a_line_and_is_as_long_as_said() {
        for length in [0, 1, 16, 17, 1000] {
            let mut numbers = Aligned::zeros(length);
            assert_eq!(numbers.len(), length);
            assert_eq!(numbers.as_ptr().align_offset(64), 0);
            numbers.fill(1.0);
            numbers.resize(length + 20);
            assert_eq!(numbers.iter().sum::<f32>(), length as f32);
            numbers.resize(1);
            assert_eq!(numbers.len(), 1);
        }
    }
}
