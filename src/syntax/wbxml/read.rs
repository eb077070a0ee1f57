//! The body of a WBXML payload: tokens in, elements out.

use std::borrow::Cow;
use std::ops::Range;

use super::super::builder::is_space;
use super::super::document::Run;
use super::super::{AnomalyKind, Builder, MAX_PAYLOAD, NameId, Parsed, Prolog, Vocabulary, is_xml_char};
use super::header::{Charset, Octets, UTF_8};
use super::{Header, Language, opaque, token};

/// How many octets of text, names and values a body may come to; a few octets can refer to a long string over and
/// over. The rest is left out, told as [`AnomalyKind::TooMuchText`].
pub const MAX_TEXT: usize = 16 << 20;

/// Reads a WBXML payload in `language`, given its head. There always is a result; it may be an empty document.
pub fn parse(payload: &[u8], header: &Header, language: &Language, vocabulary: Vocabulary) -> Parsed {
    read(payload, header, language, vocabulary, true)
}

/// Reads all tokens alike, unless those of the common kinds are to be read in a quicker way.
pub(super) fn read(
    payload: &[u8],
    header: &Header,
    language: &Language,
    vocabulary: Vocabulary,
    quickly: bool,
) -> Parsed {
    let read = payload.get(..MAX_PAYLOAD).unwrap_or(payload);
    let mut body = Body::new(read, header, language, vocabulary);
    for anomaly in &header.anomalies {
        body.builder.anomaly(anomaly.kind, anomaly.span.clone());
    }
    if read.len() < payload.len() {
        body.note(AnomalyKind::TooMuchText, read.len()..payload.len());
    }
    body.quickly = quickly;
    if body.tokens().is_none() {
        body.note(AnomalyKind::EndsEarly, body.token..read.len());
    }
    if let Some(place) = body.octets.bad_number.take() {
        body.note(AnomalyKind::BadNumber, place);
    }
    let prolog = Prolog {
        public_id: header.public_id.clone(),
        public_number: header.public_number,
        charset: header.version.map(|_| match header.charset {
            UTF_8 => "MIBenum 106".into(),
            other => format!("MIBenum {other}").into(),
        }),
        wbxml_version: header.version,
    };
    body.builder.finish(prolog, read.len() as u32).with_source(String::new())
}

/// The attributes of the root's start tag, as far as they can be read.
pub(super) fn root_attributes(payload: &[u8], header: &Header, language: &Language) -> Vec<(String, String)> {
    let nothing = Vocabulary { number: |_| NameId::UNKNOWN, spelling: |_| "" };
    let mut body = Body::new(payload, header, language, nothing);
    while !body.builder.has_root() && body.next_token().is_some() {}
    let parsed = body.builder.finish(Prolog::default(), 0).with_source(String::new());
    parsed.document.attributes().map(|a| (a.name.to_owned(), a.value.to_owned())).collect()
}

struct Body<'p, 'l> {
    octets: Octets<'p>,
    /// Where the token being read begins.
    token: usize,
    strings: &'p [u8],
    language: &'l Language,
    charset: Charset,
    /// Whether printable ASCII stands for itself.
    ascii_compatible: bool,
    tag_page: u8,
    attribute_page: u8,
    /// What is left of [`MAX_TEXT`].
    room: usize,
    /// Whether the content to come was said to be binary.
    base64: bool,
    /// Whether what is of common kinds is read in a quicker way.
    quickly: bool,
    builder: Builder<'static>,
}

impl<'p, 'l> Body<'p, 'l> {
    fn new(payload: &'p [u8], header: &Header, language: &'l Language, vocabulary: Vocabulary) -> Self {
        let charset = Charset::of(header.charset).unwrap_or_default();
        Self {
            octets: Octets { payload, at: header.body, bad_number: None },
            token: header.body,
            strings: payload.get(header.strings.clone()).unwrap_or_default(),
            language,
            charset,
            ascii_compatible: matches!(charset, Charset::Utf8 { .. }),
            tag_page: 0,
            attribute_page: 0,
            room: MAX_TEXT,
            base64: false,
            quickly: true,
            builder: Builder::new(vocabulary, ""),
        }
    }

