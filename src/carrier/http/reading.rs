//! Cutting a way into messages: heads, bodies, and the search for the next message where reading is out of step.

use memchr::memchr;

use super::body::{Framing, StepEnd};
use super::conversation::{Conversation, Output, PATIENCE};
use super::head::{self, HEAD_MAX, Head, Kind, Look, START_LINE_MAX, StartLine, look};
use super::lane::{Hole, Segment, State};
use super::message::{Finished, Message, Spot};
use super::pairing::{Attribution, Method};
use super::resync::{self, Found, look_closely};
use crate::carrier::Carried;
use crate::carrier::recognise::Media;
use crate::flow::{End, Loss, Way};

/// How many octets of line ends stand before a message.
pub(super) fn blank(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len())
}

impl Conversation {
    /// Reads all of a segment, or holds what has to wait.
    pub(super) fn data(&mut self, mut segment: Segment<'_>, out: &mut Output<'_>) {
        let way = segment.way;
        while !segment.bytes.is_empty() && !self.over {
            if self.must_wait(way, out) {
                return self.hold(segment);
            }
            let used = match self.lane(way).state {
                State::Between => self.between(segment, out),
                State::Head => self.head(segment, out),
                State::Body(_) => self.body(segment, out),
                State::Lost => self.resync(segment),
                State::Done => return,
            };
            segment.advance(used);
            if !self.held.is_empty() {
                self.release(out);
            }
        }
    }

    /// Whether what comes this way is an answer that has to wait for its request.
    fn must_wait(&mut self, way: Way, out: &mut Output<'_>) -> bool {
        let in_head = matches!(self.lane(way).state, State::Between | State::Head);
        if !in_head || self.expected(way) != Some(Kind::Answer) {
            return false;
        }
        // A request that ends nobody knows where ends where its answer starts.
        let asking = &self.lane(way.opposite()).state;
        if matches!(asking, State::Body(message) if message.framing == Framing::UntilClose) {
            self.finish(way.opposite(), out);
        }
        self.is_ahead()
    }

    /// Reads the start of a message, in place where all of its head is there.
    fn between(&mut self, segment: Segment<'_>, out: &mut Output<'_>) -> usize {
        let blank = blank(segment.bytes);
        if blank > 0 {
            return blank;
        }
        let way = segment.way;
        match look(segment.bytes, self.expected(way)) {
            Look::Start(line) if self.client.is_none() => {
                self.started(way, line.start.kind());
                return 0;
            }
            Look::Start(line) => {
                self.started(way, line.start.kind());
                let whole = segment.bytes.get(..HEAD_MAX).unwrap_or(segment.bytes);
                let mut slots = head::slots();
                if let Some(head) = head::read(whole, line, &mut slots) {
                    let raw = whole.get(..head.len).unwrap_or_default();
                    self.begin(way, &head, raw, (segment.spot(), segment.spot()), out);
                    return head.len;
                }
            }
            Look::Unfinished => {}
            Look::Other => {
                self.refuse(way);
                return 0;
            }
        }
        let lane = self.lane(way);
        lane.from = segment.spot();
        lane.state = State::Head;
        0
    }

    /// A start line of this kind was seen this way.
    fn started(&mut self, way: Way, kind: Kind) {
        self.searched = 0;
        self.client.get_or_insert(if kind == Kind::Request { way } else { way.opposite() });
    }

    /// No message starts here. Of a flow seen from its start these are its first octets: it is not HTTP.
    fn refuse(&mut self, way: Way) {
        self.over |= self.client.is_none();
        self.lose_step(way);
    }

