//! Words that are secrets by the look of them, and addresses that carry credentials.

use super::MASK;

/// How the keys of known makers begin, and what follows.
struct Key {
    begins: &'static str,
    /// Letters that must follow, at least.
    least: usize,
    /// Beside letters and digits.
    also: &'static str,
}

const KEYS: [Key; 19] = [
    Key { begins: "sk-", least: 8, also: "-_" },
    Key { begins: "sk_live_", least: 8, also: "" },
    Key { begins: "rk_live_", least: 8, also: "" },
    Key { begins: "ghp_", least: 8, also: "" },
    Key { begins: "gho_", least: 8, also: "" },
    Key { begins: "ghu_", least: 8, also: "" },
    Key { begins: "ghs_", least: 8, also: "" },
    Key { begins: "ghr_", least: 8, also: "" },
    Key { begins: "github_pat_", least: 8, also: "_" },
    Key { begins: "glpat-", least: 8, also: "-_" },
    Key { begins: "hf_", least: 8, also: "" },
    Key { begins: "AKIA", least: 12, also: "" },
    Key { begins: "ASIA", least: 12, also: "" },
    Key { begins: "AIza", least: 20, also: "-_" },
    Key { begins: "xoxb-", least: 8, also: "-" },
    Key { begins: "xoxp-", least: 8, also: "-" },
    Key { begins: "npm_", least: 20, also: "" },
    Key { begins: "pypi-", least: 30, also: "-_" },
    // A JSON web token: three parts in base64 with dots, of which the first is an object.
    Key { begins: "eyJ", least: 12, also: "-_." },
];

/// The word with each key in it masked.
pub(super) fn mask_known(word: &str) -> String {
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    let mut within = false;
    while let Some(letter) = rest.chars().next() {
        let length = if within { None } else { KEYS.iter().find_map(|key| key_at(rest, key)) };
        let taken = length.unwrap_or(letter.len_utf8());
        shown.push_str(if length.is_some() { MASK } else { &rest[..taken] });
        within = letter.is_alphanumeric() || letter == '_' || letter == '-';
        rest = &rest[taken..];
    }
    shown
}

/// The length of the key that a text begins with. Short ones have to have a digit, or a part that is longer than words are,
/// so that names such as `sk-learn-models` are none.
fn key_at(text: &str, key: &Key) -> Option<usize> {
    let behind = text.strip_prefix(key.begins)?;
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || key.also.contains(letter));
    let body = &behind[..behind.find(ends).unwrap_or(behind.len())];
    let longest = body.split(['-', '_']).map(str::len).max().unwrap_or(0);
    let certain = body.len() >= 30 || longest >= 20 || body.contains(|letter: char| letter.is_ascii_digit());
    (body.len() >= key.least && certain).then_some(key.begins.len() + body.len())
}

/// `https://user:pass@host` as `https://***@host`, everywhere in a text. A user alone is a secret only where it is a
/// token by custom, in addresses of the web.
pub(super) fn mask_addresses(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (scheme, behind) = (&rest[..at], &rest[at + 3..]);
        let ends = |letter: char| letter.is_whitespace() || "/?#'\"`<>".contains(letter);
        let authority = &behind[..behind.find(ends).unwrap_or(behind.len())];
        shown.push_str(&rest[..at + 3]);
        rest = behind;
        if let Some((user, _)) = authority.rsplit_once('@')
            && (user.contains(':') || scheme.ends_with("http") || scheme.ends_with("https"))
        {
            shown.push_str(MASK);
            rest = &behind[user.len()..];
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_beginning() {
        for (word, shown) in [
            ("sk-abcd1234", "***"),
            ("sk-learn-models", "sk-learn-models"),
            ("sk-abcdefghijklmnopqrstuvwx", "***"),
            ("ask-abcd1234", "ask-abcd1234"),
            ("x/hf_abcdefgh12345", "x/***"),
            ("xoxb-12-34-abcdef,", "***,"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "***"),
            ("github_pat_11AB_cd34efgh", "***"),
            ("AKIAIOSFODNN7EXAMPLE", "***"),
            ("ÄKIA", "ÄKIA"),
        ] {
            assert_eq!(mask_known(word), shown);
        }
    }

    #[test]
    fn addresses_lose_their_credentials() {
        for (text, shown) in [
            ("https://a:b@c https://d@e/f", "https://***@c https://***@e/f"),
            ("ssh://git@c/d", "ssh://git@c/d"),
            ("redis://:pw@c", "redis://***@c"),
            ("https://c/@d", "https://c/@d"),
            ("x://y://a:b@c", "x://y://***@c"),
            ("://", "://"),
        ] {
            assert_eq!(mask_addresses(text), shown);
        }
    }
}
