//! Which answer belongs to which request, also where some of them are missing.
//!
//! As long as nothing is missing answers come in the order of their requests. Where octets are missing, requests or
//! answers may have been swallowed, and counting would pair all that follows wrongly. Then time decides: of a client
//! that waits for an answer before it asks again, an answer belongs to the last request that was complete before the
//! answer started. Of a client that does not wait, and wherever the right request may be a swallowed one, an answer
//! gets an exchange of its own.

use std::collections::VecDeque;

use super::head::Kind;
use super::message::Draft;
use crate::wire::FrameNo;

/// Requests of a flow that may wait for their answers. Answers to more are not attributed.
pub const WAITING_MAX: usize = 32;
/// A client is taken for one that waits for each answer where at most one answer in so many came after its next request
/// had started: captures swap neighbouring frames now and then.
const OVERLAP_SHARE: u32 = 4;
/// Octets of heads of waiting requests that are kept for the case that the answer proves to be IMPS.
pub const WAITING_HEADS_MAX: usize = 32 * 1024;

/// What a method says of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    /// The answer has no body.
    Head,
    /// There is nothing to ask with.
    Get,
    /// A good answer opens a tunnel.
    Connect,
    /// Nothing.
    Other,
}

impl Method {
    /// The method of this name.
    pub(super) fn of(word: &[u8]) -> Self {
        match word {
            b"HEAD" => Self::Head,
            b"GET" => Self::Get,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Whether it asks without a body: then a media type says nothing where there is no body either.
    pub(super) fn asks_for_nothing(self) -> bool {
        matches!(self, Self::Head | Self::Get)
    }
}

/// A request that waits for its answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Asked {
    pub(super) exchange: u32,
    pub(super) method: Method,
    pub(super) imps: bool,
    /// The request, where it is not IMPS by itself.
    pub(super) draft: Option<Box<Draft>>,
    first: FrameNo,
    /// The last frame, once the request is complete.
    last: Option<FrameNo>,
    /// Whether requests before this one may have been swallowed.
    after_gap: bool,
}

/// What an answer belongs to.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Attribution {
    pub(super) exchange: u32,
    /// The request; `None` where it was not seen or cannot be told.
    pub(super) request: Option<Asked>,
    /// Whether every request it may belong to is IMPS.
    pub(super) imps: bool,
}

/// The requests of a flow that wait for their answers.
pub(super) struct Pairing {
    waiting: VecDeque<Asked>,
    /// Exchanges counted.
    count: u32,
    /// Requests that wait beyond the limit, after all that are in the list.
    unkept: u32,
    heads_kept: usize,
    /// Whether requests may have been swallowed since the last one.
    requests_missing: bool,
    /// Whether answers may have been swallowed since the last one that was attributed.
    answers_missing: bool,
    /// Answers attributed by order, and those of them that came after a further request had started.
    answered: u32,
    overlapped: u32,
}

