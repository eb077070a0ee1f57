use proptest::prelude::*;

use super::super::neighbourhood::MOST_ELEMENTS;
use super::super::samples::{any_exhibit, exhibit, finding, hostile, redundant_poll};
use super::*;
use crate::csp::name::VOCABULARY;
use crate::sanitise::is_hidden;
use crate::syntax::packing::PackedDocument;
use crate::syntax::{Builder, NodeId};
use crate::wire::FrameNo;

/// The text of each label's span and the label.
fn labels(excerpt: &Excerpt) -> Vec<(&str, &str)> {
    excerpt.labels.iter().map(|l| (&excerpt.text[l.span.clone()], l.text.as_str())).collect()
}

#[test]
fn messages_stand_in_the_order_of_their_time() {
    let excerpt = Excerpt::of(&redundant_poll(), 74);
    assert_eq!(
        excerpt.text,
        "frame 812  10:14:03.220  server → client  Status 12
  <Status>
    <Result>
      <Code>200</Code>
      <Description>Ok</Description>
    <Poll>F</Poll>
frame 815  10:14:07.420  +4.2 s  client → server  Polling-Request 12
"
    );
    assert_eq!(labels(&excerpt), [("<Poll>F</Poll>", "nothing is waiting"), ("frame 815", "polled all the same")]);
}

#[test]
fn what_is_far_from_the_focus_is_left_out() {
    let mut sketch = "GetPresence-Response".to_owned();
    for i in 0..30 {
        sketch.push_str(&format!("\n  Presence\n    UserID {i}\n    OnlineStatus\n      Qualifier T"));
    }
    // 0 is the root, 1 + 4 i the i-th Presence, 2 + 4 i its UserID.
    let excerpt =
        Excerpt::of(&finding(vec![exhibit(1, 0, "GetPresence-Response", &sketch, Some(2 + 4 * 20), "here")]), 74);
    assert_eq!(
        excerpt.text,
        "frame 1  10:14:03.220  server → client  GetPresence-Response 12
  <GetPresence-Response>
    …
    <Presence> … </Presence>
    <Presence>
      <UserID>19</UserID>
      <OnlineStatus> … </OnlineStatus>
    <Presence>
      <UserID>20</UserID>
      <OnlineStatus>
        <Qualifier>T</Qualifier>
    <Presence>
      <UserID>21</UserID>
      <OnlineStatus> … </OnlineStatus>
    <Presence> … </Presence>
    <Presence> … </Presence>
    …
"
    );
    assert_eq!(labels(&excerpt), [("<UserID>20</UserID>", "here")]);
}

#[test]
fn a_deep_focus_is_shown_with_what_it_is_directly_inside_of() {
    let sketch: Vec<String> = (0..40).map(|depth| format!("{}Name {depth}", "  ".repeat(depth))).collect();
    let excerpt = Excerpt::of(&finding(vec![exhibit(1, 0, "Name", &sketch.join("\n"), Some(39), "here")]), 74);
    let lines: Vec<&str> = excerpt.text.lines().collect();
    assert_eq!(lines.len(), 1 + MOST_LINES_EACH);
    assert_eq!(lines[1..3], ["  …", "  <Name>25"]);
    assert_eq!(lines[MOST_LINES_EACH].trim(), "<Name>39</Name>");
    assert_eq!(labels(&excerpt), [("<Name>39</Name>", "here")]);
}

#[test]
fn long_texts_keep_their_end_tag() {
    let sketch = format!("UserID wv:{}", "a".repeat(500));
    let excerpt = Excerpt::of(&finding(vec![exhibit(1, 0, "UserID", &sketch, Some(0), "long")]), 60);
    let line = excerpt.text.lines().nth(1).unwrap();
    assert_eq!(line, format!("  <UserID>wv:{}…</UserID>", "a".repeat(37)));
    assert_eq!(columns(line), 60);
}

#[test]
fn a_long_title_is_cut_before_the_transaction() {
    let mut shown = exhibit(11, 0, "SubscribePresenceAndMuchMore-Request", "", None, "");
    shown.frames = [11, 12].map(FrameNo).into();
    assert_eq!(
        Excerpt::of(&finding(vec![shown]), 74).text,
        "frames 11..12  10:14:03.220  client → server  SubscribePresenceAndMuch… 12\n"
    );
}

#[test]
fn exhibits_without_label_carry_none_unless_all_are_without() {
    let silent = exhibit(11, 0, "Status", "", None, "");
    let spoken = exhibit(12, 1, "Status", "", None, "said");
    assert_eq!(labels(&Excerpt::of(&finding(vec![silent.clone(), spoken]), 74)), [("frame 12", "said")]);
    assert_eq!(labels(&Excerpt::of(&finding(vec![silent.clone(), silent]), 74)), [("frame 11", "")]);
}

