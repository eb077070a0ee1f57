//! The log: the events of a session that is open, packed, and the chapter that is handed over when it is not.
//!
//! Ten thousand sessions are open at once while rules look at a few. So an event is held as octets, some forty for a
//! poll and its answer, and becomes an [`Event`] again when its session is judged.

use std::sync::Arc;

use crate::carrier::{Direction, Wholeness};
use crate::csp::message::Mode;
use crate::csp::name::VOCABULARY;
use crate::csp::namespace::Version;
use crate::flow::{FlowNo, Loss};
use crate::syntax::outline::{Outline, Packing};
use crate::syntax::packing::{Choices, Packed, Unpacker, chosen};
use crate::syntax::{Encoding, NameId};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange};

use super::{Event, Session, Spoken, What};

/// A session that is over, or a chapter of a very long one, its events still packed.
#[derive(Debug)]
pub struct Chapter {
    session: Session,
    log: Log,
}

impl Chapter {
    pub(super) fn new(session: Session, log: Log) -> Self {
        Self { session, log }
    }

    /// The session with its events, for as long as it is looked at.
    pub fn read(self) -> Session {
        Session { events: self.log.read(), ..self.session }
    }
}

/// A single event, packed.
#[derive(Debug)]
pub(super) struct Folded(Arc<[u8]>);

impl Folded {
    pub(super) fn of(event: &Event) -> Self {
        let mut log = Log::default();
        log.push(event);
        Self(log.packed.into_octets().into())
    }

    /// The event.
    pub(super) fn unfold(&self) -> Option<Event> {
        event(&self.0, &mut Unpacker::of(&self.0), Before::default())
    }
}

/// Events, packed, in the order in which they were filed.
#[derive(Debug, Default)]
pub(super) struct Log {
    packed: Packed,
    events: u32,
    before: Before,
}

/// What the next event is told by its distance from: most come a moment and a few frames later.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    flow: i64,
    start: i64,
    frame: i64,
}

const BOTH: [bool; 2] = [false, true];
const FLAG: [Option<bool>; 3] = [None, Some(false), Some(true)];
const DIRECTION: [Direction; 2] = [Direction::ClientToServer, Direction::ServerToClient];
const MODE: [Option<Mode>; 3] = [None, Some(Mode::Request), Some(Mode::Response)];
const VERSION: [Option<Version>; 5] =
    [None, Some(Version::V10), Some(Version::V11), Some(Version::V12), Some(Version::V13)];
const ENCODING: [Encoding; 3] = [Encoding::Xml, Encoding::Wbxml, Encoding::Pts];
const LOSS: [Loss; 6] =
    [Loss::MissingPackets, Loss::OneSided, Loss::SnapLength, Loss::Encrypted, Loss::Limit, Loss::Log];
const WHOLE: [Wholeness; 11] = [
    Wholeness::Complete,
    Wholeness::Lost(Loss::MissingPackets),
    Wholeness::Lost(Loss::OneSided),
    Wholeness::Lost(Loss::SnapLength),
    Wholeness::Lost(Loss::Encrypted),
    Wholeness::Lost(Loss::Limit),
    Wholeness::OpenAtEnd,
    Wholeness::ClosedEarly,
    Wholeness::Limit,
    Wholeness::Lost(Loss::Log),
    Wholeness::Retold,
];

/// Which [`What`] it is.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Spoken,
    Empty,
    Unread,
    Gap,
}

const SORT: [Sort; 4] = [Sort::Spoken, Sort::Empty, Sort::Unread, Sort::Gap];

impl Log {
    /// How many events there are.
    pub(super) fn events(&self) -> u32 {
        self.events
    }

    /// How many octets they take.
    pub(super) fn len(&self) -> usize {
        self.packed.len()
    }

    /// Files an event.
    pub(super) fn push(&mut self, event: &Event) {
        self.events += 1;
        let before = std::mem::replace(&mut self.before, Before::at(event));
        let sort = match &event.what {
            What::Spoken(_) => Sort::Spoken,
            What::Empty { .. } => Sort::Empty,
            What::Unread { .. } => Sort::Unread,
            What::Gap { .. } => Sort::Gap,
        };
        let choices = Choices::none()
            .with(&SORT, &sort)
            .with(&DIRECTION, &event.direction)
            .with(&BOTH, &event.opens_flow)
            .with(&BOTH, &event.closes_flow)
            .with(&WHOLE, &event.whole);
        let mut facts = Facts::default();
        facts.number(choices.number());
        facts.signed(self.before.flow - before.flow);
        facts.number(event.exchange);
        facts.signed(self.before.start.wrapping_sub(before.start));
        facts.signed(event.end.0.wrapping_sub(event.start.0));
        facts.signed(self.before.frame.wrapping_sub(before.frame));
        facts.number(event.frames.last.0.wrapping_sub(event.frames.first.0));
        facts.number(event.octets);
        facts.number(event.body_octets);
        match &event.what {
            What::Spoken(_) => {}
            What::Empty { status } | What::Unread { status } => facts.optional(*status),
            What::Gap { loss } => facts.number(Choices::none().with(&LOSS, loss).number()),
        }
        self.packed.octets(facts.as_octets());
        if let What::Spoken(spoken) = &event.what {
            pack(spoken, &mut self.packed);
        }
    }

