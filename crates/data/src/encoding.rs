//! How raw cells become numbers.

mod cells;
mod fit;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::transpose::{Rows, Scaled, copy, turn};
use crate::{Column, DataError, Features, Unit, padded};
use cells::Cells;
use fit::fit_column;

/// How raw rows become numbers: scaling, levels, missing cells. Fitted on training rows only; it travels with
/// the network, in the ONNX file's metadata too.
///
/// A number `x` becomes `(x - shift) / scale`, a missing one as if it were `fill`; a nominal cell becomes one
/// 1 among zeros (all zeros where it is missing or its level was not seen in training, or is a rare one of more
/// than 256).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ColumnEncoding>", into = "Vec<ColumnEncoding>")]
pub struct Encoding {
    columns: Vec<ColumnEncoding>,
    width: usize,
}

/// How one raw column, or a run of like pixels, is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum ColumnEncoding {
    /// `count` numeric columns without missing cells, scaled alike: the pixels of an image.
    Pixels {
        /// Raw columns, and encoded ones.
        count: usize,
        /// Subtracted first.
        shift: f32,
        /// Divided by then; above zero.
        scale: f32,
    },
    /// One numeric column; 1 encoded feature, or 2 with `indicator`.
    Numeric {
        /// The column's name.
        name: String,
        /// Takes the place of a missing cell before scaling.
        fill: f32,
        /// Subtracted first.
        shift: f32,
        /// Divided by then; above zero.
        scale: f32,
        /// Whether a second feature says (1 or 0) that the cell was missing.
        indicator: bool,
    },
    /// One nominal column; as many encoded features as levels.
    Nominal {
        /// The column's name.
        name: String,
        /// The levels seen in training; of more than 256, those seen most.
        levels: Vec<String>,
    },
}

impl ColumnEncoding {
    /// Raw columns that this covers.
    pub fn raw_columns(&self) -> usize {
        match self {
            Self::Pixels { count, .. } => *count,
            Self::Numeric { .. } | Self::Nominal { .. } => 1,
        }
    }

    /// Encoded features that this makes.
    pub fn width(&self) -> usize {
        match self {
            Self::Pixels { count, .. } => *count,
            Self::Numeric { indicator, .. } => 1 + usize::from(*indicator),
            Self::Nominal { levels, .. } => levels.len(),
        }
    }
}

/// Encoded rows, feature-major with the batch contiguous: the layout that learners and networks compute in.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Encoded features of a row.
    pub width: usize,
    /// Rows that are there.
    pub rows: usize,
    /// `rows` rounded up to whole SIMD registers; the lanes beyond `rows` are zero.
    pub lanes: usize,
    /// `[width][lanes]`.
    pub values: Vec<f32>,
}

impl Encoded {
    /// All rows' values of one feature.
    pub fn feature(&self, feature: usize) -> &[f32] {
        &self.values[feature * self.lanes..][..self.rows]
    }

    /// The same rows row-major, `[rows][width]`.
    pub fn row_major(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.rows * self.width];
        for feature in 0..self.width {
            for (row, &value) in self.feature(feature).iter().enumerate() {
                rows[row * self.width + feature] = value;
            }
        }
        rows
    }
}

/// Largest width that a file may ask for: a guard against hostile encodings, far above any real one.
const LARGEST_WIDTH: usize = 1 << 24;

impl TryFrom<Vec<ColumnEncoding>> for Encoding {
    type Error = DataError;

    fn try_from(columns: Vec<ColumnEncoding>) -> Result<Self, DataError> {
        let mut width = 0usize;
        for column in &columns {
            let usable = match column {
                ColumnEncoding::Pixels { shift, scale, .. } => {
                    shift.is_finite() && *scale > 0.0 && scale.is_finite()
                }
                ColumnEncoding::Numeric { fill, shift, scale, .. } => {
                    fill.is_finite() && shift.is_finite() && *scale > 0.0 && scale.is_finite()
                }
                ColumnEncoding::Nominal { .. } => true,
            };
            if !usable {
                let problem = "an encoding's numbers must be finite and its scale above zero".into();
                return Err(DataError::Mismatch { problem });
            }
            width = width.saturating_add(column.width());
        }
        if width > LARGEST_WIDTH {
            return Err(DataError::Mismatch {
                problem: format!("{width} features, expected at most {LARGEST_WIDTH}"),
            });
        }
        Ok(Self { columns, width })
    }
}

