//! Judging: every rule that applies is shown what it wants to see, and what it says is collected.
//!
//! What is shown is looked at once, for all rules: which elements or primitives it holds, and whether anything about it
//! is odd. That leaves of the rules those that want to see it; the others are not called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::meter::{Meter, Metered};
use super::shapes::Shapes;
use super::untold::Untold;
use crate::carrier::Carrier;
use crate::config::Policy;
use crate::csp::message::{Kind, Message};
use crate::csp::model::NAMES;
use crate::csp::name::canonical;
use crate::csp::namespace::Version;
use crate::finding::Scene;
use crate::report::Timings;
use crate::rules::{self, Check, Detail, Found, Page, PageError, Rule, Verdict};
use crate::session::{Doubt, Session, Spoken, Subscriber, Use};
use crate::syntax::{AnomalyKind, NameId};

/// The rules of a run with their pages read, parameters as configured.
#[derive(Debug, Default)]
pub struct Rulebook {
    entries: Vec<(Rule, Page)>,
    messages: Register,
    sessions: Register,
    others: Register,
    shapes: Shapes,
    meter: Option<Meter>,
    policy: Policy,
}

/// What the rules said about something.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What was found, in the order of the rules' names.
    pub found: Vec<Found>,
    /// Why a rule could not judge, each time.
    pub doubts: Vec<(&'static str, Doubt)>,
    /// Rules that panicked.
    pub panics: Vec<&'static str>,
}

impl Judgement {
    /// Itself, unless nothing was said.
    pub fn said(self) -> Option<Self> {
        let silent = self.found.is_empty() && self.doubts.is_empty() && self.panics.is_empty();
        (!silent).then_some(self)
    }
}

/// Traits of what is judged, or wanted by a rule: a bit each, [`ANY`] always among them.
pub(super) type Traits = u128;

const ANY: Traits = 1;
/// A message has anomalies.
const ANOMALOUS: Traits = 1 << 1;
/// A message is not as the content model has it, or it cannot be told.
const ODD: Traits = 1 << 2;
/// The number of the first bit that stands for names.
const FIRST_NAME: u8 = 3;
/// The number of the last one; names beyond share it.
const LAST_NAME: u8 = 127;

/// Which rules about one sort of thing want to see what.
#[derive(Debug, Default)]
struct Register {
    rules: Vec<Wanting>,
    /// The number of the bit of each name that a rule wants, by the number of the name; that of [`ANY`] for the others.
    bits: Vec<u8>,
}

/// What a rule wants to see.
#[derive(Clone, Copy, Debug)]
struct Wanting {
    /// Any of these.
    traits: Traits,
    /// Manners, as [`manners`] numbers them.
    manners: u32,
    /// Its place in the book.
    place: usize,
}

/// The bits of a version and a carrier, those of all where it is not known.
fn manners(version: Option<Version>, carrier: Option<Carrier>) -> u32 {
    let carriers = Carrier::ALL.into_iter().enumerate().filter(|(_, c)| carrier.is_none_or(|carrier| carrier == *c));
    let versions = version.map_or(0xff, |version| 1 << version as u32);
    carriers.fold(0, |all, (number, _)| all | versions << (8 * number))
}

