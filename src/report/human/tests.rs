use proptest::prelude::*;

use super::super::Format;
use super::super::samples::{HOSTILE, any_exhibit, bare, exhibit, finding, hostile_outcome, outcome, redundant_poll};
use super::*;
use crate::sanitise::is_hidden;

fn written(outcome: &Outcome, options: Options) -> String {
    let mut out = Vec::new();
    write(outcome, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Without colour and 80 columns wide.
fn plain(outcome: &Outcome) -> String {
    written(outcome, Options::default())
}

#[test]
fn a_finding_drawn() {
    assert_eq!(
        plain(&outcome(vec![redundant_poll()])),
        "polling/redundant-poll (warning, guideline)

  ⚠ polled again 4.2 s after the server had said that nothing is waiting
   ╭─[anna.pcap:815 2008-03-01 UTC]
 1 │ frame 812  10:14:03.220  server → client  Status 12
 2 │   <Status>
 3 │     <Result>
 4 │       <Code>200</Code>
 5 │       <Description>Ok</Description>
 6 │     <Poll>F</Poll>
   ·     ───────┬──────
   ·            ╰── nothing is waiting
 7 │ frame 815  10:14:07.420  +4.2 s  client → server  Polling-Request 12
   · ────┬────
   ·     ╰── polled all the same
   ╰────
  help: Take Poll=F as the end of the queue.
  note: fault of client, cost 2\u{202f}314 bytes, 4 round trips,
        and 12 more of the same cause
        session im.example.com-77, user wv:anna@example.com,
        stream 10.0.0.1:40001 ⇄ 192.0.2.7:80, CSP 1.2, xml over http
filter: frame.number in {812, 815}

anna.pcap: the last record is cut at offset 1234000
412 of 430 exchanges judged (95 %), 18 not: 11 open at the end, 7 missing packets
1 warning in 1 file; 42 sessions, 812 messages
"
    );
}

#[test]
fn a_finding_without_messages() {
    let text = plain(&outcome(vec![bare()]));
    assert_eq!(
        text.split_once("\n\nanna.pcap").unwrap().0,
        "session/missing-logout (info, implementations)

  ☞ polled again 4.2 s after the server had said that nothing is waiting
  help: Take Poll=F as the end of the queue.
  note: fault of client"
    );
}

#[test]
fn long_messages_and_labels_are_wrapped_at_blanks() {
    let mut long = finding(vec![exhibit(
        3,
        0,
        "Status",
        "Status\n  UserID wv:someone-with-a-very-long-name@some.rather.long.domain.example.com/resource",
        Some(1),
        "an address that nobody can read, told in a label longer than the room that is left for it",
    )]);
    long.severity = Severity::Error;
    long.repeats = 0;
    long.cost = None;
    long.message =
        "the Polling-Request and the GetPresence-Request name different users, Polling-Request wv:anna".to_owned();
    assert_eq!(
        plain(&outcome(vec![long])).split_once("  note:").unwrap().0,
        "polling/redundant-poll (error, guideline)

  × the Polling-Request and the GetPresence-Request name different users,
  │ Polling-Request wv:anna
   ╭─[anna.pcap:3 2008-03-01 UTC]
 1 │ frame 3  10:14:03.220  server → client  Status 12
 2 │   <Status>
 3 │     <UserID>wv:someone-with-a-very-long-name@some.rather.long.do…</UserID>
   ·     ───┬───
   ·        ╰─┤ an address that nobody can read, told in a label longer than
   ·          │ the room that is left for it
   ╰────
  help: Take Poll=F as the end of the queue.
"
    );
}

#[test]
fn many_findings_end_with_a_table() {
    let text = plain(&outcome(vec![redundant_poll(); 6]));
    let end: Vec<&str> = text.lines().rev().take(6).collect();
    assert_eq!(end[5], "rule                    severity  count  cost");
    assert_eq!(end[4], "polling/redundant-poll  warning       6  13\u{202f}884 bytes, 24 round trips");
    assert_eq!(end[3], "");
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let text = plain(&hostile_outcome());
    assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)));
    for line in text.lines().take_while(|line| !line.starts_with("filter")) {
        // The sign of a warning is narrow, though others of its block are wide.
        assert!(columns(&line.replace('⚠', "!")) <= 80, "{line}");
    }
    // Message, help, label, element, attribute, transaction, session and user each spell it out.
    assert!(text.matches("a\\u{1b}[31m").count() >= 8, "{text}");
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let outcome = outcome(vec![redundant_poll(), bare()]);
    let colored = written(&outcome, Options { width: 80, color: true, full: false });
    assert!(colored.contains("\u{1b}[36mnote:\u{1b}[0m"));
    let stripped = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(&colored, "").into_owned();
    assert_eq!(stripped, plain(&outcome));
}

