//! Status codes: what a `Result/Code` means and what a well-behaved client does next.

use std::ops::RangeInclusive;

use super::namespace::Version;
use super::namespace::Version::{V11, V12, V13};

/// What a code is about, by its hundreds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// 1xx: the final result is still to come.
    Informational,
    /// 2xx: done, in part or whole.
    Success,
    /// 4xx: the client has to change something.
    ClientError,
    /// 5xx: the server, or another party, fails it.
    ServerError,
    /// 6xx: the session.
    Session,
    /// 7xx: presence and contact lists.
    Presence,
    /// 8xx: groups.
    Group,
    /// 9xx: everything else.
    General,
}

/// A status code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusCode {
    /// The number.
    pub code: u16,
    /// Its name.
    pub name: &'static str,
    /// What it means, a sentence.
    pub meaning: &'static str,
    /// What a well-behaved client does next, a sentence.
    pub next: &'static str,
    /// The versions that have it.
    pub versions: RangeInclusive<Version>,
}

/// The row of a code; `None` for codes no version has.
pub fn status(code: u16) -> Option<&'static StatusCode> {
    CODES.binary_search_by_key(&code, |c| c.code).ok().and_then(|row| CODES.get(row))
}

/// The name of a code.
pub fn name(code: u16) -> Option<&'static str> {
    status(code).map(|c| c.name)
}

/// The class of a code, known or not; `None` outside 1xx, 2xx and 4xx to 9xx.
pub fn class(code: u16) -> Option<Class> {
    Some(match code / 100 {
        1 => Class::Informational,
        2 => Class::Success,
        4 => Class::ClientError,
        5 => Class::ServerError,
        6 => Class::Session,
        7 => Class::Presence,
        8 => Class::Group,
        9 => Class::General,
        _ => return None,
    })
}

/// Whether the transaction is over and did something: 2xx.
pub fn is_success(code: u16) -> bool {
    class(code) == Some(Class::Success)
}

/// Whether the transaction goes on and another result is to come: 1xx.
pub fn is_interim(code: u16) -> bool {
    class(code) == Some(Class::Informational)
}

/// Whether the same request is bound to be refused again until something else changes.
pub fn is_permanent_refusal(code: u16) -> bool {
    matches!(code, 400 | 402..=405 | 415 | 426 | 501 | 516 | 531 | 532 | 700..=702 | 750..=755 | 800..=806 | 809 | 816)
        || matches!(code, 901..=903)
}

const fn code(
    code: u16,
    versions: RangeInclusive<Version>,
    name: &'static str,
    meaning: &'static str,
    next: &'static str,
) -> StatusCode {
    StatusCode { code, name, meaning, next, versions }
}

