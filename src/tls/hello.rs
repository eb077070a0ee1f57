//! Handshake messages, as far as they say how records are protected.

use super::keylog::Random;

/// Octets of a handshake message. A longer one is passed over.
pub const HANDSHAKE_MAX: usize = 32 * 1024;

/// SSL 3.0, which makes keys in its own way.
pub(super) const SSL_3_0: u16 = 0x0300;
pub(super) const TLS_1_0: u16 = 0x0301;
pub(super) const TLS_1_2: u16 = 0x0303;
pub(super) const TLS_1_3: u16 = 0x0304;

/// Octets before the body of a handshake message: type and length.
const MESSAGE_HEAD_LEN: usize = 4;

/// The random of a server that asks for another hello.
const RETRY_RANDOM: Random = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What is taken from a client's hello.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ClientHello {
    pub(super) random: Random,
    /// Whether data may follow it at once, under keys of an earlier connection.
    pub(super) early_data: bool,
}

/// What a server's hello settles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ServerHello {
    pub(super) version: u16,
    pub(super) random: Random,
    pub(super) suite: u16,
    pub(super) compression: u8,
    pub(super) encrypt_then_mac: bool,
    pub(super) extended_master_secret: bool,
}

/// A handshake message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Message {
    ClientHello(ClientHello),
    ServerHello(ServerHello),
    /// A server's wish for another hello, of TLS 1.3.
    Retry,
    /// The first octets of what may be an encrypted premaster secret.
    ClientKeyExchange([u8; 8]),
    Other,
}

impl Message {
    fn read(kind: u8, body: &[u8]) -> Self {
        // Types as in IANA's registry of TLS handshake types.
        match kind {
            1 => client_hello(body).map_or(Self::Other, Self::ClientHello),
            2 => match server_hello(body) {
                Some(hello) if hello.random == RETRY_RANDOM => Self::Retry,
                Some(hello) => Self::ServerHello(hello),
                None => Self::Other,
            },
            16 => match body {
                [_, _, rest @ ..] => rest.first_chunk().map_or(Self::Other, |start| Self::ClientKeyExchange(*start)),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// The handshake messages of a direction, put together from records.
#[derive(Default, Debug)]
pub(super) struct Messages {
    buffer: Vec<u8>,
    /// Octets still to come of a message that is passed over.
    passing: usize,
}

impl Messages {
    /// Whether the next octet begins a message.
    pub(super) fn is_between(&self) -> bool {
        self.buffer.is_empty() && self.passing == 0
    }

    /// Forgets what was begun.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the content of a record and hands over each message it completes.
    pub(super) fn push(&mut self, mut octets: &[u8], take: &mut dyn FnMut(Message)) {
        while !octets.is_empty() {
            if self.passing > 0 {
                let passed = self.passing.min(octets.len());
                self.passing -= passed;
                octets = octets.get(passed..).unwrap_or_default();
                continue;
            }
            let wanted = self.wanted();
            let (now, later) = octets.split_at(wanted.saturating_sub(self.buffer.len()).min(octets.len()));
            self.buffer.extend_from_slice(now);
            octets = later;
            if self.buffer.len() < wanted {
                return;
            }
            let whole = self.wanted();
            if self.buffer.len() < whole {
                let is_of_use = self.buffer.first().is_some_and(|kind| matches!(kind, 1 | 2 | 16));
                if !is_of_use || whole > HANDSHAKE_MAX {
                    self.passing = whole - self.buffer.len();
                    self.buffer = Vec::new();
                }
                continue;
            }
            if let [kind, _, _, _, body @ ..] = self.buffer.as_slice() {
                take(Message::read(*kind, body));
            }
            self.buffer = Vec::new();
        }
    }

    /// Octets that make the head of a message whole, or the message once its head is there.
    fn wanted(&self) -> usize {
        match self.buffer.as_slice() {
            [_, high, middle, low, ..] => {
                MESSAGE_HEAD_LEN + (usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low))
            }
            _ => MESSAGE_HEAD_LEN,
        }
    }
}

/// Octets that are taken from the front.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, len: usize) -> Option<usize> {
        Some(self.take(len)?.iter().fold(0, |number, octet| number << 8 | usize::from(*octet)))
    }

    /// Something behind its length, which is a number of so many octets.
    fn vector(&mut self, length_len: usize) -> Option<&'b [u8]> {
        let len = self.number(length_len)?;
        self.take(len)
    }

    fn random(&mut self) -> Option<Random> {
        self.take(32)?.try_into().ok()
    }
}

/// The extensions at the end of a hello: number and content, as far as they are whole.
fn extensions(mut rest: Rest<'_>) -> impl Iterator<Item = (usize, &[u8])> {
    let mut all = Rest(rest.vector(2).unwrap_or_default());
    std::iter::from_fn(move || Some((all.number(2)?, all.vector(2)?)))
}

fn client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut rest = Rest(body);
    let _version = rest.number(2)?;
    let random = rest.random()?;
    let mut hello = ClientHello { random, early_data: false };
    let lists = [1, 2, 1].map(|length_len| rest.vector(length_len));
    if lists.iter().all(Option::is_some) {
        hello.early_data = extensions(rest).any(|(number, _)| number == 42);
    }
    Some(hello)
}

/// The hello of a client in the form of SSL 2.0, from its length on; its challenge is the random.
pub(super) fn old_client_hello(record: &[u8]) -> Option<ClientHello> {
    let mut rest = Rest(record);
    let _length_type_and_version = rest.take(5)?;
    let (suites, session, challenge) = (rest.number(2)?, rest.number(2)?, rest.number(2)?);
    rest.take(suites)?;
    rest.take(session)?;
    let challenge = rest.take(challenge)?;
    let mut random = Random::default();
    random.get_mut(32_usize.checked_sub(challenge.len())?..)?.copy_from_slice(challenge);
    Some(ClientHello { random, early_data: false })
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut rest = Rest(body);
    let version = u16::try_from(rest.number(2)?).ok()?;
    let random = rest.random()?;
    let _session = rest.vector(1)?;
    let suite = u16::try_from(rest.number(2)?).ok()?;
    let compression = u8::try_from(rest.number(1)?).ok()?;
    let mut hello =
        ServerHello { version, random, suite, compression, encrypt_then_mac: false, extended_master_secret: false };
    // Numbers as in IANA's registry of TLS extensions.
    for (number, content) in extensions(rest) {
        match (number, content) {
            (22, _) => hello.encrypt_then_mac = true,
            (23, _) => hello.extended_master_secret = true,
            (43, &[high, low]) => hello.version = u16::from_be_bytes([high, low]),
            _ => {}
        }
    }
    Some(hello)
}
