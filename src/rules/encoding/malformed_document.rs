use super::innermost;
use crate::csp::message::{Kind, Message};
use crate::csp::namespace;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::{AnomalyKind, Encoding};

/// A whole payload that is no well-formed XML or WBXML.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    // A gateway's error page, or a form, stands in the place of a document and is none; the plain-text syntax is neither
    // XML nor WBXML.
    let stated = message.envelope.content_type.as_deref().and_then(namespace::media);
    let plain = message.encoding == Encoding::Pts;
    if plain || message.kind == Kind::Other && stated.is_none() {
        return;
    }
    if message.anomalies.iter().any(|a| a.kind.is_limit()) {
        return verdict.doubt(Doubt::Limit);
    }
    let broken: Vec<_> = message.anomalies.iter().filter(|a| what(a.kind).is_some()).collect();
    // What is left open by something else is its consequence.
    let cause = broken.iter().find(|a| a.kind != AnomalyKind::UnclosedElement).or(broken.first());
    let Some((first, said)) = cause.and_then(|a| Some((a, what(a.kind)?))) else { return };
    if !message.envelope.wholeness.is_whole() {
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            verdict.doubt(doubt);
        }
        return;
    }
    let near = innermost(message, first.span.start);
    let more = match broken.len() - 1 {
        0 => String::new(),
        1 => " and 1 more fault".to_owned(),
        n => format!(" and {n} more faults"),
    };
    verdict
        .find(
            format!("{} at octet {} of the payload{more}", said, first.span.start),
            Exhibit::message(message, near, said),
        )
        .cause(said);
}

/// What is to be said of an anomaly that makes a document malformed; `None` for those that other rules speak of, and
/// for limits of ours.
fn what(kind: AnomalyKind) -> Option<&'static str> {
    Some(match kind {
        AnomalyKind::MismatchedEnd => "an end tag that closes nothing open",
        AnomalyKind::UnclosedElement => "an element that is never closed",
        AnomalyKind::BadMarkup => "markup that cannot be read",
        AnomalyKind::BadEntity => "a reference to no character",
        AnomalyKind::BadCharacter => "an octet that is no character here",
        AnomalyKind::TrailingContent => "something after the document",
        AnomalyKind::LeadingContent => "text before the document",
        AnomalyKind::EndsEarly => "the document ends early",
        AnomalyKind::BadStringOffset => "a string-table offset out of range",
        AnomalyKind::DuplicateAttribute => "an attribute twice on one element",
        AnomalyKind::BadNumber => "a number that is no mb_u_int32",
        AnomalyKind::SecondRoot => "a second root element",
        AnomalyKind::UnknownToken
        | AnomalyKind::UnknownValueToken
        | AnomalyKind::UnknownExtension
        | AnomalyKind::InvalidOpaque
        | AnomalyKind::TooDeep
        | AnomalyKind::TooManyAttributes
        | AnomalyKind::TooMuchText
        | AnomalyKind::TooManyElements
        | AnomalyKind::UnknownCharset
        | AnomalyKind::BadPreamble
        | AnomalyKind::EmptyValue
        | AnomalyKind::RepeatedParameter
        | AnomalyKind::UnknownCode
        | AnomalyKind::BadShape => return None,
    })
}
