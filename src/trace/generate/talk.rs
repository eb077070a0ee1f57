//! A session: what client and server say, and when.

use std::io::{self, Write};

use super::chance::Chance;
use super::phrases::{Dialect, Form, Gap, Phrase};
use super::tap::{End, Link, Tap};
use crate::csp::namespace::Version;
use crate::syntax::Encoding;

/// Microseconds of a millisecond and of a second.
pub(super) const MS: u64 = 1_000;
pub(super) const SECOND: u64 = 1_000_000;

/// The agreed least distance of polls, as the phrases say it, and what is kept above it.
const LEAST_DISTANCE: u64 = 20 * SECOND;
const CAUTION: u64 = 2 * SECOND;
/// How many polls in a row find nothing at most: a long row at one distance would be a finding.
const MOST_EMPTY: u32 = 4;
/// How long after its beginning a session changes its presence: sooner looks like a mistake.
const SETTLED: u64 = 60 * SECOND;

/// How each session begins, one exchange after the other.
const OPENING: &[Phrase] = &[
    Phrase::Login,
    Phrase::Proof,
    Phrase::Capability,
    Phrase::Service,
    Phrase::Publish,
    Phrase::AskLists,
    Phrase::Read,
    Phrase::Subscribe,
];

const MOODS: [&str; 3] = ["AVAILABLE", "DISCREET", "NOT_AVAILABLE"];

/// What happens next in a session.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The client opens a connection, to say something.
    Open(Phrase),
    /// The server accepts it.
    Accept(Phrase),
    /// The client says something.
    Ask(Phrase),
    /// The server answers; with nothing where nothing waits.
    Answer(Phrase, Option<Phrase>),
    /// The client closes the connection, and says something on another one, or nothing more.
    Close(Option<Phrase>),
}

/// What the sessions of a run share.
pub(super) struct Hall<'r> {
    pub(super) dialects: &'r [Dialect],
    pub(super) exchanges: u32,
    pub(super) early: f64,
    pub(super) odd: f64,
    /// Whether there is enough: sessions log out.
    pub(super) closing: bool,
    /// The octets of a message on their way.
    pub(super) body: Vec<u8>,
    pub(super) message: Vec<u8>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Talk {
    no: u64,
    chance: Chance,
    dialect: usize,
    chunked: bool,
    link: Link,
    connections: u64,
    turn: Turn,
    began: u64,
    /// Exchanges so far.
    exchanges: u32,
    /// Transactions begun by the client.
    asked: u32,
    /// Transactions begun by the server.
    told: u32,
    /// Whether the latest transaction is the server's.
    of_server: bool,
    /// Messages so far, either way.
    messages: u32,
    /// The contact that the latest message or notice is about.
    friend: u64,
    mood: usize,
    last_poll: u64,
    /// Polls in a row that found nothing.
    empty: u32,
    /// Whether the server said that more is waiting.
    more: bool,
    /// Whether the next poll comes too early, and whether one did.
    early: bool,
    was_early: bool,
    /// Whether there is no keep-alive any more.
    kept_alive: bool,
}

impl Talk {
    pub(super) fn new(no: u64, seed: u64, dialects: usize, now: u64) -> Self {
        let mut chance = Chance::new(seed, no);
        Self {
            no,
            dialect: chance.below(dialects as u64) as usize,
            chunked: chance.below(8) == 0,
            link: link(no, 0),
            connections: 0,
            turn: Turn::Open(Phrase::Login),
            began: now,
            exchanges: 0,
            asked: 0,
            told: 0,
            of_server: false,
            messages: 0,
            friend: 0,
            mood: 0,
            last_poll: 0,
            empty: 0,
            more: false,
            early: false,
            was_early: false,
            kept_alive: chance.below(8) != 0,
            chance,
        }
    }

