//! A connection that may be deciphered: both directions, and what their hellos agreed on.

use super::cipher::Opened;
use super::hello::{self, ClientHello, Message, ServerHello, TLS_1_3};
use super::inbox::Spot;
use super::keylog::{Keys, Random};
use super::lane::{Lane, Step, WAITING_MAX};
use super::record::{HEADER_LEN, Header, Kind};
use super::tally::{Count, Counters};
use crate::flow::{Loss, StreamEvent, Way};
use crate::wire::FrameNo;

/// Capacity that the buffer of content keeps between records.
const CAPACITY_KEPT: usize = 2 * 1024;

/// Why a connection is not deciphered, or not any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Its keys are not there, or are not those.
    Keys,
    /// Its beginning is missing, it speaks a version, a suite or a compression that is not read, or makes no sense.
    Unreadable,
}

/// What a connection is read with.
pub(super) struct Io<'i> {
    pub(super) keys: &'i Keys,
    pub(super) counters: &'i Counters,
    /// The latest frame that the flow has come to.
    pub(super) now: FrameNo,
    /// Where what was deciphered goes.
    pub(super) plain: &'i mut dyn FnMut(StreamEvent<'_>),
}

/// What became of a record.
enum Read {
    Done,
    /// It waits for what the other direction has to say.
    Waits,
    /// It cannot be read.
    Failed,
}

