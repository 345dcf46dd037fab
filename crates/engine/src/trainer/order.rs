//! Which rows come next.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// All rows in a random order, then all of them in another.
pub(super) struct Order {
    random: ChaCha8Rng,
    /// Places in the caller's list of rows, not rows: so a list with other rows of the same number is taken as it is.
    places: Vec<u32>,
    next: usize,
}

/// Where an order is: of its random stream, and in the pass that has begun.
#[derive(Serialize, Deserialize)]
pub(super) struct OrderState {
    seed: [u8; 32],
    stream: u64,
    /// In words, the lower half first.
    position: [u64; 2],
    next: usize,
}

impl Order {
    pub(super) fn new(random: ChaCha8Rng) -> Self {
        Self { random, places: Vec::new(), next: 0 }
    }

    /// What [`Order::of`] makes the same order of, and the places of the pass that has begun.
    pub(super) fn state(&self) -> (OrderState, &[u32]) {
        let position = self.random.get_word_pos();
        let state = OrderState {
            seed: self.random.get_seed(),
            stream: self.random.get_stream(),
            position: [position as u64, (position >> 64) as u64],
            next: self.next,
        };
        (state, &self.places)
    }

    /// The order with this state; `None` where `places` are not all places once.
    pub(super) fn of(state: OrderState, places: Vec<u32>) -> Option<Self> {
        let mut random = ChaCha8Rng::from_seed(state.seed);
        random.set_stream(state.stream);
        random.set_word_pos(u128::from(state.position[0]) | u128::from(state.position[1]) << 64);
        let mut seen = vec![false; places.len()];
        let is_new =
            |place: &u32| seen.get_mut(*place as usize).is_some_and(|seen| !std::mem::replace(seen, true));
        let is_order = places.iter().all(is_new) && state.next <= places.len();
        is_order.then_some(Self { random, places, next: state.next })
    }

    /// The next `batch` of `rows`, fewer at the end of a pass. A pass begins anew where the number of rows changes.
    pub(super) fn draw(&mut self, rows: &[u32], batch: usize, into: &mut Vec<u32>) {
        if self.places.len() != rows.len() || self.next >= rows.len() {
            self.places.clear();
            self.places.extend((0u32..).take(rows.len()));
            self.places.shuffle(&mut self.random);
            self.next = 0;
        }
        let end = self.next.saturating_add(batch).min(rows.len());
        into.clear();
        into.extend(self.places[self.next..end].iter().map(|&place| rows[place as usize]));
        self.next = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64) -> Order {
        Order::new(lessen_data::random::stream(seed, "test order"))
    }

    #[test]
    fn every_row_is_seen_once_a_pass_and_the_last_minibatch_is_short() {
        let mut order = order(1);
        let rows: Vec<u32> = (100..107).collect();
        let mut batch = Vec::new();
        let mut passes = Vec::new();
        for _ in 0..2 {
            let mut seen: Vec<u32> = Vec::new();
            for expected in [3, 3, 1] {
                order.draw(&rows, 3, &mut batch);
                assert_eq!(batch.len(), expected);
                seen.extend(&batch);
            }
            passes.push(seen.clone());
            seen.sort_unstable();
            assert_eq!(seen, rows);
        }
        assert_ne!(passes[0], passes[1], "each pass has an order of its own");
    }

    #[test]
    fn other_rows_of_the_same_number_are_taken_at_once() {
        let mut order = order(1);
        let mut batch = Vec::new();
        order.draw(&[1, 2, 3, 4], 2, &mut batch);
        order.draw(&[5, 6, 7, 8], 2, &mut batch);
        assert!(batch.iter().all(|row| *row >= 5), "{batch:?}");
        order.draw(&[9], 2, &mut batch);
        assert_eq!(batch, [9]);
    }
}
