//! One UDP flow, whatever carries IMPS in it.

use std::sync::Arc;

use super::sms::Tap;
use super::{Carried, Cir, wsp};
use crate::flow::{FlowInfo, Interest, StreamEvent};

/// Ports of wake-ups in bare datagrams and of GSMTAP, as in IANA's registry.
const WAKE_UPS: u16 = 3717;
const TAP: u16 = 4729;

/// One UDP flow, read as WSP, as wake-ups or as GSMTAP, by its ports and its first datagram.
#[derive(Default)]
pub struct Datagrams(Kind);

#[derive(Default)]
enum Kind {
    /// Nothing was seen yet.
    #[default]
    Unseen,
    Wsp(wsp::Connection),
    WakeUps,
    Tap(Box<Tap>, Arc<FlowInfo>),
}

/// Whether a UDP flow is read that has these ports and begins with this datagram.
pub fn follows(ports: [u16; 2], first: &[u8]) -> Interest {
    let follows = of_wake_ups(ports, first) || of_tap(ports, first) || wsp::begins(ports, first);
    if follows { Interest::Followed } else { Interest::Ignored }
}

fn of_wake_ups(ports: [u16; 2], first: &[u8]) -> bool {
    first.starts_with(b"WVCI ") || ports.contains(&WAKE_UPS)
}

fn of_tap(ports: [u16; 2], first: &[u8]) -> bool {
    ports.contains(&TAP) && first.starts_with(&[2])
}

impl Datagrams {
    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        match &self.0 {
            Kind::Unseen | Kind::WakeUps => 0,
            Kind::Wsp(connection) => connection.held(),
            Kind::Tap(tap, _) => tap.held(),
        }
    }

    /// Whether something of WSP was read in it.
    pub fn is_wsp(&self) -> bool {
        matches!(&self.0, Kind::Wsp(connection) if connection.is_certain())
    }

    /// Takes the next event of the flow, in the order of capture, and appends what it completes to `out`.
    pub fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
        if let (Kind::Unseen, StreamEvent::Datagram(datagram)) = (&self.0, event) {
            let ports = [flow.opener.port(), flow.acceptor.port()];
            self.0 = if of_wake_ups(ports, datagram.bytes) {
                Kind::WakeUps
            } else if of_tap(ports, datagram.bytes) {
                Kind::Tap(Box::default(), Arc::new(flow.clone()))
            } else {
                Kind::Wsp(wsp::Connection::new())
            };
        }
        match (&mut self.0, event) {
            (Kind::Wsp(connection), event) => return connection.push(flow, event, out),
            (Kind::WakeUps, StreamEvent::Datagram(datagram)) => {
                out.extend(Cir::datagram(flow, &datagram).map(Carried::Cir));
            }
            (Kind::Tap(tap, flow), StreamEvent::Datagram(datagram)) => tap.push(flow, &datagram, out),
            (Kind::Tap(tap, flow), StreamEvent::End { .. }) => tap.finish(flow, out),
            _ => {}
        }
        Interest::Followed
    }
}
