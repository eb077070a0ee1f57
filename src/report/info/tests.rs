use serde_json::Value;

use super::super::samples::{HOSTILE, hostile_outcome, outcome};
use super::*;

fn written(outcome: &Outcome, format: Format) -> String {
    let mut out = Vec::new();
    write(outcome, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// An outcome with something to tell in every row.
fn full() -> Outcome {
    let mut full = outcome(vec![]);
    let contents = &mut full.contents;
    contents.links = [1, 147].into();
    contents.kinds.imps = Share { flows: 3, octets: 750 };
    contents.kinds.tls = Share { flows: 1, octets: 100 };
    contents.flows.flows = 8;
    contents.flows.udp_flows = 3;
    contents.flows.udp_services = [("DNS", 2)].into();
    contents.flows.tcp_octets = 900;
    contents.flows.udp_octets = 150;
    contents.flows.tally.repeated_octets = 50;
    contents.flows.tally.gaps = 1;
    contents.flows.tally.missing_octets = 1460;
    contents.flows.other_ether_types = [(0x0806, 3), (0x1234, 7)].into();
    contents.flows.encrypted_frames = 5;
    full
}

#[test]
fn flows_not_known_are_what_is_left() {
    let full = full();
    let share = |share: Share| (share.flows, share.octets);
    assert_eq!(share(full.contents.other_tcp()), (1, 0));
    assert_eq!(share(full.contents.all()), (8, 1000));
    let text = written(&full, Format::Human);
    assert!(text.contains("\nIMPS share    37.5 % of flows, 75.0 % of bytes\n"), "{text}");
    assert!(text.contains("\nflows         3 IMPS (750 bytes), 1 TLS (100 bytes), 1 other TCP (0 bytes),\n"), "{text}");
    assert!(text.contains("\nloss seen     1 gap, 1\u{202f}460 bytes missing\n"), "{text}");
    assert!(text.contains("\nnot read      ether type 0x1234 (7), 802.11 frame encrypted (5), ARP (3)\n"), "{text}");
}

#[test]
fn rows_fit_80_columns_and_stand_in_line() {
    for line in written(&full(), Format::Human).lines().skip(1) {
        assert!(line.chars().count() <= WIDTH, "{line}");
        assert!(line.is_empty() || line.as_bytes()[LABEL - 1] == b' ' && line.as_bytes()[LABEL] != b' ', "{line}");
    }
}

#[test]
fn durations_are_told_in_two_units() {
    let told = [4.25, 119.0, 377.0, 7200.0, 90_061.0, 200_000.0].map(|s: f64| duration((s * 1e9) as u64));
    assert_eq!(told, ["4.2 s", "119 s", "6 min 17 s", "2 h 0 min", "25 h 1 min", "2 d 7 h"]);
}

#[test]
fn a_share_is_never_rounded_up_to_all() {
    assert_eq!((percent(9999, 10_000), percent(1, 1), percent(0, 0)), (Some(99.9), Some(100.0), None));
}

#[test]
fn text_of_captures_does_no_harm() {
    let told = written(&hostile_outcome(), Format::Human);
    assert!(!told.chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)), "{told:?}");
    let json: Value = serde_json::from_str(&written(&hostile_outcome(), Format::Json)).unwrap();
    assert_eq!(json["inputs"][0]["path"], HOSTILE);
}

#[test]
fn json_holds_to_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/info.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for outcome in [Outcome::default(), full(), hostile_outcome()] {
        let info: Value = serde_json::from_str(&written(&outcome, Format::Json)).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&info).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