impl Register {
    fn new(entries: &[(Rule, Page)], about: impl Fn(&Check) -> Option<(Traits, &'static [NameId])>) -> Self {
        let mut register = Self { rules: Vec::new(), bits: Vec::new() };
        let mut next = FIRST_NAME;
        for (place, (rule, page)) in entries.iter().enumerate() {
            let Some((mut traits, names)) = about(&rule.check) else { continue };
            register.bits.resize(if names.is_empty() { register.bits.len() } else { NAMES }, 0);
            for name in names {
                let Some(bit) = register.bits.get_mut(usize::from(name.0)) else { continue };
                if *bit == 0 {
                    (*bit, next) = (next, (next + 1).min(LAST_NAME));
                }
                traits |= 1 << *bit;
            }
            let versions = page.versions.iter().map(|version| manners(Some(*version), None));
            let carriers = Carrier::ALL.into_iter().filter(|c| page.travels_by(*c)).map(|c| manners(None, Some(c)));
            let manners = versions.fold(0, |a, b| a | b) & carriers.fold(0, |a, b| a | b);
            register.rules.push(Wanting { traits, manners, place });
        }
        // Other spellings count as the name they stand for.
        for spelling in 0..register.bits.len() {
            let usual = usize::from(canonical(NameId(spelling as u16)).0);
            if let Some(bit) = register.bits.get(usual).copied() {
                register.bits.get_mut(spelling).into_iter().for_each(|own| *own = bit);
            }
        }
        register
    }

    /// The trait of a name.
    #[inline]
    fn named(&self, name: NameId) -> Traits {
        1 << self.bits.get(usize::from(name.0)).map_or(0, |bit| bit & LAST_NAME)
    }
}

impl Rulebook {
    /// A book of these rules.
    ///
    /// # Errors
    /// The name of the first rule whose page cannot be read, and why.
    pub fn new(rules: impl IntoIterator<Item = &'static Rule>) -> Result<Self, (&'static str, PageError)> {
        Self::with_policy(rules, Policy::default())
    }

