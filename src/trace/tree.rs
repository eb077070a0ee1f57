//! Trees as indented lines: an element a line, its text behind its name, `@name value` for attributes.

use crate::syntax::{AnomalyKind, Builder, Document, Node, Prolog};

use super::row::{ParseError, Row};
use super::text::{self, of_rest, to_end};

/// Writes a tree, its root indented by `indent` steps. `text` gives the text to show of an element.
pub(super) fn print(node: Node<'_>, indent: usize, out: &mut String, text: &impl Fn(Node<'_>) -> String) {
    let top = node.depth();
    for n in std::iter::once(node).chain(node.descendants()) {
        let indent = indent + n.depth() - top;
        line("", n.spelling(), &text(n), indent, out);
        attributes(n, indent + 1, out);
    }
}

/// Writes what belongs to the root of a primitive, whose name stands elsewhere.
pub(super) fn print_inside(root: Node<'_>, out: &mut String, text: &impl Fn(Node<'_>) -> String) {
    attributes(root, 1, out);
    if !root.text().is_empty() {
        out.extend(["  = ", &to_end(&text(root)), "\n"]);
    }
    root.children().for_each(|child| print(child, 1, out, text));
}

fn attributes(node: Node<'_>, indent: usize, out: &mut String) {
    node.attributes().for_each(|attribute| line("@", attribute.name, attribute.value, indent, out));
}

fn line(sign: &str, name: &str, text: &str, indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", indent));
    out.extend([sign, &text::name(name)]);
    if !text.is_empty() {
        out.extend([" ", &to_end(text)]);
    }
    out.push('\n');
}

/// Reads rows as elements into a builder; `inside` says that an element is open already, whose attributes and text may
/// come first. Places of elements are the numbers of their rows.
pub(super) fn read(rows: &[Row<'_>], inside: bool, builder: &mut Builder<'_>) -> Result<(), ParseError> {
    let mut open: Vec<usize> = Vec::new();
    let base = rows.first().map_or(0, Row::indent);
    let mut fresh = inside;
    for row in rows {
        let indent = row.indent();
        let place = row.number as u32..row.number as u32;
        let mut closed = None;
        while let Some(above) = open.pop_if(|above| *above >= indent) {
            builder.close(0);
            closed = Some(above);
            fresh = false;
        }
        if closed.is_some_and(|above| above != indent) || open.is_empty() && indent != base {
            return Err(row.wrong(indent, "indented like none of the lines above"));
        }
        let rest = row.text.get(indent..).unwrap_or_default();
        let sign =
            rest.chars().next().filter(|c| matches!(c, '@' | '=')).filter(|c| *c == '@' || rest.starts_with("= "));
        let after = rest.get(sign.map_or(0, char::len_utf8)..).unwrap_or_default();
        let bad = || row.wrong(indent, "bad quoting");
        if sign == Some('=') {
            if !(fresh && open.is_empty()) {
                return Err(row.wrong(indent, "= gives the text of a primitive and stands before its elements"));
            }
            builder.text(&of_rest(after).ok_or_else(bad)?);
            continue;
        }
        let (name, _, value) = text::first(after).ok_or_else(bad)?;
        let value = of_rest(value).ok_or_else(bad)?;
        if sign == Some('@') {
            if !fresh {
                return Err(row.wrong(indent, "an attribute stands directly below its element"));
            }
            builder.attribute(&name, &value, place);
            continue;
        }
        builder.open(&name, place);
        builder.text(&value);
        open.push(indent);
        fresh = true;
    }
    open.iter().for_each(|_| builder.close(0));
    Ok(())
}

/// The document that was read.
pub(super) fn document(builder: Builder<'_>) -> Result<Document, ParseError> {
    let parsed = builder.finish(Prolog::default(), 0).with_source(String::new());
    match parsed.anomalies.iter().find(|a| a.kind != AnomalyKind::EndsEarly) {
        None => Ok(parsed.document),
        Some(anomaly) => Err(ParseError {
            line: anomaly.span.start as usize,
            column: 1,
            what: match anomaly.kind {
                AnomalyKind::SecondRoot => "a document has one root element",
                AnomalyKind::DuplicateAttribute => "an attribute twice on one element",
                _ => "more, or deeper nested, elements or attributes than a document may have",
            }
            .to_owned(),
        }),
    }
}
