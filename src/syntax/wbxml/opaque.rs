//! What OPAQUE octets stand for, as XML would write it; and back.

/// An integer of up to eight octets; `None` when there are more.
pub(super) fn integer(octets: &[u8]) -> Option<String> {
    if octets.len() > 8 {
        return None;
    }
    let value = octets.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    Some(value.to_string())
}

/// The digits of an integer below 1000; `None` for any other.
pub(super) fn small(octets: &[u8]) -> Option<&'static [u8]> {
    let value = match octets {
        [] => 0,
        [low] => u16::from(*low),
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => return None,
    };
    let zeros = match value {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    SMALL.get(usize::from(value))?.get(zeros..)
}

/// The numbers below 1000 in three digits each.
static SMALL: [[u8; 3]; 1000] = small_numbers();

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn small_numbers() -> [[u8; 3]; 1000] {
    let mut small = [[b'0'; 3]; 1000];
    let mut value = 0;
    while value < small.len() {
        small[value] = [b'0' + (value / 100) as u8, b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8];
        value += 1;
    }
    small
}

/// The fewest octets for the integer that `text` writes in its shortest form.
pub(super) fn integer_octets(text: &str) -> Option<Vec<u8>> {
    let value: u32 = text.parse().ok()?;
    (value.to_string() == text).then_some(())?;
    let octets = value.to_be_bytes();
    let zeros = octets.iter().take(3).take_while(|octet| **octet == 0).count();
    octets.get(zeros..).map(<[u8]>::to_vec)
}

/// A date and time of six octets as `YYYYMMDDThhmmss` with its zone letter, if any; and whether it makes sense.
pub(super) fn date_time(octets: &[u8]) -> Option<(String, bool)> {
    let [high @ .., zone] = <[u8; 6]>::try_from(octets).ok()?;
    let bits = high.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
    let field = |from: u32, len: u32| bits >> from & ((1 << len) - 1);
    let (year, month, day) = (field(26, 12), field(22, 4), field(17, 5));
    let (hour, minute, second) = (field(12, 5), field(6, 6), field(0, 6));
    let mut text = format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}");
    let is_zone = zone.is_ascii_uppercase() && zone != b'J';
    if is_zone {
        text.push(char::from(zone));
    }
    let sensible = field(38, 2) == 0
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && (is_zone || zone == 0);
    Some((text, sensible))
}

/// The six octets of a date and time written as [`date_time`] writes it, if they make sense.
pub(super) fn date_time_octets(text: &str) -> Option<Vec<u8>> {
    let number = |from: usize, len: usize| -> Option<u64> {
        let digits = text.get(from..from + len)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let fields = [(0, 4, 12), (4, 2, 4), (6, 2, 5), (9, 2, 5), (11, 2, 6), (13, 2, 6)];
    let mut bits = 0_u64;
    for (from, digits, len) in fields {
        bits = bits << len | number(from, digits)?;
    }
    let zone = text.as_bytes().get(15).copied().unwrap_or(0);
    let octets = [bits << 8 | u64::from(zone)].map(u64::to_be_bytes);
    let octets = octets.first()?.get(2..)?.to_vec();
    // Fields too great for their bits, and anything else besides, come out as another text.
    (date_time(&octets)? == (text.to_owned(), true)).then_some(octets)
}

/// Octets that are not what their element should hold: as they are when they can be read, or in hexadecimal.
pub(super) fn readable(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) if octets.iter().all(|b| b.is_ascii_graphic()) => text.to_owned(),
        _ => octets.iter().fold("0x".to_owned(), |hex, octet| hex + &format!("{octet:02X}")),
    }
}

/// Whether octets are BASE64 text already.
pub(super) fn is_base64(octets: &[u8]) -> bool {
    let end = octets.iter().rposition(|b| *b != b'=').map_or(0, |last| last + 1);
    let data = octets.get(..end).unwrap_or_default();
    octets.len().is_multiple_of(4)
        && octets.len() - end <= 2
        && data.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// Octets in BASE64.
pub(super) fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(octets.len().div_ceil(3) * 4);
    for group in octets.chunks(3) {
        let octet = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit) & 0x3F) as usize;
            let digit = if digit > group.len() { b'=' } else { DIGITS.get(value).copied().unwrap_or(b'=') };
            out.push(char::from(digit));
        }
    }
    out
}
