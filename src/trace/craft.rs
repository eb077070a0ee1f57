//! Crafting: a trace becomes a capture.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::capture::LinkType;
use crate::capture::write::PcapNgWriter;
use crate::carrier::Direction;
use crate::carrier::sms::{self, Ports};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange};

use super::bodies::{implied_type, octets};
use super::datagrams::{Udp, pdu};
use super::frames::{ACK, FIN, Frame, MSS, PUSH, SYN, Tcp};
use super::{Coding, Line, Over, Said, TARGET, Trace};

/// Events of a trace, each with the index of its line.
type Events<'t> = Vec<(usize, &'t Said)>;

/// When a server closes a connection instead of answering, in nanoseconds.
const DROPPED_AFTER: i64 = 1_000_000_000;
/// How much later the client closes it too.
const DROPPED_APART: i64 = 200_000_000;
/// How long before its first payload a handshake begins, and how far its frames are apart: 1 ms.
const STEP: i64 = 1_000_000;
/// How far the segments of a message are apart: 10 µs.
const SEGMENT_STEP: i64 = 10_000;

/// The most octets of a message that goes in one datagram.
const DATAGRAM_MAX: usize = 65_000;

/// What became of an event of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crafted {
    /// The line of the trace, from 1.
    pub line: usize,
    /// Whether it is marked.
    pub marked: bool,
    /// The frames that carry it; `None` when they are lost.
    pub frames: Option<FrameRange>,
}

/// Why a trace cannot become a capture.
#[derive(Debug, thiserror::Error)]
pub enum CraftError {
    /// A server message that answers no request of its connection.
    #[error("line {0}: a server message answers a request of its connection, and there is none open")]
    NothingToAnswer(usize),
    /// A method or status that has no number in WSP, or a message too long for a datagram.
    #[error("line {0}: this cannot be said over WSP: its method or status has no number, or it is too long")]
    NotInWsp(usize),
    /// A message without octets, or in an encoding that short messages have no room for.
    #[error("line {0}: this cannot be said over SMS: it is empty, too long, or has no code in the plain-text syntax")]
    NotInSms(usize),
    /// The capture cannot be written.
    #[error("cannot write the capture: {0}")]
    Io(#[from] io::Error),
}

/// What a connection is written as.
enum Link {
    Tcp(Tcp),
    Udp(Udp),
}

/// A connection being written.
struct Connection {
    link: Link,
    number: u32,
    open: bool,
    /// Whether one side said that it ends with the exchange.
    ending: bool,
    /// How many requests wait for their answer.
    waiting: usize,
    /// When its latest frame is due.
    last: Time,
    /// Where in all frames those of its latest message, or what closed it, begin.
    latest: usize,
}

impl Connection {
    /// Adds a frame.
    fn add(&mut self, time: Time, octets: Vec<u8>, frames: &mut Vec<Frame>) {
        frames.push(Frame { time, octets, connection: self.number, of: None, cut: None });
        self.last = self.last.max(time);
    }

