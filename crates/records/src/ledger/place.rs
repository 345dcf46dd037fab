//! Where the ledger is.

use std::ffi::OsString;
use std::path::PathBuf;

use super::LedgerError;

/// The user's ledger: `$LESSEN_LEDGER`, else `$XDG_DATA_HOME/lessen/ledger.sqlite`, else
/// `~/.local/share/lessen/ledger.sqlite`. `variable` looks a variable of the environment up (`std::env::var_os`).
///
/// Empty variables count as unset, and a relative `XDG_DATA_HOME` too, as its specification asks.
///
/// # Errors
/// [`LedgerError::NoPlace`] where none of the three is set.
pub fn default_path(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, LedgerError> {
    let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = path("LESSEN_LEDGER") {
        return Ok(file);
    }
    let data = path("XDG_DATA_HOME").filter(|data| data.is_absolute());
    let data = data.or_else(|| path("HOME").map(|home| home.join(".local/share")));
    Ok(data.ok_or(LedgerError::NoPlace)?.join("lessen").join("ledger.sqlite"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_says_where() {
        type Case<'case> = (&'case [(&'case str, &'case str)], Option<&'case str>);
        let cases: [Case<'_>; 7] = [
            (&[("LESSEN_LEDGER", "x.db"), ("XDG_DATA_HOME", "/d"), ("HOME", "/h")], Some("x.db")),
            (&[("XDG_DATA_HOME", "/d"), ("HOME", "/h")], Some("/d/lessen/ledger.sqlite")),
            (&[("HOME", "/h")], Some("/h/.local/share/lessen/ledger.sqlite")),
            (
                &[("LESSEN_LEDGER", ""), ("XDG_DATA_HOME", ""), ("HOME", "/h")],
                Some("/h/.local/share/lessen/ledger.sqlite"),
            ),
            (&[("XDG_DATA_HOME", "d"), ("HOME", "/h")], Some("/h/.local/share/lessen/ledger.sqlite")),
            (&[("HOME", "")], None),
            (&[], None),
        ];
        for (set, expected) in cases {
            let found = default_path(|name| {
                set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value))
            });
            assert_eq!(found.ok(), expected.map(PathBuf::from), "{set:?}");
        }
    }
}
