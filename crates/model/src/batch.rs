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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;
    use lessen_data::{Column, ColumnEncoding, Table};

    const KEY: SharedKey = SharedKey { what: "work", id: 1 };

    fn features() -> Features {
        let values = vec![10.0, 11.0, 12.0];
        Features::Table(Table::new(vec![Column::Numeric { name: "x".into(), values }]).unwrap())
    }

    fn encoding(count: usize) -> Encoding {
        Encoding::try_from(vec![ColumnEncoding::Pixels { count, shift: 10.0, scale: 2.0 }]).unwrap()
    }

    #[test]
    fn work_is_done_once_a_key() {
        let (features, calls) = (features(), Cell::new(0));
        let batch = Batch::new(&features, &[2, 0]);
        let work = |id| {
            let make = || {
                calls.set(calls.get() + 1);
                Ok::<u64, Infallible>(id * 100)
            };
            *batch.shared(SharedKey { id, ..KEY }, make).unwrap()
        };
        assert_eq!([work(1), work(1), work(2), work(1)], [100, 100, 200, 100]);
        assert_eq!(calls.get(), 2);
    }

    #[test]
    fn rows_are_encoded_once_and_only_those_asked_for() {
        let features = features();
        let batch = Batch::new(&features, &[2, 0]);
        let encoding = encoding(1);
        let first = batch.encoded(&encoding, encoding.fingerprint()).unwrap();
        assert_eq!(first.feature(0), [1.0, 0.0]);
        let again = batch.encoded(&encoding, encoding.fingerprint()).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!((batch.len(), batch.is_empty(), batch.rows()), (2, false, [2, 0].as_slice()));
    }

    #[test]
    fn an_error_is_returned_and_not_remembered() {
        let features = features();
        let batch = Batch::new(&features, &[0]);
        assert!(batch.encoded(&encoding(2), 7).is_err());
        assert!(batch.encoded(&encoding(1), 7).is_ok());
        assert_eq!(batch.shared(KEY, || Err::<u8, _>("broken")), Err("broken"));
        assert_eq!(batch.shared(KEY, || Ok::<u8, &str>(1)).as_deref(), Ok(&1));
    }

    #[test]
    fn under_another_type_work_is_done_anew() {
        let features = features();
        let batch = Batch::new(&features, &[]);
        assert_eq!(*batch.shared(KEY, || Ok::<u8, Infallible>(1)).unwrap(), 1);
        assert_eq!(*batch.shared(KEY, || Ok::<&str, Infallible>("one")).unwrap(), "one");
        assert_eq!(*batch.shared(KEY, || Ok::<&str, Infallible>("two")).unwrap(), "one");
    }

    #[test]
    fn shared_work_may_ask_for_shared_work() {
        let features = features();
        let batch = Batch::new(&features, &[1]);
        let encoding = encoding(1);
        let outer = batch.shared(KEY, || batch.encoded(&encoding, 3).map(|rows| rows.feature(0)[0] * 4.0));
        assert_eq!(*outer.unwrap(), 2.0);
    }
}
