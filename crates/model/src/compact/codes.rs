//! Codes of a few bits each for the gaps between weights that are left.

/// Widths that codes may have, in bits.
pub(super) const WIDTHS: std::ops::RangeInclusive<u32> = 1..=8;

/// The filler among codes of `bits` bits, and how many weights it passes over.
pub(super) fn filler(bits: u32) -> usize {
    (1 << bits) - 1
}

/// Codes of `bits` bits for a gap of `gone` weights: its fillers and the code that ends it.
pub(super) fn count(gone: usize, bits: u32) -> usize {
    gone / filler(bits) + 1
}

/// Puts codes one after the other, the first into the lowest bits.
pub(super) struct Packer<'a> {
    into: &'a mut Vec<u8>,
    bits: u32,
    /// Bits that do not yet fill a byte, and their number.
    pending: u32,
    filled: u32,
}

impl<'a> Packer<'a> {
    pub(super) fn new(into: &'a mut Vec<u8>, bits: u32) -> Self {
        Self { into, bits, pending: 0, filled: 0 }
    }

    /// The codes of a gap of `gone` weights.
    pub(super) fn gap(&mut self, gone: usize) {
        let filler = filler(self.bits);
        for _ in 0..gone / filler {
            self.push(filler as u32);
        }
        self.push((gone % filler) as u32);
    }

    fn push(&mut self, code: u32) {
        self.pending |= code << self.filled;
        self.filled += self.bits;
        while self.filled >= 8 {
            self.into.push(self.pending as u8);
            self.pending >>= 8;
            self.filled -= 8;
        }
    }

    /// Writes what is pending, filled up with zeros.
    pub(super) fn finish(self) {
        if self.filled > 0 {
            self.into.push(self.pending as u8);
        }
    }
}

/// Codes one after the other; behind the last there are zeros.
#[derive(Clone, Debug)]
pub(super) struct Codes<'a> {
    packed: &'a [u8],
    bits: u32,
    /// Bits that were taken from `packed`, the next code in the lowest, and their number.
    pending: u64,
    filled: u32,
}

impl<'a> Codes<'a> {
    /// Codes of `bits` bits, 1 to 8.
    pub(super) fn new(packed: &'a [u8], bits: u32) -> Self {
        Self { packed, bits, pending: 0, filled: 0 }
    }

    /// The code that only passes over weights.
    pub(super) fn filler(&self) -> usize {
        filler(self.bits)
    }

    #[inline]
    pub(super) fn code(&mut self) -> usize {
        if self.filled < self.bits {
            self.fill();
        }
        let code = self.pending as usize & self.filler();
        self.pending >>= self.bits;
        self.filled -= self.bits;
        code
    }

    /// Weights that are gone before the next that is left: fillers and the code that ends them.
    #[inline]
    pub(super) fn gap(&mut self) -> usize {
        let mut gone = 0;
        loop {
            let code = self.code();
            gone += code;
            if code != self.filler() {
                return gone;
            }
        }
    }

    /// Whether `count` codes lead past `left` of `weights` weights and end just behind the last; without a branch for each.
    pub(super) fn lead_to(mut self, count: usize, left: usize, weights: usize) -> bool {
        let (mut next, mut found, mut ends) = (0usize, 0, false);
        for _ in 0..count {
            let code = self.code();
            ends = code != self.filler();
            found += usize::from(ends);
            next += code + usize::from(ends);
        }
        // As `next` never falls, none before the last was beyond.
        ends && found == left + 1 && next == weights + 1
    }

    #[inline]
    fn fill(&mut self) {
        if let Some((four, rest)) = self.packed.split_first_chunk::<4>() {
            self.pending |= u64::from(u32::from_le_bytes(*four)) << self.filled;
            self.filled += 32;
            self.packed = rest;
            return;
        }
        let (byte, rest) = self.packed.split_first().map_or((0, self.packed), |(&byte, rest)| (byte, rest));
        self.pending |= u64::from(byte) << self.filled;
        self.filled += 8;
        self.packed = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_by_hand() {
        let mut packed = vec![];
        let mut packer = Packer::new(&mut packed, 3);
        // 2; 7 and 0; 7, 7 and 1: with the first in the lowest bits 001 111 111 000 111 010.
        [2, 7, 15].into_iter().for_each(|gone| packer.gap(gone));
        packer.finish();
        assert_eq!(packed, [0b0011_1010, 0b1111_1110, 0b00]);
        let mut read = Codes::new(&packed, 3);
        let codes: Vec<usize> = (0..6).map(|_| read.code()).collect();
        assert_eq!(codes, [2, 7, 0, 7, 7, 1]);
        assert_eq!([2, 7, 15].map(|gone| count(gone, 3)), [1, 2, 3]);
    }

    #[test]
    fn codes_of_every_width_are_found_again() {
        for bits in WIDTHS {
            let gaps: Vec<usize> = (0..600).map(|place| place * 37 % 601).collect();
            let mut packed = vec![];
            let mut packer = Packer::new(&mut packed, bits);
            gaps.iter().for_each(|&gone| packer.gap(gone));
            packer.finish();
            let codes: usize = gaps.iter().map(|&gone| count(gone, bits)).sum();
            assert_eq!(packed.len(), (codes * bits as usize).div_ceil(8));
            let mut read = Codes::new(&packed, bits);
            let found: Vec<usize> = gaps.iter().map(|_| read.gap()).collect();
            assert_eq!(found, gaps, "{bits} bits");
        }
    }
}
