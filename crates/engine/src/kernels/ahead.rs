//! Memory that is asked for before it is needed.
#![allow(unsafe_code)]

/// Asks for the line that holds `numbers[at]`, if there is one: the answer comes while other work is done.
#[inline(always)]
pub(crate) fn ask_for(numbers: &[f32], at: usize) {
    if at >= numbers.len() {
        return;
    }
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every processor of this kind has the instruction; it reads nothing, and `at` is within the numbers.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(numbers.as_ptr().add(at).cast());
    }
}
