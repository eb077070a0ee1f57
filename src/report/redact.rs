//! Pseudonyms: an outcome in which nobody can be recognised, to be passed on.
//!
//! The same user, group or phone number is the same pseudonym everywhere in every report of a run: `wv:user1@domain`,
//! `+phone1`. What people chose or wrote (names, texts, addresses of clients) stands as its length. What the protocol
//! itself says stays: primitives, codes, numbers, dates, identifiers of transactions, sessions and messages, and the
//! addresses of hosts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::csp::model::{self, Kind, VERSIONS, Value};
use crate::csp::name;
use crate::finding::Finding;
use crate::syntax::packing::PackedDocument;
use crate::syntax::{NameId, Node};

use super::{Filed, Outcome, Suppressed};

/// The scheme of IMPS addresses.
const SCHEME: &str = "wv:";

/// Digits from which a number behind a `+` is somebody's phone.
const PHONE_DIGITS: usize = 6;

/// Names of people shorter than this are not looked for in texts: they are in every second word.
const LEAST_NAME: usize = 4;

/// The outcome with pseudonyms in all its findings.
pub fn redacted(outcome: &Outcome) -> Outcome {
    let mut names = Pseudonyms::default();
    outcome.findings.iter().for_each(|filed| names.learn(&filed.finding));
    outcome.suppressed.iter().for_each(|of| names.learn(&of.filed.finding));
    let findings = outcome.findings.iter().map(|filed| names.filed(filed)).collect();
    let suppressed = outcome.suppressed.iter();
    let suppressed =
        suppressed.map(|of| Suppressed { filed: names.filed(&of.filed), reason: of.reason.clone() }).collect();
    Outcome { findings, suppressed, ..outcome.clone() }
}

/// A finding by itself with pseudonyms, where findings are told one by one: those given before go on.
#[derive(Debug, Default)]
pub struct Pseudonyms {
    users: BTreeMap<String, usize>,
    phones: BTreeMap<String, usize>,
    /// Names of people, to be hidden wherever they stand.
    names: BTreeSet<String>,
}

/// How the text of an element is passed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Kept,
    /// Addresses in it have pseudonyms.
    Scrubbed,
    /// As an address of a user, group or list.
    Address,
    /// As a phone number.
    Phone,
    /// As its length.
    Hidden,
}

impl Pseudonyms {
    /// Learns whom a finding speaks of.
    pub fn learn(&mut self, finding: &Finding) {
        if let Some(user) = &finding.scene.user {
            self.address(user);
        }
        for document in finding.exhibits.iter().filter_map(|exhibit| exhibit.document.as_ref()) {
            for node in document.read().nodes() {
                match way(node) {
                    Way::Address => _ = self.address(node.text()),
                    Way::Phone => _ = self.phone(node.text()),
                    Way::Hidden if node.text().chars().count() >= LEAST_NAME => {
                        self.names.insert(node.text().to_owned());
                    }
                    _ => {}
                }
            }
        }
    }

    /// A finding with pseudonyms.
    pub fn filed(&mut self, filed: &Filed) -> Filed {
        let mut filed = filed.clone();
        let finding = &mut filed.finding;
        finding.message = self.scrub(&finding.message);
        finding.cause = finding.cause.take().map(|cause| self.scrub(&cause));
        let scene = &mut finding.scene;
        scene.user = scene.user.take().map(|user| self.address(&user));
        scene.forwarded = scene.forwarded.take().map(|from| self.phone(&from));
        for exhibit in &mut finding.exhibits {
            exhibit.label = self.scrub(&exhibit.label);
            exhibit.title = self.scrub(&exhibit.title);
            exhibit.document = exhibit.document.take().map(|document| self.document(&document));
        }
        filed
    }

    fn document(&mut self, document: &PackedDocument) -> PackedDocument {
        let texts: Vec<String> = document
            .read()
            .nodes()
            .map(|node| match (node.text(), way(node)) {
                ("", _) => String::new(),
                (text, Way::Kept) => text.to_owned(),
                (text, Way::Scrubbed) => self.scrub(text),
                (text, Way::Address) => self.address(text),
                (text, Way::Phone) => self.phone(text),
                (text, Way::Hidden) => hidden(text),
            })
            .collect();
        document.with_texts(|node| texts.get(node.id().0 as usize).map_or("", String::as_str).into())
    }

    /// The pseudonym of an address; the list or group in it has a number too, its domain stays.
    fn address(&mut self, address: &str) -> String {
        let bare = address.trim().get(SCHEME.len()..).filter(|_| has_scheme(address.trim())).unwrap_or(address.trim());
        if !has_scheme(address.trim()) && bare.chars().all(|c| c.is_ascii_digit() || c == '+') {
            return self.phone(address);
        }
        let (path, domain) = match bare.split_once('@') {
            Some((path, domain)) => (path, format!("@{domain}")),
            None => (bare, String::new()),
        };
        let (user, resource) = match path.split_once('/') {
            Some((user, resource)) => (user, Some(resource)),
            None => (path, None),
        };
        let user = match user {
            "" => String::new(),
            user => format!("user{}", number(&mut self.users, user)),
        };
        let resource = match resource {
            None => String::new(),
            // Lists that have their name from the protocol.
            Some(resource) if resource.starts_with('~') => format!("/{resource}"),
            Some(resource) => format!("/name{}", number(&mut self.users, &format!("/{resource}"))),
        };
        format!("{SCHEME}{user}{resource}{domain}")
    }

