//! The little of Protocol Buffers that dag-pb and UnixFS need: varints and length-delimited fields.
//!
//! Written here rather than taken from a general library because both messages are tiny, the bytes
//! written must match those of other implementations exactly, and reading must borrow: a block of
//! 2 MiB can hold a quarter of a million links.
//! Wire format: <https://protobuf.dev/programming-guides/encoding/>.

/// The bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 2.
    Bytes(&'a [u8]),
    /// Wire types 1 and 5: skipped, no field read here has them.
    Fixed,
}

/// Reads the fields of one message in order.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// How many bytes have not been read.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next field's number and value; `None` at the end.
    pub(crate) fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(Malformed),
        };
        Ok(Some((tag >> 3, value)))
    }

    /// One varint.
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            // The tenth byte may hold one bit only.
            if shift == 63 && bits > 1 {
                return Err(Malformed);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Appends a varint field.
pub(crate) fn put_varint(out: &mut Vec<u8>, field: u64, value: u64) {
    push_varint(out, field << 3);
    push_varint(out, value);
}

/// Appends a length-delimited field.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    push_varint(out, field << 3 | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_read_back(
            number in 1u64..1000,
            varint: u64,
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut message = Vec::new();
            put_varint(&mut message, number, varint);
            put_bytes(&mut message, number, &bytes);
            let mut reader = Reader::new(&message);
            prop_assert_eq!(reader.field(), Ok(Some((number, Value::Varint(varint)))));
            prop_assert_eq!(reader.field(), Ok(Some((number, Value::Bytes(&bytes)))));
            prop_assert_eq!(reader.field(), Ok(None));
        }

        #[test]
        fn arbitrary_bytes_end_without_panic(
            message in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut reader = Reader::new(&message);
            while let Ok(Some(_)) = reader.field() {}
        }
    }

    #[test]
    fn varints_beyond_64_bits_are_refused() {
        let mut bytes = vec![0xff; 9];
        bytes.push(1);
        assert_eq!(Reader::new(&bytes).varint(), Ok(u64::MAX));
        bytes[9] = 2;
        assert_eq!(Reader::new(&bytes).varint(), Err(Malformed));
        bytes[9] = 0x80;
        bytes.push(0);
        assert_eq!(Reader::new(&bytes).varint(), Err(Malformed));
    }

    #[test]
    fn lengths_beyond_the_message_are_refused() {
        assert_eq!(Reader::new(&[0x0a, 5, 1]).field(), Err(Malformed));
        assert_eq!(Reader::new(&[0x09, 1]).field(), Err(Malformed));
        assert_eq!(Reader::new(&[0x0b]).field(), Err(Malformed));
    }
}
