use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;

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

#[test]
fn tpdus_of_three_kinds_carry_a_wake_up() {
    let vectors = [
        "440c91447700900010000462112280000000180605040e8400005756434920312e3220636f6f6b69653031",
        "440c91447700900010000062112280000000190605040e84000057eb30098ab964a0f1fbbd4e976131",
        "440c91447700900010000462112280000000160605040e84000057eb30098ab964a0f1fbbd4e976131",
    ];
    for vector in vectors {
        for in_front in ["", "07917283010010F5"] {
            let wire = Wire::from_frame(&octets(&format!("{in_front}{vector}")), FrameNo(4), 42);
            let frames = FrameRange { first: FrameNo(4), last: FrameNo(4) };
            let short = Short::of_tpdu(&wire, frames, Time(5)).unwrap();
            assert_eq!(&*short.source, "+447700090001");
            assert_eq!(short.direction, Direction::ServerToClient);
            assert_eq!(short.ports, Some(Ports { destination: 3716, source: 0 }));
            let mut out = Vec::new();
            Mailbox::default().take(&Arc::new(flow(Transport::Udp)), short, &mut out);
            assert_eq!(briefs(&out), ["cir-sms wake-up cookie01"], "{vector}");
            let Carried::Cir(cir) = &out[0] else { unreachable!() };
            let expected = (cir::Bearer::Sms, frames, Time(5), Some("1.2"));
            assert_eq!((cir.bearer, cir.frames, cir.time, cir.version.as_deref()), expected);
        }
    }
}

#[test]
fn messages_of_other_implementations_are_read() {
    // Examples that documents and test suites of other implementations share: PDUs of modems, and one of SMPP.
    let of_modems = [
        (
            "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
            "+31641600986",
            "How are you?",
        ),
        (
            "0011000A9160214365870008AA1C00640061007400610066006100740061007800610073006400610073",
            "+0612345678",
            "datafataxasdas",
        ),
    ];
    for (hex, number, text) in of_modems {
        let wire = Wire::from_frame(&octets(hex), FrameNo(1), 0);
        let short = Short::of_tpdu(&wire, FrameRange::default(), Time(0)).unwrap();
        // The handset itself is not named.
        assert_eq!((&*[&*short.source, &short.destination].concat(), short.whole), (number, Wholeness::Complete));
        assert_eq!(short.subscriber(), "");
        assert_eq!(short.plain().bytes(), text.as_bytes());
    }
    let delivered = octets(
        "0000004d00000005000000009f88f12441575342440001013136353035353531323334000101313737333535353430373000\
         000000000000000300117468657265206973206e6f2073706f6f6e",
    );
    assert!(Link::may_begin(&delivered));
    let header = pdu::Header::read(&delivered).unwrap();
    let (wire, frames) = (Wire::from_frame(&delivered, FrameNo(1), 0), FrameRange::default());
    let short = pdu::short(&wire, header, Direction::ClientToServer, frames, (Time(0), Time(0))).unwrap();
    assert_eq!((&*short.source, &*short.destination), ("+16505551234", "+17735554070"));
    assert_eq!((short.coding, short.plain().bytes()), (Coding::Latin1, &b"there is no spoon"[..]));
}

#[test]
fn a_submit_has_a_reference_and_a_validity_period_of_three_lengths() {
    let text = b"WV12PO0 SI=s1";
    for (first, period) in [(0x41, 0), (0x51, 1), (0x49, 7), (0x59, 7)] {
        let mut tpdu = vec![first, 9, 4, 0x81, 0x53, 0x09, 0, 0xF5];
        tpdu.extend(vec![0; period]);
        tpdu.push(7 + text.len() as u8);
        tpdu.extend(TO_DATA);
        tpdu.extend(text);
        let wire = Wire::from_frame(&tpdu, FrameNo(1), 0);
        let short = Short::of_tpdu(&wire, FrameRange::default(), Time(0)).unwrap();
        assert_eq!((&*short.destination, short.direction), ("3590", Direction::ClientToServer));
        assert_eq!((short.text.bytes(), short.whole), (&text[..], Wholeness::Complete));
    }
}

#[test]
fn a_tpdu_may_come_from_a_name_and_be_cut() {
    let name = packed(b"IMPS", 0);
    let mut tpdu = vec![0x04, 7, 0xD0];
    tpdu.extend(name);
    tpdu.extend([0, 4, 0x62, 0x11, 0x22, 0x80, 0, 0, 0, 5]);
    tpdu.extend(b"WV1");
    let short = Short::of_tpdu(&Wire::from_frame(&tpdu, FrameNo(1), 0), FrameRange::default(), Time(0)).unwrap();
    assert_eq!((&*short.source, short.text.bytes(), short.whole), ("IMPS", &b"WV1"[..], Wholeness::Limit));
}

