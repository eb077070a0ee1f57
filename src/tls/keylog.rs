//! The key log: lines of a label, the random of a client and a secret, as browsers and TLS libraries write them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::wire::FrameNo;

/// Secrets that are kept of a key log. Further ones are counted.
pub const SECRETS_MAX: usize = 1 << 18;
/// Octets of a line. A longer one is broken.
pub const LINE_MAX: usize = 1024;
/// Lines that are broken before the first secret; a file with as many is no key log.
pub(super) const BROKEN_MAX: u64 = 1 << 16;
/// Octets that are looked at for the end of a line; a file with none in as many is no key log.
pub(super) const SKIPPED_MAX: usize = 16 << 20;
/// Octets of a secret.
pub const SECRET_LEN_MAX: usize = 64;
/// Connections without keys that are remembered, in case their keys come later in the capture.
pub const MISSED_MAX: usize = 1 << 16;

/// The random of a client's hello, by which a connection is found; of [`Label::Rsa`], the first eight octets of the
/// encrypted premaster secret, and zeros.
pub(super) type Random = [u8; 32];

/// What a secret is for, as labelled in the key log of NSS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Label {
    /// `CLIENT_RANDOM`: the master secret of TLS 1.0 to 1.2.
    Master,
    /// `RSA`: a premaster secret, by the octets that carried it.
    Rsa,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET` of TLS 1.3.
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`.
    ClientTraffic,
    /// `SERVER_TRAFFIC_SECRET_0`.
    ServerTraffic,
}

/// A secret, and the frame after which it was there.
#[derive(Clone)]
struct Secret {
    after: FrameNo,
    octets: Box<[u8]>,
}

/// Secrets by connection.
#[derive(Clone, Default)]
pub struct KeyLog {
    secrets: HashMap<(Label, Random), Secret>,
    broken_lines: u64,
    beyond: u64,
}

/// Counts alone: secrets are never printed.
impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLog of {} secrets", self.secrets.len())
    }
}

impl KeyLog {
    /// Reads a key log to its end.
    ///
    /// # Errors
    /// Those of the reader; what was read before stays.
    pub fn read(reader: &mut dyn BufRead) -> io::Result<Self> {
        let mut log = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            if Read::take(&mut *reader, LINE_MAX as u64 + 1).read_until(b'\n', &mut line)? == 0 {
                return Ok(log);
            }
            let whole = line.ends_with(b"\n") || line.len() <= LINE_MAX;
            if whole {
                log.line(&line, FrameNo(0));
            } else {
                log.broken_lines += 1;
                skip_line(reader)?;
            }
            if log.broken_lines >= BROKEN_MAX && log.secrets.is_empty() {
                return Err(no_key_log());
            }
        }
    }

    /// Takes a line of a log, or of a block of secrets that stands after a frame.
    fn line(&mut self, line: &[u8], after: FrameNo) {
        let line = line.trim_ascii();
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(label) = words.next().filter(|word| !word.starts_with(b"#")) else { return };
        let (random, secret) = (words.next(), words.next());
        let is_label = |word: &[u8]| word.iter().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
        let label = match label {
            b"CLIENT_RANDOM" => Label::Master,
            b"RSA" => Label::Rsa,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Label::ClientHandshake,
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Label::ServerHandshake,
            b"CLIENT_TRAFFIC_SECRET_0" => Label::ClientTraffic,
            b"SERVER_TRAFFIC_SECRET_0" => Label::ServerTraffic,
            // Secrets that nothing here needs.
            _ if secret.is_some() && is_label(label) => return,
            _ => {
                self.broken_lines += 1;
                return;
            }
        };
        let Some((random, octets)) = random.zip(secret).and_then(|(random, secret)| read(label, random, secret)) else {
            self.broken_lines += 1;
            return;
        };
        if self.secrets.len() < SECRETS_MAX {
            // Said twice, the first counts: it was there earlier.
            self.secrets.entry((label, random)).or_insert(Secret { after, octets });
        } else {
            self.beyond += 1;
        }
    }

    /// A secret that was there before frame `now`.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nothing is deciphered"))]
    fn find(&self, label: Label, random: &Random, now: FrameNo) -> Option<&[u8]> {
        let secret = self.secrets.get(&(label, *random)).filter(|secret| secret.after < now)?;
        Some(&secret.octets)
    }

    /// Secrets kept.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there is no secret.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Lines that could not be read, and secrets beyond [`SECRETS_MAX`].
    pub fn faults(&self) -> (u64, u64) {
        (self.broken_lines, self.beyond)
    }
}

