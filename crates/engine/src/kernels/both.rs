//! Two pieces of work at once.

/// Does both, `second` on another thread of the current pool if one is free, and gives what they give.
///
/// A thread that is not of the pool does `first` itself: by [`rayon::join`] it would have the pool do all, and sleep; that is
/// three threads woken one after the other, each 30 microseconds or more, where one is enough. (To look again and again whether
/// the other is done, instead of sleeping, makes a virtual machine slower: its host takes such loops for idle.)
pub(crate) fn both<A: Send, B: Send>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if cfg!(miri) {
        // Miri looks at our kernels here; the queues of rayon have findings of their own that no flag leaves out.
        return (first(), second());
    }
    if rayon::current_thread_index().is_some() {
        return rayon::join(first, second);
    }
    let mut given = None;
    let done = rayon::in_place_scope(|scope| {
        scope.spawn(|_| given = Some(second()));
        first()
    });
    match given {
        Some(given) => (done, given),
        None => unreachable!("a scope ends when all that was spawned in it has"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "rayon's queues are not what it is to look at")]
    fn both_are_done_on_a_thread_of_the_pool_and_on_any_other() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        for _ in 0..100 {
            assert_eq!(both(|| 1, || "two"), (1, "two"));
            assert_eq!(pool.install(|| both(|| 1, || "two")), (1, "two"));
        }
    }

    #[test]
    #[should_panic(expected = "second")]
    fn a_panic_of_the_other_thread_comes_through() {
        both(|| (), || panic!("second"));
    }
}