#[test]
fn smpp_says_who_speaks_by_its_command() {
    let poll = pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat());
    let answer = pdu(SUBMIT, 0x40, 4, &[&TO_DATA[..], b"WV12XX5 SI=s1"].concat());
    let steps = [down(&poll), up(&answer), Step::End(End::Closed)];
    let items = read(&steps);
    let expected = ["C 447700900001 WV12PO0 SI=s1", "S 447700900001 WV12XX5 SI=s1", "end Closed"];
    assert_eq!(briefs(&items), expected);
    let Carried::Envelope(envelope) = &items[0] else { unreachable!() };
    // The one that sends through the message centre stands for the server.
    assert_eq!(envelope.peers().1, flow(Transport::Tcp).opener);
    assert_eq!((envelope.exchange, envelope.frames.first), (0, FrameNo(1)));
    let piece = envelope.body.pieces().iter().next().unwrap();
    let at = poll.octets().windows(4).position(|w| w == b"WV12").unwrap() as u32;
    assert_eq!(piece.offset, Some(54 + at));
}

#[test]
fn what_a_primitive_says_of_its_sender_counts_more() {
    let polled = pdu(SUBMIT, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat());
    assert_eq!(seen(&[up(&polled)]), ["C - WV12PO0 SI=s1"]);
}

#[test]
fn texts_are_octets_ascii_septets_latin_or_ucs2() {
    let plain = "WV12ST3 SI=a_b ST=(200,\"\u{e4}\")";
    let latin: Vec<u8> = plain.chars().map(|c| c as u8).collect();
    let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let gsm: Vec<u8> = latin
        .iter()
        .map(|b| match b {
            b'_' => 0x11,
            0xE4 => 0x7B,
            b => *b,
        })
        .collect();
    for (coding, text) in
        [(4, plain.as_bytes()), (3, &latin), (8, &wide), (0, &gsm), (0, plain.as_bytes()), (0xF0, &gsm)]
    {
        let expected = format!("S 447700900001 {}", plain.as_bytes().escape_ascii());
        assert_eq!(seen(&[up(&pdu(SUBMIT, 0, coding, text))]), [expected], "{coding}");
    }
}