    /// Makes room for frames that begin at `time`: those before them are brought forward, not sent after them.
    fn clear(&mut self, time: Time, frames: &mut [Frame]) {
        if self.last > time {
            let before = frames.get_mut(self.latest..).into_iter().flatten();
            before.filter(|f| f.connection == self.number).for_each(|f| f.time = f.time.min(time));
            self.last = time;
        }
        self.latest = frames.len();
    }
}

/// Octets of a payload in short messages: 255 parts of 128 octets.
const SHORT_MESSAGES_MAX: usize = 255 * 128;

fn later(time: Time, nanoseconds: i64) -> Time {
    Time(time.0.saturating_add(nanoseconds))
}

/// Writes a trace as a pcapng capture. Returns what became of each event, in order.
///
/// # Errors
/// When the trace contradicts itself, or writing fails.
pub fn craft(trace: &Trace, out: &mut impl Write) -> Result<Vec<Crafted>, CraftError> {
    let (mut frames, said) = frames(trace)?;
    // Stable: frames of one moment stay in the order in which they were sent.
    frames.sort_by_key(|frame| frame.time);
    let mut writer = PcapNgWriter::new(out, LinkType::ETHERNET)?;
    let mut found: BTreeMap<usize, FrameRange> = BTreeMap::new();
    for (i, frame) in frames.iter().enumerate() {
        let no = FrameNo(i as u64 + 1);
        if let Some(of) = frame.of {
            found.entry(of).or_insert(FrameRange { first: no, last: no }).last = no;
        }
        let kept = frame.cut.map_or(frame.octets.len(), |cut| frame.octets.len().min(cut as usize));
        let original = u32::try_from(frame.octets.len()).unwrap_or(u32::MAX);
        writer.cut_frame(frame.time, frame.octets.get(..kept).unwrap_or_default(), original, &[])?;
    }
    writer.finish()?;
    Ok(said
        .into_iter()
        .map(|(i, said)| Crafted { line: said.line, marked: said.marked, frames: found.get(&i).copied() })
        .collect())
}

/// The ends of a connection that names none.
fn default_ends(number: u32, over: Over) -> (SocketAddr, SocketAddr) {
    let port = over.client_port(number);
    (SocketAddr::from(([10, 0, 0, 1], port)), SocketAddr::from(([192, 0, 2, 1], over.port())))
}

/// All frames, not yet in the order of their times, and the events.
fn frames(trace: &Trace) -> Result<(Vec<Frame>, Events<'_>), CraftError> {
    let mut over = Over::default();
    let mut ends: BTreeMap<u32, (Over, SocketAddr, SocketAddr)> = BTreeMap::new();
    let mut connections: BTreeMap<u32, Connection> = BTreeMap::new();
    let mut frames = Vec::new();
    let mut events = Vec::new();
    let mut now = trace.start;
    for (i, line) in trace.lines.iter().enumerate() {
        let said = match line {
            Line::Over(next) => {
                over = *next;
                continue;
            }
            Line::Connection(number, client, server) => {
                ends.insert(*number, (over, *client, *server));
                continue;
            }
            Line::Event(said) => said,
        };
        now = later(now, said.delay);
        let (over, client, server) = *ends.entry(said.connection).or_insert_with(|| {
            let (client, server) = default_ends(said.connection, over);
            (over, client, server)
        });
        let connection = connections.entry(said.connection).or_insert_with(|| Connection {
            link: match over {
                Over::Http | Over::Sms | Over::CirTcp | Over::CirSms => {
                    Link::Tcp(Tcp::new(client, server, said.connection))
                }
                Over::Wsp | Over::Wtp | Over::CirUdp | Over::CirPush => Link::Udp(Udp::new(over, client, server)),
            },
            number: said.connection,
            open: false,
            ending: false,
            waiting: 0,
            last: Time(i64::MIN),
            latest: frames.len(),
        });
        if connection.open && connection.ending && said.direction == Direction::ClientToServer {
            close(connection, 0, STEP, &mut frames);
        }
        if !connection.open {
            handshake(connection, now, &mut frames);
        }
        let from = match said.direction {
            Direction::ClientToServer => {
                connection.waiting += 1;
                0
            }
            Direction::ServerToClient if !over.pairs() => 1,
            Direction::ServerToClient => {
                connection.waiting = connection.waiting.checked_sub(1).ok_or(CraftError::NothingToAnswer(said.line))?;
                1
            }
        };
        let octets = match over {
            Over::Http => http(said, server)?,
            Over::Wsp | Over::Wtp => {
                let pdu = pdu(said, &coded(octets(&said.payload), said.coding)?);
                let fits = |pdu: &Vec<u8>| pdu.len() <= if over == Over::Wsp { DATAGRAM_MAX } else { 256 * MSS };
                pdu.filter(fits).ok_or(CraftError::NotInWsp(said.line))?
            }
            Over::Sms | Over::CirTcp | Over::CirUdp | Over::CirSms | Over::CirPush => {
                plain(said, over, i).ok_or(CraftError::NotInSms(said.line))?
            }
        };
        send(connection, from, now, i, said, &octets, &mut frames);
        let closes = said.close && over == Over::Http;
        connection.ending |= closes;
        if from == 1 && (closes || connection.ending && connection.waiting == 0) || said.close && over == Over::CirTcp {
            close(connection, from, STEP, &mut frames);
        }
        if let (true, Link::Udp(udp)) = (said.dropped, &mut connection.link) {
            connection.waiting = connection.waiting.saturating_sub(1);
            udp.forget();
        }
        if said.dropped && over == Over::Http {
            connection.last = later(connection.last, DROPPED_AFTER);
            close(connection, 1, DROPPED_APART, &mut frames);
        }
        events.push((i, &**said));
    }
    // A channel is there for as long as its session is.
    let over_of = |number: &u32| ends.get(number).map(|(over, ..)| *over);
    let lasting = |number: &u32| over_of(number) == Some(Over::CirTcp);
    for (_, connection) in connections.iter_mut().filter(|(number, c)| c.open && !lasting(number)) {
        close(connection, 0, STEP, &mut frames);
    }
    Ok((frames, events))
}

fn handshake(connection: &mut Connection, before: Time, frames: &mut Vec<Frame>) {
    connection.open = true;
    connection.clear(later(before, -3 * STEP), frames);
    let opening: Vec<Vec<u8>> = match &mut connection.link {
        Link::Tcp(tcp) => {
            [(0, SYN), (1, SYN | ACK), (0, ACK)].map(|(from, flags)| tcp.segment(from, flags, &[])).into()
        }
        Link::Udp(udp) => udp.opening(),
    };
    for (step, octets) in (1..=3).rev().zip(opening) {
        connection.add(later(before, -step * STEP), octets, frames);
    }
}

/// Closes a connection, one side first, the frames so far apart.
fn close(connection: &mut Connection, first: usize, apart: i64, frames: &mut Vec<Frame>) {
    connection.open = false;
    connection.ending = false;
    connection.waiting = 0;
    let last = connection.last;
    let closing: Vec<Vec<u8>> = match &mut connection.link {
        Link::Tcp(tcp) => {
            let flags = [(first, FIN | ACK), (1 - first, FIN | ACK), (first, ACK)];
            flags.map(|(from, flags)| tcp.segment(from, flags, &[])).into()
        }
        Link::Udp(udp) => udp.closing(),
    };
    for (step, octets) in (1..).zip(closing) {
        connection.add(later(last, step * apart), octets, frames);
    }
}

/// Sends octets in segments; the other end acknowledges at the end.
fn send(
    connection: &mut Connection,
    from: usize,
    now: Time,
    of: usize,
    said: &Said,
    octets: &[u8],
    frames: &mut Vec<Frame>,
) {
    connection.clear(now, frames);
    let (parts, reply) = match &mut connection.link {
        Link::Tcp(tcp) => {
            let wanted = said.segments.map_or(1, |count| count as usize).max(1);
            let size = octets.len().div_ceil(wanted).clamp(1, MSS);
            let count = octets.chunks(size).count();
            let flags = |i| if i + 1 == count { ACK | PUSH } else { ACK };
            let parts = octets.chunks(size).enumerate();
            let parts: Vec<_> = parts.map(|(i, payload)| tcp.segment(from, flags(i), payload)).collect();
            (parts, Some(tcp.segment(1 - from, ACK, &[])))
        }
        Link::Udp(udp) => udp.message(from, octets, said.segments),
    };
    let count = parts.len();
    // Over WTP the last part of a message is dropped.
    let sent = if said.dropped && over_wtp(connection) { count.saturating_sub(1) } else { count };
    let mut time = now;
    for (i, octets) in parts.into_iter().take(sent).enumerate() {
        if !said.lost {
            connection.add(time, octets, frames);
            if let Some(frame) = frames.last_mut() {
                frame.of = Some(of);
                frame.cut = said.cut.filter(|_| i + 1 == count);
            }
        }
        time = later(time, SEGMENT_STEP);
    }
    if let Some(octets) = reply {
        connection.add(time, octets, frames);
    }
}

/// Whether a connection is one of WTP.
fn over_wtp(connection: &Connection) -> bool {
    matches!(&connection.link, Link::Udp(udp) if udp.over() == Over::Wtp)
}

/// What an event is over a bearer without requests and answers; `None` where it cannot be said there. The number of the
/// event tells messages apart.
fn plain(said: &Said, over: Over, number: usize) -> Option<Vec<u8>> {
    let payload = octets(&said.payload);
    // A number that is for use in fiction, one a connection.
    let subscriber = (447_700_900_000 + u64::from(said.connection % 1_000)).to_string();
    let from_client = said.direction == Direction::ClientToServer;
    let short = |port| {
        let ports = Ports { destination: port, source: port };
        sms::write::pdus(from_client, &subscriber, ports, number as u8, &payload, said.segments == Some(1))
    };
    match over {
        _ if payload.is_empty() || payload.len() > SHORT_MESSAGES_MAX => None,
        Over::Sms => Some(short(3590)),
        Over::CirSms => Some(short(3716)),
        Over::CirTcp => {
            let lines = payload.split(|octet| *octet == b'\n');
            Some(lines.flat_map(|line| [line, b"\r\n"].concat()).collect())
        }
        // A push to the agent of IMPS.
        Over::CirPush => Some([&[number as u8, 0x06, 0x03, 0xC6, 0xAF, 0x8A], &*payload].concat()),
        _ => Some(payload),
    }
}

/// The HTTP message of an event.
fn http(said: &Said, server: SocketAddr) -> io::Result<Vec<u8>> {
    let body = coded(octets(&said.payload), said.coding)?;
    let mut head = match said.direction {
        Direction::ClientToServer => format!(
            "{} {} HTTP/1.1\r\n",
            said.method.as_deref().unwrap_or("POST"),
            said.target.as_deref().unwrap_or(TARGET)
        ),
        Direction::ServerToClient => match said.status {
            None | Some(200) => "HTTP/1.1 200 OK\r\n".to_owned(),
            Some(status) => format!("HTTP/1.1 {status} -\r\n"),
        },
    };
    let mut header = |name: &str, value: &str| head.extend([name, ": ", value, "\r\n"]);
    let names_host = said.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host"));
    if said.direction == Direction::ClientToServer && !names_host {
        header("Host", &server.to_string());
    }
    if let Some(content_type) = said.content_type.as_deref().or(implied_type(&said.payload)).filter(|t| !t.is_empty()) {
        header("Content-Type", content_type);
    }
    said.headers.iter().for_each(|(name, value)| header(name, value));
    if let Some(coding) = said.coding {
        header("Content-Encoding", coding.name());
    }
    if said.close {
        header("Connection", "close");
    }
    if !said.chunked {
        header("Content-Length", &body.len().to_string());
        return Ok([head.as_bytes(), b"\r\n", &body].concat());
    }
    header("Transfer-Encoding", "chunked");
    let mut out = [head.as_bytes(), b"\r\n"].concat();
    for chunk in body.chunks(512) {
        out.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        out.extend(chunk);
        out.extend(b"\r\n");
    }
    out.extend(b"0\r\n\r\n");
    Ok(out)
}

fn coded(body: Vec<u8>, coding: Option<Coding>) -> io::Result<Vec<u8>> {
    match coding {
        None => Ok(body),
        Some(Coding::Gzip) => {
            let mut coder = GzEncoder::new(Vec::new(), Compression::default());
            coder.write_all(&body)?;
            coder.finish()
        }
        Some(Coding::Deflate) => {
            let mut coder = ZlibEncoder::new(Vec::new(), Compression::default());
            coder.write_all(&body)?;
            coder.finish()
        }
    }
}
