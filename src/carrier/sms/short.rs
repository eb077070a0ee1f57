//! One short message, whatever carried it.

use super::super::{Direction, Wholeness};
use super::alphabet;
use crate::time::Time;
use crate::wire::{FrameRange, Wire};

/// Application ports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ports {
    /// The port it goes to.
    pub destination: u16,
    /// The port it comes from.
    pub source: u16,
}

/// Which part of a longer message a short message is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Share {
    /// The reference that all parts have.
    pub reference: u16,
    /// How many parts there are.
    pub total: u8,
    /// Its number, from 1.
    pub number: u8,
}

/// What the octets of a text are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Coding {
    /// Octets as they are.
    Octets,
    /// Septets of the GSM default alphabet, one an octet.
    Septets,
    /// What a message centre takes for its default: ASCII, or the GSM default alphabet.
    Default,
    /// ISO 8859-1.
    Latin1,
    /// UCS-2, the high octet first.
    Ucs2,
}

impl Coding {
    /// What a data coding scheme of GSM means; `None` for septets that are packed.
    pub(super) fn of_scheme(scheme: u8) -> Option<Self> {
        match scheme {
            // Compressed text is not read.
            0x00..=0x7F if scheme & 0x20 != 0 => Some(Self::Octets),
            0x00..=0x7F => match scheme >> 2 & 3 {
                0 => None,
                2 => Some(Self::Ucs2),
                _ => Some(Self::Octets),
            },
            0xE0..=0xEF => Some(Self::Ucs2),
            0xF0..=0xFF if scheme & 0x04 != 0 => Some(Self::Octets),
            0xC0..=0xFF => None,
            0x80..=0xBF => Some(Self::Octets),
        }
    }
}

/// A short message, or what was put together from several.
#[derive(Clone, PartialEq, Debug)]
pub struct Short {
    /// Who sends it: digits, with `+` where they are an international number, or a name.
    pub source: Box<str>,
    /// Whom it goes to.
    pub destination: Box<str>,
    /// Whether an IMPS client would be the sender or the receiver.
    pub direction: Direction,
    /// The application ports, where it has any.
    pub ports: Option<Ports>,
    /// Which part of a longer message it is; `None` for a whole one.
    pub share: Option<Share>,
    /// What the octets of its text are.
    pub coding: Coding,
    /// Octets of the header in front of the text.
    pub header: usize,
    /// Its text, without the header.
    pub text: Wire,
    /// Whether the text is whole; where it is not, what is missing stood behind what is there.
    pub whole: Wholeness,
    /// Whether it, or one of those it was put together from, holds more than a short message has room for.
    pub overlong: bool,
    /// Whether one of its parts did not come, although nothing was lost on the way.
    pub misses_part: bool,
    /// Octets on the wire.
    pub octets: u32,
    /// First to last frame.
    pub frames: FrameRange,
    /// When its first octet was captured.
    pub start: Time,
    /// When its last octet was captured.
    pub end: Time,
}

/// Octets, and septets, that a short message has room for, its header included. Source: GSM 03.40.
const ROOM: (usize, usize) = (140, 160);

/// Whether so much text is more than a short message has room for behind a header.
pub(super) fn is_overlong(coding: Coding, header: usize, text: usize) -> bool {
    match coding {
        Coding::Octets | Coding::Latin1 | Coding::Ucs2 => header + text > ROOM.0,
        Coding::Septets | Coding::Default => (header * 8).div_ceil(7) + text > ROOM.1,
    }
}

impl Short {
    /// The number of the subscriber.
    pub fn subscriber(&self) -> &str {
        match self.direction {
            Direction::ClientToServer => &self.source,
            Direction::ServerToClient => &self.destination,
        }
    }

    /// Whether it goes to this port, or comes from it.
    pub(super) fn uses(&self, port: u16) -> bool {
        self.ports.is_some_and(|ports| ports.destination == port || ports.source == port)
    }

    /// The text as octets, or as UTF-8 where it is a text.
    pub fn plain(&self) -> Wire {
        let octets = self.text.bytes();
        let text = match self.coding {
            Coding::Octets => return self.text.clone(),
            Coding::Default if !alphabet::is_gsm(octets) => return self.text.clone(),
            Coding::Septets | Coding::Default => alphabet::text(octets),
            Coding::Latin1 => octets.iter().map(|b| char::from(*b)).collect(),
            Coding::Ucs2 => alphabet::ucs2(octets),
        };
        if text.as_bytes() == octets { self.text.clone() } else { Wire::derived(text.into_bytes(), self.text.pieces()) }
    }

    /// The text as if its octets were packed septets, with fill bits behind its header and without.
    pub(super) fn unpacked(&self) -> impl Iterator<Item = Wire> {
        let octets = self.text.bytes();
        let fill = alphabet::fill(self.header);
        let fills = [Some(0), Some(fill).filter(|fill| *fill > 0)];
        fills.into_iter().flatten().map(move |fill| {
            let septets = (octets.len() * 8).saturating_sub(fill) / 7;
            let mut septets = alphabet::unpack(octets, septets, fill);
            // Seven bits to spare look like one septet more.
            septets.pop_if(|last| *last == 0);
            let text = alphabet::text(&septets);
            Wire::derived(text.into_bytes(), self.text.pieces())
        })
    }
}
