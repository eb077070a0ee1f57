//! Rules: what is held against every conversation, one file a rule, one page a rule.
//!
//! In: what the stages before found, complete and unchangeable. Out: [`Finding`]s, and for what could not be judged
//! the [`Doubt`] that stood against it. The logic of `family/name` is `src/rules/family/name.rs`; its guideline page,
//! with severity, basis, parameters and executable examples, is `rules/family/name.md`.
//!
//! To add a rule: write the page, write the function, name both in the family's `mod.rs`, with the narrowest [`Check`]
//! that sees enough: what a rule does not ask for costs nothing.

use std::fmt::Display;
use std::hash::{Hash, Hasher};

use crate::csp::message::Message;
use crate::csp::model::Oddity;
use crate::finding::{Cost, Finding, Place, Scene, Severity, Side};
use crate::session::{Doubt, Session, Subscriber, Transaction, Use};
use crate::syntax::NameId;

mod accounts;
mod base64;
mod contacts;
mod content;
mod encoding;
mod groups;
mod interop;
mod keyed;
mod messaging;
mod migration;
mod multiclient;
mod nearest;
mod negotiation;
mod page;
mod polling;
mod presence;
mod privacy;
mod schema;
mod session;
mod sms;
mod transaction;
mod transport;

use keyed::Folding;
pub use nearest::nearest;
pub use page::{Evidence, Page, PageError, Parameter, Scope};

/// A rule: a name, a page and a function. It keeps no state outside a call.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `family/name`; the name is the defect.
    pub name: &'static str,
    /// The guideline page, front matter included.
    pub page: &'static str,
    /// The function.
    pub check: Check,
}

