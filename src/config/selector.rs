//! Selectors: words that stand for rules, or for findings.

use std::fmt;

use crate::csp::namespace::Version;
use crate::finding::{Basis, Severity, Side};
use crate::rules::{self, Page};

/// A word that stands for rules or findings: `all`, a family, a rule, `severity:warning`, `basis:guideline`,
/// `use-case:6`, `version:1.1`, `side:client`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// Every rule.
    All,
    /// Findings this bad.
    Severity(Severity),
    /// Rules that rest on this.
    Basis(Basis),
    /// Rules that belong to this use case.
    UseCase(u8),
    /// Findings in sessions of this version.
    Version(Version),
    /// Findings that are this party's fault.
    Side(Side),
    /// The rules of a family.
    Family(&'static str),
    /// A rule.
    Rule(&'static str),
}

/// What selectors are held against: a rule, and what is known of a finding of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'p> {
    /// Name of the rule.
    pub rule: &'static str,
    /// Its page.
    pub page: &'p Page,
    /// How bad.
    pub severity: Severity,
    /// Whose fault; `None` where nobody knows yet.
    pub side: Option<Side>,
    /// In which version; `None` where none is known.
    pub version: Option<Version>,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// What is wrong with it, with what may have been meant.
    pub fn read(word: &str) -> Result<Self, String> {
        let bad = |value: &str, known: &str| format!("{value} is none of {known}");
        match word.split_once(':') {
            Some(("severity", value)) => severity(value).map(Self::Severity),
            Some(("basis", value)) => [Basis::Guideline, Basis::Implementations, Basis::Specification]
                .into_iter()
                .find(|basis| basis.name() == value)
                .map(Self::Basis)
                .ok_or_else(|| bad(value, "guideline, implementations, specification")),
            Some(("use-case", value)) => match value.parse() {
                Ok(case @ 1..=11) => Ok(Self::UseCase(case)),
                _ => Err(bad(value, "the use cases 1 to 11")),
            },
            Some(("version", value)) => Version::of_number(value)
                .map(Self::Version)
                .ok_or_else(|| bad(value, "the versions 1.0, 1.1, 1.2, 1.3")),
            Some(("side", value)) => [Side::Client, Side::Server, Side::Network, Side::Capture]
                .into_iter()
                .find(|side| side.name() == value)
                .map(Self::Side)
                .ok_or_else(|| bad(value, "client, server, network, capture")),
            Some((kind, _)) => Err(bad(kind, "severity, basis, use-case, version, side")),
            None if word == "all" => Ok(Self::All),
            None => {
                let bare = word.strip_suffix("/*").unwrap_or(word);
                let family = rules::all().filter_map(|rule| family(rule.name)).find(|family| *family == bare);
                let rule = rules::all().find(|rule| rule.name == word);
                (family.map(Self::Family).or(rule.map(|rule| Self::Rule(rule.name)))).ok_or_else(|| unknown(word))
            }
        }
    }

    /// Whether it stands for this.
    fn covers(&self, of: &Subject<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Severity(severity) => of.severity == *severity,
            Self::Basis(basis) => of.page.basis == *basis,
            Self::UseCase(case) => of.page.use_cases.contains(case),
            Self::Version(version) => of.version == Some(*version),
            Self::Side(side) => of.side == Some(*side),
            Self::Family(name) => family(of.rule) == Some(name),
            Self::Rule(name) => of.rule == *name,
        }
    }

    /// How closely it says what it stands for: a rule more than its family, that more than what rules or findings have in
    /// common, and that more than all.
    fn closeness(&self) -> u8 {
        match self {
            Self::All => 1,
            Self::Family(_) => 3,
            Self::Rule(_) => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Severity(severity) => write!(f, "severity:{}", severity.name()),
            Self::Basis(basis) => write!(f, "basis:{}", basis.name()),
            Self::UseCase(case) => write!(f, "use-case:{case}"),
            Self::Version(version) => write!(f, "version:{}", version.number()),
            Self::Side(side) => write!(f, "side:{}", side.name()),
            Self::Family(name) | Self::Rule(name) => f.write_str(name),
        }
    }
}

