//! Cipher suites: what protects the records.

use super::derive::Hash;

/// The cipher of a suite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Algorithm {
    Null,
    Rc4,
    Des,
    TripleDes,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20,
}

impl Algorithm {
    /// Octets of its key.
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::Des => 8,
            Self::Rc4 | Self::Aes128Cbc | Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 => 16,
            Self::TripleDes => 24,
            Self::Aes256Cbc | Self::Aes256Gcm | Self::Aes256Ccm | Self::Aes256Ccm8 | Self::ChaCha20 => 32,
        }
    }

    /// Octets of a block, of ciphers that are used in CBC mode.
    pub(super) fn block_len(self) -> Option<usize> {
        match self {
            Self::Des | Self::TripleDes => Some(8),
            Self::Aes128Cbc | Self::Aes256Cbc => Some(16),
            _ => None,
        }
    }

    /// Octets of its tag, of ciphers that authenticate.
    pub(super) fn tag_len(self) -> Option<usize> {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => Some(8),
            Self::Aes128Gcm | Self::Aes256Gcm | Self::Aes128Ccm | Self::Aes256Ccm | Self::ChaCha20 => Some(16),
            _ => None,
        }
    }
}

/// A suite, as far as records and keys are concerned: how keys are agreed plays no part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Suite {
    pub(super) algorithm: Algorithm,
    /// Hash of the MAC; none where the cipher authenticates.
    pub(super) mac: Option<Hash>,
    /// Hash of the PRF from TLS 1.2 on.
    pub(super) prf: Hash,
}

impl Suite {
    /// The suite of a number; `None` where it is not known, or protects in a way that is not read (export grades,
    /// IDEA, SEED, ARIA, Camellia).
    pub(super) fn of(number: u16) -> Option<Self> {
        use Algorithm as A;
        use Hash::{Md5, Sha1, Sha256, Sha384};
        // Numbers as in IANA's registry of TLS cipher suites.
        let (algorithm, mac, prf) = match number {
            0x0001 => (A::Null, Some(Md5), Sha256),
            0x0002 | 0x002c..=0x002e | 0xc001 | 0xc006 | 0xc00b | 0xc010 | 0xc015 | 0xc039 => {
                (A::Null, Some(Sha1), Sha256)
            }
            0x003b | 0x00b0 | 0x00b4 | 0x00b8 | 0xc03a => (A::Null, Some(Sha256), Sha256),
            0x00b1 | 0x00b5 | 0x00b9 | 0xc03b => (A::Null, Some(Sha384), Sha384),
            0x0004 | 0x0018 | 0x0024 => (A::Rc4, Some(Md5), Sha256),
            0x0005 | 0x0020 | 0x0066 | 0x008a | 0x008e | 0x0092 | 0xc002 | 0xc007 | 0xc00c | 0xc011 | 0xc016
            | 0xc033 => (A::Rc4, Some(Sha1), Sha256),
            0x0022 => (A::Des, Some(Md5), Sha256),
            0x0009 | 0x000c | 0x000f | 0x0012 | 0x0015 | 0x001a | 0x001e => (A::Des, Some(Sha1), Sha256),
            0x0023 => (A::TripleDes, Some(Md5), Sha256),
            0x000a
            | 0x000d
            | 0x0010
            | 0x0013
            | 0x0016
            | 0x001b
            | 0x001f
            | 0x008b
            | 0x008f
            | 0x0093
            | 0xc003
            | 0xc008
            | 0xc00d
            | 0xc012
            | 0xc017
            | 0xc01a..=0xc01c
            | 0xc034 => (A::TripleDes, Some(Sha1), Sha256),
            0x002f..=0x0034
            | 0x008c
            | 0x0090
            | 0x0094
            | 0xc004
            | 0xc009
            | 0xc00e
            | 0xc013
            | 0xc018
            | 0xc01d..=0xc01f
            | 0xc035 => (A::Aes128Cbc, Some(Sha1), Sha256),
            0x0035..=0x003a
            | 0x008d
            | 0x0091
            | 0x0095
            | 0xc005
            | 0xc00a
            | 0xc00f
            | 0xc014
            | 0xc019
            | 0xc020..=0xc022
            | 0xc036 => (A::Aes256Cbc, Some(Sha1), Sha256),
            0x003c
            | 0x003e..=0x0040
            | 0x0067
            | 0x006c
            | 0x00ae
            | 0x00b2
            | 0x00b6
            | 0xc023
            | 0xc025
            | 0xc027
            | 0xc029
            | 0xc037 => (A::Aes128Cbc, Some(Sha256), Sha256),
            0x003d | 0x0068..=0x006b | 0x006d => (A::Aes256Cbc, Some(Sha256), Sha256),
            0x00af | 0x00b3 | 0x00b7 | 0xc024 | 0xc026 | 0xc028 | 0xc02a | 0xc038 => {
                (A::Aes256Cbc, Some(Sha384), Sha384)
            }
            0x009c | 0x009e | 0x00a0 | 0x00a2 | 0x00a4 | 0x00a6 | 0x00a8 | 0x00aa | 0x00ac | 0xc02b | 0xc02d
            | 0xc02f | 0xc031 | 0xd001 | 0x1301 => (A::Aes128Gcm, None, Sha256),
            0x009d | 0x009f | 0x00a1 | 0x00a3 | 0x00a5 | 0x00a7 | 0x00a9 | 0x00ab | 0x00ad | 0xc02c | 0xc02e
            | 0xc030 | 0xc032 | 0xd002 | 0x1302 => (A::Aes256Gcm, None, Sha384),
            0xc09c | 0xc09e | 0xc0a4 | 0xc0a6 | 0xc0ac | 0xd005 | 0x1304 => (A::Aes128Ccm, None, Sha256),
            0xc09d | 0xc09f | 0xc0a5 | 0xc0a7 | 0xc0ad => (A::Aes256Ccm, None, Sha256),
            0xc0a0 | 0xc0a2 | 0xc0a8 | 0xc0aa | 0xc0ae | 0xd003 | 0x1305 => (A::Aes128Ccm8, None, Sha256),
            0xc0a1 | 0xc0a3 | 0xc0a9 | 0xc0ab | 0xc0af => (A::Aes256Ccm8, None, Sha256),
            0xcca8..=0xccae | 0x1303 => (A::ChaCha20, None, Sha256),
            _ => return None,
        };
        Some(Self { algorithm, mac, prf })
    }
}
