//! Link layers, IP, TCP and UDP: the octets are frames.
//!
//! The first octet chooses the link layer. Then comes frame by frame: two octets of length, one of how much later it
//! was captured (in units of 50 ms), one of how many octets a snap length cut, and the captured octets.

use impslint::capture::{FrameRef, LinkType, Window};
use impslint::flow::{
    Counters, Datagram, End, FlowInfo, FragmentTally, Interest, Loss, StreamEvent, Table, Way, dissect,
};
use impslint::time::Time;
use impslint::wire::{FrameNo, Wire};

/// A captured frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When it was captured.
    pub time: Time,
    /// Its octets.
    pub captured: Vec<u8>,
    /// How many octets of it a snap length cut.
    pub missing: u32,
}

/// An event, kept.
#[derive(Clone, PartialEq, Debug)]
pub enum Told {
    /// Octets.
    Data(Way, Vec<u8>, FrameNo, Option<u32>),
    /// A datagram, and how many octets of it are missing.
    Datagram(Way, Wire, u32),
    /// Octets that are missing.
    Gap(Way, Option<u64>, Loss, FrameNo),
    /// The end of a direction.
    End(Way, End, FrameNo),
}

/// Each flow with its events, and what was counted.
pub type Story = (Vec<(FlowInfo, Vec<Told>)>, Counters);

const LINKS: [LinkType; 24] = [
    LinkType::ETHERNET,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::RAW,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::IPV6,
    LinkType::IEEE802_11,
    LinkType::PPP,
    LinkType::PPP_HDLC,
    LinkType::PPP_ETHER,
    LinkType::C_HDLC,
    LinkType::FRELAY,
    LinkType::IEEE802_11_PRISM,
    LinkType::IEEE802_11_RADIOTAP,
    LinkType::IEEE802_11_AVS,
    LinkType::PPP_PPPD,
    LinkType::PPI,
    LinkType::ERF,
    LinkType::PPP_WITH_DIR,
    LinkType::IPV4,
    LinkType::NFLOG,
    LinkType::WIRESHARK_UPPER_PDU,
    LinkType(147),
];

/// What the flow stage makes of frames that come in windows of these numbers, again and again.
pub fn story(link: LinkType, frames: &[Frame], sizes: &[usize]) -> Story {
    let mut flows: Vec<(FlowInfo, Vec<Told>)> = Vec::new();
    let mut sink = |_: &mut Option<()>, info: &FlowInfo, event: StreamEvent<'_>, _: FrameNo| {
        let told = match event {
            StreamEvent::Data { way, bytes, frame, offset, .. } => Told::Data(way, bytes.to_vec(), frame, offset),
            StreamEvent::Datagram(Datagram { way, bytes, pieces, missing, .. }) => {
                Told::Datagram(way, Wire::cut(bytes, pieces, 0..bytes.len()), missing)
            }
            StreamEvent::Quiet { .. } => return Interest::Followed,
            StreamEvent::Gap { way, octets, loss, frame, .. } => Told::Gap(way, octets, loss, frame),
            StreamEvent::End { way, end, frame, .. } => Told::End(way, end, frame),
        };
        match flows.iter_mut().find(|(known, _)| known.no == info.no) {
            Some((_, events)) => events.push(told),
            None => flows.push((info.clone(), vec![told])),
        }
        Interest::Followed
    };
    let mut table: Table<()> = Table::new(|_, _| Interest::Followed);
    let mut rest = frames;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(rest.len(), |size| (*size).clamp(1, rest.len()));
        let first = frames.len() - rest.len() + 1;
        let (now, later) = rest.split_at(size);
        rest = later;
        let mut window = Window::default();
        for (no, frame) in (first..).zip(now) {
            let start = window.bytes.len() as u32;
            window.bytes.extend(&frame.captured);
            window.frames.push(FrameRef {
                no: FrameNo(no as u64),
                time: Some(frame.time),
                link,
                range: start..window.bytes.len() as u32,
                original_len: frame.captured.len() as u32 + frame.missing,
            });
        }
        table.walk(&window).advance(&window, &mut sink);
    }
    table.finish().advance(&Window::default(), &mut sink);
    flows.sort_by_key(|(info, _)| info.no);
    (flows, table.counters().clone())
}

