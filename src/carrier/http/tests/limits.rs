//! Every limit, from both sides where it shows in what comes out.

use super::*;
use crate::carrier::http::*;

#[test]
fn a_head_beyond_the_limit_is_dropped_and_told() {
    let head = |octets: usize| {
        let start = format!("POST / HTTP/1.1\r\nContent-Type: {CSP}\r\nContent-Length: 1\r\nX: ");
        let fill = "x".repeat(octets - start.len() - 4);
        format!("{start}{fill}\r\n\r\n")
    };
    for whole in [true, false] {
        let send = |octets: usize| {
            let bytes = head(octets) + "q";
            let pieces: Vec<_> = bytes.as_bytes().chunks(if whole { bytes.len() } else { 1400 }).map(c).collect();
            let steps = [&[c(post("1"))][..], &pieces, &[c(post("3"))]].concat();
            seen(&steps).iter().map(|item| brief(item).chars().take(16).collect::<String>()).collect::<Vec<_>>()
        };
        assert_eq!(send(HEAD_MAX), ["C1 POST /imps 1", "C2 POST / q", "C3 POST /imps 3"]);
        assert_eq!(send(HEAD_MAX + 1), ["C1 POST /imps 1", "gap C Limit", "C2 POST /imps 3"]);
    }
}

#[test]
fn a_body_beyond_the_limit_is_cut_and_stepped_over() {
    let piece = vec![b'a'; 1024 * 1024];
    let pieces = BODY_MAX / piece.len();
    for extra in [0, 1] {
        let head = format!("POST / HTTP/1.1\r\nContent-Type: {CSP}\r\nContent-Length: {}\r\n\r\n", BODY_MAX + extra);
        let body = (0..pieces).map(|_| c(&piece)).chain([c(&piece[..extra])]);
        let steps: Vec<_> = [c(head)].into_iter().chain(body).chain([c(post("2"))]).collect();
        let out = seen(&steps);
        let first = envelope(&out[0]);
        let wholeness = if extra == 0 { Wholeness::Complete } else { Wholeness::Limit };
        assert_eq!((first.body.len(), first.wholeness), (BODY_MAX, wholeness));
        assert_eq!(brief(&out[1]), "C2 POST /imps 2");
    }
}

#[test]
fn a_body_of_too_many_runs_is_cut() {
    let runs = BODY_RUNS_MAX as usize + 1;
    let head = format!("POST / HTTP/1.1\r\nContent-Type: {CSP}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let out = seen(&[c(format!("{head}{}0\r\n\r\n", "1\r\na\r\n".repeat(runs)))]);
    let first = envelope(&out[0]);
    assert_eq!((first.body.len(), first.wholeness), (runs - 1, Wholeness::Limit));
}

#[test]
fn patience_with_a_flow_out_of_step_ends() {
    let binary = vec![0x80; PATIENCE];
    let (_, interests) = read(false, &[c(&binary), s("\x01"), c(post("1"))]);
    assert_eq!(interests, [Interest::Undecided, Interest::Ignore, Interest::Ignore]);
    let (out, _) = read(false, &[c(&binary), c(post("1"))]);
    assert_eq!(briefs(&out), ["C1 POST /imps 1"]);
    // Known to carry IMPS: it never ends.
    let steps = [c(post("1")), gap(Forward, 1), c(&binary), c(&binary), c(post("2"))];
    assert_eq!(briefs(&seen(&steps)), ["C1 POST /imps 1", "gap C MissingPackets", "C2 POST /imps 2"]);
}

#[test]
fn only_the_first_gaps_are_told_and_remembered() {
    let holes = vec![gap(Forward, 1); GAPS_REMEMBERED + 1];
    let out = seen(&[&holes[..], &[c(post("1"))]].concat());
    assert_eq!(out.len(), 2 * GAPS_REMEMBERED + 1);
}

#[test]
fn answers_wait_for_late_requests_within_limits() {
    let big = "a".repeat(HELD_MAX);
    assert_eq!(briefs(&seen(&[s(ok("a"))])), [""; 0]);
    let out = seen(&[s(ok(&big)), c(post("1")), s(ok("b"))]);
    // Beyond the limit a request counts as missing.
    assert_eq!(briefs(&out[..2]), ["perhaps C MissingPackets", "gap C MissingPackets"]);
    let orders: Vec<_> = out[2..].iter().map(|item| envelope(item).exchange).collect();
    assert_eq!(orders, [1, 2, 2]);
    let events = |count: usize| {
        let answer = ok("b");
        let octets = answer.bytes().cycle().take(count).map(|octet| s([octet]));
        let steps: Vec<_> = [c(post("1")), s(ok("a"))].into_iter().chain(octets).collect();
        seen(&steps).len()
    };
    assert_eq!(events(HELD_EVENTS_MAX), 2);
    assert!(events(HELD_EVENTS_MAX + 1) > 2);
}

#[test]
fn requests_without_answers_are_counted_on() {
    let asked = WAITING_MAX + 3;
    let steps: Vec<_> = (0..asked).map(|_| c(post("q"))).collect();
    let out = seen(&[&steps[..], &[s(ok("a"))]].concat());
    assert_eq!(out.len(), asked + 2);
    assert_eq!(brief(&out[WAITING_MAX]), "gap S Limit");
    assert_eq!(brief(&out[asked]), format!("C{asked} POST /imps q"));
    assert_eq!(brief(&out[asked + 1]), "S1 200 a");
    // All answered, the next exchange is as good as ever.
    let answers = vec![s(ok("a")); asked];
    let out = seen(&[&steps[..], &answers, &[c(post("n")), s(ok("b"))]].concat());
    let told: Vec<_> = briefs(&out[out.len() - 2..]);
    assert_eq!(told, [format!("C{} POST /imps n", asked + 3 + 1), format!("S{} 200 b", asked + 3 + 1)]);
}

#[test]
fn an_endless_extension_or_trailer_is_given_up_and_what_follows_is_read() {
    let head = format!("POST / HTTP/1.1\r\nContent-Type: {CSP}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let flood = "x".repeat(1400);
    let count = CHUNK_EXTRA_MAX as usize / flood.len() + 2;
    for start in ["1;", "1\r\na\r\n0\r\nX: ", "1\r\na\r\n0\r\n"] {
        let many = (0..count).map(|_| c(if start.ends_with('\n') { format!("{flood}\r\n") } else { flood.clone() }));
        let steps: Vec<_> = [c(post("1")), c(head.clone() + start)].into_iter().chain(many).collect();
        let out = seen(&[&steps[..], &[c(format!("\r\n{}", post("3"))), c(post("4"))]].concat());
        let body = if start == "1;" { "C2 POST / Limit" } else { "C2 POST / a Limit" };
        let expected = ["C1 POST /imps 1", body, "gap C Limit", "C3 POST /imps 3", "C4 POST /imps 4"];
        assert_eq!(briefs(&out), expected, "{start:?}");
    }
}

#[test]
fn endless_interim_answers_leave_nothing_behind() {
    let interim = s("HTTP/1.1 100 Continue\r\n\r\n".repeat(1000));
    let out = seen(&[c(post("1")), interim.clone(), interim, s(ok("a"))]);
    assert_eq!(briefs(&out), ["C1 POST /imps 1", "S1 200 a"]);
}

#[test]
fn an_idle_flow_is_small() {
    assert!(size_of::<Connection>() <= 16);
    assert!(size_of::<conversation::Conversation>() <= 1024, "{}", size_of::<conversation::Conversation>());
}
