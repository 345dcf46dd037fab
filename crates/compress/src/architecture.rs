//! Networks by the name that people give them.

use std::fmt;
use std::str::FromStr;

use lessen_data::{Answer, Encoding};
use lessen_engine::{Start, initial};
use lessen_model::Network;
use serde::{Deserialize, Serialize};

use crate::error::CompressError;

/// The shape of a network before it has weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Architecture {
    name: String,
    /// Inputs and outputs where the name says them, and the units between.
    inputs: Option<usize>,
    hidden: Vec<usize>,
    outputs: Option<usize>,
}

/// Why a name is none of an architecture.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{name}` is no architecture: expected `lenet-300-100`, or `mlp:` and widths such as `mlp:784-300-100-10`"
)]
pub struct UnknownArchitecture {
    name: String,
}

/// A slip of the finger beyond this.
const MOST_UNITS: usize = 1 << 20;

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(name: &str) -> Result<Self, UnknownArchitecture> {
        let unknown = || UnknownArchitecture { name: name.to_owned() };
        if name == LENET_300_100 {
            return Ok(Self::lenet_300_100());
        }
        let widths = name.strip_prefix("mlp:").ok_or_else(unknown)?;
        let width = |text: &str| text.parse().ok().filter(|width| (1..=MOST_UNITS).contains(width));
        let widths: Option<Vec<usize>> = widths.split('-').map(width).collect();
        match widths.as_deref() {
            Some([inputs, hidden @ .., outputs]) => Ok(Self {
                name: name.to_owned(),
                inputs: Some(*inputs),
                hidden: hidden.to_vec(),
                outputs: Some(*outputs),
            }),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Architecture {
    type Error = UnknownArchitecture;

    fn try_from(name: String) -> Result<Self, UnknownArchitecture> {
        name.parse()
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> Self {
        architecture.name
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

const LENET_300_100: &str = "lenet-300-100";

impl Architecture {
    /// The hidden layers of LeCun et al. 1998; it takes what the data has and gives what is asked of it.
    pub fn lenet_300_100() -> Self {
        Self { name: LENET_300_100.to_owned(), inputs: None, hidden: vec![300, 100], outputs: None }
    }

    /// The network with its first weights, drawn from the stream `start weights` of `seed`.
    ///
    /// # Errors
    /// [`CompressError::Shape`] where it takes or gives other widths than the data, or a layer is too large.
    pub(crate) fn start(
        &self,
        encoding: Encoding,
        answer: Answer,
        start: Start,
        seed: u64,
    ) -> Result<Network, CompressError> {
        let widths = [("inputs", self.inputs, encoding.width()), ("outputs", self.outputs, answer.outputs())];
        for (what, model, data) in widths {
            if let Some(model) = model.filter(|&model| model != data) {
                return Err(CompressError::Shape { network: self.name.clone(), what, model, data });
            }
        }
        Ok(initial::mlp_from(start, encoding, &self.hidden, answer, seed)?)
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::ColumnEncoding;
    use lessen_engine::Activation;

    use super::*;

    #[test]
    fn names_are_read_and_written_alike_and_others_are_refused() {
        for (name, hidden) in
            [("lenet-300-100", &[300, 100][..]), ("mlp:784-300-100-10", &[300, 100]), ("mlp:4-2", &[])]
        {
            let architecture: Architecture = name.parse().unwrap();
            assert_eq!((architecture.hidden.as_slice(), architecture.to_string().as_str()), (hidden, name));
        }
        for name in ["", "lenet", "mlp:", "mlp:4", "mlp:4-0-2", "mlp:4-x", "mlp:4--2", "mlp:4-99999999999-2"]
        {
            assert!(name.parse::<Architecture>().is_err(), "{name}");
        }
    }

    #[test]
    fn widths_that_are_not_the_data_s_are_refused_naming_both() {
        let pixels = ColumnEncoding::Pixels { count: 4, shift: 0.0, scale: 1.0 };
        let encoding = Encoding::try_from(vec![pixels]).unwrap();
        let answer = || Answer::Classes(vec!["a".into(), "b".into()]);
        let start = |name: &str| {
            let architecture: Architecture = name.parse().unwrap();
            architecture.start(encoding.clone(), answer(), Start::of(Activation::Relu), 1)
        };
        assert_eq!(start("mlp:4-3-2").unwrap().widths(), [4, 3, 3, 2, 2]);
        let error = |name: &str| start(name).unwrap_err().to_string();
        assert_eq!(error("mlp:5-3-2"), "`mlp:5-3-2` has 5 inputs, and the data has 4 encoded features");
        assert_eq!(error("mlp:4-3-7"), "`mlp:4-3-7` has 7 outputs, and the data asks for 2");
    }
}