/// Both directions of a connection.
#[derive(Debug)]
pub(super) struct Conversation {
    lanes: [Lane; 2],
    /// The way of the client, once its hello was seen.
    pub(super) client: Option<Way>,
    pub(super) hello: Option<ClientHello>,
    pub(super) answer: Option<ServerHello>,
    /// Whether the server wished for another hello.
    retries: bool,
    pub(super) premaster: Option<[u8; 8]>,
    /// Content of the record that was deciphered last.
    content: Vec<u8>,
    /// Whether anything was deciphered.
    opened: bool,
    /// Octets that are not deciphered, not counted yet.
    sealed: u64,
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self {
            lanes: [Lane::new(), Lane::new()],
            client: None,
            hello: None,
            answer: None,
            retries: false,
            premaster: None,
            content: Vec::new(),
            opened: false,
            sealed: 0,
        }
    }

    pub(super) fn lane(&mut self, way: Way) -> &mut Lane {
        let [forward, reverse] = &mut self.lanes;
        match way {
            Way::Forward => forward,
            Way::Reverse => reverse,
        }
    }

    /// Octets received, both ways.
    pub(super) fn received(&self) -> u64 {
        self.lanes.iter().map(Lane::received).sum()
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// Why nothing of the connection can be deciphered, and nothing was.
    pub(super) fn push(&mut self, event: StreamEvent<'_>, io: &mut Io<'_>) -> Result<(), Fault> {
        let way = match event {
            StreamEvent::Data { way, bytes, frame, time, .. } => {
                let lane = self.lane(way);
                if lane.step == Step::GivenUp {
                    self.sealed += bytes.len() as u64;
                    return Ok(());
                }
                lane.push(bytes, Spot { frame, time });
                way
            }
            StreamEvent::Gap { way, octets, loss, frame, time } => {
                self.gap(way, octets, loss, Spot { frame, time }, io)?;
                way
            }
            StreamEvent::End { way, end, frame, time } => {
                self.lane(way).end.get_or_insert((end, Spot { frame, time }));
                way
            }
            StreamEvent::Datagram(_) | StreamEvent::Quiet { .. } => return Ok(()),
        };
        let read = self.read_both(way, io);
        if self.opened {
            io.counters.add(Count::SealedOctets, std::mem::take(&mut self.sealed));
        }
        if self.content.capacity() > CAPACITY_KEPT {
            self.content = Vec::new();
        }
        read
    }

    /// Reads on, and turns to the other direction each time that may have waited for this one: what waits there came
    /// first, and is read before what follows here, wherever a segment ends.
    fn read_both(&mut self, way: Way, io: &mut Io<'_>) -> Result<(), Fault> {
        loop {
            let agreed = self.agreed();
            self.read_or_give_up(way, true, io)?;
            if self.agreed() == agreed {
                break;
            }
            self.read_or_give_up(way.opposite(), false, io)?;
        }
        let both_over = self.lanes.iter().all(|lane| lane.end.is_some());
        for way in [way, way.opposite()] {
            let waits = self.lane(way).step == Step::AtRecord && self.lane(way).front().is_some_and(|(_, whole)| whole);
            if waits && !both_over {
                continue;
            }
            self.end(way, io);
        }
        if both_over && !self.opened { Err(Fault::Unreadable) } else { Ok(()) }
    }

    /// What decides whether a direction can be read: who sent hellos.
    fn agreed(&self) -> (Option<Random>, Option<Random>, bool) {
        (self.hello.map(|hello| hello.random), self.answer.map(|hello| hello.random), self.retries)
    }

    fn read_or_give_up(&mut self, way: Way, turns: bool, io: &mut Io<'_>) -> Result<(), Fault> {
        let Err(fault) = self.read(way, turns, io) else { return Ok(()) };
        if !self.opened {
            return Err(fault);
        }
        self.give_up(way, io);
        if fault == Fault::Keys {
            self.give_up(way.opposite(), io);
        }
        Ok(())
    }

    /// Tells what is missing for good.
    fn give_up(&mut self, way: Way, io: &mut Io<'_>) {
        let lane = self.lane(way);
        let spot = lane.inbox.last();
        let unread = lane.give_up();
        self.sealed += unread;
        self.tell_gap(way, None, spot, io);
    }

    fn tell_gap(&mut self, way: Way, octets: Option<u64>, spot: Spot, io: &mut Io<'_>) {
        let lane = self.lane(way);
        if !lane.end_told && !std::mem::replace(&mut lane.gap_told, true) {
            let loss = lane.loss.unwrap_or(Loss::Limit);
            (io.plain)(StreamEvent::Gap { way, octets, loss, frame: spot.frame, time: spot.time });
        }
    }

    fn gap(&mut self, way: Way, octets: Option<u64>, loss: Loss, spot: Spot, io: &mut Io<'_>) -> Result<(), Fault> {
        let is_client = self.client == Some(way);
        let waits = {
            let lane = self.lane(way);
            lane.step == Step::AtRecord && lane.front().is_some_and(|(_, whole)| whole)
        };
        let settled = if is_client { self.hello.is_some() } else { self.answer.is_some() };
        if !self.opened && (!settled || waits) {
            return Err(Fault::Unreadable);
        }
        if waits {
            self.give_up(way, io);
        }
        self.sealed += self.lane(way).inbox.waiting().len() as u64;
        if let Some(missing) = self.lane(way).miss(octets, loss) {
            self.tell_gap(way, missing, spot, io);
            // What is known to be missing does not hide what may be missing later.
            self.lane(way).gap_told = missing.is_none();
        }
        Ok(())
    }

    /// Tells the end of a direction, where it has come.
    fn end(&mut self, way: Way, io: &mut Io<'_>) {
        let lane = self.lane(way);
        let Some((end, spot)) = lane.end.filter(|_| !lane.end_told) else { return };
        while self.lane(way).step == Step::Lost && !self.lane(way).inbox.waiting().is_empty() {
            // No more octets come for the record that might begin here.
            self.lane(way).seek(1);
            if self.read(way, false, io).is_err() {
                self.lane(way).give_up();
            }
        }
        if !self.opened {
            // What the other direction still says may be deciphered, and then this one has an end.
            return;
        }
        let lane = self.lane(way);
        lane.end_told = true;
        let end = if lane.closed { crate::flow::End::Closed } else { end };
        self.sealed += lane.give_up();
        (io.plain)(StreamEvent::End { way, end, frame: spot.frame, time: spot.time });
    }

    /// Reads the records of a direction that are there; where it `turns`, no more of them than up to one that changes
    /// what is agreed.
    fn read(&mut self, way: Way, turns: bool, io: &mut Io<'_>) -> Result<(), Fault> {
        let agreed = self.agreed();
        while !turns || self.agreed() == agreed {
            match self.lane(way).step {
                Step::GivenUp => return Ok(()),
                Step::Passing(..) => {
                    if !self.lane(way).passed() {
                        return Ok(());
                    }
                }
                Step::Lost => {
                    self.search(way, io)?;
                    if self.lane(way).step == Step::Lost {
                        return Ok(());
                    }
                }
                Step::AtRecord => {
                    if self.hello.is_none() && self.old_hello(way) {
                        continue;
                    }
                    let waiting = self.lane(way).inbox.waiting().len();
                    let Some((header, whole)) = self.lane(way).front() else {
                        if waiting < HEADER_LEN {
                            return Ok(());
                        }
                        self.lose_step(way, io)?;
                        continue;
                    };
                    if !whole {
                        return Ok(());
                    }
                    match self.record(way, header, io)? {
                        Read::Done => self.lane(way).inbox.consume(header.record_len()),
                        Read::Waits if waiting > WAITING_MAX => return Err(Fault::Unreadable),
                        Read::Waits => return Ok(()),
                        Read::Failed => self.fail(way, header, io)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a client's hello in the form of SSL 2.0, which can only come first.
    fn old_hello(&mut self, way: Way) -> bool {
        let waiting = self.lane(way).inbox.waiting();
        let Some(&[high @ 0x80..=0xff, low, 1, 3]) = waiting.first_chunk() else { return false };
        let len = 2 + (usize::from(high & 0x7f) << 8 | usize::from(low));
        let Some(hello) = waiting.get(..len).and_then(hello::old_client_hello) else { return false };
        self.lane(way).inbox.consume(len);
        self.client = Some(way);
        self.hello = Some(hello);
        true
    }

    /// What stands here is no record.
    fn lose_step(&mut self, way: Way, io: &mut Io<'_>) -> Result<(), Fault> {
        if !self.opened {
            return Err(Fault::Unreadable);
        }
        let spot = self.lane(way).inbox.last();
        self.tell_gap(way, None, spot, io);
        let lane = self.lane(way);
        lane.step = Step::Lost;
        lane.unsure = true;
        lane.seek(1);
        Ok(())
    }

    /// The record at the front cannot be deciphered.
    fn fail(&mut self, way: Way, header: Header, io: &mut Io<'_>) -> Result<(), Fault> {
        let early = self.hello.is_some_and(|hello| hello.early_data) && self.client == Some(way);
        let lane = self.lane(way);
        let spot = lane.inbox.last();
        // The first record under keys, with nothing lost: they are not its keys.
        let wrong = !lane.opened && lane.loss.is_none() && !early && lane.begins_with_coming();
        lane.inbox.consume(header.record_len());
        let enough = lane.fail();
        self.sealed += header.record_len() as u64;
        if wrong {
            return Err(Fault::Keys);
        }
        if header.kind.holds_content() && (self.opened || early) {
            self.tell_gap(way, None, spot, io);
        }
        if enough { Err(Fault::Unreadable) } else { Ok(()) }
    }

    /// Searches the next record in what waits.
    fn search(&mut self, way: Way, io: &mut Io<'_>) -> Result<(), Fault> {
        let mut from = 0;
        while let Some(header) = self.lane(way).seek(from) {
            if self.lane(way).has_tried_enough() {
                break;
            }
            if self.lane(way).inbox.waiting().len() < header.record_len() {
                break;
            }
            match self.record(way, header, io)? {
                Read::Done => {
                    let lane = self.lane(way);
                    lane.inbox.consume(header.record_len());
                    lane.step = Step::AtRecord;
                    return Ok(());
                }
                Read::Waits => break,
                Read::Failed => from = 1,
            }
        }
        if self.lane(way).has_tried_enough() { Err(Fault::Unreadable) } else { Ok(()) }
    }

    /// Reads the record at the front of a direction.
    fn record(&mut self, way: Way, header: Header, io: &mut Io<'_>) -> Result<Read, Fault> {
        let is_new = self.answer.is_some_and(|answer| answer.version == TLS_1_3);
        let lost = self.lane(way).step == Step::Lost;
        if is_new && header.kind != Kind::APPLICATION_DATA {
            // In clear there is nothing of use any more.
            return Ok(if lost { Read::Failed } else { Read::Done });
        }
        let keyed = self.lane(way).keyed.is_some();
        let may_be_protected = keyed || is_new || lost && self.answer.is_some();
        if !may_be_protected {
            return self.clear_record(way, header, io);
        }
        self.foresee(way, io)?;
        let mut content = std::mem::take(&mut self.content);
        let opened = self.lane(way).open(header, &mut content);
        let read = match opened {
            Some(opened) => {
                if !std::mem::replace(&mut self.opened, true) {
                    io.counters.add(Count::Deciphered, 1);
                }
                self.content(way, opened, &content, io)
            }
            None if lost && !keyed && !is_new => self.clear_record(way, header, io),
            None => Ok(Read::Failed),
        };
        self.content = content;
        read
    }

    /// Reads a record that is not protected.
    fn clear_record(&mut self, way: Way, header: Header, io: &mut Io<'_>) -> Result<Read, Fault> {
        let is_client = self.client == Some(way);
        let said = (self.hello.is_some(), self.answer.is_some());
        let retries = self.retries;
        let lane = self.lane(way);
        let payload = lane.inbox.waiting().get(HEADER_LEN..header.record_len()).unwrap_or_default();
        let lost = lane.step == Step::Lost;
        let other_comes = lane.messages.is_between() && !matches!(payload.first(), Some(0 | 1));
        match header.kind {
            Kind::HANDSHAKE if lost => Ok(Read::Failed),
            Kind::HANDSHAKE => {
                if !said.0 && other_comes {
                    return Ok(Read::Waits);
                }
                let payload = payload.to_vec();
                self.handshake(way, &payload);
                Ok(Read::Done)
            }
            // Sent for the sake of what is in between, it means nothing.
            Kind::CHANGE_CIPHER_SPEC if !said.1 && retries => Ok(Read::Done),
            Kind::CHANGE_CIPHER_SPEC if payload == [1] => {
                if !said.1 {
                    return if is_client || !said.0 { Ok(Read::Waits) } else { Err(Fault::Unreadable) };
                }
                self.foresee(way, io)?;
                let lane = self.lane(way);
                let next = lane.coming.drain(..).next().ok_or(Fault::Keys)?;
                lane.rekey(next);
                Ok(Read::Done)
            }
            Kind::ALERT if !lost => Ok(Read::Done),
            _ if lost => Ok(Read::Failed),
            _ if !said.1 => Ok(Read::Waits),
            _ => Err(Fault::Unreadable),
        }
    }

    fn handshake(&mut self, way: Way, payload: &[u8]) {
        let mut messages = std::mem::take(&mut self.lane(way).messages);
        messages.push(payload, &mut |message| match message {
            Message::ClientHello(hello) => {
                // A second hello without an answer in between was asked for, and has the same random.
                self.client = Some(way);
                self.hello = Some(hello);
                self.answer = None;
                self.premaster = None;
            }
            Message::ServerHello(answer) if self.client == Some(way.opposite()) => self.answer = Some(answer),
            Message::Retry => self.retries = true,
            Message::ClientKeyExchange(start) => self.premaster = Some(start),
            Message::ServerHello(_) | Message::Other => {}
        });
        self.lane(way).messages = messages;
    }

    /// Acts on what was deciphered.
    fn content(&mut self, way: Way, opened: Opened, content: &[u8], io: &mut Io<'_>) -> Result<Read, Fault> {
        let is_new = self.answer.is_some_and(|answer| answer.version == TLS_1_3);
        match opened.kind {
            Kind::APPLICATION_DATA => {
                let lane = self.lane(way);
                lane.loss = None;
                let lead = HEADER_LEN + opened.lead;
                for (range, spot) in lane.inbox.runs(lead..lead + content.len()) {
                    let Some(bytes) = content.get(range) else { continue };
                    let (frame, time) = (spot.frame, spot.time);
                    (io.plain)(StreamEvent::Data { way, bytes, frame, offset: None, time });
                }
                lane.gap_told &= content.is_empty();
            }
            Kind::ALERT => self.lane(way).closed |= matches!(content, [_, 0]),
            Kind::HANDSHAKE if !is_new => self.handshake(way, content),
            Kind::CHANGE_CIPHER_SPEC if !is_new => {
                if self.answer.is_none() {
                    return Err(Fault::Unreadable);
                }
                self.lane(way).coming.clear();
                let next = self.next_keys(way, io)?;
                self.lane(way).rekey(next);
            }
            _ => {}
        }
        Ok(Read::Done)
    }
}