    fn phone(&mut self, phone: &str) -> String {
        format!("+phone{}", number(&mut self.phones, phone.trim().trim_start_matches('+')))
    }

    /// A text of ours with pseudonyms for the addresses, phone numbers and names in it.
    fn scrub(&mut self, text: &str) -> String {
        let mut named = Cow::Borrowed(text);
        for name in &self.names {
            if named.contains(name.as_str()) {
                named = Cow::Owned(named.replace(name.as_str(), &hidden(name)));
            }
        }
        let mut out = String::with_capacity(named.len());
        let mut rest = &*named;
        while let Some(begin) = begin_of_name(rest) {
            let (before, from) = rest.split_at(begin);
            out.push_str(before);
            let end = from.char_indices().skip(1).find(|(_, c)| ends(*c)).map_or(from.len(), |(at, _)| at);
            let (word, after) = from.split_at(end);
            // What ends a sentence is not of the name.
            let name = word.trim_end_matches(['.', ':']);
            out.push_str(&if has_scheme(name) { self.address(name) } else { self.phone(name) });
            out.push_str(word.get(name.len()..).unwrap_or_default());
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Where an address or an international phone number begins.
fn begin_of_name(text: &str) -> Option<usize> {
    let phone = |at: usize| {
        let after = text.get(at + 1..).unwrap_or_default();
        after.bytes().take_while(u8::is_ascii_digit).count() >= PHONE_DIGITS
    };
    let signs = text.char_indices();
    let begins = |(at, c): &(usize, char)| match c {
        'w' | 'W' => text.get(*at..).is_some_and(has_scheme),
        '+' => phone(*at),
        _ => false,
    };
    signs.into_iter().find(begins).map(|(at, _)| at)
}

fn has_scheme(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(SCHEME))
}

/// Whether a character ends an address in a text of ours.
fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | ')' | ']' | '"' | '\'' | '<' | '>' | '’' | '“' | '”')
}

fn number(of: &mut BTreeMap<String, usize>, name: &str) -> usize {
    let next = of.len() + 1;
    *of.entry(name.to_lowercase()).or_insert(next)
}

/// `(12 characters)`
fn hidden(text: &str) -> String {
    format!("({} characters)", text.chars().count())
}

/// How the text of an element is passed on: by what the content model has it be.
fn way(node: Node<'_>) -> Way {
    let of = node.name();
    match of {
        name::SESSION_ID | name::TRANSACTION_ID | name::MESSAGE_ID | name::SESSION_COOKIE | name::NONCE => Way::Kept,
        name::DESCRIPTION => Way::Scrubbed,
        name::PRESENCE_VALUE => {
            let known = node.parent().and_then(|attribute| model::presence_values(attribute.name()));
            if known.is_some_and(|known| known.contains(&node.text())) { Way::Kept } else { Way::Hidden }
        }
        _ => kind(of).map_or(Way::Hidden, |value| match value {
            Value::Boolean | Value::Integer(..) | Value::Enum(_) | Value::List(_) | Value::DateTime => Way::Kept,
            Value::Mime => Way::Kept,
            Value::Address => Way::Address,
            Value::Msisdn => Way::Phone,
            // What was left out of an outline says so by its length.
            Value::Open if node.text().len() <= 20 && !node.text().contains(['@', ' ']) => Way::Kept,
            Value::Open | Value::Base64 | Value::Uri | Value::Text => Way::Hidden,
        }),
    }
}

/// The type of the text of a leaf in the latest version that has it.
fn kind(of: NameId) -> Option<Value> {
    VERSIONS.iter().rev().find_map(|version| match model::element(*version, of)?.kind {
        Kind::Leaf(value) => Some(value),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{exhibit, finding, outcome};
    use super::*;

    fn of(message: &str, sketch: &str) -> Finding {
        let mut finding = finding(vec![exhibit(1, 0, "Login-Request", sketch, None, "by wv:anna@example.com")]);
        finding.message = message.to_owned();
        finding
    }

    fn texts(finding: &Finding) -> Vec<String> {
        let document = finding.exhibits[0].document.as_ref().unwrap().read();
        document.nodes().map(|node| node.text().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn the_same_user_is_the_same_everywhere() {
        let sketch = "GetPresence-Request\n  User\n    UserID WV:Anna@example.com\n  User\n    UserID wv:bob";
        let said = redacted(&outcome(vec![of("wv:bob, then wv:Anna@example.com: both of wv:anna/friends.", sketch)]));
        let finding = &said.findings[0].finding;
        assert_eq!(finding.scene.user.as_deref(), Some("wv:user1@example.com"));
        assert_eq!(finding.message, "wv:user2, then wv:user1@example.com: both of wv:user1/name3.");
        assert_eq!(finding.exhibits[0].label, "by wv:user1@example.com");
        assert_eq!(texts(finding), ["wv:user1@example.com", "wv:user2"]);
    }

    #[test]
    fn names_and_texts_stand_as_their_length_and_the_protocol_stays() {
        let sketch = "Login-Request\n  NickName Anna Ahlgren\n  MSISDN +358405550101\n  TimeToLive 600\n  \
                      URL http://phone/356938035643809\n  Code 200\n  TransactionID 7";
        let said = redacted(&outcome(vec![of("Anna Ahlgren, at +358405550101, waited 1200300 s", sketch)]));
        let finding = &said.findings[0].finding;
        assert_eq!(finding.message, "(12 characters), at +phone1, waited 1200300 s");
        assert_eq!(texts(finding), ["(12 characters)", "+phone1", "600", "(28 characters)", "200", "7"]);
    }
}