    /// Does what happens now. Returns when the next thing happens; `None` when the session is over.
    pub(super) fn step(&mut self, now: u64, hall: &mut Hall<'_>, tap: &mut Tap<impl Write>) -> io::Result<Option<u64>> {
        let wait = match self.turn {
            Turn::Open(phrase) => {
                self.link = link(self.no, self.connections);
                self.connections += 1;
                *tap.truth.flows.entry("imps").or_default() += 1;
                tap.open(&mut self.link, true)?;
                self.turn = Turn::Accept(phrase);
                self.chance.between(30 * MS, 300 * MS)
            }
            Turn::Accept(phrase) => {
                tap.open(&mut self.link, false)?;
                self.turn = Turn::Ask(phrase);
                self.chance.between(MS, 20 * MS)
            }
            Turn::Ask(phrase) => {
                if phrase == Phrase::Poll {
                    self.last_poll = now;
                    tap.truth.polls.all += 1;
                    tap.truth.polls.early += u64::from(self.early);
                }
                let answer = self.answer(phrase);
                if phrase == Phrase::Poll && answer.is_none() {
                    tap.truth.polls.empty += 1;
                }
                self.ask(phrase, now, hall, tap)?;
                self.turn = Turn::Answer(phrase, answer);
                self.chance.between(40 * MS, 900 * MS)
            }
            Turn::Answer(asked, phrase) => {
                self.reply(phrase, now, hall, tap)?;
                let (next, wait) = self.plan(asked, phrase, now, hall, tap);
                // A connection is given up in longer silences only.
                let elsewhere = next.is_some() && wait > 30 * SECOND && self.chance.below(32) == 0;
                self.turn = match next {
                    Some(next) if !elsewhere => Turn::Ask(next),
                    next => Turn::Close(next),
                };
                wait
            }
            Turn::Close(next) => {
                tap.close(&mut self.link, 0)?;
                let Some(next) = next else { return Ok(None) };
                self.turn = Turn::Open(next);
                MS
            }
        };
        Ok(Some(now + wait))
    }

    /// What the server answers.
    fn answer(&mut self, asked: Phrase) -> Option<Phrase> {
        Some(match asked {
            Phrase::Login => Phrase::Challenge,
            Phrase::Proof => Phrase::Welcome,
            Phrase::Capability => Phrase::Agreed,
            Phrase::Service => Phrase::Served,
            Phrase::AskLists => Phrase::Lists,
            Phrase::Read => Phrase::Told,
            Phrase::Send => Phrase::Sent,
            Phrase::KeepAlive => Phrase::Kept,
            Phrase::Logout => Phrase::Left,
            Phrase::Poll => return self.found(),
            Phrase::Delivered | Phrase::Noted => return None,
            _ => Phrase::Done,
        })
    }

    /// What a poll finds.
    fn found(&mut self) -> Option<Phrase> {
        let (more, early) = (std::mem::take(&mut self.more), std::mem::take(&mut self.early));
        let found = match self.chance.below(100) {
            _ if early => None,
            0..50 if !more && self.empty < MOST_EMPTY => None,
            0..70 => Some(Phrase::Message),
            70..75 => Some(Phrase::MessageOfSeveral),
            _ => Some(Phrase::Notice),
        };
        self.more = found == Some(Phrase::MessageOfSeveral);
        self.empty = if found.is_none() { self.empty + 1 } else { 0 };
        found
    }

    /// What the client says next, and after how long; nothing more when it has logged out.
    fn plan(
        &mut self,
        asked: Phrase,
        answer: Option<Phrase>,
        now: u64,
        hall: &Hall<'_>,
        tap: &mut Tap<impl Write>,
    ) -> (Option<Phrase>, u64) {
        let soon = self.chance.between(150 * MS, 900 * MS);
        if let Some(next) = OPENING.get(self.exchanges as usize) {
            // A login of 1.3 negotiates by the way.
            let merged = hall.dialects.get(self.dialect).is_some_and(|dialect| dialect.version == Version::V13);
            let negotiates = matches!(next, Phrase::Capability | Phrase::Service);
            return (Some(if merged && negotiates { Phrase::KeepAlive } else { *next }), soon);
        }
        match (asked, answer) {
            (Phrase::Logout, _) => return (None, soon),
            (_, Some(Phrase::Message | Phrase::MessageOfSeveral)) => return (Some(Phrase::Delivered), soon),
            (_, Some(Phrase::Notice)) => return (Some(Phrase::Noted), soon),
            _ if self.more => return (Some(Phrase::Poll), soon),
            _ => {}
        }
        let later = self.chance.between(6 * SECOND, 25 * SECOND);
        if hall.closing || self.exchanges + 1 >= hall.exchanges {
            return (Some(Phrase::Logout), later);
        }
        let empty = asked == Phrase::Poll && answer.is_none();
        let again = now - self.last_poll;
        if empty && self.empty < MOST_EMPTY && self.chance.happens(hall.early) {
            let wait = self.chance.between(LEAST_DISTANCE * 2 / 5, LEAST_DISTANCE * 7 / 10).saturating_sub(again);
            self.early = true;
            // What a session does again is told once.
            if !std::mem::replace(&mut self.was_early, true) {
                *tap.truth.findings.entry("polling/poll-below-minimum").or_default() += 1;
            }
            return (Some(Phrase::Poll), wait);
        }
        match self.chance.below(100) {
            0..20 => (Some(Phrase::Send), later),
            20..30 if now + later > self.began + SETTLED => (Some(Phrase::Change), later),
            30..40 if !std::mem::replace(&mut self.kept_alive, true) => {
                (Some(Phrase::KeepAlive), self.chance.between(300 * SECOND, 500 * SECOND))
            }
            _ => {
                let least = (LEAST_DISTANCE + CAUTION).saturating_sub(again);
                (Some(Phrase::Poll), later.max(least) + self.chance.below(15 * SECOND))
            }
        }
    }