impl From<Encoding> for Vec<ColumnEncoding> {
    fn from(encoding: Encoding) -> Self {
        encoding.columns
    }
}

impl Encoding {
    /// The same with pixels as shares of the brightest, 0 to 1, as many papers have them: a dark pixel is 0.
    #[must_use]
    pub fn with_pixels_from_0_to_1(self) -> Self {
        self.with_pixels_scaled(0.0, f32::from(u8::MAX))
    }

    /// The same with a pixel `x`, 0 to 255, as `(x - shift) / scale`.
    #[must_use]
    pub fn with_pixels_scaled(mut self, shift: f32, scale: f32) -> Self {
        for column in &mut self.columns {
            if let ColumnEncoding::Pixels { shift: own_shift, scale: own_scale, .. } = column {
                (*own_shift, *own_scale) = (shift, scale);
            }
        }
        self
    }

    /// Raw numbers as they are; nominal columns by the levels that are there, missing cells filled with their column's mean.
    pub fn unscaled_of(features: &Features) -> Self {
        if let Features::Images(images) = features {
            let count = images.pixels();
            return Self {
                columns: vec![ColumnEncoding::Pixels { count, shift: 0.0, scale: 1.0 }],
                width: count,
            };
        }
        let rows: Vec<u32> = (0..features.rows() as u32).collect();
        Self::fit(features, &rows).unscaled().0
    }

    /// Fits levels, centres and scales on `training_rows` alone. Numeric columns get mean 0 and standard
    /// deviation 1 (a constant column stays at 0), all pixels of an image share one centre and scale.
    pub fn fit(features: &Features, training_rows: &[u32]) -> Self {
        let columns = match features {
            Features::Images(images) => {
                let pixels = images.pixels();
                let bytes =
                    training_rows.iter().flat_map(|&row| &images.bytes[row as usize * pixels..][..pixels]);
                let Unit { centre: shift, scale } = Unit::of(bytes.map(|&byte| f64::from(byte)));
                vec![ColumnEncoding::Pixels { count: pixels, shift, scale }]
            }
            Features::Table(table) => fit_columns(table.columns(), training_rows),
            Features::RowMajor(table) => {
                let all: Vec<u32> = (0..training_rows.len() as u32).collect();
                fit_columns(table.table(training_rows).columns(), &all)
            }
        };
        let width = columns.iter().map(ColumnEncoding::width).sum();
        Self { columns, width }
    }

    /// The parts, in the order of the raw columns.
    pub fn columns(&self) -> &[ColumnEncoding] {
        &self.columns
    }

    /// Encoded features of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Raw columns (or pixels) of a row.
    pub fn raw_columns(&self) -> usize {
        self.columns.iter().map(ColumnEncoding::raw_columns).sum()
    }

