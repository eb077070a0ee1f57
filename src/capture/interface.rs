//! Interfaces of a pcapng section: the link layer of their packets, and how to read their clock.

use pcap_parser::{OptionCode, PcapNGOption, parse_option_be, parse_option_le};

use super::LinkType;
use super::octets::Order;
use crate::time::Time;

/// The most interfaces of a section that are kept.
pub const MAX_INTERFACES: usize = 4096;

/// An interface as an Interface Description Block describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// The most octets of a packet that were captured; 0 without limit.
    pub(super) snap_len: u32,
    ticks: Ticks,
    /// What to add to every time, in seconds.
    time_offset: i64,
}

/// How ticks of a clock become nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ticks {
    Times(u64),
    Over(u64),
    /// 2 to this power make a second.
    Binary(u32),
}

impl Ticks {
    /// From the octet of `if_tsresol`: the negative power of ten or, with the top bit set, of two.
    fn new(resolution: u8) -> Self {
        let power = u32::from(resolution & 0x7f);
        match resolution {
            0x80.. => Self::Binary(power),
            0..=9 => Self::Times(10_u64.pow(9 - power)),
            // Of ticks so short no number makes a nanosecond.
            _ => 10_u64.checked_pow(power - 9).map_or(Self::Times(0), Self::Over),
        }
    }
}

impl Interface {
    /// From a whole Interface Description Block; `None` when it is too short.
    pub(super) fn new(order: Order, block: &[u8]) -> Option<Self> {
        let mut interface = Self {
            link: LinkType(order.u16(block, 8)?),
            snap_len: order.u32(block, 12)?,
            ticks: Ticks::new(6),
            time_offset: 0,
        };
        for option in options(order, block.get(16..block.len().checked_sub(4)?)?) {
            // pcap-parser reads the numbers of options as little-endian always: read the octets.
            let octets = option.as_bytes().unwrap_or_default();
            match option.code {
                OptionCode::IfTsresol => {
                    interface.ticks = octets.first().map_or(interface.ticks, |&resolution| Ticks::new(resolution));
                }
                OptionCode::IfTsoffset => interface.time_offset = order.i64(octets).unwrap_or(interface.time_offset),
                _ => {}
            }
        }
        Some(interface)
    }

    /// The moment of a number of ticks; saturates.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Time {
        let nanoseconds = match self.ticks {
            Ticks::Times(factor) => ticks.saturating_mul(factor),
            Ticks::Over(divisor) => ticks / divisor,
            Ticks::Binary(power) => u64::try_from((u128::from(ticks) * 1_000_000_000) >> power).unwrap_or(u64::MAX),
        };
        Time::new(self.time_offset, i64::try_from(nanoseconds).unwrap_or(i64::MAX))
    }
}

/// The options of a block, up to the end of options or the first that is cut.
pub(super) fn options(order: Order, mut bytes: &[u8]) -> impl Iterator<Item = PcapNGOption<'_>> {
    std::iter::from_fn(move || {
        let parsed = match order {
            Order::Little => parse_option_le::<()>(bytes),
            Order::Big => parse_option_be::<()>(bytes),
        };
        let (rest, option) = parsed.ok()?;
        bytes = rest;
        (option.code != OptionCode::EndOfOpt).then_some(option)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(resolution: u8, time_offset: i64, ticks: u64) -> i64 {
        let (link, snap_len) = (LinkType::ETHERNET, 0);
        Interface { link, snap_len, ticks: Ticks::new(resolution), time_offset }.time(ticks).0
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(time(0, 0, 7), 7_000_000_000);
        assert_eq!(time(3, 0, 1_500), 1_500_000_000);
        assert_eq!(time(6, 0, 1_000_001), 1_000_001_000);
        assert_eq!(time(9, 0, 42), 42);
        assert_eq!(time(12, 0, 42_999), 42);
        assert_eq!(time(0x7f, 0, u64::MAX), 0);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(time(0x80, 0, 3), 3_000_000_000);
        assert_eq!(time(0x80 | 10, 0, 1536), 1_500_000_000);
        assert_eq!(time(0x80 | 32, 0, (5 << 32) + (1 << 30)), 5_250_000_000);
        assert_eq!(time(0xff, 0, u64::MAX), 0);
    }

    #[test]
    fn offsets_add_seconds() {
        assert_eq!(time(6, 100, 5), 100_000_005_000);
        assert_eq!(time(6, -1, 1_500_000), 500_000_000);
    }

    #[test]
    fn what_does_not_fit_saturates() {
        assert_eq!(time(0, 0, u64::MAX), i64::MAX);
        assert_eq!(time(0x80, 0, u64::MAX), i64::MAX);
        assert_eq!(time(6, i64::MAX, u64::MAX), i64::MAX);
        assert_eq!(time(9, i64::MIN, 0), i64::MIN);
    }
}
