//! Keys from secrets: the PRF of TLS 1.0 to 1.2, and HKDF as TLS 1.3 uses it.

use hmac::digest::block_api::EagerHash;
use hmac::{Hmac, KeyInit, Mac};

/// Octets of the longest hash used.
const HASH_LEN_MAX: usize = 48;

/// A hash that TLS builds its MACs and keys from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

/// What a hash gives.
#[derive(Clone, Copy)]
pub(super) struct Digest {
    octets: [u8; HASH_LEN_MAX],
    len: usize,
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

impl Hash {
    /// Octets of what it gives.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// HMAC of the parts, one after the other.
    pub(super) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Digest {
        match self {
            Self::Md5 => hmac::<md5::Md5>(key, parts),
            Self::Sha1 => hmac::<sha1::Sha1>(key, parts),
            Self::Sha256 => hmac::<sha2::Sha256>(key, parts),
            Self::Sha384 => hmac::<sha2::Sha384>(key, parts),
        }
    }

    /// `P_hash`: as many octets as are in `out`, added to it bit by bit.
    fn expand_into(self, secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        let mut a = self.hmac(secret, seed);
        for chunk in out.chunks_mut(self.len()) {
            let mut parts = vec![a.as_ref()];
            parts.extend(seed);
            let block = self.hmac(secret, &parts);
            chunk.iter_mut().zip(block.as_ref()).for_each(|(out, octet)| *out ^= octet);
            a = self.hmac(secret, &[a.as_ref()]);
        }
    }

    /// `HKDF-Expand-Label` without a context, of at most as many octets as the hash gives.
    pub(super) fn expand_label(self, secret: &[u8], label: &str, len: usize) -> Vec<u8> {
        let len = len.min(self.len());
        let label_len = 6 + label.len();
        let lengths = [0, len as u8, label_len as u8];
        let block = self.hmac(secret, &[&lengths, b"tls13 ", label.as_bytes(), &[0, 1]]);
        block.as_ref().get(..len).unwrap_or_default().to_vec()
    }
}

fn hmac<D: EagerHash>(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut digest = Digest { octets: [0; HASH_LEN_MAX], len: 0 };
    // A key of any length will do, so this never fails.
    if let Ok(mut mac) = Hmac::<D>::new_from_slice(key) {
        parts.iter().for_each(|part| mac.update(part));
        let tag = mac.finalize().into_bytes();
        digest.len = tag.len().min(HASH_LEN_MAX);
        digest.octets.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
    }
    digest
}

/// What the PRF of TLS 1.0 to 1.2 is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prf {
    /// MD5 and SHA-1, each with a half of the secret: TLS 1.0 and 1.1.
    Both,
    /// One hash: TLS 1.2.
    One(Hash),
}

impl Prf {
    /// `len` octets of the PRF.
    pub(super) fn expand(self, secret: &[u8], label: &str, seed: [&[u8]; 2], len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        let [a, b] = seed;
        let seed = [label.as_bytes(), a, b];
        match self {
            Self::One(hash) => hash.expand_into(secret, &seed, &mut out),
            Self::Both => {
                // The halves share an octet where the length is odd.
                let half = secret.len().div_ceil(2);
                let (first, second) = (secret.get(..half), secret.get(secret.len() - half..));
                Hash::Md5.expand_into(first.unwrap_or_default(), &seed, &mut out);
                Hash::Sha1.expand_into(second.unwrap_or_default(), &seed, &mut out);
            }
        }
        out
    }
}
