//! Octets read one after the other: single ones, texts, and the numbers and values of WSP.

/// Octets that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Octets<'a>(pub(super) &'a [u8]);

/// A value of a header or of a parameter, by how its first octet begins it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value<'a> {
    /// A number of seven bits, mostly a well-known one.
    Short(u8),
    /// A text, its end and what quotes it left out.
    Text(&'a [u8]),
    /// Octets of a length that stands before them.
    Long(&'a [u8]),
}

impl<'a> Octets<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn peek(self) -> Option<u8> {
        self.0.first().copied()
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// So many octets; `None` and nothing read where there are fewer.
    pub(super) fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    /// So many octets, or all there are.
    pub(super) fn take_most(&mut self, octets: usize) -> &'a [u8] {
        self.take(octets.min(self.0.len())).unwrap_or_default()
    }

    /// A number in groups of seven bits, at most five octets; `None` where it does not fit 32 bits.
    pub(super) fn uintvar(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for _ in 0..5 {
            let octet = self.octet()?;
            number = number.checked_mul(0x80)? | u32::from(octet & 0x7f);
            if octet & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A uintvar that is a length.
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.uintvar()?).ok()
    }

    /// A text that ends with an octet 0, which is left out.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(0, self.0)?;
        let text = self.take(end)?;
        self.octet();
        Some(text)
    }

    /// A value.
    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            short @ 0x80.. => {
                self.octet();
                Some(Value::Short(short & 0x7f))
            }
            length @ ..=30 => {
                self.octet();
                self.take(length.into()).map(Value::Long)
            }
            31 => {
                self.octet();
                let length = self.length()?;
                self.take(length).map(Value::Long)
            }
            // A quote before a text that begins with a high octet, or before one of which the end is not quoted.
            0x22 | 0x7f => {
                self.octet();
                self.text().map(Value::Text)
            }
            _ => self.text().map(Value::Text),
        }
    }
}

impl Value<'_> {
    /// The number that it is: short, or of at most eight octets.
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Short(number) => Some(number.into()),
            Self::Long(octets) if (1..=8).contains(&octets.len()) => {
                Some(octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
            }
            Self::Text(_) | Self::Long(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_variable_length() {
        let cases: [(&[u8], Option<u32>); 8] = [
            (b"\x00", Some(0)),
            (b"\x7f", Some(127)),
            (b"\x81\x00", Some(128)),
            (b"\x81\x23", Some(0xa3)),
            (b"\x8f\xff\xff\xff\x7f", Some(u32::MAX)),
            (b"\x90\x80\x80\x80\x00", None),
            (b"\x80\x80\x80\x80\x80\x01", None),
            (b"\x81", None),
        ];
        for (octets, number) in cases {
            assert_eq!(Octets(octets).uintvar(), number, "{octets:02x?}");
        }
    }

    #[test]
    fn values_by_their_first_octet() {
        let mut octets = Octets(b"\xccgzip\0\x02\x01\xf4\x1f\x81\x00");
        assert_eq!(octets.value(), Some(Value::Short(0x4c)));
        assert_eq!(octets.value(), Some(Value::Text(b"gzip")));
        let long = octets.value();
        assert_eq!((long, long.and_then(Value::number)), (Some(Value::Long(b"\x01\xf4")), Some(500)));
        assert_eq!(octets.value(), None, "shorter than it says");
        assert_eq!(Octets(b"\"quoted\0").value(), Some(Value::Text(b"quoted")));
        assert_eq!(Octets(b"\x7f\xe9t\xe9\0").value(), Some(Value::Text(b"\xe9t\xe9")));
        assert_eq!(Octets(b"endless").value(), None);
        assert_eq!(Octets(b"\x00").value().and_then(Value::number), None);
    }
}
