//! Reading the plain-text syntax, with recovery.

use std::ops::Range;

use super::{MAX_NESTED, Parameter, Preamble, Script, Value, ValueKind, is_special};
use crate::syntax::{Anomaly, AnomalyKind, MAX_ANOMALIES, MAX_ELEMENTS, MAX_PAYLOAD};

/// Reads a payload; `None` where it does not begin as one of this syntax does.
pub fn read(payload: &[u8]) -> Option<Script> {
    let preamble = Preamble::read(payload)?;
    let octets = payload.get(..payload.len().min(MAX_PAYLOAD)).unwrap_or_default();
    // Line ends and padding behind the text are no part of it.
    let end = octets.iter().rposition(|b| !matches!(b, b' ' | b'\r' | b'\n' | 0)).map_or(0, |last| last + 1);
    let octets = octets.get(..end).unwrap_or_default();
    let mut reader = Reader { octets, at: preamble.end.min(end), values: 0, anomalies: Vec::new() };
    if payload.len() > MAX_PAYLOAD {
        reader.anomaly(AnomalyKind::TooMuchText, end..end);
    }
    let id = preamble.transaction.clone();
    let digits = octets.get(id.clone()).unwrap_or_default();
    if digits.len() > 3 || digits.len() > 1 && digits.starts_with(b"0") {
        reader.anomaly(AnomalyKind::BadPreamble, id);
    }
    if preamble.segment.is_some_and(|segment| segment.index >= segment.total) {
        reader.anomaly(AnomalyKind::BadPreamble, preamble.transaction.end..preamble.end);
    }
    let transaction = String::from_utf8_lossy(digits).into_owned();
    let junk = reader.at;
    reader.skip_to_space();
    if reader.at > junk {
        reader.anomaly(AnomalyKind::BadPreamble, junk..reader.at);
    }
    let parameters = reader.parameters();
    Some(Script { preamble, transaction, parameters, anomalies: reader.anomalies })
}

struct Reader<'p> {
    octets: &'p [u8],
    at: usize,
    /// Values and parameters so far.
    values: usize,
    anomalies: Vec<Anomaly>,
}

