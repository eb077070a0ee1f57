//! Tests of the WSP carrier, on datagrams built by hand.

mod gaps;
mod limits;
mod properties;
mod pushes;
mod requests;
mod transactions;

use super::{Connection, begins, is_sealed};
use crate::carrier::{Carried, Direction, Start};
use crate::flow::{Datagram, End, FlowInfo, FlowNo, Interest, StreamEvent, Transport, Way};
use crate::time::Time;
use crate::wire::{FrameNo, Pieces};

/// Where data starts in every frame.
const OFFSET: u32 = 42;

const MILLISECOND: i64 = 1_000_000;

/// From the client, whose flow is opened by it.
const TO: Way = Way::Forward;
/// From the gateway.
const FRO: Way = Way::Reverse;

/// A POST of an IMPS document; what the document is in.
fn post(body: &[u8]) -> Vec<u8> {
    [&b"\x60\x18\x01http://imps.example.com/\xcd"[..], body].concat()
}

/// A good answer with an IMPS document.
fn reply(body: &[u8]) -> Vec<u8> {
    [&b"\x04\x20\x01\xcd"[..], body].concat()
}

/// The opening of a transaction with a whole message.
fn invoke(tid: u16, pdu: &[u8]) -> Vec<u8> {
    [&b"\x0e"[..], &tid.to_be_bytes(), b"\x12", pdu].concat()
}

/// Its whole result.
fn result(tid: u16, pdu: &[u8]) -> Vec<u8> {
    [&b"\x16"[..], &(tid | 0x8000).to_be_bytes(), pdu].concat()
}

/// The client has the result.
fn ack(tid: u16) -> Vec<u8> {
    [&b"\x18"[..], &tid.to_be_bytes()].concat()
}

/// A flow and what came of it so far.
struct Story {
    flow: FlowInfo,
    connection: Connection,
    interest: Interest,
    /// The latest frame, and when it was captured.
    at: (FrameNo, Time),
    items: Vec<Carried>,
}

impl Story {
    /// Between a client and this port of a gateway.
    fn new(port: u16) -> Self {
        Self::between(40000, port)
    }

    fn between(opener: u16, acceptor: u16) -> Self {
        let flow = FlowInfo {
            no: FlowNo(1),
            transport: Transport::Udp,
            opener: ([10, 0, 0, 1], opener).into(),
            acceptor: ([192, 0, 2, 1], acceptor).into(),
            opening_seen: false,
            tunnel: None,
            protected: false,
        };
        let at = (FrameNo(0), Time(0));
        Self { flow, connection: Connection::new(), interest: Interest::Followed, at, items: Vec::new() }
    }

    /// A datagram in the next frame, ten milliseconds later.
    fn say(&mut self, way: Way, bytes: &[u8]) -> &mut Self {
        self.cut(way, bytes, 0)
    }

    /// The same, so many octets cut off by the snap length.
    fn cut(&mut self, way: Way, bytes: &[u8], missing: u32) -> &mut Self {
        let (FrameNo(frame), Time(time)) = self.at;
        self.at = (FrameNo(frame + 1), Time(time + 10 * MILLISECOND));
        let ((frame, time), pieces) = (self.at, Pieces::one(FrameNo(frame + 1), OFFSET));
        let event = StreamEvent::Datagram(Datagram { way, bytes, pieces: &pieces, missing, frame, time });
        self.interest = self.connection.push(&self.flow, event, &mut self.items);
        self
    }

    /// Time passes.
    fn pause(&mut self, milliseconds: i64) -> &mut Self {
        self.at.1.0 += milliseconds * MILLISECOND;
        self
    }

    /// Half a second and more passes, and is noticed at a frame of another flow.
    fn quiet(&mut self) -> &mut Self {
        self.pause(501);
        let (frame, time) = self.at;
        self.connection.push(&self.flow, StreamEvent::Quiet { frame, time }, &mut self.items);
        self
    }

    /// The capture ends.
    fn end(&mut self) -> &mut Self {
        let (frame, time) = self.at;
        for way in [TO, FRO] {
            let end = StreamEvent::End { way, end: End::Open, frame, time };
            self.connection.push(&self.flow, end, &mut self.items);
        }
        self
    }

    /// What was carried since last asked, a line each.
    fn told(&mut self) -> Vec<String> {
        self.items.drain(..).map(|item| brief(&item)).collect()
    }
}

/// `client 1 POST http://a/ "body" 1-2 Lost(MissingPackets)`
fn brief(item: &Carried) -> String {
    let side = |direction| if direction == Direction::ClientToServer { "client" } else { "server" };
    match item {
        Carried::Envelope(e) => {
            let start = match &e.start {
                Start::Request { method, target } => format!("{method} {target}"),
                Start::Answer { status } => status.to_string(),
                Start::Message => "message".to_owned(),
            };
            let body = e.body.bytes().escape_ascii();
            let frames = (e.frames.first.0, e.frames.last.0);
            let mut line = format!("{} {} {start} \"{body}\" {}-{}", side(e.direction), e.exchange, frames.0, frames.1);
            if e.wholeness != crate::carrier::Wholeness::Complete {
                line += &format!(" {:?}", e.wholeness);
            }
            e.anomalies.iter().for_each(|anomaly| line += &format!(" {anomaly:?}"));
            line
        }
        Carried::Cir(cir) => {
            format!(
                "{} {} {} {:?}",
                cir.bearer.name(),
                cir.kind.name(),
                cir.cookie.as_deref().unwrap_or("-"),
                cir.push_id
            )
        }
        Carried::Gap { direction, loss, proved, frame, .. } => {
            format!("{} {} {loss:?} at {}", if *proved { "gap" } else { "perhaps" }, side(*direction), frame.0)
        }
        Carried::End { end, .. } => format!("end {end:?}"),
    }
}
