//! Rows that follow each other made features that follow each other: eight by eight in registers.

/// Rows of numbers, to be read eight at a time.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// One after the other, each `stride` after the one before.
    Numbers { values: &'a [f32], stride: usize },
    /// Rows of images.
    Bytes(Scaled<'a, u8>),
    /// Rows of tables.
    Cells(Scaled<'a, f32>),
}

/// Some rows, `stride` values each, every value `x` as `(x - shift) * inverse` and a missing one as 0.
#[derive(Clone, Copy)]
pub(crate) struct Scaled<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) rows: &'a [u32],
    pub(crate) stride: usize,
    pub(crate) shift: f32,
    pub(crate) inverse: f32,
}

/// What is scaled.
pub(crate) trait Value: Copy {
    /// As a number; NaN where it is missing.
    fn number(self) -> f32;
}

impl Value for u8 {
    #[inline(always)]
    fn number(self) -> f32 {
        f32::from(self)
    }
}

impl Value for f32 {
    #[inline(always)]
    fn number(self) -> f32 {
        self
    }
}

impl<'a, T: Value> Scaled<'a, T> {
    /// The values of the row at a place in the list.
    #[inline(always)]
    fn row(self, place: usize) -> &'a [T] {
        &self.values[self.rows[place] as usize * self.stride..][..self.stride]
    }

    #[inline(always)]
    fn one(self, place: usize, feature: usize) -> f32 {
        let number = self.row(place)[feature].number();
        if number.is_nan() { 0.0 } else { (number - self.shift) * self.inverse }
    }
}

