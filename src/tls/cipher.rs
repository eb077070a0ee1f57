//! What protects the records of a direction, undone.

use std::fmt;

use aes::cipher::{Block, BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use aes::{Aes128, Aes256};
use aes_gcm::aead::{AeadInOut, Nonce, Tag};
use ccm::Ccm;
use ccm::consts::{U8, U12, U16};

use super::derive::{Hash, Prf};
use super::hello::{ServerHello, TLS_1_0, TLS_1_2, TLS_1_3};
use super::record::{Header, Kind};
use super::suite::{Algorithm, Suite};

/// Octets of the nonce of a cipher that authenticates.
const NONCE_LEN: usize = 12;
/// Octets of the nonce that suites of TLS 1.2 with GCM or CCM send with each record.
const EXPLICIT_LEN: usize = 8;

/// Which side writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Writer {
    Client,
    Server,
}

/// A record to be deciphered.
#[derive(Clone, Copy)]
pub(super) struct Sealed<'r> {
    pub(super) header: Header,
    /// Octets captured just before the record, in which TLS 1.0 hides the initialisation vector.
    pub(super) before: &'r [u8],
    pub(super) payload: &'r [u8],
}

/// A deciphered record: its content stands at the start of the buffer that was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Opened {
    pub(super) kind: Kind,
    pub(super) len: usize,
    /// Where in the payload of the record the first octet of the content was.
    pub(super) lead: usize,
}

/// Undoes CBC in place: initialisation vector, whole blocks.
type UndoCbc = Box<dyn Fn(&[u8], &mut [u8]) -> bool + Send>;
/// Undoes an authenticated cipher in place: nonce, additional data, content, tag.
type UndoAead = Box<dyn Fn(&[u8], &[u8], &mut [u8], &[u8]) -> bool + Send>;

enum Bulk {
    Null,
    Rc4(Box<Rc4>),
    Cbc { undo: UndoCbc, block_len: usize },
    Aead { undo: UndoAead, tag_len: usize, explicit: bool },
}

/// The cipher of one direction, with its keys.
pub(super) struct Cipher {
    bulk: Bulk,
    mac: Option<(Hash, Vec<u8>)>,
    iv: Vec<u8>,
    version: u16,
    encrypt_then_mac: bool,
}

/// Keys are never printed.
impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cipher of version {:x}", self.version)
    }
}

impl Cipher {
    /// From the master secret of TLS 1.0 to 1.2.
    pub(super) fn of_master(
        master: &[u8],
        client_random: &[u8],
        hello: &ServerHello,
        suite: Suite,
        writer: Writer,
    ) -> Option<Self> {
        let algorithm = suite.algorithm;
        let mac_len = suite.mac.map_or(0, Hash::len);
        let (key_len, iv_len) = (algorithm.key_len(), iv_len(algorithm));
        let seed = [&hello.random[..], client_random];
        let block = prf(hello.version, suite).expand(master, "key expansion", seed, 2 * (mac_len + key_len + iv_len));
        // What clients write with comes before what servers do, each time.
        let mut at = 0;
        let mut next = |len: usize| {
            let own = at + if writer == Writer::Client { 0 } else { len };
            at += 2 * len;
            block.get(own..own + len)
        };
        let (mac_key, key, iv) = (next(mac_len)?, next(key_len)?, next(iv_len)?);
        Some(Self {
            bulk: bulk(algorithm, key, hello.version)?,
            mac: suite.mac.map(|hash| (hash, mac_key.to_vec())),
            iv: iv.to_vec(),
            version: hello.version,
            encrypt_then_mac: hello.encrypt_then_mac,
        })
    }

    /// From a traffic secret of TLS 1.3.
    pub(super) fn of_traffic(secret: &[u8], suite: Suite) -> Option<Self> {
        let key = suite.prf.expand_label(secret, "key", suite.algorithm.key_len());
        let iv = suite.prf.expand_label(secret, "iv", NONCE_LEN);
        let bulk = bulk(suite.algorithm, &key, TLS_1_3)?;
        matches!(bulk, Bulk::Aead { .. }).then_some(Self {
            bulk,
            mac: None,
            iv,
            version: TLS_1_3,
            encrypt_then_mac: false,
        })
    }

