//! Secrets on a command line, masked before anything is written.
//!
//! What counts as one: the value of an argument, variable, header or field whose name says so (`--api-key X`,
//! `HF_TOKEN=X`, `Authorization: Bearer X`, `{"password": "X"}`), credentials in an address, and words that begin as
//! keys of known makers do. Text within an argument, such as a script for `sh -c`, is looked through too. What is in
//! doubt is masked: a receipt without a harmless word serves, one with a password does harm.

mod names;
mod words;

use std::ffi::OsString;

use self::names::is_secret;
use self::words::{mask_addresses, mask_known};

/// What stands where a secret was.
const MASK: &str = "***";

/// The arguments, for people to read, with every secret replaced by `***`. Bytes that are no text are shown as such.
///
/// ```
/// use lessen_command::mask;
///
/// let argv = ["train.py", "--lr", "0.1", "--hf-token", "abc", "--db=postgres://me:pw@host/x"];
/// let argv = argv.map(std::ffi::OsString::from);
/// assert_eq!(mask(&argv), ["train.py", "--lr", "0.1", "--hf-token", "***", "--db=postgres://***@host/x"]);
/// ```
pub fn mask(argv: &[OsString]) -> Vec<String> {
    let mut hidden = false;
    argv.iter()
        .map(|argument| {
            let argument = argument.to_string_lossy();
            let flag = is_secret_flag(&argument);
            let shown = if hidden && !flag { MASK.to_owned() } else { mask_argument(&argument) };
            hidden = flag;
            shown
        })
        .collect()
}

/// `--token`, whose value is the next argument.
fn is_secret_flag(word: &str) -> bool {
    word.starts_with('-') && !word.contains(['=', ':', ' ']) && is_secret(word)
}

fn mask_argument(argument: &str) -> String {
    match named(argument) {
        // The whole rest: a password may contain what would end a word.
        Some((name, value)) if is_secret(name) && !value.is_empty() => {
            format!("{}{}", &argument[..argument.len() - value.len()], mask_value(value))
        }
        _ => mask_text(&mask_addresses(argument)),
    }
}

/// `name=value` and `name:value`, split at whichever comes first.
fn named(word: &str) -> Option<(&str, &str)> {
    let at = word.find(['=', ':'])?;
    let (name, value) = (&word[..at], &word[at + 1..]);
    let is_name = |letter: char| letter.is_alphanumeric() || "-_.+/@$".contains(letter);
    (!name.is_empty() && name.chars().all(is_name) && !value.starts_with("//")).then_some((name, value))
}

/// The scheme of an `Authorization` header is no secret.
fn mask_value(value: &str) -> String {
    let bare = value.trim_start();
    let space = &value[..value.len() - bare.len()];
    match bare.split_once(' ') {
        Some((scheme, _)) if is_scheme(scheme) => format!("{space}{scheme} {MASK}"),
        _ => format!("{space}{MASK}"),
    }
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "token", "digest"].contains(&word.to_ascii_lowercase().as_str())
}

/// Ends a word within a text.
fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || "'\"`,;&|(){}<>?".contains(letter)
}

/// Masks within a text of several words: a script, a header, a query, JSON.
fn mask_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = Before::Ordinary;
    let mut rest = text;
    while !rest.is_empty() {
        let separators = &rest[..rest.find(|letter| !is_separator(letter)).unwrap_or(rest.len())];
        shown.push_str(separators);
        rest = &rest[separators.len()..];
        let quote = separators.chars().next_back().filter(|letter| "'\"`".contains(*letter));
        if let (Before::Secret, Some(quote)) = (before, quote) {
            // A quoted secret ends at its quote, whatever is in it.
            let secret = &rest[..rest.find(quote).unwrap_or(rest.len())];
            shown.push_str(&mask_value(secret));
            rest = &rest[secret.len()..];
            before = Before::Ordinary;
            continue;
        }
        let word = &rest[..rest.find(is_separator).unwrap_or(rest.len())];
        if !word.is_empty() {
            let (masked, now) = mask_word(word, before);
            shown.push_str(&masked);
            before = now;
        }
        rest = &rest[word.len()..];
    }
    shown
}

/// What a word says of the next.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Ordinary,
    /// The name of a secret, which follows where this is followed by `:` or `=`.
    Name,
    /// The next word is secret.
    Secret,
}

