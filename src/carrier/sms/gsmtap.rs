//! GSMTAP: the radio side of a network, a frame a datagram, as Osmocom's tools write it.
//!
//! Of it the signalling channels are read: LAPDm frames of the short message service (SAPI 3), put together where they
//! are segments, CP-DATA in them, RP-DATA in that, and in that a TPDU.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::Carried;
use super::{Mailbox, Short};
use crate::flow::{Datagram, FlowInfo};
use crate::time::Time;
use crate::wire::Wire;

/// Channels of which segments are kept; beyond it the one that is silent longest is given up.
pub const CHANNELS_MAX: usize = 64;
/// Octets of a message of layer 3; a longer one is none of the short message service.
const MESSAGE_MAX: usize = 512;

// As in the header of libosmocore: version 2, type 1 for the Um interface.
const VERSION: u8 = 2;
const UM: u8 = 1;
/// Set in the kind of channel for the slow associated channel, of which frames have two octets of layer 1 in front.
const SLOW: u8 = 0x80;

/// Which channel a frame came on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Channel {
    number: u16,
    slot: u8,
    sub_slot: u8,
    kind: u8,
}

/// What is there of a message on a channel.
struct Open {
    channel: Channel,
    sequence: u8,
    message: Wire,
    /// Whether more is to come.
    more: bool,
}

/// Datagrams of GSMTAP in, what short messages in them carry out.
#[derive(Default)]
pub struct Tap {
    open: VecDeque<Open>,
    mailbox: Mailbox,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap of {} octets", self.held())
    }
}

impl Tap {
    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        self.mailbox.held() + self.open.iter().map(|open| size_of::<Open>() + open.message.len()).sum::<usize>()
    }

    /// Takes a datagram, in the order of capture, and appends what it completes to `out`.
    pub fn push(&mut self, flow: &Arc<FlowInfo>, datagram: &Datagram<'_>, out: &mut Vec<Carried>) {
        let Datagram { bytes, pieces, time, .. } = *datagram;
        let Some((channel, at)) = header(bytes) else { return };
        let Some(segment) = lapdm(bytes.get(at..).unwrap_or_default()) else { return };
        let start = at + segment.at;
        if bytes.len() < start + segment.length {
            return;
        }
        let known = self.open.iter().position(|open| open.channel == channel);
        let mut open = match known.and_then(|known| self.open.remove(known)) {
            // Sent again.
            Some(open) if open.sequence == segment.sequence => return self.open.push_back(open),
            Some(open) if open.more && segment.sequence == (open.sequence + 1) % 8 => open,
            _ => Open { channel, sequence: 0, message: Wire::default(), more: false },
        };
        open.message.append(&Wire::cut(bytes, pieces, start..start + segment.length));
        (open.sequence, open.more) = (segment.sequence, segment.more && open.message.len() <= MESSAGE_MAX);
        if !open.more {
            let message = std::mem::take(&mut open.message);
            if let Some(short) = short(&message, time) {
                // Off the air not every frame is received.
                self.mailbox.lose();
                self.mailbox.take(flow, short, out);
            }
        }
        self.open.push_back(open);
        if self.open.len() > CHANNELS_MAX {
            self.open.pop_front();
        }
    }

    /// Appends what is not whole: nothing more comes.
    pub fn finish(&mut self, flow: &Arc<FlowInfo>, out: &mut Vec<Carried>) {
        self.mailbox.finish(flow, out);
    }
}

/// The channel of a datagram, and where its frame begins.
fn header(datagram: &[u8]) -> Option<(Channel, usize)> {
    let [VERSION, words, UM, slot, high, low, _, _, _, _, _, _, kind, _, sub_slot, _, ..] = datagram else {
        return None;
    };
    // The number says whether it is up or down as well.
    let channel = Channel { number: u16::from_be_bytes([*high, *low]), slot: *slot, sub_slot: *sub_slot, kind: *kind };
    let length = usize::from(*words) * 4;
    let in_front = if kind & SLOW != 0 { 2 } else { 0 };
    (length >= 16).then_some((channel, length + in_front))
}

/// A segment of a message of layer 3.
struct Segment {
    sequence: u8,
    more: bool,
    /// Where it stands in its frame.
    at: usize,
    length: usize,
}

/// The segment in an information frame of SAPI 3.
fn lapdm(frame: &[u8]) -> Option<Segment> {
    let [address, control, length, ..] = frame else { return None };
    let for_messages = address >> 2 & 7 == 3 && address & 1 == 1;
    let is_information = control & 1 == 0 && length & 1 == 1;
    (for_messages && is_information).then(|| Segment {
        sequence: control >> 1 & 7,
        more: length & 2 != 0,
        at: 3,
        length: usize::from(length >> 2),
    })
}

/// The short message in CP-DATA.
///
/// Numbers as in Wireshark's dissectors of GSM: protocol 9 for short messages, CP-DATA 1, RP-DATA 0 from the handset and
/// 1 to it.
fn short(message: &Wire, time: Time) -> Option<Short> {
    let [protocol, 0x01, length, relay @ ..] = message.bytes() else { return None };
    if protocol & 0x0F != 9 {
        return None;
    }
    let relay = relay.get(..usize::from(*length))?;
    let [kind @ (0 | 1), _reference, rest @ ..] = relay else { return None };
    let (originator, rest) = rest.split_first()?;
    let rest = rest.get(usize::from(*originator)..)?;
    let (destination, rest) = rest.split_first()?;
    let (length, data) = rest.get(usize::from(*destination)..)?.split_first()?;
    let start = 3 + relay.len() - data.len();
    let tpdu = message.slice(start..start + usize::from(*length).min(data.len()));
    let short = Short::of_tpdu(&tpdu, message.pieces().frames()?, time)?;
    // Reports have the same numbers the other way.
    let from_handset = short.direction == super::super::Direction::ClientToServer;
    (from_handset == (*kind == 0)).then_some(short)
}
