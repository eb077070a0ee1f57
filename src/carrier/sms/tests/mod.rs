//! Short messages as octets, held against what comes of them.

mod air;
mod parts;
mod properties;
mod smpp;

use std::net::SocketAddr;
use std::sync::Arc;

use super::super::{Carried, Direction, Wholeness, cir};
use super::*;
use crate::flow::{Datagram, End, FlowInfo, FlowNo, Loss, StreamEvent, Transport, Way};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange, Pieces, Wire};

const SECOND: i64 = 1_000_000_000;

fn flow(transport: Transport) -> FlowInfo {
    FlowInfo {
        no: FlowNo(1),
        transport,
        opener: SocketAddr::from(([10, 0, 0, 1], 40000)),
        acceptor: SocketAddr::from(([192, 0, 2, 1], 2775)),
        opening_seen: true,
        tunnel: None,
        protected: false,
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// One line an item: direction, number of the subscriber, text, what is not in order.
fn brief(item: &Carried) -> String {
    match item {
        Carried::Envelope(e) => {
            let side = if e.direction == Direction::ClientToServer { "C" } else { "S" };
            let number = e.gateway.as_ref().and_then(|g| g.msisdn.as_deref()).unwrap_or("-");
            let mut line = format!("{side} {number} {}", e.body.bytes().escape_ascii());
            if e.wholeness != Wholeness::Complete {
                line += &format!(" {:?}", e.wholeness);
            }
            line
        }
        Carried::Cir(cir) => {
            let whose = cir.cookie.as_deref().or(cir.session_id.as_deref()).unwrap_or_default();
            format!("{} {} {whose}", cir.bearer.name(), cir.kind.name())
        }
        Carried::Gap { loss, proved, .. } => format!("{} {loss:?}", if *proved { "gap" } else { "perhaps" }),
        Carried::End { end, .. } => format!("end {end:?}"),
    }
}

fn briefs(items: &[Carried]) -> Vec<String> {
    items.iter().map(brief).collect()
}

// A PDU of SMPP, built field by field.
#[derive(Clone)]
struct Pdu {
    command: u32,
    class: u8,
    coding: u8,
    text: Vec<u8>,
    options: Vec<(u16, Vec<u8>)>,
}

const SUBMIT: u32 = 4;

const DELIVER: u32 = 5;

const DATA: u32 = 0x103;

/// The user data header with port 3590 both ways.
const TO_DATA: [u8; 7] = [6, 5, 4, 0x0E, 0x06, 0x0E, 0x06];

fn pdu(command: u32, class: u8, coding: u8, text: &[u8]) -> Pdu {
    Pdu { command, class, coding, text: text.to_vec(), options: Vec::new() }
}

fn framed(command: u32, status: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len() as u32;
    [&length.to_be_bytes()[..], &command.to_be_bytes(), &status.to_be_bytes(), &7_u32.to_be_bytes(), body].concat()
}

impl Pdu {
    fn option(mut self, tag: u16, value: &[u8]) -> Self {
        self.options.push((tag, value.to_vec()));
        self
    }

    fn octets(&self) -> Vec<u8> {
        let (handset, service) = (&b"\x01\x01447700900001\0"[..], &b"\x00\x013590\0"[..]);
        let (from, to) = if self.command == DELIVER { (handset, service) } else { (service, handset) };
        let mut body = [&b"\0"[..], from, to, &[self.class]].concat();
        if self.command == DATA {
            body.extend([0, self.coding]);
        } else {
            body.extend([0, 0, 0, 0, 0, 0, self.coding, 0, self.text.len() as u8]);
            body.extend(&self.text);
        }
        for (tag, value) in &self.options {
            body.extend(tag.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend(value);
        }
        framed(self.command, 0, &body)
    }
}

/// What comes to a link, one second after the other.
enum Step {
    Data(Way, Vec<u8>),
    Gap(Way, Option<u64>),
    Wait(i64),
    End(End),
}

/// From the one that opened the link, the server of IMPS.
fn up(pdu: &Pdu) -> Step {
    Step::Data(Way::Forward, pdu.octets())
}

fn down(pdu: &Pdu) -> Step {
    Step::Data(Way::Reverse, pdu.octets())
}

fn read(steps: &[Step]) -> Vec<Carried> {
    let flow = flow(Transport::Tcp);
    let (mut link, mut out, mut time) = (Link::default(), Vec::new(), Time(0));
    for (n, step) in (1..).zip(steps) {
        time.0 += SECOND;
        let frame = FrameNo(n);
        let events = match step {
            Step::Data(way, bytes) => vec![StreamEvent::Data { way: *way, bytes, frame, offset: Some(54), time }],
            Step::Gap(way, octets) => {
                let loss = Loss::MissingPackets;
                vec![StreamEvent::Gap { way: *way, octets: *octets, loss, frame, time }]
            }
            Step::Wait(seconds) => {
                time.0 += seconds * SECOND;
                Vec::new()
            }
            Step::End(end) => {
                [Way::Forward, Way::Reverse].map(|way| StreamEvent::End { way, end: *end, frame, time }).to_vec()
            }
        };
        for event in events {
            if !link.push(&flow, event, &mut out) {
                return out;
            }
        }
    }
    out
}

fn seen(steps: &[Step]) -> Vec<String> {
    briefs(&read(steps))
}

/// Septets put one behind the other, the first behind so many bits.
fn packed(septets: &[u8], fill: usize) -> Vec<u8> {
    let mut out = vec![0; (septets.len() * 7 + fill).div_ceil(8)];
    for (i, septet) in septets.iter().enumerate() {
        for bit in (0..7).filter(|bit| septet >> bit & 1 == 1) {
            let at = i * 7 + fill + bit;
            out[at / 8] |= 1 << (at % 8);
        }
    }
    out
}