fn no_key_log() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its lines are none of a key log")
}

fn skip_line(reader: &mut dyn BufRead) -> io::Result<()> {
    let mut skipped = 0;
    while skipped < SKIPPED_MAX {
        let (used, ended) = {
            let octets = reader.fill_buf()?;
            let end = memchr::memchr(b'\n', octets);
            (end.map_or(octets.len(), |end| end + 1), end.is_some() || octets.is_empty())
        };
        reader.consume(used);
        skipped += used;
        if ended {
            return Ok(());
        }
    }
    Err(no_key_log())
}

/// Random and secret of a line, of the lengths that go with its label.
fn read(label: Label, random: &[u8], secret: &[u8]) -> Option<(Random, Box<[u8]>)> {
    let random_len = if label == Label::Rsa { 8 } else { 32 };
    let mut whole = Random::default();
    hex(random, whole.get_mut(..random_len)?)?;
    let mut octets = vec![0; secret.len() / 2];
    let lengths = if matches!(label, Label::Master | Label::Rsa) { 48..=48 } else { 32..=SECRET_LEN_MAX };
    if !lengths.contains(&octets.len()) {
        return None;
    }
    hex(secret, &mut octets)?;
    Some((whole, octets.into()))
}

/// Fills `out` with what hexadecimal digits say; `None` where they are not just as many.
fn hex(digits: &[u8], out: &mut [u8]) -> Option<()> {
    if digits.len() != 2 * out.len() {
        return None;
    }
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    for (pair, octet) in digits.chunks_exact(2).zip(out) {
        let &[high, low] = pair else { return None };
        *octet = digit(high)? << 4 | digit(low)?;
    }
    Some(())
}

/// The keys of a run: those that were given, and those that its capture holds.
#[derive(Debug, Default)]
pub struct Keys {
    given: Arc<KeyLog>,
    captured: KeyLog,
    /// Connections whose keys were wanted when they were not there.
    missed: Mutex<HashSet<Random>>,
}

impl Keys {
    /// The keys of a log, for one capture.
    pub fn new(given: Arc<KeyLog>) -> Self {
        Self { given, ..Self::default() }
    }

    /// Adds the text of a block of secrets that stands after a frame of the capture. It is used from there on.
    pub fn add(&mut self, text: &[u8], after: FrameNo) {
        text.split(|b| matches!(b, b'\n' | b'\r')).for_each(|line| self.captured.line(line, after));
    }

    /// Whether reading the capture once more would find keys that came too late this time.
    pub fn came_late(&self) -> bool {
        let missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        // Beyond the limit it is not known which connections went without.
        let all = missed.len() >= MISSED_MAX;
        self.captured.secrets.keys().any(|(_, random)| all || missed.contains(random))
    }

    /// The same keys for reading the capture once more: there from the first frame on.
    pub fn for_another_reading(self) -> Self {
        // They are met once more, and so are their faults.
        let mut captured = KeyLog { secrets: self.captured.secrets, ..KeyLog::default() };
        captured.secrets.values_mut().for_each(|secret| secret.after = FrameNo(0));
        Self { captured, ..Self::new(self.given) }
    }

    /// A secret that was there before frame `now`.
    #[cfg(feature = "tls")]
    pub(super) fn find(&self, label: Label, random: &Random, now: FrameNo) -> Option<&[u8]> {
        self.given.find(label, random, now).or_else(|| self.captured.find(label, random, now))
    }

    /// Notes that a connection has no keys.
    #[cfg(feature = "tls")]
    pub(super) fn miss(&self, random: &Random) {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        if missed.len() < MISSED_MAX {
            missed.insert(*random);
        }
    }

    /// Lines that could not be read, of the capture's own secrets, and secrets beyond [`SECRETS_MAX`].
    pub fn faults(&self) -> (u64, u64) {
        self.captured.faults()
    }
}
