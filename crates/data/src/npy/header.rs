//! What is before the elements of an NPY file.

use std::path::Path;

use super::Elements;
use crate::DataError;

/// What an NPY file begins with.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Longest header: NumPy's own are of 54 to some hundred bytes.
const LONGEST_HEADER: usize = 1 << 16;

/// Most dimensions that NumPy makes.
const MOST_DIMENSIONS: usize = 64;

pub(super) struct Header {
    pub(super) element: Element,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

/// The type of an element, as `descr` gives it: `<f8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    kind: Kind,
    /// Of 1, 2, 4 and 8.
    size: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Signed,
    Unsigned,
    Float,
}

impl Header {
    /// The header of a file's content, and what is behind it.
    pub(super) fn read<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Self, &'a [u8]), DataError> {
        let malformed = |place: &str, problem: String| DataError::malformed(path, place, problem);
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(malformed(
                "byte 0",
                "expected the bytes 93 4e 55 4d 50 59 (NUMPY) of an NPY file".into(),
            ));
        };
        let cut_off = || malformed("", format!("ends in the header, after {} bytes", bytes.len()));
        let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(cut_off)?;
        let (length, rest) = match major {
            1 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(cut_off)?;
                (usize::from(u16::from_le_bytes(*length)), rest)
            }
            2 | 3 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(cut_off)?;
                (u32::from_le_bytes(*length) as usize, rest)
            }
            _ => return Err(malformed("byte 6", format!("version {major}, expected 1, 2 or 3"))),
        };
        if length > LONGEST_HEADER {
            let problem = format!("a header of {length} bytes, expected at most {LONGEST_HEADER}");
            return Err(malformed("byte 8", problem));
        }
        let (text, body) = rest.split_at_checked(length).ok_or_else(cut_off)?;
        let literal = Literal { rest: text };
        let header = literal.dictionary().map_err(|problem| malformed("header", problem))?;
        Ok((header, body))
    }
}

impl Element {
    fn of(descr: &str) -> Result<Self, String> {
        let order = descr.chars().next().filter(|order| "<>|=".contains(*order));
        let code = &descr[order.map_or(0, char::len_utf8)..];
        let (kind, size) = match code {
            "?" | "b1" => (Kind::Boolean, 1),
            "i1" => (Kind::Signed, 1),
            "i2" => (Kind::Signed, 2),
            "i4" => (Kind::Signed, 4),
            "i8" => (Kind::Signed, 8),
            "u1" => (Kind::Unsigned, 1),
            "u2" => (Kind::Unsigned, 2),
            "u4" => (Kind::Unsigned, 4),
            "u8" => (Kind::Unsigned, 8),
            "f2" => (Kind::Float, 2),
            "f4" => (Kind::Float, 4),
            "f8" => (Kind::Float, 8),
            _ if code.starts_with('O') => {
                return Err(
                    "elements of type `object`, which are pickled; expected numbers or booleans".into()
                );
            }
            _ => {
                let shown: String = descr.chars().take(40).collect();
                return Err(format!("elements of type `{shown}`, expected numbers or booleans"));
            }
        };
        Ok(Self { kind, size, big_endian: order == Some('>') })
    }

    pub(super) fn size(self) -> usize {
        self.size
    }

    /// The elements in `body`, which is a multiple of their size.
    pub(super) fn read(self, body: &[u8]) -> Elements {
        let raw = body.chunks_exact(self.size).map(|bytes| {
            let place = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
            if self.big_endian { bytes.iter().fold(0, place) } else { bytes.iter().rev().fold(0, place) }
        });
        let unused = 64 - 8 * self.size as u32;
        let signed = |bits: u64| (bits << unused).cast_signed() >> unused;
        match (self.kind, self.size) {
            (Kind::Boolean, _) => Elements::Booleans(body.iter().map(|&byte| byte != 0).collect()),
            (Kind::Unsigned, 1) => Elements::Bytes(body.to_vec()),
            (Kind::Unsigned, 2) => Elements::Singles(raw.map(|bits| bits as f32).collect()),
            (Kind::Signed, 1 | 2) => Elements::Singles(raw.map(|bits| signed(bits) as f32).collect()),
            (Kind::Float, 2) => Elements::Singles(raw.map(|bits| half(bits as u16)).collect()),
            (Kind::Float, 4) => Elements::Singles(raw.map(|bits| f32::from_bits(bits as u32)).collect()),
            (Kind::Unsigned, _) => Elements::Doubles(raw.map(|bits| bits as f64).collect()),
            (Kind::Signed, _) => Elements::Doubles(raw.map(|bits| signed(bits) as f64).collect()),
            (Kind::Float, _) => Elements::Doubles(raw.map(f64::from_bits).collect()),
        }
    }
}

