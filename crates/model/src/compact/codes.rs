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

/// Code `place` of `bits` bits in `packed`, which must hold it.
pub(super) fn code(packed: &[u8], bits: u32, place: usize) -> usize {
    let first = place * bits as usize;
    let byte = |index: usize| packed.get(index).map_or(0, |&byte| u32::from(byte));
    let two = byte(first / 8) | byte(first / 8 + 1) << 8;
    two as usize >> (first % 8) & filler(bits)
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
        let codes: Vec<usize> = (0..6).map(|place| code(&packed, 3, place)).collect();
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
            let (mut found, mut gone) = (vec![], 0);
            for place in 0..codes {
                let code = code(&packed, bits, place);
                gone += code;
                if code != filler(bits) {
                    found.push(std::mem::take(&mut gone));
                }
            }
            assert_eq!(found, gaps, "{bits} bits");
        }
    }
}
