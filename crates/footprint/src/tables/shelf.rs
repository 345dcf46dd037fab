//! A table that is read when somebody asks for it.

use std::ops::Deref;
use std::sync::OnceLock;

use super::reading::{Row, Table};

/// One of the tables that come with the program: to read all of them takes milliseconds, and most work needs few.
/// Used like the [`Table`] that it holds.
#[derive(Clone, Debug)]
pub struct Shelf<R> {
    text: &'static [u8],
    table: OnceLock<Table<R>>,
}

impl<R> Shelf<R> {
    pub(super) const fn new(text: &'static [u8]) -> Self {
        Self { text, table: OnceLock::new() }
    }
}

impl<R: Row> Shelf<R> {
    pub(super) fn table_mut(&mut self) -> &mut Table<R> {
        let _ = &**self;
        match self.table.get_mut() {
            Some(table) => table,
            None => unreachable!("it was read in the line before"),
        }
    }
}

impl<R: Row> Deref for Shelf<R> {
    type Target = Table<R>;

    fn deref(&self) -> &Table<R> {
        self.table.get_or_init(|| match Table::read(R::FILE, self.text) {
            Ok(table) => table,
            // Compiled in and read by the tests: no input of a user's leads here.
            Err(error) => unreachable!("a built-in table is broken: {error}"),
        })
    }
}