    /// Deciphers the record that is number `sequence` under these keys into `out`; `None` where it is none of theirs,
    /// or not number `sequence`.
    pub(super) fn open(&mut self, record: Sealed<'_>, sequence: u64, out: &mut Vec<u8>) -> Option<Opened> {
        out.clear();
        match &self.bulk {
            Bulk::Null => out.extend_from_slice(record.payload),
            Bulk::Rc4(rc4) => {
                let mut rc4 = rc4.clone();
                out.extend_from_slice(record.payload);
                rc4.apply(out);
                let opened = self.without_mac(record.header, 0, sequence, out)?;
                self.bulk = Bulk::Rc4(rc4);
                return Some(opened);
            }
            Bulk::Cbc { undo, block_len } => return self.open_cbc(undo, *block_len, record, sequence, out),
            Bulk::Aead { undo, tag_len, explicit } => {
                return self.open_aead(undo, *tag_len, *explicit, record, sequence, out);
            }
        }
        self.without_mac(record.header, 0, sequence, out)
    }

    /// Passes over a record that cannot be read but whose length is known.
    pub(super) fn skip(&mut self, header: Header) {
        if let Bulk::Rc4(rc4) = &mut self.bulk {
            (0..header.len).for_each(|_| {
                rc4.next();
            });
        }
    }

    /// Octets of content of a record, where its length alone tells.
    pub(super) fn content_len(&self, header: Header) -> Option<u64> {
        let mac_len = self.mac.as_ref().map_or(0, |(hash, _)| hash.len());
        let added = match &self.bulk {
            _ if self.version == TLS_1_3 => return None,
            Bulk::Null | Bulk::Rc4(_) => mac_len,
            Bulk::Cbc { .. } => return None,
            Bulk::Aead { tag_len, explicit, .. } => tag_len + if *explicit { EXPLICIT_LEN } else { 0 },
        };
        header.len.checked_sub(added).map(|len| len as u64)
    }

    fn open_cbc(
        &self,
        undo: &UndoCbc,
        block_len: usize,
        record: Sealed<'_>,
        sequence: u64,
        out: &mut Vec<u8>,
    ) -> Option<Opened> {
        let Sealed { header, before, mut payload } = record;
        if self.encrypt_then_mac {
            let (hash, key) = self.mac.as_ref()?;
            let (sealed, mac) = payload.split_at_checked(payload.len().checked_sub(hash.len())?)?;
            if self.mac_of(*hash, key, header, sequence, sealed).as_ref() != mac {
                return None;
            }
            payload = sealed;
        }
        let (iv, sealed) = if self.version > TLS_1_0 {
            payload.split_at_checked(block_len)?
        } else if sequence == 0 {
            (self.iv.as_slice(), payload)
        } else {
            // The last block of the record before, which its MAC may follow.
            let mac_len = self.mac.as_ref().filter(|_| self.encrypt_then_mac).map_or(0, |(hash, _)| hash.len());
            let end = before.len().checked_sub(mac_len)?;
            (before.get(end.checked_sub(block_len)?..end)?, payload)
        };
        let lead = payload.len() - sealed.len();
        out.extend_from_slice(sealed);
        if out.is_empty() || !out.len().is_multiple_of(block_len) || !undo(iv, out) {
            return None;
        }
        let padding = *out.last()?;
        let content = out.len().checked_sub(usize::from(padding) + 1)?;
        if out.get(content..)?.iter().any(|octet| *octet != padding) {
            return None;
        }
        out.truncate(content);
        if self.encrypt_then_mac {
            return Some(Opened { kind: header.kind, len: content, lead });
        }
        self.without_mac(header, lead, sequence, out)
    }

