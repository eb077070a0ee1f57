//! What holds for any octets in any cut.

use proptest::prelude::*;

use super::*;

/// A message of a good conversation as octets.
fn request() -> impl Strategy<Value = String> {
    let body = "[a-z<>\r\n]{0,40}";
    prop_oneof![
        body.prop_map(|b| post(&b)),
        body.prop_map(|b| post(&format!("<WV-CSP-Message>{b}")).replace(CSP, "text/xml")),
        body.prop_map(|b| post(&b).replace(CSP, "application/x-www-form-urlencoded")),
        body.prop_map(|b| format!("\r\n{}", post(&b).replace("\r\nContent", "\nContent"))),
        Just(format!(
            "POST / HTTP/1.1\r\nContent-Type:\r\n {CSP}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )),
        Just("GET /page HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
    ]
}

fn answer() -> impl Strategy<Value = String> {
    let body = "[a-z<>\r\n]{0,40}";
    let coded = |b: String| {
        let chunks: String =
            b.as_bytes().chunks(7).map(|k| format!("{:x}\r\n{}\r\n", k.len(), k.escape_ascii())).collect();
        format!("HTTP/1.1 200 OK\r\nContent-Type: {CSP}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\nT: 1\r\n\r\n")
    };
    prop_oneof![
        body.prop_map(|b| ok(&b)),
        "[a-z]{0,40}".prop_map(coded),
        body.prop_map(|b| ok(&format!("<?xml version='1.0'?><WV-CSP-Message>{b}")).replace(CSP, "text/plain")),
        body.prop_map(|b| ok(&format!("<html>{b}")).replace(CSP, "text/html")),
        Just("HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
        Just(format!("HTTP/1.1 100 Continue\r\n\r\n{}", ok("late"))),
    ]
}

/// The turns of a good conversation: some requests, then their answers, whole.
fn conversation() -> impl Strategy<Value = Vec<Step>> {
    let turn = proptest::collection::vec((request(), answer()), 1..4).prop_map(|pairs| {
        let (asked, answered): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        [c(asked.concat()), s(answered.concat())]
    });
    proptest::collection::vec(turn, 1..5).prop_map(|turns| turns.into_iter().flatten().chain(closed()).collect())
}

/// The same with every run of data cut at these sizes, again and again.
fn cut(steps: &[Step], sizes: &[usize]) -> Vec<Step> {
    let mut sizes = sizes.iter().copied().cycle();
    let mut out = Vec::new();
    for step in steps {
        let Step::Data(way, bytes) = step else {
            out.push(step.clone());
            continue;
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().unwrap().min(rest.len()));
            out.push(Step::Data(*way, piece.to_vec()));
            rest = after;
        }
    }
    out
}

/// What was carried, without its frames: the same however the data is cut.
fn contents(items: &[Carried]) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let of = |item: &Carried| match item {
        Carried::Envelope(e) => {
            (brief(item), Some((e.headers.clone(), e.content_type.clone(), e.wire_octets, e.closes)))
        }
        _ => (brief(item), None),
    };
    items.iter().map(of).collect()
}

/// Every octet of a body stands where its piece says.
fn bodies_stand_in_their_frames(items: &[Carried], steps: &[Step]) {
    for item in items {
        let Carried::Envelope(e) = item else { continue };
        let mut pieces = e.body.pieces().iter().peekable();
        while let Some(piece) = pieces.next() {
            let end = pieces.peek().map_or(e.body.len(), |next| next.at as usize);
            let bytes = &e.body.bytes()[piece.at as usize..end];
            let Step::Data(_, frame) = &steps[piece.frame.0 as usize - 1] else { panic!("no data") };
            assert!(frame[(piece.offset.unwrap() - OFFSET) as usize..].starts_with(bytes));
            assert!(e.frames.first <= piece.frame && piece.frame <= e.frames.last);
        }
    }
}

/// Steps of anything, with pieces of HTTP among it.
fn anything() -> impl Strategy<Value = Vec<Step>> {
    let way = prop_oneof![Just(Forward), Just(Reverse)];
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        request().prop_map(String::into_bytes),
        answer().prop_map(String::into_bytes),
        "(HTTP/1\\.1 |POST / |200|\r\n|\n|: |[0-9a-f]{1,2}\r\n|Content-Length: [0-9]{1,2}|<WV-CSP-)*"
            .prop_map(String::into_bytes),
        Just(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
    ];
    let step =
        (way, bytes, proptest::option::of(0..60u64), 0..12u8).prop_map(|(way, bytes, octets, kind)| match kind {
            0 => Step::Gap(way, octets),
            1 if octets == Some(0) => Step::End(way, End::Closed),
            _ => Step::Data(way, bytes),
        });
    proptest::collection::vec(step, 0..30)
}

proptest! {
    #[test]
    fn any_cut_of_a_good_conversation_carries_the_same(
        steps in conversation(),
        sizes in proptest::collection::vec(1..50usize, 1..6),
    ) {
        let whole = seen(&steps);
        let pieces = cut(&steps, &sizes);
        let apart = seen(&pieces);
        prop_assert_eq!(contents(&whole), contents(&apart));
        bodies_stand_in_their_frames(&whole, &steps);
        bodies_stand_in_their_frames(&apart, &pieces);
        let single = cut(&steps, &[1]);
        prop_assert_eq!(contents(&whole), contents(&seen(&single)));
    }

    #[test]
    fn answers_of_a_good_conversation_follow_their_requests(steps in conversation()) {
        let mut asked = Vec::new();
        for item in seen(&steps) {
            let Carried::Envelope(e) = item else { continue };
            match e.direction {
                Direction::ClientToServer => asked.push(e.exchange),
                Direction::ServerToClient => prop_assert!(asked.contains(&e.exchange)),
            }
            prop_assert_eq!(e.wholeness, Wholeness::Complete);
        }
    }

    #[test]
    fn anything_is_read_without_panic_and_never_taken_back(
        steps in anything(),
        opening_seen in any::<bool>(),
        stop in 0..30usize,
    ) {
        let (whole, _) = read(opening_seen, &steps);
        let (start, _) = read(opening_seen, &steps[..stop.min(steps.len())]);
        prop_assert_eq!(&whole[..start.len()], &start[..]);
        let ends = whole.iter().filter(|item| matches!(item, Carried::End { .. })).count();
        prop_assert!(ends <= 1);
    }

    #[test]
    fn any_loss_in_a_good_conversation_pairs_nothing_wrongly(
        asks in proptest::collection::vec(0..1000u32, 2..8),
        lost in any::<prop::sample::Index>(),
    ) {
        // Each answer repeats the body of its request; one frame of a lockstep conversation is missing, which shows
        // when the next frame of that way comes.
        let mut steps: Vec<_> = asks.iter().flat_map(|n| [c(post(&n.to_string())), s(ok(&n.to_string()))]).collect();
        let at = lost.index(steps.len());
        let Step::Data(way, bytes) = steps.remove(at) else { panic!("no data") };
        let hole = Step::Gap(way, Some(bytes.len() as u64));
        let next = (at..steps.len()).find(|&n| matches!(&steps[n], Step::Data(w, _) if *w == way));
        steps.insert(next.unwrap_or(steps.len()), hole);
        let mut bodies = std::collections::BTreeMap::new();
        let mut items = 0;
        for item in seen(&[&steps[..], &closed()].concat()) {
            let Carried::Envelope(e) = item else { continue };
            items += 1;
            let body = e.body.bytes().to_vec();
            prop_assert_eq!(bodies.entry(e.exchange).or_insert_with(|| body.clone()), &body);
        }
        prop_assert_eq!(items, asks.len() * 2 - 1);
        // Only the halves that lost the other stand alone.
        prop_assert_eq!(bodies.len(), asks.len());
    }
}
