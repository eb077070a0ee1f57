//! WSP without sessions in short messages: requests and answers of subscribers, each with conversations of its own.

use std::collections::VecDeque;

use super::super::{Carried, Direction, wsp};
use super::Short;
use crate::flow::{Datagram, End, FlowInfo, StreamEvent, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// The port, as in IANA's registry.
pub(super) const PORT: u16 = 9200;
/// Subscribers of a flow whose conversations over WSP are known; beyond it the one that came first is given up.
pub const SUBSCRIBERS_MAX: usize = 64;

/// What subscribers say over WSP.
#[derive(Default)]
pub(super) struct Units {
    known: VecDeque<Subscriber>,
    /// Subscribers met.
    met: u32,
}

struct Subscriber {
    number: Box<str>,
    connection: wsp::Connection,
    /// What is added to the numbers of its exchanges, so that they differ from those of others.
    base: u32,
    flow: FlowInfo,
    last: (FrameNo, Time),
}

impl Units {
    /// Takes a short message from or to the port; appends what it completes.
    pub(super) fn take(&mut self, flow: &FlowInfo, short: &Short, out: &mut Vec<Carried>) {
        let number = short.subscriber();
        let at = self.known.iter().position(|known| &*known.number == number).unwrap_or_else(|| {
            self.met = self.met.wrapping_add(1);
            let mut flow = flow.clone();
            flow.acceptor.set_port(PORT);
            let base = self.met << 16;
            let last = (short.frames.last, short.end);
            let connection = wsp::Connection::new();
            self.known.push_back(Subscriber { number: number.into(), connection, base, flow, last });
            self.known.len() - 1
        });
        if let Some(known) = self.known.get_mut(at) {
            let way = if short.direction == Direction::ClientToServer { Way::Forward } else { Way::Reverse };
            let (bytes, pieces) = (short.text.bytes(), short.text.pieces());
            known.last = (short.frames.last, short.end);
            let (frame, time) = known.last;
            known.push(StreamEvent::Datagram(Datagram { way, bytes, pieces, missing: 0, frame, time }), out);
        }
        if self.known.len() > SUBSCRIBERS_MAX
            && let Some(mut first) = self.known.pop_front()
        {
            first.end(End::Evicted, out);
        }
    }

    /// Appends what is still open: nothing more comes.
    pub(super) fn finish(&mut self, out: &mut Vec<Carried>) {
        self.known.drain(..).for_each(|mut known| known.end(End::Open, out));
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.known.iter().map(|known| size_of::<Subscriber>() + known.connection.held()).sum()
    }
}

impl Subscriber {
    fn push(&mut self, event: StreamEvent<'_>, out: &mut Vec<Carried>) {
        let before = out.len();
        self.connection.push(&self.flow, event, out);
        for item in out.iter_mut().skip(before) {
            if let Carried::Envelope(envelope) = item {
                envelope.exchange = envelope.exchange.wrapping_add(self.base);
            }
        }
        // That the flow ends is told by whoever reads it.
        let mut at = 0;
        out.retain(|item| {
            at += 1;
            at <= before || !matches!(item, Carried::End { .. })
        });
    }

    fn end(&mut self, end: End, out: &mut Vec<Carried>) {
        let (frame, time) = self.last;
        for way in [Way::Forward, Way::Reverse] {
            self.push(StreamEvent::End { way, end, frame, time }, out);
        }
    }
}
