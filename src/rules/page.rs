//! The page of a rule: its front matter and its guideline text.
//!
//! Front matter stands between two lines of `---`, a key and a value a line, parameters indented below their key:
//!
//! ```text
//! ---
//! summary: polls sent although the server had just said that nothing is waiting
//! help: Take Poll=F as the end of the queue.
//! severity: warning
//! basis: guideline
//! versions: 1.1, 1.2, 1.3
//! carriers: http, wsp
//! scope: session
//! side: client
//! use-cases: 3, 5
//! needs: both directions without gap
//! evidence: span, wait
//! since: 0.1.0
//! parameters:
//!   quiet: 5 s, under the first adaptive poll of a known client
//! ---
//! ```

use crate::carrier::Carrier;
use crate::csp::namespace::Version;
use crate::finding::{Basis, Severity, Side};

/// How much of a conversation a rule looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// A payload and its carrier.
    Envelope,
    /// A message.
    Message,
    /// A request and its answer.
    Transaction,
    /// A session.
    Session,
    /// All sessions of a user.
    Subscriber,
    /// The whole capture.
    Capture,
}

impl Scope {
    const NAMES: [(&'static str, Self); 6] = [
        ("envelope", Self::Envelope),
        ("message", Self::Message),
        ("transaction", Self::Transaction),
        ("session", Self::Session),
        ("subscriber", Self::Subscriber),
        ("capture", Self::Capture),
    ];

    /// The name used in pages and reports.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, scope)| *scope == self).map_or("", |(name, _)| name)
    }
}

/// What a rule has to have seen whole, or it keeps silent and says why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// The payload it speaks of.
    Message,
    /// Everything said between the events it speaks of.
    Span,
    /// Everything said for some time after an event.
    Wait,
    /// The session from its login.
    Opening,
    /// The whole session.
    Session,
    /// When things were said, which not every log tells.
    Times,
    /// The payload as it was written on the wire, which a log may have written anew.
    Writing,
    /// What carried the payload, its headers and status, which logs of payloads do not tell.
    Head,
}

impl Evidence {
    const NAMES: [(&'static str, Self); 8] = [
        ("message", Self::Message),
        ("span", Self::Span),
        ("wait", Self::Wait),
        ("opening", Self::Opening),
        ("session", Self::Session),
        ("times", Self::Times),
        ("writing", Self::Writing),
        ("head", Self::Head),
    ];

    /// The word used in pages and listings.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, evidence)| *evidence == self).map_or("", |(name, _)| name)
    }
}

/// A number that a rule goes by and a user may change.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// Its name in the page: `quiet`.
    pub name: &'static str,
    /// The value in force; the default unless configured.
    pub value: f64,
    /// The default of the page.
    pub default: f64,
    /// `s`, `octets`, `%`, or empty for a count.
    pub unit: &'static str,
    /// What it means and why it is so.
    pub meaning: &'static str,
}

/// The front matter of a rule's page, and its text.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// The defect in one line.
    pub summary: &'static str,
    /// The remedy in one sentence or two.
    pub help: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What it rests on.
    pub basis: Basis,
    /// CSP versions it speaks about.
    pub versions: Vec<Version>,
    /// Carriers it speaks about, by name, those that are not read yet among them; empty for any.
    pub carriers: Vec<&'static str>,
    /// How much it looks at.
    pub scope: Scope,
    /// Who has to change; `None` for whoever sent the message in question.
    pub side: Option<Side>,
    /// Numbers of the use cases it belongs to.
    pub use_cases: Vec<u8>,
    /// What the capture must have shown.
    pub needs: &'static str,
    /// What of that is asked of the capture each time; empty where what is seen suffices.
    pub evidence: Vec<Evidence>,
    /// The release that brought it.
    pub since: &'static str,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The text behind the front matter.
    pub text: &'static str,
}

/// What is wrong with the front matter of a page.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PageError {
    /// It does not begin and end with `---`.
    #[error("the page does not begin with front matter between two lines of ---")]
    NoFrontMatter,
    /// A key is missing.
    #[error("the front matter lacks {0}")]
    Missing(&'static str),
    /// A value cannot be read.
    #[error("the front matter has a bad value: {0}")]
    Bad(String),
}

impl Page {
    /// Whether the rule speaks about this version.
    pub fn speaks_of(&self, version: Version) -> bool {
        self.versions.contains(&version)
    }

