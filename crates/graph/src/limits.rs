//! A bound on the memory that decoding takes.
//!
//! Two bytes of a file can ask for a whole empty node, so a hostile file would grow a hundredfold when it is decoded. Counting
//! parts first, without keeping any, bounds what decoding adds to the size of the numbers (which grow eightfold at most: a byte of
//! a packed list may be an integer of 64 bits).

/// What is wrong with bytes that are no message of a bounded size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}, at byte {at}")]
pub struct Malformed {
    /// What is wrong.
    pub problem: String,
    /// Where.
    pub at: usize,
}

/// Refuses what is no protobuf message, or one of more than `most` parts: fields and list entries, numbers of tensors apart.
///
/// # Errors
/// [`Malformed`].
pub fn check_parts(file: &[u8], most: usize) -> Result<(), Malformed> {
    Scan { file, place: 0, most, left: most }.message(Message::Model, file.len(), 0)
}

/// Messages within each other, at most; what the decoder allows, too.
const DEEPEST: usize = 100;

/// The messages that hold lists, or messages that do.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Function,
    Tensor,
    SparseTensor,
    ValueInfo,
    Type,
    TensorType,
    Sequence,
    Shape,
}

impl Message {
    /// What field `number` of this message is, if it must be looked into.
    fn child(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            (Self::Graph, 5) | (Self::Attribute, 5) | (Self::SparseTensor, 1) => Self::Tensor,
            (Self::Graph, 15) | (Self::Attribute, 22) => Self::SparseTensor,
            (Self::Graph, 11..=13) => Self::ValueInfo,
            (Self::ValueInfo, 2) | (Self::Sequence, 1) => Self::Type,
            (Self::Type, 1 | 8) => Self::TensorType,
            (Self::Type, 4 | 9) => Self::Sequence,
            (Self::TensorType, 2) => Self::Shape,
            _ => return None,
        })
    }
}

/// A walk over a file: <https://protobuf.dev/programming-guides/encoding/>.
struct Scan<'a> {
    file: &'a [u8],
    place: usize,
    most: usize,
    left: usize,
}

impl Scan<'_> {
    /// Walks one message, up to `end`; deepens only as far as [`Message::child`] does.
    fn message(&mut self, message: Message, end: usize, depth: usize) -> Result<(), Malformed> {
        if depth > DEEPEST {
            return Err(
                self.malformed(format!("messages within each other, expected at most {DEEPEST} deep"))
            );
        }
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
                        self.message(child, content_end, depth + 1)?;
                    }
                    self.place = content_end;
                }
                // A number of a list that is not packed takes no more memory than it takes here.
                5 => {
                    self.take(4, end)?;
                    parts = usize::from(!matches!(message, Message::Tensor | Message::Attribute));
                }
                other => return Err(self.malformed(format!("wire type {other}, expected 0, 1, 2 or 5"))),
            }
            if parts > self.left {
                let most = self.most;
                return Err(self.malformed(format!("more parts than a model has, expected at most {most}")));
            }
            self.left -= parts;
        }
        Ok(())
    }

    fn varint(&mut self, end: usize) -> Result<u64, Malformed> {
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

    fn take(&mut self, length: u64, end: usize) -> Result<&[u8], Malformed> {
        let start = self.place;
        self.place += self.within(length, end)?;
        Ok(&self.file[start..self.place])
    }

    /// `length`, if as many bytes are left up to `end`.
    fn within(&self, length: u64, end: usize) -> Result<usize, Malformed> {
        let left = end - self.place;
        let within = usize::try_from(length).ok().filter(|&length| length <= left);
        within.ok_or_else(|| self.malformed(format!("{left} bytes are left, expected {length}")))
    }

    fn malformed(&self, problem: String) -> Malformed {
        Malformed { problem, at: self.place }
    }
}
