//! What loggers put before a text: time, level, tag, process and thread.

use jiff::civil;

use crate::time::Time;

/// The year of times that name none, a leap year.
const NO_YEAR: i16 = 1972;

/// Reads texts from their front.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, set: &[u8]) {
        self.at += self.rest().iter().take_while(|b| set.contains(b)).count();
    }

    fn take(&mut self, word: &[u8]) -> Option<()> {
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let octet = *self.rest().first().filter(|b| set.contains(b))?;
        self.at += 1;
        Some(octet)
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits: Vec<u8> = self.rest().iter().copied().take(most).take_while(u8::is_ascii_digit).collect();
        (digits.len() >= least).then_some(())?;
        self.at += digits.len();
        std::str::from_utf8(&digits).ok()?.parse().ok()
    }

    fn number<T: TryFrom<i64>>(&mut self, least: usize, most: usize) -> Option<T> {
        T::try_from(self.digits(least, most)?).ok()
    }

    fn letters(&mut self) -> &'t [u8] {
        let len = self.rest().iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let word = self.rest().get(..len).unwrap_or_default();
        self.at += len;
        word
    }
}

/// The first time in the first octets of a text, and where it begins and ends.
pub(super) fn time(text: &[u8]) -> Option<(Time, usize, usize)> {
    /// Octets before a time: brackets, a level, the name of a program.
    const BEFORE: usize = 24;
    let starts = (0..text.len().min(BEFORE)).filter(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let here = text.get(*at).copied().unwrap_or_default();
        here.is_ascii_alphanumeric()
            && !before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-'))
    });
    starts
        .filter_map(|start| time_at(text, start).map(|(time, end)| (time, start, end)))
        // A time of day without a date has to come first.
        .find(|(time, start, _)| *start < 2 || !is_clock(*time))
}

/// The time that stands at a place, and where it ends.
fn time_at(text: &[u8], at: usize) -> Option<(Time, usize)> {
    let cursor = Cursor { text, at };
    [iso, month_first, named, epoch, clock].iter().find_map(|read| {
        let mut cursor = cursor;
        let time = read(&mut cursor)?;
        (!cursor.rest().first().is_some_and(u8::is_ascii_digit)).then_some((time, cursor.at))
    })
}

/// The time that a whole text is.
pub(super) fn whole_time(text: &str) -> Option<Time> {
    let text = text.trim();
    time_at(text.as_bytes(), 0).filter(|(_, end)| *end == text.len()).map(|(time, _)| time)
}

/// `HH:MM:SS` with a fraction behind a point or comma, and an offset from UTC.
fn of_day(cursor: &mut Cursor<'_>, date: civil::Date) -> Option<Time> {
    let hour = cursor.number::<i8>(1, 2)?;
    cursor.take(b":")?;
    let minute = cursor.number::<i8>(2, 2)?;
    cursor.take(b":")?;
    let second = cursor.number::<i8>(2, 2)?;
    let mut nanos = 0_i64;
    let mut fraction = *cursor;
    if fraction.one_of(b".,:").is_some() {
        let from = fraction.at;
        if let Some(value) = fraction.digits(1, 9) {
            nanos = (0..9_usize.saturating_sub(fraction.at - from)).fold(value, |value, _| value * 10);
            *cursor = fraction;
        }
    }
    let mut zone = *cursor;
    let mut offset = 0;
    zone.skip(b" ");
    if zone.take(b"Z").is_some() {
        *cursor = zone;
    } else if let Some((sign, hours, minutes)) = from_utc(&mut zone) {
        offset = (hours * 3600 + minutes * 60) * if sign == b'-' { -1 } else { 1 };
        *cursor = zone;
    }
    // A leap second is told as the one before.
    let time = civil::Time::new(hour, minute, if second == 60 { 59 } else { second }, 0).ok()?;
    let moment = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Time::new(moment.timestamp().as_second() - offset, nanos))
}

/// `+02:00`: sign, hours and minutes.
fn from_utc(cursor: &mut Cursor<'_>) -> Option<(u8, i64, i64)> {
    let sign = cursor.one_of(b"+-")?;
    let hours = cursor.digits(2, 2).filter(|hours| *hours < 15)?;
    let _ = cursor.take(b":");
    Some((sign, hours, cursor.digits(2, 2)?))
}

