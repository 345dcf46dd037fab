//! Rows to predict, and what predictors have derived from them so far.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use lessen_data::{DataError, Encoded, Encoding, Features};

/// Names one piece of work on a batch that several predictors may share: what it is, and on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedKey {
    /// The kind of work: `"encoded rows"`, `"nearest neighbours"`.
    pub what: &'static str,
    /// A fingerprint of everything else that the work depends on.
    pub id: u64,
}

/// Some rows of some features, with a memo of work on them that is done once however many predictors ask.
pub struct Batch<'a> {
    features: &'a Features,
    rows: &'a [u32],
    memo: RefCell<HashMap<SharedKey, Arc<dyn Any + Send + Sync>>>,
}

impl<'a> Batch<'a> {
    /// A batch of `rows` with nothing derived yet.
    pub fn new(features: &'a Features, rows: &'a [u32]) -> Self {
        Self { features, rows, memo: RefCell::new(HashMap::new()) }
    }

    /// The raw rows' home.
    pub fn features(&self) -> &'a Features {
        self.features
    }

    /// Which rows, in which order.
    pub fn rows(&self) -> &'a [u32] {
        self.rows
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows encoded; once per encoding. `fingerprint` is `encoding.fingerprint()`, which its holder keeps.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] where the rows have other columns than the encoding.
    pub fn encoded(&self, encoding: &Encoding, fingerprint: u64) -> Result<Arc<Encoded>, DataError> {
        let key = SharedKey { what: "encoded rows", id: fingerprint };
        self.shared(key, || encoding.encode(self.features, self.rows))
    }

    /// What `make` makes, once per `key`; `make` may itself ask the batch for other shared work.
    /// A key must always be used with one type `T`: under another type the work is simply done anew.
    ///
    /// # Errors
    /// Whatever `make` fails with; nothing is remembered then.
    pub fn shared<T: Any + Send + Sync, E>(
        &self,
        key: SharedKey,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let known = self.memo.borrow().get(&key).cloned();
        if let Some(known) = known.and_then(|known| known.downcast::<T>().ok()) {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        self.memo.borrow_mut().insert(key, made.clone());
        Ok(made)
    }
}