/// The function of a rule, by the narrowest view that sees enough.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// A decoded message with what carried it.
    Message(fn(&Message, &mut Verdict<'_>)),
    /// A decoded message in which one of these elements stands, at any depth.
    MessageWith(&'static [NameId], fn(&Message, &mut Verdict<'_>)),
    /// A decoded message that was not written as it should be: one with anomalies.
    Writing(fn(&Message, &mut Verdict<'_>)),
    /// A CSP message of a known version that was understood from end to end, with what of it does not stand as the
    /// content model has it. Of a message that is not whole the doubt is filed.
    Structure(fn(&Message, &[Oddity], &mut Verdict<'_>)),
    /// A transaction of a session that is over.
    Transaction(fn(&Session, &Transaction, &mut Verdict<'_>)),
    /// A transaction of a session that is over, opened by one of these primitives.
    TransactionOf(&'static [NameId], fn(&Session, &Transaction, &mut Verdict<'_>)),
    /// A session, or a chapter of a very long one, that is over.
    Session(fn(&Session, &mut Verdict<'_>)),
    /// A session, or a chapter, that is over and in which one of these primitives was said.
    SessionWith(&'static [NameId], fn(&Session, &mut Verdict<'_>)),
    /// A subscriber, or a chapter of a very busy one, who has been silent for long or when the capture is over.
    Subscriber(fn(&Subscriber, &mut Verdict<'_>)),
    /// The uses of one client identity, when no session of it is open any more.
    Identity(fn(&[Use], &mut Verdict<'_>)),
}

/// Findings of one rule about one thing it was shown. Whatever has more of them has shown enough.
pub const MOST_FINDINGS: usize = 100;

/// How much is made of what is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Every finding is made.
    Full,
    /// Of a cause that was found before, only that it was found again.
    Once,
    /// Of anything with a cause, only that it was found: if it turns out to be news, the rules are asked once more.
    Brief,
}

/// Something that a rule found.
#[derive(Debug)]
pub enum Found {
    /// A finding.
    Finding(Box<Finding>),
    /// What is found again, or may be.
    Again(Again),
}

/// A finding of which no more is known than its cause.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Again {
    /// Name of the rule.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Fingerprint of rule, side and cause.
    pub cause: u64,
    /// What it cost.
    pub cost: Option<Cost>,
}

/// Fingerprint of what findings of one session are folded by: rule, side and cause.
pub fn cause_fingerprint(rule: &str, side: Side, cause: &str) -> u64 {
    let mut all = Folding::default();
    (rule, side, cause).hash(&mut all);
    all.finish()
}

/// What rules have to say about the one thing they are shown.
pub struct Verdict<'r> {
    rule: &'static str,
    page: &'r Page,
    /// Asked for only when something is found.
    scene: &'r dyn Fn() -> Scene,
    detail: Detail,
    found: Vec<Found>,
    /// How much was found before the rule in turn.
    before: usize,
    /// The causes that the rule in turn found.
    causes: Vec<u64>,
    doubts: Vec<(&'static str, Doubt)>,
}

impl<'r> Verdict<'r> {
    /// An empty verdict about something of this scene. `rule` has the first turn.
    pub fn new(rule: &'static str, page: &'r Page, scene: &'r dyn Fn() -> Scene, detail: Detail) -> Self {
        Self { rule, page, scene, detail, found: Vec::new(), before: 0, causes: Vec::new(), doubts: Vec::new() }
    }

    /// Gives the turn to another rule.
    pub fn turn_to(&mut self, rule: &'static str, page: &'r Page) {
        (self.rule, self.page, self.before) = (rule, page, self.found.len());
        self.causes.clear();
    }

    /// The value of a parameter of this rule's page, in its unit.
    ///
    /// # Panics
    /// When the page has no such parameter: a mistake in the rule, which its examples bring to light.
    #[expect(clippy::panic, reason = "a rule that names a parameter its page lacks is broken; the engine reports it")]
    pub fn parameter(&self, name: &str) -> f64 {
        match self.page.parameters.iter().find(|p| p.name == name) {
            Some(parameter) => parameter.value,
            None => panic!("rule {} has no parameter {name}", self.rule),
        }
    }

    /// The value of a parameter that counts something.
    pub fn count(&self, name: &str) -> usize {
        self.parameter(name) as usize
    }

    /// Adds a finding: the fact, and the place it is about. The remedy is the page's; what else is known is added to
    /// what is returned. Nothing is made of a finding that will only be counted.
    pub fn find<'m, M: Display>(&mut self, message: M, place: Place<'m>) -> Draft<'_, 'r, 'm, M> {
        let side = self.page.side.unwrap_or_else(|| Side::sender(place.direction()));
        let parts = Parts { message, place, further: Vec::new(), side, cost: None, cause: None, user: None };
        Draft { verdict: self, parts: Some(parts) }
    }

    fn keep<M: Display>(&mut self, parts: Parts<'_, M>) {
        let Parts { message, place, further, side, cost, cause, user } = parts;
        if let Some(cause) = &cause
            && self.detail != Detail::Full
        {
            let cause = cause_fingerprint(self.rule, side, cause);
            if self.detail == Detail::Brief || self.causes.contains(&cause) {
                self.found.push(Found::Again(Again { rule: self.rule, severity: self.page.severity, cause, cost }));
                return;
            }
            self.causes.push(cause);
        }
        let mut scene = (self.scene)();
        scene.user = user.or(scene.user);
        self.found.push(Found::Finding(Box::new(Finding {
            rule: self.rule,
            severity: self.page.severity,
            basis: self.page.basis,
            side,
            message: message.to_string(),
            help: self.page.help,
            exhibits: std::iter::once(place).chain(further).map(Place::exhibit).collect(),
            cost,
            scene,
            repeats: 0,
            cause,
        })));
    }

    /// Whether there are [`MOST_FINDINGS`]: then a rule stops, and that the rest is not judged is filed as a doubt.
    pub fn is_full(&mut self) -> bool {
        let full = self.found.len() - self.before >= MOST_FINDINGS;
        if full {
            self.doubt(Doubt::Limit);
        }
        full
    }

    /// Says that the capture does not suffice to judge this.
    pub fn doubt(&mut self, doubt: Doubt) {
        self.doubts.push((self.rule, doubt));
    }

    /// Whether a rule may go on: says so, and files the doubt when it may not.
    pub fn trusts(&mut self, evidence: Result<(), Doubt>) -> bool {
        if let Err(doubt) = evidence {
            self.doubt(doubt);
        }
        evidence.is_ok()
    }

    /// What was found, and what stood against judging, by rule.
    pub fn into_parts(self) -> (Vec<Found>, Vec<(&'static str, Doubt)>) {
        (self.found, self.doubts)
    }
}

/// What a rule says of a finding.
struct Parts<'m, M> {
    message: M,
    place: Place<'m>,
    further: Vec<Place<'m>>,
    side: Side,
    cost: Option<Cost>,
    cause: Option<String>,
    user: Option<String>,
}

/// A finding being added to a [`Verdict`], which it is once no more is said of it.
pub struct Draft<'v, 'r, 'm, M: Display> {
    verdict: &'v mut Verdict<'r>,
    parts: Option<Parts<'m, M>>,
}

impl<'m, M: Display> Draft<'_, '_, 'm, M> {
    /// Shows a further message.
    pub fn show(self, place: Place<'m>) -> Self {
        self.change(|parts| parts.further.push(place))
    }

    /// Says who has to change, where it is not the page's side or the sender.
    pub fn side(self, side: Side) -> Self {
        self.change(|parts| parts.side = side)
    }

    /// Says what it cost.
    pub fn cost(self, cost: Cost) -> Self {
        self.change(|parts| parts.cost = Some(cost))
    }

    /// Names the cause: further findings of this rule with the same cause in the same session are folded into the
    /// first one.
    pub fn cause(self, cause: impl Display) -> Self {
        self.change(|parts| parts.cause = Some(cause.to_string()))
    }

    /// Says which user it is about, where the scene does not know.
    pub fn user(self, user: &str) -> Self {
        self.change(|parts| parts.user = Some(user.to_owned()))
    }

    fn change(mut self, how: impl FnOnce(&mut Parts<'m, M>)) -> Self {
        if let Some(parts) = &mut self.parts {
            how(parts);
        }
        self
    }
}

impl<M: Display> Drop for Draft<'_, '_, '_, M> {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            self.verdict.keep(parts);
        }
    }
}

/// Every rule, by family and name.
pub const ALL: &[&[Rule]] = &[
    accounts::RULES,
    contacts::RULES,
    content::RULES,
    encoding::RULES,
    groups::RULES,
    interop::RULES,
    messaging::RULES,
    migration::RULES,
    multiclient::RULES,
    negotiation::RULES,
    polling::RULES,
    presence::RULES,
    privacy::RULES,
    schema::RULES,
    session::RULES,
    sms::RULES,
    transaction::RULES,
    transport::RULES,
];

/// Every rule, in the order of their names.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().flat_map(|family| family.iter())
}