impl Pairing {
    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.heads_kept + self.waiting.len() * size_of::<Asked>()
    }

    /// Of a flow whose opening was seen or was not.
    pub(super) fn new(opening_seen: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            count: 0,
            unkept: 0,
            heads_kept: 0,
            requests_missing: !opening_seen,
            answers_missing: false,
            answered: 0,
            overlapped: 0,
        }
    }

    /// Whether an answer seen now answers nothing although nothing is known to be missing.
    pub(super) fn is_unasked(&self) -> bool {
        self.waiting.is_empty() && self.is_ahead()
    }

    /// Whether the request numbered last is the first that waits beyond the limit.
    pub(super) fn has_just_overflown(&self) -> bool {
        self.unkept == 1
    }

    /// Numbers a request whose head starts in `first`.
    pub(super) fn ask(&mut self, method: Method, imps: bool, first: FrameNo) -> u32 {
        self.count = self.count.saturating_add(1);
        if self.unkept > 0 && (self.requests_missing || self.answers_missing) {
            self.waiting.clear();
            self.heads_kept = 0;
            self.unkept = 0;
            // With so many unanswered, nobody can say that this client waits for answers.
            self.overlapped = u32::MAX;
        }
        if self.unkept > 0 || self.waiting.len() >= WAITING_MAX {
            self.unkept = self.unkept.saturating_add(1);
        } else {
            let after_gap = std::mem::take(&mut self.requests_missing);
            let exchange = self.count;
            self.waiting.push_back(Asked { exchange, method, imps, draft: None, first, last: None, after_gap });
        }
        self.count
    }

    /// The request of this number proves to be IMPS.
    pub(super) fn prove(&mut self, exchange: u32) {
        if let Some(asked) = self.latest(exchange) {
            asked.imps = true;
        }
    }

    /// The request of this number is complete with `last`; `draft` is kept for its answer where there is room.
    pub(super) fn complete(&mut self, exchange: u32, last: FrameNo, draft: Option<Draft>) {
        let room = WAITING_HEADS_MAX.saturating_sub(self.heads_kept);
        if let Some(asked) = self.latest(exchange) {
            asked.last = Some(last);
            asked.draft = draft.filter(|draft| draft.head.len() <= room).map(Box::new);
            self.heads_kept += asked.kept();
        }
    }

    fn latest(&mut self, exchange: u32) -> Option<&mut Asked> {
        self.waiting.back_mut().filter(|asked| asked.exchange == exchange)
    }

    /// Whether a request is complete and waits.
    pub(super) fn has_waiting(&self) -> bool {
        self.waiting.front().is_some_and(|asked| asked.last.is_some())
    }

    /// Whether an answer seen now must have been captured before its request: its request is yet to come whole.
    pub(super) fn is_ahead(&self) -> bool {
        match self.waiting.front() {
            Some(asked) => asked.last.is_none(),
            None => !self.requests_missing && !self.answers_missing && self.unkept == 0,
        }
    }

    /// Messages of this kind may have been swallowed.
    pub(super) fn missing(&mut self, kind: Kind) {
        match kind {
            Kind::Request => self.requests_missing = true,
            Kind::Answer => self.answers_missing = true,
        }
    }

    /// Attributes a final answer whose head starts in `first`.
    pub(super) fn answer(&mut self, first: FrameNo) -> Attribution {
        let in_order = !self.answers_missing && self.waiting.front().is_some_and(|asked| !asked.after_gap);
        let (request, imps) = if in_order {
            self.answered = self.answered.saturating_add(1);
            let overlaps = self.waiting.get(1).is_some_and(|next| next.first < first);
            self.overlapped = self.overlapped.saturating_add(u32::from(overlaps));
            (self.pop(), false)
        } else {
            let imps = !self.waiting.is_empty() && self.waiting.iter().all(|asked| asked.imps);
            let waits = self.overlapped.saturating_mul(OVERLAP_SHARE) <= self.answered;
            (if waits { self.by_time(first) } else { None }, imps)
        };
        match request {
            Some(asked) => Attribution { exchange: asked.exchange, imps: asked.imps, request: Some(asked) },
            None => {
                if self.waiting.is_empty() {
                    self.unkept = self.unkept.saturating_sub(1);
                }
                self.count = self.count.saturating_add(1);
                Attribution { exchange: self.count, request: None, imps }
            }
        }
    }

    /// The last request that was complete before the answer started, unless one after it may have been swallowed.
    /// Those before it are given up: their answers are missing.
    fn by_time(&mut self, first: FrameNo) -> Option<Asked> {
        let before = self.waiting.iter().take_while(|asked| asked.last.is_some_and(|last| last < first)).count();
        for _ in 1..before {
            self.pop();
        }
        let asked = if before > 0 { self.pop() } else { None };
        let gap_after = self.waiting.front().map_or(self.requests_missing, |next| next.after_gap);
        asked.filter(|_| !gap_after && self.unkept == 0).inspect(|_| self.answers_missing = false)
    }

    fn pop(&mut self) -> Option<Asked> {
        let asked = self.waiting.pop_front()?;
        self.heads_kept -= asked.kept();
        Some(asked)
    }
}

