//! After the first, a training step and a prediction allocate nothing: everything they need was made before.

#![allow(unsafe_code, clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use lessen_data::{Dataset, Encoding};
use lessen_engine::{
    Activation, Optimiser, Plan, Recipe, Schedule, Start, Targets, Trainer, TrainingRows, initial,
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

fn network(digits: &Dataset, activation: Activation) -> Network {
    let rows: Vec<u32> = (0..digits.features.rows() as u32).collect();
    let encoding = Encoding::fit(&digits.features, &rows);
    let start = Start { input_dropout: 0.1, hidden_dropout: 0.5, ..Start::of(activation) };
    initial::mlp_from(start, encoding, &[64, 32], digits.answer(), 1).unwrap()
}

/// The same with one weight in 20 left.
fn pruned(mut network: Network) -> Network {
    network.dense_mut().for_each(|dense| dense.weights.shrink(|index| index % 20 == 0));
    network
}

#[test]
fn a_step_allocates_nothing() {
    let digits = lessen_data::digits().unwrap();
    let (_, labels) = digits.classes().unwrap();
    // Six minibatches of 50 and one of 28: the order is shuffled anew after every seventh.
    let rows: Vec<u32> = (0..328).collect();
    let hard = Targets::Labels(labels);
    let soft = vec![0.1; digits.features.rows() * 10];
    let momentum = Optimiser::Sgd { rate: 0.01, momentum: 0.9, nesterov: false };
    let parts = [(0.5, hard), (1.0, Targets::Logits(&soft)), (0.5, Targets::Probabilities(&soft))];
    for (activation, optimiser, targets) in [
        (Activation::Relu, Optimiser::adam(0.001), hard),
        (Activation::Tanh, momentum, Targets::Soft(&soft)),
        (Activation::LeakyRelu, Optimiser::sgd(0.01), Targets::Weighted(&parts)),
    ] {
        let network = network(&digits, activation);
        for network in [pruned(network.clone()), network] {
            for clip in [None, Some(0.1)] {
                let schedule = Schedule::Cosine { steps: 100, warm_up: 5 };
                let recipe = Recipe { schedule, weight_decay: 0.01, clip, ..Recipe::plain(50, optimiser) };
                let mut trainer = Trainer::new(network.clone(), recipe, 1).unwrap();
                let training = TrainingRows { features: &digits.features, rows: &rows, targets };
                for step in 0..30 {
                    let found = allocations(|| {
                        trainer.step(&training).unwrap();
                    });
                    // The first step makes room for the order and, where there are any, for several losses and clipped gradients.
                    assert!(step == 0 || found == 0, "{activation:?}, step {step}: {found}");
                }
            }
        }
    }
}

#[test]
fn a_prediction_allocates_nothing() {
    let digits = lessen_data::digits().unwrap();
    let network = network(&digits, Activation::Relu);
    for network in [pruned(network.clone()), network] {
        let plan = Plan::new("digits", network).unwrap();
        let rows: Vec<u32> = (0..100).collect();
        let encode = |rows| plan.network().encoding().encode(&digits.features, rows).unwrap();
        let (encoded, few) = (encode(&rows), encode(&rows[..2]));
        let mut into = vec![0.0; 1000];
        plan.predict_encoded(&encoded, &mut into);
        // Few rows need room of their own.
        plan.predict_encoded(&few, &mut into[..20]);
        assert_eq!(allocations(|| plan.predict_encoded(&encoded, &mut into)), 0);
        assert_eq!(allocations(|| plan.predict_encoded(&few, &mut into[..20])), 0);
        for count in [1, 3] {
            let batch = Batch::new(&digits.features, &rows[..count]);
            plan.predict(&batch, &mut into[..10 * count]).unwrap();
            let found = allocations(|| {
                let batch = Batch::new(&digits.features, &rows[..count]);
                plan.predict(&batch, &mut into[..10 * count]).unwrap();
            });
            assert!(found == 0 || count == 3, "{count} rows: {found}");
        }
    }
}