    /// Reads on in a head that started in an earlier segment or does not end in this one.
    fn head(&mut self, segment: Segment<'_>, out: &mut Output<'_>) -> usize {
        let way = segment.way;
        let expected = self.expected(way);
        let lane = self.lane(way);
        let before = lane.buffer.len();
        let room = HEAD_MAX.saturating_sub(before);
        let more = segment.bytes.get(..room).unwrap_or(segment.bytes);
        lane.buffer.extend_from_slice(more);
        if lane.scanned == 0 {
            match look(&lane.buffer, expected) {
                Look::Start(line) => {
                    let kind = line.start.kind();
                    self.started(way, kind);
                }
                Look::Unfinished => return more.len(),
                Look::Other => {
                    self.refuse(way);
                    return 0;
                }
            }
        }
        let lane = self.lane(way);
        let Some(end) = head::head_end(&lane.buffer, lane.scanned) else {
            lane.scanned = lane.buffer.len();
            if lane.buffer.len() >= HEAD_MAX {
                self.lose_step(way);
                self.tell(Hole { way, loss: Loss::Limit, spot: segment.spot() }, out);
            }
            return more.len();
        };
        let from = lane.from;
        lane.scanned = 0;
        let mut raw = std::mem::take(&mut lane.buffer);
        raw.truncate(end);
        if let Look::Start(line) = look(&raw, expected) {
            let mut slots = head::slots();
            if let Some(head) = head::read(&raw, line, &mut slots) {
                self.begin(way, &head, &raw, (from, segment.spot()), out);
            }
        }
        let lane = self.lane(way);
        if matches!(lane.state, State::Head) {
            lane.state = State::Between;
        }
        end.saturating_sub(before)
    }

    /// Begins the message of a head that was read from its first octet to its blank line.
    fn begin(&mut self, way: Way, head: &Head<'_, '_>, raw: &[u8], spots: (Spot, Spot), out: &mut Output<'_>) {
        let facts = head.facts();
        let names_imps = facts.media == Media::Imps;
        let (exchange, asked, framing, imps) = match head.line.start {
            StartLine::Request { method, .. } => {
                let (method, framing) = (Method::of(method), Framing::of_request(&facts));
                let imps = names_imps && !(framing.is_empty() && method.asks_for_nothing());
                (self.pairing.ask(method, imps, spots.0.frame), None, framing, imps)
            }
            StartLine::Answer { status: 101 } => return self.tunnel(),
            StartLine::Answer { status: ..200 } => return self.lane(way).state = State::Between,
            StartLine::Answer { status } => {
                // A server that closes an idle connection may say so unasked.
                if self.pairing.is_unasked() && status != 408 {
                    self.pairing.missing(Kind::Request);
                    self.tell(Hole { way: way.opposite(), loss: Loss::MissingPackets, spot: spots.0 }, out);
                }
                let Attribution { exchange, request, imps } = self.pairing.answer(spots.0.frame);
                let method = request.as_ref().map_or(Method::Other, |asked| asked.method);
                if method == Method::Connect && status < 300 {
                    return self.tunnel();
                }
                let empty = method == Method::Head || matches!(status, 204 | 304);
                let framing = if empty { Framing::Length(0) } else { Framing::of_answer(&facts) };
                let imps = imps || names_imps && !(framing.is_empty() && method.asks_for_nothing());
                (exchange, request, framing, imps)
            }
        };
        if head.line.start.kind() == Kind::Request && self.pairing.has_just_overflown() {
            // Its answer and those to come cannot be told apart.
            self.tell(Hole { way: way.opposite(), loss: Loss::Limit, spot: spots.1 }, out);
        }
        let flow = imps.then(|| self.prove(out));
        let message = Message::new(head, &facts, (exchange, asked), framing, spots, flow.as_ref());
        let lane = self.lane(way);
        if message.needs_head() {
            lane.buffer.clear();
            lane.buffer.extend_from_slice(raw);
        }
        lane.state = State::Body(Box::new(message));
        if framing.is_empty() {
            self.finish(way, out);
        }
    }

    fn body(&mut self, segment: Segment<'_>, out: &mut Output<'_>) -> usize {
        let way = segment.way;
        if self.is_next_message(segment) {
            self.finish(way, out);
            return 0;
        }
        let State::Body(message) = &mut self.lane(way).state else { return 0 };
        let step = message.framing.step(segment.bytes);
        message.grow(step.used as u64, segment.spot());
        message.bad_chunk |= step.end == StepEnd::BadChunk;
        if !step.payload.is_empty() {
            let before = step.used - step.payload.len();
            if message.payload(step.payload, segment.frame, segment.offset_of(before)) {
                self.prove_message(way, out);
            }
        }
        match step.end {
            StepEnd::Done => self.finish(way, out),
            StepEnd::Endless => {
                if let State::Body(message) = &mut self.lane(way).state {
                    message.give_up();
                }
                self.finish(way, out);
                self.lose_step(way);
                self.tell(Hole { way, loss: Loss::Limit, spot: segment.spot() }, out);
            }
            StepEnd::More | StepEnd::BadChunk => {}
        }
        step.used
    }

