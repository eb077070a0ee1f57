//! Metering: how long stages and rules take, for runs that are asked for it.
//!
//! A look at the clock costs about as much as a quick rule about a message. So of messages one in [`EVERY`] is measured
//! stage by stage, another one rule by rule, and both count for all of them; windows, and sessions with the rules about
//! them, are measured each. What the clock itself takes is taken off. Metered runs use one thread.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::report::{RuleTime, Timings};
use crate::rules::Rule;

/// Of so many messages one is measured by stages, and one by rules.
pub(super) const EVERY: u64 = 16;

/// A stage of a run, as it is metered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Octets of files to frames.
    Capture,
    /// Frames to flows.
    Flow,
    /// Streams, TLS and HTTP; what is done with each message comes off.
    Carrier,
    /// Payloads to messages.
    Csp,
    /// What is remembered of a message.
    Heard,
    /// The rules about messages.
    MessageRules,
    /// Messages to sessions.
    Session,
    /// Sessions that are over, unpacked and shown to the rules about them and about subscribers.
    SessionRules,
}

impl Stage {
    /// Every stage and its name, in order.
    const ALL: [(Self, &'static str); 8] = [
        (Self::Capture, "capture"),
        (Self::Flow, "flow"),
        (Self::Carrier, "carrier"),
        (Self::Csp, "csp"),
        (Self::Heard, "remembering"),
        (Self::MessageRules, "rules about messages"),
        (Self::Session, "session"),
        (Self::SessionRules, "rules about sessions"),
    ];
}

/// Time that was measured.
#[derive(Debug, Default)]
struct Lap {
    nanoseconds: AtomicU64,
    times: AtomicU64,
}

impl Lap {
    fn add(&self, nanoseconds: u64, times: u64) {
        self.nanoseconds.fetch_add(nanoseconds * times, Relaxed);
        self.times.fetch_add(times, Relaxed);
    }

    fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Relaxed))
    }
}

/// What measures a run.
#[derive(Debug)]
pub(super) struct Meter {
    stages: [Lap; Stage::ALL.len()],
    rules: Vec<Lap>,
    total: Lap,
    messages: AtomicU64,
    /// What a look at the clock takes.
    look: u64,
}

/// What of a message is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Stages,
    Rules,
    Nothing,
}

impl Meter {
    /// A meter for a book of so many rules.
    pub(super) fn new(rules: usize) -> Self {
        let looks = (0..64).map(|_| Instant::now().elapsed().as_nanos() as u64);
        Self {
            stages: Default::default(),
            rules: (0..rules).map(|_| Lap::default()).collect(),
            total: Lap::default(),
            messages: AtomicU64::new(0),
            look: looks.min().unwrap_or(0),
        }
    }

    fn measure<T>(&self, lap: Option<&Lap>, times: u64, what: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let came = what();
        let took = began.elapsed().as_nanos() as u64;
        lap.into_iter().for_each(|lap| lap.add(took.saturating_sub(self.look), times));
        came
    }

    /// The next message comes.
    fn turn_to_next(&self) {
        self.messages.fetch_add(1, Relaxed);
    }

    fn turn(&self) -> Turn {
        match self.messages.load(Relaxed) % EVERY {
            1 => Turn::Stages,
            n if n == 1 + EVERY / 2 => Turn::Rules,
            _ => Turn::Nothing,
        }
    }

    /// What came of it. Rules that are not in the book are told as not run.
    pub(super) fn timings<'r>(
        &self,
        book: impl Iterator<Item = &'static str>,
        all: impl Iterator<Item = &'r Rule>,
    ) -> Timings {
        let mut stages: Vec<(&'static str, Duration)> =
            Stage::ALL.iter().zip(&self.stages).map(|((_, name), lap)| (*name, lap.time())).collect();
        let time = |stage: Stage| self.stages.get(stage as usize).map(Lap::time).unwrap_or_default();
        // Messages are worked on where their stream is read.
        let within = time(Stage::Csp) + time(Stage::Heard) + time(Stage::MessageRules);
        let carrier = stages.iter_mut().find(|(name, _)| *name == "carrier");
        carrier.into_iter().for_each(|(_, time)| *time = time.saturating_sub(within));
        let mut rules: Vec<RuleTime> = book
            .zip(&self.rules)
            .map(|(rule, lap)| RuleTime { rule, asked: Some(lap.times.load(Relaxed)), time: lap.time() })
            .collect();
        for rule in all {
            if !rules.iter().any(|known| known.rule == rule.name) {
                rules.push(RuleTime { rule: rule.name, asked: None, time: Duration::ZERO });
            }
        }
        rules.sort_by(|a, b| b.time.cmp(&a.time).then(a.rule.cmp(b.rule)));
        Timings { total: self.total.time(), stages, rules }
    }
}

