//! Rules: what is held against every conversation, one file a rule, one page a rule.
//!
//! In: what the stages before found, complete and unchangeable. Out: [`Finding`]s, and for what could not be judged
//! the [`Doubt`] that stood against it. The logic of `family/name` is `src/rules/family/name.rs`; its guideline page,
//! with severity, basis, parameters and executable examples, is `rules/family/name.md`.
//!
//! To add a rule: write the page, write the function, name both in the family's `mod.rs`.

use std::fmt::Display;
use std::sync::Arc;

use crate::csp::message::Message;
use crate::finding::{Cost, Exhibit, Finding, Scene, Side};
use crate::session::{Doubt, Session, Subscriber, Transaction, Use};

mod accounts;
mod contacts;
mod content;
mod encoding;
mod groups;
mod interop;
mod messaging;
mod migration;
mod multiclient;
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
    /// A transaction of a session that is over.
    Transaction(fn(&Session, &Transaction, &mut Verdict<'_>)),
    /// A session, or a chapter of a very long one, that is over.
    Session(fn(&Session, &mut Verdict<'_>)),
    /// A subscriber, or a chapter of a very busy one, who has been silent for long or when the capture is over.
    Subscriber(fn(&Subscriber, &mut Verdict<'_>)),
    /// The uses of one client identity, when no session of it is open any more.
    Identity(fn(&[Use], &mut Verdict<'_>)),
}

/// Findings of one rule about one thing it was shown. Whatever has more of them has shown enough.
pub const MOST_FINDINGS: usize = 100;

/// What a rule has to say about the one thing it was shown.
pub struct Verdict<'r> {
    rule: &'static str,
    page: &'r Page,
    /// Asked for only when something is found.
    scene: &'r dyn Fn() -> Scene,
    findings: Vec<Finding>,
    doubts: Vec<Doubt>,
}

impl<'r> Verdict<'r> {
    /// An empty verdict of a rule about something of this scene.
    pub fn new(rule: &'static str, page: &'r Page, scene: &'r dyn Fn() -> Scene) -> Self {
        Self { rule, page, scene, findings: Vec::new(), doubts: Vec::new() }
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
    /// what is returned.
    pub fn find(&mut self, message: impl Display, place: Exhibit) -> Draft<'_> {
        let side = self.page.side.unwrap_or_else(|| Side::sender(place.direction));
        self.findings.push(Finding {
            rule: self.rule,
            severity: self.page.severity,
            basis: self.page.basis,
            side,
            message: message.to_string(),
            help: Arc::clone(&self.page.help),
            exhibits: vec![place],
            cost: None,
            scene: (self.scene)(),
            repeats: 0,
            cause: None,
        });
        Draft { finding: self.findings.last_mut() }
    }

    /// Whether there are [`MOST_FINDINGS`]: then a rule stops, and that the rest is not judged is filed as a doubt.
    pub fn is_full(&mut self) -> bool {
        let full = self.findings.len() >= MOST_FINDINGS;
        if full {
            self.doubt(Doubt::Limit);
        }
        full
    }

    /// Says that the capture does not suffice to judge this.
    pub fn doubt(&mut self, doubt: Doubt) {
        self.doubts.push(doubt);
    }

    /// Whether a rule may go on: says so, and files the doubt when it may not.
    pub fn trusts(&mut self, evidence: Result<(), Doubt>) -> bool {
        if let Err(doubt) = evidence {
            self.doubt(doubt);
        }
        evidence.is_ok()
    }

    /// What was found and what stood against judging.
    pub fn into_parts(self) -> (Vec<Finding>, Vec<Doubt>) {
        (self.findings, self.doubts)
    }
}

/// A finding being added to a [`Verdict`].
#[derive(Debug)]
pub struct Draft<'v> {
    finding: Option<&'v mut Finding>,
}

impl Draft<'_> {
    /// Shows a further message.
    pub fn show(self, exhibit: Exhibit) -> Self {
        self.change(|f| {
            f.exhibits.reserve_exact(1);
            f.exhibits.push(exhibit);
        })
    }

    /// Says who has to change, where it is not the page's side or the sender.
    pub fn side(self, side: Side) -> Self {
        self.change(|f| f.side = side)
    }

    /// Says what it cost.
    pub fn cost(self, cost: Cost) -> Self {
        self.change(|f| f.cost = Some(cost))
    }

    /// Names the cause: further findings of this rule with the same cause in the same session are folded into the
    /// first one.
    pub fn cause(self, cause: impl Display) -> Self {
        self.change(|f| f.cause = Some(cause.to_string()))
    }

    /// Says which user it is about, where the scene does not know.
    pub fn user(self, user: &str) -> Self {
        self.change(|f| f.scene.user = Some(user.to_owned()))
    }

    fn change(mut self, how: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = self.finding.as_deref_mut() {
            how(finding);
        }
        self
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
