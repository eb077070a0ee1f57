//! Datagrams: a conversation over WSP written out as UDP, with WTP or without.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::carrier::Direction;
use crate::carrier::wsp::write::{self, End, Said as Written};

use super::bodies::implied_type;
use super::frames::{MSS, udp};
use super::{Over, Said, TARGET};

/// The number of the only session of a connection.
const SESSION: u32 = 1;

/// One conversation being written: both ends, and the transactions that are open.
pub(super) struct Udp {
    over: Over,
    ends: [SocketAddr; 2],
    identification: u16,
    next: u16,
    open: VecDeque<u16>,
}

impl Udp {
    pub(super) fn new(over: Over, client: SocketAddr, server: SocketAddr) -> Self {
        Self { over, ends: [client, server], identification: 0, next: 0, open: VecDeque::new() }
    }

    fn begin(&mut self) -> u16 {
        let tid = self.next;
        // Without transactions an identifier is an octet.
        self.next = (self.next + 1) & if self.over == Over::Wsp { 0xff } else { 0x7fff };
        tid
    }

    /// A frame with a datagram from one end: 0 client, 1 server.
    fn datagram(&mut self, from: usize, payload: &[u8]) -> Vec<u8> {
        self.identification = self.identification.wrapping_add(1);
        udp(&self.ends, self.identification, from, payload)
    }

    /// The frames that open a session.
    pub(super) fn opening(&mut self) -> Vec<Vec<u8>> {
        if self.over != Over::Wtp {
            return Vec::new();
        }
        let (mut frames, _) = self.message(0, &write::connect(), None);
        let (answer, acknowledged) = self.message(1, &write::connect_reply(SESSION), None);
        frames.extend(answer.into_iter().chain(acknowledged));
        frames
    }

    /// What they carry.
    pub(super) fn over(&self) -> Over {
        self.over
    }

    /// A request that never arrives is answered by nobody.
    pub(super) fn forget(&mut self) {
        self.open.pop_back();
    }

    /// The frames that end it.
    pub(super) fn closing(&mut self) -> Vec<Vec<u8>> {
        self.open.clear();
        if self.over != Over::Wtp {
            return Vec::new();
        }
        let tid = self.begin();
        vec![self.datagram(0, &write::one_way(tid, &write::disconnect(SESSION)))]
    }

    /// The frames of a message, as few as can be, or of one length and at most so many; and the one that follows it.
    pub(super) fn message(
        &mut self,
        from: usize,
        pdu: &[u8],
        segments: Option<u32>,
    ) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
        let wanted = segments.map_or(1, |count| count as usize).max(1);
        let most = pdu.len().div_ceil(wanted).clamp(1, MSS);
        let (tid, end) = if from == 0 {
            let tid = self.begin();
            self.open.push_back(tid);
            (tid, End::Initiator)
        } else {
            (self.open.pop_front().unwrap_or_default(), End::Responder)
        };
        let datagrams = match self.over {
            Over::Wtp => write::transaction(tid, end, pdu, most),
            Over::Wsp => vec![write::unit(tid as u8, pdu)],
            _ => vec![pdu.to_vec()],
        };
        let sent = datagrams.iter().map(|octets| self.datagram(from, octets)).collect();
        let follows = self.over == Over::Wtp && end == End::Responder;
        let acknowledged = follows.then(|| self.datagram(0, &write::acknowledgement(tid, End::Initiator)));
        (sent, acknowledged)
    }
}

/// The PDU of an event, its body coded; `None` where its method or status cannot be said.
pub(super) fn pdu(said: &Said, body: &[u8]) -> Option<Vec<u8>> {
    let content_type = said.content_type.as_deref().or(implied_type(&said.payload)).filter(|t| !t.is_empty());
    let mut headers = said.headers.clone();
    headers.extend(said.coding.map(|coding| ("Content-Encoding".to_owned(), coding.name().to_owned())));
    let written = Written { content_type, headers: &headers, data: body };
    match said.direction {
        Direction::ClientToServer => {
            let (method, target) = (said.method.as_deref(), said.target.as_deref());
            write::request(method.unwrap_or("POST"), target.unwrap_or(TARGET), &written)
        }
        Direction::ServerToClient => write::reply(said.status.unwrap_or(200), &written),
    }
}
