//! Arrays in NPY and NPZ files.

use std::path::{Path, PathBuf};

use super::columns;
use super::content::{Content, Format};
use super::name;
use super::target::{TargetCells, find_column};
use super::whole::{Half, Whole};
use crate::npy::{Archive, Array, Elements, shown};
use crate::{DataError, Features, Images, Table};

/// What arrays of features are called, in capitals or not; beside each, in an NPY file, what its labels are.
const FEATURES: [&str; 4] = ["x", "data", "features", "images"];
const LABELS: [&str; 4] = ["y", "target", "labels", "label"];

/// An array of features, and that of its test part.
pub(super) fn read(
    content: Content,
    test: Option<Content>,
    target: Option<&str>,
) -> Result<Whole, DataError> {
    let array = Array::read(&content.path, &content.bytes)?;
    let labels = match target {
        Some(target) if name::ending(Path::new(target)) == "npy" => {
            Some(named_labels(&content.path, target)?)
        }
        Some(_) => None,
        None => labels_beside(&content.path).map(|path| Content::read(&path)).transpose()?,
    };
    let test_array = test.as_ref().map(|test| Array::read(&test.path, &test.bytes)).transpose()?;
    let Some(labels) = labels else {
        let test = test.as_ref().zip(test_array);
        let files: Vec<&[u8]> = std::iter::once(&content)
            .chain(test.as_ref().map(|(test, _)| *test))
            .map(|file| file.bytes.as_slice())
            .collect();
        let test = test.map(|(test, array)| (test.path.as_path(), array));
        return Ok(with_target_column(&content.path, array, test, target)?.digesting(files));
    };
    let training = labelled(&content.path, array, &labels.path, &Array::read(&labels.path, &labels.bytes)?)?;
    let mut files = vec![&content, &labels];
    let test_labels = test.as_ref().map(|test| test_labels(&test.path)).transpose()?;
    let mut test_half = None;
    if let (Some(test), Some(array), Some(labels)) = (&test, test_array, &test_labels) {
        let half = labelled(&test.path, array, &labels.path, &Array::read(&labels.path, &labels.bytes)?)?;
        test_half = Some(half);
        files.extend([test, labels]);
    }
    let notes = vec![format!("the labels are those of `{}`", name::file_name(&labels.path))];
    let whole = Whole::of_halves(training, test_half, name::stem(&labels.path), notes)?;
    Ok(whole.digesting(files.into_iter().map(|file| file.bytes.as_slice())))
}

/// The file of labels that is named, as the path stands or beside the features.
fn named_labels(features: &Path, target: &str) -> Result<Content, DataError> {
    let beside = features.with_file_name(target);
    let path = if !Path::new(target).exists() && beside.exists() { beside } else { PathBuf::from(target) };
    let labels = Content::read(&path)?;
    if labels.format != Format::Npy {
        return Err(DataError::malformed(&path, "", "expected an NPY file of labels"));
    }
    Ok(labels)
}

fn test_labels(features: &Path) -> Result<Content, DataError> {
    let path = labels_beside(features).ok_or_else(|| {
        let problem = "there is no file of labels beside it, as there is for the training rows";
        let hint = "the labels of `X_test.npy` are looked for in `y_test.npy`";
        DataError::malformed(features, "", problem).advised(hint)
    })?;
    Content::read(&path)
}

/// The NPY file with the labels of another one that is called as features are, if it is there: `y_train.npy` of
/// `X_train.npy`, `labels.npy` of `images.npy`.
pub(super) fn labels_beside(features: &Path) -> Option<PathBuf> {
    if name::ending(features) != "npy" {
        return None;
    }
    let name = name::file_name(features);
    let stem = name.strip_suffix(".npy")?;
    let word_ends = |byte: &u8| !byte.is_ascii_alphanumeric();
    FEATURES.iter().find_map(|word| {
        // `X_train` and `train_X`.
        let first = stem.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && stem.as_bytes().get(word.len()).is_none_or(word_ends);
        let from = stem.len().checked_sub(word.len())?;
        let last = stem.get(from..).is_some_and(|end| end.eq_ignore_ascii_case(word))
            && from.checked_sub(1).is_none_or(|before| word_ends(&stem.as_bytes()[before]));
        let beside = |label: &str| {
            let stem = if first {
                format!("{label}{}", &stem[word.len()..])
            } else {
                format!("{}{label}", &stem[..from])
            };
            Some(features.with_file_name(format!("{stem}.npy"))).filter(|path| path.is_file())
        };
        let labels = LABELS.iter().find_map(|label| beside(label).or_else(|| beside(&label.to_uppercase())));
        labels.filter(|_| first || last)
    })
}

