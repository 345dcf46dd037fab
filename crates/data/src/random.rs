//! One seeded, versioned stream of random numbers per purpose.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// Changing how a stream is made, or in which order one draws from it, changes results: then this changes too.
const VERSION: u32 = 1;

/// The stream for `purpose` under `seed`; streams of different purposes are independent of each other, so that
/// adding a draw to one leaves the others alone. A purpose that is repeated (a bag, a replicate) says which
/// one it is: `"selection bag 3"`.
///
/// ```
/// use rand::Rng;
/// let mut first = lessen_data::random::stream(1, "shuffle");
/// let mut again = lessen_data::random::stream(1, "shuffle");
/// let mut other = lessen_data::random::stream(1, "start weights");
/// let draw = first.next_u64();
/// assert_eq!(draw, again.next_u64());
/// assert_ne!(draw, other.next_u64());
/// ```
pub fn stream(seed: u64, purpose: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(format!("lessen stream {VERSION}\n{seed}\n{purpose}"));
    ChaCha8Rng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    /// Results are the same bits only while these are: a change of version here is a change of every result.
    /// Worked out apart from the `rand` crates: ChaCha with 8 rounds, counter and nonce 0, under the SHA-256 key.
    #[test]
    fn the_first_draws_are_pinned() {
        let cases: [(u64, &str, [u64; 2]); 3] = [
            (0, "split", [0xf29796cf6f973817, 0xf6edc7f4400f3f94]),
            (1, "split", [0x42423592ad87de46, 0xc0b8134e7f3ea175]),
            (1, "selection bag 3", [0x407b0df2bc2e8913, 0x21f8668db8788920]),
        ];
        for (seed, purpose, expected) in cases {
            let mut random = stream(seed, purpose);
            assert_eq!([random.next_u64(), random.next_u64()], expected, "seed {seed}, `{purpose}`");
        }
    }
}
