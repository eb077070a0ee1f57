//! Interop: what only some servers or clients know.

use super::{Check, Rule};

mod exposed_ssp_secret;
mod vendor_primitive;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "interop/exposed-ssp-secret",
        page: include_str!("../../../rules/interop/exposed-ssp-secret.md"),
        check: Check::Message(exposed_ssp_secret::check),
    },
    Rule {
        name: "interop/vendor-primitive",
        page: include_str!("../../../rules/interop/vendor-primitive.md"),
        check: Check::MessageWith(vendor_primitive::VENDORS, vendor_primitive::check),
    },
];