    fn note(&mut self, kind: AnomalyKind, place: Range<usize>) {
        self.builder.anomaly(kind, place.start as u32..place.end as u32);
    }

    /// Notes something about the token being read.
    fn note_token(&mut self, kind: AnomalyKind) {
        self.note(kind, self.token..self.octets.at);
    }

    /// Reads all tokens; `None` when the payload ends within one.
    fn tokens(&mut self) -> Option<()> {
        while self.octets.at < self.octets.payload.len() {
            if self.builder.has_root() && self.builder.depth() == 0 {
                self.note(AnomalyKind::TrailingContent, self.octets.at..self.octets.payload.len());
                break;
            }
            self.next_token()?;
            if self.quickly {
                self.common_tokens();
            }
        }
        Some(())
    }

    fn next_token(&mut self) -> Option<()> {
        self.token = self.octets.at;
        match self.octets.octet()? {
            token::SWITCH_PAGE => self.tag_page = self.octets.octet()?,
            token::END => self.end(),
            token::PI => {
                self.attributes(|_, _, _, _| {})?;
            }
            literal @ (token::LITERAL | token::LITERAL_A | token::LITERAL_C | token::LITERAL_AC) => {
                let offset = self.octets.number()?;
                let name = self.table_string(offset).filter(|name| !name.is_empty());
                let name = name.unwrap_or_else(|| format!("unknown-literal-{offset}").into());
                self.open(&name);
                self.rest_of_tag(literal)?;
            }
            token if is_value(token) => {
                let text = self.value(token, self.builder.innermost())?;
                self.text(&text);
            }
            tag => {
                let token = tag & 0x3F;
                match self.language.tag(self.tag_page, token) {
                    Some(name) => {
                        self.builder.open_named(name, self.token as u32..self.octets.at as u32);
                    }
                    None => {
                        self.note_token(AnomalyKind::UnknownToken);
                        self.open(&format!("unknown-{:02X}{token:02X}", self.tag_page));
                    }
                }
                self.rest_of_tag(tag)?;
            }
        }
        Some(())
    }

    /// Reads on as long as tokens are of the common kinds, which make up nearly all of a body: page switches, known tags
    /// without attributes, a plain text as all there is in an element, and ends.
    fn common_tokens(&mut self) {
        let (payload, language) = (self.octets.payload, self.language);
        let mut page = language.tags.get(usize::from(self.tag_page));
        while self.builder.has_room()
            && let Some(token) = payload.get(self.octets.at).copied()
        {
            let (start, after) = (self.octets.at as u32, self.octets.at + 1);
            let name = page.and_then(|page| page.get(usize::from(token & 0x3F))).copied().unwrap_or_default();
            let content = match token {
                token::SWITCH_PAGE => {
                    let Some(next) = payload.get(after).copied() else { return };
                    self.tag_page = next;
                    page = language.tags.get(usize::from(next));
                    self.octets.at += 2;
                    continue;
                }
                token::END if !self.base64 => {
                    self.octets.at = after;
                    self.builder.close(after as u32);
                    continue;
                }
                _ if name == NameId::UNKNOWN || token & token::HAS_ATTRIBUTES != 0 => return,
                _ => token & token::HAS_CONTENT != 0,
            };
            if !content {
                self.builder.leaf(name, start..after as u32, Run::default());
            } else if let Some((text, end)) = self.only_text(name, after) {
                self.room -= text.len();
                self.base64 &= name != language.content;
                let text = self.builder.copy(text);
                self.builder.leaf(name, start..end as u32, text);
                self.octets.at = end;
                continue;
            } else {
                self.builder.open_named(name, start..after as u32);
            }
            self.octets.at = after;
        }
    }

