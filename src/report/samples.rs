//! Findings made by hand for the tests of this stage.

use proptest::prelude::*;

use crate::carrier::{Carrier, Direction};
use crate::csp::name::VOCABULARY;
use crate::csp::namespace::Version;
use crate::finding::{Basis, Cost, Exhibit, Finding, Scene, Severity, Side};
use crate::session::{Doubt, Tally};
use crate::syntax::packing::PackedDocument;
use crate::syntax::{Builder, Document, Encoding, NodeId};
use crate::time::Time;
use crate::wire::FrameNo;

use super::{Filed, Input, Outcome};

/// 2008-03-01T10:14:03.220Z, by `date -u -d @1204366443.22`.
pub(super) const TEN_FOURTEEN: Time = Time(1_204_366_443_220_000_000);

/// One character of every class that must not reach a terminal, and a little around them.
pub(super) const HOSTILE: &str =
    "a\u{1b}[31m\u{0}\r\n\t\u{7f}\u{9b}2J\u{85}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{2028}\u{ad}\u{e0041}z";

/// A document from a sketch: an element a line, two blanks a level, a text behind the first blank.
pub(super) fn document(sketch: &str) -> Document {
    let mut builder = Builder::new(VOCABULARY, "");
    for line in sketch.lines() {
        let element = line.trim_start();
        let depth = (line.len() - element.len()) / 2;
        while builder.depth() > depth {
            builder.close(0);
        }
        let (name, text) = element.split_once(' ').unwrap_or((element, ""));
        builder.open(name, 0..0);
        builder.text(text);
    }
    builder.document()
}

pub(super) fn exhibit(frame: u64, millis: i64, title: &str, sketch: &str, focus: Option<u32>, label: &str) -> Exhibit {
    Exhibit {
        title: title.to_owned(),
        transaction: Some("12".to_owned()),
        direction: if title.ends_with("Request") { Direction::ClientToServer } else { Direction::ServerToClient },
        time: Time(TEN_FOURTEEN.0 + millis * 1_000_000),
        frames: vec![FrameNo(frame)],
        octets: 214,
        document: (!sketch.is_empty()).then(|| PackedDocument::of(&document(sketch))),
        focus: focus.map(NodeId),
        path: Some("WV-CSP-Message/Session/Transaction/TransactionContent/Status".to_owned()),
        label: label.to_owned(),
        file: None,
    }
}

pub(super) fn finding(exhibits: Vec<Exhibit>) -> Finding {
    Finding {
        rule: "polling/redundant-poll",
        severity: Severity::Warning,
        basis: Basis::Guideline,
        side: Side::Client,
        message: "polled again 4.2 s after the server had said that nothing is waiting".to_owned(),
        help: "Take Poll=F as the end of the queue.",
        exhibits,
        cost: Some(Cost { octets: 2314, round_trips: 4, seconds: None }),
        scene: Scene {
            peers: Some(("10.0.0.1:40001".parse().unwrap(), "192.0.2.7:80".parse().unwrap())),
            session: Some("im.example.com-77".to_owned()),
            user: Some("wv:anna@example.com".to_owned()),
            forwarded: None,
            version: Some(Version::V12),
            carrier: Some(Carrier::Http),
            encoding: Some(Encoding::Xml),
        },
        repeats: 12,
        cause: None,
    }
}

/// An answer that says that nothing is waiting, and a poll all the same.
pub(crate) fn redundant_poll() -> Finding {
    finding(vec![
        exhibit(815, 4200, "Polling-Request", "Polling-Request", None, "polled all the same"),
        exhibit(
            812,
            0,
            "Status",
            "Status\n  Result\n    Code 200\n    Description Ok\n  Poll F",
            Some(4),
            "nothing is waiting",
        ),
    ])
}

/// A finding without anything to draw it on, and without any scene.
pub(super) fn bare() -> Finding {
    Finding {
        rule: "session/missing-logout",
        severity: Severity::Info,
        basis: Basis::Implementations,
        exhibits: Vec::new(),
        cost: None,
        scene: Scene::default(),
        repeats: 0,
        ..finding(Vec::new())
    }
}

