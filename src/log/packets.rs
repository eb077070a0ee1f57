//! Packets as tshark tells them, field by field, made packets again.
//!
//! `-T json`, `-T ek` and `-T pdml` tell the octets of every segment and datagram; with `-x` those of the frame. What of a
//! packet is not told is filled in: so the stages below read it like any other, and payloads that the dissectors printed
//! cut or garbled are whole.

use std::io::{BufRead, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use memchr::memmem;

use crate::time::Time;

use super::dump::{self, Dump, Taken};
use super::escapes::{Escape, undo};
use super::json::{self, Record, Records, Value};
use super::lines::{self, Lines};
use super::retold::{Layout, Retold};
use super::stamp;
use super::text::{Place, Text};
use super::{Fault, Faults};

/// The most payload of a made frame.
const PAYLOAD: usize = 60_000;

/// What tells packets.
pub(super) enum Source {
    /// `-T json`, `-T ek`.
    Json(Records<Box<dyn Read + Send>>),
    /// `-T pdml`.
    Pdml(Lines<Box<dyn BufRead + Send>>),
    /// Dumps of packets, as Wireshark, tshark `-x` and tcpdump `-X` print them.
    Dumps(Lines<Box<dyn BufRead + Send>>, Box<Dumps>),
}

/// What is known while dumps are read.
#[derive(Default)]
pub(super) struct Dumps {
    dump: Dump,
    /// The time before the dump that is being read.
    time: Option<Time>,
    /// How many packets there were, for those without a time.
    count: u64,
}

/// A field of a packet: how it is shown, and its octets where they are told.
#[derive(Default, Debug)]
struct Packet {
    time: Option<Time>,
    addresses: [Option<IpAddr>; 2],
    tcp: [Option<u16>; 2],
    udp: [Option<u16>; 2],
    sequence: [u32; 2],
    flags: Option<u8>,
    payload: Option<Text>,
    frame: Option<Text>,
    ethernet: bool,
    place: Place,
}

impl Packet {
    /// Takes note of a field. Of an inner and an outer layer the inner one counts, which comes later.
    fn note(&mut self, name: &str, show: &str, octets: impl FnOnce() -> Option<Text>) {
        let number = || show.parse::<u32>().ok();
        let port = || show.parse::<u16>().ok();
        match name {
            "frame.time_epoch" => self.time = stamp::whole_time(show).or(self.time),
            "frame.encap_type" => self.ethernet = show == "1",
            "ip.src" | "ipv6.src" => self.addresses[0] = show.parse().ok().or(self.addresses[0]),
            "ip.dst" | "ipv6.dst" => self.addresses[1] = show.parse().ok().or(self.addresses[1]),
            "tcp.srcport" => self.tcp[0] = port(),
            "tcp.dstport" => self.tcp[1] = port(),
            "udp.srcport" => self.udp[0] = port(),
            "udp.dstport" => self.udp[1] = port(),
            "tcp.seq_raw" => self.sequence[0] = number().unwrap_or_default(),
            "tcp.ack_raw" => self.sequence[1] = number().unwrap_or_default(),
            "tcp.seq" if self.sequence[0] == 0 => self.sequence[0] = number().unwrap_or_default(),
            "tcp.ack" if self.sequence[1] == 0 => self.sequence[1] = number().unwrap_or_default(),
            "tcp.flags" => {
                let digits = show.strip_prefix("0x").and_then(|d| u32::from_str_radix(d, 16).ok());
                self.flags = digits.map(|flags| flags as u8);
            }
            "tcp.payload" | "udp.payload" => self.payload = octets().or(self.payload.take()),
            "frame" => self.frame = octets().or(self.frame.take()),
            _ => {}
        }
    }

    /// The frames that it becomes; several where it is longer than a frame may be.
    fn frames(self) -> Vec<Retold> {
        let time = self.time.unwrap_or_else(|| Time::in_order(self.place.line.into()));
        if let Some(frame) = self.frame.filter(|_| self.ethernet) {
            return vec![Retold { time, octets: frame.octets().to_vec(), layout: Layout::of(&frame, 0) }];
        }
        let [Some(source), Some(destination)] = self.addresses else { return Vec::new() };
        let (ports, tcp) = match (self.tcp, self.udp) {
            ([Some(a), Some(b)], _) => ([a, b], true),
            (_, [Some(a), Some(b)]) => ([a, b], false),
            _ => return Vec::new(),
        };
        let payload = self.payload.unwrap_or_default();
        let ends = [SocketAddr::new(source, ports[0]), SocketAddr::new(destination, ports[1])];
        let mut frames = Vec::new();
        let mut from = 0;
        while from < payload.len() || frames.is_empty() {
            let part = payload.slice(from..from + PAYLOAD);
            let sequence = self.sequence[0].wrapping_add(from as u32);
            let flags = self.flags.unwrap_or(0x18);
            let transport = if tcp { Some((sequence, self.sequence[1], flags)) } else { None };
            let octets = frame(ends, transport, part.octets());
            let head = octets.len() - part.len();
            let mut layout = Layout::of(&part, head);
            if part.is_empty() {
                layout.line = self.place.line;
            }
            frames.push(Retold { time, octets, layout });
            from += PAYLOAD;
        }
        frames
    }
}

/// An Ethernet frame with a segment of TCP (its numbers and flags) or a datagram of UDP.
fn frame(ends: [SocketAddr; 2], tcp: Option<(u32, u32, u8)>, payload: &[u8]) -> Vec<u8> {
    let mut inner = Vec::with_capacity(20 + payload.len());
    ends.iter().for_each(|end| inner.extend(end.port().to_be_bytes()));
    let protocol = match tcp {
        Some((sequence, acknowledged, flags)) => {
            inner.extend(sequence.to_be_bytes());
            inner.extend(acknowledged.to_be_bytes());
            inner.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            6
        }
        None => {
            inner.extend((8 + payload.len() as u16).to_be_bytes());
            inner.extend([0, 0]);
            17
        }
    };
    inner.extend(payload);
    let len = inner.len() as u16;
    let mut out = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    match [ends[0].ip(), ends[1].ip()] {
        [IpAddr::V4(source), IpAddr::V4(destination)] => {
            out.extend([8, 0, 0x45, 0]);
            out.extend((20 + len).to_be_bytes());
            out.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
            out.extend([source.octets(), destination.octets()].concat());
        }
        both => {
            out.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            out.extend(len.to_be_bytes());
            out.extend([protocol, 64]);
            for address in both {
                out.extend(match address {
                    IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                    IpAddr::V6(address) => address.octets(),
                });
            }
        }
    }
    out.extend(inner);
    out
}

impl Source {
    /// The next frames; `None` at the end.
    pub(super) fn next(&mut self, faults: &mut Faults) -> std::io::Result<Option<Vec<Retold>>> {
        match self {
            Self::Json(records) => Ok(match records.advance()? {
                json::Next::End => None,
                json::Next::TooLong(place) => {
                    faults.push(Fault::at(place, "a record is too long to be read"));
                    Some(Vec::new())
                }
                json::Next::Cut(place) => {
                    faults.push(Fault::at(place, "a record is cut"));
                    Some(packet(records.record()).frames())
                }
                json::Next::Record => Some(packet(records.record()).frames()),
            }),
            Self::Pdml(lines) => pdml(lines, faults),
            Self::Dumps(lines, dumps) => dumps.next(lines, faults),
        }
    }

    /// Octets read so far.
    pub(super) fn octets(&self) -> u64 {
        match self {
            Self::Json(records) => records.octets(),
            Self::Pdml(lines) | Self::Dumps(lines, _) => lines.octets(),
        }
    }
}

/// The packet of a record.
fn packet(record: &Record) -> Packet {
    let mut packet = Packet { place: record.place(0), ..Packet::default() };
    note_all(record, &record.read(), &mut packet);
    packet
}

fn note_all(record: &Record, value: &Value, packet: &mut Packet) {
    let Value::Object(members) = value else { return };
    for (key, value) in members {
        let key = record.written(key);
        match value {
            Value::Object(_) => note_all(record, value, packet),
            Value::String(range, _) => {
                let name = dotted(key);
                packet.note(&name, record.written(range), || Some(undo(&record.text(range), Escape::Hex)));
            }
            // `-x` tells the octets of each field beside it: in hexadecimal, position, length, mask, type.
            Value::Array(all) => {
                if let (Some(name), Some(Value::String(range, _))) = (key.strip_suffix("_raw"), all.first()) {
                    let octets = || Some(undo(&record.text(range), Escape::Hex));
                    if matches!(name, "frame" | "tcp.payload" | "udp.payload") {
                        packet.note(name, "", octets);
                    }
                } else if all.iter().any(|value| matches!(value, Value::Object(_))) {
                    all.iter().for_each(|value| note_all(record, value, packet));
                } else if let Some(Value::String(range, _)) = all.last() {
                    // `-T ek` tells the fields of layers of one kind in one list, the innermost last.
                    packet.note(&dotted(key), record.written(range), || Some(undo(&record.text(range), Escape::Hex)));
                }
            }
            Value::Plain(range) => packet.note(&dotted(key), record.written(range), || None),
        }
    }
}

/// The name of a field as `-T json` has it, of one as `-T ek` has it: `tcp_tcp_payload`, `frame_raw`.
fn dotted(key: &str) -> String {
    const LAYERS: [&str; 5] = ["frame", "ip", "ipv6", "tcp", "udp"];
    for layer in LAYERS {
        let rest = key.strip_prefix(layer).and_then(|rest| rest.strip_prefix('_'));
        if rest == Some("raw") {
            return layer.to_owned();
        }
        if let Some(field) = rest.and_then(|rest| rest.strip_prefix(layer)).and_then(|rest| rest.strip_prefix('_')) {
            return format!("{layer}.{}", if field == "payload_raw" { "payload" } else { field });
        }
    }
    key.to_owned()
}

/// The frames of the next packet of PDML, a field a line.
fn pdml<R: BufRead>(lines: &mut Lines<R>, faults: &mut Faults) -> std::io::Result<Option<Vec<Retold>>> {
    let mut packet = Packet::default();
    let mut within = false;
    loop {
        match lines.advance()? {
            lines::Next::End if within => {
                faults.push(Fault::at(packet.place, "a packet is cut"));
                return Ok(Some(packet.frames()));
            }
            lines::Next::End => return Ok(None),
            lines::Next::TooLong => {
                let place = Place { line: lines.number(), column: 1 };
                faults.push(Fault::at(place, "a line is too long to be read"));
                continue;
            }
            lines::Next::Line => {}
        }
        let line = lines.line();
        let place = Place { line: lines.number(), column: 1 };
        let text = line.trim_ascii_start();
        if text.starts_with(b"<packet") {
            within = true;
            packet = Packet { place, ..Packet::default() };
        } else if text.starts_with(b"</packet") {
            return Ok(Some(packet.frames()));
        } else if text.starts_with(b"<field") {
            let attribute = |name: &[u8]| {
                let at = memmem::find(line, name)? + name.len();
                let len = memchr::memchr(b'"', line.get(at..)?)?;
                Some((at, line.get(at..at + len)?))
            };
            let Some((_, name)) = attribute(b" name=\"") else { continue };
            let Ok(name) = std::str::from_utf8(name) else { continue };
            let show = attribute(b" show=\"").and_then(|(_, show)| std::str::from_utf8(show).ok()).unwrap_or_default();
            packet.note(name, show, || {
                let (at, value) = attribute(b" value=\"")?;
                Some(undo(&Text::row(value, place.after(at)), Escape::Hex))
            });
        }
    }
}

impl Dumps {
    fn next<R: BufRead>(&mut self, lines: &mut Lines<R>, faults: &mut Faults) -> std::io::Result<Option<Vec<Retold>>> {
        loop {
            let ended = match lines.advance()? {
                lines::Next::End if self.dump.is_empty() => return Ok(None),
                lines::Next::End => true,
                lines::Next::TooLong | lines::Next::Line => false,
            };
            let line = if ended { &[] } else { lines.line() };
            let place = Place { line: lines.number(), column: 1 };
            let in_dump = !self.dump.is_empty();
            match dump::row(line).filter(|row| in_dump || row.offset == Some(0)) {
                Some(row) => {
                    if self.dump.take(row.clone(), place) == Taken::New {
                        let frame = self.frame(faults);
                        self.dump.take(row, place);
                        return Ok(Some(frame));
                    }
                }
                None if in_dump => {
                    let frame = self.frame(faults);
                    self.time = stamp::time(line).map(|(time, _, _)| time);
                    return Ok(Some(frame));
                }
                None => self.time = stamp::time(line).map(|(time, _, _)| time).or(self.time),
            }
        }
    }

    /// The packet of the dump that is over: an Ethernet frame, or one around a packet of IP.
    fn frame(&mut self, faults: &mut Faults) -> Vec<Retold> {
        let (text, whole) = self.dump.finish();
        self.count += 1;
        let time = self.time.take().unwrap_or_else(|| Time::in_order(self.count));
        if !whole {
            faults.push(Fault::at(text.place(0), "rows of a dump are missing"));
        }
        let ether: &[u8] = match ip_version(text.octets()) {
            Some(4) => &[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0],
            Some(6) => &[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd],
            _ => &[],
        };
        let octets = [ether, text.octets()].concat();
        vec![Retold { time, octets, layout: Layout::of(&text, ether.len()) }]
    }
}

/// The version of the packet of IP that these octets are; `None` where they are none.
fn ip_version(octets: &[u8]) -> Option<u8> {
    let len = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
    match octets {
        [0x45..=0x4f, _, high, low, _, _, _, _, _, 1 | 6 | 17 | 47, ..] => {
            (len(*high, *low) >= 20 && len(*high, *low) <= octets.len() + 64).then_some(4)
        }
        [0x60..=0x6f, _, _, _, high, low, 0 | 6 | 17 | 44 | 58, ..] => (len(*high, *low) <= octets.len()).then_some(6),
        _ => None,
    }
}

/// Whether octets are a packet: of IP, or in an Ethernet frame.
pub(super) fn is_packet(octets: &[u8]) -> bool {
    let ether = octets.get(12..14);
    ip_version(octets).is_some()
        || matches!(ether, Some([8, 0] | [0x86, 0xdd] | [0x81, 0] | [0x88, 0x64 | 0x47 | 0xa8]))
            && octets.get(14).is_some_and(|b| matches!(b >> 4, 4 | 6 | 0 | 1))
}

/// Columns that a layout shares with others.
pub(super) type Columns = Arc<[u32]>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_from_other_octets() {
        let ip = [&[0x45, 0, 0, 24, 0, 0, 0, 0, 64, 6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8][..], b"abcd"].concat();
        assert!(is_packet(&ip));
        assert!(is_packet(&[&[2; 12][..], &[8, 0], &ip].concat()));
        assert!(!is_packet(b"\x03\x11\x6a\x00Imnp") && !is_packet(b"<?xml version=\"1.0\"?>"));
    }

    #[test]
    fn names_of_fields_are_those_of_json() {
        assert_eq!(dotted("tcp_tcp_payload"), "tcp.payload");
        assert_eq!(dotted("frame_frame_time_epoch"), "frame.time_epoch");
        assert_eq!(dotted("frame_raw"), "frame");
        assert_eq!(dotted("ip.src"), "ip.src");
    }
}