#[test]
fn packed_septets_are_read_in_octets_and_behind_a_header_with_fill_bits() {
    // Of fifteen septets the last octet has seven bits to spare.
    for (text, header, fill) in [
        ("WV12PO0 SI=s1", &TO_DATA[..], 0),
        ("WV12PO0 SI=s123", &TO_DATA, 0),
        ("WV12PO0 SI=s1", &[8, 0x70, 0, 5, 4, 0x0E, 6, 0x0E, 6], 5),
    ] {
        assert_eq!(fill, alphabet::fill(header.len()));
        let packed = packed(text.as_bytes(), fill);
        let message = pdu(DELIVER, 0x40, 4, &[header, &packed].concat());
        assert_eq!(seen(&[down(&message)]), [format!("C 447700900001 {text}")], "{header:?}");
    }
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

#[test]
fn parameters_say_ports_parts_and_text() {
    let part = |number: u8, text: &[u8]| {
        pdu(DATA, 0, 4, b"")
            .option(0x020A, &3590_u16.to_be_bytes())
            .option(0x020B, &3590_u16.to_be_bytes())
            .option(0x020C, &[0, 9])
            .option(0x020E, &[2])
            .option(0x020F, &[number])
            .option(0x0424, text)
    };
    let steps = [up(&part(2, b" SI=s1 ST=200")), up(&part(1, b"WV12ST4"))];
    assert_eq!(seen(&steps), ["S 447700900001 WV12ST4 SI=s1 ST=200"]);
    let unread = pdu(SUBMIT, 0, 4, b"??").option(0x020B, &3590_u16.to_be_bytes());
    assert_eq!(seen(&[up(&unread)]), ["S 447700900001 ??"]);
}

#[test]
fn receipts_other_ports_and_other_texts_are_left_out() {
    let text = b"id:1 sub:001 dlvrd:001 WV12PO0";
    assert_eq!(seen(&[down(&pdu(DELIVER, 0x04, 0, b"WV12PO0 SI=s1")), down(&pdu(DELIVER, 0, 0, text))]), [""; 0]);
}

#[test]
fn a_push_holds_a_wake_up() {
    let push = [&[6, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 1, 6, 3, 0xC6, 0xAF, 0x8A], &b"WVCI 1.2 c01"[..]].concat();
    assert_eq!(seen(&[up(&pdu(SUBMIT, 0x40, 0xF5, &push))]), ["cir-push wake-up c01"]);
    let hello = [&[6, 5, 4, 0x0E, 0x84, 0x0E, 0x84], &b"HELO s1"[..]].concat();
    assert_eq!(seen(&[down(&pdu(DELIVER, 0x40, 4, &hello))]), ["cir-sms hello s1"]);
    assert_eq!(seen(&[down(&pdu(DELIVER, 0, 0, b"HELO there"))]), [""; 0]);
}

/// Parts of a message that is split by its header, with reference and number.
fn part(reference: u8, total: u8, number: u8, text: &[u8]) -> Step {
    let header = [11, 0, 3, reference, total, number, 5, 4, 0x0E, 6, 0x0E, 6];
    down(&pdu(DELIVER, 0x40, 4, &[&header[..], text].concat()))
}

#[test]
fn parts_come_in_any_order_and_twice() {
    let steps = [
        part(7, 3, 3, b"c"),
        part(8, 2, 1, b"WV12PO2 "),
        part(7, 3, 1, b"WV12PO1 a"),
        part(7, 3, 3, b"c"),
        part(7, 3, 2, b"b"),
        part(7, 3, 1, b"WV12PO1 a"),
        part(8, 2, 2, b"x"),
        Step::End(End::Open),
    ];
    assert_eq!(seen(&steps), ["C 447700900001 WV12PO1 abc", "C 447700900001 WV12PO2 x", "end Open"]);
}

#[test]
fn lost_parts_are_told() {
    let lost = |steps: &[Step]| seen(steps);
    let open = [part(7, 3, 1, b"WV12PO1 a"), part(7, 3, 3, b"c"), Step::End(End::Closed)];
    assert_eq!(lost(&open), ["C 447700900001 WV12PO1 a OpenAtEnd", "end Closed"]);
    let late = [part(7, 2, 1, b"WV12PO1 a"), Step::Wait(601), part(9, 2, 1, b"x"), Step::End(End::Closed)];
    let expected = ["C 447700900001 WV12PO1 a Lost(MissingPackets)", "C 447700900001 x OpenAtEnd", "end Closed"];
    assert_eq!(lost(&late), expected);
    let again = [part(7, 2, 1, b"WV12PO1 a"), part(7, 2, 1, b"WV12PO2 b"), part(7, 2, 2, b"c")];
    assert_eq!(lost(&again), ["C 447700900001 WV12PO1 a Lost(MissingPackets)", "C 447700900001 WV12PO2 bc"]);
    // Of a message without its first part only the port tells that it is of IMPS.
    assert_eq!(lost(&[part(7, 2, 2, b"c"), Step::End(End::Closed)])[0], "C 447700900001  OpenAtEnd");
}

#[test]
fn waiting_has_limits() {
    let mut steps: Vec<Step> = (0..=GROUPS_MAX as u32)
        .map(|n| {
            let header = [12, 8, 4, (n >> 8) as u8, n as u8, 2, 1, 5, 4, 0x0E, 6, 0x0E, 6];
            down(&pdu(DELIVER, 0x40, 4, &[&header[..], b"WV12PO0 "].concat()))
        })
        .collect();
    assert_eq!(seen(&steps), ["C 447700900001 WV12PO0  Limit"]);
    steps.pop();
    assert_eq!(seen(&steps), [""; 0]);
    let large = |n: u8| {
        let text = [b"WV12PO0 ".to_vec(), vec![n; 60_000]].concat();
        let message = pdu(DELIVER, 0, 4, b"").option(0x0424, &text).option(0x020B, &3590_u16.to_be_bytes());
        down(&message.option(0x020C, &[0, n]).option(0x020E, &[2]).option(0x020F, &[1]))
    };
    let held = HELD_MAX / 60_000;
    assert_eq!(seen(&(0..held as u8).map(large).collect::<Vec<_>>()), [""; 0]);
    assert_eq!(seen(&(0..=held as u8).map(large).collect::<Vec<_>>()).len(), 1);
}

#[test]
fn segments_of_the_plain_text_syntax_are_joined() {
    let segment = |text: &[u8]| down(&pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], text].concat()));
    let steps =
        [segment(b"WV12LR1bb obby"), segment(b"WV12UP1bb x"), segment(b"WV12lr1ab UI=wv:b"), Step::End(End::Closed)];
    let expected = ["C 447700900001 WV12lr1 UI=wv:bobby", "C 447700900001 WV12UP1 OpenAtEnd", "end Closed"];
    assert_eq!(seen(&steps), expected);
    let items = read(&steps[..3]);
    let Carried::Envelope(envelope) = &items[0] else { unreachable!() };
    assert_eq!((envelope.frames.first, envelope.frames.last), (FrameNo(1), FrameNo(3)));
    let frames: Vec<_> = envelope.body.pieces().iter().map(|piece| (piece.at, piece.frame)).collect();
    assert_eq!(frames, [(0, FrameNo(3)), (7, FrameNo(3)), (15, FrameNo(1))]);
}

