//! How the files of each named set become rows.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::csv_file::{self, CsvFile, CsvOptions, Header, TargetColumn};
use crate::{DataError, Features, idx};

/// A file of a named set, its content checked.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: Cow<'static, [u8]>,
}

/// What the files of a set hold.
pub(super) struct Rows {
    pub(super) features: Features,
    /// Class names.
    pub(super) names: Vec<String>,
    /// Index into `names`, one a row.
    pub(super) labels: Vec<u32>,
    /// The first row of the publisher's test part, which runs to the end.
    pub(super) test_from: Option<u32>,
}

pub(super) type Reader = fn(&[Source]) -> Result<Rows, DataError>;

/// Digits named by their numerals: images, labels; then the same of the test part where there is one.
pub(super) fn digit_images(sources: &[Source]) -> Result<Rows, DataError> {
    images(sources, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
}

/// Fashion-MNIST, with the names that its publisher gives the labels.
pub(super) fn clothing_images(sources: &[Source]) -> Result<Rows, DataError> {
    let names = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ];
    images(sources, names)
}

fn images(sources: &[Source], names: [&str; 10]) -> Result<Rows, DataError> {
    let mut features: Option<crate::Images> = None;
    let mut labels = Vec::new();
    let mut test_from = None;
    for [images, labels_of] in sources.as_chunks::<2>().0 {
        let read = idx::images(&images.path, &images.bytes)?;
        let read_labels = idx::labels(&labels_of.path, &labels_of.bytes, read.rows())?;
        if let Some(place) = read_labels.iter().position(|&label| usize::from(label) >= names.len()) {
            let problem = format!("{}, expected less than {}", read_labels[place], names.len());
            return Err(DataError::malformed(&labels_of.path, format!("label {}", place + 1), problem));
        }
        match &mut features {
            None => features = Some(read),
            Some(training) => {
                if (read.height, read.width) != (training.height, training.width) {
                    let expected = format!("expected {} x {}", training.height, training.width);
                    let problem = format!("images of {} x {}, {expected}", read.height, read.width);
                    return Err(DataError::malformed(&images.path, "", problem));
                }
                test_from = Some(labels.len() as u32);
                training.bytes.extend_from_slice(&read.bytes);
            }
        }
        labels.extend(read_labels.into_iter().map(u32::from));
    }
    let features =
        features.ok_or_else(|| DataError::Mismatch { problem: "no images, expected some".into() })?;
    Ok(Rows {
        features: Features::Images(features),
        names: names.map(str::to_owned).into(),
        labels,
        test_from,
    })
}

/// The columns of UCI's `letter-recognition.names`.
pub(super) fn letter(sources: &[Source]) -> Result<Rows, DataError> {
    let names = "letter x-box y-box width high onpix x-bar y-bar x2bar y2bar xybar x2ybr xy2br x-ege xegvy y-ege yegvx";
    table(sources, names.split(' ').map(str::to_owned).collect(), "letter", None)
}

/// The columns of UCI's `adult.names`. The test part begins with a comment and ends its labels in a dot.
pub(super) fn adult(sources: &[Source]) -> Result<Rows, DataError> {
    let names = "age workclass fnlwgt education education-num marital-status occupation relationship race sex \
                 capital-gain capital-loss hours-per-week native-country income";
    let mut rows = table(sources, names.split(' ').map(str::to_owned).collect(), "income", Some(b'|'))?;
    (rows.names, rows.labels) = without_dots(&rows.names, &rows.labels);
    Ok(rows)
}

/// The columns of UCI's `covtype.info`: ten quantities, then which of 4 wilderness areas and of 40 soil types.
pub(super) fn covtype(sources: &[Source]) -> Result<Rows, DataError> {
    let quantities = "Elevation Aspect Slope Horizontal_Distance_To_Hydrology Vertical_Distance_To_Hydrology \
                      Horizontal_Distance_To_Roadways Hillshade_9am Hillshade_Noon Hillshade_3pm \
                      Horizontal_Distance_To_Fire_Points";
    let mut names: Vec<String> = quantities.split(' ').map(str::to_owned).collect();
    names.extend((1..=4).map(|area| format!("Wilderness_Area{area}")));
    names.extend((1..=40).map(|soil| format!("Soil_Type{soil}")));
    names.push("Cover_Type".into());
    table(sources, names, "Cover_Type", None)
}

fn table(
    sources: &[Source],
    names: Vec<String>,
    target: &str,
    comment: Option<u8>,
) -> Result<Rows, DataError> {
    let options = CsvOptions {
        header: Header::Given(names),
        comment,
        ..CsvOptions::new(TargetColumn::Name(target.to_owned()))
    };
    let files: Vec<CsvFile<'_>> =
        sources.iter().map(|source| CsvFile { path: &source.path, bytes: &source.bytes }).collect();
    let rows = csv_file::read(&files, &options)?;
    let test_from = match rows.rows_by_file.as_slice() {
        [training, _test] => Some(*training as u32),
        _ => None,
    };
    Ok(Rows { features: Features::Table(rows.table), names: rows.names, labels: rows.labels, test_from })
}

/// Classes whose names differ in a dot at the end alone are one.
fn without_dots(names: &[String], labels: &[u32]) -> (Vec<String>, Vec<u32>) {
    let bare: Vec<&str> = names.iter().map(|name| name.strip_suffix('.').unwrap_or(name)).collect();
    let mut kept = bare.clone();
    kept.sort_unstable();
    kept.dedup();
    let place = |name: &str| kept.partition_point(|&other| other < name) as u32;
    let places: Vec<u32> = bare.iter().map(|name| place(name)).collect();
    let labels = labels.iter().map(|&label| places[label as usize]).collect();
    (kept.into_iter().map(str::to_owned).collect(), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_a_dot_become_one_class() {
        let names = ["<=50K", "<=50K.", ">50K", ">50K."].map(str::to_owned);
        let (names, labels) = without_dots(&names, &[0, 1, 2, 3, 0]);
        assert_eq!(names, ["<=50K", ">50K"]);
        assert_eq!(labels, [0, 0, 1, 1, 0]);
    }
}
