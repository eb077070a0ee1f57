//! What is missing: gaps, flows seen from their middle, streams that end early.

use super::*;

const TEN: &str = "0123456789";

fn texts(steps: &[Step]) -> Vec<String> {
    briefs(&seen(steps))
}

#[test]
fn a_gap_inside_a_body_keeps_its_start_and_the_step() {
    let request = post(TEN);
    let (start, rest) = request.split_at(request.len() - 7);
    let steps = [c(start), gap(Forward, 4), c(&rest[4..]), s(ok("a")), c(post("2"))];
    let expected = ["gap C MissingPackets", "C1 POST /imps 012 Lost(MissingPackets)", "S1 200 a", "C2 POST /imps 2"];
    let out = seen(&steps);
    assert_eq!(briefs(&out), expected);
    assert_eq!(envelope(&out[1]).wire_octets as usize, request.len());
    // A gap up to the very end of the body.
    let expected = ["gap C MissingPackets", "C1 POST /imps 012 Lost(MissingPackets)", "S1 200 a"];
    assert_eq!(texts(&[c(start), gap(Forward, 7), s(ok("a"))]), expected);
}

#[test]
fn a_gap_inside_a_chunk_keeps_the_step() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n012";
    let steps = [c(post("1")), s(head), gap(Reverse, 5), s("89\r\n1\r\nx\r\n0\r\n\r\n"), c(post("2")), s(ok("b"))];
    let expected =
        ["C1 POST /imps 1", "gap S MissingPackets", "S1 200 012 Lost(MissingPackets)", "C2 POST /imps 2", "S2 200 b"];
    assert_eq!(texts(&steps), expected);
}

#[test]
fn a_gap_beyond_a_body_resynchronises_at_a_start_line() {
    let request = post(TEN);
    let (start, _) = request.split_at(request.len() - 7);
    for octets in [Some(8), Some(1000), None] {
        let steps = [c(start), Step::Gap(Forward, octets), c("89 rest\r\nof it"), c(post("2")), s(ok("a"))];
        let expected = ["gap C MissingPackets", "C1 POST /imps 012 Lost(MissingPackets)", "C2 POST /imps 2"];
        // The answer in frame 5 is the first one, and nothing is missing in its way.
        assert_eq!(texts(&steps), [&expected[..], &["S1 200 a"]].concat());
    }
}

#[test]
fn a_gap_inside_a_head_drops_it() {
    let second = post("2");
    let (start, _) = second.split_at(30);
    let steps = [
        c(post("1")),
        s(ok("a")),
        c(start),
        gap(Forward, 10),
        c("th: 1\r\n\r\n2"),
        s(ok("b")),
        c(post("3")),
        s(ok("c")),
    ];
    let expected = ["C1 POST /imps 1", "S1 200 a", "gap C MissingPackets", "S2 200 b", "C3 POST /imps 3", "S3 200 c"];
    assert_eq!(texts(&steps), expected);
}

#[test]
fn a_start_line_is_found_after_a_line_end_and_across_frames() {
    let next = post("2");
    for cut in 1..next.len() {
        let (one, two) = next.split_at(cut);
        let steps = [c(post("1")), s(ok("a")), gap(Forward, 50), c(format!("tail</a>\r\n{one}")), c(two), s(ok("b"))];
        let expected = ["C1 POST /imps 1", "S1 200 a", "gap C MissingPackets", "C2 POST /imps 2", "S2 200 b"];
        assert_eq!(texts(&steps), expected, "cut at {cut}");
    }
}

#[test]
fn a_swallowed_answer_shifts_no_later_one() {
    // The answer to 1 is missing, which shows only once the capture has moved on.
    let steps = [c(post("1")), c(post("2")), gap(Reverse, 90), s(ok("b")), c(post("3")), s(ok("c"))];
    let expected =
        ["C1 POST /imps 1", "C2 POST /imps 2", "gap S MissingPackets", "S2 200 b", "C3 POST /imps 3", "S3 200 c"];
    assert_eq!(texts(&steps), expected);
}

#[test]
fn a_swallowed_request_shifts_no_later_answer() {
    // The request of b is missing: b comes first, then the gap shows.
    let steps = [c(post("1")), s(ok("a")), s(ok("b")), gap(Forward, 90), c(post("3")), s(ok("c"))];
    let expected = ["C1 POST /imps 1", "S1 200 a", "gap C MissingPackets", "S2 200 b", "C3 POST /imps 3", "S3 200 c"];
    assert_eq!(texts(&steps), expected);
}

#[test]
fn an_answer_that_started_before_a_request_ended_is_not_its_answer() {
    let request = post(TEN);
    let (one, two) = request.split_at(request.len() - 5);
    let (out, _) = read(false, &[c(one), s(ok("0")), c(two), s(ok("a"))]);
    let expected = ["C1 POST /imps 0123456789", "S2 200 0", "S1 200 a"];
    assert_eq!(briefs(&out), expected);
}