/// `2012-06-29 01:19:42.123`, `2012-06-29T01:19:42Z`, `2012/06/29 …`.
fn iso(cursor: &mut Cursor<'_>) -> Option<Time> {
    let year = cursor.number::<i16>(4, 4)?;
    let mark = [cursor.one_of(b"-/.")?];
    let month = cursor.number::<i8>(1, 2)?;
    cursor.take(&mark)?;
    let day = cursor.number::<i8>(1, 2)?;
    cursor.one_of(b"T _\t")?;
    cursor.skip(b" \t");
    of_day(cursor, civil::Date::new(year, month, day).ok()?)
}

/// `06-29 01:19:42.123` of logcat; with a year behind, `29/06/2012 01:19:42`, day first.
fn month_first(cursor: &mut Cursor<'_>) -> Option<Time> {
    let first = cursor.number::<i8>(1, 2)?;
    let mark = [cursor.one_of(b"-/.")?];
    let second = cursor.number::<i8>(1, 2)?;
    let date = if cursor.take(&mark).is_some() {
        let year = cursor.number::<i16>(4, 4)?;
        civil::Date::new(year, second, first).or_else(|_| civil::Date::new(year, first, second)).ok()?
    } else {
        civil::Date::new(NO_YEAR, first, second).ok()?
    };
    cursor.one_of(b" \t,")?;
    cursor.skip(b" \t");
    of_day(cursor, date)
}

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

fn month(name: &[u8]) -> Option<i8> {
    let at = MONTHS.iter().position(|month| name.get(..3).is_some_and(|n| n.eq_ignore_ascii_case(month)))?;
    i8::try_from(at + 1).ok()
}

/// `29/Jun/2012:01:19:42 +0200` of web servers, `Jun 29 01:19:42` of syslog, `Jun 29, 2012 01:19:42.123` of Wireshark.
fn named(cursor: &mut Cursor<'_>) -> Option<Time> {
    if let Some(day) = cursor.number::<i8>(1, 2) {
        cursor.one_of(b"/- ")?;
        let month = month(cursor.letters())?;
        cursor.one_of(b"/- ")?;
        let year = cursor.number::<i16>(4, 4)?;
        cursor.one_of(b": ")?;
        return of_day(cursor, civil::Date::new(year, month, day).ok()?);
    }
    let month = month(cursor.letters())?;
    cursor.take(b" ")?;
    cursor.skip(b" ");
    let day = cursor.number::<i8>(1, 2)?;
    let mut with_year = *cursor;
    let _ = with_year.take(b",");
    let year = with_year.take(b" ").and_then(|()| with_year.number::<i16>(4, 4)).filter(|year| *year > 1900);
    if year.is_some() {
        *cursor = with_year;
    }
    cursor.take(b" ")?;
    of_day(cursor, civil::Date::new(year.unwrap_or(NO_YEAR), month, day).ok()?)
}

/// Seconds since 1970, of ten digits, or milliseconds, of thirteen.
fn epoch(cursor: &mut Cursor<'_>) -> Option<Time> {
    let from = cursor.at;
    let number = cursor.digits(10, 13)?;
    match cursor.at - from {
        13 => return Some(Time(number.saturating_mul(1_000_000))),
        10 => {}
        _ => return None,
    }
    let mut nanos = 0;
    let mut fraction = *cursor;
    if fraction.take(b".").is_some() {
        let from = fraction.at;
        let value = fraction.digits(1, 9)?;
        nanos = (0..9_usize.saturating_sub(fraction.at - from)).fold(value, |value, _| value * 10);
        *cursor = fraction;
    }
    (number > 0).then(|| Time::new(number, nanos))
}

/// Whether a time has no date.
fn is_clock(time: Time) -> bool {
    const DAY: std::ops::Range<i64> = 63_072_000..63_158_400;
    DAY.contains(&time.0.div_euclid(1_000_000_000))
}

/// `01:19:42.123` alone.
fn clock(cursor: &mut Cursor<'_>) -> Option<Time> {
    of_day(cursor, civil::Date::new(NO_YEAR, 1, 1).ok()?)
}

/// What stands before the text of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Prefix<'l> {
    /// When the line was written.
    pub(super) time: Option<Time>,
    /// What lines of one writer have in common: process and thread, or a tag.
    pub(super) writer: &'l [u8],
    /// The tag of logcat.
    pub(super) tag: &'l [u8],
    /// Octets of the prefix.
    pub(super) len: usize,
}

