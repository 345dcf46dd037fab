//! What can be typed after `lessen ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `lessen ledger`.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: LedgerVerb,
    /// The ledger [default: LESSEN_LEDGER, or ledger.sqlite in the user's data folder].
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ledger: Option<PathBuf>,
}

/// What `lessen ledger` does.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerVerb {
    /// A line a run, the newest first.
    List {
        /// Only runs with this tag.
        #[arg(long, value_name = "K=V", value_parser = tag)]
        tag: Option<(String, String)>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
    },
    /// One receipt.
    Show {
        /// Its id, or a beginning of it that no other has.
        id: String,
    },
    /// What all runs cost: H in Cost(R) = E·D·H.
    Total {
        /// A line a value of this tag.
        #[arg(long, value_name = "TAG")]
        by: Option<String>,
    },
    /// All receipts in another format, on stdout.
    Export {
        /// The format.
        #[arg(value_enum)]
        format: ExportFormat,
    },
    /// Receipts from a CodeCarbon CSV (emissions.csv) of any vintage; rows that are there already are passed over.
    Import {
        /// The file.
        file: PathBuf,
        /// Pass over broken rows and count them, in place of refusing the file.
        #[arg(long)]
        skip_broken: bool,
    },
    /// Whether every row is whole and unchanged.
    Verify,
}

/// A format of receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// An array of receipts.
    Json,
    /// A row a run, with the bands of all figures.
    Csv,
    /// The columns of CodeCarbon's emissions.csv.
    Codecarbon,
}

/// A tag: `project=bert`.
pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !key.chars().any(char::is_control) => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected KEY=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_a_key() {
        assert_eq!(tag("project = bert=2"), Ok(("project".to_owned(), "bert=2".to_owned())));
        for bad in ["", "project", "=x", " =x", "a\u{7}=b"] {
            assert!(tag(bad).is_err(), "{bad:?}");
        }
    }
}
