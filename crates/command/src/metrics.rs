//! Numbers of a running command for Prometheus: a small HTTP server and its text format.
//!
//! ```
//! use std::collections::BTreeMap;
//! use lessen_command::metrics::{Metric, Reach, Sample, Type, exposition, serve};
//!
//! let render = || {
//!     let energy = Metric {
//!         help: "Energy so far.".to_owned(),
//!         kind: Type::Counter,
//!         samples: vec![Sample { labels: vec![("device".into(), "gpu 0".into())], value: 12.5 }],
//!     };
//!     exposition(&BTreeMap::from([("lessen_energy_joules_total".to_owned(), energy)])).unwrap_or_default()
//! };
//! assert!(render().ends_with("lessen_energy_joules_total{device=\"gpu 0\"} 12.5\n"));
//! let server = serve("127.0.0.1:0".parse()?, Reach::ThisMachine, render)?;
//! println!("http://{}/metrics", server.address());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod exposition;
mod http;

use std::io;
use std::net::{SocketAddr, TcpListener};

pub use exposition::{ExpositionError, Metric, Sample, Type, exposition};

use self::http::Page;
use crate::service::{Door, Server};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Programs of this machine: an address that others reach is refused.
    ThisMachine,
    /// Whoever reaches the address; there is no password.
    Anyone,
}

/// Why metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Others could read what is served.
    #[error(
        "`{address}` can be reached from other machines, expected one of this machine such as `127.0.0.1:9464`"
    )]
    NotLocal {
        /// As it was given.
        address: SocketAddr,
    },
    /// The system refused.
    #[error("cannot serve metrics at `{address}`")]
    Refused {
        /// As it was given.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl ServeError {
    /// What would mend it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotLocal { .. } => Some("say so if others are to read the numbers: there is no password"),
            Self::Refused { source, .. } if source.kind() == io::ErrorKind::AddrInUse => Some(
                "another program has this port, perhaps another run: take another one, or 0 for any that is free",
            ),
            Self::Refused { .. } => None,
        }
    }
}

/// Serves until it is dropped.
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    _server: Server,
}

impl MetricsServer {
    /// Where it is, with the port that was found where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Answers `GET /metrics` at an address with what `render` gives, in a thread of its own.
///
/// # Errors
/// Where the address is taken or not of this machine, or, if others may ask, cannot be had.
pub fn serve(
    address: SocketAddr,
    reach: Reach,
    render: impl FnMut() -> String + Send + 'static,
) -> Result<MetricsServer, ServeError> {
    if reach == Reach::ThisMachine && !address.ip().is_loopback() {
        return Err(ServeError::NotLocal { address });
    }
    let refused = |source| ServeError::Refused { address, source };
    let listener = TcpListener::bind(address).map_err(refused)?;
    let found = listener.local_addr().map_err(refused)?;
    let page = Page { render: Box::new(render) };
    let server = Server::start("lessen-metrics", Door::Tcp(listener), page).map_err(refused)?;
    Ok(MetricsServer { address: found, _server: server })
}
