//! JSON as logs have it: a run of records, each read by itself, every string with its place.

use std::io::{self, Read};
use std::ops::Range;

use super::escapes::unicode;
use super::text::{Place, Text};

/// How many octets of a record are read; a longer one is passed over and told.
pub const MAX_RECORD: usize = 16 << 20;

/// How deep values of a record may nest; deeper ones are left out.
pub const MAX_DEPTH: usize = 64;

/// How many octets are asked for at a time.
const CHUNK: usize = 1 << 16;

/// The objects of an input, one at a time: those that stand in `depth` others.
pub(super) struct Records<R> {
    input: R,
    depth: usize,
    /// How many objects and arrays are open.
    open: usize,
    in_string: bool,
    escaped: bool,
    at: Place,
    octets: u64,
    /// What was read, and how much of it was taken.
    chunk: Vec<u8>,
    from: usize,
    record: Record,
    within: bool,
    too_long: bool,
}

/// An object as it stands in the input.
#[derive(Default, Debug)]
pub(super) struct Record {
    octets: Vec<u8>,
    /// Where each line of it begins: offset in it, and place.
    lines: Vec<(usize, Place)>,
}

/// What came of looking for a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// A record.
    Record,
    /// One that begins here and is longer than [`MAX_RECORD`].
    TooLong(Place),
    /// One that begins here, and the input ends in it.
    Cut(Place),
    /// No more.
    End,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, depth: usize) -> Self {
        Self {
            input,
            depth,
            open: 0,
            in_string: false,
            escaped: false,
            at: Place { line: 1, column: 1 },
            octets: 0,
            chunk: Vec::new(),
            from: 0,
            record: Record::default(),
            within: false,
            too_long: false,
        }
    }

    /// Looks for the next record.
    pub(super) fn advance(&mut self) -> io::Result<Next> {
        self.record.octets.clear();
        self.record.lines.clear();
        (self.within, self.too_long) = (false, false);
        loop {
            if self.from >= self.chunk.len() && !self.fill()? {
                let place = self.record.place(0);
                return Ok(if std::mem::take(&mut self.within) { Next::Cut(place) } else { Next::End });
            }
            let chunk = std::mem::take(&mut self.chunk);
            let mut next = None;
            for octet in chunk.get(self.from..).unwrap_or_default() {
                if self.breaks_off(*octet) {
                    (self.open, self.within) = (0, false);
                    next = Some(Next::Cut(self.record.place(0)));
                    break;
                }
                self.from += 1;
                if self.take(*octet) {
                    let place = self.record.place(0);
                    next = Some(if self.too_long { Next::TooLong(place) } else { Next::Record });
                    break;
                }
            }
            self.chunk = chunk;
            if let Some(next) = next {
                return Ok(next);
            }
        }
    }

    /// Reads on; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.from = 0;
        self.chunk.resize(CHUNK, 0);
        loop {
            match self.input.read(&mut self.chunk) {
                Ok(read) => {
                    self.chunk.truncate(read);
                    self.octets += read as u64;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.chunk.clear();
                    return Err(error);
                }
            }
        }
    }

    /// Whether a record of a line was cut and the next one begins: inner objects do not begin lines.
    fn breaks_off(&self, octet: u8) -> bool {
        octet == b'{' && self.depth == 0 && self.open > 0 && self.at.column == 1
    }

    /// Takes an octet; returns whether it ends a record.
    fn take(&mut self, octet: u8) -> bool {
        let begins = !self.in_string && !self.within && octet == b'{' && self.open == self.depth;
        if begins {
            self.within = true;
            self.record.lines.push((0, self.at));
        }
        if self.within {
            if self.record.octets.len() < MAX_RECORD {
                self.record.octets.push(octet);
            } else {
                self.too_long = true;
            }
        }
        if octet == b'\n' {
            self.at = Place { line: self.at.line.saturating_add(1), column: 1 };
            if self.within && !self.too_long {
                self.record.lines.push((self.record.octets.len(), self.at));
            }
            // No string goes over a line: one that seems to was never closed, and records begin anew.
            (self.in_string, self.escaped) = (false, false);
            return false;
        }
        self.at = self.at.after(1);
        if self.in_string {
            match octet {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match octet {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.open += 1,
            b'}' | b']' => {
                self.open = self.open.saturating_sub(1);
                if self.within && self.open == self.depth {
                    self.within = false;
                    return true;
                }
            }
            _ => {}
        }
        false
    }

    /// The record that was found last.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn octets(&self) -> u64 {
        self.octets
    }
}

