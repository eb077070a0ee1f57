//! SMS: reaching contacts who have no instant messaging.

use super::{Check, Rule};
use crate::csp::name;
use crate::syntax::{Anomaly, AnomalyKind};

mod broken_segmentation;
mod costly_sms_traffic;
mod malformed_pts;
mod national_number;
mod overlong_segment;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "sms/broken-segmentation",
        page: include_str!("../../../rules/sms/broken-segmentation.md"),
        check: Check::Message(broken_segmentation::check),
    },
    Rule {
        name: "sms/costly-sms-traffic",
        page: include_str!("../../../rules/sms/costly-sms-traffic.md"),
        check: Check::SessionWith(
            &[
                name::POLLING_REQUEST,
                name::KEEP_ALIVE_REQUEST,
                name::NEW_MESSAGE,
                name::SEND_MESSAGE_REQUEST,
                name::GET_PRESENCE_RESPONSE,
                name::GET_LIST_RESPONSE,
                name::LIST_MANAGE_RESPONSE,
                name::PRESENCE_NOTIFICATION_REQUEST,
            ],
            costly_sms_traffic::check,
        ),
    },
    Rule {
        name: "sms/malformed-pts",
        page: include_str!("../../../rules/sms/malformed-pts.md"),
        check: Check::Writing(malformed_pts::check),
    },
    Rule {
        name: "sms/national-number",
        page: include_str!("../../../rules/sms/national-number.md"),
        check: Check::Session(national_number::check),
    },
    Rule {
        name: "sms/overlong-segment",
        page: include_str!("../../../rules/sms/overlong-segment.md"),
        check: Check::Message(overlong_segment::check),
    },
];

/// Whether an anomaly is about the two letters that number a segment.
fn is_segment(anomaly: &Anomaly) -> bool {
    anomaly.kind == AnomalyKind::BadPreamble && anomaly.span.len() == 2
}