    /// A book of those of these rules that a policy selects, as it wants them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_policy(
        rules: impl IntoIterator<Item = &'static Rule>,
        mut policy: Policy,
    ) -> Result<Self, (&'static str, PageError)> {
        let mut read = |rule: &'static Rule| match Page::parse(rule.page) {
            Ok(page) => Ok(policy.page(rule, page).map(|page| (*rule, page))),
            Err(error) => Err((rule.name, error)),
        };
        let entries = rules.into_iter().filter_map(|rule| read(rule).transpose()).collect::<Result<Vec<_>, _>>()?;
        let messages = Register::new(&entries, |check| match check {
            Check::Message(_) => Some((ANY, &[])),
            Check::MessageWith(names, _) => Some((0, names)),
            Check::Writing(_) => Some((ANOMALOUS, &[])),
            Check::Structure(_) => Some((ODD, &[])),
            _ => None,
        });
        let sessions = Register::new(&entries, |check| match check {
            Check::Session(_) | Check::Transaction(_) => Some((ANY, &[])),
            Check::SessionWith(names, _) | Check::TransactionOf(names, _) => Some((0, names)),
            _ => None,
        });
        let others = Register::new(&entries, |check| match check {
            Check::Subscriber(_) | Check::Identity(_) => Some((ANY, &[])),
            _ => None,
        });
        Ok(Self { entries, messages, sessions, others, shapes: Shapes::default(), meter: None, policy })
    }

    /// With a meter that measures how long rules take, and what else is asked of it.
    pub fn metered(mut self) -> Self {
        self.meter = Some(Meter::new(self.entries.len()));
        self
    }

    /// What is measured with its meter, if it has one.
    pub(super) fn meter(&self) -> Metered<'_> {
        Metered(self.meter.as_ref())
    }

    /// How long stages and rules took; `None` without a meter.
    pub fn timings(&self) -> Option<Timings> {
        let book = self.entries.iter().map(|(rule, _)| rule.name);
        Some(self.meter.as_ref()?.timings(book, rules::all()))
    }

    /// Which findings are told.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The rules and their pages.
    pub fn entries(&self) -> &[(Rule, Page)] {
        &self.entries
    }

    /// What the rules about messages say of one.
    pub fn message(&self, message: &Message, detail: Detail) -> Judgement {
        let fresh;
        let trait_of = |name| self.messages.named(name);
        let known = match self.shapes.known(message.version, &message.document, ANY, trait_of) {
            Ok(known) => known,
            Err(new) => {
                fresh = new;
                &fresh
            }
        };
        let structure = match is_judged(message) {
            Ok(true) => Ok(known.shape.oddities(&message.document)),
            Ok(false) => Ok(Vec::new()),
            Err(doubt) => Err(doubt),
        };
        let odd = structure.as_ref().map_or(true, |odd| !odd.is_empty());
        let mut traits = known.traits;
        traits |= if odd { ODD } else { 0 } | if message.anomalies.is_empty() { 0 } else { ANOMALOUS };
        let manners = manners(message.version, Some(message.envelope.carrier));
        let scene = || Scene::message(message);
        let untold = Untold::of(message.envelope.carrier, message.envelope.wholeness);
        self.ask(&self.messages, (traits, manners), untold, &scene, detail, |check, verdict| {
            match (check, &structure) {
                (Check::Message(check) | Check::MessageWith(_, check) | Check::Writing(check), _) => {
                    check(message, verdict)
                }
                (Check::Structure(check), Ok(oddities)) => check(message, oddities, verdict),
                (Check::Structure(_), Err(doubt)) => verdict.doubt(*doubt),
                _ => {}
            }
        })
    }

    /// What the rules about sessions and their transactions say of one.
    pub fn session(&self, session: &Session) -> Judgement {
        let said = session.events.iter().filter_map(|event| event.spoken());
        let traits = said.fold(ANY, |traits, spoken: &Spoken| traits | self.sessions.named(spoken.name));
        let manners = manners(session.version, Some(session.carrier));
        let scene = || Scene::session(session);
        let untold = Untold::of_events(session.carrier, &session.events);
        self.ask(&self.sessions, (traits, manners), untold, &scene, Detail::Once, |check, verdict| match check {
            Check::Session(check) | Check::SessionWith(_, check) => check(session, verdict),
            Check::Transaction(check) => session.transactions.iter().for_each(|t| check(session, t, verdict)),
            Check::TransactionOf(names, check) => {
                let wanted = session.transactions.iter().filter(|t| names.contains(&t.name));
                wanted.for_each(|t| check(session, t, verdict));
            }
            _ => {}
        })
    }

    /// What the rules about subscribers say of one.
    pub fn subscriber(&self, subscriber: &Subscriber) -> Judgement {
        let untold = Untold::of_events(Carrier::Http, subscriber.attempts.iter().map(|a| &a.request));
        self.ask(&self.others, (ANY, manners(None, None)), untold, &Scene::default, Detail::Full, |check, verdict| {
            if let Check::Subscriber(check) = check {
                check(subscriber, verdict);
            }
        })
    }

    /// What the rules about the uses of a client identity say of one.
    pub fn identity(&self, uses: &[Use]) -> Judgement {
        let untold = Untold::of_events(Carrier::Http, uses.iter().map(|of| &of.login));
        self.ask(&self.others, (ANY, manners(None, None)), untold, &Scene::default, Detail::Full, |check, verdict| {
            if let Check::Identity(check) = check {
                check(uses, verdict);
            }
        })
    }

    /// Asks the rules of a register that want to see something of these traits and manners. What a rule finds that rests
    /// on what was not told is a doubt. Rules that panic are noted, and the others heard.
    fn ask(
        &self,
        register: &Register,
        (traits, manners): (Traits, u32),
        untold: Untold,
        scene: &dyn Fn() -> Scene,
        detail: Detail,
        show: impl Fn(Check, &mut Verdict<'_>),
    ) -> Judgement {
        // What is asked briefly is asked of every message.
        let meter = self.meter();
        let asking = if detail == Detail::Brief { meter.of_message() } else { meter.of_others() };
        let wanting = register.rules.iter().filter(|rule| rule.traits & traits != 0 && rule.manners & manners != 0);
        let asked = wanting.filter_map(|rule| Some((rule.place, self.entries.get(rule.place)?)));
        let say = |rules: &mut dyn Iterator<Item = (usize, &(Rule, Page))>| {
            let mut rules = rules.peekable();
            let Some((_, (first, page))) = rules.peek() else { return Judgement::default() };
            let mut verdict = Verdict::new(first.name, page, scene, detail);
            let mut unbelieved = Vec::new();
            for (place, (rule, page)) in rules {
                if let Some(doubt) = untold.doubt(page) {
                    let mut verdict = Verdict::new(rule.name, page, scene, detail);
                    asking.rule(place, || show(rule.check, &mut verdict));
                    let (found, doubts) = verdict.into_parts();
                    unbelieved.extend(doubts.into_iter().chain(found.iter().map(|_| (rule.name, doubt))));
                    continue;
                }
                verdict.turn_to(rule.name, page);
                asking.rule(place, || show(rule.check, &mut verdict));
            }
            let (found, mut doubts) = verdict.into_parts();
            doubts.append(&mut unbelieved);
            Judgement { found, doubts, panics: Vec::new() }
        };
        if let Ok(said) = catch_unwind(AssertUnwindSafe(|| say(&mut asked.clone()))) {
            return said;
        }
        // One of them panicked: which one shows when each is asked alone.
        let mut judgement = Judgement::default();
        for entry in asked {
            match catch_unwind(AssertUnwindSafe(|| say(&mut std::iter::once(entry)))) {
                Ok(said) => {
                    judgement.found.extend(said.found);
                    judgement.doubts.extend(said.doubts);
                }
                Err(_) => judgement.panics.push(entry.1.0.name),
            }
        }
        judgement
    }
}

