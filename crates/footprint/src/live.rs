//! The carbon intensity of now, asked of a service over the network. Only with the feature `live`.
//!
//! [`ElectricityMaps::latest`] asks <https://www.electricitymaps.com> with a token of the user's own; [`or_table`] takes a
//! table's year where there is no answer, and says so.
//!
//! The token is sent to the service's own host and nowhere else: redirects are not followed, and no message and no
//! debug output holds it.

mod answer;
mod error;

use std::fmt;
use std::io;
use std::time::Duration;

use ureq::http::{HeaderValue, Response, Uri};
use ureq::{Agent, Body};

pub use answer::LiveIntensity;
pub use error::LiveError;

use crate::hourly::error::excerpt;
use crate::intensity::Intensity;
use crate::tables::Tables;

const PRODUCTION: &str = "https://api.electricitymaps.com/v3";
const BAD_ADDRESS: LiveError = LiveError::BadAddress { expected: PRODUCTION };
/// For the whole call: nobody waits longer for a factor that a table has too.
const TIMEOUT: Duration = Duration::from_secs(5);
/// An answer has a few hundred bytes.
const MOST_BYTES: u64 = 64 << 10;
/// The longest zone that there is has 11 letters.
const MOST_ZONE: usize = 32;

/// Electricity Maps' interface, version 3.
#[derive(Clone)]
pub struct ElectricityMaps {
    base: String,
    /// For messages: without a user's name and password. Empty where `base` is no address.
    host: String,
    token: String,
    timeout: Duration,
}

