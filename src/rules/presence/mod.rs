//! Presence: publishing and watching without needless traffic.

use std::hash::Hasher;

use super::keyed::Folding;
use super::{Check, Rule};
use crate::csp::message::fingerprint;
use crate::csp::{address, name};
use crate::session::Event;

mod availability_flash;
mod ignored_autosubscribe_refusal;
mod one_by_one_subscription;
mod presence_polling;
mod published_server_attribute;
mod redundant_update;
mod repeated_subscription;
mod split_update;
mod unchanged_notification;
mod value_despite_qualifier;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "presence/availability-flash",
        page: include_str!("../../../rules/presence/availability-flash.md"),
        check: Check::Session(availability_flash::check),
    },
    Rule {
        name: "presence/ignored-autosubscribe-refusal",
        page: include_str!("../../../rules/presence/ignored-autosubscribe-refusal.md"),
        check: Check::SessionWith(
            &[name::AUTO_SUBSCRIBE, name::SUBSCRIBE_PRESENCE_REQUEST],
            ignored_autosubscribe_refusal::check,
        ),
    },
    Rule {
        name: "presence/one-by-one-subscription",
        page: include_str!("../../../rules/presence/one-by-one-subscription.md"),
        check: Check::SessionWith(&[name::SUBSCRIBE_PRESENCE_REQUEST], one_by_one_subscription::check),
    },
    Rule {
        name: "presence/presence-polling",
        page: include_str!("../../../rules/presence/presence-polling.md"),
        check: Check::SessionWith(&[name::GET_PRESENCE_REQUEST], presence_polling::check),
    },
    Rule {
        name: "presence/published-server-attribute",
        page: include_str!("../../../rules/presence/published-server-attribute.md"),
        check: Check::MessageWith(&[name::UPDATE_PRESENCE_REQUEST], published_server_attribute::check),
    },
    Rule {
        name: "presence/redundant-update",
        page: include_str!("../../../rules/presence/redundant-update.md"),
        check: Check::SessionWith(&[name::UPDATE_PRESENCE_REQUEST], redundant_update::check),
    },
    Rule {
        name: "presence/repeated-subscription",
        page: include_str!("../../../rules/presence/repeated-subscription.md"),
        check: Check::SessionWith(&[name::SUBSCRIBE_PRESENCE_REQUEST], repeated_subscription::check),
    },
    Rule {
        name: "presence/split-update",
        page: include_str!("../../../rules/presence/split-update.md"),
        check: Check::SessionWith(&[name::UPDATE_PRESENCE_REQUEST], split_update::check),
    },
    Rule {
        name: "presence/unchanged-notification",
        page: include_str!("../../../rules/presence/unchanged-notification.md"),
        check: Check::SessionWith(&[name::PRESENCE_NOTIFICATION_REQUEST], unchanged_notification::check),
    },
    Rule {
        name: "presence/value-despite-qualifier",
        page: include_str!("../../../rules/presence/value-despite-qualifier.md"),
        check: Check::MessageWith(&[name::QUALIFIER], value_despite_qualifier::check),
    },
];

/// The codes by which a server says that it will not let presence be subscribed to.
const SUBSCRIPTION_REFUSED: [u16; 5] = [405, 501, 506, 750, 760];

/// Fingerprint of whom a request is about: users and lists in any order, case aside; `None` where it was cut.
fn whom(event: &Event) -> Option<u64> {
    let spoken = event.spoken().filter(|s| !s.cut)?;
    let mut names: Vec<u64> = spoken
        .primitive()?
        .descendants()
        .filter(|n| matches!(n.name(), name::USER_ID | name::CONTACT_LIST))
        .map(|n| address::folded_fingerprint(n.text()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut all = Folding::default();
    names.iter().for_each(|name| all.write_u64(*name));
    Some(all.finish())
}

/// Fingerprint of the presence attributes a request selects or publishes, values included; `None` where it was cut.
fn attributes(event: &Event) -> Option<u64> {
    let spoken = event.spoken().filter(|s| !s.cut)?;
    Some(spoken.primitive()?.child(name::PRESENCE_SUB_LIST).map_or(0, fingerprint))
}
