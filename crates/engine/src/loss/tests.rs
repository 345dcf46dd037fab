use super::*;
use crate::targets::NO_LABEL;

/// Two rows of two classes in 16 lanes, whose softmax is (0.25, 0.75) and (0.5, 0.5).
fn logits() -> Vec<f32> {
    let mut values = vec![7.0; 32];
    (values[0], values[16]) = (2.0, 2.0 + 3f32.ln());
    values
}

fn near(found: &[f32], expected: [f32; 4]) {
    let found = [found[0], found[16], found[1], found[17]];
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-7, "{found:?}, expected {expected:?}");
}

#[test]
fn labels_and_soft_targets_by_hand() {
    let mut gradient = logits();
    let loss = loss_and_gradient(Targets::Labels(&[9, 1, 0]), &[1, 2], 16, &mut gradient, &mut Vec::new());
    assert!((loss - 0.5 * (-(0.75f32.ln()) - 0.5f32.ln())).abs() < 1e-6, "{loss}");
    near(&gradient, [0.125, -0.125, -0.25, 0.25]);
    for class in gradient.chunks(16) {
        assert!(class[2..].iter().all(|gradient| *gradient == 0.0), "no gradient from no row");
    }

    let mut gradient = logits();
    let soft = Targets::Soft(&[0.5, 0.5, 1.0, 0.0]);
    let loss = loss_and_gradient(soft, &[0, 1], 16, &mut gradient, &mut Vec::new());
    let by_hand = 0.5 * (-0.5 * 0.25f32.ln() - 0.5 * 0.75f32.ln() - 0.5f32.ln());
    assert!((loss - by_hand).abs() < 1e-6, "{loss}");
    near(&gradient, [-0.125, 0.125, -0.25, 0.25]);
}

#[test]
fn a_hopeless_row_has_its_true_loss() {
    // The probability of the label, exp(-1000), is no number of single precision.
    let mut gradient = vec![0.0; 32];
    gradient[0] = 1000.0;
    let loss = loss_and_gradient(Targets::Labels(&[1]), &[0], 16, &mut gradient, &mut Vec::new());
    assert_eq!(loss, 1000.0);
    assert_eq!((gradient[0], gradient[16]), (1.0, -1.0));
}

#[test]
fn more_rows_than_a_strip_are_all_counted() {
    let rows: Vec<u32> = (0..100).collect();
    let labels: Vec<u32> = rows.iter().map(|row| row % 2).collect();
    let mut gradient = vec![0.0; 2 * 112];
    let loss = loss_and_gradient(Targets::Labels(&labels), &rows, 112, &mut gradient, &mut Vec::new());
    assert!((loss - 2f32.ln()).abs() < 1e-6, "{loss}");
    for (lane, label) in labels.iter().enumerate() {
        let expected = if *label == 0 { -0.005 } else { 0.005 };
        assert!((gradient[lane] - expected).abs() < 1e-8 && (gradient[112 + lane] + expected).abs() < 1e-8);
    }
}

#[test]
fn infinite_and_missing_logits_are_not_hidden() {
    for broken in [f32::INFINITY, f32::NAN] {
        let mut gradient = logits();
        gradient[1] = broken;
        let loss = loss_and_gradient(Targets::Labels(&[1, 1]), &[0, 1], 16, &mut gradient, &mut Vec::new());
        assert!(loss.is_nan(), "{loss}");
    }
}

/// The unit vector of `z = (2, 1, 0, -3)` and `v = (1.5, .2, -.4, -1.3)`: `T^2 dC/dz = T (q - p)` at several temperatures,
/// worked out apart.
#[test]
fn the_gradient_of_soft_targets_is_that_of_the_paper() {
    let (z, v) = ([2.0f32, 1.0, 0.0, -3.0], [1.5f32, 0.2, -0.4, -1.3]);
    for (temperature, expected) in [
        (1.0, [-0.01208, 0.05985, -0.01123, -0.03654]),
        (2.0, [0.04462, 0.10546, -0.00109, -0.14899]),
        (5.0, [0.09785, 0.15889, 0.04322, -0.29996]),
        (20.0, [0.11984, 0.19022, 0.08402, -0.39409]),
        (100.0, [0.12408, 0.1981, 0.09673, -0.41891]),
    ] {
        let exponentials = v.map(|v| (v / temperature).exp());
        let soft = exponentials.map(|e| e / exponentials.iter().sum::<f32>());
        let blend = Blend { temperature, soft: 1.0, hard: 0.0 };
        let mut logits: Vec<f32> = z.iter().flat_map(|&z| std::iter::repeat_n(z, 16)).collect();
        let taught = Targets::Taught(Taught { soft: &soft, labels: &[NO_LABEL], blend });
        loss_and_gradient(taught, &[0], 16, &mut logits, &mut Vec::new());
        for (class, expected) in expected.iter().enumerate() {
            let found = logits[class * 16];
            assert!((found - expected).abs() < 2e-5, "T {temperature}, class {class}: {found}, {expected}");
            assert_eq!(logits[class * 16 + 1], 0.0);
        }
    }
}