/// The codes by number, as the user interfaces, presence engines and servers that handle them name them; those of 1.3
/// alone are named after what one server uses them for.
#[rustfmt::skip]
static CODES: &[StatusCode] = &[
    code(100, V11..=V13, "Continue", "The request is being worked on.", "Keep the transaction open and wait."),
    code(101, V11..=V13, "Queued", "The request waits in a queue, say on its way to another server.",
        "Wait for the final result; do not send it again."),
    code(102, V11..=V13, "Started", "Work on the request has begun.",
        "Wait for the final result; do not send it again."),
    code(200, V11..=V13, "Successful", "Done.", "Go on."),
    code(201, V11..=V13, "Partially successful", "Some of the items failed; the detailed results name them.",
        "Read every detailed result and repeat only what failed for a passing reason."),
    code(202, V11..=V13, "Accepted", "Taken over; what came of it is told later.",
        "Wait for the notification or report; do not send it again."),
    code(400, V11..=V13, "Bad request", "The message could not be understood.", "Do not repeat it unchanged."),
    code(401, V11..=V13, "Unauthorized", "Authentication is needed or failed; in a digest login, the challenge itself.",
        "Answer the challenge with a digest, or ask the user; do not loop."),
    code(402, V11..=V13, "Bad parameter", "A value is not acceptable.", "Correct the value before another try."),
    code(403, V11..=V13, "Forbidden", "The server refuses: the account is barred or the operation not allowed.",
        "Stop and tell the user."),
    code(404, V11..=V13, "Not found", "The addressed thing does not exist.", "Forget the local reference to it."),
    code(405, V11..=V13, "Service not supported", "The server does not offer the service.",
        "Do without the service on this server."),
    code(408, V11..=V13, "Request timeout", "The request was not completed in time.", "Try again once, after a pause."),
    code(409, V11..=V13, "Invalid password", "The password is wrong.",
        "Ask the user; never try the same password again."),
    code(410, V11..=V13, "Unable to deliver", "The message could not be handed over.",
        "Show it as not delivered and offer to send it again."),
    code(415, V11..=V13, "Unsupported media type", "The content type is not accepted.",
        "Convert the content or offer a link instead."),
    code(420, V11..=V13, "Invalid transaction", "The transaction identifier is not valid or matches nothing.",
        "Give the transaction up and open a new one with a fresh identifier."),
    code(422, V11..=V13, "UserID and ClientID do not match",
        "The client identifier is not the one of the user or session.",
        "Keep one client identifier for each installation and log in again."),
    code(423, V11..=V13, "Invalid invitation ID", "The invitation is unknown or over.", "Drop the invitation."),
    code(424, V11..=V13, "Invalid search ID", "The search is no longer kept.", "Start a new search."),
    code(425, V11..=V13, "Invalid search index", "The search index is beyond what was found.", "Stop paging."),
    code(426, V11..=V13, "Invalid message ID", "The message is unknown, has expired or was fetched already.",
        "Drop the notification; list the messages anew."),
    code(427, V13..=V13, "Sender user mismatch", "The sender is not the user of the session.",
        "Send with the user's own address."),
    code(428, V13..=V13, "Sender ClientID mismatch", "The client identifier of the sender is not that of the session.",
        "Send with the client's own identifier, or without."),
    code(429, V13..=V13, "Group identifier missing or invalid", "The group is missing from the request or not valid.",
        "Name the group."),
    code(431, V11..=V13, "Unauthorized group membership", "The user is not entitled to this in the group.",
        "Ask for membership."),
    code(432, V12..=V13, "Response too large", "The answer would be larger than the client can parse.",
        "Ask for less at a time, or announce a larger parser size."),
    code(450, V13..=V13, "Application identifier missing or wrong",
        "The application identifier is missing or does not match.",
        "Name the application."),
    code(500, V11..=V13, "Internal server or network error", "The server or its network failed.",
        "Try again a few times, with growing pauses."),
    code(501, V11..=V13, "Not implemented", "The server does not know the primitive.",
        "Do not use it again in this session."),
    code(502, V13..=V13, "Could not recover session", "The old session could not be taken up again.",
        "Log in anew without the old session identifier and subscribe again."),
    code(503, V11..=V13, "Service unavailable", "The server is overloaded or under maintenance.",
        "Try again after a growing pause, or the one the server names."),
    code(504, V11..=V13, "Timeout", "A system behind the server did not answer in time.",
        "Try again after a growing pause."),
    code(505, V11..=V13, "Version not supported", "The CSP version is refused.",
        "Fall back to the next lower version."),
    code(506, V11..=V13, "Service not agreed", "The primitive is outside the services agreed on.",
        "Agree on the service first, or hide it from the user."),
    code(507, V11..=V13, "Message queue is full", "The message queue of the recipient is full.",
        "Tell the user; try again later."),
    code(516, V11..=V13, "Domain not supported", "There is no traffic with that domain.",
        "Treat its users as out of reach; do not try again."),
    code(521, V11..=V13, "Unresponded presence request", "An earlier request for presence is still open.",
        "Wait for the other user."),
    code(522, V11..=V13, "Unresponded group request", "An earlier request of the group is still open.",
        "Wait for the answer."),
    code(531, V11..=V13, "Unknown user", "There is no such user.", "Check the address."),
    code(532, V11..=V13, "Recipient user blocked the sender", "The recipient has blocked the sender.",
        "Do not send again."),
    code(533, V11..=V13, "Message recipient not logged in", "The recipient is not logged in.",
        "Offer another way to reach the recipient."),
    code(534, V11..=V13, "Message recipient unauthorized", "The recipient is not entitled to receive this.",
        "Do not send again."),
    code(535, V11..=V13, "Search timed out", "The search took too long.", "Narrow the search and try once more."),
    code(536, V11..=V13, "Too many hits", "Too many results were found.", "Narrow the search."),
    code(537, V11..=V13, "Too broad search criteria", "The search is too broad.", "Narrow the search."),
    code(538, V11..=V13, "Message has been rejected", "The recipient rejected the message unread.",
        "Show it as rejected."),
    code(540, V11..=V13, "Header encoding not supported", "The encoding of a header is not supported.",
        "Write in UTF-8."),
    code(541, V12..=V13, "Message has been forwarded", "The recipient forwarded the message.",
        "Nothing: this informs the sender."),
    code(542, V12..=V13, "Message has expired", "The message expired before it was delivered.", "Show it as expired."),
    code(543, V12..=V13, "No matching digest scheme supported", "None of the digest schemas offered is supported.",
        "Offer more schemas, or log in with a password over a protected bearer."),
    code(562, V13..=V13, "Invalid search", "The combination of search elements was not understood.",
        "Correct the pairs of the search."),
    code(600, V11..=V13, "Session expired", "The session ran out for want of traffic.",
        "Forget the session, log in once and subscribe again."),
    code(601, V11..=V13, "Forced logout",
        "The server or its operator ended the session, or the same client logged in elsewhere.",
        "Tell the user; do not log in again by itself."),
    code(603, V11..=V13, "Already logged in", "The user or client is logged in already.",
        "Use the session that is open, or log out of it first."),
    code(604, V11..=V13, "Invalid session", "The session identifier is unknown or missing.",
        "Forget the session, log in once and subscribe again."),
    code(605, V11..=V13, "New value not accepted", "The time to live asked for is refused.",
        "Use the time of the answer, or keep the old one."),
    code(700, V11..=V13, "Contact list does not exist", "The contact list does not exist.",
        "List the contact lists anew, and create it if need be."),
    code(701, V11..=V13, "Contact list already exists", "The contact list exists already.", "Use the one that exists."),
    code(702, V11..=V13, "Invalid or unsupported user properties", "A user property is not valid or not supported.",
        "Leave the property out."),
    code(750, V11..=V13, "Invalid or unsupported presence attribute",
        "A presence attribute is not valid or not supported.",
        "Leave the attribute out and repeat once."),
    code(751, V11..=V13, "Invalid or unsupported presence value", "A presence value is not valid or not supported.",
        "Use a value of the attribute's set."),
    code(752, V11..=V13, "Invalid or unsupported contact list property",
        "A contact-list property is not valid or not supported; some servers mean the address.",
        "Correct the property or the address."),
    code(753, V12..=V13, "Maximum number of contact lists reached", "There are as many contact lists as there may be.",
        "Use one that exists."),
    code(754, V12..=V13, "Maximum number of contacts reached", "There are as many contacts as there may be.",
        "Tell the user."),
    code(755, V12..=V13, "Maximum number of attribute lists reached",
        "There are as many attribute lists as there may be.",
        "Set attributes for contact lists or by default instead of for single users."),
    code(760, V12..=V13, "Automatic subscription not supported", "Automatic subscription is not supported.",
        "Subscribe to the single users and follow changes of the list."),
    code(800, V11..=V13, "Group does not exist", "The group does not exist, or no longer.", "Drop the group."),
    code(801, V11..=V13, "Group already exists", "The group exists already.",
        "Choose another name, or join the group."),
    code(802, V11..=V13, "Group is open", "The group is open to all.",
        "Leave the operation out: it makes no sense for this group."),
    code(803, V11..=V13, "Group is restricted", "The group is for members only.",
        "Ask an administrator for membership."),
    code(804, V11..=V13, "Group is public", "The group is public.",
        "Leave the operation out: it makes no sense for this group."),
    code(805, V11..=V13, "Group is private", "The group is private.",
        "Leave the operation out: it makes no sense for this group."),
    code(806, V11..=V13, "Invalid or unsupported group properties",
        "A group property is not valid or not supported; some servers mean the address.",
        "Correct the property, or name the group after its creator."),
    code(807, V11..=V13, "Group is already joined", "The group is joined already.", "Take it as joined."),
    code(808, V11..=V13, "Group is not joined", "The group is not joined.", "Join it first."),
    code(809, V11..=V13, "User has been rejected", "The user is on the reject list of the group.", "Stop."),
    code(810, V11..=V13, "Not a group member", "The user is not a member of the group.", "Ask for membership."),
    code(811, V11..=V13, "Screen name already in use", "The screen name is taken.", "Choose another."),
    code(812, V11..=V13, "Private messaging disabled for group", "The group does not allow private messages.",
        "Send to the group instead."),
    code(813, V11..=V13, "Private messaging disabled for user", "The user does not take private messages in the group.",
        "Send to the group instead."),
    code(814, V11..=V13, "Maximum number of groups for user", "The user has as many groups as may be.",
        "Leave or delete one first."),
    code(815, V11..=V13, "Maximum number of groups for server", "The server has as many groups as may be.",
        "Try again later."),
    code(816, V11..=V13, "Insufficient group privileges", "The user's rights in the group do not suffice.",
        "Hide what the user may not do."),
    code(817, V11..=V13, "Maximum number of joined users", "As many users have joined as may.", "Try again later."),
    code(821, V11..=V13, "History is not supported", "The group keeps no history.",
        "Do not ask for the messages of the group."),
    code(822, V11..=V13, "Searchable group needs name or topic",
        "A group that can be searched for needs a name or a topic.",
        "Name it, or make it unsearchable."),
    code(824, V13..=V13, "Left at end of session", "The group was left because the session ended.",
        "Nothing: this informs."),
    code(900, V11..=V13, "Multiple errors", "All items failed, for different reasons.", "Read every detailed result."),
    code(901, V12..=V13, "General address error", "An address is malformed or leads nowhere.", "Correct the address."),
    code(902, V12..=V13, "Not enough credit", "The account lacks credit.", "Tell the user; do not try again."),
    code(903, V12..=V13, "Operation requires a higher class of service",
        "The operation needs a higher class of service.",
        "Tell the user; do not try again."),
    code(920, V13..=V13, "MSISDN error", "The phone number is missing or not the user's.",
        "Check the client identifier and the bearer."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(CODES.len(), 93);
    }

    #[test]
    fn every_row_has_sentences_and_a_class() {
        for c in CODES {
            assert!(c.meaning.ends_with('.') && c.next.ends_with('.') && !c.name.is_empty(), "{}", c.code);
            assert!(class(c.code).is_some() && !c.versions.is_empty(), "{}", c.code);
        }
    }

    #[test]
    fn names_and_classes() {
        assert_eq!(name(531), Some("Unknown user"));
        assert_eq!((name(299), class(299)), (None, Some(Class::Success)));
        assert_eq!((class(300), class(0), class(1000), class(u16::MAX)), (None, None, None, None));
        assert!(!status(760).unwrap().versions.contains(&Version::V11));
    }

    #[test]
    fn outcomes_are_told_apart() {
        assert!(is_success(201) && !is_success(401));
        assert!(is_interim(101) && !is_interim(200));
        for refusal in [400, 402, 403, 404, 405, 415, 426, 501, 516, 531, 532, 701, 753, 805, 816, 902] {
            assert!(is_permanent_refusal(refusal), "{refusal}");
        }
        for passing in [200, 401, 408, 409, 500, 503, 507, 533, 600, 604, 703, 760, 807, 900] {
            assert!(!is_permanent_refusal(passing), "{passing}");
        }
    }
}
