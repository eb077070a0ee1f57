//! Records: the header of five octets that every record begins with, and how TLS is told from other traffic by it.

/// Octets of the header of a record: type, version, length.
pub(super) const HEADER_LEN: usize = 5;
/// Most octets of a record after its header: 2^14 of content and what protection may add.
pub const RECORD_MAX: usize = (1 << 14) + 2048;

/// What a record holds: a number of the registry of TLS content types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kind(pub(super) u8);

#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nothing is read of records but where they end"))]
impl Kind {
    pub(super) const CHANGE_CIPHER_SPEC: Self = Self(20);
    pub(super) const ALERT: Self = Self(21);
    pub(super) const HANDSHAKE: Self = Self(22);
    pub(super) const APPLICATION_DATA: Self = Self(23);

    /// Whether records of this type, as seen from outside, may hold what the connection is for.
    pub(super) fn holds_content(self) -> bool {
        self == Self::APPLICATION_DATA
    }
}

/// The header of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Version as on the wire; of TLS 1.3 that of 1.2.
    pub(super) version: u16,
    /// Octets after the header.
    pub(super) len: usize,
}

impl Header {
    /// The header at the start of `bytes`; `None` where there cannot be one, or not all of it is there.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let &[kind @ 20..=24, 3, minor @ 0..=4, high, low] = bytes.first_chunk::<HEADER_LEN>()? else { return None };
        let len = usize::from(u16::from_be_bytes([high, low]));
        let header = Self { kind: Kind(kind), version: 0x0300 | u16::from(minor), len };
        (1..=RECORD_MAX).contains(&len).then_some(header)
    }

    /// Octets of the whole record.
    pub(super) fn record_len(&self) -> usize {
        HEADER_LEN + self.len
    }
}

/// What the first octets of something look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// A handshake begins: the hello of a client or a server.
    Hello,
    /// A hello may begin like this.
    Perhaps,
    /// Records, from the middle of a connection.
    Records,
    /// No TLS.
    Other,
}

/// What octets that come first in a direction, or first in a segment, look like.
pub(super) fn look(bytes: &[u8]) -> Look {
    const HELLO: [u8; 2] = [22, 3];
    match bytes {
        [22, 3, 0..=4, _, _, 1 | 2, ..] if Header::read(bytes).is_some() => Look::Hello,
        // The length and version of a hello in the form of SSL 2.0, which offers a later version.
        [0x80..=0x8f, _, 1, 3, 0..=3, 0, ..] => Look::Hello,
        [22, 3, 0..=4, rest @ ..] if rest.len() < 3 => Look::Perhaps,
        [0x80..=0x8f, _, 1, 3, 0..=3] | [0x80..=0x8f, _, 1, 3] | [0x80..=0x8f, _, 1] => Look::Perhaps,
        _ if !bytes.is_empty() && HELLO.starts_with(bytes) => Look::Perhaps,
        _ if are_records(bytes) => Look::Records,
        _ => Look::Other,
    }
}

/// Whether octets are a record and the start of another one, as far as they go.
fn are_records(mut bytes: &[u8]) -> bool {
    let Some(first) = Header::read(bytes) else { return false };
    bytes = bytes.get(first.record_len()..).unwrap_or_default();
    let version = [3, first.version.to_be_bytes()[1]];
    match bytes {
        [] => true,
        [kind] => (20..=24).contains(kind),
        [kind, rest @ ..] => {
            let common = rest.len().min(version.len());
            (20..=24).contains(kind) && rest.get(..common) == version.get(..common)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_told_from_its_first_octets() {
        let hello = [22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
        assert_eq!(look(&hello), Look::Hello);
        for len in 1..6 {
            assert_eq!(look(&hello[..len]), Look::Perhaps, "{len}");
        }
        assert_eq!(look(&[]), Look::Other);
        assert_eq!(look(&[0x80, 0x2e, 1, 3, 1, 0, 0x15]), Look::Hello);
    }

    #[test]
    fn records_from_the_middle_go_on_plausibly() {
        assert_eq!(look(&[23, 3, 1, 0, 2, 9, 9]), Look::Records);
        assert_eq!(look(&[23, 3, 1, 0, 2, 9, 9, 23, 3, 1, 0]), Look::Records);
        assert_eq!(look(&[23, 3, 1, 0, 2, 9, 9, 23, 3, 3]), Look::Other);
        assert_eq!(look(&[23, 3, 1, 0, 2, 9, 9, b'G']), Look::Other);
    }

    #[test]
    fn other_traffic_is_other() {
        for other in [&b"POST / HTTP/1.1"[..], b"SSH-2.0-x", &[22, 3, 1, 0, 0, 1], &[22, 3, 9], &[23, 3, 3, 0xff, 0xff]]
        {
            assert_eq!(look(other), Look::Other, "{other:?}");
        }
    }

    #[test]
    fn no_record_is_longer_than_the_limit() {
        let [high, low] = (RECORD_MAX as u16).to_be_bytes();
        assert!(Header::read(&[23, 3, 3, high, low]).is_some());
        let [high, low] = (RECORD_MAX as u16 + 1).to_be_bytes();
        assert!(Header::read(&[23, 3, 3, high, low]).is_none());
    }
}
