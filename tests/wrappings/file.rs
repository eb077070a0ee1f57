//! Capture files: pcap and pcapng in all their forms, damaged ones, compressed ones, sets of several.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::conversation::{Capture, Conversation, Frame, Given, Packet, SECOND};
use crate::link::{ETHERNET, ethernet};
use crate::wrap::Wrap;

/// Byte order of a file.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    fn four(self, number: u32) -> [u8; 4] {
        if matches!(self, Self::Little) { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    fn two(self, number: u16) -> [u8; 2] {
        if matches!(self, Self::Little) { number.to_le_bytes() } else { number.to_be_bytes() }
    }
}

/// The octets of a pcap file with time stamps of this unit, in nanoseconds (1 or 1,000).
fn pcap_octets(frames: &[Frame], order: Order, unit: i64) -> Vec<u8> {
    let mut out = order.four(if unit == 1 { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    out.extend([order.two(2), order.two(4)].concat());
    out.extend(
        [0, 0, 262_144, frames.first().map_or(u32::from(ETHERNET), |f| u32::from(f.link))]
            .map(|n| order.four(n))
            .concat(),
    );
    for frame in frames {
        out.extend(pcap_record(frame, order, unit));
    }
    out
}

fn pcap_record(frame: &Frame, order: Order, unit: i64) -> Vec<u8> {
    let (seconds, rest) = (frame.time.div_euclid(SECOND), frame.time.rem_euclid(SECOND) / unit);
    let lengths = [frame.octets.len() as u32, frame.original as u32];
    [&[seconds as u32, rest as u32, lengths[0], lengths[1]].map(|n| order.four(n)).concat()[..], &frame.octets].concat()
}

fn alone(name: &str, octets: Vec<u8>) -> Capture {
    Capture { files: vec![(name.to_owned(), octets)], options: &[], given: Given::Named }
}

/// The usual file: pcap, little-endian, nanoseconds.
pub(crate) fn pcap(frames: &[Frame]) -> Capture {
    alone("capture.pcap", pcap_octets(frames, Order::Little, 1))
}

fn frames(c: &Conversation) -> Vec<Frame> {
    c.iter().map(ethernet).collect()
}

fn plain(c: &Conversation) -> Vec<u8> {
    pcap_octets(&frames(c), Order::Little, 1)
}

/// Two files one after the other in one, as `cat` joins them: the second begins with a head of its own.
fn joined(c: &Conversation, file: impl Fn(&[Frame]) -> Vec<u8>) -> Capture {
    let frames = frames(c);
    let (first, second) = frames.split_at(frames.len() / 2);
    alone("capture", [file(first), file(second)].concat())
}

/// The older form of pcap records with eight octets more, of which the magic number tells.
fn modified(c: &Conversation) -> Capture {
    let frames = frames(c);
    let mut out = pcap_octets(&frames[..0], Order::Little, 1_000);
    out[..4].copy_from_slice(&0xa1b2_cd34_u32.to_le_bytes());
    for frame in &frames {
        let mut record = pcap_record(frame, Order::Little, 1_000);
        record.splice(16..16, [2, 0, 0, 0, 8, 0, 0, 0]);
        out.extend(record);
    }
    alone("capture.pcap", out)
}

/// A head that promises a shorter snap length than the records have, and a check sequence behind each frame.
fn odd_head(c: &Conversation) -> Capture {
    let mut frames = frames(c);
    for frame in &mut frames {
        let sum = crc32(&frame.octets);
        frame.octets.extend(sum.to_le_bytes());
        frame.original += 4;
    }
    let mut out = pcap_octets(&frames, Order::Little, 1);
    out[16..20].copy_from_slice(&96_u32.to_le_bytes());
    // Two words of 16 bits of check sequence, and the flag that says so.
    out[23] = 0x24;
    alone("capture.pcap", out)
}

/// A pcapng block: type and body, padded, its length on both sides.
fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().wrapping_neg() % 4;
    let len = order.four((12 + body.len() + padding) as u32);
    [&order.four(kind)[..], &len, body, &[0, 0, 0][..padding], &len].concat()
}

/// An option of a block.
fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let padding = value.len().wrapping_neg() % 4;
    [&order.two(code)[..], &order.two(value.len() as u16), value, &[0, 0, 0][..padding]].concat()
}

