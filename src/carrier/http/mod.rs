//! HTTP/1.x: the [`StreamEvent`]s of one TCP flow in, its IMPS messages out.
//!
//! [`Connection`] finds out from the first octets whether a flow is HTTP and asks to be spared the rest where it is
//! not. Of HTTP it reads every head, because framing and the pairing of answers hang on it, and skips the bodies that
//! are not IMPS. A message is IMPS by its media type, by the root of its body, or because the other half of its
//! exchange is.
//!
//! `conversation` drives the two ways of a flow, each a `lane`; `reading` cuts a way into messages, for which `head`
//! reads start line and headers, `facts` what headers say of the body, and `body` its framing; `resync` finds the next
//! message after a hole. `message` is one message in the making, and `pairing` finds the request of an answer.

mod body;
mod conversation;
mod facts;
mod head;
mod lane;
mod message;
mod pairing;
mod reading;
mod resync;
#[cfg(test)]
mod tests;

pub use body::CHUNK_EXTRA_MAX;
pub use conversation::{GAPS_REMEMBERED, HELD_EVENTS_MAX, HELD_MAX, PATIENCE};
pub(super) use head::without_user;
pub use head::{HEAD_MAX, HEADERS_KEPT, NAME_KEPT, START_LINE_MAX, VALUE_KEPT};
pub(crate) use message::envelope_of;
pub use message::{BODY_MAX, BODY_RUNS_MAX};
pub use pairing::{WAITING_HEADS_MAX, WAITING_MAX};

use self::conversation::Conversation;
use super::Carried;
use crate::flow::{FlowInfo, StreamEvent};

/// What the HTTP carrier wants of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// It is not known yet whether this is HTTP: more, please.
    Undecided,
    /// This is HTTP: everything, please.
    Keep,
    /// From the next event on this is not HTTP but what a proxy or an upgrade lets through, with a beginning of its
    /// own. This connection wants nothing more.
    Tunnel,
    /// Nothing of this flow is wanted any more.
    Ignore,
}

/// One TCP flow, read as HTTP/1.x.
///
/// It is as small as a pointer until the first octets look like HTTP, and again once they do not.
#[derive(Default)]
pub struct Connection(Stage);

#[derive(Default)]
enum Stage {
    #[default]
    New,
    Open(Box<Conversation>),
    Ignored,
}

impl Connection {
    /// A connection of which nothing was seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        match &self.0 {
            Stage::New | Stage::Ignored => 0,
            Stage::Open(conversation) => conversation.held(),
        }
    }

    /// Takes the next event of the flow, in the order of capture, and appends what it completes to `out`.
    pub fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
        if matches!(self.0, Stage::New) {
            if conversation::is_plainly_other(flow, event) {
                self.0 = Stage::Ignored;
                return Interest::Ignore;
            }
            self.0 = Stage::Open(Box::new(Conversation::new(flow)));
        }
        let Stage::Open(conversation) = &mut self.0 else { return Interest::Ignore };
        let interest = conversation.push(flow, event, out);
        if matches!(interest, Interest::Ignore | Interest::Tunnel) {
            self.0 = Stage::Ignored;
        }
        interest
    }
}