#[test]
fn a_tree_that_repeats_the_title_is_left_out() {
    let of = |sketch, focus| {
        Excerpt::of(&finding(vec![exhibit(1, 0, "Status", sketch, focus, "")]), 74).text.lines().count()
    };
    assert_eq!((of("Status", None), of("Status", Some(0)), of("Status F", None), of("Poll", None)), (1, 2, 2, 2));
}

#[test]
fn frames_are_named_as_a_range() {
    let mut shown = exhibit(1, 0, "Status", "", None, "");
    shown.frames = [3, 4, 9].map(FrameNo).into();
    shown.transaction = None;
    assert!(Excerpt::of(&finding(vec![shown.clone()]), 74).text.starts_with("frames 3..9  10:14:03.220  server"));
    shown.frames.clear();
    assert_eq!(labels(&Excerpt::of(&finding(vec![shown]), 74)), [("no frame", "")]);
}

#[test]
fn limits_hold() {
    let mut builder = Builder::new(VOCABULARY, "");
    builder.open("Status", 0..0);
    for name in ["a", "b", "c", "d", "e"] {
        builder.attribute(name, "1", 0..0);
    }
    for _ in 0..MOST_ELEMENTS {
        builder.open("Poll", 0..0);
        builder.close(0);
    }
    let big = Exhibit {
        document: Some(PackedDocument::of(&builder.document())),
        label: "x".repeat(5 * MOST_COLUMNS),
        ..exhibit(1, 0, "Status", "", Some(1), "")
    };
    let one = Excerpt::of(&finding(vec![big.clone()]), 160);
    assert!(one.text.contains(r#"<Status a="1" b="1" c="1" …>"#), "{MOST_ATTRIBUTES} attributes");
    assert_eq!(one.text.lines().count(), 1 + MOST_LINES_EACH);
    assert_eq!(columns(&one.labels[0].text), MOST_COLUMNS);
    // An element behind those looked at: the label stands on the line that names the message.
    let behind = Exhibit { focus: Some(NodeId(MOST_ELEMENTS as u32)), ..big.clone() };
    assert_eq!(Excerpt::of(&finding(vec![behind]), 160).labels[0].span, 0.."frame 1".len());

    let many = Excerpt::of(&finding(vec![big; 3 * MOST_EXHIBITS]), 160);
    assert_eq!(many.labels.len(), MOST_EXHIBITS);
    assert!(many.text.lines().count() <= MOST_LINES);
    assert_eq!(many.text.lines().last().unwrap(), format!("… {} more", 2 * MOST_EXHIBITS));
}

#[test]
fn lines_are_shared_out_fairly() {
    assert_eq!(shares(&[3, 16, 0], 30), [3, 16, 0]);
    assert_eq!(shares(&[16, 2, 16], 12), [5, 2, 5]);
    assert_eq!(shares(&[], 12), Vec::<usize>::new());
}

#[test]
fn hostile_text_is_spelt_out() {
    let excerpt = Excerpt::of(&hostile(), 160);
    assert!(!excerpt.text.chars().any(|c| c != '\n' && is_hidden(c)));
    assert_eq!(excerpt.text.lines().count(), 3);
    assert!(!excerpt.labels[0].text.chars().any(is_hidden));
    assert!(excerpt.text.contains("<UserID>a\\u{1b}[31m\\u{0}\\r\\n\\t\\u{7f}\\u{9b}2J\\u{85}\\u{202e}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn labels_are_inside_a_line_and_lines_inside_the_window(
        exhibits in proptest::collection::vec(any_exhibit(), 0..11), width in 60_usize..155,
    ) {
        let finding = finding(exhibits);
        let excerpt = Excerpt::of(&finding, width);
        let said = finding.exhibits.iter().take(MOST_EXHIBITS).filter(|e| !e.label.is_empty() || e.focus.is_some()).count();
        prop_assert_eq!(excerpt.labels.len(), said.max(finding.exhibits.len().min(1)));
        prop_assert!(excerpt.text.lines().count() <= MOST_LINES);
        for line in excerpt.text.lines() {
            prop_assert!(columns(line) <= width, "{line}");
            prop_assert!(!line.chars().any(is_hidden));
        }
        for label in &excerpt.labels {
            let shown = excerpt.text.get(label.span.clone());
            prop_assert!(shown.is_some_and(|s| !s.is_empty() && !s.contains('\n')), "{label:?}");
        }
        prop_assert!(excerpt.labels.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    }

    #[test]
    fn every_focus_that_is_there_is_shown(exhibit in any_exhibit()) {
        let document = exhibit.document.as_ref().unwrap().read();
        if let Some(node) = exhibit.focus.and_then(|f| document.node(f)) {
            let name = clip(node.spelling(), 10);
            let excerpt = Excerpt::of(&finding(vec![exhibit]), 74);
            let shown = &excerpt.text[excerpt.labels[0].span.clone()];
            prop_assert!(shown.starts_with(&format!("<{}", name.trim_end_matches('…'))), "{shown} for {name}");
        }
    }
}