/// The head of a section of unknown length.
fn section(order: Order) -> Vec<u8> {
    let mut body = [order.four(0x1a2b_3c4d), [order.two(1), order.two(0)].concat().try_into().unwrap()].concat();
    body.extend([0xff; 8]);
    body.extend(option(order, 4, b"a writer of tests"));
    body.extend(option(order, 0, &[]));
    block(order, 0x0a0d_0d0a, &body)
}

/// An interface: link type and units of its time stamps as an `if_tsresol`, `None` for the usual microseconds.
fn interface(order: Order, link: u16, resolution: Option<u8>) -> Vec<u8> {
    let mut body = [order.two(link), [0, 0]].concat();
    body.extend(order.four(0));
    if let Some(resolution) = resolution {
        body.extend(option(order, 9, &[resolution]));
        body.extend(option(order, 0, &[]));
    }
    block(order, 1, &body)
}

/// A packet of an interface whose time stamps count so many a second.
fn packet_block(order: Order, interface: u32, frame: &Frame, a_second: i128, options: &[u8]) -> Vec<u8> {
    let stamp = (i128::from(frame.time) * a_second / i128::from(SECOND)) as u64;
    let numbers = [interface, (stamp >> 32) as u32, stamp as u32, frame.octets.len() as u32, frame.original as u32];
    let padding = frame.octets.len().wrapping_neg() % 4;
    let body = [&numbers.map(|n| order.four(n)).concat()[..], &frame.octets, &[0, 0, 0][..padding], options].concat();
    block(order, 6, &body)
}

/// A pcapng of one interface.
fn pcapng_octets(frames: &[Frame], order: Order) -> Vec<u8> {
    let packets = frames.iter().flat_map(|f| packet_block(order, 0, f, 1_000_000_000, &[]));
    [section(order), interface(order, frames[0].link, Some(9)), packets.collect()].concat()
}

pub(crate) fn pcapng(frames: &[Frame]) -> Capture {
    alone("capture.pcapng", pcapng_octets(frames, Order::Little))
}

/// Three interfaces, each of its own link layer and its own unit of time.
fn several_interfaces(c: &Conversation, order: Order) -> Capture {
    let mut out = [
        section(order),
        interface(order, ETHERNET, None),
        interface(order, 101, Some(9)),
        // 2^30 units a second.
        interface(order, 228, Some(0x9e)),
    ]
    .concat();
    for (i, packet) in c.iter().enumerate() {
        let raw = Frame { time: packet.time, link: 101, octets: packet.octets.clone(), original: packet.octets.len() };
        out.extend(match i % 3 {
            0 => packet_block(order, 0, &ethernet(packet), 1_000_000, &[]),
            1 => packet_block(order, 1, &raw, 1_000_000_000, &[]),
            // One unit later: rounded down it would be before what came before.
            _ => packet_block(order, 2, &Frame { time: raw.time + 1, ..raw }, 1 << 30, &[]),
        });
    }
    alone("capture.pcapng", out)
}

/// Packet blocks of the first pcapng, and an interface whose time counts from another epoch.
fn old_blocks(c: &Conversation) -> Capture {
    let order = Order::Little;
    let epoch = 1_000_000_000_i64;
    let mut body = [order.two(ETHERNET), [0, 0]].concat();
    body.extend(order.four(0));
    body.extend(option(order, 9, &[9]));
    body.extend(option(order, 14, &epoch.to_le_bytes()));
    body.extend(option(order, 0, &[]));
    let mut out = [section(order), block(order, 1, &body)].concat();
    for frame in frames(c) {
        let stamp = (frame.time - epoch * SECOND) as u64;
        let lengths = [(stamp >> 32) as u32, stamp as u32, frame.octets.len() as u32, frame.original as u32];
        let body = [&[0, 0, 0xff, 0xff][..], &lengths.map(|n| order.four(n)).concat(), &frame.octets].concat();
        out.extend(block(order, 2, &body));
    }
    alone("capture.pcapng", out)
}