/// The prefix of a line of logcat: `D/IMPS    ( 1234): text`, with a time before it or not, or
/// `06-29 01:19:42.123  1234  1250 D IMPS    : text`.
pub(super) fn logcat(line: &[u8]) -> Option<Prefix<'_>> {
    let mut cursor = Cursor { text: line, at: 0 };
    let time = {
        let mut timed = cursor;
        month_first(&mut timed).or_else(|| iso(&mut timed)).inspect(|_| cursor = timed)
    };
    cursor.skip(b" ");
    let from = cursor.at;
    let mut brief = cursor;
    if brief.one_of(b"VDIWEFS").is_some() && brief.take(b"/").is_some() {
        let open = memchr::memchr(b'(', brief.rest())?;
        let tag = brief.rest().get(..open)?.trim_ascii_end();
        brief.at += open + 1;
        brief.skip(b" ");
        brief.digits(1, 10)?;
        brief.take(b")")?;
        brief.take(b":")?;
        let _ = brief.take(b" ");
        return Some(Prefix { time, writer: line.get(from..brief.at)?, tag, len: brief.at });
    }
    time?;
    cursor.digits(1, 10)?;
    cursor.skip(b" ");
    cursor.digits(1, 10)?;
    cursor.take(b" ")?;
    cursor.one_of(b"VDIWEFS")?;
    cursor.take(b" ")?;
    let colon =
        memchr::memmem::find(cursor.rest(), b": ").or_else(|| cursor.rest().strip_suffix(b":").map(<[u8]>::len))?;
    let tag = cursor.rest().get(..colon)?.trim_ascii_end();
    cursor.at += colon + 1;
    let _ = cursor.take(b" ");
    Some(Prefix { time, writer: line.get(from..cursor.at)?, tag, len: cursor.at })
}

/// The header line of logcat's long form: `[ 06-29 01:19:42.123  1234: 1250 D/IMPS ]`.
pub(super) fn logcat_long(line: &[u8]) -> Option<Prefix<'_>> {
    let inside = line.strip_prefix(b"[ ")?.trim_ascii_end().strip_suffix(b"]")?.trim_ascii_end();
    let mut cursor = Cursor { text: inside, at: 0 };
    let time = month_first(&mut cursor).or_else(|| iso(&mut cursor))?;
    cursor.skip(b" ");
    let from = cursor.at;
    cursor.digits(1, 10)?;
    cursor.take(b":")?;
    cursor.skip(b" ");
    if cursor.take(b"0x").is_some() {
        cursor.at += cursor.rest().iter().take_while(|b| b.is_ascii_hexdigit()).count();
    } else {
        cursor.digits(1, 10)?;
    }
    cursor.take(b" ")?;
    cursor.one_of(b"VDIWEFS")?;
    cursor.take(b"/")?;
    let tag = cursor.rest().trim_ascii_end();
    Some(Prefix { time: Some(time), writer: inside.get(from..)?, tag, len: line.len() })
}

/// The prefix of servers of the Kannel family: `2012-06-29 01:19:42 [1567] [6] DEBUG: text`.
pub(super) fn kannel(line: &[u8]) -> Option<Prefix<'_>> {
    let mut cursor = Cursor { text: line, at: 0 };
    let time = iso(&mut cursor)?;
    cursor.take(b" ")?;
    let from = cursor.at;
    for _ in 0..2 {
        cursor.take(b"[")?;
        cursor.digits(1, 10)?;
        cursor.take(b"]")?;
        cursor.take(b" ")?;
    }
    let to = cursor.at;
    let level = cursor.letters();
    (level.len() >= 4 && level.iter().all(u8::is_ascii_uppercase)).then_some(())?;
    cursor.take(b":")?;
    let _ = cursor.take(b" ");
    Some(Prefix { time: Some(time), writer: line.get(from..to)?, tag: &[], len: cursor.at })
}

/// Words for how much a line matters.
const LEVELS: [&[u8]; 14] = [
    b"TRACE", b"DEBUG", b"INFO", b"NOTICE", b"WARN", b"WARNING", b"ERROR", b"FATAL", b"PANIC", b"SEVERE", b"FINE",
    b"FINER", b"FINEST", b"VERBOSE",
];

