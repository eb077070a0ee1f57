//! The phrases of a session as octets with gaps: written out once, filled in for every message.

use std::io;

use crate::csp::message::Mode;
use crate::csp::namespace::Version;
use crate::syntax::{Encoding, wbxml, xml};
use crate::trace::{Line, Payload, bodies, parse};

/// The words of every phrase, in trace notation.
const TEXT: &str = include_str!("phrases.trace");

macro_rules! phrases {
    ($($name:ident $title:literal,)*) => {
        /// What one side says.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Phrase { $(#[doc = $title] $name,)* }

        /// Every phrase with the title of its section.
        const PHRASES: &[(Phrase, &str)] = &[$((Phrase::$name, $title),)*];
    };
}

phrases! {
    Login "login", Challenge "challenge", Proof "proof", Welcome "welcome", Capability "capability", Agreed "agreed",
    Service "service", Served "served", Publish "publish", Done "done", AskLists "ask-lists", Lists "lists",
    Read "read", Told "told", Subscribe "subscribe", Poll "poll", Message "message",
    MessageOfSeveral "message-of-several", Delivered "delivered", Notice "notice", Noted "noted", Send "send",
    Sent "sent", Change "change", KeepAlive "keep-alive", Kept "kept", Logout "logout",
    Left "left",
}

macro_rules! gaps {
    ($($name:ident $word:literal,)*) => {
        /// What is filled in.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Gap { $(#[doc = $word] $name,)* /** a contact, by its number */ Contact(u8) }

        const GAPS: &[(Gap, &str)] = &[$((Gap::$name, $word),)*];
    };
}

gaps! {
    Id "id", User "user", Friend "friend", Client "client", Cookie "cookie", Nonce "nonce", Digest "digest",
    Session "session", Mood "mood", Status "status", Message "message", Date "date", Text "text",
}

impl Gap {
    fn of_word(word: &str) -> Option<Self> {
        let known = GAPS.iter().find(|(_, name)| *name == word).map(|(gap, _)| *gap);
        known.or_else(|| Some(Self::Contact(word.strip_prefix("contact")?.parse().ok()?)))
    }
}

/// A message with gaps.
#[derive(Debug)]
pub(super) struct Form {
    octets: Vec<u8>,
    /// Where what is filled in goes.
    gaps: Vec<(usize, Gap)>,
    /// The name of the primitive.
    pub(super) primitive: String,
    /// Whether it begins a transaction.
    pub(super) begins: bool,
}

impl Form {
    /// Appends the message with its gaps filled by `fill`.
    pub(super) fn write(&self, out: &mut Vec<u8>, mut fill: impl FnMut(Gap, &mut Vec<u8>)) {
        let mut done = 0;
        for (at, gap) in &self.gaps {
            out.extend_from_slice(self.octets.get(done..*at).unwrap_or_default());
            fill(*gap, out);
            done = *at;
        }
        out.extend_from_slice(self.octets.get(done..).unwrap_or_default());
    }

    /// Takes the words in braces out of a message that was written out.
    fn of(octets: &[u8], encoding: Encoding, primitive: String, begins: bool) -> Self {
        let mut form = Self { octets: Vec::with_capacity(octets.len()), gaps: Vec::new(), primitive, begins };
        let mut rest = octets;
        while let Some(start) = memchr::memchr(b'{', rest) {
            let (before, from) = rest.split_at(start);
            form.octets.extend_from_slice(before);
            let word = from.iter().position(|octet| *octet == b'}').and_then(|end| from.get(1..end));
            match word.and_then(|word| Some((word.len(), Gap::of_word(std::str::from_utf8(word).ok()?)?))) {
                None => {
                    form.octets.push(b'{');
                    rest = from.get(1..).unwrap_or_default();
                }
                Some((len, gap)) => {
                    rest = from.get(len + 2..).unwrap_or_default();
                    if gap == Gap::Date && encoding == Encoding::Wbxml {
                        // A date stands as OPAQUE, where the word stood as a string with its token and its end.
                        form.octets.pop();
                        rest = rest.get(1..).unwrap_or_default();
                    }
                    form.gaps.push((form.octets.len(), gap));
                }
            }
        }
        form.octets.extend_from_slice(rest);
        form
    }
}