    /// The events.
    fn read(self) -> Vec<Event> {
        let mut events = Vec::with_capacity(self.events as usize);
        let mut before = Before::default();
        let octets: Arc<[u8]> = self.packed.into_octets().into();
        let mut unpacker = Unpacker::of(&octets);
        while let Some(event) = event(&octets, &mut unpacker, before) {
            before = Before::at(&event);
            events.push(event);
        }
        debug_assert_eq!(events.len(), self.events as usize, "a log that does not read back");
        events
    }
}

impl Before {
    fn at(event: &Event) -> Self {
        Self { flow: i64::from(event.flow.0), start: event.start.0, frame: event.frames.first.0 as i64 }
    }
}

/// The next event of packed ones, whose trees stay where they are until they are looked at.
fn event(octets: &Arc<[u8]>, unpacker: &mut Unpacker<'_>, before: Before) -> Option<Event> {
    let mut choices = unpacker.number()?;
    let sort = chosen(&mut choices, &SORT)?;
    let direction = chosen(&mut choices, &DIRECTION)?;
    let (opens_flow, closes_flow) = (chosen(&mut choices, &BOTH)?, chosen(&mut choices, &BOTH)?);
    let whole = chosen(&mut choices, &WHOLE)?;
    let flow = FlowNo(u32::try_from(before.flow + unpacker.signed()?).ok()?);
    let exchange = unpacker.number()?;
    let start = Time(before.start.wrapping_add(unpacker.signed()?));
    let end = Time(start.0.wrapping_add(unpacker.signed()?));
    let first = before.frame.wrapping_add(unpacker.signed()?) as u64;
    let frames = FrameRange { first: FrameNo(first), last: FrameNo(first.wrapping_add(unpacker.number()?)) };
    let (wire_octets, body_octets) = (unpacker.number()?, unpacker.number()?);
    let what = match sort {
        Sort::Spoken => What::Spoken(unpack(octets, unpacker)?),
        Sort::Empty => What::Empty { status: unpacker.optional()? },
        Sort::Unread => What::Unread { status: unpacker.optional()? },
        Sort::Gap => What::Gap { loss: chosen(&mut unpacker.number()?, &LOSS)? },
    };
    Some(Event {
        what,
        direction,
        flow,
        exchange,
        start,
        end,
        frames,
        octets: wire_octets,
        body_octets,
        whole,
        opens_flow,
        closes_flow,
    })
}

fn pack(spoken: &Spoken, packer: &mut Packed) {
    let choices = Choices::none()
        .with(&MODE, &spoken.mode)
        .with(&FLAG, &spoken.poll)
        .with(&BOTH, &spoken.poll_in_place)
        .with(&FLAG, &spoken.cir)
        .with(&VERSION, &spoken.version)
        .with(&ENCODING, &spoken.encoding)
        .with(&BOTH, &spoken.cut)
        .with(&BOTH, &spoken.id.is_some())
        .with(&BOTH, &spoken.payload.is_some());
    // Polls and plain refusals differ in nothing but the identifier: what stands before it often comes again.
    let mut facts = Facts::default();
    facts.number(choices.number());
    facts.number(spoken.name.0);
    facts.optional(spoken.code);
    facts.number(spoken.part.0);
    facts.number(spoken.part.1);
    facts.number(spoken.lean_octets.0);
    facts.number(spoken.lean_octets.1);
    facts.number(spoken.blank_octets);
    facts.octets(&spoken.fingerprint.to_le_bytes());
    if let Some((fingerprint, octets)) = spoken.payload {
        facts.octets(&fingerprint.to_le_bytes());
        facts.number(octets);
    }
    packer.repeatable(facts.as_octets());
    if let Some(id) = &spoken.id {
        packer.repeatable(id.as_octets());
    }
    let (shape, texts) = spoken.document.runs();
    packer.repeatable(shape);
    packer.repeatable(texts);
}

/// Numbers that are packed together.
struct Facts {
    octets: [u8; FACTS],
    len: usize,
}

/// Octets that the facts of an event take at most: nine numbers, or eleven and two fingerprints.
const FACTS: usize = 11 * 10 + 2 * 8;