    /// The client says something.
    fn ask(&mut self, phrase: Phrase, now: u64, hall: &mut Hall<'_>, tap: &mut Tap<impl Write>) -> io::Result<()> {
        self.exchanges += 1;
        self.of_server = matches!(phrase, Phrase::Delivered | Phrase::Noted);
        self.asked += u32::from(!self.of_server);
        match phrase {
            Phrase::Send => {
                self.messages += 1;
                self.friend = self.chance.below(3);
            }
            Phrase::Change => self.mood += 1,
            _ => {}
        }
        tap.truth.exchanges += 1;
        let Some(dialect) = self.say(phrase, now, hall, tap) else { return Ok(()) };
        let len = hall.body.len();
        hall.message.clear();
        write!(
            hall.message,
            "POST /imps HTTP/1.1\r\nHost: imps.example.com\r\nUser-Agent: Handset/{}.0\r\nAccept: {1}\r\n\
             Content-Type: {1}\r\nContent-Length: {len}\r\n\r\n",
            self.no % 4 + 1,
            dialect.media,
        )?;
        self.send(0, hall, tap)
    }

    /// The server says something; `None` for an answer without a body.
    fn reply(
        &mut self,
        phrase: Option<Phrase>,
        now: u64,
        hall: &mut Hall<'_>,
        tap: &mut Tap<impl Write>,
    ) -> io::Result<()> {
        hall.message.clear();
        hall.message.extend_from_slice(b"HTTP/1.1 200 OK\r\nServer: imps/1.0\r\n");
        let Some(phrase) = phrase else {
            tap.truth.empty_answers += 1;
            hall.body.clear();
            hall.message.extend_from_slice(b"Content-Length: 0\r\n\r\n");
            return self.send(1, hall, tap);
        };
        if matches!(phrase, Phrase::Message | Phrase::MessageOfSeveral | Phrase::Notice) {
            self.of_server = true;
            self.told += 1;
            self.friend = self.chance.below(3);
            self.messages += u32::from(phrase != Phrase::Notice);
        }
        let Some(dialect) = self.say(phrase, now, hall, tap) else { return Ok(()) };
        write!(hall.message, "Content-Type: {}\r\n", dialect.media)?;
        if !self.chunked {
            write!(hall.message, "Content-Length: {}\r\n\r\n", hall.body.len())?;
            return self.send(1, hall, tap);
        }
        hall.message.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        let body = std::mem::take(&mut hall.body);
        let mut chunked = Vec::with_capacity(body.len() + 32);
        for chunk in body.chunks(1024) {
            write!(chunked, "{:x}\r\n", chunk.len())?;
            chunked.extend_from_slice(chunk);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        hall.body = chunked;
        self.send(1, hall, tap)
    }

    /// Writes a phrase into the body and counts it.
    fn say<'h>(
        &mut self,
        phrase: Phrase,
        now: u64,
        hall: &mut Hall<'h>,
        tap: &mut Tap<impl Write>,
    ) -> Option<&'h Dialect> {
        let odd = self.chance.happens(hall.odd);
        let dialect = hall.dialects.get(self.dialect)?;
        let form = dialect.form(phrase, odd)?;
        hall.body.clear();
        form.write(&mut hall.body, |gap, out| self.fill(gap, dialect, now, out));
        self.count(form, dialect, odd, hall.body.len(), tap);
        Some(dialect)
    }

    fn count(&self, form: &Form, dialect: &Dialect, odd: bool, octets: usize, tap: &mut Tap<impl Write>) {
        let (truth, encoding) = (&mut tap.truth, dialect.encoding.name());
        *truth.messages.entry(encoding).or_default() += 1;
        *truth.body_octets.entry(encoding).or_default() += octets as u64;
        *truth.versions.entry(dialect.version.number()).or_default() += 1;
        match truth.primitives.get_mut(&form.primitive) {
            Some(count) => *count += 1,
            None => drop(truth.primitives.insert(form.primitive.clone(), 1)),
        }
        match (form.begins, self.of_server) {
            (true, false) => truth.client_transactions += 1,
            (true, true) => truth.server_transactions += 1,
            (false, _) => {}
        }
        if odd {
            *truth.findings.entry("schema/unknown-element").or_default() += 1;
        }
        if form.primitive == "Logout-Request" {
            *truth.sessions.entry(encoding).or_default() += 1;
        }
    }

    /// Sends what was written: head and body.
    fn send(&mut self, from: usize, hall: &mut Hall<'_>, tap: &mut Tap<impl Write>) -> io::Result<()> {
        hall.message.extend_from_slice(&hall.body);
        if !tap.send(&mut self.link, from, &hall.message, true)? {
            tap.truth.damaged += 1;
        }
        Ok(())
    }

    /// Fills a gap in.
    fn fill(&mut self, gap: Gap, dialect: &Dialect, now: u64, out: &mut Vec<u8>) {
        let no = self.no;
        match gap {
            Gap::Id if self.of_server => text(out, b"p", self.told.into()),
            Gap::Id => text(out, b"", self.asked.into()),
            Gap::User => user(out, no),
            Gap::Friend => user(out, no + 1 + self.friend),
            Gap::Contact(contact) => user(out, no + 1 + u64::from(contact)),
            Gap::Client => text(out, b"c", no),
            Gap::Cookie => text(out, b"", self.chance.below(1_000_000)),
            Gap::Nonce => text(out, b"n", self.chance.number()),
            Gap::Digest => {
                // Sixteen octets in Base64; of the last figure two bits count.
                self.letters(out, 21);
                out.extend_from_slice(b"A==");
            }
            Gap::Session => {
                text(out, b"s", no);
                out.extend_from_slice(b".imps.example.com");
            }
            Gap::Mood => out.extend_from_slice(MOODS.get(self.mood % MOODS.len()).unwrap_or(&"AVAILABLE").as_bytes()),
            Gap::Status => self.letters(out, 12),
            Gap::Message => {
                text(out, b"m", no);
                text(out, b"-", self.messages.into());
            }
            Gap::Date => date(out, (now / SECOND).cast_signed(), dialect.encoding),
            Gap::Text => self.letters(out, 48),
        }
    }

    fn letters(&mut self, out: &mut Vec<u8>, count: usize) {
        let mut bits = 0;
        for i in 0..count {
            if i % 12 == 0 {
                bits = self.chance.number();
            }
            out.push(b'a' + (bits % 26) as u8);
            bits >>= 5;
        }
    }
}

