//! IEEE 802.11 data frames, and the headers that capturing puts before them.

use super::dissect::{Cursor, Layer, Odd, Payload, Stop};

/// Bits of the two octets of frame control.
mod control {
    /// Type of the frame, with the version.
    pub(super) const KIND: u8 = 0x0f;
    /// Version 0, type data.
    pub(super) const DATA: u8 = 0x08;
    /// Of the subtypes of data: the frame brings none.
    pub(super) const NULL: u8 = 0x40;
    /// Of the subtypes of data: with QoS control.
    pub(super) const QOS: u8 = 0x80;
    /// To and from the distribution system: four addresses.
    pub(super) const BOTH_WAYS: u8 = 0x03;
    pub(super) const MORE_FRAGMENTS: u8 = 0x04;
    pub(super) const PROTECTED: u8 = 0x40;
    /// Where there is QoS control: with HT control.
    pub(super) const ORDER: u8 = 0x80;
}

/// A frame of 802.11. `padded` says that the header is padded to a multiple of four octets.
pub(super) fn wlan(cursor: &mut Cursor<'_>, padded: bool) -> Result<Layer, Stop> {
    let [kind, flags] = *cursor.peek::<2>()?;
    if kind & control::KIND != control::DATA || kind & control::NULL != 0 {
        return Err(Stop::NoData);
    }
    let head = cursor.take::<24>()?;
    let mut len = 24;
    if flags & control::BOTH_WAYS == control::BOTH_WAYS {
        cursor.skip(6)?;
        len += 6;
    }
    let mut aggregate = false;
    if kind & control::QOS != 0 {
        let [low, _] = *cursor.take::<2>()?;
        aggregate = low & 0x80 != 0;
        len += 2;
        if flags & control::ORDER != 0 {
            cursor.skip(4)?;
            len += 4;
        }
    }
    if padded {
        cursor.skip(len % 4)?;
    }
    match () {
        () if flags & control::PROTECTED != 0 => Err(Stop::Encrypted),
        // The low four bits of sequence control number the fragments.
        () if flags & control::MORE_FRAGMENTS != 0 || head[22] & 0x0f != 0 => Err(Stop::FrameFragment),
        () if aggregate => Err(Stop::Aggregate(cursor.payload())),
        () => Ok(Layer::Odd(Odd::Llc)),
    }
}

/// The frames of an aggregate (A-MSDU) in captured octets: two addresses, a length, a frame from its 802.2 header on,
/// and padding to a multiple of four octets.
pub(super) fn subframes(captured: &[u8], aggregate: Payload) -> impl Iterator<Item = Cursor<'_>> {
    let mut rest = Some(Cursor::within(captured, aggregate));
    std::iter::from_fn(move || {
        let mut frame = rest.take()?;
        let [.., high, low] = *frame.take::<14>().ok()?;
        let len = usize::from(u16::from_be_bytes([high, low]));
        let mut next = frame;
        frame.limit(len);
        rest = next.skip((14 + len).next_multiple_of(4) - 14).is_ok().then_some(next);
        Some(frame)
    })
}

/// Radiotap: length of the header, words that say which fields are there, the fields; little-endian.
pub(super) fn radiotap(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, low, high] = *cursor.peek::<4>()?;
    let len = usize::from(u16::from_le_bytes([low, high]));
    let mut header = *cursor;
    header.limit(len);
    cursor.skip(len)?;
    let flags = radiotap_flags(header)?;
    if flags & radiotap_flag::BAD_CHECKSUM != 0 {
        return Err(Stop::Malformed);
    }
    if flags & radiotap_flag::CHECKSUM != 0 {
        cursor.drop_tail(4);
    }
    Ok(Layer::Odd(Odd::Wlan { padded: flags & radiotap_flag::PADDED != 0 }))
}

/// The field "flags", the second one, behind a clock of eight octets where that is there; 0 where it is not.
fn radiotap_flags(mut header: Cursor<'_>) -> Result<u8, Stop> {
    let presence = |header: &mut Cursor<'_>| header.take::<4>().map(|word| u32::from_le_bytes(*word));
    header.skip(4)?;
    let first = presence(&mut header)?;
    let (mut word, mut at) = (first, 8usize);
    while word >> 31 != 0 {
        word = presence(&mut header)?;
        at += 4;
    }
    if first & 2 == 0 {
        return Ok(0);
    }
    if first & 1 != 0 {
        header.skip(at.next_multiple_of(8) - at + 8)?;
    }
    Ok(header.take::<1>()?[0])
}

/// Bits of the field "flags" of radiotap.
mod radiotap_flag {
    /// A check sum of four octets ends the frame.
    pub(super) const CHECKSUM: u8 = 0x10;
    pub(super) const PADDED: u8 = 0x20;
    pub(super) const BAD_CHECKSUM: u8 = 0x40;
}

/// The header of Prism cards or its successor AVS: a message code, and the length of the header, of which the first
/// is in the byte order of the writer.
pub(super) fn prism(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, _, _, len @ ..] = *cursor.peek::<8>()?;
    let len = u32::from_le_bytes(len).min(u32::from_be_bytes(len)) as usize;
    if len < 8 {
        return Err(Stop::Malformed);
    }
    cursor.skip(len)?;
    Ok(Layer::Odd(Odd::Wlan { padded: false }))
}