impl Default for Facts {
    fn default() -> Self {
        Self { octets: [0; FACTS], len: 0 }
    }
}

impl Facts {
    fn as_octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.octets.get_mut(self.len) {
            *place = octet;
            self.len += 1;
        }
    }

    fn octets(&mut self, octets: &[u8]) {
        if let Some(place) = self.octets.get_mut(self.len..self.len + octets.len()) {
            place.copy_from_slice(octets);
            self.len += octets.len();
        }
    }

    fn number(&mut self, number: impl Into<u64>) {
        let mut rest = number.into();
        while rest >= 0x80 {
            self.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.push(rest as u8);
    }

    fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    fn optional(&mut self, number: Option<u16>) {
        self.number(number.map_or(0, |n| u32::from(n) + 1));
    }
}

fn unpack(octets: &Arc<[u8]>, unpacker: &mut Unpacker<'_>) -> Option<Spoken> {
    let facts = &mut Unpacker::of(unpacker.repeatable()?);
    let choices = &mut facts.number()?;
    let mode = chosen(choices, &MODE)?;
    let poll = chosen(choices, &FLAG)?;
    let poll_in_place = chosen(choices, &BOTH)?;
    let cir = chosen(choices, &FLAG)?;
    let version = chosen(choices, &VERSION)?;
    let encoding = chosen(choices, &ENCODING)?;
    let cut = chosen(choices, &BOTH)?;
    let (has_id, has_payload) = (chosen(choices, &BOTH)?, chosen(choices, &BOTH)?);
    let fingerprint = |facts: &mut Unpacker<'_>| facts.octets(8)?.try_into().ok().map(u64::from_le_bytes);
    Some(Spoken {
        name: NameId(facts.number()?),
        mode,
        code: facts.optional()?,
        poll,
        poll_in_place,
        cir,
        version,
        encoding,
        part: (facts.number()?, facts.number()?),
        lean_octets: (facts.number()?, facts.number()?),
        blank_octets: facts.number()?,
        fingerprint: fingerprint(facts)?,
        payload: if has_payload { Some((fingerprint(facts)?, facts.number()?)) } else { None },
        id: if has_id { Some(unpacker.text()?.into()) } else { None },
        document: {
            let mut run = || unpacker.repeatable_range().map(|run| run.start as u32..run.end as u32);
            let packed = Packing { shape: run()?, texts: run()? };
            Outline::new(VOCABULARY, packed).with(octets)
        },
        cut,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spoken(number: u64, some: bool) -> What {
        What::Spoken(Spoken {
            name: crate::csp::name::STATUS,
            mode: MODE[number as usize % 3],
            id: some.then(|| "t\u{e9}1".into()),
            code: some.then_some(number as u16),
            poll: FLAG[number as usize % 3],
            poll_in_place: some,
            cir: FLAG[number as usize / 3 % 3],
            version: VERSION[number as usize % 5],
            encoding: ENCODING[number as usize % 3],
            part: (number as u16, u16::MAX),
            fingerprint: number,
            payload: (!some).then_some((number, number as u32)),
            lean_octets: (number as u32, 0),
            blank_octets: number as u32 / 2,
            document: Outline::new(VOCABULARY, Packing::default()),
            cut: !some,
        })
    }

    prop_compose! {
        fn any_event()(
            (sort, number, some) in (0..4_u8, any::<u64>(), any::<bool>()),
            (start, end, first, last) in any::<(i64, i64, u64, u64)>(),
            (flow, exchange, octets) in any::<(u32, u32, u32)>(),
            whole in prop::sample::select(WHOLE.as_slice()),
        ) -> Event {
            let status = some.then_some(number as u16);
            Event {
                what: match sort {
                    0 => spoken(number, some),
                    1 => What::Empty { status },
                    2 => What::Unread { status },
                    _ => What::Gap { loss: LOSS[number as usize % 3] },
                },
                direction: DIRECTION[number as usize % 2],
                flow: FlowNo(flow),
                exchange,
                start: Time(start),
                end: Time(end),
                frames: FrameRange { first: FrameNo(first), last: FrameNo(last) },
                octets,
                body_octets: octets / 2,
                whole,
                opens_flow: some,
                closes_flow: number > 1 << 63,
            }
        }
    }

    proptest! {
        #[test]
        fn events_read_back_as_they_were_filed(events in prop::collection::vec(any_event(), 0..20)) {
            let mut log = Log::default();
            events.iter().for_each(|event| log.push(event));
            prop_assert_eq!(log.events() as usize, events.len());
            prop_assert_eq!(format!("{:?}", log.read()), format!("{events:?}"));
        }
    }
}
