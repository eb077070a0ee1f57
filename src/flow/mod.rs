//! Frames in, ordered streams out: link layers, tunnels, IP and its fragments, TCP.
//!
//! In: the frames of a [`Window`](crate::capture::Window). Out: for each conversation a run of [`StreamEvent`]s,
//! each byte once, in order, with the frame it came from; what is missing is a [`StreamEvent::Gap`], never silence.
//!
//! [`dissect`](dissect()) takes a frame apart with the help of `link`, `ppp`, `wan`, `wlan`, `meta` and `mpls` for what
//! is below IP, `ip`, `transport` and `tunnel`; `fragment` puts packets together; the [`Table`] finds the flow of each;
//! `followed` keeps those that are read, each in a [`Slot`] that puts its two directions in order; `silence` tells when
//! nothing more is to be waited for, and [`Counters`] tell what was seen and what was not read.

mod counters;
mod dissect;
mod entry;
mod followed;
mod fragment;
mod ip;
mod key;
mod link;
mod meta;
mod mpls;
mod names;
mod ppp;
mod silence;
mod slot;
mod table;
mod tcp;
#[cfg(test)]
mod tests;
mod transport;
mod tunnel;
mod wan;
mod wlan;

pub use counters::{Counters, MAX_NUMBERS};
pub use dissect::{Flags, Head, Hosts, MAX_LAYERS, Packet, Part, Payload, Stop, dissect};
pub use entry::{IDLE_CLOSED, IDLE_REOPENED, IDLE_TCP, IDLE_UDP, IDLE_UDP_IGNORED, Ticks};
pub use followed::MAX_TUNNELS_WAITING;
pub use fragment::{
    CAPTURED_TWICE, FRAGMENT_LIFETIME, FRAGMENT_OCTETS, FragmentTally, IDENTIFICATION_REUSED, MAX_DATAGRAMS,
};
pub use names::{ether_type_name, ppp_name, protocol_name};
pub use silence::SILENT_PATIENCE;
pub use slot::{DATAGRAMS_REMEMBERED, Interest, Segments, Slot};
pub use table::{
    Choice, FLOWS_KEPT, FOLLOWED_KEPT, HELD_KEPT, HELD_TOTAL, MAX_FLOWS, MAX_FOLLOWED, MAX_NESTED, Table, Touched,
};
pub use tcp::{HELD_OCTETS, HELD_SEGMENTS, PATIENCE, PATIENCE_PACKETS, RESET_DISTANCE, Tally};
pub use tunnel::{Outer, Tunnel, TunnelKind};

use std::net::SocketAddr;

use crate::time::Time;
use crate::wire::{FrameNo, Pieces};

/// The number of a flow (a transport conversation between two endpoints) in a run, from 1 in order of appearance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FlowNo(pub u32);

/// Which way bytes travel in a flow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Way {
    /// From the endpoint that opened the flow, or, where its opening was not captured, that was seen sending first.
    Forward,
    /// Towards that endpoint.
    Reverse,
}

impl Way {
    /// The other way.
    pub fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }
}

/// Transport protocol of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// TCP, a byte stream each way.
    Tcp,
    /// UDP, datagrams.
    Udp,
}

/// Who talks to whom in a flow.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FlowInfo {
    /// Number in the run.
    pub no: FlowNo,
    /// Transport protocol.
    pub transport: Transport,
    /// The endpoint that [`Way::Forward`] comes from.
    pub opener: SocketAddr,
    /// The endpoint that [`Way::Forward`] goes to.
    pub acceptor: SocketAddr,
    /// Whether the opening (SYN) was captured; without it the flow began before the capture, or its start was lost.
    pub opening_seen: bool,
    /// The tunnel it was captured in, as far as it is known by then.
    pub tunnel: Option<Box<Tunnel>>,
    /// Whether it was deciphered: nobody on the way could read it.
    pub protected: bool,
}

impl FlowInfo {
    /// Whether it is a connection that began before the capture, or whose opening was lost. Datagrams open nothing.
    pub fn began_before(&self) -> bool {
        self.transport == Transport::Tcp && !self.opening_seen
    }
}

/// Why bytes of a stream are not there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Loss {
    /// The segment is not in the capture although the receiver acknowledged it, or never came.
    MissingPackets,
    /// So far nothing at all of this direction is in the capture, although the receiver acknowledged octets.
    OneSided,
    /// The frame is there but the snap length cut its end.
    SnapLength,
    /// It went through a connection that is encrypted and could not be read.
    Encrypted,
    /// A limit of ours was reached and what waited for the missing bytes was given up.
    Limit,
    /// The log that tells it cut it short or wrote something else for some octets.
    Log,
}

/// How a direction of a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// FIN, all bytes before it delivered or told as gaps.
    Closed,
    /// RST from either side.
    Reset,
    /// The capture ended, or the flow was given up as silent, while it was open.
    Open,
    /// The flow was given up while it was open, because too many were known.
    Evicted,
}

/// A datagram of UDP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Datagram<'w> {
    /// Direction of travel.
    pub way: Way,
    /// The octets, as far as they were captured.
    pub bytes: &'w [u8],
    /// Where they stand in the captured octets of which frames.
    pub pieces: &'w Pieces,
    /// How many octets the snap length cut off its end.
    pub missing: u32,
    /// The frame that brought it, or the last of it.
    pub frame: FrameNo,
    /// When that frame was captured.
    pub time: Time,
}

/// What happens next in one direction of a flow. Times are those of the frame named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamEvent<'w> {
    /// A datagram, in the order of capture.
    Datagram(Datagram<'w>),
    /// Bytes in order.
    Data {
        /// Direction of travel.
        way: Way,
        /// The bytes.
        bytes: &'w [u8],
        /// The frame that carried them.
        frame: FrameNo,
        /// Where they start in the captured bytes of the frame; `None` where they are derived (deciphered) and only the
        /// frame is known.
        offset: Option<u32>,
        /// When the frame was captured.
        time: Time,
    },
    /// No datagram came for a while: what should have come will not.
    Quiet {
        /// The frame at which it was noticed.
        frame: FrameNo,
        /// When that frame was captured.
        time: Time,
    },
    /// Bytes that are not there; what follows resumes after them.
    Gap {
        /// Direction of travel.
        way: Way,
        /// How many octets are missing, where the sequence numbers tell.
        octets: Option<u64>,
        /// Why.
        loss: Loss,
        /// The frame at which the gap was noticed.
        frame: FrameNo,
        /// When that frame was captured.
        time: Time,
    },
    /// Nothing more comes this way.
    End {
        /// Direction of travel.
        way: Way,
        /// How it ended.
        end: End,
        /// The frame that ended it; where nothing did, the one at which the flow was given up or, at the end of the
        /// capture, the last one of the flow.
        frame: FrameNo,
        /// When that frame was captured.
        time: Time,
    },
}
