//! Judging: every rule that applies is shown what it wants to see, and what it says is collected.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::carrier::{Carrier, Wholeness};
use crate::csp::message::Message;
use crate::csp::namespace::Version;
use crate::finding::{Finding, Scene};
use crate::flow::Loss;
use crate::rules::{Check, Evidence, Page, PageError, Rule, Verdict};
use crate::session::{Doubt, Event, Session, Subscriber, Use};

/// The rules of a run with their pages read, parameters as configured.
#[derive(Debug, Default)]
pub struct Rulebook {
    entries: Vec<(Rule, Page)>,
    /// Places of the rules about messages, which are asked most often.
    about_messages: Vec<usize>,
}

/// What the rules said about something.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What was found, in the order of the rules' names.
    pub findings: Vec<Finding>,
    /// How often a rule could not judge, by rule and reason.
    pub doubts: BTreeMap<(&'static str, Doubt), u64>,
    /// Rules that panicked.
    pub panics: Vec<&'static str>,
}

impl Judgement {
    /// Takes in another judgement.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        for (key, count) in other.doubts {
            *self.doubts.entry(key).or_default() += count;
        }
        self.panics.extend(other.panics);
    }
}

impl Rulebook {
    /// A book of these rules.
    ///
    /// # Errors
    /// The name of the first rule whose page cannot be read, and why.
    pub fn new(rules: impl IntoIterator<Item = &'static Rule>) -> Result<Self, (&'static str, PageError)> {
        let read = |rule: &'static Rule| match Page::parse(rule.page) {
            Ok(page) => Ok((*rule, page)),
            Err(error) => Err((rule.name, error)),
        };
        let entries = rules.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let about_messages =
            entries.iter().enumerate().filter(|(_, (rule, _))| matches!(rule.check, Check::Message(_)));
        let about_messages = about_messages.map(|(place, _)| place).collect();
        Ok(Self { entries, about_messages })
    }

    /// The rules and their pages.
    pub fn entries(&self) -> &[(Rule, Page)] {
        &self.entries
    }

    /// What the rules about messages say of one.
    pub fn message(&self, message: &Message) -> Judgement {
        let mut judgement = Judgement::default();
        let scene = || Scene::message(message);
        let (version, carrier) = (message.version, message.envelope.carrier);
        let rules = self.about_messages.iter().filter_map(|place| self.entries.get(*place));
        for (rule, page) in rules {
            if let Check::Message(check) = rule.check
                && version.is_none_or(|v| page.speaks_of(v))
                && page.travels_by(carrier)
            {
                let untold = Untold { times: false, ..Untold::of(carrier, message.envelope.wholeness) };
                ask(&mut judgement, rule, page, untold, &scene, |verdict| check(message, verdict));
            }
        }
        judgement
    }

    /// What the rules about sessions and their transactions say of one.
    pub fn session(&self, session: &Session) -> Judgement {
        let mut judgement = Judgement::default();
        let scene = || Scene::session(session);
        let untold = Untold::of_events(session.carrier, &session.events);
        for (rule, page) in self.applying(session.version, Some(session.carrier)) {
            match rule.check {
                Check::Session(check) => ask(&mut judgement, rule, page, untold, &scene, |v| check(session, v)),
                Check::Transaction(check) => ask(&mut judgement, rule, page, untold, &scene, |v| {
                    for transaction in &session.transactions {
                        check(session, transaction, v);
                    }
                }),
                _ => {}
            }
        }
        judgement
    }

    /// What the rules about subscribers say of one.
    pub fn subscriber(&self, subscriber: &Subscriber) -> Judgement {
        let mut judgement = Judgement::default();
        for (rule, page) in self.applying(None, None) {
            if let Check::Subscriber(check) = rule.check {
                let untold = Untold::of_events(Carrier::Http, subscriber.attempts.iter().map(|a| &a.request));
                ask(&mut judgement, rule, page, untold, &Scene::default, |verdict| check(subscriber, verdict));
            }
        }
        judgement
    }

    /// What the rules about the uses of a client identity say of one.
    pub fn identity(&self, uses: &[Use]) -> Judgement {
        let mut judgement = Judgement::default();
        for (rule, page) in self.applying(None, None) {
            if let Check::Identity(check) = rule.check {
                let untold = Untold::of_events(Carrier::Http, uses.iter().map(|of| &of.login));
                ask(&mut judgement, rule, page, untold, &Scene::default, |verdict| check(uses, verdict));
            }
        }
        judgement
    }

    fn applying(&self, version: Option<Version>, carrier: Option<Carrier>) -> impl Iterator<Item = (&Rule, &Page)> {
        self.entries.iter().map(|(rule, page)| (rule, page)).filter(move |(_, page)| {
            version.is_none_or(|v| page.speaks_of(v)) && carrier.is_none_or(|c| page.travels_by(c))
        })
    }
}

/// What a log leaves out of what was said. A capture leaves out nothing.
#[derive(Clone, Copy, Debug)]
struct Untold {
    times: bool,
    writing: bool,
    head: bool,
}

impl Untold {
    fn of(carrier: Carrier, whole: Wholeness) -> Self {
        let writing = matches!(whole, Wholeness::Retold | Wholeness::Lost(Loss::Log));
        Self { times: false, writing, head: carrier == Carrier::Log }
    }

    fn of_events<'e>(carrier: Carrier, events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().fold(Self::of(carrier, Wholeness::Complete), |all, event| {
            let this = Self::of(carrier, event.whole);
            Self { times: all.times || event.start.is_order(), writing: all.writing || this.writing, head: all.head }
        })
    }

    /// Why a rule of this page cannot be believed.
    fn doubt(self, page: &Page) -> Option<Doubt> {
        let reasons = [
            (self.times, Evidence::Times, Doubt::Untimed),
            (self.writing, Evidence::Writing, Doubt::Retold),
            (self.head, Evidence::Head, Doubt::Headless),
        ];
        let mut missed = reasons.into_iter().filter(|(untold, needed, _)| *untold && page.evidence.contains(needed));
        missed.next().map(|(_, _, doubt)| doubt)
    }
}

/// Puts something before a rule. A rule that panics is noted, and the run goes on; what it finds is a doubt where it
/// rests on what was not told.
fn ask<'r>(
    judgement: &mut Judgement,
    rule: &Rule,
    page: &'r Page,
    untold: Untold,
    scene: &'r dyn Fn() -> Scene,
    check: impl FnOnce(&mut Verdict<'r>),
) {
    let said = catch_unwind(AssertUnwindSafe(|| {
        let mut verdict = Verdict::new(rule.name, page, scene);
        check(&mut verdict);
        verdict.into_parts()
    }));
    match said {
        Ok((findings, mut doubts)) => {
            match untold.doubt(page) {
                None => judgement.findings.extend(findings),
                Some(doubt) => doubts.extend(findings.iter().map(|_| doubt)),
            }
            for doubt in doubts {
                *judgement.doubts.entry((rule.name, doubt)).or_default() += 1;
            }
        }
        Err(_) => judgement.panics.push(rule.name),
    }
}