/// A run that may be metered: without a meter, what is to be measured is done and nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metered<'m>(pub(super) Option<&'m Meter>);

impl Metered<'_> {
    /// A run that is not metered.
    pub(super) const NOT: Self = Self(None);

    /// Does what is part of a stage.
    #[inline]
    pub(super) fn stage<T>(self, stage: Stage, what: impl FnOnce() -> T) -> T {
        match self.0 {
            None => what(),
            Some(meter) => meter.measure(meter.stages.get(stage as usize), 1, what),
        }
    }

    /// What is part of a stage begins.
    pub(super) fn begin(self) -> Option<Instant> {
        self.0.map(|_| Instant::now())
    }

    /// What is part of a stage, and began then, is done.
    pub(super) fn end(self, stage: Stage, began: Option<Instant>) {
        if let Some((meter, began)) = self.0.zip(began) {
            let took = began.elapsed().as_nanos() as u64;
            meter.stages.get(stage as usize).into_iter().for_each(|lap| lap.add(took.saturating_sub(meter.look), 1));
        }
    }

    /// Does what is part of a stage of which some messages are measured.
    #[inline]
    pub(super) fn sample<T>(self, stage: Stage, what: impl FnOnce() -> T) -> T {
        match self.0.filter(|meter| meter.turn() == Turn::Stages) {
            None => what(),
            Some(meter) => meter.measure(meter.stages.get(stage as usize), EVERY, what),
        }
    }

    /// Does a whole run.
    pub(super) fn whole<T>(self, what: impl FnOnce() -> T) -> T {
        match self.0 {
            None => what(),
            Some(meter) => meter.measure(Some(&meter.total), 1, what),
        }
    }

    /// Turns to the next message.
    #[inline]
    pub(super) fn next(self) {
        if let Some(meter) = self.0 {
            meter.turn_to_next();
        }
    }
}

/// Rules being asked, metered or not; with how often a measured one counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'m>(Option<&'m Meter>, u64);

impl<'m> Metered<'m> {
    /// The rules about a message are asked, of which some are measured.
    #[inline]
    pub(super) fn of_message(self) -> Asking<'m> {
        Asking(self.0.filter(|meter| meter.turn() == Turn::Rules), EVERY)
    }

    /// Rules about something else are asked.
    pub(super) fn of_others(self) -> Asking<'m> {
        Asking(self.0, 1)
    }
}

impl Asking<'_> {
    /// Asks the rule at this place of the book.
    #[inline]
    pub(super) fn rule<T>(self, place: usize, ask: impl FnOnce() -> T) -> T {
        match self.0 {
            None => ask(),
            Some(meter) => meter.measure(meter.rules.get(place), self.1, ask),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    fn slow(milliseconds: u64) {
        sleep(Duration::from_millis(milliseconds));
    }

    #[test]
    fn some_messages_count_for_all_and_not_by_stages_and_rules_at_once() {
        let meter = Meter::new(2);
        let metered = Metered(Some(&meter));
        for _ in 0..2 * EVERY {
            metered.next();
            metered.sample(Stage::Csp, || metered.of_message().rule(1, || ()));
        }
        metered.of_others().rule(0, || ());
        let times = |lap: &Lap| lap.times.load(Relaxed);
        assert_eq!(times(&meter.stages[Stage::Csp as usize]), 2 * EVERY);
        assert_eq!((times(&meter.rules[0]), times(&meter.rules[1])), (1, 2 * EVERY));
    }

    #[test]
    fn what_is_done_with_messages_comes_off_their_stream_and_rules_left_out_are_told() {
        let meter = Meter::new(1);
        let metered = Metered(Some(&meter));
        metered.next();
        metered.whole(|| metered.stage(Stage::Carrier, || metered.sample(Stage::Csp, || slow(2))));
        let rules: Vec<&Rule> = crate::rules::all().take(2).collect();
        let timings = meter.timings(std::iter::once(rules[1].name), rules.iter().copied());
        let of = |name: &str| timings.stages.iter().find(|(stage, _)| *stage == name).unwrap().1;
        // Two milliseconds, counted for sixteen messages, are more than the stream took.
        assert!(of("csp") >= Duration::from_millis(2 * EVERY) && of("carrier") == Duration::ZERO);
        assert!(timings.total >= Duration::from_millis(2));
        let asked: Vec<_> = timings.rules.iter().map(|r| (r.rule, r.asked)).collect();
        assert_eq!(asked, [(rules[0].name, None), (rules[1].name, Some(0))]);
    }

    #[test]
    fn without_a_meter_things_are_done_all_the_same() {
        let metered = Metered(None);
        metered.next();
        assert_eq!(metered.whole(|| metered.stage(Stage::Flow, || metered.of_message().rule(7, || 5))), 5);
    }
}
