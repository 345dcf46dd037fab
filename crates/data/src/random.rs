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
