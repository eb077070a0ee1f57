use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::base64::{decode, is_base64};
use crate::rules::{MOST_FINDINGS, Verdict};
use crate::session::Doubt;
use crate::syntax::Node;

/// How a format begins, at which octet, its name, and type and subtypes that it goes by.
type Format = (&'static [u8], usize, &'static str, &'static str, &'static [&'static str]);

/// The formats that are known.
///
/// The signatures are those that the formats' own descriptions give.
const FORMATS: [Format; 12] = [
    (b"\xFF\xD8\xFF", 0, "JPEG", "image", &["jpeg", "jpg", "pjpeg", "jfif"]),
    (b"\x89PNG\r\n\x1A\n", 0, "PNG", "image", &["png", "x-png"]),
    (b"GIF87a", 0, "GIF", "image", &["gif"]),
    (b"GIF89a", 0, "GIF", "image", &["gif"]),
    (b"#!AMR", 0, "AMR", "audio", &["amr", "amr-wb", "x-amr", "3gpp"]),
    (b"MThd", 0, "MIDI", "audio", &["midi", "mid", "x-midi", "x-mid", "sp-midi"]),
    (b"ID3", 0, "MP3", "audio", &["mpeg", "mp3", "x-mp3", "mpeg3", "x-mpeg", "x-mpeg3", "mpg"]),
    (b"WAVE", 8, "WAVE", "audio", &["wav", "x-wav", "wave", "vnd.wave"]),
    (b"ftyp", 4, "MP4 or 3GP", "", &[]),
    (b"PK\x03\x04", 0, "ZIP", "", &[]),
    (b"%PDF-", 0, "PDF", "application", &["pdf", "x-pdf"]),
    (b"OggS", 0, "Ogg", "", &[]),
];

/// Content that is of another format than its type says.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let contents = message.document.nodes().filter(|node| node.name() == name::CONTENT_DATA && node.has_text());
    for (at, data) in contents.enumerate() {
        if at >= MOST_FINDINGS {
            return verdict.doubt(Doubt::Limit);
        }
        let Some(about) = data.parent() else { continue };
        let info = about.child(name::MESSAGE_INFO).unwrap_or(about);
        let encoding = info.child(name::CONTENT_ENCODING).map_or("", Node::text).trim();
        if !encoding.eq_ignore_ascii_case("BASE64") || !is_base64(data.text()) {
            continue;
        }
        let head: Vec<u8> = decode(data.text()).take(16).collect();
        let format = FORMATS.iter().find(|(sign, at, ..)| head.get(*at..).is_some_and(|rest| rest.starts_with(sign)));
        let Some((_, _, format, ..)) = format else { continue };
        let kind = info.child(name::CONTENT_TYPE).filter(|kind| kind.has_text());
        let told = kind.map_or("text/plain", Node::text).trim();
        if is_of(format, told) {
            continue;
        }
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        let called =
            if kind.is_some() { format!("called {told}") } else { "of no named type, so text/plain".to_owned() };
        verdict
            .find(
                format!("content that begins like {format} is {called}"),
                Exhibit::message(message, kind.or(Some(data)), format!("it begins like {format}")),
            )
            .cost(Cost { octets: data.text().len() as u64, ..Cost::default() })
            .cause(format!("{format} as {told}"));
    }
}

/// Whether content of a format may go by a type: its own, or one that says nothing of the format or wraps it.
fn is_of(format: &str, kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((main, sub)) = kind.split_once('/') else { return true };
    let of_format = || FORMATS.iter().filter(|(_, _, name, ..)| *name == format);
    let own = of_format().any(|(.., mains, subs)| (mains.is_empty() || *mains == main) && subs.contains(&sub));
    match main {
        "text" => false,
        "image" | "audio" | "video" => {
            // Containers hold whatever; what is no known name of another format may be one of this.
            let other = FORMATS
                .iter()
                .any(|(_, _, name, mains, subs)| *name != format && *mains == main && subs.contains(&sub));
            let same_main = of_format().any(|(.., mains, _)| mains.is_empty() || *mains == main);
            own || same_main && !other
        }
        _ => true,
    }
}
