//! Conversations written out as octets, held against what the carrier makes of them.

mod framing;
mod holes;
mod limits;
mod properties;
mod recognition;

use super::{Connection, Interest};
use crate::carrier::{Carried, Direction, Envelope, Start, Wholeness};
use crate::flow::{End, FlowInfo, FlowNo, Loss, StreamEvent, Transport, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// Where payload starts in every frame of these tests.
const OFFSET: u32 = 54;

/// What happens in one frame; frame 1 is the first step, one millisecond a frame.
#[derive(Clone, Debug)]
enum Step {
    Data(Way, Vec<u8>),
    Gap(Way, Option<u64>),
    End(Way, End),
}

use Way::{Forward, Reverse};

/// The client, who opened the flow, sends.
fn c(bytes: impl AsRef<[u8]>) -> Step {
    Step::Data(Forward, bytes.as_ref().to_vec())
}

/// The server sends.
fn s(bytes: impl AsRef<[u8]>) -> Step {
    Step::Data(Reverse, bytes.as_ref().to_vec())
}

fn gap(way: Way, octets: u64) -> Step {
    Step::Gap(way, Some(octets))
}

fn closed() -> [Step; 2] {
    [Step::End(Forward, End::Closed), Step::End(Reverse, End::Closed)]
}

fn flow(opening_seen: bool) -> FlowInfo {
    FlowInfo {
        no: FlowNo(1),
        transport: Transport::Tcp,
        opener: ([10, 0, 0, 1], 40000).into(),
        acceptor: ([192, 0, 2, 1], 8080).into(),
        opening_seen,
        tunnel: None,
        protected: false,
    }
}

/// Everything that came of a flow, and the interest after each step.
fn read(opening_seen: bool, steps: &[Step]) -> (Vec<Carried>, Vec<Interest>) {
    let (flow, mut connection, mut out) = (flow(opening_seen), Connection::new(), Vec::new());
    let interests = (1..).zip(steps).map(|(n, step)| {
        let (frame, time) = (FrameNo(n), Time(n as i64 * 1_000_000));
        let event = match step {
            Step::Data(way, bytes) => StreamEvent::Data { way: *way, bytes, frame, offset: Some(OFFSET), time },
            Step::Gap(way, octets) => {
                StreamEvent::Gap { way: *way, octets: *octets, loss: Loss::MissingPackets, frame, time }
            }
            Step::End(way, end) => StreamEvent::End { way: *way, end: *end, frame, time },
        };
        connection.push(&flow, event, &mut out)
    });
    let interests = interests.collect();
    (out, interests)
}

fn seen(steps: &[Step]) -> Vec<Carried> {
    read(true, steps).0
}

/// One line an item: side and exchange, start line, body, what is not in order.
fn brief(item: &Carried) -> String {
    let side = |direction: &Direction| if *direction == Direction::ClientToServer { "C" } else { "S" };
    match item {
        Carried::Envelope(e) => {
            let start = match &e.start {
                Start::Request { method, target } => format!("{method} {target}"),
                Start::Answer { status } => status.to_string(),
                Start::Message => "message".to_owned(),
            };
            let mut line = format!("{}{} {start}", side(&e.direction), e.exchange);
            if !e.body.is_empty() {
                line += &format!(" {}", e.body.bytes().escape_ascii());
            }
            if e.wholeness != Wholeness::Complete {
                line += &format!(" {:?}", e.wholeness);
            }
            e.anomalies.iter().for_each(|anomaly| line += &format!(" {anomaly:?}"));
            line
        }
        Carried::Gap { direction, loss, proved, .. } => {
            format!("{} {} {loss:?}", if *proved { "gap" } else { "perhaps" }, side(direction))
        }
        Carried::Cir(cir) => format!("{} {}", cir.bearer.name(), cir.kind.name()),
        Carried::End { end, .. } => format!("end {end:?}"),
    }
}

fn briefs(items: &[Carried]) -> Vec<String> {
    items.iter().map(brief).collect()
}

fn envelope(item: &Carried) -> &Envelope {
    match item {
        Carried::Envelope(envelope) => envelope,
        other => panic!("no envelope: {other:?}"),
    }
}

/// A POST of IMPS with this body.
fn post(body: &str) -> String {
    format!("POST /imps HTTP/1.1\r\nContent-Type: {CSP}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A 200 of IMPS with this body, or, where it is empty, of no type at all.
fn ok(body: &str) -> String {
    let kind = if body.is_empty() { String::new() } else { format!("Content-Type: {CSP}\r\n") };
    format!("HTTP/1.1 200 OK\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

const CSP: &str = "application/vnd.wv.csp.xml";
