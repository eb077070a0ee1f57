//! The identity of a finding: what it has in common with the same finding in a new capture of the same scenario.
//!
//! It is made of the rule, the party at fault, version, carrier and encoding, the primitives shown and the path in
//! focus, and of the fact with its values evened out. Frames, times, identifiers, addresses and amounts are not in it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::Filed;

/// The identity of a finding: 32 hexadecimal digits.
pub fn identity(filed: &Filed) -> String {
    let digest = Sha256::digest(traits(filed));
    digest.iter().take(16).map(|octet| format!("{octet:02x}")).collect()
}

/// What the identity is made of, a line each.
fn traits(Filed { finding, .. }: &Filed) -> String {
    let scene = &finding.scene;
    let mut traits = format!("{}\n{}\n", finding.rule, finding.side.name());
    // Writing to a string does not fail.
    let _ = writeln!(traits, "{:?} {:?} {:?}", scene.version, scene.carrier, scene.encoding);
    let mut titles: Vec<&str> = finding.exhibits.iter().map(|exhibit| exhibit.title.as_str()).collect();
    titles.dedup();
    let _ = writeln!(traits, "{}", titles.join(" "));
    let _ = writeln!(traits, "{}", finding.place().and_then(|place| place.path.as_deref()).unwrap_or_default());
    traits.push_str(&evened(&finding.message));
    traits
}

/// A fact with its values evened out: a word with a digit in it is `#`, addresses of users, groups and lists are `wv:*`.
pub(super) fn evened(fact: &str) -> String {
    let even = |word: &str| {
        let is_value = word.contains(|c: char| c.is_ascii_digit());
        let core = word.trim_matches(|c: char| c.is_ascii_punctuation());
        match () {
            () if word.contains("wv:") => "wv:*".to_owned(),
            () if is_value => word.replacen(core, "#", 1),
            () => word.to_owned(),
        }
    };
    fact.split(' ').map(even).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::samples::redundant_poll;
    use super::*;
    use crate::finding::Finding;
    use crate::time::Time;
    use crate::wire::FrameNo;

    fn of(finding: Finding) -> String {
        identity(&Filed { file: "a.pcap".to_owned(), frames: Vec::new(), elsewhere: Vec::new(), finding })
    }

    #[test]
    fn values_are_evened_out() {
        assert_eq!(
            evened("polled again 4.2 s after 12:30:01 by wv:anna@example.com"),
            "polled again # s after # by wv:*"
        );
        assert_eq!(evened("message 931 of 1,024 octets, m5-77f too (2)"), "message # of # octets, # too (#)");
        assert_eq!(evened("-5 of \"a7\";"), "-# of \"#\";");
        assert_eq!(evened(""), "");
    }

    #[test]
    fn frames_times_and_amounts_make_no_difference_and_what_is_said_does() {
        let mut later = redundant_poll();
        later.exhibits[0].frames = vec![FrameNo(9_000)];
        later.exhibits[0].time = Time(0);
        later.scene.session = Some("another".to_owned());
        later.message = later.message.replace("4.2", "17");
        assert_eq!(of(later), of(redundant_poll()));
        let mut other = redundant_poll();
        other.message = "polled twice".to_owned();
        assert_ne!(of(other), of(redundant_poll()));
        let mut elsewhere = redundant_poll();
        elsewhere.exhibits[0].path = Some("WV-CSP-Message".to_owned());
        assert_ne!(of(elsewhere), of(redundant_poll()));
    }
}
