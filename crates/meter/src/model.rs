//! Energy from CPU time, where no counter can be read.
//!
//! The value is `cpu_seconds * full`: every second that a vCPU worked for us takes its share of a fully used
//! server, the idle share included.
//!
//! The band has two parts. Who pays for idling: at least we caused what a busy vCPU draws more than an idle
//! one, `cpu_seconds * (full - idle)`; at most we kept all of our machine's vCPUs powered for the whole
//! window, `wall * vcpus * idle + cpu_seconds * (full - idle)`. And how far the processor at hand may be from
//! its family's row: both ends are multiplied with the band of `tdp-over-family-watts` in `footprint`'s table of defaults. For
//! a processor that is not known the ends are taken from the rows with the least and the most watts.

use lessen_footprint::Tables;
use lessen_units::{Figure, Joules, Kind, Seconds, Watts};

use crate::processors::{Family, families};

/// Watts per vCPU to reckon with.
#[derive(Debug)]
pub(crate) struct Model {
    /// Of one vCPU that is busy.
    full: Watts,
    /// Of one vCPU that is not.
    idle: Watts,
    least_idle: Watts,
    least_marginal: Watts,
    most_marginal: Watts,
    most_idle: Watts,
    /// vCPUs that this process may run on.
    vcpus: f64,
    how: String,
}

impl Model {
    /// For a family of the table, or for a processor that is in none.
    pub(crate) fn new(family: Option<Family>, vcpus: f64) -> Self {
        let rows: Vec<Family> = match family {
            Some(family) => vec![family],
            None => families().collect(),
        };
        let least = |watts: fn(&Family) -> f64| rows.iter().map(watts).fold(f64::INFINITY, f64::min);
        let most = |watts: fn(&Family) -> f64| rows.iter().map(watts).fold(0.0, f64::max);
        let reckoned = family.or_else(Family::unknown);
        let full = reckoned.map_or(f64::NAN, |family| family.full);
        let idle = reckoned.map_or(f64::NAN, |family| family.idle);
        let name = reckoned.map_or("no row", |family| family.name);
        let year = reckoned.map_or(0, |family| family.year);
        let spread = Tables::built_in().defaults.get("tdp-over-family-watts");
        let of_row = spread.map_or((f64::NAN, f64::NAN), |row| {
            (row.low.unwrap_or(row.value), row.high.unwrap_or(row.value))
        });
        Self {
            full: Watts(full),
            idle: Watts(idle),
            least_idle: Watts(least(|row| row.idle) * of_row.0),
            least_marginal: Watts(least(Family::marginal) * of_row.0),
            most_marginal: Watts(most(Family::marginal) * of_row.1),
            most_idle: Watts(most(|row| row.idle) * of_row.1),
            vcpus,
            how: format!("modelled: CPU time at {full} W a vCPU, {name}, Cloud Carbon Footprint {year}"),
        }
    }

    /// The energy of a window of `wall` in which the process used `cpu`; `why` says why it is not measured.
    pub(crate) fn energy(&self, wall: Seconds, cpu: Seconds, why: &str) -> Figure<Joules> {
        // The two clocks tick apart: CPU time may come out a little above what the window has room for.
        let powered = Seconds((wall.0 * self.vcpus).max(cpu.0));
        Figure::band(
            self.full * cpu,
            self.least_marginal * cpu,
            self.most_idle * powered + self.most_marginal * cpu,
            Kind::Estimated,
            format!("{} ({why})", self.how),
        )
    }