    /// Whether the rule speaks about what this carrier brings; where a log does not tell what that is, a rule about one
    /// carrier alone does not.
    pub fn travels_by(&self, carrier: Carrier) -> bool {
        if carrier == Carrier::Log {
            return self.carriers.len() != 1;
        }
        self.carriers.is_empty() || self.carriers.contains(&carrier.name())
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`PageError`] when the front matter is not as described in this module.
    pub fn parse(page: &'static str) -> Result<Self, PageError> {
        let mut rest = page.strip_prefix("---\n").ok_or(PageError::NoFrontMatter)?;
        let mut keys: Vec<(&str, &'static str)> = Vec::with_capacity(16);
        let mut parameters = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(PageError::NoFrontMatter)?;
            rest = after;
            match line.split_once(':') {
                _ if line == "---" => break,
                _ if line.starts_with("  ") => parameters.push(parameter(line)?),
                Some((key, value)) => keys.push((key, value.trim())),
                None => {}
            }
        }
        let text = rest;
        let value = |key: &'static str| {
            let found = keys.iter().find(|(k, _)| *k == key);
            found.map(|(_, value)| *value).ok_or(PageError::Missing(key))
        };
        let list = |text: &'static str| text.split(',').map(str::trim).filter(|i| !i.is_empty() && *i != "-");
        Ok(Self {
            summary: value("summary")?,
            help: value("help")?,
            severity: one_of(
                value("severity")?,
                &[("info", Severity::Info), ("warning", Severity::Warning), ("error", Severity::Error)],
            )?,
            basis: one_of(
                value("basis")?,
                &[
                    ("guideline", Basis::Guideline),
                    ("implementations", Basis::Implementations),
                    ("specification", Basis::Specification),
                ],
            )?,
            versions: list(value("versions")?)
                .map(|v| Version::of_number(v).ok_or_else(|| PageError::Bad(v.to_owned())))
                .collect::<Result<_, _>>()?,
            carriers: list(value("carriers")?).filter(|carrier| *carrier != "any").collect(),
            scope: one_of(value("scope")?, &Scope::NAMES)?,
            side: one_of(
                value("side")?,
                &[
                    ("client", Some(Side::Client)),
                    ("server", Some(Side::Server)),
                    ("network", Some(Side::Network)),
                    ("capture", Some(Side::Capture)),
                    ("sender", None),
                ],
            )?,
            use_cases: list(value("use-cases")?)
                .map(|n| n.parse().map_err(|_| PageError::Bad(n.to_owned())))
                .collect::<Result<_, _>>()?,
            needs: value("needs")?,
            evidence: list(value("evidence")?).map(|word| one_of(word, &Evidence::NAMES)).collect::<Result<_, _>>()?,
            since: value("since")?,
            parameters,
            text,
        })
    }
}

fn one_of<T: Copy>(value: &str, names: &[(&str, T)]) -> Result<T, PageError> {
    names.iter().find(|(name, _)| *name == value).map(|(_, of)| *of).ok_or_else(|| PageError::Bad(value.to_owned()))
}

/// `  name: 5 s, meaning`
fn parameter(line: &'static str) -> Result<Parameter, PageError> {
    let bad = || PageError::Bad(line.trim().to_owned());
    let (name, rest) = line.trim().split_once(':').ok_or_else(bad)?;
    let (quantity, meaning) = rest.split_once(',').ok_or_else(bad)?;
    let quantity = quantity.trim();
    let (number, unit) = quantity.split_once(' ').unwrap_or((quantity, ""));
    let default: f64 = number.parse().map_err(|_| bad())?;
    Ok(Parameter { name, value: default, default, unit: unit.trim(), meaning: meaning.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "---\nsummary: a: b\nhelp: do it\nseverity: warning\nbasis: guideline\nversions: 1.1, 1.2\n\
        carriers: any\nscope: session\nside: sender\nuse-cases: 3, 5\nneeds: all\nevidence: span, wait\nsince: 0.1.0\nparameters:\n  \
        quiet: 5 s, short, but long enough\n  min-count: 3, a habit\n---\n\n# Text\n";

    #[test]
    fn front_matter_is_read() {
        let page = Page::parse(PAGE).unwrap();
        assert_eq!(page.summary, "a: b");
        assert_eq!((page.severity, page.side, page.scope), (Severity::Warning, None, Scope::Session));
        assert_eq!(page.use_cases, [3, 5]);
        assert_eq!(page.evidence, [Evidence::Span, Evidence::Wait]);
        let quiet = &page.parameters[0];
        assert_eq!((quiet.name, quiet.value, quiet.unit), ("quiet", 5.0, "s"));
        assert_eq!(quiet.meaning, "short, but long enough");
        assert_eq!(page.parameters[1].unit, "");
        assert_eq!(page.text, "\n# Text\n");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(Page::parse("# no front matter"), Err(PageError::NoFrontMatter));
        assert_eq!(Page::parse("---\nhelp: x\n---\n"), Err(PageError::Missing("summary")));
    }
}
