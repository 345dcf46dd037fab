//! The name that was probably meant.

/// The one of `names` that is nearest to `wanted` in spelling, capitals apart, where it is near enough for a
/// slip: a third of the letters at most.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = wanted.to_lowercase().chars().collect();
    let furthest = (letters.len() / 3).max(1);
    let distances = names.into_iter().filter_map(|name| {
        let other: Vec<char> = name.to_lowercase().chars().collect();
        // The difference in length is a lower bound; it spares the table for names that are far off.
        let near = other.len().abs_diff(letters.len()) <= furthest;
        near.then(|| (edit_distance(&letters, &other), name))
    });
    distances
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other (Damerau 1964,
/// each letter edited once).
fn edit_distance(from: &[char], to: &[char]) -> usize {
    // `distances[i][j]` is that between the first `i` letters of one and the first `j` of the other.
    let mut distances = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            if i == 0 || j == 0 {
                distances[i][j] = i + j;
                continue;
            }
            let replaced = distances[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut fewest = replaced.min(distances[i - 1][j] + 1).min(distances[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                fewest = fewest.min(distances[i - 2][j - 2] + 1);
            }
            distances[i][j] = fewest;
        }
    }
    distances[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_counted_by_hand() {
        let cases =
            [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("mnist", "minst", 1), ("a", "b", 1)];
        for (from, to, expected) in cases {
            let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
            assert_eq!(edit_distance(&from, &to), expected);
            assert_eq!(edit_distance(&to, &from), expected);
        }
    }

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
}
