//! Why there is no live intensity.

use lessen_units::Seconds;

/// No live intensity. The token is in none of them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LiveError {
    /// The token cannot be sent.
    #[error("the token was not sent: expected letters, digits and signs of ASCII, found {found}")]
    BadToken {
        /// What is wrong with it.
        found: &'static str,
    },
    /// The service's address is none. It is not repeated, since it may hold a password.
    #[error("the address of the service: expected one such as {expected}, found another")]
    BadAddress {
        /// An address that is one.
        expected: &'static str,
    },
    /// The zone cannot be asked for.
    #[error("expected a zone of 1 to {most} letters, digits and hyphens, found {found}")]
    BadZone {
        /// What was asked for.
        found: String,
        /// The bound.
        most: usize,
    },
    /// No network, no such host, no connection, or one that broke off.
    #[error("`{host}` cannot be reached: {why}")]
    Unreachable {
        /// The service.
        host: String,
        /// What the network says.
        why: String,
    },
    /// The whole answer was not there in time.
    #[error("`{host}` did not answer within {} s", after.0)]
    Timeout {
        /// The service.
        host: String,
        /// The time that was given.
        after: Seconds,
    },
    /// The service does not take the token.
    #[error("`{host}` refused the token (status {status})")]
    Refused {
        /// The service.
        host: String,
        /// 401 or 403.
        status: u16,
    },
    /// The service has no such zone.
    #[error("`{host}` knows no zone `{zone}` (status 404)")]
    UnknownZone {
        /// The service.
        host: String,
        /// What was asked for.
        zone: String,
    },
    /// Any other status.
    #[error("`{host}`: expected an answer with status 200, found {status}")]
    Status {
        /// The service.
        host: String,
        /// What it answered with.
        status: u16,
    },
    /// An answer that does not say an intensity.
    #[error("the answer of `{host}`: expected {expected}, found {found}")]
    NotUnderstood {
        /// The service.
        host: String,
        /// What was expected.
        expected: String,
        /// What was there.
        found: String,
    },
}

impl LiveError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::BadToken { .. } => "copy the token as the service's portal shows it",
            Self::BadAddress { .. } => "give the address up to and with the version, without zone and token",
            Self::BadZone { .. } => "zones are written as FR or US-CAL-CISO",
            Self::Unreachable { .. } | Self::Timeout { .. } => {
                "see whether the network is there and the address is right"
            }
            Self::Refused { .. } => {
                "see whether the token is valid, and valid for this zone: free ones are for a single zone"
            }
            Self::UnknownZone { .. } => {
                "zones are written in capitals, as app.electricitymaps.com shows them"
            }
            Self::Status { status: 429, .. } => "too many calls were made with this token: wait",
            Self::Status { status: 300..400, .. } => {
                "the address has moved: redirects are not followed, so that the token goes nowhere else"
            }
            Self::Status { .. } | Self::NotUnderstood { .. } => {
                "ask again later; if it stays so, the service may have changed"
            }
        }
    }
}