/// Two sections, the second in the other byte order and with another link layer; comments and blocks of no concern.
fn sections(c: &Conversation) -> Capture {
    let (first, second) = c.split_at(c.len() / 2);
    let mut out = [section(Order::Little), interface(Order::Little, ETHERNET, Some(9))].concat();
    let comment = [option(Order::Little, 1, b"a comment"), option(Order::Little, 0, &[])].concat();
    for packet in first {
        out.extend(packet_block(Order::Little, 0, &ethernet(packet), 1_000_000_000, &comment));
    }
    // Names resolved, statistics, a custom block, a type that nobody knows.
    for kind in [4, 5, 0xbad, 0x0000_4242] {
        out.extend(block(Order::Little, kind, &[0; 12]));
    }
    out.extend([section(Order::Big), interface(Order::Big, 101, Some(6))].concat());
    for packet in second {
        let raw = Frame { time: packet.time, link: 101, octets: packet.octets.clone(), original: packet.octets.len() };
        out.extend(packet_block(Order::Big, 0, &raw, 1_000_000, &[]));
    }
    alone("capture.pcapng", out)
}

/// Garbage of this length after every fiftieth record.
fn garbage(c: &Conversation, len: usize) -> Capture {
    let frames = frames(c);
    let mut out = pcap_octets(&frames[..1], Order::Little, 1);
    for (i, frame) in frames.iter().enumerate().skip(1) {
        out.extend(pcap_record(frame, Order::Little, 1));
        if i % 50 == 0 {
            out.extend((0..len).map(|n| (n * 37 + i) as u8));
        }
    }
    alone("capture.pcap", out)
}

/// Garbage between blocks of a pcapng.
fn garbage_blocks(c: &Conversation, len: usize) -> Capture {
    let frames = frames(c);
    let mut out = pcapng_octets(&frames[..1], Order::Little);
    for (i, frame) in frames.iter().enumerate().skip(1) {
        out.extend(packet_block(Order::Little, 0, frame, 1_000_000_000, &[]));
        if i % 50 == 0 {
            out.extend((0..len).map(|n| (n * 37 + i) as u8));
        }
    }
    alone("capture.pcapng", out)
}

/// A block of no packet whose length is wrong, in the middle of the file.
fn wrong_block_length(c: &Conversation) -> Capture {
    let frames = frames(c);
    let (first, second) = frames.split_at(frames.len() / 2);
    let mut out = pcapng_octets(first, Order::Little);
    let mut wrong = block(Order::Little, 5, &[0; 12]);
    wrong[4..8].copy_from_slice(&0x0fff_fff0_u32.to_le_bytes());
    out.extend(wrong);
    for frame in second {
        out.extend(packet_block(Order::Little, 0, frame, 1_000_000_000, &[]));
    }
    alone("capture.pcapng", out)
}