    fn open_aead(
        &self,
        undo: &UndoAead,
        tag_len: usize,
        explicit: bool,
        record: Sealed<'_>,
        sequence: u64,
        out: &mut Vec<u8>,
    ) -> Option<Opened> {
        let Sealed { header, payload, .. } = record;
        let mut nonce = [0; NONCE_LEN];
        let lead = if explicit { EXPLICIT_LEN } else { 0 };
        let (sent, sealed) = payload.split_at_checked(lead)?;
        let (content, tag) = sealed.split_at_checked(sealed.len().checked_sub(tag_len)?)?;
        if explicit {
            nonce.iter_mut().zip(self.iv.iter().chain(sent)).for_each(|(to, from)| *to = *from);
        } else {
            let count = [0; 4].into_iter().chain(sequence.to_be_bytes());
            nonce.iter_mut().zip(self.iv.iter().zip(count)).for_each(|(to, (iv, count))| *to = iv ^ count);
        }
        out.extend_from_slice(content);
        let done = if self.version == TLS_1_3 {
            undo(&nonce, &fields(header, header.len), out, tag)
        } else {
            let mut data = [0; 13];
            let all = sequence.to_be_bytes().into_iter().chain(fields(header, content.len()));
            data.iter_mut().zip(all).for_each(|(to, from)| *to = from);
            undo(&nonce, &data, out, tag)
        };
        if !done {
            return None;
        }
        let mut kind = header.kind;
        if self.version == TLS_1_3 {
            // The type of the content is the last octet that is not padding.
            let last = out.iter().rposition(|octet| *octet != 0)?;
            kind = Kind(*out.get(last)?);
            out.truncate(last);
        }
        Some(Opened { kind, len: out.len(), lead })
    }

    /// Takes the MAC off, if it is that of the content before it.
    fn without_mac(&self, header: Header, lead: usize, sequence: u64, out: &mut Vec<u8>) -> Option<Opened> {
        let (hash, key) = self.mac.as_ref()?;
        let len = out.len().checked_sub(hash.len())?;
        let (content, mac) = out.split_at_checked(len)?;
        if self.mac_of(*hash, key, header, sequence, content).as_ref() != mac {
            return None;
        }
        out.truncate(len);
        Some(Opened { kind: header.kind, len, lead })
    }

    fn mac_of(&self, hash: Hash, key: &[u8], header: Header, sequence: u64, octets: &[u8]) -> super::derive::Digest {
        hash.hmac(key, &[&sequence.to_be_bytes(), &fields(header, octets.len()), octets])
    }
}

/// The header of a record as it is authenticated, with the length that counts.
fn fields(header: Header, len: usize) -> [u8; 5] {
    let [major, minor] = header.version.to_be_bytes();
    let [high, low] = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    [header.kind.0, major, minor, high, low]
}

/// What makes keys of secrets in a version with a suite.
pub(super) fn prf(version: u16, suite: Suite) -> Prf {
    if version < TLS_1_2 { Prf::Both } else { Prf::One(suite.prf) }
}

/// Octets of the initialisation vector that keys are made with up to TLS 1.2; it stands last among them, so that it
/// does no harm where a version does without.
fn iv_len(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::ChaCha20 => NONCE_LEN,
        _ if algorithm.tag_len().is_some() => NONCE_LEN - EXPLICIT_LEN,
        _ => algorithm.block_len().unwrap_or(0),
    }
}

