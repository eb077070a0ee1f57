//! A TCP flow that may be the CIR channel of a session.

use std::sync::Arc;

use super::super::{Carried, Direction};
use super::{Bearer, COOKIE_MAX, Cir, Kind, Line};
use crate::flow::{End, FlowInfo, StreamEvent, Way};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange, Wire};

/// Octets of a line; a longer one is none of the dialogue.
pub const LINE_MAX: usize = COOKIE_MAX + 64;
/// Lines that wait for one that proves what they are.
pub const WAITING_MAX: usize = 8;

/// One way of a channel.
#[derive(Default)]
struct Lane {
    /// The beginning of a line.
    line: Wire,
    /// Whether what comes up to the next line end may lack its beginning.
    torn: bool,
    /// Whether it is a line that is too long, up to its end.
    overlong: bool,
    spoke: bool,
    ended: Option<End>,
}

/// A line that was said.
struct Said {
    way: Way,
    kind: Kind,
    /// The session of an introduction, the cookie of a wake-up.
    whose: Option<Box<str>>,
    version: Option<Box<str>>,
    frames: FrameRange,
    time: Time,
}

/// One TCP flow, read as lines of the CIR dialogue.
///
/// An introduction counts as one where nobody spoke before it, as servers of mail do, whose clients say `HELO` too;
/// other lines wait for a wake-up, or for the answer `OK`.
#[derive(Default)]
pub struct Channel {
    lanes: [Lane; 2],
    /// The flow, turned, once it proved to be a channel.
    flow: Option<Arc<FlowInfo>>,
    /// The session of its introduction.
    session: Option<Box<str>>,
    waiting: Vec<Said>,
    /// Whether it was told that it ended.
    over: bool,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Channel of {} octets", self.held())
    }
}

impl Channel {
    /// Whether a flow whose data begin with these octets may be a channel.
    pub fn may_begin(bytes: &[u8]) -> bool {
        let words = [&b"HELO "[..], b"WVCI ", b"PING", b"OK\r\n"];
        words.iter().any(|word| word.iter().zip(bytes).all(|(known, octet)| known.eq_ignore_ascii_case(octet)))
    }

