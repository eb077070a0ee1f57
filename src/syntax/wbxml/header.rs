//! The head of a WBXML payload, and the character set it names.

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::Encoding;

use super::super::{Anomaly, AnomalyKind};
use super::Language;

/// The head of a WBXML payload, up to the body.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// Version octet, 0x03 for WBXML 1.3; `None` when the payload is empty.
    pub version: Option<u8>,
    /// Numeric public identifier, 1 meaning "unknown"; `None` when a literal one stands in its place.
    pub public_number: Option<u32>,
    /// Literal public identifier.
    pub public_id: Option<String>,
    /// Character set by its MIBenum; 0 leaves it to the carrier.
    pub charset: u32,
    /// Where the string table stands in the payload.
    pub strings: Range<usize>,
    /// Where the body begins in the payload.
    pub body: usize,
    /// What was got over.
    pub anomalies: Vec<Anomaly>,
}

impl Header {
    /// Reads the head of a payload. There always is a result, which claims less where less was there.
    pub fn read(payload: &[u8]) -> Self {
        let mut octets = Octets { payload, at: 0, bad_number: None };
        let mut header = Self { charset: UTF_8, ..Self::default() };
        if header.fields(&mut octets).is_none() {
            header.note(AnomalyKind::EndsEarly, payload.len()..payload.len());
            octets.at = payload.len();
        }
        if let Some(place) = octets.bad_number {
            header.note(AnomalyKind::BadNumber, place);
        }
        header.body = octets.at;
        header
    }

    /// The namespace that the root declares, by the attribute start tokens of `language`; `None` when it declares none.
    pub fn root_namespace(&self, payload: &[u8], language: &Language) -> Option<String> {
        let mut attributes = super::read::root_attributes(payload, self, language).into_iter();
        attributes.find(|(name, _)| name == "xmlns").map(|(_, value)| value)
    }

    fn fields(&mut self, octets: &mut Octets<'_>) -> Option<()> {
        self.version = Some(octets.octet()?);
        let number = octets.number()?;
        let literal = octets.at;
        let offset = if number == 0 { Some(octets.number()?) } else { None };
        let literal = literal..octets.at;
        self.public_number = offset.is_none().then_some(number);
        let charset = octets.at;
        self.charset = octets.number()?;
        if Charset::of(self.charset).is_none() {
            self.note(AnomalyKind::UnknownCharset, charset..octets.at);
        }
        let len = octets.number()? as usize;
        let start = octets.at;
        let end = start.saturating_add(len).min(octets.payload.len());
        self.strings = start..end;
        octets.at = end;
        if let Some(offset) = offset {
            let strings = octets.payload.get(start..end).unwrap_or_default();
            match strings.get(offset as usize..).filter(|rest| !rest.is_empty()) {
                Some(rest) => {
                    let charset = Charset::of(self.charset).unwrap_or_default();
                    self.public_id = Some(charset.decode(charset.string(rest).0).0.into_owned());
                }
                None => self.note(AnomalyKind::BadStringOffset, literal),
            }
        }
        (end - start == len).then_some(())
    }

    fn note(&mut self, kind: AnomalyKind, place: Range<usize>) {
        self.anomalies.push(Anomaly { kind, span: place.start as u32..place.end as u32 });
    }
}

/// Octets being read.
pub(super) struct Octets<'p> {
    pub(super) payload: &'p [u8],
    pub(super) at: usize,
    /// Place of the first number that was too long.
    pub(super) bad_number: Option<Range<usize>>,
}

impl<'p> Octets<'p> {
    pub(super) fn octet(&mut self) -> Option<u8> {
        let octet = *self.payload.get(self.at)?;
        self.at += 1;
        Some(octet)
    }

    /// A number of up to five octets, seven bits in each, the top bit set in all but the last. A longer one ends at
    /// its fifth octet; what does not fit is the greatest number.
    pub(super) fn number(&mut self) -> Option<u32> {
        let start = self.at;
        let mut number = 0;
        for _ in 0..5 {
            let octet = self.octet()?;
            number = number << 7 | u64::from(octet & 0x7F);
            if octet & 0x80 == 0 {
                break;
            }
        }
        let ended = self.payload.get(self.at - 1).is_some_and(|last| last & 0x80 == 0);
        let fits = u32::try_from(number).ok();
        if (!ended || fits.is_none()) && self.bad_number.is_none() {
            self.bad_number = Some(start..self.at);
        }
        Some(fits.unwrap_or(u32::MAX))
    }