fn bulk(algorithm: Algorithm, key: &[u8], version: u16) -> Option<Bulk> {
    let undo = match algorithm {
        Algorithm::Null => return Some(Bulk::Null),
        Algorithm::Rc4 => return Some(Bulk::Rc4(Box::new(Rc4::new(key)))),
        Algorithm::Des => return cbc::<des::Des>(key, 8),
        Algorithm::TripleDes => return cbc::<des::TdesEde3>(key, 8),
        Algorithm::Aes128Cbc => return cbc::<Aes128>(key, 16),
        Algorithm::Aes256Cbc => return cbc::<Aes256>(key, 16),
        Algorithm::Aes128Gcm => aead::<aes_gcm::Aes128Gcm>(key),
        Algorithm::Aes256Gcm => aead::<aes_gcm::Aes256Gcm>(key),
        Algorithm::Aes128Ccm => aead::<Ccm<Aes128, U16, U12>>(key),
        Algorithm::Aes256Ccm => aead::<Ccm<Aes256, U16, U12>>(key),
        Algorithm::Aes128Ccm8 => aead::<Ccm<Aes128, U8, U12>>(key),
        Algorithm::Aes256Ccm8 => aead::<Ccm<Aes256, U8, U12>>(key),
        Algorithm::ChaCha20 => aead::<chacha20poly1305::ChaCha20Poly1305>(key),
    };
    let explicit = version < TLS_1_3 && algorithm != Algorithm::ChaCha20;
    Some(Bulk::Aead { undo: undo?, tag_len: algorithm.tag_len()?, explicit })
}

fn cbc<C>(key: &[u8], block_len: usize) -> Option<Bulk>
where
    C: BlockCipherDecrypt + KeyInit + Clone + Send + 'static,
{
    let cipher = C::new_from_slice(key).ok()?;
    let undo = move |iv: &[u8], data: &mut [u8]| {
        let Ok(mut mode) = cbc::Decryptor::<C>::inner_iv_slice_init(cipher.clone(), iv) else { return false };
        let (blocks, rest) = Block::<C>::slice_as_chunks_mut(data);
        mode.decrypt_blocks(blocks);
        rest.is_empty()
    };
    Some(Bulk::Cbc { undo: Box::new(undo), block_len })
}

fn aead<A>(key: &[u8]) -> Option<UndoAead>
where
    A: AeadInOut + KeyInit + Send + 'static,
{
    let cipher = A::new_from_slice(key).ok()?;
    Some(Box::new(move |nonce, data, content, tag| {
        let (Ok(nonce), Ok(tag)) = (Nonce::<A>::try_from(nonce), Tag::<A>::try_from(tag)) else { return false };
        cipher.decrypt_inout_detached(&nonce, data, content.into(), &tag).is_ok()
    }))
}

/// RC4, which has to be copied before each try; the ciphers of others do not let themselves be.
#[derive(Clone)]
struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    fn new(key: &[u8]) -> Self {
        let mut rc4 = Self { state: std::array::from_fn(|i| i as u8), i: 0, j: 0 };
        for (i, octet) in (0..=255).zip(key.iter().cycle()) {
            rc4.j = rc4.j.wrapping_add(rc4.at(i)).wrapping_add(*octet);
            rc4.state.swap(usize::from(i), usize::from(rc4.j));
        }
        rc4.j = 0;
        rc4
    }

    fn at(&self, index: u8) -> u8 {
        self.state.get(usize::from(index)).copied().unwrap_or_default()
    }

    /// The next octet of the key stream.
    fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        self.j = self.j.wrapping_add(self.at(self.i));
        self.state.swap(usize::from(self.i), usize::from(self.j));
        self.at(self.at(self.i).wrapping_add(self.at(self.j)))
    }

    fn apply(&mut self, octets: &mut [u8]) {
        octets.iter_mut().for_each(|octet| *octet ^= self.next());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors that the description of RC4 on the "cypherpunks" list came with.
    #[test]
    fn rc4() {
        for (key, text, sealed) in [
            (&b"Key"[..], &b"Plaintext"[..], &[0xbb, 0xf3, 0x16, 0xe8, 0xd9, 0x40, 0xaf, 0x0a, 0xd3][..]),
            (b"Wiki", b"pedia", &[0x10, 0x21, 0xbf, 0x04, 0x20]),
        ] {
            let mut octets = text.to_vec();
            Rc4::new(key).apply(&mut octets);
            assert_eq!(octets, sealed);
        }
    }
}