/// What holds of the events of any flow: in every direction nothing comes after the end, and data is that of its frame.
pub fn hold(frames: &[Frame], (flows, counters): &Story) {
    assert_eq!(counters.packets, frames.len() as u64);
    for (info, events) in flows {
        let mut ended = [false; 2];
        for event in events {
            let (Told::Data(way, ..) | Told::Datagram(way, ..) | Told::Gap(way, ..) | Told::End(way, ..)) = event;
            assert!(!ended[*way as usize], "nothing comes after the end: {info:?} {event:?}");
            match event {
                Told::End(..) => ended[*way as usize] = true,
                Told::Gap(_, octets, ..) => assert_ne!(*octets, Some(0), "a gap is something"),
                Told::Data(_, bytes, frame, offset) => {
                    let captured = &frames[frame.0 as usize - 1].captured;
                    let offset = offset.expect("nothing was derived") as usize;
                    assert!(captured[offset..].starts_with(bytes), "data stands in its frame");
                }
                Told::Datagram(_, wire, _) => stands(wire, |frame| &frames[frame.0 as usize - 1].captured),
            }
        }
    }
}

/// Every octet stands where its piece says; `captured` are the octets of a frame.
pub fn stands<'f>(wire: &Wire, captured: impl Fn(FrameNo) -> &'f Vec<u8>) {
    let ends = wire.pieces().iter().skip(1).map(|next| next.at as usize).chain([wire.len()]);
    for (piece, end) in wire.pieces().iter().zip(ends) {
        let Some(offset) = piece.offset else { continue };
        let bytes = &wire.bytes()[piece.at as usize..end];
        assert!(captured(piece.frame)[offset as usize..].starts_with(bytes), "{piece:?}");
    }
}

/// Frames in and out.
pub fn run(octets: &[u8]) {
    let Some((link, mut rest)) = octets.split_first() else { return };
    let link = LINKS[usize::from(*link) % LINKS.len()];
    let mut frames = Vec::new();
    let mut time = Time(1_178_020_800_000_000_000);
    while let Some(([high, low, later, missing], after)) = rest.split_first_chunk() {
        let (captured, after) = after.split_at((usize::from(*high) << 8 | usize::from(*low)).min(after.len()));
        rest = after;
        time.0 += i64::from(*later) * 50_000_000;
        frames.push(Frame { time, captured: captured.to_vec(), missing: u32::from(*missing) });
        let original = captured.len() as u32 + u32::from(*missing);
        if let Ok(packet) = dissect(link, captured, original) {
            let payload = packet.payload;
            assert!(payload.offset as usize + payload.len as usize <= captured.len(), "a payload lies in its frame");
            assert!(payload.missing <= u32::from(*missing), "no more is missing than was cut");
        }
    }
    let whole = story(link, &frames, &[]);
    hold(&frames, &whole);
    for sizes in [&[1][..], &[2, 5, 1]] {
        assert_eq!(whole, story(link, &frames, sizes), "in windows of {sizes:?}");
    }
    let c = &whole.1;
    let read = c.tcp_segments + c.udp_datagrams + c.cut_headers + c.malformed + c.non_ip();
    let others =
        c.unsupported_links.values().chain(c.other_protocols.values()).chain(c.other_ppp.values()).sum::<u64>();
    let radio = c.without_data + c.encrypted_frames + c.frame_fragments;
    let messages = c.tunnel_messages.values().sum::<u64>();
    let is_radio = link.name().is_some_and(|name| name.starts_with("IEEE802_11")) || link == LinkType::PPI;
    // A frame of radio may hold several packets, and fragments several frames.
    if c.fragments == FragmentTally::default() && !is_radio {
        assert_eq!(read + others + radio + messages, c.packets, "every frame is counted once: {c:?}");
    }
}
