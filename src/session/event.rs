//! The event: one thing that was said, or that is missing, in a session.

use crate::carrier::{Direction, Wholeness};
use crate::csp::message::Mode;
use crate::csp::namespace::Version;
use crate::flow::{FlowNo, Loss};
use crate::syntax::{Encoding, NameId, Node, Outline};
use crate::time::Time;
use crate::wire::FrameRange;

use super::Id;

/// The place of an event in [`Session::events`](super::Session::events).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventIx(pub u32);

/// What remains of a carried message when its octets are let go: one event a transaction part.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it is.
    pub what: What,
    /// Who to whom.
    pub direction: Direction,
    /// The flow it travelled in.
    pub flow: FlowNo,
    /// Number of its carrier exchange in the flow; a request and its carrier answer share it.
    pub exchange: u32,
    /// When its first octet was captured.
    pub start: Time,
    /// When its last octet was captured.
    pub end: Time,
    /// First to last frame.
    pub frames: FrameRange,
    /// Octets on the wire, carrier head included; 0 for the second and further transactions of one message, so that
    /// a sum counts each octet once.
    pub octets: u32,
    /// Octets of the payload, counted like `octets`.
    pub body_octets: u32,
    /// Whether the payload is whole.
    pub whole: Wholeness,
    /// Whether its sender opened the flow for it: it is the first exchange of a flow whose opening was captured, and no
    /// gateway stands between.
    pub opens_flow: bool,
    /// Whether its sender ends the connection with it.
    pub closes_flow: bool,
}

/// What an event is.
#[derive(Clone, Debug)]
pub enum What {
    /// A transaction part of a message.
    Spoken(Spoken),
    /// A carrier answer without payload.
    Empty {
        /// Status of the carrier, 200 in good order.
        status: Option<u16>,
    },
    /// A payload in which no transaction could be read, or a request that carries none.
    Unread {
        /// Status of the carrier where it is an answer.
        status: Option<u16>,
    },
    /// Octets are missing here: anything may have been said.
    Gap {
        /// Why.
        loss: Loss,
    },
}

/// A transaction part as remembered.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// Name of the primitive, aliases folded; [`NameId::UNKNOWN`] when outside the vocabulary or absent.
    pub name: NameId,
    /// Whether it asks or answers.
    pub mode: Option<Mode>,
    /// Transaction identifier; `None` when absent or empty.
    pub id: Option<Id>,
    /// Result code.
    pub code: Option<u16>,
    /// The poll flag that holds for it; `None` when absent.
    pub poll: Option<bool>,
    /// Whether the poll flag stands where the version of its message has it.
    pub poll_in_place: bool,
    /// The CIR flag of its message.
    pub cir: Option<bool>,
    /// The version its message is judged by.
    pub version: Option<Version>,
    /// What its message is written in.
    pub encoding: Encoding,
    /// Number of this part in its message, from 0, and how many there are.
    pub part: (u16, u16),
    /// Fingerprint of the primitive.
    pub fingerprint: u64,
    /// Fingerprint and octets of the text of its `ContentData`.
    pub payload: Option<(u64, u32)>,
    /// Estimate of the payload's octets as XML without white space between elements, and as WBXML; of the whole
    /// message, on its first part only.
    pub lean_octets: (u32, u32),
    /// Octets of white space between the tags of the payload, on the first part only.
    pub blank_octets: u32,
    /// The primitive's tree, long ones cut to their first elements, secrets and content left out.
    pub document: Outline,
    /// Whether the tree was cut.
    pub cut: bool,
}

impl Spoken {
    /// The primitive element, as far as it was kept.
    pub fn primitive(&self) -> Option<Node<'_>> {
        self.document.root()
    }

    /// The path of an element of [`Spoken::document`] in the whole message.
    pub fn path(&self, node: Node<'_>) -> String {
        let index = if self.part.1 > 1 { format!("[{}]", self.part.0 + 1) } else { String::new() };
        format!("WV-CSP-Message/Session/Transaction{index}/TransactionContent/{}", node.path())
    }
}

impl Event {
    /// The transaction part; `None` for anything else.
    pub fn spoken(&self) -> Option<&Spoken> {
        match &self.what {
            What::Spoken(spoken) => Some(spoken),
            _ => None,
        }
    }

    /// Whether it is this primitive.
    pub fn is(&self, name: NameId) -> bool {
        self.spoken().is_some_and(|s| s.name == name)
    }

    /// Whether it is this primitive, asked.
    pub fn asks(&self, name: NameId) -> bool {
        self.spoken().is_some_and(|s| s.name == name && s.mode != Some(Mode::Response))
    }

    /// Result code of a transaction part.
    pub fn code(&self) -> Option<u16> {
        self.spoken().and_then(|s| s.code)
    }

    /// The primitive element, as far as it was kept.
    pub fn primitive(&self) -> Option<Node<'_>> {
        self.spoken().and_then(Spoken::primitive)
    }
}