/// Whether a message is held against the content model of its version: not where it is not CSP, of no certain version,
/// or was not understood from end to end, since then other rules speak; nor, with a doubt, where it is not whole.
fn is_judged(message: &Message) -> Result<bool, Doubt> {
    if message.version.is_none() || message.kind != Kind::Csp {
        return Ok(false);
    }
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        return Err(doubt);
    }
    if message.anomalies.iter().any(|a| a.kind.is_limit()) {
        return Err(Doubt::Limit);
    }
    let understood = |kind| {
        matches!(kind, AnomalyKind::InvalidOpaque | AnomalyKind::UnknownValueToken | AnomalyKind::UnknownExtension)
    };
    let whole = message.envelope.wholeness.is_whole();
    Ok(whole && message.anomalies.iter().all(|a| understood(a.kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "---\nsummary: s\nhelp: h\nseverity: warning\nbasis: guideline\nversions: 1.1, 1.2\ncarriers: any\n\
        scope: subscriber\nside: client\nuse-cases: -\nneeds: -\nevidence: -\nsince: 0.1.0\n---\n";

    const fn rule(name: &'static str, check: Check) -> Rule {
        Rule { name, page: PAGE, check }
    }

    #[test]
    fn a_rule_that_panics_is_named_and_the_others_are_heard() {
        static RULES: [Rule; 3] = [
            rule("a/a", Check::Identity(|_, verdict| verdict.doubt(Doubt::Limit))),
            rule("a/b", Check::Identity(|_, _| panic!("broken"))),
            rule("a/c", Check::Identity(|_, verdict| verdict.doubt(Doubt::OneSided))),
        ];
        let said = Rulebook::new(&RULES).unwrap().identity(&[]);
        assert_eq!(said.panics, ["a/b"]);
        assert_eq!(said.doubts, [("a/a", Doubt::Limit), ("a/c", Doubt::OneSided)]);
    }

    #[test]
    fn names_have_traits_of_their_own_and_other_spellings_share_them() {
        const FEW: &[NameId] = &[crate::csp::name::REFERRED_CONTENT, crate::csp::name::POLL];
        static RULES: [Rule; 1] = [rule("a/a", Check::MessageWith(FEW, |_, _| {}))];
        let book = Rulebook::new(&RULES).unwrap();
        let named = |name| book.messages.named(name);
        assert_eq!(named(crate::csp::name::CODE), ANY);
        assert_ne!(named(FEW[0]), named(FEW[1]));
        assert_eq!(named(crate::csp::name::PREFERRED_CONTENT), named(FEW[0]));
        assert_eq!(book.messages.rules[0].traits, named(FEW[0]) | named(FEW[1]));
    }

    #[test]
    fn manners_are_those_of_version_and_carrier() {
        let wanted = manners(Some(Version::V12), Some(Carrier::Http));
        assert_eq!(wanted & manners(Some(Version::V12), None), wanted);
        assert_eq!(wanted & manners(None, None), wanted);
        assert_eq!(wanted & manners(Some(Version::V11), Some(Carrier::Http)), 0);
        assert_eq!(wanted & manners(Some(Version::V12), Some(Carrier::Wsp)), 0);
        assert_eq!(wanted & manners(Some(Version::V12), Some(Carrier::Sms)), 0);
    }
}