impl Asked {
    fn kept(&self) -> usize {
        self.draft.as_ref().map_or(0, |draft| draft.head.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks in `first` to `last` of frames.
    fn ask(pairing: &mut Pairing, first: u64, last: u64) -> u32 {
        let exchange = pairing.ask(Method::Other, true, FrameNo(first));
        pairing.complete(exchange, FrameNo(last), None);
        exchange
    }

    /// Exchange of an answer, and whether it is that of a request.
    fn answer(pairing: &mut Pairing, first: u64) -> (u32, bool) {
        let answer = pairing.answer(FrameNo(first));
        (answer.exchange, answer.request.is_some())
    }

    #[test]
    fn answers_come_in_the_order_of_requests() {
        let mut p = Pairing::new(true);
        assert_eq!((ask(&mut p, 1, 1), ask(&mut p, 1, 2), ask(&mut p, 3, 3)), (1, 2, 3));
        assert_eq!((answer(&mut p, 4), answer(&mut p, 4), answer(&mut p, 5)), ((1, true), (2, true), (3, true)));
        assert_eq!(answer(&mut p, 6), (4, false));
    }

    #[test]
    fn a_swallowed_answer_shifts_nothing() {
        let mut p = Pairing::new(true);
        ask(&mut p, 1, 1);
        ask(&mut p, 3, 3);
        ask(&mut p, 5, 5);
        p.missing(Kind::Answer);
        // The answer in frame 2 is missing; those in 4 and 6 come late, all at once.
        assert_eq!((answer(&mut p, 4), answer(&mut p, 6)), ((2, true), (3, true)));
    }

    #[test]
    fn a_swallowed_request_shifts_nothing() {
        let mut p = Pairing::new(true);
        ask(&mut p, 1, 1);
        p.missing(Kind::Request);
        assert_eq!(answer(&mut p, 2), (1, true));
        assert_eq!(answer(&mut p, 4), (2, false));
        ask(&mut p, 5, 5);
        assert_eq!(answer(&mut p, 6), (3, true));
    }

    #[test]
    fn where_both_are_missing_the_answer_stands_alone() {
        let mut p = Pairing::new(true);
        ask(&mut p, 1, 1);
        p.missing(Kind::Answer);
        p.missing(Kind::Request);
        assert_eq!(answer(&mut p, 4), (2, false));
    }

    #[test]
    fn an_answer_before_the_end_of_a_request_is_not_its_answer() {
        let mut p = Pairing::new(false);
        ask(&mut p, 2, 4);
        assert_eq!(answer(&mut p, 3), (2, false));
        assert_eq!(answer(&mut p, 5), (1, true));
    }

    #[test]
    fn of_a_pipelining_client_nothing_is_guessed() {
        let mut p = Pairing::new(true);
        ask(&mut p, 1, 1);
        ask(&mut p, 2, 2);
        assert_eq!((answer(&mut p, 3), answer(&mut p, 4)), ((1, true), (2, true)));
        p.missing(Kind::Request);
        ask(&mut p, 6, 6);
        let alone = p.answer(FrameNo(7));
        assert!(alone.request.is_none() && alone.imps);
    }

    #[test]
    fn requests_beyond_the_limit_keep_the_count_right() {
        let mut p = Pairing::new(true);
        let asked = WAITING_MAX as u32 + 2;
        for n in 1..=asked {
            assert_eq!(ask(&mut p, 1, 1), n);
        }
        assert_eq!(p.waiting.len(), WAITING_MAX);
        for n in 1..=WAITING_MAX as u32 {
            assert_eq!(answer(&mut p, 2), (n, true));
        }
        assert_eq!((answer(&mut p, 2), answer(&mut p, 2)), ((asked + 1, false), (asked + 2, false)));
        assert_eq!(ask(&mut p, 3, 3), asked + 3);
        assert_eq!(answer(&mut p, 4), (asked + 3, true));
    }

    #[test]
    fn requests_beyond_the_limit_and_a_gap_leave_nothing_to_pair() {
        for missing in [Kind::Request, Kind::Answer] {
            let mut p = Pairing::new(true);
            (0..=WAITING_MAX).for_each(|_| assert!(ask(&mut p, 1, 1) > 0));
            p.missing(missing);
            ask(&mut p, 2, 2);
            assert_eq!(p.waiting.len(), 1);
            assert_eq!(answer(&mut p, 3), (WAITING_MAX as u32 + 3, false));
        }
    }

    #[test]
    fn heads_are_kept_within_the_limit() {
        let mut p = Pairing::new(true);
        for _ in 0..3 {
            let exchange = p.ask(Method::Other, false, FrameNo(1));
            let mut draft = Draft::default();
            draft.head = vec![b'a'; WAITING_HEADS_MAX / 2];
            p.complete(exchange, FrameNo(1), Some(draft));
        }
        let kept: Vec<_> = (0..3).map(|_| p.answer(FrameNo(2)).request.unwrap().draft.is_some()).collect();
        assert_eq!(kept, [true, true, false]);
        assert_eq!(p.heads_kept, 0);
    }
}
