//! After the first, a training step and a prediction allocate nothing of their own: everything they need was made
//! before. What is left are the packing buffers that the `gemm` crate takes and returns within each product; they are
//! counted apart, from products of the same shapes.

#![allow(unsafe_code, clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use lessen_data::{Dataset, Encoding, padded};
use lessen_engine::{
    Activation, Matrix, MatrixMut, Optimiser, Plan, Recipe, Schedule, Targets, Trainer, TrainingRows,
    initial, product,
};
use lessen_model::{Batch, Network, Predictor};

/// The system's allocator, counting for each thread apart: the test runner's own threads allocate too.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged. The counter is neither allocated nor dropped.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of `work` on this thread.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// Widths of the networks here, from the input on.
const WIDTHS: [usize; 4] = [64, 64, 32, 10];

fn network(digits: &Dataset, activation: Activation) -> Network {
    let rows: Vec<u32> = (0..digits.features.rows() as u32).collect();
    let encoding = Encoding::fit(&digits.features, &rows);
    initial::mlp(encoding, &WIDTHS[1..3], activation, digits.answer(), 1).unwrap()
}

/// Allocations of `gemm` in `left x right` of these shapes; either may be transposed.
fn of_product(left: (usize, usize, bool), right: (usize, usize, bool)) -> usize {
    let (left_values, right_values) = (vec![1.0; left.0 * left.1], vec![1.0; right.0 * right.1]);
    let matrix = |values, (rows, columns, transposed): (usize, usize, bool)| {
        let matrix = Matrix::row_major(values, rows, columns);
        if transposed { matrix.transposed() } else { matrix }
    };
    let (left, right) = (matrix(&left_values, left), matrix(&right_values, right));
    let shape = (left.shape.0, right.shape.1);
    let mut into = vec![0.0; shape.0 * shape.1];
    allocations(|| product(left, right, MatrixMut { values: &mut into, shape }))
}

/// Those of a prediction of as many rows: each layer's product.
fn of_forward(lanes: usize) -> usize {
    let layers = WIDTHS.windows(2).map(|widths| (widths[0], widths[1]));
    layers.map(|(inputs, outputs)| of_product((outputs, inputs, false), (inputs, lanes, false))).sum()
}

/// Those of a training step: each layer's product, its weights' gradient and, after the first, its inputs' gradient.
fn of_step(lanes: usize) -> usize {
    let layers = WIDTHS.windows(2).map(|widths| (widths[0], widths[1]));
    let back = layers.enumerate().map(|(place, (inputs, outputs))| {
        let of_weights = of_product((outputs, lanes, false), (inputs, lanes, true));
        if place == 0 {
            of_weights
        } else {
            of_weights + of_product((outputs, inputs, true), (outputs, lanes, false))
        }
    });
    of_forward(lanes) + back.sum::<usize>()
}

#[test]
fn a_step_allocates_nothing_but_inside_of_products() {
    let digits = lessen_data::digits().unwrap();
    let (_, labels) = digits.classes().unwrap();
    // Six minibatches of 50 and one of 28: the order is shuffled anew after every seventh.
    let rows: Vec<u32> = (0..328).collect();
    let hard = Targets::Labels(labels);
    let soft = vec![0.1; digits.features.rows() * 10];
    for (activation, optimiser, targets) in [
        (Activation::Relu, Optimiser::adam(0.001), hard),
        (Activation::Tanh, Optimiser::Sgd { rate: 0.01, momentum: 0.9 }, Targets::Soft(&soft)),
    ] {
        let schedule = Schedule::Cosine { steps: 100, warm_up: 5 };
        let recipe = Recipe { batch: 50, optimiser, schedule, weight_decay: 0.01 };
        let mut trainer = Trainer::new(network(&digits, activation), recipe, 1).unwrap();
        let training = TrainingRows { features: &digits.features, rows: &rows, targets };
        for step in 0..30 {
            let found = allocations(|| {
                trainer.step(&training).unwrap();
            });
            let lanes = padded(if step % 7 == 6 { 28 } else { 50 });
            // The first step makes room for the order.
            if step > 0 {
                assert_eq!(found, of_step(lanes), "{activation:?}, step {step}");
            }
        }
    }
}

#[test]
fn a_prediction_of_few_rows_allocates_nothing_and_of_many_only_inside_of_products() {
    let digits = lessen_data::digits().unwrap();
    let plan = Plan::new("digits", network(&digits, Activation::Relu)).unwrap();
    let rows: Vec<u32> = (0..100).collect();
    let encoded = plan.network().encoding().encode(&digits.features, &rows).unwrap();
    let mut into = vec![0.0; 1000];
    plan.predict_encoded(&encoded, &mut into);
    assert_eq!(allocations(|| plan.predict_encoded(&encoded, &mut into)), of_forward(112));
    for count in [1, 3] {
        let found = allocations(|| {
            let batch = Batch::new(&digits.features, &rows[..count]);
            plan.predict(&batch, &mut into[..10 * count]).unwrap();
        });
        assert_eq!(found, 0, "{count} rows");
    }
}

#[test]
fn without_zeros_no_prediction_allocates() {
    let digits = lessen_data::digits().unwrap();
    let mut network = network(&digits, Activation::Relu);
    network.dense_mut().for_each(|dense| dense.weights.shrink(|index| index % 20 == 0));
    let plan = Plan::new("digits", network).unwrap();
    let rows: Vec<u32> = (0..100).collect();
    let encoded = plan.network().encoding().encode(&digits.features, &rows).unwrap();
    let few = plan.network().encoding().encode(&digits.features, &rows[..2]).unwrap();
    let mut into = vec![0.0; 1000];
    plan.predict_encoded(&encoded, &mut into);
    assert_eq!(allocations(|| plan.predict_encoded(&encoded, &mut into)), 0);
    assert_eq!(allocations(|| plan.predict_encoded(&few, &mut into[..20])), 0);
}