    /// Whether a segment starts the next message although the body before it has no end, lacks it or never came.
    fn is_next_message(&mut self, segment: Segment<'_>) -> bool {
        let expected = self.expected(segment.way);
        let another = expected == Some(Kind::Request) || self.pairing.has_waiting();
        let State::Body(message) = &mut self.lane(segment.way).state else { return false };
        let never_came = message.awaits_leave();
        let open = message.framing == Framing::UntilClose || message.framing.is_before_trailer();
        if !(open && another || never_came) {
            return false;
        }
        let next = look_closely(segment.bytes, expected).is_start();
        if next && never_came {
            message.stop(End::Closed);
        }
        next
    }

    /// The message being read this way showed to be IMPS by its body.
    fn prove_message(&mut self, way: Way, out: &mut Output<'_>) {
        let flow = self.prove(out);
        let lane = self.lane(way);
        let State::Body(message) = &mut lane.state else { return };
        message.prove(&lane.buffer, &flow);
        if message.kind == Kind::Request {
            let exchange = message.exchange;
            self.pairing.prove(exchange);
        }
    }

    /// Nothing more will tell whether the message being read this way is IMPS.
    pub(super) fn settle(&mut self, way: Way, out: &mut Output<'_>) {
        if let State::Body(message) = &mut self.lane(way).state
            && message.settle()
        {
            self.prove_message(way, out);
        }
    }

    /// The message being read this way is over: hands over its envelope.
    pub(super) fn finish(&mut self, way: Way, out: &mut Output<'_>) {
        self.settle(way, out);
        let lane = self.lane(way);
        let State::Body(mut message) = std::mem::replace(&mut lane.state, State::Between) else { return };
        let (kind, exchange, last) = (message.kind, message.exchange, message.last_frame());
        let request = message.asked.take().and_then(|asked| asked.draft);
        let check = request.as_ref().and_then(|request| message.check(request));
        let finished = message.finish(&lane.buffer);
        lane.clear();
        let draft = match finished {
            Finished::Imps(envelope) => {
                let request = request.and_then(|draft| draft.into_envelope(&envelope.flow, exchange));
                out.items.extend(request.map(Carried::Envelope));
                out.items.push(Carried::Envelope(envelope));
                None
            }
            Finished::Other(draft) => draft,
        };
        if let Some(check) = check {
            check.tell(&self.flow(out), out.items);
        }
        if kind == Kind::Request {
            self.pairing.complete(exchange, last, draft);
        }
    }

    /// Searches the next start line.
    fn resync(&mut self, segment: Segment<'_>) -> usize {
        let expected = self.expected(segment.way);
        let lane = self.lane(segment.way);
        let before = lane.buffer.len();
        if before > 0 {
            let line = memchr(b'\n', segment.bytes).map_or(segment.bytes.len(), |end| end + 1);
            let line = line.min(START_LINE_MAX + 1);
            lane.buffer.extend_from_slice(segment.bytes.get(..line).unwrap_or_default());
            match look_closely(&lane.buffer, expected) {
                Look::Start(_) => {
                    lane.buffer.truncate(before);
                    lane.state = State::Head;
                }
                Look::Unfinished => return self.search(line),
                Look::Other => lane.clear(),
            }
            return 0;
        }
        let rest = match resync::find(segment.bytes, segment.fresh, expected) {
            Found::Start(at) => {
                lane.state = State::Between;
                return self.search(at);
            }
            Found::Perhaps(at) => segment.bytes.get(at..).unwrap_or_default(),
            Found::Nothing => &[],
        };
        lane.from = segment.spot();
        lane.buffer.extend_from_slice(rest);
        self.search(segment.bytes.len())
    }

    /// Counts octets searched without success; of a flow without IMPS too many are enough.
    fn search(&mut self, octets: usize) -> usize {
        self.searched = self.searched.saturating_add(octets);
        self.over |= self.searched > PATIENCE && self.imps.is_none();
        octets
    }
}
