//! CIR, the communication initiation request: how a server that cannot speak first tells its client to poll.
//!
//! In: lines, datagrams, pushes, short messages and empty HTTP answers of five bearers. Out: a [`Cir`] item each.
//! A wake-up is one line of text, `WVCI`, a version and the session cookie; on a TCP connection of its own, which
//! [`Channel`] reads, the client introduces itself with `HELO` and keeps the connection alive with `PING`, and the
//! server says `OK` to both. Over HTTP the client asks with a GET whether something waits.

mod channel;
mod http;
mod line;

pub use channel::{Channel, LINE_MAX, WAITING_MAX};
pub use http::is_usual;
pub(super) use http::{Check, kind_of_status};
pub use line::{COOKIE_MAX, Line};

use std::sync::Arc;

use super::Direction;
use crate::flow::{Datagram, FlowInfo, Way};
use crate::time::Time;
use crate::wire::FrameRange;

/// What carried a CIR item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Bearer {
    /// A TCP connection of its own (STCP).
    Tcp,
    /// A bare UDP datagram (SUDP).
    Udp,
    /// A short message (SSMS).
    Sms,
    /// A WAP push, in a short message (WAPSMS) or a UDP datagram (WAPUDP).
    Push,
    /// A GET of the agreed URL and its answer (SHTTP).
    Http,
}

impl Bearer {
    /// The name used in reports: `cir-tcp`, `cir-udp`, `cir-sms`, `cir-push`, `cir-http`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "cir-tcp",
            Self::Udp => "cir-udp",
            Self::Sms => "cir-sms",
            Self::Push => "cir-push",
            Self::Http => "cir-http",
        }
    }
}

/// What a CIR item says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// The client introduces itself (`HELO`).
    Hello,
    /// The server is there (`OK`); over HTTP it answers that nothing waits.
    Ok,
    /// The client asks whether the server is there (`PING`); over HTTP, whether something waits.
    Ping,
    /// The client is to poll (`WVCI`); over HTTP the server answers that something waits.
    WakeUp,
}

impl Kind {
    /// The name used in reports: `hello`, `ok`, `ping`, `wake-up`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Ok => "ok",
            Self::Ping => "ping",
            Self::WakeUp => "wake-up",
        }
    }
}

/// One thing that was said about waking a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cir {
    /// The flow it travelled in, turned so that its opener is the IMPS client or what stands for it.
    pub flow: Arc<FlowInfo>,
    /// What carried it.
    pub bearer: Bearer,
    /// What it says.
    pub kind: Kind,
    /// Direction.
    pub direction: Direction,
    /// `SessionID`: of a `HELO`, and of what else is said on the connection that it opened.
    pub session_id: Option<Box<str>>,
    /// `SessionCookie` of a wake-up.
    pub cookie: Option<Box<str>>,
    /// Version of a wake-up as written, such as `1.2`.
    pub version: Option<Box<str>>,
    /// The URL asked for over HTTP.
    pub url: Option<Box<str>>,
    /// Number of a push; the same within a while is the same push sent again.
    pub push_id: Option<u8>,
    /// First to last frame.
    pub frames: FrameRange,
    /// When its last octet was captured.
    pub time: Time,
}

impl Cir {
    /// The wake-up in the body of a push or datagram or in the text of a short message; `None` where there is none.
    pub fn wake_up(
        flow: Arc<FlowInfo>,
        bearer: Bearer,
        body: &[u8],
        frames: FrameRange,
        time: Time,
    ) -> Option<Box<Self>> {
        let Line::WakeUp { version, cookie } = Line::find(body)? else { return None };
        let (cookie, version) = (Some(cookie.into()), Some(version.into()));
        Some(Box::new(Self { cookie, version, ..Self::new(flow, bearer, Kind::WakeUp, frames, time) }))
    }

    /// The wake-up that a bare datagram is; `None` for any other, and for one that the snap length cut, since its cookie
    /// may be longer. The flow is turned so that its receiver is the
    /// client.
    pub(super) fn datagram(flow: &FlowInfo, datagram: &Datagram<'_>) -> Option<Box<Self>> {
        let Line::WakeUp { .. } = Line::read(datagram.bytes).filter(|_| datagram.missing == 0)? else { return None };
        let mut turned = flow.clone();
        if datagram.way == Way::Forward {
            std::mem::swap(&mut turned.opener, &mut turned.acceptor);
        }
        let frames = datagram.pieces.frames()?;
        Self::wake_up(Arc::new(turned), Bearer::Udp, datagram.bytes, frames, datagram.time)
    }

    /// The introduction of the client of a session.
    pub(super) fn hello(flow: Arc<FlowInfo>, bearer: Bearer, id: &str, frames: FrameRange, time: Time) -> Self {
        Self { session_id: Some(id.into()), ..Self::new(flow, bearer, Kind::Hello, frames, time) }
    }

    /// An item that says only what it is.
    pub(super) fn new(flow: Arc<FlowInfo>, bearer: Bearer, kind: Kind, frames: FrameRange, time: Time) -> Self {
        let direction = match kind {
            Kind::Hello | Kind::Ping => Direction::ClientToServer,
            Kind::Ok | Kind::WakeUp => Direction::ServerToClient,
        };
        Self {
            flow,
            bearer,
            kind,
            direction,
            session_id: None,
            cookie: None,
            version: None,
            url: None,
            push_id: None,
            frames,
            time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowNo, Transport};
    use crate::wire::{FrameNo, Pieces};

    #[test]
    fn a_datagram_goes_to_the_client() {
        let (opener, acceptor) = (([192, 0, 2, 1], 1200).into(), ([10, 0, 0, 1], 3717).into());
        let flow = FlowInfo {
            no: FlowNo(1),
            transport: Transport::Udp,
            opener,
            acceptor,
            opening_seen: true,
            tunnel: None,
            protected: false,
        };
        let cut = |way, bytes: &[u8], missing| {
            let (pieces, frame) = (Pieces::one(FrameNo(3), 42), FrameNo(3));
            Cir::datagram(&flow, &Datagram { way, bytes, pieces: &pieces, missing, frame, time: Time(4) })
        };
        let read = |way, bytes: &[u8]| cut(way, bytes, 0);
        let cir = read(Way::Forward, b"WVCI 1.2 c01").unwrap();
        assert_eq!((cir.flow.opener, cir.flow.acceptor), (acceptor, opener));
        assert_eq!((cir.kind, cir.cookie.as_deref(), cir.frames.last), (Kind::WakeUp, Some("c01"), FrameNo(3)));
        assert_eq!(read(Way::Reverse, b"WVCI 1.2 c01\r\n").unwrap().flow.opener, opener);
        assert!(cut(Way::Forward, b"WVCI 1.2 c", 2).is_none());
        assert!(read(Way::Forward, b"HELO s1").is_none() && read(Way::Forward, b"\0WVCI 1.2 c").is_none());
    }
}