/// A value of a record. Numbers, booleans and null are kept as they are written.
#[derive(Debug)]
pub(super) enum Value {
    Plain(Range<usize>),
    /// What stands between the quotation marks, and whether the second one is there.
    String(Range<usize>, bool),
    Array(Vec<Self>),
    /// Keys in their order, each as often as it stands there.
    Object(Vec<(Range<usize>, Self)>),
}

impl Record {
    /// The place of an octet.
    pub(super) fn place(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|(start, _)| *start <= at);
        let (start, place) = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or_default();
        place.after(at - start.min(at))
    }

    /// The record read; what cannot be is left out.
    pub(super) fn read(&self) -> Value {
        Reader { octets: &self.octets, at: 0 }.value(0).unwrap_or(Value::Plain(0..0))
    }

    /// A range as it is written.
    pub(super) fn written(&self, range: &Range<usize>) -> &str {
        self.octets.get(range.clone()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// A string with its escapes undone.
    pub(super) fn text(&self, range: &Range<usize>) -> Text {
        let octets = self.octets.get(range.clone()).unwrap_or_default();
        let mut text = Text::default();
        let mut at = 0;
        while let Some(octet) = octets.get(at).copied() {
            let place = self.place(range.start + at);
            let rest = octets.get(at + 1..).unwrap_or_default();
            at += match (octet, rest.first().copied()) {
                (b'\\', Some(b'u')) => match unicode(rest) {
                    Some((c, len)) => {
                        text.push_char(c, place);
                        1 + len
                    }
                    None => 1,
                },
                (b'\\', Some(letter)) => {
                    let meant = match letter {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'b' => 8,
                        b'f' => 12,
                        other => other,
                    };
                    text.push(meant, place);
                    2
                }
                _ => {
                    text.push(octet, place);
                    1
                }
            };
        }
        text
    }

    /// A plain value or string as a Rust string.
    pub(super) fn string(&self, value: &Value) -> Option<String> {
        match value {
            Value::Plain(range) => Some(self.written(range).to_owned()),
            Value::String(range, _) => Some(String::from_utf8_lossy(self.text(range).octets()).into_owned()),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The first member of this name of an object.
    pub(super) fn get<'v>(&self, value: &'v Value, key: &str) -> Option<&'v Value> {
        let Value::Object(members) = value else { return None };
        members.iter().find(|(name, _)| self.written(name) == key).map(|(_, value)| value)
    }

    /// The member at the end of a path, as a string.
    pub(super) fn string_at(&self, value: &Value, path: &[&str]) -> Option<String> {
        let found = path.iter().try_fold(value, |value, key| self.get(value, key))?;
        self.string(found)
    }
}

struct Reader<'r> {
    octets: &'r [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let blanks = self.octets.get(self.at..)?.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.at += blanks;
        self.octets.get(self.at).copied()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.peek()? {
            b'"' => {
                let (range, whole) = self.string();
                Some(Value::String(range, whole))
            }
            b'{' => {
                self.at += 1;
                let mut members = Vec::new();
                while let Some(next) = self.peek() {
                    match next {
                        b'"' => {
                            let (key, _) = self.string();
                            if self.peek() == Some(b':') {
                                self.at += 1;
                            }
                            let value = if depth < MAX_DEPTH { self.value(depth + 1) } else { self.skip() };
                            members.extend(value.map(|value| (key, value)));
                        }
                        b'}' => {
                            self.at += 1;
                            break;
                        }
                        _ => self.at += 1,
                    }
                }
                Some(Value::Object(members))
            }
            b'[' => {
                self.at += 1;
                let mut all = Vec::new();
                while let Some(next) = self.peek() {
                    match next {
                        b']' => {
                            self.at += 1;
                            break;
                        }
                        // A colon has no place here.
                        b',' | b':' => self.at += 1,
                        b'}' => break,
                        _ => all.extend(if depth < MAX_DEPTH { self.value(depth + 1) } else { self.skip() }),
                    }
                }
                Some(Value::Array(all))
            }
            b'}' | b']' | b',' | b':' => None,
            _ => {
                let rest = self.octets.get(self.at..).unwrap_or_default();
                let len = rest.iter().take_while(|b| !b",]}\"{[: \t\r\n".contains(b)).count();
                let range = self.at..self.at + len;
                self.at += len.max(1);
                Some(Value::Plain(range))
            }
        }
    }

    /// Passes over a value that is too deep.
    fn skip(&mut self) -> Option<Value> {
        let mut open = 0_usize;
        while let Some(next) = self.peek() {
            match next {
                b'"' => _ = self.string(),
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                b',' | b'}' | b']' if open == 0 => return None,
                _ => self.at += 1,
            }
            if open == 0 {
                return None;
            }
        }
        None
    }

    /// A string, whose quotation mark is next.
    fn string(&mut self) -> (Range<usize>, bool) {
        let start = self.at + 1;
        let mut at = start;
        while let Some(octet) = self.octets.get(at) {
            match octet {
                b'"' => {
                    self.at = at + 1;
                    return (start..at, true);
                }
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = self.octets.len();
        (start.min(self.octets.len())..self.octets.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, depth: usize) -> Vec<(Next, String)> {
        let mut records = Records::new(text.as_bytes(), depth);
        let mut found = Vec::new();
        loop {
            let next = records.advance().unwrap();
            if next == Next::End {
                return found;
            }
            found.push((next, String::from_utf8_lossy(&records.record().octets).into_owned()));
        }
    }

    #[test]
    fn values_that_are_none_are_passed_over() {
        for text in ["{\"a\":[:1]}", "{\"a\":[1:2,:]}", "{\"a\":[{:]}", "{\"a\"::[}]"] {
            let record = Record { octets: text.as_bytes().to_vec(), lines: Vec::new() };
            assert!(matches!(record.read(), Value::Object(_)), "{text}");
        }
        let record = Record { octets: b"{\"a\":[:1,2]}".to_vec(), lines: Vec::new() };
        let read = record.read();
        let Some(Value::Array(all)) = record.get(&read, "a") else { panic!("{read:?}") };
        assert_eq!(all.iter().filter_map(|value| record.string(value)).collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn records_are_the_objects_of_a_depth() {
        let one = |text: &str| (Next::Record, text.to_owned());
        assert_eq!(all("{\"a\":1}\n{\"b\":\"}\"}", 0), [one("{\"a\":1}"), one("{\"b\":\"}\"}")]);
        assert_eq!(all("[{\"a\":{}},\n{}]", 1), [one("{\"a\":{}}"), one("{}")]);
        assert_eq!(all("{\"log\":{\"x\":{},\"entries\":[{\"r\":1},{}]}}", 3), [one("{\"r\":1}"), one("{}")]);
        assert_eq!(all("{\"a\":\"x\n{\"b\":1}\n", 0)[1], one("{\"b\":1}"));
        let cut = all("[{\"a\":1},{\"b\":\"x", 1);
        assert_eq!(cut[1].0, Next::Cut(Place { line: 1, column: 10 }));
    }

    #[test]
    fn values_have_their_places_and_keys_may_repeat() {
        let text = "[\n  {\"k\": \"a\\u003cb\",\n   \"k\": [1, true, {\"n\": \"\\ud83d\\ude00\"}]}]";
        let mut records = Records::new(text.as_bytes(), 1);
        assert_eq!(records.advance().unwrap(), Next::Record);
        let record = records.record();
        let value = record.read();
        let Value::Object(members) = &value else { panic!("{value:?}") };
        assert_eq!(members.len(), 2);
        let Value::String(range, true) = &members[0].1 else { panic!("{value:?}") };
        let decoded = record.text(range);
        assert_eq!(decoded.octets(), b"a<b");
        let places: Vec<_> = decoded.iter().map(|(_, p)| (p.line, p.column)).collect();
        assert_eq!(places, [(2, 10), (2, 11), (2, 17)]);
        let Value::Array(list) = &members[1].1 else { panic!("{value:?}") };
        assert_eq!(record.string_at(&list[2], &["n"]).as_deref(), Some("😀"));
        assert_eq!(record.string(&list[1]).as_deref(), Some("true"));
    }

    #[test]
    fn a_record_beyond_the_limit_is_passed_over() {
        let text = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}", "x".repeat(MAX_RECORD));
        let mut records = Records::new(text.as_bytes(), 0);
        assert_eq!(records.advance().unwrap(), Next::TooLong(Place { line: 1, column: 1 }));
        assert_eq!((records.advance().unwrap(), records.record().octets.as_slice()), (Next::Record, &b"{\"b\":1}"[..]));
    }

    #[test]
    fn what_nests_too_deep_is_left_out() {
        let text = format!("{{\"a\":{}{}, \"b\":2}}", "[".repeat(100), "]".repeat(100));
        let mut records = Records::new(text.as_bytes(), 0);
        assert_eq!(records.advance().unwrap(), Next::Record);
        let value = records.record().read();
        assert_eq!(records.record().string_at(&value, &["b"]).as_deref(), Some("2"));
    }
}
