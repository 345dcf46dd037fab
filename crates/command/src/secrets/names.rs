//! Names that say that what they name is secret.

/// Secret wherever they stand in a name, unless its end says that it is about something else ([`ABOUT`]).
/// `PGPASSWORD` is one too: a word may end in another.
const STRONG: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "apikey",
    "authorization",
    "cookie",
];

/// Secret at the end of a name only, as `token` is: `hf-token`, not `token-dim`.
const WEAK: [&str; 5] = ["accesskey", "auth", "pwd", "pat", "bearer"];

/// Words that make what stands before `key` secret.
const OF_KEYS: [&str; 9] =
    ["api", "access", "secret", "private", "auth", "account", "encryption", "signing", "license"];

/// Words that make what stands before `pass` secret.
const OF_PASSES: [&str; 8] = ["db", "user", "smtp", "ftp", "http", "proxy", "login", "admin"];

/// Tokens of text, as language models have them.
const OF_TEXT: [&str; 20] = [
    "pad", "eos", "bos", "unk", "mask", "sep", "cls", "stop", "start", "end", "max", "min", "num", "per",
    "special", "new", "image", "next", "prompt", "no",
];

/// At the end of a name: where a secret is or what it is like, not the secret.
const ABOUT: [&str; 14] = [
    "file", "path", "dir", "stdin", "env", "name", "id", "type", "length", "size", "prompt", "policy", "jar",
    "manager",
];

/// Whether the value of what is named so is a secret. Dashes, dots, underscores and changes of case divide words.
pub(super) fn is_secret(name: &str) -> bool {
    if matches!(name, "PWD" | "$PWD") {
        return false;
    }
    let words = words(name);
    let Some((last, earlier)) = words.split_last() else { return false };
    let before = earlier.last().map_or("", String::as_str);
    let is = |list: &[&str], word: &str| list.contains(&word);
    match last.as_str() {
        "token" if is(&OF_TEXT, before) => false,
        "key" => is(&OF_KEYS, before) || words.iter().any(|word| is(&STRONG, word)),
        "pass" => earlier.is_empty() || is(&OF_PASSES, before),
        about if is(&ABOUT, about) => false,
        last => {
            is(&WEAK, last)
                || last.ends_with("token")
                || words.iter().any(|word| STRONG.iter().any(|strong| word.ends_with(strong)))
                || has_secret_key(&words)
        }
    }
}

/// `api-key-2`.
fn has_secret_key(words: &[String]) -> bool {
    words.windows(2).any(|pair| pair[1] == "key" && OF_KEYS.contains(&pair[0].as_str()))
}

/// In lower case; digits alone say nothing.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (lower_before && letter.is_uppercase()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        lower_before = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| word.chars().any(|letter| !letter.is_numeric()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_words() {
        for secret in [
            "--token",
            "HF_TOKEN",
            "githubToken",
            "--api-key",
            "apiKey",
            "X-Api-Key",
            "api_key_2",
            "--pass",
            "--db-pass",
            "PGPASSWORD",
            "clientSecret",
            "--auth",
            "AWS_SECRET_ACCESS_KEY",
            "pwd",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for ordinary in
            ["--max-tokens", "--eos_token", "token_dim", "--passes", "--author", "key", "PWD", "", "--", "1"]
        {
            assert!(!is_secret(ordinary), "{ordinary}");
        }
    }
}
