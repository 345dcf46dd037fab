//! The tables of the file, and their version.

/// Marks the file as a ledger of lessen's: the letters `LSNL`.
pub(super) const APPLICATION_ID: i64 = 0x4C53_4E4C;

/// The format that this program reads and writes (`user_version`).
pub(super) const VERSION: i64 = 1;

/// Made in one transaction. `events` is what counts; `runs`, `tags` and `totals` follow from it.
///
/// `totals` holds sums over closed runs: one row for all (no key), one for each value of a tag, and one for the runs
/// without that tag (no value).
pub(super) const CREATE: &str = "
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('start', 'checkpoint', 'close')),
    written_us INTEGER NOT NULL,
    uptime_ns INTEGER,
    process TEXT,
    receipt TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    written_us INTEGER NOT NULL,
    uptime_ns INTEGER,
    process TEXT,
    name TEXT NOT NULL,
    tags TEXT NOT NULL,
    started TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'interrupted')),
    exit_code INTEGER,
    seconds REAL NOT NULL,
    cpu_seconds REAL,
    complete INTEGER NOT NULL,
    measured_joules REAL NOT NULL,
    joules REAL, joules_low REAL, joules_high REAL, joules_kind TEXT,
    kwh_with_pue REAL, kwh_with_pue_low REAL, kwh_with_pue_high REAL, kwh_with_pue_kind TEXT,
    kg_co2e REAL, kg_co2e_low REAL, kg_co2e_high REAL, kg_co2e_kind TEXT,
    electricity_usd REAL, electricity_usd_low REAL, electricity_usd_high REAL, electricity_usd_kind TEXT,
    cloud_usd REAL, cloud_usd_low REAL, cloud_usd_high REAL, cloud_usd_kind TEXT
) STRICT;
CREATE INDEX runs_by_start ON runs (started_us, number);
CREATE INDEX runs_that_are_open ON runs (number) WHERE state = 'running';
CREATE INDEX runs_without_energy ON runs (started_us, number) WHERE joules IS NULL;
CREATE TRIGGER runs_are_not_deleted BEFORE DELETE ON runs
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TABLE tags (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (key, value, started_us, run)
) STRICT, WITHOUT ROWID;
CREATE TABLE totals (
    number INTEGER PRIMARY KEY,
    key TEXT,
    value TEXT,
    sums TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX totals_by_tag ON totals (key, value);
CREATE INDEX totals_of_the_untagged ON totals (key) WHERE value IS NULL;
";
