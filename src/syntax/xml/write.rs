//! From a tree back to XML text.

use super::super::{Document, Node};

/// How XML is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style<'a> {
    /// Spaces for each level, each element on a line of its own; `None` writes everything on one line.
    pub indent: Option<usize>,
    /// Whether `<?xml version="1.0" encoding="UTF-8"?>` stands first.
    pub declaration: bool,
    /// Public and system identifier of a document type declaration for the root.
    pub doctype: Option<(&'a str, &'a str)>,
}

/// Appends a document to `out`. Reading it gives the same document, places aside.
pub fn write(document: &Document, style: Style<'_>, out: &mut String) {
    let line_end = if style.indent.is_some() { "\n" } else { "" };
    if style.declaration {
        out.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
        out.push_str(line_end);
    }
    let Some(root) = document.root() else { return };
    if let Some((public, system)) = style.doctype {
        for piece in ["<!DOCTYPE ", root.spelling(), " PUBLIC \"", public, "\" \"", system, "\">", line_end] {
            out.push_str(piece);
        }
    }
    write_node(root, style.indent, out);
}

/// Appends an element and what is inside it to `out`.
pub fn write_node(node: Node<'_>, indent: Option<usize>, out: &mut String) {
    let mut open: Vec<Node<'_>> = Vec::new();
    for next in std::iter::once(node).chain(node.descendants()) {
        while let Some(above) = open.pop_if(|n| n.depth() >= next.depth()) {
            end_tag(above, node, indent, out);
        }
        if next.id() != node.id() {
            new_line(next, node, indent, out);
        }
        start_tag(next, out);
        if !next.is_leaf() {
            open.push(next);
        } else if !next.text().is_empty() {
            end_tag(next, node, None, out);
        }
    }
    while let Some(above) = open.pop() {
        end_tag(above, node, indent, out);
    }
    if indent.is_some() {
        out.push('\n');
    }
}

/// The start tag and the text, or the whole of an empty element.
fn start_tag(node: Node<'_>, out: &mut String) {
    out.push('<');
    out.push_str(node.spelling());
    for attribute in node.attributes() {
        out.push(' ');
        out.push_str(attribute.name);
        out.push_str("=\"");
        escape(attribute.value, true, out);
        out.push('"');
    }
    out.push_str(if node.is_leaf() && node.text().is_empty() { "/>" } else { ">" });
    escape(node.text(), false, out);
}

fn end_tag(node: Node<'_>, top: Node<'_>, indent: Option<usize>, out: &mut String) {
    new_line(node, top, indent, out);
    for piece in ["</", node.spelling(), ">"] {
        out.push_str(piece);
    }
}

/// Begins the line of an element, counted from `top`, where lines are wanted.
fn new_line(node: Node<'_>, top: Node<'_>, indent: Option<usize>, out: &mut String) {
    if let Some(spaces) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', (node.depth() - top.depth()) * spaces));
    }
}

fn escape(text: &str, in_attribute: bool, out: &mut String) {
    let mut done = 0;
    for (at, octet) in text.bytes().enumerate() {
        let reference = match octet {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'\r' => "&#13;",
            b'"' if in_attribute => "&quot;",
            b'\t' if in_attribute => "&#9;",
            b'\n' if in_attribute => "&#10;",
            _ => continue,
        };
        out.push_str(text.get(done..at).unwrap_or_default());
        out.push_str(reference);
        done = at + 1;
    }
    out.push_str(text.get(done..).unwrap_or_default());
}
