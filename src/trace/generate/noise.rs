//! Other traffic: what else passes where IMPS was captured.

use std::io::{self, Write};

use super::chance::Chance;
use super::talk::{MS, SECOND};
use super::tap::{End, Link, Tap};

/// What a flow is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Pages, pictures and feeds over HTTP.
    Web,
    /// What looks like TLS and cannot be read.
    Tls,
    /// A mailbox (POP3).
    Mail,
    /// Name look-ups.
    Dns,
    /// Speech (RTP).
    Rtp,
}

/// Octets to send: text, and octets of every kind behind it.
#[derive(Debug)]
pub(super) struct Pool {
    text: Vec<u8>,
    octets: Vec<u8>,
}

/// Octets of a pool of each kind.
const POOL: usize = 1 << 16;
/// The most octets sent in one go.
const BURST: u64 = 8 * 1400;

impl Pool {
    pub(super) fn new() -> Self {
        let mut chance = Chance::new(0, 0);
        let words =
            ["<p>", "the ", "ferry ", "leaves ", "at ", "six ", "</p>\n", "<a href=\"/next\">", "next ", "</a> "];
        let mut text = Vec::with_capacity(POOL + 16);
        while text.len() < POOL {
            text.extend_from_slice(words.get(chance.below(10) as usize).unwrap_or(&"").as_bytes());
        }
        let octets = (0..POOL / 8).flat_map(|_| chance.number().to_le_bytes()).collect();
        Self { text, octets }
    }

    /// So many octets from a place of chance, at most half a pool.
    fn some(&self, text: bool, len: u64, chance: &mut Chance) -> &[u8] {
        let pool = if text { &self.text } else { &self.octets };
        let start = chance.below((POOL / 2) as u64) as usize;
        pool.get(start..start + (len as usize).min(POOL / 2)).unwrap_or_default()
    }
}

/// A flow of other traffic.
#[derive(Debug)]
pub(super) struct Noise {
    no: u64,
    kind: Kind,
    chance: Chance,
    link: Link,
    /// Octets that are still to come.
    left: u64,
    turn: u32,
}

impl Noise {
    /// A flow; also about how many octets it will take.
    pub(super) fn new(no: u64, seed: u64) -> (Self, u64) {
        let mut chance = Chance::new(seed, no | 1 << 63);
        let (kind, port, most) = match chance.below(100) {
            0..40 => (Kind::Web, 80, 300_000),
            40..70 => (Kind::Tls, 443, 200_000),
            70..75 => (Kind::Mail, 110, 50_000),
            75..95 => (Kind::Dns, 53, 1),
            _ => (Kind::Rtp, 5004, 100_000),
        };
        let left = chance.below(most) + 1;
        let address = 0xac10_0000 | (no / 16) as u32 & 0x000f_ffff;
        let client = End { address, port: 20_000 + (no % 40_000) as u16 };
        let server = End { address: 0xc633_6401 + chance.below(250) as u32, port };
        let link = Link::new(client, server, chance.number());
        (Self { no, kind, chance, link, left, turn: 0 }, left + 200)
    }

    /// Sends what comes now. Returns when more comes; `None` when the flow is over.
    pub(super) fn step(&mut self, now: u64, pool: &Pool, tap: &mut Tap<impl Write>) -> io::Result<Option<u64>> {
        let turn = self.turn;
        self.turn += 1;
        if turn == 0 {
            *tap.truth.flows.entry(self.name()).or_default() += 1;
        }
        let wait = match self.kind {
            Kind::Dns => return self.look_up(turn, now, tap),
            Kind::Rtp => {
                let mut packet = [0; 172];
                packet.copy_from_slice(pool.some(false, 172, &mut self.chance));
                if let Some(head) = packet.get_mut(..4) {
                    let [high, low] = (turn as u16).to_be_bytes();
                    head.copy_from_slice(&[0x80, 8, high, low]);
                }
                tap.datagram(&self.link, (turn % 2) as usize, &packet)?;
                self.left = self.left.saturating_sub(172);
                10 * MS
            }
            _ if turn == 0 => {
                tap.open(&mut self.link, true)?;
                30 * MS
            }
            _ if turn == 1 => {
                tap.open(&mut self.link, false)?;
                MS
            }
            _ => self.talk(turn - 2, pool, tap)?,
        };
        if self.left == 0 {
            if self.kind != Kind::Rtp {
                tap.close(&mut self.link, 1)?;
            }
            return Ok(None);
        }
        Ok(Some(now + wait))
    }

    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Web => "web",
            Kind::Tls => "tls",
            Kind::Mail => "mail",
            Kind::Dns => "dns",
            Kind::Rtp => "rtp",
        }
    }

    /// A question about a name, and its answer.
    fn look_up(&mut self, turn: u32, now: u64, tap: &mut Tap<impl Write>) -> io::Result<Option<u64>> {
        let mut message = Vec::with_capacity(64);
        let id = (self.no as u16).to_be_bytes();
        let (flags, answers) = if turn == 0 { ([0x01, 0x00], 0) } else { ([0x81, 0x80], 1) };
        message.extend_from_slice(&[id[0], id[1], flags[0], flags[1], 0, 1, 0, answers, 0, 0, 0, 0]);
        message.extend_from_slice(b"\x03www\x07example\x03com\x00\x00\x01\x00\x01");
        if turn > 0 {
            // A name said before, its type and class, an hour, four octets.
            message.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 198, 51, 100, 1]);
        }
        tap.datagram(&self.link, turn as usize, &message)?;
        Ok((turn == 0).then_some(now + 20 * MS))
    }

    /// A turn of a conversation over TCP; returns how long until the next one.
    fn talk(&mut self, turn: u32, pool: &Pool, tap: &mut Tap<impl Write>) -> io::Result<u64> {
        if turn == 0 {
            let hello = match self.kind {
                Kind::Web => b"GET /page HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\n\r\n".to_vec(),
                Kind::Tls => client_hello(pool.some(false, 32, &mut self.chance)),
                _ => b"USER anna\r\n".to_vec(),
            };
            tap.send(&mut self.link, 0, &hello, false)?;
            return Ok(50 * MS);
        }
        let mut burst = Vec::with_capacity(BURST as usize + 200);
        let len = self.left.min(BURST);
        match self.kind {
            Kind::Web if turn == 1 => write!(
                burst,
                "HTTP/1.1 200 OK\r\nServer: web/2.0\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
                self.left
            )?,
            Kind::Tls => {
                burst.extend_from_slice(&[0x17, 0x03, 0x03]);
                burst.extend_from_slice(&(len as u16).to_be_bytes());
            }
            Kind::Mail if turn == 1 => burst.extend_from_slice(b"+OK\r\n"),
            _ => {}
        }
        burst.extend_from_slice(pool.some(self.kind != Kind::Tls, len, &mut self.chance));
        tap.send(&mut self.link, 1, &burst, false)?;
        self.left -= len;
        Ok(self.chance.between(5 * MS, SECOND / 10))
    }
}

/// A ClientHello with these octets of chance and two suites.
fn client_hello(random: &[u8]) -> Vec<u8> {
    let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3];
    hello.extend_from_slice(random);
    hello.extend_from_slice(&[0, 0, 4, 0xc0, 0x2f, 0, 0x2f, 1, 0]);
    hello
}
