//! Into a group, out of it, and a command started in between.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::Group;

/// A group that is being made, and us on the way into it, by a thread that starts what it is given there.
///
/// Until it ends, by [`Visit::end`] or by being dropped, all threads of this process may count as the group's.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Closed to end the stay.
    orders: Option<Sender<Command>>,
    outcomes: Receiver<io::Result<Child>>,
    /// One message when we are in, none where we cannot go in.
    arrived: Receiver<()>,
    /// The group, or why there is none.
    thread: Option<JoinHandle<Result<Group, String>>>,
}

impl Visit {
    pub(crate) fn begin() -> Result<Self, String> {
        let (orders, taken) = mpsc::channel();
        let (done, outcomes) = mpsc::channel();
        let (arrive, arrived) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("lessen-group".to_owned())
            .spawn(move || stay(arrive, &taken, &done))
            .map_err(|error| format!("no thread to go into one: {error}"))?;
        Ok(Self { orders: Some(orders), outcomes, arrived, thread: Some(thread) })
    }

    /// Waits until we are in, or it is clear that we cannot.
    pub(crate) fn arrive(&self) {
        let _ = self.arrived.recv();
    }

    /// Starts a command inside. `None` where the group could not be used: then nothing was started, and [`Visit::end`]
    /// says why.
    pub(crate) fn spawn(&self, command: Command) -> Option<io::Result<Child>> {
        self.orders.as_ref()?.send(command).ok()?;
        self.outcomes.recv().ok()
    }

    /// Goes back; the group counts on.
    pub(crate) fn end(mut self) -> Result<Group, String> {
        self.finish()
    }

    fn finish(&mut self) -> Result<Group, String> {
        self.orders = None;
        let ended = self.thread.take().map(JoinHandle::join);
        ended.and_then(Result::ok).unwrap_or_else(|| Err("the thread in it failed".to_owned()))
    }
}

impl Drop for Visit {
    /// Where no command was started: we go back, and the group is removed.
    fn drop(&mut self) {
        if self.thread.is_some() {
            let _ = self.finish();
        }
    }
}

/// What the thread does. Where it cannot go in it drops its end of the channels, and nothing is started here.
fn stay(
    arrive: Sender<()>,
    orders: &Receiver<Command>,
    done: &Sender<io::Result<Child>>,
) -> Result<Group, String> {
    let mut group = Group::make()?;
    group.enter()?;
    let _ = arrive.send(());
    // Whoever asks again hears that nothing more will come.
    drop(arrive);
    let mut next = orders.recv();
    let counting = group.begin_to_count();
    while let (Ok(mut command), Ok(_)) = (next, &counting) {
        let _ = done.send(command.spawn());
        next = orders.recv();
    }
    group.leave(counting)?;
    Ok(group)
}