impl Rows<'_> {
    /// One feature of a row.
    #[inline(always)]
    fn one(self, row: usize, feature: usize) -> f32 {
        match self {
            Self::Numbers { values, stride } => values[row * stride + feature],
            Self::Bytes(bytes) => bytes.one(row, feature),
            Self::Cells(cells) => cells.one(row, feature),
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
    copy_plain(source, columns, stride, into);
}

fn copy_plain(source: Rows<'_>, columns: usize, stride: usize, into: &mut [f32]) {
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

/// Asks memory for the line where the values begin.
#[cfg(target_arch = "x86_64")]
#[inline]
fn bring_near<T>(values: &[T]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint, which reads nothing; every processor of this architecture has it.
    #[allow(unsafe_code)]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().cast());
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;
    use std::array::from_fn;

    use super::{Rows, Scaled, Value, bring_near};

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
                    Rows::Bytes(bytes) => {
                        let (these, next) = sixteen(bytes, row);
                        turn_scaled(these, next, whole, lanes, into, |eight| of_bytes(bytes, eight));
                    }
                    Rows::Cells(cells) => {
                        let (these, next) = sixteen(cells, row);
                        turn_scaled(these, next, whole, lanes, into, |eight| of_cells(cells, eight));
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

    /// Sixteen rows, and the sixteen behind them.
    fn sixteen<T: Value>(source: Scaled<'_, T>, row: impl Fn(usize) -> usize) -> ([&[T]; 16], [&[T]; 16]) {
        (from_fn(|lane| source.row(row(lane))), from_fn(|lane| source.row(row(16 + lane))))
    }

    /// The same of values, of which `scaled` makes eight numbers. Meanwhile memory is asked for the rows `ahead`: they lie
    /// anywhere, and to wait for each when its turn comes takes longer than all the rest.
    #[target_feature(enable = "avx2")]
    fn turn_scaled<T: Value>(
        rows: [&[T]; 16],
        ahead: [&[T]; 16],
        whole: usize,
        lanes: usize,
        into: &mut [f32],
        scaled: impl Fn(&[T; 8]) -> __m256,
    ) {
        // Seen once, so that the loop need not look at each of its sixteen rows.
        let rows = rows.map(|row| row[..whole].as_chunks::<8>().0);
        let eights = eights_in_a_line::<T>();
        let asked = 16 / eights;
        for eight in 0..whole / 8 {
            let feature = 8 * eight;
            // So many rows each time that all have been asked at the end of a line.
            for ahead in &ahead[eight % eights * asked..][..asked] {
                bring_near(&ahead[feature..]);
            }
            let into = &mut into[feature * lanes..];
            for half in [0, 8] {
                let mut turned = [_mm256_setzero_ps(); 8];
                for lane in 0..8 {
                    // SAFETY: each row has `whole / 8` eights.
                    #[allow(unsafe_code)]
                    let values = unsafe { rows[half + lane].get_unchecked(eight) };
                    turned[lane] = scaled(values);
                }
                store_turned(turned, lanes, &mut into[half..]);
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn copy(source: Rows<'_>, columns: usize, stride: usize, into: &mut [f32]) {
        match source {
            Rows::Numbers { .. } => super::copy_plain(source, columns, stride, into),
            Rows::Bytes(bytes) => {
                copy_scaled(bytes, columns, stride, into, |eight| of_bytes(bytes, eight));
            }
            Rows::Cells(cells) => {
                copy_scaled(cells, columns, stride, into, |eight| of_cells(cells, eight));
            }
        }
    }

    #[target_feature(enable = "avx2")]
    fn copy_scaled<T: Value>(
        source: Scaled<'_, T>,
        columns: usize,
        stride: usize,
        into: &mut [f32],
        scaled: impl Fn(&[T; 8]) -> __m256,
    ) {
        for (row, into) in into.chunks_exact_mut(stride.max(1)).enumerate() {
            let (there, beyond) = into.split_at_mut(columns);
            let ahead = source.row((row + AHEAD).min(source.rows.len() - 1));
            let (values, _) = source.row(row)[..columns].as_chunks::<8>();
            for (eight, (values, into)) in values.iter().zip(there.chunks_exact_mut(8)).enumerate() {
                if eight % eights_in_a_line::<T>() == 0 {
                    bring_near(&ahead[8 * eight..]);
                }
                store(scaled(values), into);
            }
            for feature in columns - columns % 8..columns {
                there[feature] = source.one(row, feature);
            }
            beyond.fill(0.0);
        }
    }

    /// Eight values each, of those in a cache line.
    const fn eights_in_a_line<T>() -> usize {
        64 / size_of::<[T; 8]>()
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn of_bytes(source: Scaled<'_, u8>, bytes: &[u8; 8]) -> __m256 {
        let bytes = i64::from_le_bytes(*bytes);
        scaled(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes))), source)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn of_cells(source: Scaled<'_, f32>, cells: &[f32; 8]) -> __m256 {
        let numbers = load(cells);
        _mm256_and_ps(scaled(numbers, source), _mm256_cmp_ps::<_CMP_ORD_Q>(numbers, numbers))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn scaled<T: Value>(numbers: __m256, source: Scaled<'_, T>) -> __m256 {
        let centred = _mm256_sub_ps(numbers, _mm256_set1_ps(source.shift));
        _mm256_mul_ps(centred, _mm256_set1_ps(source.inverse))
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
        let cells: Vec<f32> =
            (0..30 * 19).map(|place| if place % 11 == 3 { f32::NAN } else { place as f32 * 0.3 }).collect();
        let rows: Vec<u32> = (0..23).map(|row| row * 7 % 30).collect();
        let (stride, shift, inverse) = (19, 33.3, 1.0 / 78.0);
        let sources = [
            Rows::Numbers { values: &values, stride },
            Rows::Bytes(Scaled { values: &bytes, rows: &rows, stride, shift, inverse }),
            Rows::Cells(Scaled { values: &cells, rows: &rows, stride, shift, inverse }),
        ];
        for source in sources {
            let (mut quick, mut slow) = (vec![1.0; 19 * 30], vec![2.0; 19 * 30]);
            turn(source, (23, 19), 30, &mut quick);
            plain(source, (23, 19), 30, &mut slow);
            assert_eq!(quick, slow);
            let (mut quick, mut slow) = (vec![1.0; 23 * 24], vec![2.0; 23 * 24]);
            copy(source, 19, 24, &mut quick);
            copy_plain(source, 19, 24, &mut slow);
            assert_eq!(quick, slow);
        }
    }
}