/// What to select and what to ignore. Of the selectors that cover something the closest decides; where both have one as
/// close, it is ignored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// What is selected; `None` where nothing was said.
    pub select: Option<Vec<Selector>>,
    /// What is ignored.
    pub ignore: Vec<Selector>,
}

impl Selection {
    /// What it says of this; `None` where it says nothing.
    pub fn decides(&self, of: &Subject<'_>) -> Option<bool> {
        let closest = |selectors: &[Selector]| {
            selectors.iter().filter(|selector| selector.covers(of)).map(Selector::closeness).max().unwrap_or(0)
        };
        let (select, ignore) = (closest(self.select.as_deref().unwrap_or_default()), closest(&self.ignore));
        (select.max(ignore) > 0).then_some(select > ignore)
    }
}

/// Reads a severity.
///
/// # Errors
/// What there is.
pub(super) fn severity(word: &str) -> Result<Severity, String> {
    [Severity::Info, Severity::Warning, Severity::Error]
        .into_iter()
        .find(|severity| severity.name() == word)
        .ok_or_else(|| format!("{word} is none of info, warning, error"))
}

/// The family of a rule: what stands before the `/`.
fn family(rule: &'static str) -> Option<&'static str> {
    rule.split_once('/').map(|(family, _)| family)
}

/// Says that there is no such rule, and which may have been meant.
pub(super) fn unknown(word: &str) -> String {
    let hint = rules::nearest(word).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    format!("there is no rule or family {word}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decides(select: Option<&[&str]>, ignore: &[&str], version: Option<Version>) -> Option<bool> {
        let read = |words: &[&str]| words.iter().map(|word| Selector::read(word).unwrap()).collect::<Vec<_>>();
        let rule = rules::all().find(|rule| rule.name == "polling/redundant-poll").unwrap();
        let page = Page::parse(rule.page).unwrap();
        let subject =
            Subject { rule: rule.name, page: &page, severity: page.severity, side: Some(Side::Client), version };
        Selection { select: select.map(read), ignore: read(ignore) }.decides(&subject)
    }

    #[test]
    fn the_closest_selector_decides() {
        assert_eq!(decides(None, &[], None), None);
        assert_eq!(decides(Some(&["all"]), &["polling"], None), Some(false));
        assert_eq!(decides(Some(&["polling/redundant-poll"]), &["polling"], None), Some(true));
        assert_eq!(decides(Some(&["polling"]), &["polling/redundant-poll"], None), Some(false));
        assert_eq!(decides(Some(&["polling"]), &["polling"], None), Some(false));
        assert_eq!(decides(Some(&["session"]), &[], None), None);
        assert_eq!(decides(None, &["side:client"], None), Some(false));
        assert_eq!(decides(None, &["side:server"], None), None);
        assert_eq!(decides(Some(&["polling/*"]), &["severity:warning"], None), Some(true));
    }

    #[test]
    fn a_version_covers_what_is_known_to_speak_it() {
        assert_eq!(decides(None, &["version:1.1"], Some(Version::V11)), Some(false));
        assert_eq!(decides(None, &["version:1.1"], Some(Version::V12)), None);
        assert_eq!(decides(None, &["version:1.1"], None), None);
    }

    #[test]
    fn what_is_none_is_refused_with_what_there_is() {
        let refused = |word| Selector::read(word).unwrap_err();
        assert_eq!(refused("severity:bad"), "bad is none of info, warning, error");
        assert_eq!(
            refused("polling/redundant-pol"),
            "there is no rule or family polling/redundant-pol; did you mean polling/redundant-poll?"
        );
        assert!(refused("use-case:12").contains("1 to 11"));
        assert!(refused("colour:red").contains("severity, basis, use-case, version, side"));
    }

    #[test]
    fn every_selector_reads_as_it_is_written() {
        let words = ["all", "severity:info", "basis:specification", "use-case:11", "version:1.3", "side:network"];
        for word in words.into_iter().chain(["polling", "polling/redundant-poll"]) {
            assert_eq!(Selector::read(word).unwrap().to_string(), word);
        }
    }
}