/// The arrays of an NPZ file, or of two.
pub(super) fn read_archive(
    content: Content,
    test: Option<Content>,
    target: Option<&str>,
) -> Result<Whole, DataError> {
    let files: Vec<&[u8]> =
        std::iter::once(&content).chain(&test).map(|content| content.bytes.as_slice()).collect();
    let archive = Archive::open(&content.path, &content.bytes)?;
    let find =
        |archive: &Archive<'_>, part: &str, target: Option<&str>| -> Option<(String, Option<String>)> {
            let named = |words: &[&str]| {
                let is = |name: &&str, word: &str| {
                    let name = name.to_lowercase();
                    if part.is_empty() { name == word } else { name == format!("{word}_{part}") }
                };
                words.iter().find_map(|word| archive.names().find(|name| is(name, word))).map(str::to_owned)
            };
            let labels =
                target.and_then(|target| archive.names().find(|name| *name == target)).map(str::to_owned);
            let only = || {
                (archive.names().count() == 1 && part.is_empty())
                    .then(|| archive.names().next().unwrap_or_default().to_owned())
            };
            let features = named(&FEATURES).or_else(only)?;
            Some((features, labels.or_else(|| if target.is_none() { named(&LABELS) } else { None })))
        };
    let array = |archive: &Archive<'_>, path: &Path, name: &str| {
        let missing = || DataError::malformed(path, "", format!("there is no array `{name}`"));
        archive.array(name).unwrap_or_else(|| Err(missing()))
    };
    let (features, labels) =
        find(&archive, "", target).or_else(|| find(&archive, "train", target)).ok_or_else(|| {
            let names: Vec<String> = archive.names().take(10).map(|name| format!("`{name}`")).collect();
            let problem = format!("no array of features among {}", names.join(", "));
            let hint = "expected `x` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`";
            DataError::malformed(&content.path, "", problem).advised(hint)
        })?;
    let test_archive = test.as_ref().map(|test| Archive::open(&test.path, &test.bytes)).transpose()?;
    // The test part is in the file that was named for it, or in the same one.
    let (test_path, test_names) = match (&test, &test_archive) {
        (Some(test), Some(archive)) => {
            let names = find(archive, "test", target).or_else(|| find(archive, "", target));
            let missing =
                || DataError::malformed(&test.path, "", "no array of features, expected `x` or `x_test`");
            (&test.path, Some(names.ok_or_else(missing)?))
        }
        _ => (&content.path, find(&archive, "test", None)),
    };
    let test_archive = test_archive.as_ref().unwrap_or(&archive);
    let train_array = array(&archive, &content.path, &features)?;
    let Some(labels) = labels else {
        let test = test_names
            .map(|(features, _)| {
                Ok::<_, DataError>((test_path.as_path(), array(test_archive, test_path, &features)?))
            })
            .transpose()?;
        return Ok(with_target_column(&content.path, train_array, test, target)?.digesting(files));
    };
    let half = |archive: &Archive<'_>, path: &Path, features: Array, labels: &str| {
        labelled(path, features, &path.join(format!("{labels}.npy")), &array(archive, path, labels)?)
    };
    let training = half(&archive, &content.path, train_array, &labels)?;
    let test_half = match test_names {
        Some((features, Some(labels))) => {
            Some(half(test_archive, test_path, array(test_archive, test_path, &features)?, &labels)?)
        }
        Some((features, None)) => {
            let problem = format!("there are no labels for `{features}`");
            return Err(DataError::malformed(test_path, "", problem));
        }
        None => None,
    };
    Ok(Whole::of_halves(training, test_half, labels, Vec::new())?.digesting(files))
}

/// Features with labels from an array of their own.
fn labelled(path: &Path, features: Array, labels_path: &Path, labels: &Array) -> Result<Half, DataError> {
    if labels.shape.iter().skip(1).any(|&length| length != 1) || labels.shape.is_empty() {
        let problem = format!("labels of shape {}, expected one a row", shown(&labels.shape));
        return Err(DataError::malformed(labels_path, "", problem));
    }
    let rows = features.shape.first().copied().unwrap_or_default();
    if labels.elements.len() != rows {
        let problem =
            format!("{} labels, expected {rows} as `{}` has rows", labels.elements.len(), path.display());
        return Err(DataError::malformed(labels_path, "", problem));
    }
    let target = match &labels.elements {
        Elements::Booleans(values) => TargetCells::truths(labels_path, values),
        elements => {
            let values = (0..rows).filter_map(|row| elements.get(row)).collect();
            TargetCells::numbers(labels_path, values, |row| format!("row {}", row + 1))?
        }
    };
    Ok(Half { path: path.to_owned(), features: features_of(path, features)?, target })
}

