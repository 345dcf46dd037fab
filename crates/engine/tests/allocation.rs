//! After the first, a training step allocates nothing of its own: everything it needs was made with the trainer. What is
//! left are the packing buffers that the `gemm` crate takes and returns within each product.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use lessen_engine::{Activation, Optimiser, Recipe, Schedule, Targets, Trainer, TrainingRows, initial};

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
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

const STEPS: usize = 60;

/// Three layers: forward and weight gradient of each, and the gradient of the outputs of the first two.
const PRODUCTS: usize = 8;

/// The most that `gemm` 0.19 takes within one product.
const BUFFERS: usize = 2;

#[test]
fn a_step_allocates_nothing_but_inside_of_products() {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let (classes, labels) = digits.classes().unwrap();
    let encoding = lessen_data::Encoding::fit(&digits.features, &split.train);
    for activation in [Activation::Relu, Activation::Tanh] {
        let network = initial::mlp(encoding.clone(), &[64, 32], activation, classes.to_vec(), 1).unwrap();
        let recipe = Recipe {
            batch: 50,
            optimiser: Optimiser::adam(0.001),
            schedule: Schedule::Cosine { steps: 100, warm_up: 5 },
            weight_decay: 0.01,
        };
        let mut trainer = Trainer::new(network, recipe, 1).unwrap();
        let rows =
            TrainingRows { features: &digits.features, rows: &split.train, targets: Targets::Labels(labels) };
        // The first step shuffles the rows into their buffer, and the product packs into its thread's.
        trainer.step(&rows).unwrap();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for _ in 0..STEPS {
            trainer.step(&rows).unwrap();
        }
        let a_step = (ALLOCATIONS.load(Ordering::Relaxed) - before) as f64 / STEPS as f64;
        assert!(a_step <= (BUFFERS * PRODUCTS) as f64, "{activation:?}: {a_step} allocations a step");
    }
}
