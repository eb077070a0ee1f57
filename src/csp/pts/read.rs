//! From parameters to elements.

use std::ops::Range;

use super::codes::{self, meaning};
use super::place::{self, Frame};
use super::{Item, version};
use crate::csp::feature;
use crate::csp::message::Mode;
use crate::csp::model::{self, Kind};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::syntax::pts::{self, Parameter, Preamble, Script, Value};
use crate::syntax::{Anomaly, AnomalyKind, Builder, MAX_ANOMALIES, NameId, Node, Parsed, Prolog};

/// Reads a payload. There always is a result; it may be an empty document.
pub fn read(payload: &[u8]) -> Parsed {
    let end = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let Some(script) = pts::read(payload) else {
        return Builder::new(name::VOCABULARY, "").finish(Prolog::default(), end).with_source(String::new());
    };
    let Preamble { version: digits, transaction, .. } = &script.preamble;
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut reader = Reader { version: version(*digits), primitive: NameId::UNKNOWN, anomalies: Vec::new() };
    let (primitive, mode) = reader.primitive(&script);
    let (mut session, mut items) = (None, Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    for parameter in &script.parameters {
        // Of parameters of one name the first counts.
        if seen.iter().any(|name| name.eq_ignore_ascii_case(&parameter.name)) {
            continue;
        }
        if seen.len() < SEEN_MAX {
            seen.push(&parameter.name);
        }
        let is_session = parameter.name.eq_ignore_ascii_case("SI") && reader.primitive != name::LOGIN_RESPONSE;
        match parameter.value.as_ref().and_then(Value::as_text).filter(|_| is_session) {
            Some(id) => session = Some(Item::leaf(name::SESSION_ID, id, &parameter.span)),
            None => reader.parameter(parameter, &mut items),
        }
    }
    let primitive = primitive.with(place::in_order(reader.version, reader.primitive, items));
    let id = Item::leaf(name::TRANSACTION_ID, &script.transaction, &(place(transaction.start)..place(transaction.end)));
    let frame = Frame { version: reader.version, session, mode, id, primitive };
    let mut parsed = frame.document(end);
    let all = script.anomalies.into_iter().chain(reader.anomalies);
    let room = MAX_ANOMALIES.saturating_sub(parsed.anomalies.len());
    parsed.anomalies.extend(all.take(room));
    parsed.anomalies.sort_by_key(|a| (a.span.start, a.span.end));
    parsed
}

/// The name of an element for a value that has none.
const NAMELESS: &str = "Parameter";
/// Names of parameters that are remembered to know them again; no primitive has as many.
const SEEN_MAX: usize = 64;

struct Reader {
    version: Option<Version>,
    primitive: NameId,
    anomalies: Vec<Anomaly>,
}

impl Reader {
    fn anomaly(&mut self, kind: AnomalyKind, span: &Range<u32>) {
        if self.anomalies.len() < MAX_ANOMALIES {
            self.anomalies.push(Anomaly { kind, span: span.clone() });
        }
    }

    /// The primitive and its mode.
    fn primitive(&mut self, script: &Script) -> (Item, Option<Mode>) {
        let span = 4..6;
        let code: String = script.preamble.primitive.iter().map(|b| char::from(*b)).collect();
        let Some((name, _)) = codes::primitive(&code) else {
            self.anomaly(AnomalyKind::UnknownCode, &span);
            return (Item::named(&code, &span), None);
        };
        self.primitive = name;
        let answers = name == name::STATUS || name::spelling(name).ends_with("-Response");
        (Item::new(name, &span), Some(if answers { Mode::Response } else { Mode::Request }))
    }

    fn parameter(&mut self, parameter: &Parameter, items: &mut Vec<Item>) {
        let Parameter { name: code, value, span } = parameter;
        let known = if code.eq_ignore_ascii_case("SI") {
            Some(name::SESSION_ID)
        } else {
            codes::parameter(code, self.primitive)
        };
        let before = items.len();
        let fits = match (known, value) {
            (Some(name), Some(value)) => self.element(name, value, span, items),
            (Some(name), None) => {
                items.push(Item::new(name, span));
                true
            }
            (None, _) => false,
        };
        if fits {
            return;
        }
        items.truncate(before);
        self.anomaly(if known.is_none() { AnomalyKind::UnknownCode } else { AnomalyKind::BadShape }, span);
        let spelling = spelling(code);
        let mut item = known.map_or_else(|| Item::named(spelling, span), |name| Item::new(name, span));
        if let Some(value) = value {
            raw(value, &mut item);
        }
        items.push(item);
    }

    /// The elements of a parameter whose code is known; `false` where its value is of another shape.
    fn element(&mut self, name: NameId, value: &Value, span: &Range<u32>, items: &mut Vec<Item>) -> bool {
        let item = match name {
            name::RESULT => result(value, span),
            name::CLIENT_ID => value.as_text().map(|text| {
                let number = text.strip_prefix('+').unwrap_or(text);
                let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
                let part = if is_number { name::MSISDN } else { name::URL };
                Item::new(name, span).with(vec![Item::leaf(part, text, &value.span)])
            }),
            name::CAPABILITY_LIST | name::AGREED_CAPABILITY_LIST => self
                .pairs(value, |reader, code, given| reader.capability(code, given))
                .map(|children| Item::new(name, span).with(children)),
            name::FUNCTIONS | name::ALL_FUNCTIONS => Some(self.functions(name, value, span)),
            name::NICK_LIST | name::ADD_NICK_LIST | name::REMOVE_NICK_LIST => self
                .pairs(value, |_, nick, user| Some(nickname(name, nick, user)))
                .map(|children| Item::new(name, span).with(children)),
            name::CONTACT_LIST_PROPERTIES => self
                .pairs(value, |reader, code, given| reader.property(code, given))
                .map(|children| Item::new(name, span).with(children)),
            name::PRESENCE_SUB_LIST => Some(self.sub_list(value, span)),
            name::PRESENCE => return self.presences(value, items),
            _ => return texts(name, value, span, items),
        };
        items.extend(item);
        items.last().is_some_and(|last| last.span == *span)
    }

    /// What a group of pairs says, one item a pair; a single pair may stand without the group around it.
    fn pairs(
        &mut self,
        value: &Value,
        mut item: impl FnMut(&mut Self, &Value, &Value) -> Option<Item>,
    ) -> Option<Vec<Item>> {
        let group = value.as_group()?;
        if let [first, second] = group
            && first.as_text().is_some()
        {
            return Some(item(self, first, second).into_iter().collect());
        }
        let one = |pair: &Value| match pair.as_group() {
            Some([first, second]) => item(self, first, second),
            _ => None,
        };
        // An empty place is what is left of a value that its sender could not write.
        group.iter().filter(|v| v.as_text() != Some("")).map(one).collect()
    }

    fn capability(&mut self, code: &Value, value: &Value) -> Option<Item> {
        let (code_text, text) = (code.as_text()?, value.as_text()?);
        let Some(name) = meaning(codes::CAPABILITIES, code_text) else {
            if name::number(code_text.as_bytes()) == NameId::UNKNOWN {
                self.anomaly(AnomalyKind::UnknownCode, &code.span);
            }
            let spelling = spelling(code_text);
            return Some(Item { text: text.to_owned(), ..Item::named(spelling, &joined(code, value)) });
        };
        if name == name::CIR_HTTP_ADDRESS {
            let name = if self.version >= Some(Version::V13) { name } else { name::CIR_URL };
            let url = Item::leaf(name::URL, text, &value.span);
            return Some(Item::new(name, &joined(code, value)).with(vec![url]));
        }
        Some(Item::leaf(name, codes::value(name, text), &joined(code, value)))
    }

    fn property(&mut self, code: &Value, value: &Value) -> Option<Item> {
        let (code_text, text) = (code.as_text()?, value.as_text()?);
        let known = meaning(codes::PROPERTIES, code_text);
        if known.is_none() && !codes::PROPERTIES.iter().any(|(_, name)| *name == code_text) {
            self.anomaly(AnomalyKind::UnknownCode, &code.span);
        }
        let children = vec![
            Item::leaf(name::NAME, known.unwrap_or(code_text), &code.span),
            Item::leaf(name::VALUE, text, &value.span),
        ];
        Some(Item::new(name::PROPERTY, &joined(code, value)).with(children))
    }

    /// The service tree down to the leaves that are named.
    fn functions(&mut self, name: NameId, value: &Value, span: &Range<u32>) -> Item {
        let mut functions = Item::new(name, span);
        let leaves = value.as_group().unwrap_or(std::slice::from_ref(value));
        for leaf in leaves.iter().filter_map(|leaf| Some((leaf.as_text()?, leaf))).filter(|(code, _)| !code.is_empty())
        {
            let (code, leaf) = leaf;
            let known = meaning(codes::FEATURES, code).unwrap_or_else(|| name::number(code.as_bytes()));
            let mut path: Vec<NameId> =
                std::iter::successors(feature::branch(known), |b| feature::branch(b.parent)).map(|b| b.name).collect();
            if path.is_empty() {
                self.anomaly(AnomalyKind::UnknownCode, &leaf.span);
                path = vec![name::WV_CSP_FEAT];
            }
            let further = feature::branch(known).is_none();
            let further = further.then(|| Item::named(spelling(code), &leaf.span));
            graft(&mut functions, &mut path, &leaf.span, further);
        }
        functions
    }

    /// `(user[,attributes])`, or a group of those; one server writes a single one as a group as well.
    fn presences(&mut self, value: &Value, items: &mut Vec<Item>) -> bool {
        match (value.as_text(), value.as_group()) {
            (None, Some([first, ..])) if first.as_text().is_none() => {
                value.as_group().unwrap_or_default().iter().all(|one| self.presence(one, items))
            }
            _ => self.presence(value, items),
        }
    }

    fn presence(&mut self, value: &Value, items: &mut Vec<Item>) -> bool {
        let (user, attributes) = match value.as_group() {
            None => (value, None),
            Some([user]) => (user, None),
            Some([user, attributes]) => (user, Some(attributes)),
            Some(_) => return false,
        };
        let Some(id) = user.as_text() else { return false };
        let mut presence = Item::new(name::PRESENCE, &value.span).with(vec![Item::leaf(name::USER_ID, id, &user.span)]);
        if let Some(attributes) = attributes {
            presence.children.push(self.sub_list(attributes, &attributes.span));
        }
        items.push(presence);
        true
    }

    fn sub_list(&mut self, value: &Value, span: &Range<u32>) -> Item {
        let mut children = Vec::new();
        let has_values = place::tells_presence(self.primitive);
        match value.as_group() {
            None => children.push(self.attribute(value, has_values)),
            // One attribute without the group around it.
            Some([first, rest @ ..]) if first.as_text().is_some() && (has_values || is_selection(rest)) => {
                children.push(self.attribute(value, has_values));
            }
            Some(all) => children.extend(all.iter().map(|one| self.attribute(one, has_values))),
        }
        Item::new(name::PRESENCE_SUB_LIST, span).with(children)
    }

    /// An attribute: `code`, `(code,(part,...))`, `(code,value)` or `(code,qualifier,value)`.
    fn attribute(&mut self, value: &Value, has_values: bool) -> Item {
        let (code, rest) = match value.as_group() {
            None => (value, &[][..]),
            Some([code, rest @ ..]) => (code, rest),
            Some([]) => (value, &[][..]),
        };
        let text = code.as_text().unwrap_or_default();
        let mut item = match meaning(codes::ATTRIBUTES, text) {
            Some(name) => Item::new(name, &value.span),
            None => {
                let item = Item::named(spelling(text), &value.span);
                if item.name == NameId::UNKNOWN {
                    self.anomaly(AnomalyKind::UnknownCode, &code.span);
                }
                item
            }
        };
        match rest {
            [] => {}
            [given] => self.attribute_value(&mut item, given, has_values),
            [qualifier, given] => {
                if let Some(text) = qualifier.as_text().filter(|text| !text.is_empty()) {
                    item.children.push(Item::leaf(name::QUALIFIER, text, &qualifier.span));
                }
                self.attribute_value(&mut item, given, has_values);
            }
            more => {
                self.anomaly(AnomalyKind::BadShape, &value.span);
                more.iter().for_each(|given| raw(given, &mut item));
            }
        }
        item
    }

    fn attribute_value(&mut self, item: &mut Item, value: &Value, has_values: bool) {
        match value.as_group() {
            Some([first, _]) if first.as_text().is_some() && has_values => {
                item.children.push(self.attribute(value, true));
            }
            Some(parts) => {
                let parts: Vec<Item> = parts.iter().map(|part| self.attribute(part, has_values)).collect();
                item.children.extend(parts);
            }
            None => {
                let text = codes::value(item.name, value.as_text().unwrap_or_default());
                if self.has_presence_value(item.name) {
                    item.children.push(Item::leaf(name::PRESENCE_VALUE, text, &value.span));
                } else {
                    item.text = text.to_owned();
                }
            }
        }
    }

    /// Whether the value of a presence attribute stands in an element of its own.
    fn has_presence_value(&self, attribute: NameId) -> bool {
        let row = model::element(self.version.unwrap_or(Version::V12), attribute);
        let Some(Kind::Container(model)) = row.map(|row| row.kind) else { return false };
        let mut found = false;
        model.each_name(&mut |name| found |= name == name::PRESENCE_VALUE);
        found
    }
}

/// Makes the branches of a path, of which the last comes first, where they are not there yet, and hangs an item on the
/// last.
fn graft(at: &mut Item, path: &mut Vec<NameId>, span: &Range<u32>, further: Option<Item>) {
    let Some(step) = path.pop() else { return at.children.extend(further) };
    let there = at.children.iter().position(|c| c.name == step).unwrap_or(at.children.len());
    if there == at.children.len() {
        at.children.push(Item::new(step, span));
    }
    if let Some(next) = at.children.get_mut(there) {
        next.span = next.span.start.min(span.start)..next.span.end.max(span.end);
        graft(next, path, span, further);
    }
}

/// Whether what follows the code of an attribute are its parts, and not further attributes: a group of codes alone.
fn is_selection(rest: &[Value]) -> bool {
    matches!(rest, [parts] if parts.as_group().is_some_and(|parts| parts.iter().all(|part| part.as_text().is_some())))
}

/// `code` or `(code,description)`.
fn result(value: &Value, span: &Range<u32>) -> Option<Item> {
    let (code, description) = match value.as_group() {
        None => (value, None),
        Some([code]) => (code, None),
        Some([code, description]) => (code, Some(description)),
        Some(_) => return None,
    };
    let mut children = vec![Item::leaf(name::CODE, code.as_text()?, &code.span)];
    if let Some(description) = description {
        children.push(Item::leaf(name::DESCRIPTION, description.as_text()?, &description.span));
    }
    Some(Item::new(name::RESULT, span).with(children))
}

/// A user, with a nickname where there is one.
fn nickname(list: NameId, nick: &Value, user: &Value) -> Item {
    let id = Item::leaf(name::USER_ID, user.as_text().unwrap_or_default(), &user.span);
    match nick.as_text().filter(|text| !text.is_empty() && list != name::REMOVE_NICK_LIST) {
        Some(text) => {
            let children = vec![Item::leaf(name::NAME, text, &nick.span), id];
            Item::new(name::NICK_NAME, &joined(nick, user)).with(children)
        }
        None => id,
    }
}

/// A text, or several elements of one name; `false` where groups nest.
fn texts(name: NameId, value: &Value, span: &Range<u32>, items: &mut Vec<Item>) -> bool {
    let one = |value: &Value, span| Some(Item::leaf(name, value.as_text()?, span));
    match value.as_group() {
        None => items.extend(one(value, span)),
        Some(group) => {
            let Some(all) = group.iter().map(|value| one(value, &value.span)).collect::<Option<Vec<_>>>() else {
                return false;
            };
            items.extend(all);
        }
    }
    true
}

/// Hangs a value of unknown meaning into an element.
fn raw(value: &Value, item: &mut Item) {
    match value.as_group() {
        None => item.text.push_str(value.as_text().unwrap_or_default()),
        Some(values) => {
            for value in values {
                let mut inner = Item::named(NAMELESS, &value.span);
                raw(value, &mut inner);
                item.children.push(inner);
            }
        }
    }
}

/// The name of an element for something that has a code: the code, where it can be one.
fn spelling(code: &str) -> &str {
    let is_name = code.starts_with(|c: char| c.is_ascii_alphabetic())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_name { code } else { NAMELESS }
}

/// Whether an element stands for a code that is not known, or for a value of unknown meaning: it may hold anything, what
/// a user wrote as well.
pub fn is_unread(node: Node<'_>) -> bool {
    let is_code = |name: &str| name.len() == 2 && name.bytes().all(|b| b.is_ascii_alphabetic());
    node.name() == NameId::UNKNOWN && (node.spelling() == NAMELESS || is_code(node.spelling()))
}

fn joined(first: &Value, last: &Value) -> Range<u32> {
    first.span.start..last.span.end
}