#[test]
fn widths_are_brought_into_bounds() {
    let outcome = outcome(vec![redundant_poll()]);
    assert_eq!(written(&outcome, Options { width: 0, color: false, full: false }), plain(&outcome));
    let widest = written(&outcome, Options { width: WIDTHS.1, color: false, full: false });
    assert_eq!(written(&outcome, Options { width: usize::MAX, color: false, full: false }), widest);
}

#[test]
fn long_paths_keep_their_end() {
    assert_eq!(cut_front("captures/2008/anna.pcap", 12), "…8/anna.pcap");
    assert_eq!(cut_front("anna.pcap", 12), "anna.pcap");
}

#[test]
fn output_grows_with_findings_alone() {
    let size = |format: Format, count: usize| {
        let mut out = Vec::new();
        super::super::write(&outcome(vec![redundant_poll(); count]), format, &mut out).unwrap();
        out.len()
    };
    let full = Options { full: true, ..Options::default() };
    for format in [Format::Human(full), Format::Concise, Format::Json] {
        let one = size(format, 3) - size(format, 2);
        let grown = size(format, 10_000) - size(format, 1_000);
        // Beside the findings only the digits of the counts and costs grow.
        assert!(grown.abs_diff(9_000 * one) < 16, "{format:?}: {grown} against {one} for one");
    }
}

#[test]
fn the_size_of_a_finding_does_not_follow_the_size_of_its_texts() {
    let text = HOSTILE.repeat(100_000);
    let mut huge = finding(vec![exhibit(3, 0, &HOSTILE.repeat(1_000), "", None, &HOSTILE.repeat(1_000)); 1_000]);
    (huge.message, huge.help, huge.scene.user, huge.scene.session) =
        (text.clone(), text.clone().leak(), Some(text.clone()), Some(text));
    assert!(plain(&outcome(vec![huge])).len() < 32 * 1024);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_finding_is_drawn(
        exhibits in proptest::collection::vec(any_exhibit(), 0..11), message in ".*", width in any::<usize>(),
    ) {
        let mut finding = finding(exhibits);
        finding.message = message;
        let text = written(&outcome(vec![finding]), Options { width, color: false, full: false });
        prop_assert!(!text.contains("Failed to read"));
        prop_assert!(text.contains("  note: fault of client"));
        prop_assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)));
    }
}

/// Findings of this many kinds, so many of each.
fn many(kinds: usize, each: usize) -> Outcome {
    let of = |kind: usize| Finding { message: format!("polled {}", "a".repeat(kind + 1)), ..redundant_poll() };
    outcome((0..kinds).flat_map(|kind| std::iter::repeat_n(of(kind), each)).collect())
}

#[test]
fn of_many_findings_one_of_a_kind_is_drawn_and_the_report_stays_short() {
    for (kinds, each) in [(1, 21), (3, 3_400), (40, 250), (400, 25)] {
        let text = plain(&many(kinds, each));
        assert!(text.lines().count() <= MOST_LINES, "{kinds}: {text}");
        assert!(text.contains(&format!("{} findings of {kinds} kind", kinds * each)), "{text}");
        assert!(text.contains(&format!("of its kind: {each} findings")), "{text}");
        assert_eq!(text.matches("filter: ").count(), 1, "{text}");
    }
    let shown = plain(&many(400, 25));
    let told = shown.lines().filter(|line| line.starts_with("polling/redundant-poll (")).count();
    assert!(shown.contains(&format!("{told} kinds of them shown, {} not", 400 - told)), "{shown}");
}

#[test]
fn each_finding_is_drawn_where_there_are_few_or_it_is_asked_for() {
    assert_eq!(plain(&many(1, 20)).matches("filter: ").count(), 20);
    let full = Options { full: true, ..Options::default() };
    assert_eq!(written(&many(2, 30), full).matches("filter: ").count(), 60);
}
