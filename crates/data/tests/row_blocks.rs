//! Rows for a model, block by block.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod own;
mod packed;

use std::io::BufReader;
use std::path::Path;

use lessen_data::files::RowBlocks;
use lessen_data::{ColumnEncoding, DataError, Encoding, Features};
use own::Folder;
use packed::gzip;

fn encoding() -> Encoding {
    let number = |name: &str| ColumnEncoding::Numeric {
        name: name.into(),
        fill: 0.0,
        shift: 0.0,
        scale: 1.0,
        indicator: false,
    };
    Encoding::try_from(vec![number("a"), number("b")]).unwrap()
}

/// 1000 rows; `b` is `10 a`.
fn text() -> String {
    let rows = (0..1000).map(|row| format!("{};x;{row}\n", 10 * row));
    format!("\u{feff}b;other;a\n{}", rows.collect::<String>())
}

/// The sizes of the blocks, and all cells encoded.
fn taken(mut blocks: RowBlocks<'_>, most: usize) -> Result<(Vec<usize>, Vec<f32>), DataError> {
    let (mut sizes, mut cells) = (Vec::new(), Vec::new());
    while let Some(features) = blocks.next_block(most)? {
        let rows: Vec<u32> = (0..features.rows() as u32).collect();
        sizes.push(rows.len());
        cells.extend(encoding().encode(&features, &rows)?.row_major());
    }
    Ok((sizes, cells))
}

fn expected() -> Vec<f32> {
    (0..1000).flat_map(|row| [row as f32, 10.0 * row as f32]).collect()
}

#[test]
fn text_comes_in_blocks_packed_or_not_from_a_file_or_a_pipe() {
    let (text, packed) = (text(), gzip(text().as_bytes()));
    let folder = Folder::new(&[("rows.csv", text.as_bytes()), ("rows.csv.gz", &packed)]);
    for bytes in [text.as_bytes(), &packed] {
        // A pipe gives what it has, be it a byte.
        let pipe = BufReader::with_capacity(1, bytes);
        let blocks = RowBlocks::of_text(&encoding(), Path::new("pipe"), pipe).unwrap();
        assert_eq!(taken(blocks, 300).unwrap(), (vec![300, 300, 300, 100], expected()));
    }
    for name in ["rows.csv", "rows.csv.gz"] {
        let path = folder.path(name);
        let blocks = RowBlocks::open(&encoding(), &path).unwrap();
        assert_eq!(taken(blocks, 500).unwrap(), (vec![500, 500], expected()), "{name}");
        let whole = lessen_data::files::read_rows_for(&encoding(), &path).unwrap();
        let Features::Table(table) = whole else { panic!("a table") };
        assert_eq!(table.rows(), 1000);
    }
}

#[test]
fn what_is_wrong_is_said_when_it_is_reached() {
    let text = text() + "1;2\n";
    let mut blocks = RowBlocks::of_text(&encoding(), Path::new("pipe"), text.as_bytes()).unwrap();
    for _ in 0..10 {
        assert_eq!(blocks.next_block(100).unwrap().map(|features| features.rows()), Some(100));
    }
    let error = blocks.next_block(100).unwrap_err().to_string();
    assert_eq!(error, "`pipe`, line 1002: 2 cells, expected 3");
    for (text, expected) in [
        ("", "`pipe`: there is nothing in it, expected a table"),
        ("a,c\n1,2\n", "`pipe` has no column `b`"),
        ("a,b\0", "`pipe`, line 1: a zero byte, expected text"),
    ] {
        let refused = RowBlocks::of_text(&encoding(), Path::new("pipe"), text.as_bytes());
        assert_eq!(refused.err().unwrap().to_string(), expected);
    }
    let cut = gzip(text.as_bytes());
    let damaged = RowBlocks::of_text(&encoding(), Path::new("pipe"), &cut[..cut.len() / 2]);
    let error = damaged.and_then(|blocks| taken(blocks, 100)).unwrap_err().to_string();
    assert!(error.contains("the gzip stream is damaged"), "{error}");
}
