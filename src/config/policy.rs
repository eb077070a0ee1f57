//! The policy: which rules run, and which of their findings are told, as what.

use std::collections::BTreeMap;
use std::sync::Arc;

use glob::Pattern;

use crate::finding::{Finding, Severity, Side};
use crate::rules::{Page, Rule};

use super::selector::{Selection, Subject};

/// What is known of the conversation that a finding is of, besides its scene.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// `Host` of a request.
    pub host: Option<String>,
    /// `User-Agent` of a request.
    pub user_agent: Option<String>,
}

/// Which rules run, and which of their findings are told, as what.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What is said of everything.
    pub selection: Selection,
    /// What is said of a rule.
    pub rules: BTreeMap<&'static str, Setting>,
    /// What is said of some conversations; a later one goes before an earlier one.
    pub overrides: Vec<Override>,
    pages: BTreeMap<&'static str, Arc<Page>>,
}

/// What is said of a rule.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Setting {
    /// How bad its findings are.
    pub severity: Option<Severity>,
    /// Its parameters.
    pub parameters: BTreeMap<&'static str, f64>,
}

/// What is said of some conversations: those to which every condition applies that there is.
#[derive(Clone, Debug, Default)]
pub struct Override {
    /// Patterns of the path of the input.
    pub path: Vec<Pattern>,
    /// Patterns of the host that a client names, or of the address of the server.
    pub host: Vec<Pattern>,
    /// Patterns of the `User-Agent` of the client.
    pub user_agent: Vec<Pattern>,
    /// Patterns of the `SessionID`.
    pub session: Vec<Pattern>,
    /// What is selected and ignored there.
    pub selection: Selection,
    /// How bad the findings of rules are there.
    pub severities: BTreeMap<&'static str, Severity>,
}

impl Override {
    /// Whether it is about this finding. A condition on what is not known is not met.
    fn is_about(&self, finding: &Finding, paths: &[Arc<str>], head: Option<&Head>) -> bool {
        let is_met = |patterns: &[Pattern], known: &str| patterns.iter().any(|pattern| pattern.matches(known));
        let met = |patterns: &[Pattern], known: &[Option<&str>]| {
            patterns.is_empty() || known.iter().flatten().any(|known| is_met(patterns, known))
        };
        let scene = &finding.scene;
        let server = scene.peers.map(|(_, server)| server.ip().to_string());
        let host = head.and_then(|head| head.host.as_deref());
        let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
        (self.path.is_empty() || paths.iter().any(|path| is_met(&self.path, path)))
            && met(&self.host, &[host, name, server.as_deref()])
            && met(&self.user_agent, &[head.and_then(|h| h.user_agent.as_deref())])
            && met(&self.session, &[scene.session.as_deref()])
    }
}

impl Policy {
    /// A policy that says this of everything, of rules, and of some conversations.
    pub fn new(selection: Selection, rules: BTreeMap<&'static str, Setting>, overrides: Vec<Override>) -> Self {
        Self { selection, rules, overrides, pages: BTreeMap::new() }
    }

    /// Whether it says nothing of single findings: then none has to be asked about.
    pub fn is_about_rules_alone(&self) -> bool {
        self.overrides.is_empty() && self.pages.is_empty()
    }

    /// Whether it asks who talks to whom.
    pub fn wants_heads(&self) -> bool {
        self.overrides.iter().any(|o| !o.host.is_empty() || !o.user_agent.is_empty())
    }

    /// The page of a rule as it is said to be; `None` where no finding of the rule can be told.
    pub fn page(&mut self, rule: &Rule, mut page: Page) -> Option<Page> {
        if self.selection == Selection::default() && self.rules.is_empty() && self.overrides.is_empty() {
            return Some(page);
        }
        if let Some(setting) = self.rules.get(rule.name) {
            page.severity = setting.severity.unwrap_or(page.severity);
            for parameter in &mut page.parameters {
                parameter.value = setting.parameters.get(parameter.name).copied().unwrap_or(parameter.value);
            }
        }
        let sides: &[Side] = match &page.side {
            Some(side) => std::slice::from_ref(side),
            None => &[Side::Client, Side::Server, Side::Network, Side::Capture],
        };
        let versions = page.versions.iter().map(|version| Some(*version)).chain([None]);
        let subjects = versions.flat_map(|version| {
            let subject = Subject { rule: rule.name, page: &page, severity: page.severity, side: None, version };
            sides.iter().map(move |side| Subject { side: Some(*side), ..subject })
        });
        let subjects: Vec<Subject<'_>> = subjects.collect();
        let everywhere = subjects.iter().all(|subject| self.selects(subject));
        let picked = |o: &Override| subjects.iter().any(|subject| o.selection.decides(subject) == Some(true));
        let somewhere = subjects.iter().any(|subject| self.selects(subject)) || self.overrides.iter().any(picked);
        if somewhere && (!everywhere || !self.overrides.is_empty()) {
            self.pages.insert(rule.name, Arc::new(page.clone()));
        }
        somewhere.then_some(page)
    }

    /// Whether it is selected, nothing being known of the conversation.
    fn selects(&self, subject: &Subject<'_>) -> bool {
        self.selection.decides(subject).unwrap_or(self.selection.select.is_none())
    }

    /// Says whether a finding in an input of these paths is told, and makes it as bad as it is said to be.
    pub fn admits(&self, finding: &mut Finding, paths: &[Arc<str>], head: Option<&Head>) -> bool {
        let Some(page) = self.pages.get(finding.rule) else { return true };
        let about: Vec<&Override> = self.overrides.iter().filter(|o| o.is_about(finding, paths, head)).collect();
        if let Some(severity) = about.iter().rev().find_map(|o| o.severities.get(finding.rule)) {
            finding.severity = *severity;
        }
        let subject = Subject {
            rule: finding.rule,
            page,
            severity: finding.severity,
            side: Some(finding.side),
            version: finding.scene.version,
        };
        about.iter().rev().find_map(|o| o.selection.decides(&subject)).unwrap_or_else(|| self.selects(&subject))
    }
}