/// A finding with hostile text wherever text goes.
pub(super) fn hostile() -> Finding {
    let mut builder = Builder::new(VOCABULARY, "");
    builder.open(HOSTILE, 0..0);
    builder.attribute(HOSTILE, HOSTILE, 0..0);
    builder.open("UserID", 0..0);
    builder.text(HOSTILE);
    let mut finding = finding(vec![Exhibit {
        document: Some(PackedDocument::of(&builder.document())),
        transaction: Some(HOSTILE.to_owned()),
        path: Some(HOSTILE.to_owned()),
        ..exhibit(3, 0, HOSTILE, "", Some(1), HOSTILE)
    }]);
    finding.message = HOSTILE.to_owned();
    finding.help = HOSTILE;
    finding.scene.session = Some(HOSTILE.to_owned());
    finding.scene.user = Some(HOSTILE.to_owned());
    finding
}

pub(super) fn outcome(findings: Vec<Finding>) -> Outcome {
    Outcome {
        inputs: vec![Input {
            path: "anna.pcap".to_owned(),
            format: "pcap".to_owned(),
            packets: 2000,
            bytes: 1_234_567,
            first_time: Some(TEN_FOURTEEN),
            last_time: Some(Time(TEN_FOURTEEN.0 + 90_000_000_000)),
            truncated: true,
            anomalies: vec!["the last record is cut at offset 1234000".to_owned()],
            further_anomalies: 0,
            is_log: false,
        }],
        tally: Tally {
            exchanges: 430,
            messages: 812,
            sessions: 42,
            subscribers: 3,
            transactions: [(crate::csp::name::number(b"Polling-Request"), 7)].into(),
            judged: 412,
            not_judged: [(Doubt::MissingPackets, 7), (Doubt::OpenAtEnd, 11)].into(),
            evicted: 0,
            cut_short: 0,
            begun_before: 0,
            joined_late: 0,
            relayed: 0,
            signals: 0,
        },
        packets: 2000,
        bytes: 1_234_567,
        flows: 50,
        tls: Default::default(),
        findings: findings
            .into_iter()
            .map(|finding| Filed::new(finding, "anna.pcap", |frame| Some(("anna.pcap".into(), frame))))
            .collect(),
        ..Outcome::default()
    }
}

/// An outcome with hostile text wherever text goes.
pub(super) fn hostile_outcome() -> Outcome {
    let mut outcome = outcome(vec![hostile()]);
    outcome.findings[0].file = HOSTILE.to_owned();
    outcome.inputs[0].path = HOSTILE.to_owned();
    outcome.inputs[0].format = HOSTILE.to_owned();
    outcome.inputs[0].anomalies = vec![HOSTILE.to_owned()];
    outcome.internal = vec![HOSTILE.to_owned()];
    outcome
}

/// An exhibit of any tree: each step opens an element, with a text, after closing some.
pub(super) fn any_exhibit() -> impl Strategy<Value = Exhibit> {
    let text = || prop_oneof!["\\PC{0,90}", Just(HOSTILE.to_owned()), "[你好 a]{0,60}"];
    let step = (0_usize..5, prop_oneof![Just("UserID".to_owned()), text()], text());
    let facts = (text(), text(), proptest::option::of(0_u32..70), proptest::collection::vec(any::<u64>(), 0..4));
    (proptest::collection::vec(step, 0..60), facts, -5_000_i64..5_000).prop_map(|(steps, facts, millis)| {
        let (title, label, focus, frames) = facts;
        let mut builder = Builder::new(VOCABULARY, "");
        for (closed, name, text) in steps {
            for _ in 0..closed.min(builder.depth().saturating_sub(1)) {
                builder.close(0);
            }
            builder.open(&name, 0..0);
            builder.text(&text);
        }
        Exhibit {
            document: Some(PackedDocument::of(&builder.document())),
            focus: focus.map(NodeId),
            frames: frames.into_iter().map(FrameNo).collect(),
            time: Time(TEN_FOURTEEN.0 + millis * 1_000_000),
            ..exhibit(1, 0, &title, "", None, &label)
        }
    })
}
