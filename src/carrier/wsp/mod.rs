//! WSP: the datagrams of a UDP flow in, its IMPS messages out.
//!
//! [`Connection`] reads WSP as it goes without a session, a request or an answer a datagram, and over the transactions
//! of WTP, which repeat what was lost and cut what is long. Of a message in parts it hands over what stands before the
//! first part that is missing. A message is IMPS by its media type, by the root of its body, or because the other half
//! of its exchange is; a push may be a CIR. Over UDP nothing but what follows tells that something is missing: an answer
//! without a request, an acknowledgement of an answer that was not seen, an identifier left out. What is protected by
//! WTLS is not read; [`is_sealed`] tells it.
//!
//! `conversation` drives a flow: `reading` finds the transaction of each PDU of WTP, `exchange` makes requests and answers
//! of what they carry; `transaction` knows what is open and what was, `assembly` puts parts together. `wtp` and `pdu` read what is in a datagram, `headers` the compact headers, with the
//! numbers in `names`, and `octets` what all of them are made of. `message` makes envelopes, `write` goes the other way.

mod assembly;
mod conversation;
mod exchange;
mod headers;
mod message;
mod names;
mod octets;
mod pdu;
mod reading;
#[cfg(test)]
mod tests;
mod transaction;
pub mod write;
mod wtp;

use self::transaction::Spot;
pub use assembly::MESSAGE_MAX;
pub use conversation::{ANSWER_PATIENCE, PART_PATIENCE, PATIENCE, PATIENCE_DATAGRAMS, SKIPPED_MAX, UNREAD_MAX};
pub use transaction::{AGAIN_WITHIN, ENDED_REMEMBERED, OPEN_MAX};

use self::conversation::{Conversation, Output};
use super::Carried;
use crate::flow::{FlowInfo, Interest, StreamEvent, Way};

/// Ports of WSP without sessions, over WTP, and of pushes, as in IANA's registry.
const UNITS: u16 = 9200;
const TRANSACTIONS: u16 = 9201;
const PUSHES: u16 = 2948;
/// The same three protected by WTLS.
const SEALED: [u16; 3] = [9202, 9203, 2949];

/// What WSP stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layer {
    /// On datagrams.
    Connectionless,
    /// On WTP.
    Transactions,
}

/// Whether a UDP flow is WSP, by a port of it or by what its first datagram holds.
pub fn begins(ports: [u16; 2], first: &[u8]) -> bool {
    let known = |port: &u16| matches!(*port, UNITS | TRANSACTIONS | PUSHES);
    // A record of WTLS begins with its type and what its header holds.
    let is_record = matches!(first, [kind, ..] if matches!(kind & 0x1f, 1..=4));
    ports.iter().any(known)
        || is_record && ports.iter().any(|p| SEALED.contains(p))
        || Layer::of_content(first).is_some()
}

/// Whether a UDP flow is WSP that WTLS protects, by a port of it.
pub fn is_sealed(flow: &FlowInfo) -> bool {
    [flow.opener.port(), flow.acceptor.port()].iter().any(|port| SEALED.contains(port))
}

impl Layer {
    fn of_content(first: &[u8]) -> Option<Self> {
        if wtp::Pdu::is_plain(first) {
            Some(Self::Transactions)
        } else if first.get(1..).is_some_and(pdu::Pdu::is_plain) {
            Some(Self::Connectionless)
        } else {
            None
        }
    }

    fn of(ports: [u16; 2], first: &[u8]) -> Self {
        Self::of_content(first).unwrap_or(match ports {
            [TRANSACTIONS, _] | [_, TRANSACTIONS] => Self::Transactions,
            _ => Self::Connectionless,
        })
    }
}

/// One UDP flow, read as WSP.
///
/// It is as small as a pointer until the first datagram, and again once the flow is over or something else.
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

    /// Whether something of WSP was read in it.
    pub fn is_certain(&self) -> bool {
        matches!(&self.0, Stage::Open(conversation) if conversation.certain)
    }

    /// Takes the next event of the flow, in the order of capture, and appends what it completes to `out`.
    pub fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
        let ports = [flow.opener.port(), flow.acceptor.port()];
        match (&mut self.0, event) {
            (Stage::New, StreamEvent::Datagram(datagram)) => {
                let server = |port: u16| matches!(port, UNITS | TRANSACTIONS);
                let from_server = match ports {
                    [_, PUSHES] => true,
                    [opener, acceptor] => server(opener) && !server(acceptor),
                };
                let likely = if from_server { Way::Reverse } else { Way::Forward };
                let mut conversation = Box::new(Conversation::new(Layer::of(ports, datagram.bytes), likely));
                conversation.datagram(&datagram, &mut Output { flow, items: out });
                self.0 = Stage::Open(conversation);
            }
            (Stage::Open(conversation), StreamEvent::Datagram(datagram)) => {
                conversation.datagram(&datagram, &mut Output { flow, items: out });
                if conversation.is_other() {
                    self.0 = Stage::Ignored;
                }
            }
            (Stage::Open(conversation), StreamEvent::Quiet { frame, time }) => {
                conversation.review(Spot { frame, time }, &mut Output { flow, items: out });
            }
            (Stage::Open(conversation), StreamEvent::End { end, frame, time, .. }) => {
                conversation.end(end, frame, time, &mut Output { flow, items: out });
                self.0 = Stage::Ignored;
            }
            _ => {}
        }
        if matches!(self.0, Stage::Ignored) { Interest::Ignored } else { Interest::Followed }
    }
}
