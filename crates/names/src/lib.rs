//! The name that was probably meant, where a person typed one that is not there.
//!
//! # Example
//! ```
//! assert_eq!(lessen_names::nearest("minst", ["digits", "mnist"]), Some("mnist"));
//! assert_eq!(lessen_names::some_like("eu-west", ["aws:eu-west-3", "FRA"], 2), ["aws:eu-west-3"]);
//! ```

use strsim::osa_distance;

/// The one of `names` that is nearest to `wanted` in spelling, capitals apart, where it is near enough for a
/// slip: a third of the letters at most.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    some_slips(wanted, names).into_iter().min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Up to `most` of `names` that may have been meant, the likeliest first: those that are a slip away, then those that
/// contain what was typed, or begin like it. Each once; capitals do not matter.
pub fn some_like<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut slips = some_slips(wanted, names.iter().copied());
    slips.sort_by_key(|(distance, _)| *distance);
    let typed = wanted.to_lowercase();
    let contain = names.iter().filter(|name| !typed.is_empty() && name.to_lowercase().contains(&typed));
    let begin = names.iter().filter(|name| begins_alike(&typed, &name.to_lowercase()));
    let mut found: Vec<&str> = Vec::new();
    for name in slips.into_iter().map(|(_, name)| name).chain(contain.copied()).chain(begin.copied()) {
        if found.len() < most && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// What an error says of the names that [`some_like`] found: `; the nearest: a, b`, or nothing where there are none.
pub fn the_nearest(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; the nearest: {}", names.join(", ")) }
}

/// Names that a slip leads to, with the number of edits (each letter edited once; neighbours swapped are one edit).
fn some_slips<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let typed = wanted.to_lowercase();
    let letters = typed.chars().count();
    let furthest = (letters / 3).max(1);
    let near = |name: &&str| {
        // The difference in length is a lower bound; it spares the table for names that are far off.
        name.to_lowercase().chars().count().abs_diff(letters) <= furthest
    };
    let distances =
        names.into_iter().filter(near).map(|name| (osa_distance(&typed, &name.to_lowercase()), name));
    distances.filter(|(distance, _)| *distance <= furthest).collect()
}

/// Whether two names have their first three letters in common.
fn begins_alike(typed: &str, name: &str) -> bool {
    const LETTERS: usize = 3;
    typed.chars().count() >= LETTERS && typed.chars().take(LETTERS).eq(name.chars().take(LETTERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_is_suggested() {
        let names = ["digits", "mnist", "fashion-mnist"];
        let cases = [
            ("digit", Some("digits")),
            ("minst", Some("mnist")),
            ("MNIST", Some("mnist")),
            ("fashion_mnist", Some("fashion-mnist")),
            ("iris", None),
            ("", None),
        ];
        for (wanted, expected) in cases {
            assert_eq!(nearest(wanted, names), expected, "{wanted}");
        }
    }

    #[test]
    fn names_that_may_be_meant_come_likeliest_first() {
        let names = ["aws:eu-west-3", "aws:eu-west-1", "France", "French Guiana", "GEO"];
        for (wanted, expected) in [
            ("aws:eu-wset-3", vec!["aws:eu-west-3", "aws:eu-west-1"]),
            ("eu-west", vec!["aws:eu-west-3", "aws:eu-west-1"]),
            ("frence", vec!["France", "French Guiana"]),
            ("zz", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(some_like(wanted, names, 3), expected, "{wanted}");
        }
        assert_eq!(some_like("eu-west", names, 1), ["aws:eu-west-3"]);
    }
}
