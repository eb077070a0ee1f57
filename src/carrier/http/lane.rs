//! One way of a flow: where reading stands in it, and what of it is still to be read.

use super::message::{Message, Spot};
use crate::flow::{End, Loss, StreamEvent, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// Capacity that a buffer keeps between messages.
const BUFFER_KEPT: usize = 512;

/// Octets of a data event that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Segment<'w> {
    pub(super) way: Way,
    pub(super) bytes: &'w [u8],
    pub(super) frame: FrameNo,
    pub(super) offset: Option<u32>,
    pub(super) time: Time,
    /// Whether nothing of the event was read yet.
    pub(super) fresh: bool,
}

impl Segment<'_> {
    pub(super) fn advance(&mut self, used: usize) {
        self.bytes = self.bytes.get(used..).unwrap_or_default();
        self.offset = after(self.offset, used);
        self.fresh &= used == 0;
    }

    /// Where an octet stands, so many after the first.
    pub(super) fn offset_of(&self, octet: usize) -> Option<u32> {
        after(self.offset, octet)
    }

    pub(super) fn spot(&self) -> Spot {
        Spot { frame: self.frame, time: self.time }
    }
}

/// An offset so many octets later.
fn after(offset: Option<u32>, octets: usize) -> Option<u32> {
    offset.map(|offset| offset.saturating_add(u32::try_from(octets).unwrap_or(u32::MAX)))
}

/// An event of the answers' way that waits for a request, its octets beside it.
pub(super) struct Held {
    pub(super) event: StreamEvent<'static>,
    pub(super) bytes: Vec<u8>,
}

/// A gap: octets that are missing one way.
#[derive(Clone, Copy)]
pub(super) struct Hole {
    pub(super) way: Way,
    pub(super) loss: Loss,
    pub(super) spot: Spot,
}

/// One way of a flow.
pub(super) struct Lane {
    pub(super) state: State,
    /// A head of which the end has not come; of a message whose body is read, its head where it may be needed; where
    /// reading is lost, what may be the start of a start line.
    pub(super) buffer: Vec<u8>,
    /// Where `buffer` starts.
    pub(super) from: Spot,
    /// Octets of `buffer` that do not hold the end of the head; none while its start line is not whole.
    pub(super) scanned: usize,
    pub(super) ended: Option<End>,
}

/// Where reading stands in a way.
pub(super) enum State {
    /// Before a message.
    Between,
    /// In a head whose end has not come.
    Head,
    /// In a body; boxed, since most of very many flows are between messages.
    Body(Box<Message>),
    /// Out of step: the next start line is searched.
    Lost,
    /// After the end of the way, or of HTTP in it: nothing is read any more.
    Done,
}

impl Lane {
    pub(super) fn new(state: State) -> Self {
        Self { state, buffer: Vec::new(), from: Spot::default(), scanned: 0, ended: None }
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        let body = if let State::Body(message) = &self.state { message.held() } else { 0 };
        self.buffer.capacity() + body
    }

    /// Empties the buffer and gives back what an unusual message made it take.
    pub(super) fn clear(&mut self) {
        self.scanned = 0;
        if self.buffer.capacity() > BUFFER_KEPT {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
    }
}
