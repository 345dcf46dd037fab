//! Rows that follow each other made features that follow each other: eight by eight in registers.

/// Rows of numbers, to be read eight at a time.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// One after the other, each `stride` after the one before.
    Numbers { values: &'a [f32], stride: usize },
    /// Some rows of bytes, `stride` each, every byte `b` as `(b - shift) * inverse`.
    Bytes { bytes: &'a [u8], rows: &'a [u32], stride: usize, shift: f32, inverse: f32 },
}

impl<'a> Rows<'a> {
    /// A row's bytes, where it has bytes and there is such a row.
    #[cfg(target_arch = "x86_64")]
    fn bytes_of(self, row: usize) -> Option<&'a [u8]> {
        let Self::Bytes { bytes, rows, stride, .. } = self else { return None };
        let begin = (*rows.get(row)? as usize).checked_mul(stride)?;
        bytes.get(begin..begin.checked_add(stride)?)
    }

    /// One feature of a row.
    #[inline(always)]
    fn one(self, row: usize, feature: usize) -> f32 {
        match self {
            Self::Numbers { values, stride } => values[row * stride + feature],
            Self::Bytes { bytes, rows, stride, shift, inverse } => {
                (f32::from(bytes[rows[row] as usize * stride + feature]) - shift) * inverse
            }
        }
    }
}

/// `into[column][row] = values[row][column]`: `values` has `rows` rows of `columns` numbers, each `stride` after the one
/// before; `into` has a row of `lanes` numbers for each column, of which those beyond `rows` become zero.
///
/// # Panics
/// Where a slice is too short, or there are fewer lanes than rows: a bug of the caller.
pub fn transpose(
    values: &[f32],
    (rows, columns): (usize, usize),
    stride: usize,
    lanes: usize,
    into: &mut [f32],
) {
    turn(Rows::Numbers { values, stride }, (rows, columns), lanes, into);
}

/// [`transpose`] of rows of any kind.
pub(crate) fn turn(source: Rows<'_>, (rows, columns): (usize, usize), lanes: usize, into: &mut [f32]) {
    assert!(lanes >= rows && into.len() >= columns * lanes, "no room to transpose into");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            avx2::turn(source, (rows, columns), lanes, into);
        }
        return;
    }
    plain(source, (rows, columns), lanes, into);
}

/// `into[row][column] = source[row][column]`, each row of `into` `stride` after the one before; beyond `columns` it becomes zero.
pub(crate) fn copy(source: Rows<'_>, columns: usize, stride: usize, into: &mut [f32]) {
    assert!(stride >= columns, "no room to copy into");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            avx2::copy(source, columns, stride, into);
        }
        return;
    }
    for (row, into) in into.chunks_exact_mut(stride.max(1)).enumerate() {
        for (feature, into) in into.iter_mut().enumerate() {
            *into = if feature < columns { source.one(row, feature) } else { 0.0 };
        }
    }
}

/// By any processor.
fn plain(source: Rows<'_>, (rows, columns): (usize, usize), lanes: usize, into: &mut [f32]) {
    for (feature, into) in into[..columns * lanes].chunks_exact_mut(lanes.max(1)).enumerate() {
        for (row, into) in into.iter_mut().enumerate() {
            *into = if row < rows { source.one(row, feature) } else { 0.0 };
        }
    }
}