/// The checksum of gzip and of Ethernet.
pub(crate) fn crc32(octets: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for octet in octets {
        crc ^= u32::from(*octet);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// A gzip member whose blocks are stored; with a name in its head, as the command writes it.
fn gzip_stored(octets: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    out.extend(b"capture.pcap\0");
    let mut parts = octets.chunks(40_000).peekable();
    while let Some(part) = parts.next() {
        out.push(u8::from(parts.peek().is_none()));
        out.extend((part.len() as u16).to_le_bytes());
        out.extend((!(part.len() as u16)).to_le_bytes());
        out.extend(part);
    }
    out.extend(crc32(octets).to_le_bytes());
    out.extend((octets.len() as u32).to_le_bytes());
    out
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Two members one after the other, as where a second file was appended.
fn gzip_members(octets: &[u8]) -> Vec<u8> {
    let (first, second) = octets.split_at(octets.len() / 2);
    [gzip(first), gzip_stored(second)].concat()
}

/// A Zstandard frame of raw blocks, a skippable frame before it; no content size, no checksum, a window of 128 KiB.
fn zstandard_raw(octets: &[u8]) -> Vec<u8> {
    let mut out = [&0x184d_2a50_u32.to_le_bytes()[..], &[3, 0, 0, 0, 1, 2, 3]].concat();
    out.extend(0xfd2f_b528_u32.to_le_bytes());
    out.extend([0x00, 0x38]);
    let mut parts = octets.chunks(50_000).peekable();
    while let Some(part) = parts.next() {
        let head = u32::from(parts.peek().is_none()) | (part.len() as u32) << 3;
        out.extend(&head.to_le_bytes()[..3]);
        out.extend(part);
    }
    out
}

/// What a command makes of these octets; `None` where it is not installed.
fn compressed(tool: &str, octets: &[u8]) -> Option<Vec<u8>> {
    let started = Command::new(tool).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        eprintln!("SKIPPED: {tool} is not installed");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(octets).unwrap());
        Some(child.wait_with_output().unwrap().stdout)
    })
}

/// A file compressed by a command; one without it stands in where there is no such command.
fn by_tool(tool: &str, ending: &str, c: &Conversation) -> Capture {
    let octets = plain(c);
    match compressed(tool, &octets) {
        Some(octets) => alone(&format!("capture.pcap.{ending}"), octets),
        None => alone("capture.pcap", octets),
    }
}

/// Cut in three as by rotation, in the middle of whatever was going on; the names rise with time.
fn rotated(c: &Conversation, file: impl Fn(&[Frame]) -> Vec<u8>) -> Capture {
    let frames = frames(c);
    let part = |i: usize| file(&frames[frames.len() * i / 3..frames.len() * (i + 1) / 3]);
    Capture {
        files: (0..3).map(|i| (format!("ring_{i}.pcap"), part(i))).collect(),
        options: &["--merge"],
        given: Given::Named,
    }
}

/// Two files of the same time, packets as `first` says.
fn divided(c: &Conversation, first: impl Fn(usize, &Packet) -> bool) -> Capture {
    let of = |wanted: bool| -> Vec<Frame> {
        let packets = c.iter().enumerate().filter(|(i, p)| first(*i, p) == wanted);
        packets.map(|(_, p)| ethernet(p)).collect()
    };
    let (one, other) = (pcap_octets(&of(true), Order::Little, 1), pcapng_octets(&of(false), Order::Big));
    Capture {
        files: vec![("a.pcap".to_owned(), one), ("b.pcapng".to_owned(), other)],
        options: &["--merge"],
        given: Given::Named,
    }
}

/// Rotated files named so that the first in time is the last by name.
fn rotated_backwards(c: &Conversation) -> Capture {
    let mut capture = rotated(c, |frames| pcap_octets(frames, Order::Little, 1));
    for (i, (name, _)) in capture.files.iter_mut().enumerate() {
        *name = format!("part_{}.pcap", 9 - i);
    }
    capture.files.reverse();
    capture
}

/// Rotated files that overlap in time: the last packets of one are the first of the next.
fn rotated_overlapping(c: &Conversation) -> Capture {
    let frames = frames(c);
    let (a, b) = (frames.len() / 2 + 5, (frames.len() / 2).saturating_sub(5));
    let files = [("x1.pcap", &frames[..a]), ("x2.pcap", &frames[b..])];
    let file = |(name, frames): (&str, &[Frame])| (name.to_owned(), pcap_octets(frames, Order::Little, 1));
    Capture { files: files.map(file).to_vec(), options: &["--merge"], given: Given::Named }
}

