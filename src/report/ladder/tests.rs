use std::sync::Arc;

use super::super::samples::redundant_poll;
use super::*;
use crate::carrier::Carrier;
use crate::csp::namespace::Version;
use crate::finding::Finding;
use crate::session::SessionNo;
use crate::syntax::Encoding;

/// Milliseconds of the first row, at ten in the morning.
const TEN: i64 = 1_178_013_600_000;

fn at(ms: i64) -> Time {
    Time((TEN + ms) * 1_000_000)
}

fn row(ms: i64, direction: Direction, title: &str, facts: &[&str]) -> Row {
    Row {
        what: What::Said,
        direction,
        time: at(ms),
        frame: Some(FrameNo(ms as u64 / 100 + 1)),
        octets: 100,
        title: title.to_owned(),
        id: None,
        facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
    }
}

use Direction::{ClientToServer as Up, ServerToClient as Down};

fn story(rows: Vec<Row>) -> Story {
    Story {
        no: SessionNo(0),
        id: Some("s1".to_owned()),
        user: Some("wv:anna@example.com".to_owned()),
        version: Some(Version::V12),
        carrier: Carrier::Http,
        encoding: Encoding::Xml,
        rows,
        left_out: 0,
    }
}

/// A finding on what was sent in this direction at a moment.
fn found(ms: i64, direction: Direction) -> Filed {
    let mut finding: Finding = redundant_poll();
    finding.scene.session = Some("s1".to_owned());
    finding.exhibits.truncate(1);
    finding.exhibits[0].time = at(ms);
    finding.exhibits[0].direction = direction;
    let file: Arc<str> = "a.pcap".into();
    Filed::new(finding, &file, |frame| Some((Arc::clone(&file), frame)))
}

fn polls(from: i64, count: i64) -> Vec<Row> {
    let poll = |n| {
        [row(from + n * 20_000, Up, "Polling-Request", &[]), row(from + n * 20_000 + 300, Down, "empty answer", &[])]
    };
    (0..count).flat_map(poll).collect()
}

#[test]
fn text_shows_who_said_what_when_and_what_was_found_on_it() {
    let mut missing = row(400, Down, "no answer seen", &[]);
    (missing.what, missing.frame) = (What::Missing, None);
    let rows = vec![row(0, Up, "Polling-Request", &[]), row(400, Down, "Status", &["200", "Poll=F"]), missing];
    let drawn = text(&Ladder::of(&story(rows), &[found(400, Down)], None));
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(
        lines,
        [
            "session s1, user wv:anna@example.com, CSP 1.2, xml over http",
            "",
            "     time  frame  client                                         server",
            " 10:00:00      1  │─── Polling-Request ────────────────────────▶│",
            "   +0.400      5  │◀── Status · 200 · Poll=F ───────────────────│ ⚠ polling/redundant-poll #1",
            "                  │◁╌╌ no answer seen ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│",
        ]
    );
}

#[test]
fn what_is_said_over_and_over_is_folded_unless_something_was_found_on_it() {
    let ladder = Ladder::of(&story(polls(0, 10)), &[], None);
    let [Rung::Same { titles, times, lasted }] = ladder.rungs.as_slice() else { panic!("{:?}", ladder.rungs) };
    assert_eq!((titles.join(", ").as_str(), *times), ("Polling-Request, empty answer", 10));
    assert_eq!(lasted.0, 180.3);
    let found = found(100_000, Up);
    let ladder = Ladder::of(&story(polls(0, 10)), std::slice::from_ref(&found), None);
    let kinds: Vec<usize> =
        ladder.rungs.iter().map(|r| if let Rung::Same { times, .. } = r { *times } else { 0 }).collect();
    // Five polls before it, itself and its answer, then four polls, which are too few to fold.
    assert_eq!(kinds, [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(ladder.findings(), [1]);
    assert!(text(&ladder).contains("… 5 times in 80 s: Polling-Request, empty answer …"), "{}", text(&ladder));
}

#[test]
fn silence_is_told() {
    let rows = vec![row(0, Up, "Login-Request", &[]), row(3_600_000, Up, "Logout-Request", &[])];
    let drawn = text(&Ladder::of(&story(rows), &[], None));
    assert!(drawn.contains("… 60 min 0 s of silence …"), "{drawn}");
}

#[test]
fn around_a_finding_the_rest_is_left_out() {
    let rows: Vec<Row> = (0..100).map(|n| row(n * 1_000, Up, &format!("Request-{n}"), &[])).collect();
    let ladder = Ladder::of(&story(rows), &[found(1_000, Up), found(50_000, Up)], Some(2));
    assert!(matches!(ladder.rungs.first(), Some(Rung::LeftOut(42))), "{:?}", ladder.rungs.first());
    assert!(matches!(ladder.rungs.last(), Some(Rung::LeftOut(41))), "{:?}", ladder.rungs.last());
    assert_eq!((ladder.rungs.len(), ladder.findings()), (19, vec![2]));
}

#[test]
fn rows_beyond_the_limit_are_counted() {
    let mut story = story((0..ROWS_KEPT as i64).map(|n| row(n, Up, "A", &[])).collect());
    story.go_on(Story { rows: vec![row(0, Up, "B", &[]); 3], left_out: 4, ..story.clone() });
    assert_eq!((story.rows.len(), story.left_out), (ROWS_KEPT, 7));
    let drawn = text(&Ladder::of(&story, &[], None));
    assert!(drawn.contains("… 7 rows not shown …"), "{drawn}");
}

/// Names that would be something else in a terminal, in Mermaid or in SVG.
const HOSTILE: &str = "a\u{1b}[31m\nC->>S: b;#35;<script>x</script>\u{202e}%%{init}&\"'`";

#[test]
fn nothing_from_the_wire_is_read_as_notation() {
    let mut hostile = story(vec![row(0, Up, HOSTILE, &[HOSTILE])]);
    (hostile.id, hostile.user) = (Some(HOSTILE.to_owned()), Some(HOSTILE.to_owned()));
    hostile.rows[0].id = Some(HOSTILE.to_owned());
    let ladder = Ladder::of(&hostile, &[], None);
    let drawings = [text(&ladder), mermaid(&ladder), svg(&ladder)];
    for drawing in &drawings {
        assert!(!drawing.chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)), "{drawing:?}");
    }
    assert!(drawings[0].lines().all(|line| crate::sanitise::columns(line) <= WIDTH), "{}", drawings[0]);
    // A participant, two, a comment and the message, no more: the name brings no line of its own, nor an entity.
    assert_eq!(drawings[1].lines().count(), 5);
    assert!(drawings[1].contains("b#59;#35;35#59;#60;script#62;"), "{}", drawings[1]);
    let mut reader = quick_xml::Reader::from_str(&drawings[2]);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                elements.push(e.name().as_ref().to_owned());
            }
            _ => {}
        }
    }
    elements.sort_unstable();
    elements.dedup();
    assert_eq!(elements, ["path", "style", "svg", "text", "title"]);
}

#[test]
fn mermaid_has_a_line_a_message_and_notes_for_what_was_found() {
    let rows = vec![row(0, Up, "Polling-Request", &[]), row(400, Down, "Status", &["200"])];
    let drawn = mermaid(&Ladder::of(&story(rows), &[found(0, Up)], None));
    assert_eq!(
        drawn,
        "sequenceDiagram\n  %% session s1, user wv:anna@example.com, CSP 1.2, xml over http\n  participant C as client\n  \
         participant S as server\n  C->>S: Polling-Request\n  Note right of S: ⚠ polling/redundant-poll #35;1\n  \
         S->>C: Status · 200\n"
    );
}
