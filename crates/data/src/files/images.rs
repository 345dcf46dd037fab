//! Images in IDX files, with their labels beside them.

use std::path::{Path, PathBuf};

use super::content::Content;
use super::name;
use super::target::TargetCells;
use super::whole::{Half, Whole};
use crate::{DataError, Features, idx};

/// What the labels are called.
const TARGET: &str = "label";

/// Images, and those of their test part.
pub(super) fn read(
    content: Content,
    test: Option<Content>,
    target: Option<&str>,
) -> Result<Whole, DataError> {
    if let Some(target) = target.filter(|&target| target != TARGET) {
        let problem = format!("an IDX file has no column `{target}`: its labels are in a file of their own");
        return Err(DataError::malformed(&content.path, "", problem).advised("leave `--target` out"));
    }
    let (training, labels) = half(&content)?;
    let (test_half, test_labels) = test.as_ref().map(half).transpose()?.unzip();
    let whole = Whole::of_halves(training, test_half, TARGET.into(), Vec::new())?;
    let files = [Some(&content), Some(&labels), test.as_ref(), test_labels.as_ref()];
    Ok(whole.digesting(files.into_iter().flatten().map(|file| file.bytes.as_slice())))
}

/// Images with their labels, and the file of these.
fn half(images: &Content) -> Result<(Half, Content), DataError> {
    let features = idx::images(&images.path, &images.bytes)?;
    let beside = labels_beside(&images.path).filter(|path| path.exists()).ok_or_else(|| {
        let problem = "there is no file of labels beside it";
        let hint = "the labels of `train-images-idx3-ubyte` are looked for in `train-labels-idx1-ubyte`";
        DataError::malformed(&images.path, "", problem).advised(hint)
    })?;
    let labels = Content::read(&beside)?;
    let values = idx::labels(&labels.path, &labels.bytes, features.rows())?;
    let target = TargetCells::Numbers(values.into_iter().map(f64::from).collect());
    Ok((Half { path: images.path.clone(), features: Features::Images(features), target }, labels))
}

/// Where the labels of a file of images would be, if it is called as one: `t10k-images-idx3-ubyte` has its labels in
/// `t10k-labels-idx1-ubyte`, packed or not. The one that is there, if one is.
pub(super) fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = name::file_name(images);
    if !name.contains("images") || !name.contains("idx") {
        return None;
    }
    let labels = name.replace("images", "labels").replace("idx3", "idx1");
    let other = labels.strip_suffix(".gz").map_or_else(|| format!("{labels}.gz"), str::to_owned);
    let (labels, other) = (images.with_file_name(labels), images.with_file_name(other));
    Some(if !labels.exists() && other.exists() { other } else { labels })
}