    /// The text that is all there is in an element with content from `at`, and where the element ends; `None` where there
    /// is more to it.
    #[inline(always)]
    fn only_text(&self, name: NameId, at: usize) -> Option<(&'p [u8], usize)> {
        let (payload, language) = (self.octets.payload, self.language);
        let (kind, operand) = (*payload.get(at)?, *payload.get(at + 1)?);
        // The operand is one octet: a number below 80, or the first of a string.
        let (text, end) = match kind {
            token::STR_I => {
                let text = self.plain_string(payload.get(at + 1..)?)?;
                (text, at + 1 + text.len() + 1)
            }
            token::EXT_T_0 if operand < 0x80 => (language.value(u32::from(operand), name)?.as_bytes(), at + 2),
            token::STR_T if operand < 0x80 => (self.plain_string(self.strings.get(usize::from(operand)..)?)?, at + 2),
            token::OPAQUE if operand < 0x80 && language.integers.contains(&name) => {
                let end = at + 2 + usize::from(operand);
                (opaque::small(payload.get(at + 2..end)?)?, end)
            }
            _ => return None,
        };
        let spaced = |octet: Option<&u8>| octet.is_some_and(|octet| is_space(*octet));
        let plain = !spaced(text.first()) && !spaced(text.last()) && name != language.content_encoding;
        (plain && payload.get(end) == Some(&token::END) && text.len() < self.room).then_some((text, end + 1))
    }

