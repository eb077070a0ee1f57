//! SMS: reaching contacts who have no instant messaging.

use super::{Check, Rule};

mod national_number;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "sms/national-number",
    page: include_str!("../../../rules/sms/national-number.md"),
    check: Check::Session(national_number::check),
}];
