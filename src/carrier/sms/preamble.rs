//! The preamble of PTS, the plain-text syntax: as much of it as a carrier has to know, and its segments.

use std::ops::Range;

/// How a payload in the plain-text syntax begins: `WV`, two digits of a version or `XX`, two letters of a primitive, the
/// digits of a transaction identifier, and two letters more where the payload is one segment of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preamble {
    /// The version as written: `12` for 1.2, `XX` for version discovery.
    pub version: [u8; 2],
    /// The code of the primitive, in upper case.
    pub primitive: [u8; 2],
    /// Where the transaction identifier stands.
    pub transaction: Range<usize>,
    /// Which segment it is, and of how many.
    pub segment: Option<Segment>,
    /// Where it ends.
    pub end: usize,
}

/// Which segment of a message a payload is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Its number, from 0.
    pub index: u8,
    /// How many there are, 1 to 26; the index may be beyond it all the same.
    pub total: u8,
}

/// Digits of a transaction identifier that are believed; no more than three are right.
const DIGITS_MAX: usize = 9;

impl Preamble {
    /// Reads the preamble of a payload; `None` where it has none. What it says need not be right: identifiers of more than
    /// three digits are read, and so is whatever follows it.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [b'W', b'V', v, w, p, q, ..] = payload else { return None };
        let discovers = (*v, *w) == (b'X', b'X');
        if !(discovers || v.is_ascii_digit() && w.is_ascii_digit())
            || !p.is_ascii_alphabetic()
            || !q.is_ascii_alphabetic()
        {
            return None;
        }
        let rest = payload.get(6..)?;
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=DIGITS_MAX).contains(&digits) {
            return None;
        }
        let segment = match rest.get(digits..) {
            Some([i, n, after @ ..]) if matches!(after.first(), None | Some(b' ')) => segment(*i, *n),
            _ => None,
        };
        let transaction = 6..6 + digits;
        let end = transaction.end + if segment.is_some() { 2 } else { 0 };
        let primitive = [p.to_ascii_uppercase(), q.to_ascii_uppercase()];
        Some(Self { version: [*v, *w], primitive, transaction, segment, end })
    }

    /// Whether clients send the primitive, and servers do not; `None` where both do, or the code is not known.
    ///
    /// Codes as in the source of an IMPS client, the only one found that speaks PTS.
    pub fn is_from_client(&self) -> Option<bool> {
        match &self.primitive {
            b"LR" | b"CP" | b"SQ" | b"OR" | b"GL" | b"CL" | b"DL" | b"LM" | b"GP" | b"SB" | b"GB" | b"CA" | b"PO"
            | b"UP" | b"KA" => Some(true),
            b"RL" | b"PC" | b"QS" | b"LG" | b"ML" | b"PG" | b"AK" | b"DI" | b"PN" => Some(false),
            _ => None,
        }
    }
}

fn segment(index: u8, total: u8) -> Option<Segment> {
    let number = |letter: u8| letter.is_ascii_alphabetic().then(|| letter.to_ascii_lowercase() - b'a');
    Some(Segment { index: number(index)?, total: number(total)? + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment_of(payload: &str) -> Option<(u8, u8)> {
        Preamble::read(payload.as_bytes()).unwrap().segment.map(|s| (s.index, s.total))
    }

    #[test]
    fn a_preamble_says_version_primitive_transaction_and_segment() {
        let preamble = Preamble::read(b"WV12gp907bc SI=s77").unwrap();
        let segment = Some(Segment { index: 1, total: 3 });
        let expected = Preamble { version: *b"12", primitive: *b"GP", transaction: 6..9, segment, end: 11 };
        assert_eq!(preamble, expected);
        assert_eq!(segment_of("WV13PO0"), None);
        assert_eq!(segment_of("WV13PO0aa"), Some((0, 1)));
        assert_eq!(segment_of("WVXXLR1 SI=ab"), None);
        assert_eq!(segment_of("WV12LR1abc"), None);
        assert_eq!(segment_of("WV12LR1ca x"), Some((2, 1)));
    }

    #[test]
    fn what_is_none_is_none() {
        for other in
            ["", "WV", "WV12", "WV12LR", "WV12L1", "WVX2LR1", "WV1XLR1", "wv12LR1", "WVCI 1.2 c", "WV12LR1234567890"]
        {
            assert_eq!(Preamble::read(other.as_bytes()), None, "{other}");
        }
    }
}