/// How messages of a session are written: the phrases in one version, encoding and style, for so many contacts.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) version: Version,
    pub(super) encoding: Encoding,
    /// The media type.
    pub(super) media: &'static str,
    plain: Vec<Form>,
    /// The same with an element that no version knows.
    odd: Vec<Form>,
}

impl Dialect {
    /// Writes the phrases out. An ornate style has a document type declaration in XML, and a public identifier as text in
    /// WBXML.
    pub(super) fn new(version: Version, encoding: Encoding, ornate: bool, contacts: u8) -> io::Result<Self> {
        let write = |odd: bool| -> io::Result<Vec<Form>> {
            PHRASES.iter().map(|(_, title)| form(title, version, encoding, ornate, contacts, odd)).collect()
        };
        let media = bodies::media_type(version, encoding);
        Ok(Self { version, encoding, media, plain: write(false)?, odd: write(true)? })
    }

    /// The form of a phrase.
    pub(super) fn form(&self, phrase: Phrase, odd: bool) -> Option<&Form> {
        let forms = if odd { &self.odd } else { &self.plain };
        forms.get(phrase as usize)
    }
}

fn form(title: &str, version: Version, encoding: Encoding, ornate: bool, contacts: u8, odd: bool) -> io::Result<Form> {
    let wrong = |what: String| io::Error::other(format!("phrase {title}: {what}"));
    let section = |title: &str| {
        let mut sections = TEXT.split("## ").filter_map(|section| section.split_once('\n'));
        sections.find(|(name, _)| *name == title).map(|(_, text)| text)
    };
    let text = section(&format!("{title} {version}")).or_else(|| section(title));
    let mut text = for_each_contact(text.ok_or_else(|| wrong("there is none".to_owned()))?, contacts);
    // A handset that speaks XML wastes octets, which is a finding.
    let kind = if encoding == Encoding::Xml { "COMPUTER" } else { "MOBILE_PHONE" };
    text = text.replace("{kind}", kind);
    if odd {
        text.push_str("  Colour-Of-Socks {id}\n");
    }
    let text = format!("csp {version} {}\nsession {{session}}\n{text}", encoding.name());
    let trace = parse(&text).map_err(|error| wrong(error.to_string()))?;
    let Some(Line::Event(said)) = trace.lines.into_iter().next() else { return Err(wrong("no event".to_owned())) };
    let Payload::Message(usual) = &said.payload else { return Err(wrong("no message".to_owned())) };
    let part = usual.parts.first().and_then(|part| Some((part.primitive.root()?.spelling().to_owned(), part.mode)));
    let (primitive, mode) = part.ok_or_else(|| wrong("no primitive".to_owned()))?;
    let document = bodies::document(usual);
    let octets = match encoding {
        Encoding::Xml => {
            let mut out = String::new();
            let doctype = ornate.then_some((version.public_id(), "http://imps.example.com/csp.dtd"));
            xml::write(&document, xml::Style { indent: None, declaration: true, doctype }, &mut out);
            out.into_bytes()
        }
        Encoding::Wbxml => {
            let plain = wbxml::Style::default();
            let public_id = if ornate { wbxml::PublicId::Literal(version.public_id()) } else { plain.public_id };
            wbxml::write(&document, crate::csp::tokens::language(version), wbxml::Style { public_id, ..plain })
        }
        Encoding::Pts => return Err(wrong("it is not generated in the plain-text syntax".to_owned())),
    };
    Ok(Form::of(&octets, encoding, primitive, mode == Mode::Request))
}

/// A phrase in which what stands directly below the primitive and names a contact is there once for each.
fn for_each_contact(text: &str, contacts: u8) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    // Of a list each contact is an entry.
    let lists = text.contains("UserIDList");
    let goes_on = |line: &str| line.starts_with("   ") && !(lists && line.contains("{contact}"));
    let mut out = String::new();
    for block in lines.chunk_by(|_, next| goes_on(next)) {
        let block = block.join("\n") + "\n";
        let each = block.contains("{contact}");
        for contact in 0..if each { contacts } else { 1 } {
            out.push_str(&block.replace("{contact}", &format!("{{contact{contact}}}")));
        }
    }
    out
}
