//! What there is to say about models of other tools.

use std::str::FromStr;

use clap::Args;

/// What another tool's file does not say of its rows.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Models of other tools")]
pub(crate) struct ForeignArgs {
    /// How an ONNX model that lessen did not write takes the pixels of images: `unit` (0 to 1), `raw` (0 to 255), or the mean and
    /// standard deviation of pixels from 0 to 1 that it is given them by, `0.1307,0.3081` [default: unit].
    #[arg(long, value_name = "HOW")]
    pub(crate) pixels: Option<Pixels>,
}

/// A pixel `x`, 0 to 255, is `(x - shift) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) shift: f32,
    pub(crate) scale: f32,
}

impl Default for Pixels {
    fn default() -> Self {
        Self { shift: 0.0, scale: 255.0 }
    }
}

impl FromStr for Pixels {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "unit" => return Ok(Self::default()),
            "raw" => return Ok(Self { shift: 0.0, scale: 1.0 }),
            _ => {}
        }
        let parts = text.split_once(',').and_then(|(mean, deviation)| {
            let number = |text: &str| text.trim().parse::<f32>().ok().filter(|number| number.is_finite());
            Some((number(mean)?, number(deviation).filter(|&deviation| deviation > 0.0)?))
        });
        let (mean, deviation) = parts.ok_or(
            "expected `unit`, `raw`, or a mean and a standard deviation above 0, as in `0.1307,0.3081`",
        )?;
        Ok(Self { shift: 255.0 * mean, scale: 255.0 * deviation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_told_as_people_tell_them() {
        let of = |text: &str| text.parse::<Pixels>();
        assert_eq!(of("unit"), Ok(Pixels { shift: 0.0, scale: 255.0 }));
        assert_eq!(of("raw"), Ok(Pixels { shift: 0.0, scale: 1.0 }));
        assert_eq!(of("0.5, 0.25"), Ok(Pixels { shift: 127.5, scale: 63.75 }));
        assert!(["", "0.5", "0.5,0", "a,b", "0,inf"].into_iter().all(|wrong| of(wrong).is_err()));
    }
}
