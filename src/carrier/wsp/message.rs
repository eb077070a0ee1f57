//! Requests, answers and pushes: whether they are IMPS, and the envelopes they end as.

use std::sync::Arc;

use super::assembly::Parcel;
use super::headers::{Block, clean};
use super::names;
use super::pdu::Head;
use crate::carrier::cir::{Bearer, Cir};
use crate::carrier::coding::{self, undo_coding};
use crate::carrier::http::{VALUE_KEPT, without_user};
use crate::carrier::recognise::{self, Media, SNIFF_MAX, Verdict};
use crate::carrier::{Anomaly, Carrier, Direction, Envelope, Headers, Start, Wholeness};
use crate::flow::FlowInfo;
use crate::wire::Wire;

/// The media type of a CIR, as far as it tells it.
const CIR_TYPE: &str = "vnd.wv.csp.cir";
/// The application that CIRs are pushed to.
const CIR_APPLICATION: &str = "wv.ua";
/// What a CIR begins with.
const CIR_WORD: &[u8] = b"WVCI";

/// A PDU that carries something: its headers are read, its data are still where they stand.
pub(super) struct Message<'a> {
    parcel: &'a Parcel<'a>,
    block: Block,
    data: &'a [u8],
    short: bool,
}

impl<'a> Message<'a> {
    /// A PDU with these headers and data; what it does not say itself may be `said` for the session.
    pub(super) fn new(parcel: &'a Parcel<'a>, head: Head<'_>, data: &'a [u8], said: Option<&Headers>) -> Self {
        let mut block = Block::read(head.octets, head.typed);
        if let Some(said) = said {
            block.inherit(said);
        }
        Self { parcel, block, data, short: head.short }
    }

    /// Whether it is IMPS by its media type or by how its data begin.
    pub(super) fn is_imps(&self, asks_for_nothing: bool) -> bool {
        let media = Media::of(self.block.content_type.as_deref().unwrap_or_default().as_bytes());
        if media == Media::Imps {
            return !(self.data.is_empty() && asks_for_nothing);
        }
        let coding = self.block.coding;
        if self.data.is_empty() || coding.is_known() && !media.is_worth_inflating() {
            return false;
        }
        let verdict = if coding.is_known() {
            recognise::body(&coding::undo(coding, self.data, SNIFF_MAX).bytes, media)
        } else {
            recognise::body(self.data, media)
        };
        verdict == Verdict::Imps
    }

    /// Whether it is made to carry a CIR, or its data begin as one.
    pub(super) fn wakes(&self) -> bool {
        let names = |text: Option<&str>, name: &str| text.is_some_and(|text| text.to_ascii_lowercase().contains(name));
        names(self.block.content_type.as_deref(), CIR_TYPE)
            || names(self.block.headers.get("X-Wap-Application-Id"), CIR_APPLICATION)
            || self.data.get(..CIR_WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(CIR_WORD))
    }

    /// The CIR in it.
    pub(super) fn cir(&self, flow: Arc<FlowInfo>, push_id: Option<u8>) -> Option<Box<Cir>> {
        let extent = self.parcel.extent;
        let cir = Cir::wake_up(flow, Bearer::Push, self.data, extent.frames, extent.end)?;
        Some(Box::new(Cir { push_id, ..*cir }))
    }

    /// Its envelope.
    pub(super) fn envelope(
        self,
        flow: Arc<FlowInfo>,
        (direction, exchange): (Direction, u32),
        start: Start,
    ) -> Box<Envelope> {
        let Self { parcel, block, data, short } = self;
        let mut anomalies = Vec::new();
        let whole = parcel.wholeness == Wholeness::Complete;
        anomalies.extend((block.odd || short).then_some(Anomaly::OddHead).filter(|_| whole));
        anomalies.extend(block.too_many.then_some(Anomaly::TooManyHeaders));
        let other_length = block.length.is_some_and(|length| length != data.len() as u64) && !data.is_empty();
        anomalies.extend((other_length && whole).then_some(Anomaly::ConflictingLength));
        let is_request = matches!(start, Start::Request { .. });
        let mut envelope = Box::new(Envelope {
            flow,
            carrier: Carrier::Wsp,
            direction,
            exchange,
            start,
            content_type: block.content_type,
            headers: block.headers,
            gateway: block.gateway.filter(|_| is_request),
            body: if data.is_empty() { Wire::default() } else { parcel.tail(data.len()) },
            wholeness: parcel.wholeness,
            wire_octets: parcel.extent.octets,
            frames: parcel.extent.frames,
            start_time: parcel.extent.start,
            end_time: parcel.extent.end,
            compressed: false,
            closes: false,
            anomalies,
        });
        if !envelope.body.is_empty() {
            let mut wholeness = envelope.wholeness;
            undo_coding(&mut envelope, block.coding, &mut wholeness);
            envelope.wholeness = wholeness;
        }
        envelope
    }
}

/// The start of a request; user information is left out of its URI.
pub(super) fn request(method: u8, target: &[u8]) -> Start {
    let target = clean(target, VALUE_KEPT);
    Start::Request { method: names::method(method), target: without_user(&target).into_owned() }
}
