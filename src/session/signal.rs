//! The signal: something that was said about waking the client of a session, beside the session itself.

use crate::carrier::Direction;
use crate::carrier::cir::{Bearer, Cir, Kind};
use crate::flow::FlowNo;
use crate::time::Time;
use crate::wire::FrameRange;

use super::EventIx;

/// Signals of a chapter that are kept; of further ones [`Session::signals_left_out`](super::Session) tells.
pub const SIGNALS_KEPT: usize = 4_000;

/// Something that was said about waking a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signal {
    /// What carried it.
    pub bearer: Bearer,
    /// What it says; `None` where the TCP connection of its channel ended.
    pub kind: Option<Kind>,
    /// When its last octet was captured.
    pub time: Time,
    /// First to last frame.
    pub frames: FrameRange,
    /// The flow it travelled in.
    pub flow: FlowNo,
    /// The port of the client that it went to or came from.
    pub client_port: u16,
    /// Number of a push; the same within a while is the same push sent again.
    pub push_id: Option<u8>,
    /// Whether it names the session by its cookie, or by the URL that was agreed; one that names its `SessionID` does not.
    pub by_cookie: bool,
    /// The place of the event that was filed next after it; there may be none.
    pub before: EventIx,
    /// The poll that answers a wake-up.
    pub answer: Option<EventIx>,
}

impl Signal {
    /// What is remembered of a CIR item.
    pub(super) fn of(cir: &Cir, by_cookie: bool) -> Self {
        Self {
            bearer: cir.bearer,
            kind: Some(cir.kind),
            time: cir.time,
            frames: cir.frames,
            flow: cir.flow.no,
            client_port: cir.flow.opener.port(),
            push_id: cir.push_id,
            by_cookie,
            before: EventIx(0),
            answer: None,
        }
    }

    /// Whether it is to make the client poll.
    pub fn is_wake_up(&self) -> bool {
        self.kind == Some(Kind::WakeUp)
    }

    /// Who to whom; the end of a connection is told like what the server says.
    pub fn direction(&self) -> Direction {
        match self.kind {
            Some(Kind::Hello | Kind::Ping) => Direction::ClientToServer,
            Some(Kind::Ok | Kind::WakeUp) | None => Direction::ServerToClient,
        }
    }
}
