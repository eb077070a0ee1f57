//! What is HTTP, what is IMPS, and who is the client.

use flate2::Compression;
use flate2::read::GzEncoder;
use std::io::Read;

use super::*;

#[test]
fn other_protocols_are_ignored_at_their_first_octets() {
    for first in [&b"\x16\x03\x01\x00\xa0"[..], b"SSH-2.0-x\r\n", b"EHLO a\r\n", b"GET /\r\n", b"\x00"] {
        let (out, interests) = read(true, &[c(first), s(ok("a"))]);
        assert_eq!((out, interests), (vec![], vec![Interest::Ignore; 2]), "{}", first.escape_ascii());
    }
    let (_, interests) = read(true, &[s("220 mail ESMTP\r\n"), c(post("a"))]);
    assert_eq!(interests, [Interest::Ignore; 2]);
    let (_, interests) = read(true, &[c("PO"), c("ST / HT"), c("TP/1.1\r\n")]);
    assert_eq!(interests, [Interest::Undecided, Interest::Undecided, Interest::Keep]);
    let (_, interests) = read(true, &[c("US"), c("ER bob\r\n")]);
    assert_eq!(interests, [Interest::Undecided, Interest::Ignore]);
}

#[test]
fn http_without_imps_says_nothing() {
    let (out, interests) = read(
        true,
        &[
            c("GET /cir/1 HTTP/1.1\r\nContent-Type: application/vnd.wv.csp.xml\r\n\r\n"),
            s("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.wv.csp.xml\r\nContent-Length: 0\r\n\r\n"),
            c("GET /cir/2 HTTP/1.1\r\n\r\n"),
            s("HTTP/1.1 204 No Content\r\n\r\n"),
            c("POST /soap HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 20\r\n\r\n<?xml?><s:Envelope/>"),
            s("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 28\r\n\r\n<!DOCTYPE html><html></html>"),
        ],
    );
    assert_eq!((out, interests), (vec![], vec![Interest::Keep; 6]));
}

/// Whether a POST of this type with this body is taken for IMPS.
fn is_imps(content_type: Option<&str>, coding: &str, body: &[u8]) -> bool {
    let content_type = content_type.map(|t| format!("Content-Type: {t}\r\n")).unwrap_or_default();
    let head = format!("POST / HTTP/1.1\r\n{content_type}{coding}Content-Length: {}\r\n\r\n", body.len());
    let whole = seen(&[c([head.as_bytes(), body].concat())]);
    let apart = seen(&[&[c(head)][..], &body.iter().map(|&b| c([b])).collect::<Vec<_>>()].concat());
    assert_eq!(briefs(&whole), briefs(&apart));
    if let Some(item) = whole.first() {
        let Carried::Envelope(envelope) = item else { panic!("{item:?}") };
        assert!(envelope.compressed || envelope.body.bytes() == body);
    }
    !whole.is_empty()
}

#[test]
fn a_type_or_a_root_makes_it_imps() {
    let root = b"<?xml version='1.0'?>\n<WV-CSP-Message/>";
    for media in ["application/xml", "text/html", "application/x-www-form-urlencoded", "image/png"] {
        assert!(is_imps(Some(media), "", root), "{media}");
        assert!(!is_imps(Some(media), "", b"<?xml version='1.0'?><a/>"), "{media}");
    }
    assert!(is_imps(None, "", root));
    assert!(is_imps(Some("APPLICATION/VND.WV.CSP+XML; charset=x"), "", b"what?"));
    assert!(is_imps(Some("application/vnd.wv.ssp+xml"), "", b"<a/>"));
    let wbxml = b"\x03\x11\x6a\x00\x49";
    assert!(is_imps(None, "", wbxml));
    assert!(is_imps(Some("application/octet-stream"), "", wbxml));
    assert!(is_imps(Some("application/vnd.wap.wbxml"), "", wbxml));
    assert!(!is_imps(Some("application/vnd.wap.wbxml"), "", b"\x03\x04\x6a\x00\x7f"));
    assert!(is_imps(Some("text/plain"), "", wbxml));
    assert!(!is_imps(Some("text/plain"), "", b"\x03\x01\x6a\x00\x49"));
}