fn mask_word(word: &str, before: Before) -> (String, Before) {
    let linked = word.strip_prefix([':', '=']);
    match (before, linked) {
        (Before::Secret, _) if is_scheme(word) => return (word.to_owned(), Before::Secret),
        (Before::Secret, _) if !is_secret_flag(word) && word != "=" && word != ":" => {
            return (MASK.to_owned(), Before::Ordinary);
        }
        (Before::Secret | Before::Name, Some("")) => return (word.to_owned(), Before::Secret),
        (Before::Name, Some(_)) => return (format!("{}{MASK}", &word[..1]), Before::Ordinary),
        _ => {}
    }
    if let Some((name, value)) = named(word)
        && is_secret(name)
    {
        let link = &word[..=name.len()];
        return match value {
            "" => (link.to_owned(), Before::Secret),
            _ => (format!("{link}{MASK}"), Before::Ordinary),
        };
    }
    if let Some((name, value)) = named(word)
        && named(value).is_some()
    {
        // `--set=database.password=X`.
        let (masked, now) = mask_word(value, Before::Ordinary);
        return (format!("{}{masked}", &word[..=name.len()]), now);
    }
    let now = match is_secret_flag(word) {
        true => Before::Secret,
        false if is_secret(word) => Before::Name,
        false => Before::Ordinary,
    };
    (mask_known(word), now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(argv: &[&str]) -> Vec<String> {
        mask(&argv.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn secrets_are_masked() {
        for (argv, shown) in [
            (&["--token", "X"][..], &["--token", "***"][..]),
            (&["--token=X"], &["--token=***"]),
            (&["-token", "a b"], &["-token", "***"]),
            (&["password=a,b c"], &["password=***"]),
            (&["--api-key", "-X"], &["--api-key", "***"]),
            (&["--use-auth", "--token", "X"], &["--use-auth", "--token", "***"]),
            (
                &["--apiKey=X", "--AWS_SECRET_ACCESS_KEY", "Y"],
                &["--apiKey=***", "--AWS_SECRET_ACCESS_KEY", "***"],
            ),
            (&["HF_TOKEN=X", "python"], &["HF_TOKEN=***", "python"]),
            (&["-e", "WANDB_API_KEY=X"], &["-e", "WANDB_API_KEY=***"]),
            (&["-H", "Authorization: Bearer X"], &["-H", "Authorization: Bearer ***"]),
            (&["-H", "X-Api-Key: X"], &["-H", "X-Api-Key: ***"]),
            (&["https://me:pw@host/x?y=1"], &["https://***@host/x?y=1"]),
            (&["https://host/x?token=X&y=1"], &["https://host/x?token=***&y=1"]),
            (&["--url=https://me:p,w@host"], &["--url=https://***@host"]),
            (&["postgres://me:pw@host:5432/x"], &["postgres://***@host:5432/x"]),
            (&["--set=db.password=X"], &["--set=db.password=***"]),
            (
                &["sh", "-c", "HF_TOKEN=X python a.py --password 'y z' --lr 0.1"],
                &["sh", "-c", "HF_TOKEN=***"],
            ),
            (
                &["sh", "-c", "cd a && HF_TOKEN=X python a.py --password 'y z' --lr 0.1"],
                &["sh", "-c", "cd a && HF_TOKEN=*** python a.py --password '***' --lr 0.1"],
            ),
            (
                &["curl -H 'Authorization: Bearer X' https://a.b"],
                &["curl -H 'Authorization: Bearer ***' https://a.b"],
            ),
            (&["{\"password\": \"a b\", \"n\": 3}"], &["{\"password\": \"***\", \"n\": 3}"]),
            (&["{\"api_key\":12,\"n\":3}"], &["{\"api_key\":***,\"n\":3}"]),
            (&["login", "sk-proj-0123456789abcdef"], &["login", "***"]),
            (&["--x=ghp_0123456789abcdefABCDEF"], &["--x=***"]),
            (&["AKIAIOSFODNN7EXAMPLE"], &["***"]),
        ] {
            assert_eq!(masked(argv), shown, "{argv:?}");
        }
    }

    #[test]
    fn what_is_ordinary_stays() {
        for argument in [
            "python",
            "--max-tokens",
            "--max-tokens=512",
            "--pad-token=<pad>",
            "--tokenizer=bert",
            "--password-file=/run/x",
            "--author=me",
            "--key=3",
            "--passes=4",
            "PWD=/home/me",
            "PATH=/bin:/usr/bin",
            "12:30",
            "C:\\x",
            "ssh://git@host/x",
            "git@host:me/x.git",
            "me@example.org",
            "https://host/@me",
            "a=b, c='d e' ; echo \"$x\"",
            "sk-learn",
            "hf_hub_download",
            "",
            "=",
            ":",
            "--",
        ] {
            assert_eq!(masked(&[argument, "next"]), [argument, "next"]);
        }
    }

    proptest! {
        #[test]
        fn a_secret_behind_its_name_never_shows(
            name in prop::sample::select(vec!["token", "password", "api-key", "client_secret", "hf-token", "accessKey"]),
            secret in "[A-Z0-9]{6}[ -~]{0,20}[A-Z0-9]{6}",
            form in 0..7usize,
        ) {
            let argv = match form {
                0 => vec![format!("--{name}"), secret.clone()],
                1 => vec![format!("--{name}={secret}")],
                2 => vec![format!("{name}={secret}")],
                3 => vec![format!("{name}: {secret}")],
                4 => vec!["sh".to_owned(), "-c".to_owned(), format!("run --{name} '{}'", secret.replace('\'', ""))],
                5 => vec![format!("{{\"{name}\": \"{}\"}}", secret.replace('"', ""))],
                _ => vec![format!("https://host/?{name}={}", secret.replace(is_separator, ""))],
            };
            let shown = mask(&argv.into_iter().map(OsString::from).collect::<Vec<_>>()).concat();
            prop_assert!(!shown.contains(&secret[..6]) && !shown.contains(&secret[secret.len() - 6..]), "{}", shown);
            prop_assert!(shown.contains(MASK));
        }

        #[test]
        fn ordinary_words_are_unchanged(argv in prop::collection::vec("(--?)?[a-f]{1,8}(=[0-9a-f./]{0,8})?|[0-9., ]{0,9}", 0..8)) {
            let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
            let shown: Vec<OsString> = mask(&argv).into_iter().map(OsString::from).collect();
            prop_assert_eq!(shown, argv);
        }

        #[test]
        fn any_text_is_taken(argv in prop::collection::vec(any::<String>(), 0..6)) {
            let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
            prop_assert_eq!(mask(&argv).len(), argv.len());
        }
    }
}