    /// The string that `rest` begins with, if it is of printable ASCII and nothing else.
    #[inline(always)]
    fn plain_string(&self, rest: &'p [u8]) -> Option<&'p [u8]> {
        let (string, behind) = rest.split_at_checked(plain(rest))?;
        (behind.first() == Some(&0) && self.ascii_compatible).then_some(string)
    }

    /// Reads attributes if they are of the common kind: one, of a known start token and a plain string. `None`, with
    /// nothing read, where they are not.
    fn usual_attribute(&mut self) -> Option<()> {
        let (payload, at) = (self.octets.payload, self.octets.at);
        let (name, begin) = self.language.attribute_start(self.attribute_page, *payload.get(at)?)?;
        let rest = payload.get(at + 1..)?.strip_prefix(&[token::STR_I])?;
        let text = self.plain_string(rest)?;
        let end = at + 2 + text.len() + 1;
        (payload.get(end) == Some(&token::END) && text.len() < self.room).then(|| {
            self.room -= text.len();
            self.octets.at = end + 1;
            self.builder.first_attribute_joined(name, begin, text);
        })
    }

    fn open(&mut self, name: &str) {
        self.builder.open(name, self.token as u32..self.octets.at as u32);
    }

    fn rest_of_tag(&mut self, tag: u8) -> Option<()> {
        let mut read = Some(());
        if tag & token::HAS_ATTRIBUTES != 0 && !(self.quickly && self.usual_attribute().is_some()) {
            read = self.attributes(|builder, name, value, place| {
                builder.attribute(name, value, place.start as u32..place.end as u32);
            });
        }
        if tag & token::HAS_CONTENT == 0 {
            self.builder.close(self.octets.at as u32);
        }
        read
    }

    fn end(&mut self) {
        if self.builder.depth() == 0 {
            return self.note_token(AnomalyKind::LeadingContent);
        }
        if self.builder.innermost() == Some(self.language.content) {
            self.base64 = false;
        }
        self.builder.close(self.octets.at as u32);
    }

    fn text(&mut self, text: &str) {
        if self.builder.depth() == 0 {
            if !text.is_empty() {
                self.note_token(AnomalyKind::LeadingContent);
            }
            return;
        }
        if self.builder.innermost() == Some(self.language.content_encoding) {
            self.base64 = text.eq_ignore_ascii_case("BASE64");
        }
        self.builder.text(text);
    }

    /// Reads attributes up to their END; `None` when the payload ends before it, with what was read until then given.
    fn attributes(&mut self, mut give: impl FnMut(&mut Builder<'static>, &str, &str, Range<usize>)) -> Option<()> {
        let mut current: Option<(Cow<'p, str>, Cow<'p, str>, usize)> = None;
        loop {
            self.token = self.octets.at;
            let next = self.octets.octet();
            let begins = next.is_none_or(|t| t == token::END || begins_attribute(t));
            if let Some((name, value, start)) = current.take_if(|_| begins) {
                give(&mut self.builder, &name, &value, start..self.token);
            }
            match next? {
                token::END => return Some(()),
                token::SWITCH_PAGE => self.attribute_page = self.octets.octet()?,
                token if begins_attribute(token) => {
                    let (name, value) = self.attribute_start(token)?;
                    current = Some((name, value.into(), self.token));
                }
                token => {
                    let text =
                        if is_value(token) { self.value(token, None) } else { Some(self.attribute_value(token)) };
                    match (&mut current, &text) {
                        (Some((_, value, _)), Some(text)) if value.is_empty() => *value = text.clone(),
                        (Some((_, value, _)), Some(text)) => value.to_mut().push_str(text),
                        (None, Some(_)) => self.note_token(AnomalyKind::UnknownToken),
                        (_, None) => {}
                    }
                    if text.is_none()
                        && let Some((name, value, start)) = current.take()
                    {
                        give(&mut self.builder, &name, &value, start..self.token);
                    }
                    text?;
                }
            }
        }
    }

    fn attribute_start(&mut self, token: u8) -> Option<(Cow<'p, str>, &'static str)> {
        if matches!(token, token::LITERAL | token::LITERAL_A | token::LITERAL_C | token::LITERAL_AC) {
            let offset = self.octets.number()?;
            let name = self.table_string(offset).filter(|name| !name.is_empty());
            return Some((name.unwrap_or_else(|| format!("unknown-literal-{offset}").into()), ""));
        }
        if let Some((name, value)) = self.language.attribute_start(self.attribute_page, token) {
            return Some((Cow::Borrowed(name), value));
        }
        self.note_token(AnomalyKind::UnknownToken);
        Some((self.counted(format!("unknown-{:02X}{token:02X}", self.attribute_page).into()), ""))
    }

    fn attribute_value(&mut self, token: u8) -> Cow<'p, str> {
        match self.language.attribute_value(self.attribute_page, token) {
            Some(text) => self.counted(Cow::Borrowed(text)),
            None => {
                self.note_token(AnomalyKind::UnknownToken);
                self.counted(format!("unknown-{:02X}{token:02X}", self.attribute_page).into())
            }
        }
    }

    /// The text of a string, entity, extension or OPAQUE, of which the first octet is read, inside `element`.
    fn value(&mut self, token: u8, element: Option<NameId>) -> Option<Cow<'p, str>> {
        match token {
            token::STR_I => Some(self.inline_string()),
            token::STR_T => {
                let offset = self.octets.number()?;
                Some(self.table_string(offset).unwrap_or_default())
            }
            token::ENTITY => {
                let code = self.octets.number()?;
                let character = char::from_u32(code);
                if !character.is_some_and(is_xml_char) {
                    self.note_token(AnomalyKind::BadEntity);
                }
                Some(character.map_or_else(|| format!("&#{code};"), String::from).into())
            }
            token::EXT_T_0 => {
                let index = self.octets.number()?;
                let known = self.language.value(index, element.unwrap_or_default());
                if known.is_none() {
                    self.note_token(AnomalyKind::UnknownValueToken);
                }
                let text = known.map_or_else(|| format!("unknown-ext-{index:02X}").into(), Cow::Borrowed);
                Some(self.counted(text))
            }
            token::OPAQUE => {
                let len = self.octets.number()? as usize;
                let start = self.octets.at;
                let octets = self.octets.take(len);
                if octets.len() < len {
                    self.note(AnomalyKind::EndsEarly, self.token..self.octets.at);
                }
                let text = self.opaque(octets, start, element);
                Some(self.counted(text))
            }
            extension => {
                match extension {
                    token::EXT_I_0..=token::EXT_I_2 => drop(self.inline_string()),
                    token::EXT_0..=token::EXT_2 => {}
                    _ => drop(self.octets.number()?),
                }
                self.note_token(AnomalyKind::UnknownExtension);
                Some(Cow::Borrowed(""))
            }
        }
    }