#[test]
fn coded_bodies_are_looked_into() {
    let gzip = |text: &[u8]| {
        let mut coded = Vec::new();
        GzEncoder::new(text, Compression::default()).read_to_end(&mut coded).unwrap();
        coded
    };
    let coding = "Content-Encoding: gzip\r\n";
    assert!(is_imps(Some("text/xml"), coding, &gzip(b"<WV-CSP-Message/>")));
    assert!(!is_imps(Some("text/xml"), coding, &gzip(b"<a/>")));
    assert!(is_imps(Some("text/xml"), coding, b"<WV-CSP-Message/>"));
    let noisy: Vec<u8> = (0..4000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    assert!(is_imps(None, coding, &gzip(&[b"<WV-CSP-Message>", &noisy[..]].concat())));
}

#[test]
fn the_other_half_makes_it_imps() {
    let out = seen(&[c(post("1")), s("HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>")]);
    assert_eq!(briefs(&out), ["C1 POST /imps 1", "S1 500 <p>"]);
    let by_root = post("<WV-CSP-Message/>").replace(CSP, "text/xml");
    assert_eq!(briefs(&seen(&[c(by_root), s(ok(""))])), ["C1 POST /imps <WV-CSP-Message/>", "S1 200"]);
    // Out-of-band login: form data, answered by IMPS.
    let form = "POST /login HTTP/1.1\r\nHost: op.example\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 5\r\n\r\nu=bob";
    let out = seen(&[c("GET / HTTP/1.1\r\n\r\n"), s(ok("")), c(form), s(ok("<WV-CSP-Message/>"))]);
    assert_eq!(briefs(&out), ["C2 POST /login", "S2 200 <WV-CSP-Message/>"]);
    let request = envelope(&out[0]);
    assert_eq!(request.header("host"), Some("op.example"));
    assert_eq!((request.wire_octets as usize, request.frames.first), (form.len(), FrameNo(3)));
    // The same, recognised by the answer's body only.
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<WV-C\r\nc\r\nSP-Message/>\r\n0\r\n\r\n";
    let out = seen(&[c(form), s(answer)]);
    assert_eq!(briefs(&out), ["C1 POST /login", "S1 200 <WV-CSP-Message/>"]);
}

#[test]
fn the_client_is_who_asks() {
    // Captured from the middle on: the server was seen first and so passes for the opener.
    let steps = [c("tail of an answer</a>"), c(ok("0")), s(post("1")), c(ok("a"))];
    let (out, interests) = read(false, &steps);
    assert_eq!(briefs(&out), ["S1 200 0", "C2 POST /imps 1", "S2 200 a"]);
    let turned = &envelope(&out[1]).flow;
    assert_eq!((turned.opener, turned.acceptor), (flow(false).acceptor, flow(false).opener));
    assert_eq!(interests, [Interest::Undecided, Interest::Keep, Interest::Keep, Interest::Keep]);
    assert!(out.iter().all(|item| std::sync::Arc::ptr_eq(&envelope(item).flow, turned)));
}

#[test]
fn an_answer_captured_before_its_request_waits_for_it() {
    let steps = [s(ok("a")), c(post("1")), c(post("2")), s(ok("b")), s(ok("c")), c(post("3")), s(ok("d"))];
    let expected = ["C1 POST /imps 1", "S1 200 a", "C2 POST /imps 2", "S2 200 b", "C3 POST /imps 3", "S3 200 c"];
    let out = seen(&steps);
    assert_eq!(briefs(&out), expected);
    assert_eq!(envelope(&out[1]).frames.first, FrameNo(1));
    // What no request comes for is handed over at the end, in an exchange of its own: a request is missing.
    let out = seen(&[&steps[..], &closed()].concat());
    assert_eq!(briefs(&out)[6..], ["gap C MissingPackets", "S4 200 d", "end Closed"]);
}

#[test]
fn a_get_and_an_answer_without_a_body_may_be_a_check() {
    let get = "GET /cir/a/1 HTTP/1.1\r\nHost: example.com\r\n\r\n";
    let seen = |answer: &str| {
        let items = seen(&[c(get), s(answer)]);
        let one = |item: &Carried| match item {
            Carried::Cir(cir) => format!("{} {} {}", cir.frames.first.0, cir.kind.name(), cir.url.as_deref().unwrap()),
            other => brief(other),
        };
        items.iter().map(one).collect::<Vec<_>>()
    };
    let check = |kind: &str| {
        let url = "http://example.com/cir/a/1";
        vec![format!("1 ping {url}"), format!("2 {kind} {url}")]
    };
    assert_eq!(seen("HTTP/1.1 204 No Content\r\n\r\n"), check("ok"));
    assert_eq!(seen("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), check("wake-up"));
    assert_eq!(seen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), check("wake-up"));
    for other in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_eq!(seen(other), [""; 0]);
    }
}