impl Reader<'_> {
    fn anomaly(&mut self, kind: AnomalyKind, span: Range<usize>) {
        if self.anomalies.len() < MAX_ANOMALIES {
            self.anomalies.push(Anomaly { kind, span: place(span) });
        }
    }

    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    fn take(&mut self, octet: u8) -> bool {
        let there = self.peek() == Some(octet);
        self.at += usize::from(there);
        there
    }

    fn skip_to_space(&mut self) {
        while self.peek().is_some_and(|b| b != b' ') {
            self.at += 1;
        }
    }

    /// The text of some octets; told where they are no UTF-8.
    fn text(&mut self, span: Range<usize>) -> String {
        let octets = self.octets.get(span.clone()).unwrap_or_default();
        match str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let text = String::from_utf8_lossy(octets).into_owned();
                self.anomaly(AnomalyKind::BadCharacter, span);
                text
            }
        }
    }

    /// Counts a value; `false` where there are too many.
    fn counts(&mut self) -> bool {
        self.values += 1;
        if self.values == MAX_ELEMENTS {
            self.anomaly(AnomalyKind::TooManyElements, self.at..self.at);
        }
        self.values < MAX_ELEMENTS
    }

    fn parameters(&mut self) -> Vec<Parameter> {
        let mut all: Vec<Parameter> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while self.take(b' ') && self.counts() {
            let start = self.at;
            while self.peek().is_some_and(|b| !matches!(b, b' ' | b'=')) {
                self.at += 1;
            }
            if self.at == start {
                self.anomaly(AnomalyKind::BadMarkup, start..start + 1);
                if !self.take(b'=') {
                    continue;
                }
                self.skip_to_space();
                continue;
            }
            let name = self.text(start..self.at);
            if !names.insert(name.to_ascii_uppercase()) {
                self.anomaly(AnomalyKind::RepeatedParameter, start..self.at);
            }
            let value = self.take(b'=').then(|| self.value());
            all.push(Parameter { name, value, span: place(start..self.at) });
        }
        all
    }

    /// A value and whatever stands behind it up to the next parameter.
    fn value(&mut self) -> Value {
        let value = match self.peek() {
            Some(b'(') => self.group(0),
            Some(b'"') => self.quoted(false),
            None | Some(b' ') => {
                self.anomaly(AnomalyKind::EmptyValue, self.at..self.at);
                Value { kind: ValueKind::Text(String::new()), span: place(self.at..self.at) }
            }
            Some(_) => self.bare(false),
        };
        let junk = self.at;
        self.skip_to_space();
        if self.at > junk {
            self.anomaly(AnomalyKind::BadMarkup, junk..self.at);
        }
        value
    }

    fn group(&mut self, depth: usize) -> Value {
        let start = self.at;
        self.at += 1;
        let mut values = Vec::new();
        loop {
            let value = match self.peek() {
                Some(b'(') if depth + 1 < MAX_NESTED => self.group(depth + 1),
                Some(b'(') => {
                    self.anomaly(AnomalyKind::TooDeep, self.at..self.at + 1);
                    self.bare(true)
                }
                Some(b'"') => self.quoted(true),
                _ => self.bare(true),
            };
            let counts = self.counts();
            if counts {
                values.push(value);
            }
            if counts && self.take(b',') {
                continue;
            }
            if !self.take(b')') {
                self.anomaly(AnomalyKind::UnclosedElement, start..self.at);
            }
            break;
        }
        Value { kind: ValueKind::Group(values), span: place(start..self.at) }
    }

    /// A text in quotes; what stands between the last quote and the end of the value is added.
    fn quoted(&mut self, in_group: bool) -> Value {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let from = self.at;
            let rest = self.octets.get(from..).unwrap_or_default();
            let Some(length) = memchr::memchr(b'"', rest) else {
                self.at = self.octets.len();
                text.push_str(&self.text(from..self.at));
                self.anomaly(AnomalyKind::UnclosedElement, start..self.at);
                break;
            };
            self.at = from + length + 1;
            text.push_str(&self.text(from..from + length));
            if !self.take(b'"') {
                break;
            }
            text.push('"');
        }
        if self.at < self.octets.len() && !self.ends(in_group) {
            let more = self.bare(in_group);
            text.push_str(more.as_text().unwrap_or_default());
            self.anomaly(AnomalyKind::BadMarkup, more.span.start as usize..more.span.end as usize);
        }
        Value { kind: ValueKind::Text(text), span: place(start..self.at) }
    }

    /// Whether a text without quotes ends here.
    fn ends(&self, in_group: bool) -> bool {
        match self.peek() {
            None => true,
            Some(b',' | b')') => in_group,
            Some(b' ') => !in_group || self.begins_parameter(),
            Some(_) => false,
        }
    }

    /// Whether the space here is one before a parameter, though a group is open: some forget the quotes of a text, some
    /// the parenthesis behind a group.
    fn begins_parameter(&self) -> bool {
        matches!(self.octets.get(self.at..), Some([b' ', a, b, b'=', ..]) if a.is_ascii_alphabetic() && b.is_ascii_alphabetic())
    }

    fn bare(&mut self, in_group: bool) -> Value {
        let start = self.at;
        let mut special = None;
        while !self.ends(in_group) {
            if self.peek().is_some_and(is_special) {
                special.get_or_insert(self.at);
            }
            self.at += 1;
        }
        if let Some(at) = special {
            self.anomaly(AnomalyKind::BadMarkup, at..self.at);
        }
        Value { kind: ValueKind::Text(self.text(start..self.at)), span: place(start..self.at) }
    }
}

fn place(span: Range<usize>) -> Range<u32> {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    narrow(span.start)..narrow(span.end)
}