    fn opaque(&mut self, octets: &'p [u8], at: usize, element: Option<NameId>) -> Cow<'p, str> {
        let language = self.language;
        let is_one_of = |names: &[NameId]| element.is_some_and(|name| names.contains(&name));
        if is_one_of(language.integers) || is_one_of(language.doubtful_integers) {
            if octets.len() > 4 {
                self.note_token(AnomalyKind::InvalidOpaque);
            }
            return opaque::integer(octets).unwrap_or_else(|| opaque::readable(octets)).into();
        }
        if is_one_of(language.date_times) {
            let date_time = opaque::date_time(octets);
            if !date_time.as_ref().is_some_and(|(_, sensible)| *sensible) {
                self.note_token(AnomalyKind::InvalidOpaque);
            }
            return date_time.map_or_else(|| opaque::readable(octets), |(text, _)| text).into();
        }
        if element == Some(language.content) {
            let text = self.charset.decode(octets);
            let is_text = text.1.is_none() && text.0.chars().all(is_xml_char);
            if self.base64 && !opaque::is_base64(octets) || !is_text {
                return opaque::base64(octets).into();
            }
        }
        self.decoded(octets, Some(at))
    }

    /// The string that stands next in the body.
    fn inline_string(&mut self) -> Cow<'p, str> {
        let start = self.octets.at;
        let (string, len) = self.charset.string(self.octets.rest());
        self.octets.at = len.map_or(self.octets.payload.len(), |len| start + len);
        if len.is_none() {
            self.note(AnomalyKind::EndsEarly, self.token..self.octets.at);
        }
        let text = self.decoded(string, Some(start));
        self.counted(text)
    }

    /// The string at an offset of the string table; `None` where there is none.
    fn table_string(&mut self, offset: u32) -> Option<Cow<'p, str>> {
        // Once there is no more room, looking for the ends of strings would serve nothing.
        if self.room == 0 {
            self.builder.anomaly_once(AnomalyKind::TooMuchText, self.token as u32..self.octets.at as u32);
            return None;
        }
        let Some(rest) = self.strings.get(offset as usize..).filter(|rest| !rest.is_empty()) else {
            self.note_token(AnomalyKind::BadStringOffset);
            return None;
        };
        let (string, _) = self.charset.string(rest);
        let text = self.decoded(string, None);
        Some(self.counted(text))
    }

    /// The text of a string, told when it has characters it should not have: there, when it stands at `at` in the
    /// payload, else where the token is that refers to it.
    fn decoded(&mut self, string: &'p [u8], at: Option<usize>) -> Cow<'p, str> {
        let (text, bad) = self.charset.decode(string);
        let control = text.bytes().position(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'));
        // Offsets in the text are offsets in the string only where nothing was recoded.
        let control = control.map(|place| if matches!(text, Cow::Borrowed(_)) { place } else { 0 });
        if let Some(bad) = bad.or(control) {
            let here = self.token..self.octets.at;
            self.note(AnomalyKind::BadCharacter, at.map_or(here, |at| at + bad..at + bad + 1));
        }
        text
    }

    /// A text, if there is room for it.
    fn counted(&mut self, text: Cow<'p, str>) -> Cow<'p, str> {
        match self.room.checked_sub(text.len()) {
            Some(left) => self.room = left,
            None => {
                self.room = 0;
                self.builder.anomaly_once(AnomalyKind::TooMuchText, self.token as u32..self.octets.at as u32);
                return Cow::Borrowed("");
            }
        }
        text
    }
}

/// How many octets stand before the first that is no printable ASCII.
#[inline(always)]
fn plain(octets: &[u8]) -> usize {
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = octets.as_chunks();
    for (i, word) in words.iter().enumerate() {
        // The highest bit of each octet below 20 or beyond 7F; of octets behind the first such one it may be wrong.
        let word = u64::from_le_bytes(*word);
        let odd = (word.wrapping_sub(SPACES) | word) & HIGHEST;
        if odd != 0 {
            return 8 * i + odd.trailing_zeros() as usize / 8;
        }
    }
    let odd = rest.iter().position(|octet| !(0x20..0x80).contains(octet));
    octets.len() - rest.len() + odd.unwrap_or(rest.len())
}

/// Whether a token begins a piece of text.
fn is_value(token: u8) -> bool {
    matches!(
        token,
        token::ENTITY
            | token::STR_I
            | token::STR_T
            | token::OPAQUE
            | token::EXT_I_0..=token::EXT_I_2
            | token::EXT_T_0..=token::EXT_T_2
            | token::EXT_0..=token::EXT_2
    )
}

/// Whether a token in a list of attributes begins one.
fn begins_attribute(token: u8) -> bool {
    let literal = matches!(token, token::LITERAL | token::LITERAL_A | token::LITERAL_C | token::LITERAL_AC);
    literal || matches!(token, 0x05..=0x7F) && !is_value(token)
}
