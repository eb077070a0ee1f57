//! Encoding: how a message is written, and which version it claims to be.

use super::{Check, Rule};

mod malformed_document;
mod verbose_syntax;
mod version_disagreement;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "encoding/malformed-document",
        page: include_str!("../../../rules/encoding/malformed-document.md"),
        check: Check::Writing(malformed_document::check),
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