/// Asks memory for the line where the bytes begin.
#[cfg(target_arch = "x86_64")]
#[inline]
fn bring_near(bytes: &[u8]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint, which reads nothing; every processor of this architecture has it.
    #[allow(unsafe_code)]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().cast());
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;
    use std::array::from_fn;

    use super::{Rows, bring_near};

    /// Rows between one that is copied and one that memory is asked for.
    const AHEAD: usize = 4;

    /// Sixteen rows at a time, so that what is written of a feature is a cache line.
    #[target_feature(enable = "avx2")]
    pub(super) fn turn(source: Rows<'_>, (rows, columns): (usize, usize), lanes: usize, into: &mut [f32]) {
        let whole = columns - columns % 8;
        for first in (0..lanes).step_by(16) {
            let width = (lanes - first).min(16);
            let there = rows.saturating_sub(first).min(width);
            let is_whole = width == 16 && there > 0 && whole > 0;
            if is_whole {
                let into = &mut into[first..];
                // A lane without a row reads the last row there is, and is emptied below.
                let row = |lane: usize| (first + lane).min(rows - 1);
                match source {
                    Rows::Numbers { values, stride } => {
                        let begins = from_fn(|lane| &values[row(lane) * stride..][..columns]);
                        turn_numbers(begins, whole, lanes, into);
                    }
                    Rows::Bytes { bytes, rows, stride, shift, inverse } => {
                        let begin = |lane| &bytes[rows[row(lane)] as usize * stride..][..columns];
                        let ahead = from_fn(|lane| begin(16 + lane));
                        turn_bytes(from_fn(begin), ahead, (shift, inverse), whole, lanes, into);
                    }
                }
            }
            let (done, full) = if is_whole { (whole, there) } else { (0, 0) };
            // Most often the few features behind the last eight.
            let unfinished = if full == width { done } else { 0 };
            for feature in unfinished..columns {
                let into = &mut into[feature * lanes + first..][..width];
                let begin = if feature < done { full } else { 0 };
                for (lane, into) in into.iter_mut().enumerate().skip(begin) {
                    *into = if lane < there { source.one(first + lane, feature) } else { 0.0 };
                }
            }
        }
    }

    /// The first `whole` numbers, a multiple of eight, of sixteen rows.
    #[target_feature(enable = "avx2")]
    fn turn_numbers(rows: [&[f32]; 16], whole: usize, lanes: usize, into: &mut [f32]) {
        for feature in (0..whole).step_by(8) {
            let into = &mut into[feature * lanes..];
            for half in [0, 8] {
                let mut eights = [_mm256_setzero_ps(); 8];
                for lane in 0..8 {
                    eights[lane] = load(&rows[half + lane][feature..]);
                }
                store_turned(eights, lanes, &mut into[half..]);
            }
        }
    }

    /// The same of bytes, each `b` as `(b - shift) * inverse`. Meanwhile memory is asked for the rows `ahead`: they lie anywhere,
    /// and to wait for each when its turn comes takes longer than all the rest.
    #[target_feature(enable = "avx2")]
    fn turn_bytes(
        rows: [&[u8]; 16],
        ahead: [&[u8]; 16],
        (shift, inverse): (f32, f32),
        whole: usize,
        lanes: usize,
        into: &mut [f32],
    ) {
        // Seen once, so that the loop need not look at each of its sixteen rows.
        let rows = rows.map(|row| row[..whole].as_chunks::<8>().0);
        for eight in 0..whole / 8 {
            let feature = 8 * eight;
            // Eight times within a cache line, so two rows each time.
            let pair = eight % 8 * 2;
            bring_near(&ahead[pair][feature..]);
            bring_near(&ahead[pair + 1][feature..]);
            let into = &mut into[feature * lanes..];
            for half in [0, 8] {
                let mut eights = [_mm256_setzero_ps(); 8];
                for lane in 0..8 {
                    // SAFETY: each row has `whole / 8` eights.
                    #[allow(unsafe_code)]
                    let bytes = unsafe { rows[half + lane].get_unchecked(eight) };
                    eights[lane] = numbers(bytes, shift, inverse);
                }
                store_turned(eights, lanes, &mut into[half..]);
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn copy(source: Rows<'_>, columns: usize, stride: usize, into: &mut [f32]) {
        for (row, into) in into.chunks_exact_mut(stride.max(1)).enumerate() {
            let (there, beyond) = into.split_at_mut(columns);
            let mut eights = there.chunks_exact_mut(8);
            let ahead = source.bytes_of(row + AHEAD).filter(|bytes| bytes.len() >= columns);
            for (place, into) in (&mut eights).enumerate() {
                if let Some(ahead) = ahead
                    && place % 8 == 0
                {
                    bring_near(&ahead[8 * place..]);
                }
                store(eight(source, row, 8 * place), into);
            }
            for (place, into) in eights.into_remainder().iter_mut().enumerate() {
                *into = source.one(row, columns - columns % 8 + place);
            }
            beyond.fill(0.0);
        }
    }

    /// Features `feature` to `feature + 8` of a row.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn eight(source: Rows<'_>, row: usize, feature: usize) -> __m256 {
        match source {
            Rows::Numbers { values, stride } => load(&values[row * stride + feature..]),
            Rows::Bytes { bytes, rows, stride, shift, inverse } => {
                let bytes = &bytes[rows[row] as usize * stride + feature..];
                numbers(bytes.first_chunk().unwrap_or(&[0; 8]), shift, inverse)
            }
        }
    }

    /// The first eight bytes as numbers, centred and scaled.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn numbers(bytes: &[u8; 8], shift: f32, inverse: f32) -> __m256 {
        let bytes = i64::from_le_bytes(*bytes);
        let numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes)));
        _mm256_mul_ps(_mm256_sub_ps(numbers, _mm256_set1_ps(shift)), _mm256_set1_ps(inverse))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load(values: &[f32]) -> __m256 {
        let values = &values[..8];
        // SAFETY: there are eight numbers; the load needs no alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_loadu_ps(values.as_ptr())
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn store(register: __m256, into: &mut [f32]) {
        let into = &mut into[..8];
        // SAFETY: there is room for eight numbers; the store needs no alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_ps(into.as_mut_ptr(), register);
        }
    }

    /// Stores eight features of eight rows by feature, `lanes` apart: pairs, then quadruples, then halves of registers change
    /// places.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn store_turned(rows: [__m256; 8], lanes: usize, into: &mut [f32]) {
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
        let (a0, a1) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpackhi_ps(r0, r1));
        let (a2, a3) = (_mm256_unpacklo_ps(r2, r3), _mm256_unpackhi_ps(r2, r3));
        let (a4, a5) = (_mm256_unpacklo_ps(r4, r5), _mm256_unpackhi_ps(r4, r5));
        let (a6, a7) = (_mm256_unpacklo_ps(r6, r7), _mm256_unpackhi_ps(r6, r7));
        let into = &mut into[..7 * lanes + 8];
        let mut store = |register: __m256, feature: usize| {
            // SAFETY: features are below 8, and there is room for eight numbers at the last one; the store needs no alignment.
            #[allow(unsafe_code)]
            unsafe {
                _mm256_storeu_ps(into.as_mut_ptr().add(feature * lanes), register);
            }
        };
        let fours = [(a0, a2, a4, a6), (a1, a3, a5, a7)];
        for (place, (a, b, c, d)) in fours.into_iter().enumerate() {
            let (low, high) = (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0x44>(c, d));
            store(_mm256_permute2f128_ps::<0x20>(low, high), 2 * place);
            store(_mm256_permute2f128_ps::<0x31>(low, high), 2 * place + 4);
            let (low, high) = (_mm256_shuffle_ps::<0xee>(a, b), _mm256_shuffle_ps::<0xee>(c, d));
            store(_mm256_permute2f128_ps::<0x20>(low, high), 2 * place + 1);
            store(_mm256_permute2f128_ps::<0x31>(low, high), 2 * place + 5);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_turned() {
        for rows in [0, 1, 7, 8, 9, 16, 23, 60] {
            for columns in [0, 1, 5, 8, 17, 30] {
                let stride = columns + 3;
                let values: Vec<f32> = (0..rows * stride).map(|place| place as f32 + 1.0).collect();
                for lanes in [rows, rows + 4] {
                    let mut found = vec![f32::NAN; columns * lanes];
                    transpose(&values, (rows, columns), stride, lanes, &mut found);
                    for (column, found) in found.chunks(lanes.max(1)).enumerate() {
                        for (row, found) in found.iter().enumerate() {
                            let expected = if row < rows { values[row * stride + column] } else { 0.0 };
                            assert_eq!(*found, expected, "{rows} x {columns}, lane {row} of {lanes}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_plain_way_gives_the_same_bits() {
        let values: Vec<f32> = (0..23 * 19).map(|place| place as f32).collect();
        let bytes: Vec<u8> = (0..30 * 19).map(|place| (place * 7) as u8).collect();
        let rows: Vec<u32> = (0..23).map(|row| row * 7 % 30).collect();
        let images = Rows::Bytes { bytes: &bytes, rows: &rows, stride: 19, shift: 33.3, inverse: 1.0 / 78.0 };
        for source in [Rows::Numbers { values: &values, stride: 19 }, images] {
            let (mut quick, mut slow) = (vec![1.0; 19 * 30], vec![2.0; 19 * 30]);
            turn(source, (23, 19), 30, &mut quick);
            plain(source, (23, 19), 30, &mut slow);
            assert_eq!(quick, slow);
        }
    }
}