    /// A short name of exactly this encoding, for memos and keys.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(serde_json::to_vec(self).unwrap_or_default());
        let digest: [u8; 32] = hash.finalize().into();
        u64::from_le_bytes([
            digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
        ])
    }

    /// The centre and scale of each encoded feature, and the same encoding without them: raw numbers pass as
    /// they are. What takes the scaling into a first layer uses this.
    pub fn unscaled(&self) -> (Self, Vec<(f32, f32)>) {
        let mut scaling = Vec::with_capacity(self.width);
        let mut columns = self.columns.clone();
        for column in &mut columns {
            match column {
                ColumnEncoding::Pixels { count, shift, scale } => {
                    scaling.extend(std::iter::repeat_n((*shift, *scale), *count));
                    (*shift, *scale) = (0.0, 1.0);
                }
                ColumnEncoding::Numeric { shift, scale, indicator, .. } => {
                    scaling.push((*shift, *scale));
                    scaling.extend(indicator.then_some((0.0, 1.0)));
                    (*shift, *scale) = (0.0, 1.0);
                }
                ColumnEncoding::Nominal { levels, .. } => {
                    scaling.extend(std::iter::repeat_n((0.0, 1.0), levels.len()));
                }
            }
        }
        (Self { columns, width: self.width }, scaling)
    }

    /// Encodes `rows` into a matrix of its own.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] where the rows have other columns than this encoding.
    pub fn encode(&self, features: &Features, rows: &[u32]) -> Result<Encoded, DataError> {
        let lanes = padded(rows.len());
        let mut values = vec![0.0; self.width * lanes];
        self.gather(features, rows, lanes, &mut values)?;
        Ok(Encoded { width: self.width, rows: rows.len(), lanes, values })
    }

    /// Writes `rows` feature-major into `into`, `[width][lanes]`; lanes beyond `rows.len()` become zero.
    /// `lanes` must be at least `rows.len()`, and `into` exactly `width * lanes` long.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] where the rows have other columns than this encoding.
    pub fn gather(
        &self,
        features: &Features,
        rows: &[u32],
        lanes: usize,
        into: &mut [f32],
    ) -> Result<(), DataError> {
        if into.len() != self.width * lanes || lanes < rows.len() {
            let problem = format!("{} values for {} features in {lanes} lanes", into.len(), self.width);
            return Err(DataError::Mismatch { problem });
        }
        self.check_columns(features)?;
        if let Some(pixels) = self.pixels(features, rows) {
            match rows {
                // One row is by feature what it is by row.
                [_] if lanes == 1 => copy(pixels, self.width, self.width, into),
                _ => turn(pixels, (rows.len(), self.width), lanes, into),
            }
            return Ok(());
        }
        match features {
            Features::Images(_) => Err(DataError::Mismatch { problem: "images, expected a table".into() }),
            Features::Table(table) => self.gather_cells(Cells::ByColumn(table), rows, lanes, into),
            Features::RowMajor(table) => self.gather_cells(Cells::ByRow(table), rows, lanes, into),
        }
    }

    /// Whether [`Encoding::gather_rows`] is the less work: rows of pixels are scaled as they lie, columns one after the other.
    pub fn is_by_row(&self, features: &Features) -> bool {
        self.pixels(features, &[]).is_some()
    }

    /// Rows whose values lie together and are all scaled alike.
    fn pixels<'a>(&self, features: &'a Features, rows: &'a [u32]) -> Option<Rows<'a>> {
        let [ColumnEncoding::Pixels { count, shift, scale }] = self.columns.as_slice() else { return None };
        let (stride, shift, inverse) = (*count, *shift, 1.0 / scale);
        match features {
            Features::Images(images) => {
                Some(Rows::Bytes(Scaled { values: &images.bytes, rows, stride, shift, inverse }))
            }
            Features::RowMajor(table) => {
                let values = table.numbers()?;
                Some(Rows::Cells(Scaled { values, rows, stride, shift, inverse }))
            }
            Features::Table(_) => None,
        }
    }

    /// Writes `rows` row-major into `into`, `[rows.len()][stride]`; what is beyond `width` in a row becomes zero.
    ///
    /// # Errors
    /// As [`Encoding::gather`].
    pub fn gather_rows(
        &self,
        features: &Features,
        rows: &[u32],
        stride: usize,
        into: &mut [f32],
    ) -> Result<(), DataError> {
        if into.len() != rows.len() * stride || stride < self.width {
            let (room, width) = (into.len(), self.width);
            let problem = format!("{room} values for {} rows of {width} features", rows.len());
            return Err(DataError::Mismatch { problem });
        }
        self.check_columns(features)?;
        if let Some(pixels) = self.pixels(features, rows) {
            copy(pixels, self.width, stride, into);
            return Ok(());
        }
        // Columns of a table are encoded one after the other, whatever the form that is wanted.
        let mut turned = vec![0.0; self.width * rows.len()];
        self.gather(features, rows, rows.len(), &mut turned)?;
        into.chunks_exact_mut(stride.max(1)).for_each(|row| row[self.width..].fill(0.0));
        for (feature, values) in turned.chunks_exact(rows.len().max(1)).enumerate() {
            values.iter().enumerate().for_each(|(row, &value)| into[row * stride + feature] = value);
        }
        Ok(())
    }

    fn check_columns(&self, features: &Features) -> Result<(), DataError> {
        let (found, expected) = (features.count(), self.raw_columns());
        let problem = || format!("{found} columns, expected {expected}");
        if found == expected { Ok(()) } else { Err(DataError::Mismatch { problem: problem() }) }
    }
}

fn fit_columns(columns: &[Column], training_rows: &[u32]) -> Vec<ColumnEncoding> {
    columns.iter().map(|column| fit_column(column, training_rows)).collect()
}