/// The prefix of any other logger: a time, and behind it what stands in brackets, levels, and names that end with a
/// colon or a dash. `None` where there is no time.
pub(super) fn any(line: &[u8]) -> Option<Prefix<'_>> {
    let (time, _, end) = time(line)?;
    let mut cursor = Cursor { text: line, at: end };
    loop {
        let before = cursor.at;
        cursor.skip(b" \t|]),:;-");
        let mut word = cursor;
        if let Some(open) = word.one_of(b"[(") {
            let close = if open == b'[' { b']' } else { b')' };
            match memchr::memchr(close, word.rest()).filter(|len| *len <= 64) {
                Some(len) => cursor.at = word.at + len + 1,
                None => break,
            }
        } else {
            let letters = word.letters();
            let is_level = LEVELS.iter().any(|level| level.eq_ignore_ascii_case(letters));
            let ends = matches!(word.rest().first(), None | Some(b' ' | b'\t' | b':' | b'|' | b']' | b')' | b','));
            if is_level && ends {
                cursor = word;
            }
        }
        if cursor.at == before {
            break;
        }
    }
    Some(Prefix { time: Some(time), writer: &[], tag: &[], len: cursor.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds by `date -u -d '2012-06-29 01:19:42' +%s`, and the same of 1972 and of the first of January in it.
    const IN_2012: i64 = 1_340_932_782;
    const IN_1972: i64 = 78_628_782;
    const CLOCK: i64 = 63_076_782;

    #[test]
    fn times_in_every_form() {
        let read = |text: &str| time(text.as_bytes()).map(|(time, _, _)| time);
        let of = |seconds, millis: i64| Some(Time::new(seconds, millis * 1_000_000));
        for text in [
            "2012-06-29 01:19:42.120 x",
            "2012-06-29T01:19:42.12Z",
            "[2012/06/29 01:19:42,120] x",
            "29/06/2012\t01:19:42.120\tx",
            "2012-06-29T03:19:42.120+02:00",
            "10.0.0.1 - [29/Jun/2012:03:19:42.120 +0200]",
            "DEBUG Jun 29, 2012 01:19:42.120 UTC",
            "1340932782.12 x",
            "1340932782120 x",
        ] {
            assert_eq!(read(text), of(IN_2012, 120), "{text}");
        }
        assert_eq!(read("06-29 01:19:42.120  1234"), of(IN_1972, 120));
        assert_eq!(read("Jun 29 01:19:42 host imps[3]: x"), of(IN_1972, 0));
        assert_eq!(read("01:19:42 x"), of(CLOCK, 0));
        for none in ["", "2012", "99:99:99", "2012-13-45 00:00:00x", "user 10.0.0.1:8080 said", "13409327820"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    fn parts(prefix: Option<Prefix<'_>>, line: &str) -> Option<(String, String)> {
        let Prefix { tag, len, .. } = prefix?;
        Some((String::from_utf8_lossy(tag).into_owned(), line[len..].to_owned()))
    }

    #[test]
    fn prefixes_of_logcat() {
        for line in [
            "D/IMPS/Packet( 1234): <x>",
            "06-29 01:19:42.120 D/IMPS/Packet( 1234): <x>",
            "06-29 01:19:42.120  1234  1250 D IMPS/Packet: <x>",
        ] {
            let expected = Some(("IMPS/Packet".to_owned(), "<x>".to_owned()));
            assert_eq!(parts(logcat(line.as_bytes()), line), expected, "{line}");
        }
        let long = logcat_long(b"[ 06-29 01:19:42.120  1234: 1250 D/IMPS ]").unwrap();
        assert_eq!((long.tag, long.time), (&b"IMPS"[..], Some(Time::new(IN_1972, 120_000_000))));
        assert_eq!(logcat(b"plain text"), None);
    }

    #[test]
    fn prefixes_of_servers() {
        let line = "2012-06-29 01:19:42 [1567] [6] DEBUG: data: 03";
        assert_eq!(parts(kannel(line.as_bytes()), line).unwrap().1, "data: 03");
        assert_eq!(kannel(line.as_bytes()).unwrap().writer, b"[1567] [6] ");
        for line in [
            "2012-06-29 01:19:42,120 [main] DEBUG - <x>",
            "[2012-06-29 01:19:42] INFO: <x>",
            "01:19:42.1 WARN (worker 3) <x>",
        ] {
            assert_eq!(parts(any(line.as_bytes()), line).unwrap().1, "<x>", "{line}");
        }
    }
}
