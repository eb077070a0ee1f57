//! PDUs of WSP: what a datagram, or a transaction of WTP, carries.

use super::octets::Octets;

/// Types of PDUs, as in the tables of Wireshark's WSP dissector.
pub(super) mod kind {
    pub(crate) const CONNECT: u8 = 0x01;
    pub(crate) const CONNECT_REPLY: u8 = 0x02;
    pub(crate) const REDIRECT: u8 = 0x03;
    pub(crate) const REPLY: u8 = 0x04;
    pub(crate) const DISCONNECT: u8 = 0x05;
    pub(crate) const PUSH: u8 = 0x06;
    pub(crate) const CONFIRMED_PUSH: u8 = 0x07;
    pub(crate) const SUSPEND: u8 = 0x08;
    pub(crate) const RESUME: u8 = 0x09;
}

/// A PDU. Its data are the end of its octets; where octets are missing, they end early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pdu<'a> {
    /// A session is opened.
    Connect {
        /// What is said once for all requests of it.
        headers: &'a [u8],
    },
    /// It is.
    ConnectReply,
    /// It is to be opened elsewhere.
    Redirect {
        /// Whether for good.
        permanent: bool,
    },
    /// A session ends.
    Disconnect,
    /// A session rests.
    Suspend,
    /// It goes on.
    Resume {
        /// What is said once for all further requests of it.
        headers: &'a [u8],
    },
    /// A request.
    Method {
        /// Type of the PDU: which method.
        method: u8,
        target: &'a [u8],
        headers: Head<'a>,
        data: &'a [u8],
    },
    /// An answer.
    Reply { status: u8, headers: Head<'a>, data: &'a [u8] },
    /// Something that the client did not ask for.
    Push { headers: Head<'a>, data: &'a [u8] },
    /// A further part of headers or data, or a type that is not known.
    Other,
}

/// The headers of a PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head<'a> {
    pub(super) octets: &'a [u8],
    /// Whether the value of the content type stands before them.
    pub(super) typed: bool,
    /// Whether they are longer than what is there.
    pub(super) short: bool,
}

impl<'a> Head<'a> {
    fn read(octets: &mut Octets<'a>, length: usize, typed: bool) -> Self {
        let short = octets.0.len() < length;
        Self { octets: octets.take_most(length), typed, short }
    }
}