#[test]
fn credentials_of_a_bind_are_passed_over() {
    let bind = framed(9, 0, b"imps\0secret\0\0\x34\0\0\0");
    let poll = pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat()).octets();
    for size in [1, 7, 1000] {
        let mut link = Link::default();
        let info = flow(Transport::Tcp);
        let mut out = Vec::new();
        for (way, octets) in [(Way::Reverse, &bind), (Way::Forward, &poll)] {
            for bytes in octets.chunks(size) {
                let event = StreamEvent::Data { way, bytes, frame: FrameNo(1), offset: None, time: Time(0) };
                assert!(link.push(&info, event, &mut out));
                // Of the bind, never more than a header.
                let held = link.held() - Link::default().held();
                assert!(way == Way::Forward || held < 16, "{held}");
            }
        }
        assert_eq!(briefs(&out), ["C 447700900001 WV12PO0 SI=s1"]);
        let Carried::Envelope(envelope) = &out[0] else { unreachable!() };
        assert_eq!(envelope.peers().1, info.acceptor);
    }
}

#[test]
fn a_link_is_in_step_again_behind_a_gap() {
    let poll = pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat());
    let response = framed(0x8000_0005, 0, b"\0");
    let said = "C 447700900001 WV12PO0 SI=s1";
    let cut = poll.octets();
    let steps = [
        down(&poll),
        Step::Data(Way::Reverse, cut[..30].to_vec()),
        Step::Gap(Way::Reverse, Some(10)),
        Step::Data(Way::Reverse, cut[40..].to_vec()),
        down(&poll),
    ];
    assert_eq!(seen(&steps), [said, "gap MissingPackets", said]);
    let middle = [&cut[20..], &response, &cut].concat();
    let steps = [down(&poll), Step::Gap(Way::Reverse, None), Step::Data(Way::Reverse, middle.clone()), down(&poll)];
    assert_eq!(seen(&steps), [said, "gap MissingPackets", said, said]);
    // A gap before anything of IMPS is told when the link proves to carry it.
    let steps = [Step::Data(Way::Reverse, response), Step::Gap(Way::Reverse, None), Step::Data(Way::Reverse, middle)];
    assert_eq!(seen(&steps), ["perhaps MissingPackets", "gap MissingPackets", said]);
}

#[test]
fn what_is_not_smpp_is_given_up() {
    for other in [&b"GET / HTTP/1.1"[..], b"\0\0\0\x10\0\0\0\x99\0\0\0\0\0\0\0\x01", b"\0\x02\0\0", b"\0\0\0\x10\0\x01"]
    {
        assert!(!Link::may_begin(other), "{other:?}");
    }
    let enquire = framed(0x15, 0, b"");
    assert!((1..=16).all(|length| Link::may_begin(&enquire[..length])));
    let step = |bytes: &[u8]| Step::Data(Way::Forward, bytes.to_vec());
    assert_eq!(
        seen(&[step(b"\0\0"), step(b"\0\x10\0\0\0\x99\0\0\0\0\0\0\0\x01"), up(&pdu(SUBMIT, 0, 4, b"WV12PO0"))]),
        [""; 0]
    );
}

/// A datagram of GSMTAP with a frame of LAPDm, on a channel up or down.
fn tapped(up: bool, slow: bool, sequence: u8, more: bool, octets: &[u8]) -> Vec<u8> {
    let mut datagram =
        vec![2, 4, 1, 0, if up { 0x40 } else { 0 }, 20, 0, 0, 0, 0, 0, 0, if slow { 0x87 } else { 7 }, 0, 0, 0];
    datagram.extend(if slow { &[0, 0][..] } else { &[] });
    datagram.extend([0x0D, sequence << 1, (octets.len() as u8) << 2 | u8::from(more) << 1 | 1]);
    datagram.extend(octets);
    datagram.resize(datagram.len() + 20 - octets.len().min(20), 0x2B);
    datagram
}

