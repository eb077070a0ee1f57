//! Encoding: how a message is written, and which version it claims to be.

use super::{Check, Rule};
use crate::csp::message::Message;
use crate::syntax::Node;

mod ambiguous_version;
mod invalid_opaque_value;
mod malformed_document;
mod mislabelled_body;
mod padded_xml;
mod parser_size_exceeded;
mod syntax_switch;
mod unknown_token;
mod unregistered_public_id;
mod verbose_syntax;
mod version_disagreement;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "encoding/ambiguous-version",
        page: include_str!("../../../rules/encoding/ambiguous-version.md"),
        check: Check::Message(ambiguous_version::check),
    },
    Rule {
        name: "encoding/invalid-opaque-value",
        page: include_str!("../../../rules/encoding/invalid-opaque-value.md"),
        check: Check::Writing(invalid_opaque_value::check),
    },
    Rule {
        name: "encoding/malformed-document",
        page: include_str!("../../../rules/encoding/malformed-document.md"),
        check: Check::Writing(malformed_document::check),
    },
    Rule {
        name: "encoding/mislabelled-body",
        page: include_str!("../../../rules/encoding/mislabelled-body.md"),
        check: Check::Message(mislabelled_body::check),
    },
    Rule {
        name: "encoding/padded-xml",
        page: include_str!("../../../rules/encoding/padded-xml.md"),
        check: Check::Session(padded_xml::check),
    },
    Rule {
        name: "encoding/parser-size-exceeded",
        page: include_str!("../../../rules/encoding/parser-size-exceeded.md"),
        check: Check::Session(parser_size_exceeded::check),
    },
    Rule {
        name: "encoding/syntax-switch",
        page: include_str!("../../../rules/encoding/syntax-switch.md"),
        check: Check::Session(syntax_switch::check),
    },
    Rule {
        name: "encoding/unknown-token",
        page: include_str!("../../../rules/encoding/unknown-token.md"),
        check: Check::Writing(unknown_token::check),
    },
    Rule {
        name: "encoding/unregistered-public-id",
        page: include_str!("../../../rules/encoding/unregistered-public-id.md"),
        check: Check::Message(unregistered_public_id::check),
    },
    Rule {
        name: "encoding/verbose-syntax",
        page: include_str!("../../../rules/encoding/verbose-syntax.md"),
        check: Check::Session(verbose_syntax::check),
    },
    Rule {
        name: "encoding/version-disagreement",
        page: include_str!("../../../rules/encoding/version-disagreement.md"),
        check: Check::Message(version_disagreement::check),
    },
];

/// The innermost element around an octet of the payload.
fn innermost(message: &Message, octet: u32) -> Option<Node<'_>> {
    message.document.nodes().filter(|n| n.span().is_some_and(|s| s.contains(&octet))).last()
}