/// A table of which one column is to be predicted.
fn with_target_column(
    path: &Path,
    array: Array,
    test: Option<(&Path, Array)>,
    target: Option<&str>,
) -> Result<Whole, DataError> {
    let Some(target) = target else {
        let hint =
            "say `--target FILE.npy` for a file of labels, or `--target NUMBER` for a column, counted from 1";
        return Err(DataError::NoTarget { path: path.to_owned(), hint: hint.into() });
    };
    let names = column_names(path, &array)?;
    let (place, _) = find_column(path, &names, Some(target))?;
    let half = |path: &Path, array: Array| {
        let width = column_names(path, &array)?.len();
        if width != names.len() {
            return Err(DataError::malformed(path, "", format!("{width} columns, expected {}", names.len())));
        }
        let cells = (0..array.shape[0]).filter_map(|row| array.elements.get(row * width + place)).collect();
        let spot = |row| format!("row {}, column `{}`", row + 1, names[place]);
        let target = TargetCells::numbers(path, cells, spot)?;
        let columns = columns::of_matrix(path, &array.elements, width)?;
        let others = columns.into_iter().enumerate().filter(|(column, _)| *column != place);
        let table = Table::new(others.map(|(_, column)| column).collect())?;
        Ok(Half { path: path.to_owned(), features: Features::Table(table), target })
    };
    if names.len() < 2 {
        return Err(DataError::malformed(path, "", "there is no column beside the target"));
    }
    let training = half(path, array)?;
    let test = test.map(|(path, array)| half(path, array)).transpose()?;
    Whole::of_halves(training, test, names[place].clone(), Vec::new())
}

fn column_names(path: &Path, array: &Array) -> Result<Vec<String>, DataError> {
    match array.shape.as_slice() {
        [_, width] => Ok((0..*width).map(crate::csv_file::made_up_name).collect()),
        shape => {
            let problem =
                format!("shape {}, expected (rows, columns) for a column to be the target", shown(shape));
            Err(DataError::malformed(path, "", problem)
                .advised("say `--target FILE.npy` for a file of labels"))
        }
    }
}

/// Colour planes that an image may have: grey, grey and opaque, colours, colours and opaque.
const MOST_CHANNELS: usize = 4;

/// An array as rows: a table of two dimensions, or images of three or four.
pub(super) fn features_of(path: &Path, array: Array) -> Result<Features, DataError> {
    if array.elements.is_empty() {
        let problem = format!("shape {}: there are no rows", shown(&array.shape));
        return Err(DataError::malformed(path, "", problem));
    }
    match (array.shape.as_slice(), array.elements) {
        (&[_, width], elements) => {
            Ok(Features::Table(Table::new(columns::of_matrix(path, &elements, width)?)?))
        }
        (&[_, height, width], Elements::Bytes(bytes)) => {
            Ok(Features::Images(Images { channels: 1, height, width, bytes }))
        }
        // As Keras and Pillow have them.
        (&[_, height, width, channels], Elements::Bytes(bytes)) if channels <= MOST_CHANNELS => {
            let bytes = planes_apart(&bytes, channels, height * width);
            Ok(Features::Images(Images { channels, height, width, bytes }))
        }
        // As PyTorch has them.
        (&[_, channels, height, width], Elements::Bytes(bytes)) if channels <= MOST_CHANNELS => {
            Ok(Features::Images(Images { channels, height, width, bytes }))
        }
        (shape, _) => {
            let problem = format!("shape {}, expected (rows, columns)", shown(shape));
            let hint = "images are of type `uint8` and shape (rows, height, width), or (rows, height, width, channels) \
                        or (rows, channels, height, width) with at most 4 channels";
            Err(DataError::malformed(path, "", problem).advised(hint))
        }
    }
}

/// Images whose channels run fastest, with one plane a channel.
fn planes_apart(bytes: &[u8], channels: usize, pixels: usize) -> Vec<u8> {
    let image = |image: &[u8]| -> Vec<u8> {
        let plane = |channel| image.iter().skip(channel).step_by(channels).copied();
        (0..channels).flat_map(plane).collect()
    };
    bytes.chunks_exact(channels * pixels).flat_map(image).collect()
}