    /// Whether it is known to be a channel.
    pub fn is_certain(&self) -> bool {
        self.flow.is_some()
    }

    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        let waiting: usize = self.waiting.iter().map(|said| said.whose.as_deref().map_or(0, str::len)).sum();
        size_of::<Self>() + waiting + self.lanes.iter().map(|lane| lane.line.len()).sum::<usize>()
    }

    /// Takes the next event of the flow, in the order of capture, and appends what it completes to `out`. Returns whether
    /// more is wanted.
    pub fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> bool {
        match event {
            StreamEvent::Data { way, bytes, frame, offset, time } => {
                let mut at = 0;
                for run in bytes.split_inclusive(|octet| *octet == b'\n') {
                    let place = offset.and_then(|offset| offset.checked_add(u32::try_from(at).ok()?));
                    at += run.len();
                    let certain = self.is_certain();
                    let lane = self.lane(way);
                    let ends = run.ends_with(b"\n");
                    // Of a line that is too long nothing is read, however it comes.
                    if lane.overlong {
                        lane.overlong = !ends;
                        continue;
                    }
                    if lane.line.len() + run.len() > LINE_MAX {
                        let torn = std::mem::take(&mut lane.torn);
                        (lane.line, lane.spoke, lane.overlong) = (Wire::default(), true, !ends);
                        if !(torn || certain) {
                            return false;
                        }
                        continue;
                    }
                    lane.line.push(run, frame, place);
                    if ends && !self.line(flow, way, time, out) {
                        return false;
                    }
                }
                true
            }
            StreamEvent::Gap { way, loss, frame, time, .. } => {
                let lane = self.lane(way);
                *lane = Lane { torn: true, spoke: true, ended: lane.ended, ..Lane::default() };
                let known = self.flow.clone().or_else(|| (!self.waiting.is_empty()).then(|| Arc::new(flow.clone())));
                if let Some(turned) = &known {
                    let from_client = (way == Way::Forward) == (turned.opener == flow.opener);
                    let direction = if from_client { Direction::ClientToServer } else { Direction::ServerToClient };
                    let (proved, flow) = (self.flow.is_some(), Arc::clone(turned));
                    out.push(Carried::Gap { flow, proved, direction, loss, time, frame });
                }
                true
            }
            StreamEvent::End { way, end, frame, time } => self.end(flow, way, end, (time, frame), out),
            StreamEvent::Datagram(_) | StreamEvent::Quiet { .. } => false,
        }
    }

    fn lane(&mut self, way: Way) -> &mut Lane {
        let [forward, reverse] = &mut self.lanes;
        match way {
            Way::Forward => forward,
            Way::Reverse => reverse,
        }
    }

    /// Reads the line that is gathered; `false` where the flow is no channel.
    fn line(&mut self, flow: &FlowInfo, way: Way, time: Time, out: &mut Vec<Carried>) -> bool {
        let spoken = self.lane(way.opposite()).spoke;
        let lane = self.lane(way);
        lane.spoke = true;
        let (line, torn) = (std::mem::take(&mut lane.line), std::mem::take(&mut lane.torn));
        let text = line.bytes().trim_ascii();
        let (read, Some(frames)) = (Line::read(text), line.pieces().frames()) else { return true };
        let Some(read) = read else { return torn || text.is_empty() || self.is_certain() };
        let mut said = Said { way, kind: Kind::Ok, whose: None, version: None, frames, time };
        let proves = match read {
            Line::Hello(id) => {
                said.kind = Kind::Hello;
                said.whose = Some(id.into());
                flow.opening_seen && way == Way::Forward && !spoken
            }
            Line::Ping => {
                said.kind = Kind::Ping;
                false
            }
            Line::Ok => self.waiting.iter().any(|w| w.way != way && matches!(w.kind, Kind::Hello | Kind::Ping)),
            Line::WakeUp { version, cookie } => {
                said.kind = Kind::WakeUp;
                (said.whose, said.version) = (Some(cookie.into()), Some(version.into()));
                true
            }
        };
        if proves && self.flow.is_none() {
            let from_client = matches!(said.kind, Kind::Hello | Kind::Ping);
            let mut turned = flow.clone();
            if from_client != (way == Way::Forward) {
                std::mem::swap(&mut turned.opener, &mut turned.acceptor);
            }
            self.flow = Some(Arc::new(turned));
        }
        self.waiting.push(said);
        if self.flow.is_none() {
            return self.waiting.len() <= WAITING_MAX;
        }
        for said in std::mem::take(&mut self.waiting) {
            self.tell(said, out);
        }
        true
    }

    fn tell(&mut self, said: Said, out: &mut Vec<Carried>) {
        let Some(flow) = &self.flow else { return };
        if said.kind == Kind::Hello {
            self.session.clone_from(&said.whose);
        }
        let cookie = said.whose.filter(|_| said.kind == Kind::WakeUp);
        let session_id = self.session.clone();
        let item = Cir::new(Arc::clone(flow), Bearer::Tcp, said.kind, said.frames, said.time);
        out.push(Carried::Cir(Box::new(Cir { session_id, cookie, version: said.version, ..item })));
    }

    fn end(&mut self, flow: &FlowInfo, way: Way, end: End, at: (Time, FrameNo), out: &mut Vec<Carried>) -> bool {
        // The last line need not have an end.
        if !self.lane(way).line.is_empty() && !self.line(flow, way, at.0, out) {
            return false;
        }
        // One side that closes ends a channel: on half of it nobody can be called.
        let is_closed = matches!(end, End::Closed | End::Reset);
        if self.over {
            return false;
        }
        self.over = is_closed;
        for way in [way, way.opposite()].into_iter().take(if is_closed { 2 } else { 1 }) {
            self.lane(way).ended.get_or_insert(end);
        }
        let [Lane { ended: Some(one), .. }, Lane { ended: Some(other), .. }] = &self.lanes else { return true };
        let both = [*one, *other];
        let end =
            [End::Evicted, End::Reset, End::Open].into_iter().find(|end| both.contains(end)).unwrap_or(End::Closed);
        if let Some(flow) = &self.flow {
            out.push(Carried::End { flow: Arc::clone(flow), end, by: None, time: at.0, frame: at.1 });
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::flow::{FlowNo, Loss, Transport};

    enum Step<'t> {
        Client(&'t str),
        Server(&'t str),
        Gap(Way),
        End,
    }
    use Step::{Client, Server};

    /// One line an item; the client opens the flow, and its opening is in the capture or not.
    fn seen(opening_seen: bool, steps: &[Step<'_>]) -> Vec<String> {
        let (opener, acceptor) = (SocketAddr::from(([10, 0, 0, 1], 40000)), SocketAddr::from(([192, 0, 2, 1], 3171)));
        let flow = FlowInfo {
            no: FlowNo(1),
            transport: Transport::Tcp,
            opener,
            acceptor,
            opening_seen,
            tunnel: None,
            protected: false,
        };
        let (mut channel, mut out) = (Channel::default(), Vec::new());
        'steps: for (n, step) in (1..).zip(steps) {
            let (frame, time) = (FrameNo(n), Time(n as i64));
            let data = |way, text: &'_ str| (way, text.as_bytes().to_vec());
            let (way, bytes) = match step {
                Client(text) => data(Way::Forward, text),
                Server(text) => data(Way::Reverse, text),
                Step::Gap(way) => {
                    let event = StreamEvent::Gap { way: *way, octets: None, loss: Loss::MissingPackets, frame, time };
                    channel.push(&flow, event, &mut out);
                    continue;
                }
                Step::End => {
                    for way in [Way::Reverse, Way::Forward] {
                        channel.push(&flow, StreamEvent::End { way, end: End::Closed, frame, time }, &mut out);
                    }
                    continue;
                }
            };
            if !channel.push(&flow, StreamEvent::Data { way, bytes: &bytes, frame, offset: None, time }, &mut out) {
                break 'steps;
            }
        }
        out.iter().map(brief).collect()
    }

    fn brief(item: &Carried) -> String {
        match item {
            Carried::Cir(cir) => {
                let (session, cookie) = (cir.session_id.as_deref(), cir.cookie.as_deref());
                let whose = [session, cookie].map(|text| text.unwrap_or("-")).join(" ");
                assert_eq!((cir.bearer, cir.flow.opener.port()), (Bearer::Tcp, 40000));
                format!("{} {} {whose}", cir.frames.first.0, cir.kind.name())
            }
            Carried::Gap { direction, .. } => format!("gap {}", direction.name()),
            Carried::End { end, .. } => format!("end {end:?}"),
            Carried::Envelope(_) => unreachable!(),
        }
    }

    #[test]
    fn a_dialogue_is_read_line_by_line() {
        let steps = [
            Client("HELO s1\r\n"),
            Server("OK\r\nWVCI 1.2 c01\r\n"),
            Client("PIN"),
            Client("G \r\n"),
            Server("OK\r\n"),
            Server("WVCI 1.2 c0"),
            Server("1"),
            Step::End,
        ];
        let expected =
            ["1 hello s1 -", "2 ok s1 -", "2 wake-up s1 c01", "3 ping s1 -", "5 ok s1 -", "6 wake-up s1 c01"];
        assert_eq!(seen(true, &steps), [&expected[..], &["end Closed"]].concat());
    }

    #[test]
    fn what_begins_mid_stream_waits_for_proof() {
        assert_eq!(seen(false, &[Client("PING\r\n"), Server("OK\r\n")]), ["1 ping - -", "2 ok - -"]);
        assert_eq!(seen(false, &[Client("HELO s1\r\n"), Server("250 hello\r\n")]), [""; 0]);
        assert_eq!(seen(false, &[Client("HELO s1\r\n"), Server("OK\r\n")]), ["1 hello s1 -", "2 ok s1 -"]);
        assert_eq!(seen(false, &[Server("WVCI 1.3 c\r\n"), Step::End]), ["1 wake-up - c", "end Closed"]);
    }

    #[test]
    fn mail_and_other_lines_are_no_channel() {
        assert_eq!(seen(true, &[Server("220 mail\r\n"), Client("HELO me\r\n"), Server("OK\r\n")]), [""; 0]);
        assert_eq!(seen(true, &[Client("PING\r\n"), Server("+PONG\r\n")]), [""; 0]);
        assert!(Channel::may_begin(b"H") && Channel::may_begin(b"helo x") && Channel::may_begin(b"WVCI 1.2 c"));
        assert!(
            !Channel::may_begin(b"HEAD / HTTP/1.1") && !Channel::may_begin(b"EHLO x") && !Channel::may_begin(b"OKAY")
        );
    }

    #[test]
    fn lines_are_found_again_behind_a_gap() {
        let gap = || Step::Gap(Way::Reverse);
        let steps =
            [Client("HELO s1\r\n"), Server("O"), gap(), Server("c01\r\nWVCI 1.2 c01\r\n"), gap(), Server("OK\r\n")];
        assert_eq!(
            seen(true, &steps),
            ["1 hello s1 -", "gap server-to-client", "4 wake-up s1 c01", "gap server-to-client", "6 ok s1 -"]
        );
    }

    #[test]
    fn lines_and_waiting_have_limits() {
        let long = "x".repeat(LINE_MAX + 1);
        assert_eq!(
            seen(true, &[Client("HELO s1\r\n"), Server(&long), Server("y\r\nOK\r\n")]),
            ["1 hello s1 -", "3 ok s1 -"]
        );
        let ping = || Client("PING\r\n");
        let pings =
            |count: usize| std::iter::repeat_with(ping).take(count).chain([Server("OK\r\n")]).collect::<Vec<_>>();
        assert_eq!(seen(false, &pings(WAITING_MAX)).len(), WAITING_MAX + 1);
        assert_eq!(seen(false, &pings(WAITING_MAX + 1)), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(texts in proptest::collection::vec((any::<bool>(), "[HELOPINGWVCK 1.2\r\nx]{0,40}"), 0..8)) {
            let step = |(client, text): &(bool, String)| if *client { (true, text.clone()) } else { (false, text.clone()) };
            let texts: Vec<_> = texts.iter().map(step).collect();
            let steps: Vec<_> = texts.iter().map(|(client, text)| if *client { Client(text) } else { Server(text) }).collect();
            let _ = seen(true, &steps);
        }

        #[test]
        fn segmentation_makes_no_difference(size in 1_usize..30) {
            let server = "OK\r\nWVCI 1.2 c01\r\n\r\nOK\r\n";
            let pieces: Vec<&str> = server.as_bytes().chunks(size).map(|p| str::from_utf8(p).unwrap()).collect();
            let steps: Vec<_> = [Client("HELO s1\r\n")].into_iter().chain(pieces.into_iter().map(Server)).collect();
            let kinds: Vec<String> = seen(true, &steps).iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
            prop_assert_eq!(kinds, ["hello s1 -", "ok s1 -", "wake-up s1 c01", "ok s1 -"]);
        }
    }
}
