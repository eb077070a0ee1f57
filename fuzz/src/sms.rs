//! SMS: the octets are a script of one link that speaks SMPP; behind `t` they are a TPDU, behind `g` datagrams of GSMTAP,
//! each behind an octet that says how long it is.

use std::sync::Arc;

use impslint::carrier::Carried;
use impslint::carrier::sms::{Link, Mailbox, PDU_MAX, Short, Tap};
use impslint::flow::{Datagram, FlowInfo, FlowNo, StreamEvent, Transport, Way};
use impslint::time::Time;
use impslint::wire::{FrameNo, FrameRange, Pieces, Wire};

use super::script::{Step, steps};

fn flow(transport: Transport) -> FlowInfo {
    let (opener, acceptor) = (([10, 0, 0, 1], 40_000).into(), ([192, 0, 2, 1], 2775).into());
    FlowInfo { no: FlowNo(1), transport, opener, acceptor, opening_seen: true, tunnel: None, protected: false }
}

/// What was carried, without its frames and times.
fn contents(items: &[Carried]) -> Vec<String> {
    let one = |item: &Carried| match item {
        Carried::Envelope(e) => {
            assert!(e.frames.first <= e.frames.last && e.start_time <= e.end_time);
            let number = e.gateway.as_ref().and_then(|gateway| gateway.msisdn.as_deref());
            format!("{:?} {number:?} {:?} {}", e.direction, e.wholeness, e.body.bytes().escape_ascii())
        }
        Carried::Cir(cir) => format!("{:?} {:?} {:?} {:?}", cir.bearer, cir.kind, cir.cookie, cir.session_id),
        Carried::Gap { direction, loss, proved, .. } => format!("gap {direction:?} {loss:?} {proved}"),
        Carried::End { end, .. } => format!("end {end:?}"),
    };
    items.iter().map(one).collect()
}

fn read(steps: &[Step]) -> Vec<Carried> {
    let flow = flow(Transport::Tcp);
    let (mut link, mut out, mut time) = (Link::default(), Vec::new(), Time(0));
    for (n, step) in (1..).zip(steps) {
        time.0 += 1_000_000;
        let frame = FrameNo(n);
        let event = match step {
            Step::Data(way, bytes) => StreamEvent::Data { way: *way, bytes, frame, offset: Some(54), time },
            Step::Gap(way, octets) => {
                let loss = impslint::flow::Loss::MissingPackets;
                StreamEvent::Gap { way: *way, octets: *octets, loss, frame, time }
            }
            Step::End(way, end) => StreamEvent::End { way: *way, end: *end, frame, time },
            Step::Pause(seconds) => {
                time.0 += i64::from(*seconds) * 10_000_000_000;
                continue;
            }
            Step::Next => continue,
        };
        if !link.push(&flow, event, &mut out) {
            break;
        }
        assert!(link.held() < 2 * PDU_MAX + (4 << 20), "held within its limits");
    }
    out
}

fn tpdu(octets: &[u8]) {
    let wire = Wire::from_frame(octets, FrameNo(1), 0);
    let Some(short) = Short::of_tpdu(&wire, FrameRange::default(), Time(0)) else { return };
    assert!(short.text.len() <= 255 && short.text.len() <= octets.len() * 8 / 7, "a text of one short message");
    Mailbox::default().take(&Arc::new(flow(Transport::Udp)), short, &mut Vec::new());
}

fn tap(mut octets: &[u8]) {
    let flow = Arc::new(flow(Transport::Udp));
    let (mut tap, mut out) = (Tap::default(), Vec::new());
    for n in 1.. {
        let Some((length, rest)) = octets.split_first() else { break };
        let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        octets = rest;
        let (frame, pieces) = (FrameNo(n), Pieces::one(FrameNo(n), 42));
        let datagram = Datagram { way: Way::Forward, bytes, pieces: &pieces, missing: 0, frame, time: Time(0) };
        tap.push(&flow, &datagram, &mut out);
    }
    tap.finish(&flow, &mut out);
}

/// Reads a link whole and in pieces.
pub fn run(octets: &[u8]) {
    match octets {
        [b't', rest @ ..] => return tpdu(rest),
        [b'g', rest @ ..] => return tap(rest),
        _ => {}
    }
    let steps = steps(octets);
    let whole = contents(&read(&steps));
    // Where octets are missing or make no sense, where a segment starts is a sign.
    let pieces = |size: usize| {
        let mut pieces = Vec::new();
        for step in &steps {
            match step {
                Step::Data(way, bytes) => {
                    pieces.extend(bytes.chunks(size).map(|piece| Step::Data(*way, piece.to_vec())));
                }
                other => pieces.push(other.clone()),
            }
        }
        contents(&read(&pieces))
    };
    if steps.iter().all(in_step) {
        assert_eq!(whole, pieces(61), "in pieces of 61");
        assert_eq!(whole, pieces(7), "in pieces of 7");
    }
}

/// Whether a step is data of whole PDUs, one behind the other.
fn in_step(step: &Step) -> bool {
    let Step::Data(_, bytes) = step else { return matches!(step, Step::Next) };
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let Some(length) = rest.first_chunk().map(|length| u32::from_be_bytes(*length) as usize) else { return false };
        if !Link::may_begin(rest) || rest.len() < length.max(16) {
            return false;
        }
        rest = &rest[length..];
    }
    true
}