impl<'a> Pdu<'a> {
    /// Reads a PDU; `None` where what has to stand before its headers is not there.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        let mut rest = Octets(octets);
        let pdu = match rest.octet()? {
            kind::CONNECT => {
                rest.octet()?;
                let (capabilities, headers) = (rest.length()?, rest.length()?);
                rest.take(capabilities)?;
                Self::Connect { headers: rest.take_most(headers) }
            }
            kind::CONNECT_REPLY => {
                rest.uintvar()?;
                let _lengths = (rest.length()?, rest.length()?);
                Self::ConnectReply
            }
            kind::REDIRECT => Self::Redirect { permanent: rest.octet()? & 0x80 != 0 },
            kind::REPLY => {
                let status = rest.octet()?;
                let length = rest.length()?;
                let headers = Head::read(&mut rest, length, true);
                Self::Reply { status, headers, data: rest.0 }
            }
            kind::DISCONNECT => rest.uintvar().map(|_| Self::Disconnect)?,
            kind::PUSH | kind::CONFIRMED_PUSH => {
                let length = rest.length()?;
                let headers = Head::read(&mut rest, length, true);
                Self::Push { headers, data: rest.0 }
            }
            kind::SUSPEND => rest.uintvar().map(|_| Self::Suspend)?,
            kind::RESUME => {
                rest.uintvar()?;
                let capabilities = rest.length()?;
                rest.take(capabilities)?;
                Self::Resume { headers: rest.0 }
            }
            method @ 0x40..=0x5f => {
                let target = rest.length()?;
                let target = rest.take(target)?;
                let length = rest.0.len();
                Self::Method { method, target, headers: Head::read(&mut rest, length, false), data: &[] }
            }
            method @ 0x60..=0x7f => {
                let (target, length) = (rest.length()?, rest.length()?);
                let target = rest.take(target)?;
                let headers = Head::read(&mut rest, length, true);
                Self::Method { method, target, headers, data: rest.0 }
            }
            _ => Self::Other,
        };
        Some(pdu)
    }

    /// Whether octets are a PDU that nothing else looks like: a request by its URI, or the opening of a session.
    pub(super) fn is_plain(octets: &'a [u8]) -> bool {
        match octets.first() {
            Some(0x40..=0x44 | 0x60 | 0x61) => match Self::read(octets) {
                Some(Self::Method { target, .. }) => target.get(..4).is_some_and(|t| t.eq_ignore_ascii_case(b"http")),
                _ => false,
            },
            Some(&kind::CONNECT) => octets.get(1) == Some(&0x10) && Self::read(octets).is_some(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_answers_and_pushes() {
        let post = b"\x60\x18\x01http://imps.example.com/\xcd\x03\x11\x6a\x00";
        let head = |octets: &'static [u8]| Head { octets, typed: true, short: false };
        let data = b"\x03\x11\x6a\x00";
        let target = b"http://imps.example.com/";
        assert_eq!(Pdu::read(post), Some(Pdu::Method { method: 0x60, target, headers: head(b"\xcd"), data }));
        assert!(Pdu::is_plain(post));
        let get = b"\x40\x03h:a\x96b\0";
        let headers = Head { octets: b"\x96b\0", typed: false, short: false };
        assert_eq!(Pdu::read(get), Some(Pdu::Method { method: 0x40, target: b"h:a", headers, data: b"" }));
        let reply = b"\x04\x20\x01\xcdbody";
        assert_eq!(Pdu::read(reply), Some(Pdu::Reply { status: 0x20, headers: head(b"\xcd"), data: b"body" }));
        let push = b"\x06\x03\xc6\xaf\x8aWVCI 1.2 c";
        assert_eq!(Pdu::read(push), Some(Pdu::Push { headers: head(b"\xc6\xaf\x8a"), data: b"WVCI 1.2 c" }));
    }

    #[test]
    fn pdus_of_sessions() {
        // Version 1.0, four octets of capabilities, a User-Agent.
        let connect = b"\x01\x10\x04\x09\x03\x80\x94\x0a\xa9Phone/1\0";
        assert_eq!(Pdu::read(connect), Some(Pdu::Connect { headers: b"\xa9Phone/1\0" }));
        assert!(Pdu::is_plain(connect));
        assert_eq!(Pdu::read(b"\x02\x81\x00\x00\x00"), Some(Pdu::ConnectReply));
        assert_eq!(Pdu::read(b"\x03\x80\x00"), Some(Pdu::Redirect { permanent: true }));
        assert_eq!(Pdu::read(b"\x05\x81\x00"), Some(Pdu::Disconnect));
        assert_eq!(Pdu::read(b"\x08\x01"), Some(Pdu::Suspend));
        assert_eq!(Pdu::read(b"\x09\x01\x00\x96b\0"), Some(Pdu::Resume { headers: b"\x96b\0" }));
        assert_eq!(Pdu::read(b"\x80"), Some(Pdu::Other));
    }

    #[test]
    fn what_is_cut_before_the_headers_is_nothing() {
        for cut in [&b""[..], b"\x60", b"\x60\x18", b"\x60\x18\x01http:", b"\x04\x20", b"\x01\x10\x04\x09\x03"] {
            assert_eq!(Pdu::read(cut), None, "{cut:02x?}");
        }
        let Some(Pdu::Reply { headers, data, .. }) = Pdu::read(b"\x04\x20\x05\xcd") else { panic!("a reply") };
        assert_eq!((headers, data), (Head { octets: b"\xcd", typed: true, short: true }, &b""[..]));
    }
}
