//! The content of a file that may be packed with gzip.

use std::io::{self, BufRead, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// Reads the content of a file, unpacked where its first bytes say that it is gzip (RFC 1952), a piece at a
/// time: a small file that unpacks to a huge one takes no more memory than its reader keeps.
pub(crate) struct Unpacked<R> {
    content: Content<R>,
    limit: u64,
    left: u64,
}

enum Content<R> {
    Plain(R),
    Gzip(Box<MultiGzDecoder<R>>),
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

impl<'a> Unpacked<&'a [u8]> {
    /// The content of `bytes`; to read more than `limit` bytes out of a packed file is an error.
    pub(crate) fn new(bytes: &'a [u8], limit: u64) -> Self {
        Self::told(bytes, bytes.starts_with(&GZIP_MAGIC), limit)
    }
}

impl<R: BufRead> Unpacked<Chain<Cursor<Vec<u8>>, R>> {
    /// The same of what a reader gives, which is asked for its first bytes at once.
    pub(crate) fn of(mut reader: R, limit: u64) -> io::Result<Self> {
        let mut first = Vec::new();
        reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut first)?;
        let is_packed = first == GZIP_MAGIC;
        Ok(Self::told(Cursor::new(first).chain(reader), is_packed, limit))
    }
}

impl<R: BufRead> Unpacked<R> {
    fn told(content: R, is_packed: bool, limit: u64) -> Self {
        if is_packed {
            let content = Content::Gzip(Box::new(MultiGzDecoder::new(content)));
            Self { content, limit, left: limit }
        } else {
            Self { content: Content::Plain(content), limit: u64::MAX, left: u64::MAX }
        }
    }

    /// At most `most` further bytes: as many as are there. Memory grows with what is read, not with `most`.
    pub(crate) fn read_up_to(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        self.by_ref().take(most).read_to_end(&mut read)?;
        Ok(read)
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.content {
            Content::Plain(bytes) => bytes.read(buffer)?,
            Content::Gzip(decoder) => decoder.read(buffer).map_err(|error| {
                io::Error::new(error.kind(), format!("the gzip stream is damaged ({error})"))
            })?,
        };
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let problem = format!("unpacks to more than {} bytes", self.limit);
            io::Error::new(io::ErrorKind::FileTooLarge, problem)
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: &[u8], limit: u64) -> Result<Vec<u8>, String> {
        Unpacked::new(bytes, limit).read_up_to(u64::MAX).map_err(|error| error.to_string())
    }

    #[test]
    fn plain_and_packed_files_give_the_same_content() {
        assert_eq!(unpack(b"a,b", 1), Ok(b"a,b".to_vec()), "the limit is for packed files alone");
        assert_eq!(unpack(&gzip(b"a,b"), 3), Ok(b"a,b".to_vec()));
        let members = [gzip(b"a,"), gzip(b"b")].concat();
        assert_eq!(unpack(&members, 3), Ok(b"a,b".to_vec()), "several members are one content");
        // A reader that gives a byte at a time is told apart as well.
        for (bytes, expected) in [(members.as_slice(), "a,b"), (b"a,b", "a,b"), (b"a", "a"), (b"", "")] {
            let reader = io::BufReader::with_capacity(1, bytes);
            let content = Unpacked::of(reader, 3).unwrap().read_up_to(u64::MAX).unwrap();
            assert_eq!(content, expected.as_bytes());
        }
    }

    #[test]
    fn a_bomb_and_damage_are_errors() {
        assert_eq!(unpack(&gzip(&vec![0; 100_000]), 99_999), Err("unpacks to more than 99999 bytes".into()));
        let whole = gzip(b"some content");
        for cut in 2..whole.len() {
            assert!(
                unpack(&whole[..cut], 1000).unwrap_err().contains("gzip stream is damaged"),
                "cut at {cut}"
            );
        }
        let mut flipped = whole.clone();
        let checksum = whole.len() - 8;
        flipped[checksum] ^= 1;
        assert!(unpack(&flipped, 1000).unwrap_err().contains("gzip stream is damaged"));
        assert!(
            unpack(&[whole, b"rest".to_vec()].concat(), 1000).unwrap_err().contains("gzip stream is damaged")
        );
    }
}
