//! A small server of one thread: a request, an answer, and the connection closes.
//!
//! No client can hold it up. Nothing blocks but the wait for all of them together; a request is bounded in size, a
//! connection in time, their number in all, and whoever does not read its answer loses it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Connections at a time; further ones wait in the system's queue until one is done or cut off.
const MOST_CLIENTS: usize = 64;

/// A connection that takes longer than this is cut off.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a service says to the bytes that it has got so far.
pub(crate) enum Heard {
    /// There is more to come.
    More,
    /// The answer, with which the connection ends.
    Answer(Vec<u8>),
}

/// Understands requests.
pub(crate) trait Service: Send + 'static {
    /// Longer requests are given to [`Service::hear`] once, cut there, and must be answered then.
    const LONGEST: usize;

    /// `request` is all that came so far; `last` says that no more will.
    fn hear(&mut self, request: &[u8], last: bool) -> Heard;

    /// What is to be done once, in the server's thread, before anybody is heard.
    fn begin(&mut self) {}
}

/// Where clients come from.
pub(crate) enum Door {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A service that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// Closed to end the thread.
    alive: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(name: &str, door: Door, service: impl Service) -> io::Result<Self> {
        match &door {
            Door::Unix(listener) => listener.set_nonblocking(true)?,
            Door::Tcp(listener) => listener.set_nonblocking(true)?,
        }
        let (alive, end) = UnixStream::pair()?;
        let thread =
            thread::Builder::new().name(name.to_owned()).spawn(move || serve(&door, &end, service))?;
        Ok(Self { alive: Some(alive), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.alive.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve<S: Service>(door: &Door, end: &UnixStream, mut service: S) {
    let mut clients: Vec<Client> = Vec::new();
    service.begin();
    loop {
        let ready = wait(door, end, &clients);
        if ready.end {
            return;
        }
        let mut at = 0;
        clients.retain_mut(|client| {
            let is_ready = ready.clients.get(at).copied().unwrap_or(false);
            at += 1;
            (!is_ready || client.go_on(&mut service)) && client.deadline > Instant::now()
        });
        if ready.door {
            let_in(door, &mut clients);
        }
    }
}

fn let_in(door: &Door, clients: &mut Vec<Client>) {
    while clients.len() < MOST_CLIENTS {
        match door.accept() {
            Ok(stream) => clients.push(Client::new(stream)),
            Err(error) if is_passing(&error) => return,
            // No file descriptor is left, or the client is gone: the queue would wake us at once again.
            Err(_) => return thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Who has something to be done.
struct Ready {
    end: bool,
    door: bool,
    clients: Vec<bool>,
}

fn wait(door: &Door, end: &UnixStream, clients: &[Client]) -> Ready {
    let has_room = clients.len() < MOST_CLIENTS;
    let mut all = vec![
        PollFd::from_borrowed_fd(end.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(door.as_fd(), if has_room { PollFlags::IN } else { PollFlags::empty() }),
    ];
    all.extend(
        clients.iter().map(|client| PollFd::from_borrowed_fd(client.stream.as_fd(), client.waits_for())),
    );
    let left = clients.iter().map(|client| client.deadline.saturating_duration_since(Instant::now())).min();
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    // Interrupted or out of time: nobody is ready, and the late are cut off.
    let _ = poll(&mut all, timeout.as_ref());
    let mut ready = all.iter().map(|one| !one.revents().is_empty());
    let (end, door) = (ready.next().unwrap_or(true), ready.next().unwrap_or(false));
    Ready { end, door, clients: ready.collect() }
}

impl Door {
    fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Stream::Unix(stream))
            }
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Stream::Tcp(stream))
            }
        }
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(listener) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
        }
    }
}

struct Client {
    stream: Stream,
    deadline: Instant,
    request: Vec<u8>,
    /// What is still to be sent; `None` while the request is not complete.
    answer: Option<Vec<u8>>,
}

impl Client {
    fn new(stream: Stream) -> Self {
        Self { stream, deadline: Instant::now() + PATIENCE, request: Vec::new(), answer: None }
    }

    fn waits_for(&self) -> PollFlags {
        if self.answer.is_some() { PollFlags::OUT } else { PollFlags::IN }
    }

    /// As far as it goes without waiting; false when the connection is over.
    fn go_on<S: Service>(&mut self, service: &mut S) -> bool {
        if self.answer.is_none() {
            self.answer = match self.listen(service) {
                Ok(answer) => answer,
                Err(_) => return false,
            };
        }
        match &mut self.answer {
            None => true,
            Some(answer) => match self.stream.write(answer) {
                Ok(sent) => {
                    answer.drain(..sent);
                    !answer.is_empty() && sent > 0
                }
                Err(error) => is_passing(&error),
            },
        }
    }

    fn listen<S: Service>(&mut self, service: &mut S) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = [0; 1024];
        loop {
            let room = (S::LONGEST - self.request.len()).min(buffer.len());
            let (got, ended) = match self.stream.read(&mut buffer[..room]) {
                Ok(got) => (got, got == 0),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_passing(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            self.request.extend_from_slice(&buffer[..got]);
            let last = ended || self.request.len() >= S::LONGEST;
            match service.hear(&self.request, last) {
                Heard::Answer(answer) => return Ok(Some(answer)),
                Heard::More if last => return Err(ErrorKind::InvalidData.into()),
                Heard::More => {}
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
