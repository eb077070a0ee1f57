//! Date and time as CSP writes them: ISO 8601, basic or extended, seconds and zone optional.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;

use crate::time::Time;

/// A date and time as it stands in `DateTime` and `DeliveryTime`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DateTime {
    /// Date and time of day, as written; a leap second as the second before it.
    pub local: civil::DateTime,
    /// Offset from UTC; `None` for local time of a place that is not told.
    pub offset: Option<Offset>,
}

impl DateTime {
    /// Reads `20010925T165859Z`, `2001-09-25T16:58:59Z` and the like: seconds, their fraction and the zone may be
    /// left out. The zone is `Z`, another military letter or `+hh[[:]mm]`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut at = Cursor(text.as_bytes());
        let year = at.number(4)?;
        let extended = at.take(b"-");
        let month = at.number(2)?;
        if extended && !at.take(b"-") {
            return None;
        }
        let day = at.number(2)?;
        if !at.take(b"Tt ") {
            return None;
        }
        let hour = at.number(2)?;
        let colons = at.take(b":");
        let minute = at.number(2)?;
        let seconds = if colons { at.take(b":") } else { at.digit() };
        let second = if seconds { at.number(2)?.min(59) } else { 0 };
        let nanosecond = if seconds && at.take(b".,") { at.fraction()? } else { 0 };
        let offset = at.zone()?;
        let small = |n: i32| i8::try_from(n).ok();
        let local = civil::DateTime::new(
            i16::try_from(year).ok()?,
            small(month)?,
            small(day)?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            nanosecond,
        );
        Some(Self { local: local.ok()?, offset })
    }

    /// The moment; `None` without a zone, and beyond what a capture clock can hold.
    pub fn time(self) -> Option<Time> {
        let stamp = self.offset?.to_timestamp(self.local).ok()?;
        i64::try_from(stamp.as_nanosecond()).ok().map(Time)
    }
}

impl fmt::Display for DateTime {
    /// The basic form with seconds, such as `20010925T165859Z`; without fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = self.local;
        write!(f, "{:04}{:02}{:02}T{:02}{:02}{:02}", d.year(), d.month(), d.day(), d.hour(), d.minute(), d.second())?;
        match self.offset.map(|o| o.seconds() / 60) {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(m) => write!(f, "{}{:02}{:02}", if m < 0 { '-' } else { '+' }, m.abs() / 60, m.abs() % 60),
        }
    }
}

/// The octets still to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, any_of: &[u8]) -> bool {
        match self.0.split_first() {
            Some((b, rest)) if any_of.contains(b) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn digit(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    fn number(&mut self, digits: usize) -> Option<i32> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        head.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0')))
    }

    /// A fraction in nanoseconds; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> Option<i32> {
        let (mut nanoseconds, mut unit) = (0, 100_000_000);
        self.digit().then_some(())?;
        while let Some((b, rest)) = self.0.split_first().filter(|(b, _)| b.is_ascii_digit()) {
            nanoseconds += i32::from(b - b'0') * unit;
            unit /= 10;
            self.0 = rest;
        }
        Some(nanoseconds)
    }

    /// The zone and the end: `Some(None)` without a zone, `None` when there is something else.
    fn zone(&mut self) -> Option<Option<Offset>> {
        let Some((&sign, rest)) = self.0.split_first() else { return Some(None) };
        self.0 = rest;
        let minutes = match sign.to_ascii_uppercase() {
            b'Z' => 0,
            letter @ b'A'..=b'I' => i32::from(letter - b'A' + 1) * 60,
            letter @ b'K'..=b'M' => i32::from(letter - b'A') * 60,
            letter @ b'N'..=b'Y' => -i32::from(letter - b'N' + 1) * 60,
            b'+' | b'-' => {
                let hours = self.number(2)?;
                self.take(b":");
                let minutes = if self.0.is_empty() { 0 } else { self.number(2)? };
                let offset = (minutes < 60).then_some(hours * 60 + minutes)?;
                if sign == b'-' { -offset } else { offset }
            }
            _ => return None,
        };
        self.0.is_empty().then_some(())?;
        Offset::from_seconds(minutes * 60).ok().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2001-09-25T16:58:59Z: 11590 days after 1970-01-01, and 61139 seconds.
    const MOMENT: i64 = (11_590 * 86_400 + 61_139) * 1_000_000_000;

    #[test]
    fn all_forms_name_the_same_moment() {
        for text in [
            "20010925T165859Z",
            "2001-09-25T16:58:59Z",
            "20010925T185859B",
            "20010925T115859R",
            "2001-09-25T18:58:59+02:00",
            "20010925T145859-0200",
            "20010925T165859.000Z",
        ] {
            assert_eq!(DateTime::parse(text).and_then(DateTime::time), Some(Time(MOMENT)), "{text}");
        }
    }

    #[test]
    fn seconds_fraction_and_zone_may_be_left_out() {
        let short = DateTime::parse("20010925T1340Z").unwrap();
        assert_eq!((short.local.hour(), short.local.minute(), short.local.second()), (13, 40, 0));
        let local = DateTime::parse("20010925T134005").unwrap();
        assert_eq!((local.offset, local.time()), (None, None));
        let fine = DateTime::parse("2004-02-29T23:59:60.1234567891Z").unwrap();
        assert_eq!((fine.local.second(), fine.local.subsec_nanosecond()), (59, 123_456_789));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "20010925",
            "20010925T",
            "20011325T1340Z",
            "20010230T1340Z",
            "20010925T2440Z",
            "20010925T134",
            "2001-0925T1340Z",
            "20010925T1340J",
            "20010925T1340ZZ",
            "20010925T13:4",
            "20010925T134005.Z",
            "20010925T1340+",
            "tomorrow",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn written_in_the_basic_form() {
        let written = |text| DateTime::parse(text).unwrap().to_string();
        assert_eq!(written("2001-09-25T16:58:59.5Z"), "20010925T165859Z");
        assert_eq!(written("20010925T1658-0330"), "20010925T165800-0330");
        assert_eq!(written("20010925T1658"), "20010925T165800");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[0-9TZ+:.-]{0,24}|.*") {
            if let Some(read) = DateTime::parse(&text) {
                let again = DateTime::parse(&read.to_string()).unwrap();
                prop_assert_eq!(again.offset, read.offset);
                prop_assert_eq!(again.local.date(), read.local.date());
            }
        }
    }
}
