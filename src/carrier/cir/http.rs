//! The CIR of HTTP: a GET that asks whether something waits, and an answer without a body.

use std::sync::Arc;

use super::{Bearer, Cir, Kind};
use crate::carrier::Carried;
use crate::flow::FlowInfo;
use crate::time::Time;
use crate::wire::FrameRange;

/// What an answer to a check says; `None` for one that is none.
pub(in crate::carrier) fn kind_of_status(status: u16) -> Option<Kind> {
    match status {
        200 => Some(Kind::WakeUp),
        204 => Some(Kind::Ok),
        _ => None,
    }
}

/// A GET and its answer without a body, which may be a check.
pub(in crate::carrier) struct Check {
    /// The URL.
    pub(in crate::carrier) url: Box<str>,
    /// Frames of the GET, and when its last octet was captured.
    pub(in crate::carrier) asked: (FrameRange, Time),
    /// What the answer says.
    pub(in crate::carrier) kind: Kind,
    /// Frames of the answer, and when its last octet was captured.
    pub(in crate::carrier) answered: (FrameRange, Time),
}

impl Check {
    /// Hands over both.
    pub(in crate::carrier) fn tell(self, flow: &Arc<FlowInfo>, out: &mut Vec<Carried>) {
        for (kind, (frames, time)) in [(Kind::Ping, self.asked), (self.kind, self.answered)] {
            let item = Cir::new(Arc::clone(flow), Bearer::Http, kind, frames, time);
            out.push(Carried::Cir(Box::new(Cir { url: Some(self.url.clone()), ..item })));
        }
    }
}

/// Whether a URL is of the shape that a server is known to give out for checks: `/cir/` and two words.
pub fn is_usual(url: &str) -> bool {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let mut words = path.trim_start_matches('/').split('/');
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    words.next() == Some("cir")
        && words.by_ref().take(2).filter(|word| is_word(word)).count() == 2
        && words.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_the_usual_shape() {
        assert!(is_usual("http://example.com:8080/cir/a81f/17") && is_usual("/cir/a/b"));
        for other in [
            "http://example.com/",
            "http://example.com/cir/a",
            "http://example.com/cir/a/b/c",
            "http://cir/a/b",
            "/cir//b",
        ] {
            assert!(!is_usual(other), "{other}");
        }
    }
}