    /// The energy of all of a machine of `vcpus` that was busy for `busy` of the CPU time it had: idle watts all
    /// the time, and more while there was work.
    pub(crate) fn machine(&self, wall: Seconds, busy: Seconds, vcpus: f64, why: &str) -> Figure<Joules> {
        let powered = Seconds((wall.0 * vcpus).max(busy.0));
        Figure::band(
            self.idle * powered + (self.full - self.idle) * busy,
            self.least_idle * powered + self.least_marginal * busy,
            self.most_idle * powered + self.most_marginal * busy,
            Kind::Estimated,
            format!("{}, of all of the machine ({why})", self.how),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EPYC_4: Family = Family { name: "AMD EPYC 4th gen", idle: 0.739, full: 2.282, year: 2026 };

    fn close(figure: Option<Joules>, expected: f64) -> bool {
        figure.is_some_and(|energy| (energy.0 - expected).abs() < 1e-9 * expected)
    }

    #[test]
    fn ten_busy_seconds_on_one_of_two_vcpus_of_a_known_processor() {
        let energy = Model::new(Some(EPYC_4), 2.0).energy(Seconds(10.0), Seconds(10.0), "no counter");
        assert!(close(energy.value(), 22.82), "10 s * 2.282 W: {energy:?}");
        assert!(close(energy.low(), 9.258), "10 s * 1.543 W * 0.6: {energy:?}");
        assert!(close(energy.high(), 93.651), "(20 s * 0.739 W + 10 s * 1.543 W) * 3.1: {energy:?}");
        assert_eq!(energy.kind(), Some(Kind::Estimated));
        let how = "modelled: CPU time at 2.282 W a vCPU, AMD EPYC 4th gen, Cloud Carbon Footprint 2026 (no counter)";
        assert_eq!(energy.how(), how);
    }

    #[test]
    fn a_machine_draws_idle_power_all_the_time() {
        let energy = Model::new(Some(EPYC_4), 2.0).machine(Seconds(10.0), Seconds(5.0), 4.0, "no counter");
        assert!(close(energy.value(), 37.275), "40 s * 0.739 W + 5 s * 1.543 W: {energy:?}");
        assert!(close(energy.low(), 0.6 * 37.275) && close(energy.high(), 3.1 * 37.275), "{energy:?}");
    }

    #[test]
    fn an_unknown_processor_has_the_band_of_all() {
        let energy = Model::new(None, 1.0).energy(Seconds(1.0), Seconds(1.0), "");
        assert!(close(energy.value(), 3.5));
        assert!(close(energy.low(), 0.6 * (1.693 - 0.474)), "EPYC 2nd gen adds least: {energy:?}");
        assert!(close(energy.high(), 3.1 * 8.631), "Sandy Bridge draws most: {energy:?}");
    }

    #[test]
    fn the_processors_furthest_from_their_row_are_within_the_band() {
        for (name, watts, threads, row) in [
            ("Xeon Platinum 8592+", 350.0, 128.0, "Intel Emerald Rapids"),
            ("EPYC 9754", 360.0, 256.0, "AMD EPYC 4th gen"),
            ("EPYC 7282", 120.0, 32.0, "AMD EPYC 2nd gen"),
            ("EPYC 7343", 190.0, 32.0, "AMD EPYC 3rd gen"),
        ] {
            let family = families().find(|family| family.name == row).unwrap();
            let ratio = watts / threads / family.full;
            let band = Tables::built_in().defaults.get("tdp-over-family-watts").unwrap();
            assert!((band.low.unwrap()..=band.high.unwrap()).contains(&ratio), "{name}: {ratio}");
        }
    }

    proptest! {
        #[test]
        fn the_band_holds_for_any_window(wall in 0.0..1e6f64, load in 0.0..1.2f64, vcpus in 1u32..512) {
            for family in families().map(Some).chain([None]) {
                let cpu = Seconds(wall * load * f64::from(vcpus));
                let energy = Model::new(family, f64::from(vcpus)).energy(Seconds(wall), cpu, "");
                prop_assert!(energy.value().is_some(), "{energy:?}");
                let model = Model::new(family, f64::from(vcpus));
                let machine = model.machine(Seconds(wall), cpu, f64::from(vcpus), "");
                // To a hair: above a load of one, where all is powered by CPU time, the two are the same sum.
                prop_assert!(machine.value().unwrap().0 >= energy.value().unwrap().0 * (1.0 - 1e-12), "{machine:?}");
            }
        }
    }
}
