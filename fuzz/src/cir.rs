//! CIR: the octets are a script of one TCP connection that may be a CIR channel, and, taken as they are, a datagram.

use impslint::carrier::cir::{Channel, Line};
use impslint::carrier::{Carried, Cir, cir};
use impslint::flow::{FlowInfo, FlowNo, StreamEvent, Transport};
use impslint::time::Time;
use impslint::wire::{FrameNo, FrameRange};

use super::script::{Step, steps};

/// What was said in a connection, without its frames.
fn read(steps: &[Step]) -> Vec<String> {
    let (opener, acceptor) = (([10, 0, 0, 1], 40_000).into(), ([192, 0, 2, 1], 3171).into());
    let flow = FlowInfo {
        no: FlowNo(1),
        transport: Transport::Tcp,
        opener,
        acceptor,
        opening_seen: true,
        tunnel: None,
        protected: false,
    };
    let (mut channel, mut out) = (Channel::default(), Vec::new());
    for (n, step) in (1..).zip(steps) {
        let (frame, time) = (FrameNo(n), Time(n as i64));
        let event = match step {
            Step::Data(way, bytes) => StreamEvent::Data { way: *way, bytes, frame, offset: Some(54), time },
            Step::Gap(way, octets) => {
                let loss = impslint::flow::Loss::MissingPackets;
                StreamEvent::Gap { way: *way, octets: *octets, loss, frame, time }
            }
            Step::End(way, end) => StreamEvent::End { way: *way, end: *end, frame, time },
            Step::Pause(_) | Step::Next => continue,
        };
        if !channel.push(&flow, event, &mut out) {
            break;
        }
        assert!(channel.held() < 64 << 10, "held within its limits");
    }
    let one = |item: &Carried| match item {
        Carried::Cir(cir) => format!("{:?} {:?} {:?} {:?}", cir.kind, cir.session_id, cir.cookie, cir.version),
        Carried::Gap { direction, .. } => format!("gap {direction:?}"),
        Carried::End { end, .. } => format!("end {end:?}"),
        Carried::Envelope(_) => panic!("a channel carries no messages"),
    };
    out.iter().map(one).collect()
}

/// Reads a connection whole and in pieces, and a datagram.
pub fn run(octets: &[u8]) {
    let steps = steps(octets);
    let whole = read(&steps);
    for size in [13, 1] {
        let mut pieces = Vec::new();
        for step in &steps {
            match step {
                Step::Data(way, bytes) => {
                    pieces.extend(bytes.chunks(size).map(|piece| Step::Data(*way, piece.to_vec())));
                }
                other => pieces.push(other.clone()),
            }
        }
        assert_eq!(whole, read(&pieces), "in pieces of {size}");
    }
    let (opener, acceptor) = (([10, 0, 0, 1], 3717).into(), ([192, 0, 2, 1], 1200).into());
    let flow = FlowInfo {
        no: FlowNo(1),
        transport: Transport::Udp,
        opener,
        acceptor,
        opening_seen: true,
        tunnel: None,
        protected: false,
    };
    let found = Cir::wake_up(flow.into(), cir::Bearer::Udp, octets, FrameRange::default(), Time(0));
    assert_eq!(found.is_some(), matches!(Line::find(octets), Some(Line::WakeUp { .. })));
}
