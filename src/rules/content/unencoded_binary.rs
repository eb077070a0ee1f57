use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::base64::is_base64;
use crate::rules::{MOST_FINDINGS, Verdict};
use crate::session::Doubt;
use crate::syntax::{Encoding, Node};

/// Binary content in XML without BASE64, or content called BASE64 that is not.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let contents = message.document.nodes().filter(|n| n.name() == name::CONTENT_DATA && !n.text().is_empty());
    for (i, data) in contents.enumerate() {
        if i >= MOST_FINDINGS {
            return verdict.doubt(Doubt::Limit);
        }
        let Some(about) = data.parent() else { continue };
        let info = about.child(name::MESSAGE_INFO).unwrap_or(about);
        let encoding = info.child(name::CONTENT_ENCODING).map_or("", Node::text).trim();
        let kind = info.child(name::CONTENT_TYPE).map_or("", Node::text);
        let coded = encoding.eq_ignore_ascii_case("BASE64");
        let plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("None");
        // In WBXML raw octets have a form of their own, whatever ContentEncoding says.
        let fault = if message.encoding != Encoding::Xml {
            return;
        } else if coded && !is_base64(data.text()) {
            "content is called BASE64 and does not decode".to_owned()
        } else if plain && is_binary(kind) {
            format!("{kind} content stands in XML without ContentEncoding BASE64")
        } else {
            continue;
        };
        if !message.envelope.wholeness.is_whole() {
            Doubt::of(message.envelope.wholeness).into_iter().for_each(|doubt| verdict.doubt(doubt));
            return;
        }
        let label = if coded { "does not decode" } else { "not encoded" };
        verdict
            .find(&fault, Exhibit::message(message, Some(data), label))
            .cost(Cost { octets: data.text().len() as u64, ..Cost::default() })
            .cause(&fault);
    }
}

/// Whether content of a media type is octets, never text. Of `application/` only what is known: much else is text.
fn is_binary(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((main, sub)) = kind.split_once('/') else { return false };
    match main {
        "image" => !["svg", "xbitmap", "xpixmap", "portable", "xbm", "xpm"].iter().any(|text| sub.contains(text)),
        "audio" => !["melody", "mpegurl", "scpls", "rtttl"].iter().any(|text| sub.contains(text)),
        "video" => !sub.contains("mpegurl"),
        "application" => OCTETS.contains(&sub),
        _ => false,
    }
}

/// Subtypes of `application/` that are octets.
const OCTETS: &[&str] = &[
    "octet-stream",
    "zip",
    "x-gzip",
    "pdf",
    "msword",
    "ogg",
    "java-archive",
    "vnd.symbian.install",
    "vnd.wap.mms-message",
    "vnd.wap.wbxml",
    "vnd.wap.wmlc",
    "x-shockwave-flash",
];
