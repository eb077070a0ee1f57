//! Doubt: what the capture could not have shown.

use crate::carrier::Wholeness;
use crate::flow::Loss;

/// A reason why the capture does not suffice to judge something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Doubt {
    /// It began before the capture did.
    BeganMidStream,
    /// Packets are missing.
    MissingPackets,
    /// The snap length cut frames.
    SnapLength,
    /// Only one direction was captured.
    OneSided,
    /// Some of it may have gone through an encrypted connection that could not be read.
    Encrypted,
    /// It was still open when the capture ended, or the capture ended before the time a rule has to wait for.
    OpenAtEnd,
    /// A limit of ours was reached: what was held was let go.
    Limit,
    /// The log cut it short or replaced octets.
    LostByLog,
    /// The log wrote it anew: it is not as sent.
    Retold,
    /// The log does not say what carried it.
    Headless,
    /// The log has no times.
    Untimed,
}

impl Doubt {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeganMidStream => "began mid-stream",
            Self::MissingPackets => "missing packets",
            Self::SnapLength => "cut by snap length",
            Self::OneSided => "one direction only",
            Self::Encrypted => "encrypted",
            Self::OpenAtEnd => "open at the end",
            Self::Limit => "limit reached",
            Self::LostByLog => "lost by the log",
            Self::Retold => "not as sent in the log",
            Self::Headless => "no headers in the log",
            Self::Untimed => "no times in the log",
        }
    }

    /// The doubt that a body which is not whole raises; `None` where it was really sent that way.
    pub fn of(whole: Wholeness) -> Option<Self> {
        match whole {
            Wholeness::Complete | Wholeness::Retold | Wholeness::ClosedEarly => None,
            Wholeness::Lost(loss) => Some(loss.into()),
            Wholeness::OpenAtEnd => Some(Self::OpenAtEnd),
            Wholeness::Limit => Some(Self::Limit),
        }
    }
}

impl From<Loss> for Doubt {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::MissingPackets => Self::MissingPackets,
            Loss::OneSided => Self::OneSided,
            Loss::SnapLength => Self::SnapLength,
            Loss::Encrypted => Self::Encrypted,
            Loss::Limit => Self::Limit,
            Loss::Log => Self::LostByLog,
        }
    }
}
