//! The middle and the ends of a list of numbers.

/// Between sorted values, with linear interpolation.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor() as usize;
    match (sorted.get(below), sorted.get(below + 1)) {
        (Some(low), Some(high)) => low + (high - low) * place.fract(),
        (Some(last), None) => *last,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_values_it_is_interpolated() {
        for (values, share, expected) in [
            ([1.0, 2.0, 4.0].as_slice(), 0.5, 2.0),
            (&[1.0, 2.0], 0.5, 1.5),
            (&[1.0, 2.0, 4.0], 0.75, 3.0),
            (&[1.0, 2.0, 4.0], 1.0, 4.0),
            (&[7.0], 0.05, 7.0),
        ] {
            assert_eq!(percentile(values, share), expected, "{values:?}");
        }
        assert!(percentile(&[], 0.5).is_nan());
    }
}
