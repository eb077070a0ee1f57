//! One TCP flow, whatever carries IMPS in it.

use super::Carried;
use super::cir::Channel;
use super::http::{Connection, Interest};
use super::sms::Link;
use crate::flow::{FlowInfo, StreamEvent};

/// One TCP flow, read as HTTP, as SMPP or as a CIR channel, by what its first octets may be.
///
/// It is small until it is known what the flow may be.
#[derive(Default)]
pub struct Stream {
    connection: Connection,
    other: Other,
}

/// What a flow may be besides HTTP.
#[derive(Default)]
enum Other {
    /// Nothing was seen yet.
    #[default]
    Unseen,
    /// Short messages.
    Link(Box<Link>),
    /// A CIR channel.
    Channel(Box<Channel>),
    /// Nothing that is known here.
    Nothing,
}

impl Other {
    fn of(bytes: &[u8]) -> Self {
        if Link::may_begin(bytes) {
            Self::Link(Box::default())
        } else if Channel::may_begin(bytes) {
            Self::Channel(Box::default())
        } else {
            Self::Nothing
        }
    }
}

impl Stream {
    /// A flow of which nothing was seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        let other = match &self.other {
            Other::Link(link) => link.held(),
            Other::Channel(channel) => channel.held(),
            Other::Unseen | Other::Nothing => 0,
        };
        self.connection.held() + other
    }

    /// Whether the flow is read as HTTP, if as anything.
    pub fn is_http(&self) -> bool {
        matches!(self.other, Other::Unseen | Other::Nothing)
    }

    /// Takes the next event of the flow, in the order of capture, and appends what it completes to `out`.
    pub fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
        if let StreamEvent::Data { bytes, .. } = event
            && let Other::Unseen = self.other
        {
            self.other = Other::of(bytes);
        }
        let (wanted, certain) = match &mut self.other {
            Other::Link(link) => (link.push(flow, event, out), link.is_certain()),
            Other::Channel(channel) => (channel.push(flow, event, out), channel.is_certain()),
            Other::Unseen | Other::Nothing => return self.as_http(flow, event, out),
        };
        match (wanted, certain) {
            (true, true) => {
                self.connection = Connection::new();
                Interest::Keep
            }
            (false, true) => Interest::Ignore,
            (true, false) => match self.connection.push(flow, event, out) {
                Interest::Ignore | Interest::Undecided => Interest::Undecided,
                interest => {
                    self.other = Other::Nothing;
                    interest
                }
            },
            (false, false) => {
                self.other = Other::Nothing;
                self.as_http(flow, event, out)
            }
        }
    }

    /// Takes an event as one of HTTP. A flow that began before the capture may begin with the next segment.
    fn as_http(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
        let interest = self.connection.push(flow, event, out);
        if interest == Interest::Undecided && !flow.opening_seen && matches!(event, StreamEvent::Data { .. }) {
            self.other = Other::Unseen;
        }
        interest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowNo, Transport, Way};
    use crate::time::Time;
    use crate::wire::FrameNo;

    /// What is wanted after each piece that the opener of a flow sends, and how many items came of them.
    fn read(opening_seen: bool, pieces: &[&[u8]]) -> (Vec<Interest>, usize) {
        let (opener, acceptor) = (([10, 0, 0, 1], 40000).into(), ([192, 0, 2, 1], 2775).into());
        let flow = FlowInfo {
            no: FlowNo(1),
            transport: Transport::Tcp,
            opener,
            acceptor,
            opening_seen,
            tunnel: None,
            protected: false,
        };
        let (mut stream, mut out) = (Stream::new(), Vec::new());
        let mut push = |bytes| {
            let event = StreamEvent::Data { way: Way::Forward, bytes, frame: FrameNo(1), offset: None, time: Time(0) };
            stream.push(&flow, event, &mut out)
        };
        (pieces.iter().map(|bytes| push(bytes)).collect(), out.len())
    }

    const ENQUIRE: &[u8] = b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x01";

    #[test]
    fn first_octets_tell_in_any_pieces() {
        use Interest::{Ignore, Keep, Undecided};
        assert_eq!(read(true, &[ENQUIRE]), (vec![Keep], 0));
        assert_eq!(
            read(true, &[&ENQUIRE[..1], &ENQUIRE[1..15], &ENQUIRE[15..]]),
            (vec![Undecided, Undecided, Keep], 0)
        );
        assert_eq!(read(true, &[b"H", b"ELO s1\r", b"\nPING\r\n"]), (vec![Undecided, Undecided, Keep], 2));
        assert_eq!(read(true, &[b"H", b"EAD / HTTP/1.1\r\n"]), (vec![Undecided, Keep], 0));
        assert_eq!(read(true, &[b"\0", b"\x02\x03"]), (vec![Undecided, Ignore], 0));
        assert_eq!(read(true, &[b"SSH-2.0-x\r\n"]), (vec![Ignore], 0));
    }

    #[test]
    fn what_begins_mid_stream_is_tried_segment_by_segment() {
        use Interest::{Keep, Undecided};
        assert_eq!(read(false, &[b"rest", ENQUIRE]), (vec![Undecided, Keep], 0));
        assert_eq!(read(false, &[b"rest", b"WVCI 1.2 c\r\n"]), (vec![Undecided, Keep], 1));
    }
}