/// A number of IEEE 754's binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff) / 1024.0;
    match exponent {
        0 => sign * fraction * 2f32.powi(-14),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction) * 2f32.powi(exponent - 15),
    }
}

/// The text of a Python literal that is left to read: a dictionary of a string, a boolean and a tuple.
struct Literal<'a> {
    rest: &'a [u8],
}

impl<'a> Literal<'a> {
    fn dictionary(mut self) -> Result<Header, String> {
        let (mut element, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.take(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            match key {
                "descr" if self.peek() == Some(b'[') => {
                    return Err(
                        "elements with fields (a structured type), expected numbers or booleans".into()
                    );
                }
                "descr" => element = Some(Element::of(self.string()?)?),
                "fortran_order" => fortran_order = Some(self.boolean()?),
                "shape" => shape = Some(self.tuple()?),
                _ => return Err(format!("the key `{key}`, expected descr, fortran_order and shape")),
            }
            if !self.take(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        match (element, fortran_order, shape) {
            (Some(element), Some(fortran_order), Some(shape)) => Ok(Header { element, fortran_order, shape }),
            _ => Err("expected the keys descr, fortran_order and shape".into()),
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let there = self.peek() == Some(wanted);
        self.rest = &self.rest[usize::from(there)..];
        there
    }

    fn expect(&mut self, wanted: u8) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("expected `{}`", char::from(wanted))) }
    }

    /// A string in either kind of quotation marks, without escapes: no type or key has any.
    fn string(&mut self) -> Result<&'a str, String> {
        let mark = self.peek().filter(|mark| matches!(mark, b'\'' | b'"')).ok_or("expected a string")?;
        let text = &self.rest[1..];
        let end = text.iter().position(|&byte| byte == mark).ok_or("a string does not end")?;
        self.rest = &text[end + 1..];
        std::str::from_utf8(&text[..end]).map_err(|_| "a string is not UTF-8".into())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word.as_bytes()) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("expected True or False".into())
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        let mut lengths = Vec::new();
        self.expect(b'(')?;
        while !self.take(b')') {
            lengths.push(self.length()?);
            if lengths.len() > MOST_DIMENSIONS {
                return Err(format!("expected at most {MOST_DIMENSIONS} dimensions"));
            }
            if !self.take(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(lengths)
    }

    /// A whole number; Python 2 ended those of 64 bits in an `L`.
    fn length(&mut self) -> Result<usize, String> {
        self.peek();
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.rest[..digits]).unwrap_or_default();
        let length = text.parse().map_err(|_| format!("the length `{text}`, expected a whole number"))?;
        self.rest = &self.rest[digits..];
        self.take(b'L');
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_those_of_the_standard() {
        let cases = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, expected) in cases {
            assert_eq!(half(bits), expected, "{bits:04x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn headers_are_read_as_python_would_or_refused() {
        let read = |text: &str| {
            let header = Literal { rest: text.as_bytes() }.dictionary()?;
            Ok((header.element.size, header.element.big_endian, header.fortran_order, header.shape))
        };
        let cases: [(&str, Result<_, &str>); 14] = [
            (
                "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n",
                Ok((8, false, false, vec![3, 4])),
            ),
            (r#"{"shape":(3L,),"descr":">i2","fortran_order":True}"#, Ok((2, true, true, vec![3]))),
            ("{'descr': '|b1', 'fortran_order': False, 'shape': ()}", Ok((1, false, false, vec![]))),
            ("", Err("expected `{`")),
            ("{}", Err("expected the keys descr, fortran_order and shape")),
            ("{'descr': '<f8'", Err("expected `}`")),
            ("{'descr': '<f8", Err("a string does not end")),
            ("{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", Err("expected True or False")),
            ("{'shape': (-1,)}", Err("the length ``, expected a whole number")),
            (
                "{'shape': (99999999999999999999,)}",
                Err("the length `99999999999999999999`, expected a whole number"),
            ),
            ("{'x': 1}", Err("the key `x`, expected descr, fortran_order and shape")),
            (
                "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
                Err("elements of type `object`, which are pickled; expected numbers or booleans"),
            ),
            ("{'descr': '<U5'}", Err("elements of type `<U5`, expected numbers or booleans")),
            (
                "{'descr': [('a', '<f8')]}",
                Err("elements with fields (a structured type), expected numbers or booleans"),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected.map_err(str::to_owned), "{text}");
        }
    }
}
