//! Energy of arithmetic by what each operation takes on a chip (Han et al. 2015, Figure 1).

use lessen_units::{Figure, Joules, Kind, Operations};

use crate::tables::Tables;

/// What computing a model once takes on a chip made at 45 nm, with numbers of 32 bits: how much of it is arithmetic, and how much
/// fetching the weights. For comparing models: machines of today take less, by other shares.
#[derive(Clone, Debug, PartialEq)]
pub struct ChipEnergy {
    /// A multiplication and an addition a MAC; for all else at least additions, at most multiplications. Comparisons count as nothing.
    pub arithmetic: Figure<Joules>,
    /// The same with weights that are not zero; unavailable where these are not known.
    pub arithmetic_nonzero: Figure<Joules>,
    /// All weights, each fetched once from DRAM.
    pub weights_from_dram: Figure<Joules>,
    /// The same from a cache that they fit into.
    pub weights_from_sram: Figure<Joules>,
}

impl ChipEnergy {
    /// Of these operations, `macs_nonzero` of which are with weights that are not zero, and weights of so many bytes.
    pub fn at_45nm(
        operations: Operations,
        macs_nonzero: Option<u64>,
        weight_bytes: u64,
        tables: &Tables,
    ) -> Self {
        let fact = |key: &str| tables.defaults.get(key);
        let picojoules = |key: &str| fact(key).map_or(f64::NAN, |row| row.value);
        let source = fact("45nm-float-add").map_or_else(String::new, |row| row.source.clone());
        let (add, multiply) = (picojoules("45nm-float-add"), picojoules("45nm-float-multiply"));
        let joules = |picojoules: f64| Joules(picojoules * 1e-12);
        let arithmetic = |macs: u64| {
            let products = macs as f64 * (multiply + add);
            let (low, high) = (operations.adds as f64 * add, operations.adds as f64 * multiply);
            let [low, high] = [low, high].map(|others| joules(products + others));
            Figure::band(low, low, high, Kind::Estimated, source.clone())
        };
        let words = weight_bytes as f64 / 4.0;
        let fetched =
            |key: &str| Figure::exact(joules(words * picojoules(key)), Kind::Estimated, source.clone());
        Self {
            arithmetic: arithmetic(operations.macs),
            arithmetic_nonzero: match macs_nonzero {
                Some(macs) => arithmetic(macs),
                None => Figure::unavailable("how many weights are not zero is not known"),
            },
            weights_from_dram: fetched("45nm-dram-word"),
            weights_from_sram: fetched("45nm-sram-word"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_by_hand() {
        // LeNet-300-100: 266,200 MACs of 4.6 pJ, 410 sums of 0.9 to 3.7 pJ; 266,610 words.
        let operations = Operations { adds: 410, ..Operations::macs(266_200) };
        let found = ChipEnergy::at_45nm(operations, Some(21_296), 4 * 266_610, Tables::built_in());
        let near = |found: Option<Joules>, picojoules: f64| {
            let found = found.unwrap().0 * 1e12;
            assert!((found - picojoules).abs() < 1e-6 * picojoules, "{found}, {picojoules}");
        };
        near(found.arithmetic.low(), 266_200.0 * 4.6 + 369.0);
        near(found.arithmetic.high(), 266_200.0 * 4.6 + 1517.0);
        near(found.arithmetic_nonzero.value(), 21_296.0 * 4.6 + 369.0);
        near(found.weights_from_dram.value(), 266_610.0 * 640.0);
        near(found.weights_from_sram.value(), 266_610.0 * 5.0);
        let unknown = ChipEnergy::at_45nm(operations, None, 0, Tables::built_in());
        assert_eq!(unknown.arithmetic_nonzero.value(), None);
    }
}
