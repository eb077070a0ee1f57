//! Moments and durations as captures give them: nanoseconds since the Unix epoch.

use std::fmt;

/// A moment in nanoseconds since 1970-01-01T00:00:00Z, as the capture stamped it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(pub i64);

impl Time {
    /// A moment from whole seconds and nanoseconds; saturates instead of wrapping.
    pub fn new(seconds: i64, nanoseconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds))
    }

    /// The moment of something that only has its place in an order: for sources without times. Such moments lie in the
    /// first second of 1970, where nothing was captured.
    pub fn in_order(place: u64) -> Self {
        Self(i64::try_from(place).unwrap_or(i64::MAX).min(ORDERED))
    }

    /// Whether it says nothing but an order.
    pub fn is_order(self) -> bool {
        (1..=ORDERED).contains(&self.0)
    }

    /// The time from `earlier` to `self` in seconds; negative when the clock went back.
    pub fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0) as f64 / 1e9)
    }
}

/// The last of the moments that say nothing but an order.
const ORDERED: i64 = 999_999_999;

impl fmt::Display for Time {
    /// RFC 3339 in UTC with nine or fewer fraction digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

/// A duration in seconds.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
pub struct Seconds(pub f64);

impl fmt::Display for Seconds {
    /// With the precision a person wants: `0.042 s`, `4.2 s`, `95 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.0;
        match s.abs() {
            a if a < 1.0 => write!(f, "{s:.3} s"),
            a if a < 60.0 => write!(f, "{s:.1} s"),
            _ => write!(f, "{s:.0} s"),
        }
    }
}