    /// Up to `len` octets: as many as there are.
    pub(super) fn take(&mut self, len: usize) -> &'p [u8] {
        let end = self.at.saturating_add(len).min(self.payload.len());
        let taken = self.payload.get(self.at..end).unwrap_or_default();
        self.at = end;
        taken
    }

    pub(super) fn rest(&self) -> &'p [u8] {
        self.payload.get(self.at..).unwrap_or_default()
    }
}

pub(super) const UTF_8: u32 = 106;
const US_ASCII: u32 = 3;

/// A character set of a WBXML payload.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Charset {
    /// UTF-8, or US-ASCII when only that is allowed.
    Utf8 { ascii: bool },
    /// Any other, by its decoder.
    Other(&'static Encoding),
}

impl Default for Charset {
    fn default() -> Self {
        Self::Utf8 { ascii: false }
    }
}

impl Charset {
    /// The character set with this MIBenum; `None` when it is not known here.
    pub(super) fn of(mib: u32) -> Option<Self> {
        // Numbers as in IANA's registry of character sets, those that encoding_rs decodes.
        let encoding = match mib {
            0 | UTF_8 => return Some(Self::default()),
            US_ASCII => return Some(Self::Utf8 { ascii: true }),
            4 | 2252 => encoding_rs::WINDOWS_1252,
            5 => encoding_rs::ISO_8859_2,
            6 => encoding_rs::ISO_8859_3,
            7 => encoding_rs::ISO_8859_4,
            8 => encoding_rs::ISO_8859_5,
            9 => encoding_rs::ISO_8859_6,
            10 => encoding_rs::ISO_8859_7,
            11 => encoding_rs::ISO_8859_8,
            12 | 2254 => encoding_rs::WINDOWS_1254,
            13 => encoding_rs::ISO_8859_10,
            17 => encoding_rs::SHIFT_JIS,
            18 => encoding_rs::EUC_JP,
            38 => encoding_rs::EUC_KR,
            109 => encoding_rs::ISO_8859_13,
            111 => encoding_rs::ISO_8859_15,
            113 | 2025 => encoding_rs::GBK,
            114 => encoding_rs::GB18030,
            1000 | 1013 | 1015 => encoding_rs::UTF_16BE,
            1014 => encoding_rs::UTF_16LE,
            2026 => encoding_rs::BIG5,
            2084 => encoding_rs::KOI8_R,
            2088 => encoding_rs::KOI8_U,
            2250 => encoding_rs::WINDOWS_1250,
            2251 => encoding_rs::WINDOWS_1251,
            2253 => encoding_rs::WINDOWS_1253,
            2255 => encoding_rs::WINDOWS_1255,
            2256 => encoding_rs::WINDOWS_1256,
            2257 => encoding_rs::WINDOWS_1257,
            2258 => encoding_rs::WINDOWS_1258,
            2259 => encoding_rs::WINDOWS_874,
            _ => return None,
        };
        Some(Self::Other(encoding))
    }

    /// The string that `rest` begins with, and its length with its terminator; without one all is the string.
    pub(super) fn string(self, rest: &[u8]) -> (&[u8], Option<usize>) {
        let wide = self == Self::Other(encoding_rs::UTF_16BE) || self == Self::Other(encoding_rs::UTF_16LE);
        let (end, terminator) = if wide {
            (rest.chunks_exact(2).position(|pair| pair == [0, 0]).map(|i| 2 * i), 2)
        } else {
            (memchr::memchr(0, rest), 1)
        };
        (rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(), end.map(|end| end + terminator))
    }

    /// The text of a string; and where its first bad octet is, if it has any.
    pub(super) fn decode(self, string: &[u8]) -> (Cow<'_, str>, Option<usize>) {
        match self {
            Self::Utf8 { ascii } => match std::str::from_utf8(string) {
                Ok(text) => (Cow::Borrowed(text), if ascii { text.bytes().position(|b| !b.is_ascii()) } else { None }),
                Err(error) => (String::from_utf8_lossy(string), Some(error.valid_up_to())),
            },
            Self::Other(encoding) => {
                let (text, bad) = encoding.decode_without_bom_handling(string);
                (text, bad.then_some(0))
            }
        }
    }
}