fn put(tap: &mut Tap, bytes: &[u8], frame: u64, out: &mut Vec<Carried>) {
    let (frame, pieces) = (FrameNo(frame), Pieces::one(FrameNo(frame), 42));
    let datagram = Datagram { way: Way::Forward, bytes, pieces: &pieces, missing: 0, frame, time: Time(0) };
    tap.push(&Arc::new(flow(Transport::Udp)), &datagram, out);
}

#[test]
fn short_messages_are_read_off_the_air() {
    let tpdu = octets("440c91447700900010000462112280000000180605040e8400005756434920312e3220636f6f6b69653031");
    let mut relay = vec![1, 5, 4, 0x91, 0x44, 0x77, 0x09, 0, tpdu.len() as u8];
    relay.extend(&tpdu);
    let message = [&[0x09, 1, relay.len() as u8][..], &relay].concat();
    for slow in [false, true] {
        let (mut tap, mut out) = (Tap::default(), Vec::new());
        let count = message.chunks(20).count();
        for (i, segment) in message.chunks(20).enumerate() {
            // Each is sent twice, and on another channel something else is.
            for datagram in [
                tapped(false, slow, i as u8, i + 1 < count, segment),
                tapped(false, slow, i as u8, i + 1 < count, segment),
                tapped(true, slow, i as u8, i + 1 < count, &[1]),
            ] {
                put(&mut tap, &datagram, i as u64 + 1, &mut out);
            }
        }
        assert_eq!(briefs(&out), ["cir-sms wake-up cookie01"]);
        let Carried::Cir(cir) = &out[0] else { unreachable!() };
        assert_eq!(cir.frames, FrameRange { first: FrameNo(1), last: FrameNo(count as u64) });
    }
}

#[test]
fn channels_have_a_limit() {
    let (mut tap, mut out) = (Tap::default(), Vec::new());
    for n in 0..CHANNELS_MAX as u8 + 9 {
        let mut datagram = tapped(false, false, 0, true, b"x");
        datagram[5] = n;
        put(&mut tap, &datagram, 1, &mut out);
    }
    let each = tap.held() / CHANNELS_MAX;
    assert_eq!(tap.held(), each * CHANNELS_MAX);
    let mut one = Tap::default();
    put(&mut one, &tapped(false, false, 0, true, b"x"), 1, &mut out);
    assert_eq!(one.held(), each);
}

proptest! {
    #[test]
    fn any_octets_are_read(pieces in proptest::collection::vec((any::<bool>(), any::<Vec<u8>>()), 0..8), start in any::<bool>()) {
        let enquire = start.then(|| Step::Data(Way::Forward, framed(0x15, 0, b"")));
        let steps = pieces.into_iter().map(|(up, bytes)| Step::Data(if up { Way::Forward } else { Way::Reverse }, bytes));
        let all: Vec<Step> = enquire.into_iter().chain(steps).chain([Step::End(End::Reset)]).collect();
        let _ = read(&all);
    }

    #[test]
    fn any_tpdu_is_read(octets: Vec<u8>) {
        let wire = Wire::from_frame(&octets, FrameNo(1), 0);
        if let Some(short) = Short::of_tpdu(&wire, FrameRange::default(), Time(0)) {
            let _ = (short.plain(), short.unpacked().count());
            Mailbox::default().take(&Arc::new(flow(Transport::Udp)), short, &mut Vec::new());
        }
    }

    #[test]
    fn any_datagram_is_read(datagrams in proptest::collection::vec(any::<Vec<u8>>(), 0..8)) {
        let mut tap = Tap::default();
        for mut datagram in datagrams {
            datagram.splice(0..0, tapped(true, false, 0, false, b"\x09\x01"));
            put(&mut tap, &datagram, 1, &mut Vec::new());
        }
    }

    #[test]
    fn segmentation_makes_no_difference(size in 1_usize..80, order in Just([0_usize, 1, 2, 3]).prop_shuffle()) {
        let parts: [&[u8]; 4] = [b"WV12UP7 UV=(", b"(OS,T,T),", b"(UA,T,AV)", b")"];
        let octets: Vec<u8> = order.iter().flat_map(|n| {
            let header = [11, 0, 3, 7, 4, *n as u8 + 1, 5, 4, 0x0E, 6, 0x0E, 6];
            let mut octets = pdu(DELIVER, 0x40, 4, &[&header[..], parts[*n]].concat()).octets();
            octets.extend(framed(0x8000_0015, 0, b""));
            octets
        }).collect();
        let steps: Vec<Step> = octets.chunks(size).map(|bytes| Step::Data(Way::Reverse, bytes.to_vec())).collect();
        prop_assert_eq!(seen(&steps), ["C 447700900001 WV12UP7 UV=((OS,T,T),(UA,T,AV))"]);
    }
}