/// Without the token.
impl fmt::Debug for ElectricityMaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ElectricityMaps");
        shown.field("host", &self.host).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl ElectricityMaps {
    /// The service itself, with a token of its user's.
    pub fn new(token: String) -> Self {
        Self::at(PRODUCTION, token)
    }

    /// Another address that speaks as the service does, up to and with its version, such as a gateway's. Over `http://` the
    /// token can be read on the way.
    pub fn at(base: &str, token: String) -> Self {
        let base = base.trim().trim_end_matches('/').to_owned();
        Self { host: host(&base).unwrap_or_default(), base, token, timeout: TIMEOUT }
    }

    /// The time that a whole call may take; 5 seconds where it is not said.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The latest intensity of a zone, such as `FR` or `US-CAL-CISO`.
    ///
    /// # Errors
    /// [`LiveError`]: where zone or token cannot be sent, where the service cannot be reached, does not answer in time,
    /// refuses the token, knows no such zone, or answers what is not understood.
    pub fn latest(&self, zone: &str) -> Result<LiveIntensity, LiveError> {
        let zone = zone.trim();
        let token = sendable(&self.token)?;
        self.check_zone(zone)?;
        let uri = format!("{}/carbon-intensity/latest?zone={zone}", self.base);
        let uri: Uri = uri.parse().map_err(|_| BAD_ADDRESS)?;
        if self.host.is_empty() {
            return Err(BAD_ADDRESS);
        }
        let agent = self.agent(&uri);
        let answer = agent.get(uri).header("auth-token", token).call().map_err(|error| self.failed(error))?;
        let body = self.body(answer, zone)?;
        answer::read(&body, zone).map_err(|unfit| LiveError::NotUnderstood {
            host: self.host.clone(),
            expected: unfit.expected,
            found: self.shown(&unfit.found),
        })
    }

    fn agent(&self, uri: &Uri) -> Agent {
        let mut config = Agent::config_builder()
            .timeout_global(Some(self.timeout))
            .http_status_as_error(false)
            // A redirect would take the token elsewhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("lessen/", env!("CARGO_PKG_VERSION")));
        if uri.host().is_some_and(is_this_machine) {
            config = config.proxy(None);
        }
        config.build().into()
    }

    /// The body of a good answer.
    fn body(&self, answer: Response<Body>, zone: &str) -> Result<Vec<u8>, LiveError> {
        let host = self.host.clone();
        match answer.status().as_u16() {
            200 => {}
            status @ (401 | 403) => return Err(LiveError::Refused { host, status }),
            404 => return Err(LiveError::UnknownZone { host, zone: self.struck(zone) }),
            status => return Err(LiveError::Status { host, status }),
        }
        let body = answer.into_body().into_with_config().limit(MOST_BYTES).read_to_vec();
        body.map_err(|error| self.failed(error))
    }

    /// Letters, digits and hyphens need no encoding in an address, and nothing else is in a zone.
    fn check_zone(&self, zone: &str) -> Result<(), LiveError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if zone.is_empty() || zone.len() > MOST_ZONE || !zone.bytes().all(fits) {
            return Err(LiveError::BadZone { found: self.shown(zone), most: MOST_ZONE });
        }
        Ok(())
    }

    /// Somebody else's text for a message.
    fn shown(&self, text: &str) -> String {
        excerpt(&self.struck(text))
    }

    /// A text without the token: an answer may echo what it was sent, and a user may mix up token and zone.
    fn struck(&self, text: &str) -> String {
        text.replace(self.token.trim(), "…")
    }

    fn unreachable(&self, why: impl Into<String>) -> LiveError {
        LiveError::Unreachable { host: self.host.clone(), why: why.into() }
    }

    /// What went wrong on the way, in our words: some of the client's name addresses in full, and so what a user may
    /// have put into them.
    fn failed(&self, error: ureq::Error) -> LiveError {
        let host = self.host.clone();
        let expected = |expected: String, found: String| LiveError::NotUnderstood {
            host: host.clone(),
            expected,
            found,
        };
        match error {
            ureq::Error::Timeout(_) => LiveError::Timeout { host, after: self.timeout.into() },
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                LiveError::Timeout { host, after: self.timeout.into() }
            }
            ureq::Error::Io(error) => self.unreachable(error.to_string()),
            ureq::Error::HostNotFound => self.unreachable("no host of that name was found"),
            ureq::Error::ConnectionFailed => self.unreachable("no connection came about"),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => BAD_ADDRESS,
            ureq::Error::InvalidProxyUrl => self.unreachable("the address of the proxy is none"),
            ureq::Error::ConnectProxyFailed(_) => self.unreachable("the proxy refused"),
            ureq::Error::Tls(why) => self.unreachable(why),
            ureq::Error::Rustls(error) => self.unreachable(error.to_string()),
            ureq::Error::BodyExceedsLimit(most) => {
                expected(format!("{most} bytes at most"), "a longer answer".to_owned())
            }
            ureq::Error::LargeResponseHeader(found, most) => {
                expected(format!("headers of {most} bytes at most"), format!("{found} bytes"))
            }
            ureq::Error::Protocol(error) => expected("HTTP 1.1".to_owned(), self.shown(&error.to_string())),
            _ => self.unreachable("the client failed"),
        }
    }
}

/// The live intensity, with the band of the tables; or else the fallback, with a sentence that says why.
pub fn or_table(
    live: Result<LiveIntensity, LiveError>,
    fallback: Intensity,
    tables: &Tables,
) -> (Intensity, Option<String>) {
    match live {
        Ok(live) => (live.intensity(tables), None),
        Err(error) => {
            let year = fallback.year.map(|year| format!(" {year}")).unwrap_or_default();
            let why = format!(
                "No live intensity, so that of {}{year} was taken ({}): {error}.",
                fallback.region, fallback.source
            );
            (fallback, Some(why))
        }
    }
}

/// A token as a header, where it can be one.
fn sendable(token: &str) -> Result<HeaderValue, LiveError> {
    let token = token.trim();
    let found = if token.is_empty() {
        "nothing"
    } else if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        "spaces or other characters"
    } else {
        let mut value = HeaderValue::from_str(token).map_err(|_| LiveError::BadToken { found: "others" })?;
        value.set_sensitive(true);
        return Ok(value);
    };
    Err(LiveError::BadToken { found })
}

/// The host of an address of the web, and its port where that is said.
fn host(base: &str) -> Option<String> {
    let uri: Uri = base.parse().ok()?;
    matches!(uri.scheme_str(), Some("http" | "https")).then_some(())?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    Some(uri.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// No proxy stands between a machine and itself.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

#[cfg(test)]
mod tests;