/// A connection of a session: the client has an address of its own, and a port for each connection.
fn link(no: u64, connection: u64) -> Link {
    let client =
        End { address: 0x0a00_0000 | (no + 1) as u32 & 0x00ff_ffff, port: 20_000 + (connection % 40_000) as u16 };
    let port = if no.is_multiple_of(8) { 8080 } else { 80 };
    let server = End { address: 0xc000_0201 + (no % 4) as u32, port };
    Link::new(client, server, Chance::new(no, connection).number())
}

/// A word and a number.
fn text(out: &mut Vec<u8>, before: &[u8], number: u64) {
    out.extend_from_slice(before);
    let mut digits = [0; 20];
    let (mut rest, mut used) = (number, 0);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        (rest, used) = (rest / 10, used + 1);
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.last_chunk::<20>().and_then(|d| d.get(20 - used..)).unwrap_or_default());
}

fn user(out: &mut Vec<u8>, no: u64) {
    text(out, b"wv:u", no);
    out.extend_from_slice(b"@example.com");
}

/// A moment, as each encoding writes it.
fn date(out: &mut Vec<u8>, seconds: i64, encoding: Encoding) {
    let day = seconds.div_euclid(86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // Days since 1 March of the year 0, in eras of 400 years.
    let shifted = day + 719_468;
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + shifted.div_euclid(146_097) * 400 + i64::from(month <= 2);
    match encoding {
        Encoding::Xml | Encoding::Pts => {
            let _ = write!(out, "{year:04}{month:02}{of_month:02}T{hour:02}{minute:02}{second:02}Z");
        }
        Encoding::Wbxml => {
            let bits = year << 26 | month << 22 | of_month << 17 | hour << 12 | minute << 6 | second;
            // OPAQUE, six octets.
            out.extend_from_slice(&[0xc3, 6]);
            out.extend_from_slice((bits << 8 | i64::from(b'Z')).to_be_bytes().get(2..).unwrap_or_default());
        }
    }
}