#[test]
fn gaps_before_the_first_imps_are_told_as_they_come_and_again_with_it() {
    let steps = [
        c("GET / HTTP/1.1\r\n\r\n"),
        gap(Reverse, 500),
        c("GET / HTTP/1.1\r\n\r\n"),
        gap(Forward, 300),
        c(post("1")),
        s(ok("a")),
    ];
    let out = seen(&steps);
    let expected = [
        "perhaps S MissingPackets",
        "perhaps C MissingPackets",
        "gap S MissingPackets",
        "gap C MissingPackets",
        "C3 POST /imps 1",
        "S4 200 a",
    ];
    // Requests and answers are missing: to say that the answer is that of 3 would be a guess.
    assert_eq!(briefs(&out)[..5], expected[..5]);
    let Carried::Gap { frame, time, .. } = &out[2] else { panic!("no gap") };
    assert_eq!((*frame, *time), (FrameNo(2), Time(2_000_000)));
    assert_eq!(briefs(&seen(&steps[..4])), expected[..2]);
}

#[test]
fn a_flow_seen_from_its_middle_is_read_from_its_next_message() {
    let (out, _) = read(false, &[c("rest of a body"), s("more\r\n"), s(ok("0")), c(post("1")), s(ok("a"))]);
    assert_eq!(briefs(&out), ["S1 200 0", "C2 POST /imps 1", "S2 200 a"]);
    // The same where the start of a flow is missing.
    let out = seen(&[gap(Forward, 10), c("rest of a body"), s(ok("0")), c(post("1")), s(ok("a"))]);
    let all = ["perhaps C MissingPackets", "gap C MissingPackets", "S1 200 0", "C2 POST /imps 1", "S2 200 a"];
    assert_eq!(briefs(&out), all);
}

#[test]
fn streams_that_end_inside_a_body() {
    let request = post(TEN);
    let cut = &request[..request.len() - 5];
    for (end, wholeness) in [(End::Closed, "ClosedEarly"), (End::Reset, "ClosedEarly"), (End::Open, "OpenAtEnd")] {
        let all = texts(&[c(cut), Step::End(Forward, end), Step::End(Reverse, end)]);
        assert_eq!(all, [format!("C1 POST /imps 01234 {wholeness}"), format!("end {end:?}")]);
        let until_close = "HTTP/1.1 200 OK\r\n\r\nabc";
        let all = texts(&[c(post("1")), s(until_close), Step::End(Reverse, end), Step::End(Forward, end)]);
        let wholeness = if end == End::Closed { String::new() } else { format!(" {wholeness}") };
        assert_eq!(all[1..], [format!("S1 200 abc{wholeness}"), format!("end {end:?}")]);
    }
}

#[test]
fn a_gap_in_a_body_until_close() {
    let steps =
        [c(post("1")), s("HTTP/1.1 200 OK\r\n\r\nab"), gap(Reverse, 3), s("fg"), Step::End(Reverse, End::Closed)];
    let expected = ["C1 POST /imps 1", "gap S MissingPackets", "S1 200 ab Lost(MissingPackets)"];
    assert_eq!(texts(&steps), expected);
}

#[test]
fn a_gap_in_a_body_until_close_may_hold_further_answers() {
    let steps =
        [c(post("1")), s("HTTP/1.1 200 OK\r\n\r\nab"), c(post("2")), c(post("3")), gap(Reverse, 90), s(ok("c"))];
    let expected = [
        "C1 POST /imps 1",
        "C2 POST /imps 2",
        "C3 POST /imps 3",
        "gap S MissingPackets",
        "S1 200 ab Lost(MissingPackets)",
        "S3 200 c",
    ];
    assert_eq!(texts(&steps), expected);
}

#[test]
fn the_end_is_told_once() {
    let ends = |ends: &[(Way, End)]| {
        let steps: Vec<_> = ends.iter().map(|&(way, end)| Step::End(way, end)).collect();
        texts(&[&[c(post("1"))][..], &steps].concat())[1..].to_vec()
    };
    assert_eq!(ends(&[(Forward, End::Closed)]), [""; 0]);
    assert_eq!(ends(&[(Forward, End::Closed), (Reverse, End::Closed)]), ["end Closed"]);
    assert_eq!(ends(&[(Reverse, End::Reset), (Forward, End::Reset)]), ["end Reset"]);
    assert_eq!(ends(&[(Reverse, End::Reset)]), ["end Reset"]);
    assert_eq!(ends(&[(Reverse, End::Closed), (Forward, End::Open)]), ["end Open"]);
    let (out, interests) = read(true, &[&[c("GET / HTTP/1.1\r\n\r\n")][..], &closed()].concat());
    assert!(out.is_empty());
    assert_eq!(interests.last(), Some(&Interest::Ignore));
}