#[test]
fn hard_targets_join_where_they_are_known() {
    // Row 0 has a label, row 1 none; temperature 1 makes the soft part a plain cross-entropy.
    let soft = [0.5, 0.5, 1.0, 0.0];
    let blend = Blend { temperature: 1.0, soft: 2.0, hard: 0.5 };
    let taught = Targets::Taught(Taught { soft: &soft, labels: &[1, NO_LABEL], blend });
    let mut gradient = logits();
    let loss = loss_and_gradient(taught, &[0, 1], 16, &mut gradient, &mut Vec::new());
    // Softmax (0.25, 0.75) and (0.5, 0.5); soft parts as in the test above, hard part of row 0: -ln 0.75.
    let soft_loss = -0.5 * 0.25f32.ln() - 0.5 * 0.75f32.ln() - 0.5f32.ln();
    let by_hand = 0.5 * (2.0 * soft_loss - 0.5 * 0.75f32.ln());
    assert!((loss - by_hand).abs() < 1e-6, "{loss}, {by_hand}");
    // Halves of 2 (q - p) + 0.5 (q - y): row 0: 2 (-.25, .25) + .5 (.25, -.25); row 1: 2 (-.5, .5).
    near(&gradient, [-0.1875, 0.1875, -0.5, 0.5]);
}

#[test]
fn squared_error_by_hand() {
    // Answers 2 and 3, wanted 1 and 5: half the mean of 1 and 4, gradients (1, -2) / 2.
    let mut values = vec![7.0; 16];
    (values[0], values[1]) = (2.0, 3.0);
    let loss = loss_and_gradient(Targets::Values(&[5.0, 1.0]), &[1, 0], 16, &mut values, &mut Vec::new());
    assert_eq!((loss, values[0], values[1], values[2]), (1.25, 0.5, -1.0, 0.0));
}

#[test]
fn squared_error_of_logits_by_hand() {
    // Row 1 of the targets: (2, 2) are off (1, ln 3 + 1) from (1, 1); row 0: zeros.
    let mut gradient = logits();
    let wanted = Targets::Logits(&[7.0, 7.0, 1.0, 1.0]);
    let loss = loss_and_gradient(wanted, &[1, 0], 16, &mut gradient, &mut Vec::new());
    let off = 3f32.ln() + 1.0;
    assert!((loss - 0.25 * (1.0 + off * off)).abs() < 1e-6, "{loss}");
    near(&gradient, [0.5, 0.5 * off, 0.0, 0.0]);
}

#[test]
fn squared_error_of_probabilities_by_hand() {
    // (0.25, 0.75) against (0.5, 0.5): off (-0.25, 0.25), weighed mean 0.125; (0.5, 0.5) against (1, 0): off
    // (-0.5, 0.5), mean 0.
    let mut gradient = logits();
    let wanted = Targets::Probabilities(&[0.5, 0.5, 1.0, 0.0]);
    let loss = loss_and_gradient(wanted, &[0, 1], 16, &mut gradient, &mut Vec::new());
    assert!((loss - 0.5 * (0.0625 + 0.25)).abs() < 1e-7, "{loss}");
    near(&gradient, [0.5 * 0.25 * -0.375, 0.5 * 0.75 * 0.125, 0.5 * -0.25, 0.5 * 0.25]);
    for class in gradient.chunks(16) {
        assert!(class[2..].iter().all(|gradient| *gradient == 0.0), "no gradient from no row");
    }
}

#[test]
fn a_weighted_sum_is_the_sum_of_its_parts() {
    let (labels, probabilities) = ([1, 0], [0.25, 0.75, 0.5, 0.5]);
    let parts = [
        (0.5, Targets::Labels(&labels)),
        (2.0, Targets::Logits(&[1.0, -1.0, 0.0, 2.0])),
        (3.0, Targets::Probabilities(&[1.0, 0.0, 0.5, 0.5])),
        (0.0, Targets::Soft(&probabilities)),
    ];
    let blend = Blend { temperature: 2.0, soft: 0.5, hard: 1.5 };
    let taught = Targets::Taught(Taught { soft: &probabilities, labels: &labels, blend });
    let nested = [(1.0, Targets::Weighted(&parts)), (0.5, taught)];
    // Room that an earlier, larger minibatch left behind must not matter.
    let mut scratch = vec![5.0; 100];
    let mut evaluate = |targets| {
        let mut gradient = logits();
        let loss = loss_and_gradient(targets, &[0, 1], 16, &mut gradient, &mut scratch);
        (loss, gradient)
    };
    let (loss, gradient) = evaluate(Targets::Weighted(&nested));
    let mut expected = (0.0, vec![0.0; 32]);
    for (weight, part) in parts.iter().copied().chain([(0.5, taught)]) {
        let (loss, gradient) = evaluate(part);
        expected.0 += weight * loss;
        expected.1.iter_mut().zip(gradient).for_each(|(sum, part)| *sum += weight * part);
    }
    assert!((loss - expected.0).abs() < 1e-6, "{loss}, {}", expected.0);
    assert!(gradient.iter().zip(&expected.1).all(|(a, b)| (a - b).abs() < 1e-6), "{gradient:?}");
    assert_eq!(evaluate(Targets::Weighted(&[(1.0, taught)])), evaluate(taught), "to the bit");
}
