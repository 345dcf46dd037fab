//! Tasks side by side, each after those that it waits for, the longest way to the end first.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::stages::{Company, on_one_thread};

/// What is to be done.
pub(crate) struct Wait {
    /// Places of the tasks that come before; they have lower places.
    pub(crate) after: Vec<usize>,
    /// How long it takes, in any unit.
    pub(crate) cost: f64,
}

struct State<E> {
    waiting: Vec<bool>,
    done: Vec<bool>,
    running: usize,
    failed: Option<E>,
}

/// Calls `work` for each task, on as many threads as the current pool has. A task has one thread while others are under way
/// or could be, and all of them where it holds up everything else. No more are begun once one has failed.
///
/// # Errors
/// The first that `work` fails with.
pub(crate) fn run<E: Send>(
    tasks: &[Wait],
    work: impl Fn(usize, Company) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let ways = ways(tasks);
    let state = Mutex::new(State {
        waiting: vec![true; tasks.len()],
        done: vec![false; tasks.len()],
        running: 0,
        failed: None,
    });
    let changed = Condvar::new();
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let worker = || {
        loop {
            let mut now = lock();
            let (task, company) = loop {
                if now.failed.is_some() || !now.waiting.contains(&true) {
                    return;
                }
                let ready = ready(tasks, &now);
                if let Some(&task) = ready.iter().max_by(|a, b| ways[**a].total_cmp(&ways[**b])) {
                    let is_alone = now.running == 0 && ready.len() == 1;
                    break (task, if is_alone { Company::Alone } else { Company::Others });
                }
                now = changed.wait(now).unwrap_or_else(PoisonError::into_inner);
            };
            now.waiting[task] = false;
            now.running += 1;
            drop(now);
            let mut outcome = Ok(());
            match company {
                Company::Alone => outcome = work(task, company),
                Company::Others => on_one_thread(|| outcome = work(task, company)),
            }
            let mut now = lock();
            now.running -= 1;
            match outcome {
                Ok(()) => now.done[task] = true,
                Err(error) => now.failed = now.failed.take().or(Some(error)),
            }
            changed.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..rayon::current_num_threads().min(tasks.len()) {
            scope.spawn(worker);
        }
    });
    match state.into_inner().unwrap_or_else(PoisonError::into_inner).failed {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn ready<E>(tasks: &[Wait], now: &State<E>) -> Vec<usize> {
    let is_ready =
        |task: &usize| now.waiting[*task] && tasks[*task].after.iter().all(|&before| now.done[before]);
    (0..tasks.len()).filter(is_ready).collect()
}

/// Of each task its cost and that of the longest way behind it.
fn ways(tasks: &[Wait]) -> Vec<f64> {
    let mut ways: Vec<f64> = vec![0.0; tasks.len()];
    for task in (0..tasks.len()).rev() {
        ways[task] += tasks[task].cost;
        for &before in &tasks[task].after {
            ways[before] = ways[before].max(ways[task]);
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(after: &[usize], cost: f64) -> Wait {
        Wait { after: after.to_vec(), cost }
    }

    #[test]
    fn a_way_is_the_longest_behind_a_task() {
        let tasks = [wait(&[], 1.0), wait(&[0], 2.0), wait(&[0], 5.0), wait(&[1], 1.0)];
        assert_eq!(ways(&tasks), [6.0, 3.0, 5.0, 1.0]);
    }

    #[test]
    fn tasks_come_after_those_they_wait_for_and_have_all_threads_where_nothing_else_could_be_done() {
        let tasks = [wait(&[], 1.0), wait(&[0], 1.0), wait(&[0], 1.0), wait(&[1, 2], 1.0), wait(&[3], 1.0)];
        let seen = Mutex::new(Vec::new());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        pool.install(|| {
            run(&tasks, |task, company| {
                let mut seen = seen.lock().unwrap();
                assert!(tasks[task].after.iter().all(|before| seen.iter().any(|(done, _)| done == before)));
                seen.push((task, company));
                Ok::<(), ()>(())
            })
            .unwrap();
        });
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 5);
        let company = |task| seen.iter().find(|(done, _)| *done == task).unwrap().1;
        assert_eq!([0, 3, 4].map(company), [Company::Alone; 3]);
        assert!([1, 2].map(company).contains(&Company::Others));
    }

    #[test]
    fn nothing_is_begun_behind_a_failure() {
        let tasks = [wait(&[], 1.0), wait(&[0], 1.0)];
        let outcome = run(&tasks, |task, _| if task == 0 { Err("broken") } else { panic!("begun") });
        assert_eq!(outcome, Err("broken"));
    }
}
