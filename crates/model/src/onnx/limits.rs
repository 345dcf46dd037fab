//! A bound on the memory that decoding takes.
//!
//! Two bytes of a file can ask for a whole empty node, so a hostile file would grow a hundredfold when it is
//! decoded. A file of ours consists of few parts beside its numbers; counting them first, without keeping any,
//! bounds what decoding adds to the size of the numbers.

use super::OnnxError;

/// Fields and list entries, numbers of tensors apart, that a file may have. A dense layer has about 30.
const MOST_PARTS: usize = 1 << 16;

/// Refuses what is no protobuf message, or one of too many parts.
///
/// # Errors
/// [`OnnxError::Malformed`].
pub(super) fn check_parts(file: &[u8]) -> Result<(), OnnxError> {
    Scan { file, place: 0, parts_left: MOST_PARTS }.message(Message::Model, file.len())
}

/// The messages that hold lists, or messages that do.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Model,
    Graph,
    Node,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
}

impl Message {
    /// What field `number` of this message is, if it must be looked into.
    fn child(self, number: u64) -> Option<Self> {
        match (self, number) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Graph, 5) => Some(Self::Tensor),
            (Self::Graph, 11 | 12) => Some(Self::ValueInfo),
            (Self::ValueInfo, 2) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::TensorType, 2) => Some(Self::Shape),
            _ => None,
        }
    }
}

/// A walk over a file: <https://protobuf.dev/programming-guides/encoding/>.
struct Scan<'a> {
    file: &'a [u8],
    place: usize,
    parts_left: usize,
}

impl Scan<'_> {
    /// Walks one message, up to `end`; deepens only as far as [`Message::child`] does.
    fn message(&mut self, message: Message, end: usize) -> Result<(), OnnxError> {
        while self.place < end {
            let key = self.varint(end)?;
            let (number, wire_type) = (key >> 3, key & 7);
            let mut parts = 1;
            match wire_type {
                0 => drop(self.varint(end)?),
                1 => drop(self.take(8, end)?),
                2 => {
                    let length = self.varint(end)?;
                    let content_end = self.place + self.within(length, end)?;
                    if message == Message::Tensor && number == 1 {
                        // Dimensions, packed: each byte may be one.
                        parts += content_end - self.place;
                    }
                    if let Some(child) = message.child(number) {
                        self.message(child, content_end)?;
                    }
                    self.place = content_end;
                }
                5 => {
                    self.take(4, end)?;
                    // A float of a tensor that lists them one by one takes less memory than it takes here.
                    parts = usize::from(message != Message::Tensor);
                }
                other => return Err(self.malformed(format!("wire type {other}, expected 0, 1, 2 or 5"))),
            }
            if parts > self.parts_left {
                let problem = format!("more parts than a network has, expected at most {MOST_PARTS}");
                return Err(self.malformed(problem));
            }
            self.parts_left -= parts;
        }
        Ok(())
    }

    fn varint(&mut self, end: usize) -> Result<u64, OnnxError> {
        let mut value = 0;
        for place in 0..10 {
            let byte = self.take(1, end)?.first().copied().unwrap_or_default();
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number of more than 10 bytes".into()))
    }

    fn take(&mut self, length: u64, end: usize) -> Result<&[u8], OnnxError> {
        let start = self.place;
        self.place += self.within(length, end)?;
        Ok(&self.file[start..self.place])
    }

    /// `length`, if as many bytes are left up to `end`.
    fn within(&self, length: u64, end: usize) -> Result<usize, OnnxError> {
        let left = end - self.place;
        let within = usize::try_from(length).ok().filter(|&length| length <= left);
        within.ok_or_else(|| self.malformed(format!("{left} bytes are left, expected {length}")))
    }

    fn malformed(&self, problem: String) -> OnnxError {
        OnnxError::Malformed { problem: format!("{problem}, at byte {}", self.place) }
    }
}
