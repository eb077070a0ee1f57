//! A short message as it travels to and from a handset: SUBMIT and DELIVER of GSM 03.40.

use super::super::{Direction, Wholeness};
use super::alphabet::{fill, text, unpack};
use super::short::is_overlong;
use super::udh::Header;
use super::{Coding, Short};
use crate::time::Time;
use crate::wire::{FrameRange, Wire};

/// What of a TPDU the octets say.
struct Tpdu {
    direction: Direction,
    address: Box<str>,
    header: Header,
    /// `None` for packed septets, with their number.
    coding: Option<Coding>,
    septets: usize,
    /// Where the text begins.
    text: usize,
    /// Where the message ends; beyond what is there where it was cut.
    end: usize,
}

impl Short {
    /// Reads a short message from the octets of its TPDU; `None` where they are neither a SUBMIT nor a DELIVER. The
    /// address of a service centre in front of it is passed over, as modems and logs have it.
    pub fn of_tpdu(wire: &Wire, frames: FrameRange, time: Time) -> Option<Self> {
        let octets = wire.bytes();
        let fits = |at: usize| {
            let rest = octets.get(at..)?;
            read(rest).filter(|tpdu| tpdu.end == rest.len()).map(|tpdu| (at, tpdu))
        };
        let behind_centre = octets.first().map(|length| usize::from(*length) + 1).filter(|at| *at <= 12);
        let (at, tpdu) = fits(0).or_else(|| fits(behind_centre?)).or_else(|| read(octets).map(|tpdu| (0, tpdu)))?;
        let end = (at + tpdu.end).min(octets.len());
        let data = wire.slice(at + tpdu.text..end);
        let (coding, text) = match tpdu.coding {
            Some(coding) => (coding, data),
            None => {
                let septets = unpack(data.bytes(), tpdu.septets, fill(tpdu.header.octets));
                (Coding::Septets, Wire::derived(septets, data.pieces()))
            }
        };
        let other = Box::from("");
        let (source, destination) = match tpdu.direction {
            Direction::ClientToServer => (other, tpdu.address),
            Direction::ServerToClient => (tpdu.address, other),
        };
        Some(Self {
            source,
            destination,
            direction: tpdu.direction,
            ports: tpdu.header.ports,
            share: tpdu.header.share,
            coding,
            header: tpdu.header.octets,
            overlong: is_overlong(coding, tpdu.header.octets, text.len()),
            misses_part: false,
            text,
            whole: if at + tpdu.end > octets.len() { Wholeness::Limit } else { Wholeness::Complete },
            octets: u32::try_from(octets.len()).unwrap_or(u32::MAX),
            frames,
            start: time,
            end: time,
        })
    }
}

/// Digits of an address.
const DIGITS_MAX: u8 = 20;

fn read(octets: &[u8]) -> Option<Tpdu> {
    let (first, rest) = octets.split_first()?;
    let (direction, rest) = match first & 0x03 {
        0 => (Direction::ServerToClient, rest),
        // Behind it stands the reference that the handset gave it.
        1 => (Direction::ClientToServer, rest.get(1..)?),
        _ => return None,
    };
    let (address, rest) = address(rest)?;
    let [_protocol, scheme, rest @ ..] = rest else { return None };
    let times = match (direction, first >> 3 & 3) {
        (Direction::ServerToClient, _) => 7,
        (_, 0) => 0,
        (_, 2) => 1,
        _ => 7,
    };
    let (length, data) = rest.get(times..)?.split_first()?;
    let length = usize::from(*length);
    let coding = Coding::of_scheme(*scheme);
    let header = if first & 0x40 != 0 { Header::read(data) } else { Header::default() };
    let whole = if coding.is_none() { (length * 7).div_ceil(8) } else { length };
    let start = octets.len() - data.len();
    Some(Tpdu {
        direction,
        address,
        header,
        coding,
        septets: length.saturating_sub((header.octets * 8).div_ceil(7)),
        text: start + header.octets.min(whole),
        end: start + whole,
    })
}

/// An address of digits, two an octet, or of letters, and what stands behind it.
fn address(octets: &[u8]) -> Option<(Box<str>, &[u8])> {
    let [length, kind, rest @ ..] = octets else { return None };
    let (digits, rest) = rest.split_at_checked(usize::from(length.div_ceil(2)))?;
    if *length > DIGITS_MAX || kind & 0x80 == 0 {
        return None;
    }
    if kind >> 4 & 7 == 5 {
        let septets = usize::from(*length) * 4 / 7;
        return Some((text(&unpack(digits, septets, 0)).into(), rest));
    }
    let halves = digits.iter().flat_map(|octet| [octet & 0x0F, octet >> 4]).take(usize::from(*length));
    let number = halves.map(|half| char::from(*b"0123456789*#abc?".get(usize::from(half)).unwrap_or(&b'?')));
    let plus = (kind >> 4 & 7 == 1).then_some('+');
    Some((plus.into_iter().chain(number).collect::<String>().into(), rest))
}