fn microseconds(c: &Conversation, order: Order) -> Capture {
    alone("capture.pcap", pcap_octets(&frames(c), order, 1_000))
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::whole("pcap-microseconds-little", |c| microseconds(c, Order::Little)),
    Wrap::whole("pcap-microseconds-big", |c| microseconds(c, Order::Big)),
    Wrap::whole("pcap-nanoseconds-big", |c| alone("capture.pcap", pcap_octets(&frames(c), Order::Big, 1))),
    Wrap::whole("pcapng-little", |c| pcapng(&frames(c))),
    Wrap::whole("pcapng-big", |c| alone("capture.pcapng", pcapng_octets(&frames(c), Order::Big))),
    Wrap::whole("pcapng-interfaces-little", |c| several_interfaces(c, Order::Little)),
    Wrap::whole("pcapng-interfaces-big", |c| several_interfaces(c, Order::Big)),
    Wrap::whole("pcapng-sections", sections),
    Wrap::whole("gzip-stored", |c| alone("capture.pcap.gz", gzip_stored(&plain(c)))),
    Wrap::whole("gzip", |c| alone("capture.pcap.gz", gzip(&plain(c)))),
    Wrap::whole("gzip-without-the-ending", |c| alone("capture", gzip(&plain(c)))),
    Wrap::whole("gzip-pcapng", |c| alone("capture.gz", gzip(&pcapng_octets(&frames(c), Order::Big)))),
    Wrap::whole("gzip-members", |c| alone("capture.pcap.gz", gzip_members(&plain(c)))),
    Wrap::whole("zstandard-raw", |c| alone("capture.pcap.zst", zstandard_raw(&plain(c)))),
    Wrap::whole("zstandard", |c| by_tool("zstd", "zst", c)),
    Wrap::whole("xz", |c| by_tool("xz", "xz", c)),
    Wrap::whole("bzip2", |c| by_tool("bzip2", "bz2", c)),
    Wrap::whole("garbage-between-records", |c| garbage(c, 45)),
    Wrap::whole("garbage-between-records-long", |c| garbage(c, 3_000)),
    Wrap::whole("garbage-between-blocks", |c| garbage_blocks(c, 44)),
    Wrap::whole("garbage-between-blocks-odd", |c| garbage_blocks(c, 45)),
    Wrap::whole("wrong-block-length", wrong_block_length),
    Wrap::whole("pcap-joined", |c| joined(c, |frames| pcap_octets(frames, Order::Little, 1))),
    Wrap::whole("pcapng-joined", |c| joined(c, |frames| pcapng_octets(frames, Order::Big))),
    Wrap::whole("pcap-modified", modified),
    Wrap::whole("pcap-odd-head", odd_head),
    Wrap::whole("pcapng-old-blocks", old_blocks),
    Wrap::whole("pipe", |c| Capture { given: Given::Piped, ..pcap(&frames(c)) }),
    Wrap::whole("pipe-gzip", |c| Capture { given: Given::Piped, ..alone("capture", gzip(&plain(c))) }),
    Wrap::whole("folder", |c| Capture { given: Given::As("."), ..pcap(&frames(c)) }),
    Wrap::whole("merge-folder", |c| Capture {
        given: Given::As("."),
        ..rotated(c, |frames| gzip(&pcapng_octets(frames, Order::Little)))
    }),
    Wrap::whole("merge-pattern", |c| Capture {
        given: Given::As("ring_*.pcap"),
        ..rotated(c, |frames| pcap_octets(frames, Order::Big, 1))
    }),
    Wrap::whole("merge-rotated", |c| rotated(c, |frames| pcap_octets(frames, Order::Little, 1))),
    Wrap::whole("merge-rotated-gzip", |c| rotated(c, |frames| gzip(&pcapng_octets(frames, Order::Little)))),
    Wrap::whole("merge-rotated-backwards", rotated_backwards),
    Wrap::whole("merge-rotated-overlapping", rotated_overlapping),
    Wrap::whole("merge-directions", |c| divided(c, |_, packet| packet.up)),
    Wrap::whole("merge-alternating", |c| divided(c, |i, _| i % 2 == 0)),
    Wrap::poor("gzip-cut-tail", &["ends"], |c| {
        let mut octets = gzip(&plain(c));
        octets.truncate(octets.len() * 9 / 10);
        alone("capture.pcap.gz", octets)
    }),
];
