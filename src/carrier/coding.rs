//! Content codings: gzip and deflate undone, within a limit.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::{Anomaly, Envelope, Wholeness};
use crate::wire::Wire;

/// Octets that a content coding may inflate to. What comes after is left out.
pub const INFLATED_MAX: usize = 16 * 1024 * 1024;

/// The coding of a body as its headers name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Coding {
    #[default]
    Identity,
    Gzip,
    /// In the zlib format as it should be, or raw as some send it.
    Deflate,
    /// One that is not known here, or several.
    Unknown,
}

impl Coding {
    /// The coding of this name.
    pub(super) fn of(name: &[u8]) -> Self {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"gzip") || is(b"x-gzip") {
            Self::Gzip
        } else if is(b"deflate") {
            Self::Deflate
        } else if is(b"identity") || name.is_empty() {
            Self::Identity
        } else {
            Self::Unknown
        }
    }

    /// Adds a coding that was applied after this one.
    pub(super) fn and(&mut self, next: Self) {
        *self = match (*self, next) {
            (one, Self::Identity) | (Self::Identity, one) => one,
            _ => Self::Unknown,
        };
    }

    /// Whether it can be undone.
    pub(super) fn is_known(self) -> bool {
        matches!(self, Self::Gzip | Self::Deflate)
    }
}

/// What came out of a coded body.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Plain {
    pub(super) bytes: Vec<u8>,
    pub(super) end: PlainEnd,
}

/// Where undoing a coding stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlainEnd {
    /// At its end.
    Whole,
    /// At something that does not decode, or where octets ran out.
    Bad,
    /// At the limit.
    Limit,
}

/// Undoes `coding`, to at most `limit` octets; what was decoded before an error is kept.
pub(super) fn undo(coding: Coding, coded: &[u8], limit: usize) -> Plain {
    match coding {
        Coding::Gzip => inflate(MultiGzDecoder::new(coded), limit),
        Coding::Deflate => {
            let plain = inflate(ZlibDecoder::new(coded), limit);
            if plain.end == PlainEnd::Bad && plain.bytes.is_empty() {
                inflate(DeflateDecoder::new(coded), limit)
            } else {
                plain
            }
        }
        Coding::Identity | Coding::Unknown => Plain { bytes: coded.to_vec(), end: PlainEnd::Whole },
    }
}

fn inflate(mut decoder: impl Read, limit: usize) -> Plain {
    let mut bytes = Vec::new();
    let mut end = match decoder.by_ref().take(limit as u64).read_to_end(&mut bytes) {
        Ok(_) => PlainEnd::Whole,
        Err(_) => PlainEnd::Bad,
    };
    if end == PlainEnd::Whole && bytes.len() == limit && decoder.read(&mut [0]).is_ok_and(|more| more > 0) {
        end = PlainEnd::Limit;
    }
    Plain { bytes, end }
}

/// Undoes the content coding of the body. One of which nothing decodes is left as it was transferred.
pub(super) fn undo_coding(envelope: &mut Envelope, coding: Coding, wholeness: &mut Wholeness) {
    if coding == Coding::Unknown {
        envelope.anomalies.push(Anomaly::UnknownContentCoding);
    }
    if !coding.is_known() {
        return;
    }
    let plain = undo(coding, envelope.body.bytes(), INFLATED_MAX);
    let is_whole = *wholeness == Wholeness::Complete;
    match plain.end {
        PlainEnd::Bad if is_whole => envelope.anomalies.push(Anomaly::BadContentCoding),
        PlainEnd::Limit if is_whole => *wholeness = Wholeness::Limit,
        _ => {}
    }
    if plain.end != PlainEnd::Bad || !plain.bytes.is_empty() {
        envelope.body = Wire::derived(plain.bytes, envelope.body.pieces());
        envelope.compressed = true;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"<WV-CSP-Message><Session/></WV-CSP-Message>";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut coder = GzEncoder::new(Vec::new(), Compression::default());
        coder.write_all(text).unwrap();
        coder.finish().unwrap()
    }

    #[test]
    fn gzip_zlib_and_raw_are_undone() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(TEXT).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(TEXT).unwrap();
        let whole = Plain { bytes: TEXT.to_vec(), end: PlainEnd::Whole };
        assert_eq!(undo(Coding::Gzip, &gzip(TEXT), 100), whole);
        assert_eq!(undo(Coding::Deflate, &zlib.finish().unwrap(), 100), whole);
        assert_eq!(undo(Coding::Deflate, &raw.finish().unwrap(), 100), whole);
    }

    #[test]
    fn a_cut_body_gives_its_start() {
        let long: Vec<u8> = (0..20_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let coded = gzip(&long);
        let plain = undo(Coding::Gzip, &coded[..coded.len() / 2], INFLATED_MAX);
        assert_eq!(plain.end, PlainEnd::Bad);
        assert!(plain.bytes.len() > 10_000 && long.starts_with(&plain.bytes));
        assert_eq!(undo(Coding::Gzip, b"no gzip", 100), Plain { bytes: vec![], end: PlainEnd::Bad });
    }

    #[test]
    fn inflation_stops_at_the_limit() {
        let bomb = gzip(&vec![b'a'; 1000]);
        assert_eq!(undo(Coding::Gzip, &bomb, 999), Plain { bytes: vec![b'a'; 999], end: PlainEnd::Limit });
        assert_eq!(undo(Coding::Gzip, &bomb, 1000), Plain { bytes: vec![b'a'; 1000], end: PlainEnd::Whole });
    }

    #[test]
    fn several_codings_are_not_known() {
        let mut coding = Coding::Identity;
        coding.and(Coding::of(b"X-GZIP"));
        coding.and(Coding::of(b"identity"));
        assert_eq!(coding, Coding::Gzip);
        coding.and(Coding::of(b"deflate"));
        assert_eq!(coding, Coding::Unknown);
    }
}
