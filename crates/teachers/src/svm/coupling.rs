//! From the probabilities of pairs of classes to those of all classes.

/// Sweeps at most; a few are usual.
const SWEEPS: usize = 100;

/// Pairwise probabilities are kept this far from 0 and 1: no pair alone may rule a class out.
const SMALLEST: f64 = 1e-7;

/// Room for the coupling of `classes` classes, so that a row allocates nothing.
pub(super) struct Coupling {
    classes: usize,
    /// `[classes][classes]`: `Q` of the paper's equation 18.
    matrix: Vec<f64>,
    products: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Coupling {
    pub(super) fn new(classes: usize) -> Self {
        let (products, probabilities) = (vec![0.0; classes], vec![0.0; classes]);
        Self { classes, matrix: vec![0.0; classes * classes], products, probabilities }
    }

    /// The class probabilities that make `sum over pairs of (r_ji p_i - r_ij p_j)^2` least (the second method of Wu,
    /// Lin & Weng 2004, by their algorithm 2). `pairs` holds `r_ij`, the probability of `i` given that it is `i` or
    /// `j`, for all `i < j` in lexical order.
    pub(super) fn couple(&mut self, pairs: &[f64]) -> &[f64] {
        let classes = self.classes;
        self.fill_matrix(pairs);
        self.probabilities.fill(1.0 / classes as f64);
        let tolerance = 0.005 / classes as f64;
        for _ in 0..SWEEPS {
            let mut square = 0.0;
            for (class, row) in self.matrix.chunks_exact(classes.max(1)).enumerate() {
                self.products[class] = row.iter().zip(&self.probabilities).map(|(q, p)| q * p).sum();
                square += self.probabilities[class] * self.products[class];
            }
            if self.products.iter().all(|product| (product - square).abs() < tolerance) {
                break;
            }
            self.sweep(square);
        }
        &self.probabilities
    }

    fn fill_matrix(&mut self, pairs: &[f64]) {
        let classes = self.classes;
        self.matrix.fill(0.0);
        let mut pairs = pairs.iter();
        for i in 0..classes {
            for j in i + 1..classes {
                let of_i = pairs.next().map_or(0.5, |r| r.clamp(SMALLEST, 1.0 - SMALLEST));
                let of_j = 1.0 - of_i;
                self.matrix[i * classes + i] += of_j * of_j;
                self.matrix[j * classes + j] += of_i * of_i;
                self.matrix[i * classes + j] = -of_i * of_j;
                self.matrix[j * classes + i] = -of_i * of_j;
            }
        }
    }

    /// Each class in turn to the best value given the others, and all back to a sum of 1. `square` is `p' Q p`.
    fn sweep(&mut self, mut square: f64) {
        for (class, row) in self.matrix.chunks_exact(self.classes.max(1)).enumerate() {
            let change = (square - self.products[class]) / row[class];
            let scale = 1.0 / (1.0 + change);
            square = (square + change * (change * row[class] + 2.0 * self.products[class])) * scale * scale;
            self.probabilities[class] += change;
            for ((product, p), q) in self.products.iter_mut().zip(&mut self.probabilities).zip(row) {
                *product = (*product + change * q) * scale;
                *p *= scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact_pairs(of: &[f64]) -> Vec<f64> {
        let after = |i: usize| of[i + 1..].iter().map(move |p| (i, p));
        (0..of.len()).flat_map(after).map(|(i, p)| of[i] / (of[i] + p)).collect()
    }

    proptest! {
        #[test]
        fn exact_pairs_give_back_what_they_came_from(weights in prop::collection::vec(0.05f64..1.0, 2..12)) {
            let sum: f64 = weights.iter().sum();
            let expected: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            let mut coupling = Coupling::new(expected.len());
            let found = coupling.couple(&exact_pairs(&expected));
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 0.01, "{}, expected {}", found, expected);
            }
        }

        #[test]
        fn any_pairs_give_probabilities(pairs in prop::collection::vec(0f64..=1.0, 15)) {
            let mut coupling = Coupling::new(6);
            let found = coupling.couple(&pairs);
            prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(found.iter().all(|p| (0.0..=1.0).contains(p)), "{:?}", found);
        }
    }

    #[test]
    fn one_class_is_certain_and_certain_pairs_are_no_harm() {
        assert_eq!(Coupling::new(1).couple(&[]), [1.0]);
        let mut coupling = Coupling::new(3);
        // The first beats both others, whatever they are to each other.
        let found = coupling.couple(&[1.0, 1.0, 0.5]);
        assert!(found[0] > 0.99, "{found:?}");
        assert!(Coupling::new(0).couple(&[]).is_empty());
    }
}
