//! What is to be generated, as it is said on the command line: `size=100M,encoding=wbxml,seed=1`.

use std::fmt;
use std::str::FromStr;

use crate::csp::namespace::Version;
use crate::syntax::Encoding;
use crate::trace::parse::encoding;

/// What a generated capture holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Spec {
    /// How much.
    pub extent: Extent,
    /// HTTP exchanges of a session, login and logout included; at least [`Spec::LEAST_EXCHANGES`].
    pub exchanges: u32,
    /// What messages are written in; `None` for both, a session in one of them.
    pub encoding: Option<Encoding>,
    /// The version of CSP, 1.1 or later; `None` for all three, a session in one of them.
    pub version: Option<Version>,
    /// Share of the octets that is other traffic, below 1.
    pub noise: f64,
    /// Sessions open at once.
    pub open: u32,
    /// Share of packets that the capture misses.
    pub loss: f64,
    /// Share of packets that are captured behind their successor.
    pub reorder: f64,
    /// Share of IMPS packets with data that are captured a second time.
    pub retransmit: f64,
    /// Share of the polls that follow an empty one which come sooner than was agreed.
    pub early: f64,
    /// Share of messages with an element that no version knows.
    pub odd: f64,
    /// The format of the capture.
    pub format: Format,
    /// The seed of chance: the same seed gives the same octets.
    pub seed: u64,
}

/// How much is generated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// So many sessions.
    Sessions(u64),
    /// About so many octets: no session begins after them, and those that are open log out.
    Octets(u64),
}

/// A capture format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// pcap with microseconds, which everything reads.
    Pcap,
    /// pcapng.
    PcapNg,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            extent: Extent::Sessions(100),
            exchanges: 40,
            encoding: None,
            version: None,
            noise: 0.0,
            open: 50,
            loss: 0.0,
            reorder: 0.0,
            retransmit: 0.0,
            early: 0.0,
            odd: 0.0,
            format: Format::Pcap,
            seed: 1,
        }
    }
}

impl Spec {
    /// The exchanges of a session that logs in, negotiates, subscribes and logs out.
    pub const LEAST_EXCHANGES: u32 = 9;
    /// The most sessions that can be open at once.
    pub const MOST_OPEN: u32 = 1_000_000;

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number = |least: u64, most: u64| {
            let number = quantity(value).filter(|n| (least..=most).contains(n));
            number.ok_or_else(|| format!("{key} wants a number from {least} to {most}, not {value}"))
        };
        let share = |end: f64| {
            let share = value.parse().ok().filter(|share| (0.0..=end).contains(share));
            share.ok_or_else(|| format!("{key} wants a share from 0 to {end}, not {value}"))
        };
        match key {
            "sessions" => self.extent = Extent::Sessions(number(1, u64::MAX)?),
            "size" => self.extent = Extent::Octets(number(1, u64::MAX)?),
            "exchanges" => self.exchanges = number(u64::from(Self::LEAST_EXCHANGES), 100_000)? as u32,
            "encoding" if value == "mix" => self.encoding = None,
            "encoding" => {
                let wrong = || format!("encoding is xml, wbxml or mix, not {value}");
                self.encoding = Some(encoding(value).filter(|e| *e != Encoding::Pts).ok_or_else(wrong)?);
            }
            "csp" if value == "mix" => self.version = None,
            "csp" => {
                let version = Version::of_number(value).filter(|version| *version >= Version::V11);
                self.version = Some(version.ok_or_else(|| format!("csp is 1.1, 1.2, 1.3 or mix, not {value}"))?);
            }
            "noise" => self.noise = share(0.999)?,
            "open" => self.open = number(1, u64::from(Self::MOST_OPEN))? as u32,
            "loss" => self.loss = share(1.0)?,
            "reorder" => self.reorder = share(1.0)?,
            "retransmit" => self.retransmit = share(1.0)?,
            "early" => self.early = share(1.0)?,
            "odd" => self.odd = share(1.0)?,
            "format" if value == "pcap" => self.format = Format::Pcap,
            "format" if value == "pcapng" => self.format = Format::PcapNg,
            "format" => return Err(format!("format is pcap or pcapng, not {value}")),
            "seed" => self.seed = number(0, u64::MAX)?,
            _ => return Err(format!("{key} is none of {KEYS}")),
        }
        Ok(())
    }
}

/// What can be said.
const KEYS: &str =
    "sessions, size, exchanges, encoding, csp, noise, open, loss, reorder, retransmit, early, odd, format, seed";

/// A number, in thousands, millions or thousands of millions with a letter behind it.
fn quantity(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['k', 'K', 'M', 'G']) {
        Some(digits) if text.ends_with('M') => (digits, 1_000_000),
        Some(digits) if text.ends_with('G') => (digits, 1_000_000_000),
        Some(digits) => (digits, 1_000),
        None => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

impl FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut spec = Self::default();
        for setting in text.split(',').filter(|setting| !setting.is_empty()) {
            let (key, value) = setting.split_once('=').ok_or_else(|| format!("{setting} is no KEY=VALUE"))?;
            spec.set(key.trim(), value.trim())?;
        }
        Ok(spec)
    }
}

impl fmt::Display for Spec {
    /// As it is read, nothing left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exchanges, noise, open, loss, reorder, retransmit, early, odd, seed, .. } = self;
        match self.extent {
            Extent::Sessions(n) => write!(f, "sessions={n}"),
            Extent::Octets(n) => write!(f, "size={n}"),
        }?;
        let encoding = self.encoding.map_or("mix", Encoding::name);
        let version = self.version.map_or("mix", Version::number);
        let format = if self.format == Format::Pcap { "pcap" } else { "pcapng" };
        write!(f, ",exchanges={exchanges},encoding={encoding},csp={version},noise={noise},open={open},loss={loss}")?;
        write!(f, ",reorder={reorder},retransmit={retransmit},early={early},odd={odd},format={format},seed={seed}")
    }
}
