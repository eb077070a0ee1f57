use proptest::prelude::*;

use super::*;
use crate::syntax::AnomalyKind;

fn script(payload: &str) -> Script {
    read(payload.as_bytes()).unwrap()
}

/// A value in a notation of its own: texts in apostrophes.
fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::Text(text) => format!("'{text}'"),
        ValueKind::Group(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(" ")),
    }
}

fn parameters(payload: &str) -> Vec<String> {
    let one = |p: &Parameter| p.name.clone() + &p.value.as_ref().map(|v| format!("={}", shown(v))).unwrap_or_default();
    script(payload).parameters.iter().map(one).collect()
}

fn faults(payload: &str) -> Vec<(AnomalyKind, String)> {
    let text = |span: &Range<u32>| payload[span.start as usize..span.end as usize].to_owned();
    script(payload).anomalies.iter().map(|a| (a.kind, text(&a.span))).collect()
}

#[test]
fn values_are_bare_quoted_or_groups() {
    let payload = r#"WV12XY4 a=b cd=wv:bob@example.com ef="say ""hi"", all" gh=(,"x y",(1,2),()) ij"#;
    let expected = ["a='b'", "cd='wv:bob@example.com'", "ef='say \"hi\", all'", "gh=['' 'x y' ['1' '2'] ['']]", "ij"];
    assert_eq!(parameters(payload), expected);
    assert_eq!(faults(payload), []);
    let script = script(payload);
    assert_eq!((script.preamble.primitive, script.transaction.as_str()), (*b"XY", "4"));
    let group = script.parameters[3].value.as_ref().unwrap();
    let places: Vec<_> = group.as_group().unwrap().iter().map(|v| v.span.clone()).collect();
    let texts: Vec<_> = places.iter().map(|p| &payload[p.start as usize..p.end as usize]).collect();
    assert_eq!(texts, ["", r#""x y""#, "(1,2)", "()"]);
}

#[test]
fn a_payload_without_parameters_and_one_with_padding() {
    assert_eq!(parameters("WV12PO0"), Vec::<String>::new());
    assert_eq!(parameters("WV12PO0 SI=s1\r\n\0"), ["SI='s1'"]);
    assert_eq!(faults("WV12PO0 SI=s1\r\n\0"), []);
}

#[test]
fn faults_are_told_and_got_over() {
    use AnomalyKind::{BadMarkup, BadPreamble, EmptyValue, RepeatedParameter, UnclosedElement};
    let told = |payload, kinds: &[(AnomalyKind, &str)], expected: &[&str]| {
        let kinds: Vec<_> = kinds.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(faults(payload), kinds, "{payload}");
        assert_eq!(parameters(payload), expected, "{payload}");
    };
    told("WV12PO007 a=1", &[(BadPreamble, "007")], &["a='1'"]);
    told("WV12PO1000 a=1", &[(BadPreamble, "1000")], &["a='1'"]);
    told("WV12PO1-x a=1", &[(BadPreamble, "-x")], &["a='1'"]);
    told("WV12PO1ca a=1", &[(BadPreamble, "ca")], &["a='1'"]);
    told("WV12PO1 SI= a=1", &[(EmptyValue, "")], &["SI=''", "a='1'"]);
    told("WV12PO1 a=1 A=2", &[(RepeatedParameter, "A")], &["a='1'", "A='2'"]);
    told(
        "WV12PO1 a=(1,(2 b",
        &[(BadMarkup, " b"), (UnclosedElement, "(2 b"), (UnclosedElement, "(1,(2 b")],
        &["a=['1' ['2 b']]"],
    );
    told("WV12PO1 a=(1,(2 SI=b", &[(UnclosedElement, "(2"), (UnclosedElement, "(1,(2")], &["a=['1' ['2']]", "SI='b'"]);
    told("WV12PO1 a=\"1 b=2", &[(UnclosedElement, "\"1 b=2")], &["a='1 b=2'"]);
    told("WV12PO1 SI=a=b& c=1", &[(BadMarkup, "=b&")], &["SI='a=b&'", "c='1'"]);
    told("WV12PO1 a=(x,T,so so)", &[(BadMarkup, " so")], &["a=['x' 'T' 'so so']"]);
    told("WV12PO1 a=(1))) b=2", &[(BadMarkup, "))")], &["a=['1']", "b='2'"]);
    told("WV12PO1  a=1", &[(BadMarkup, " ")], &["a='1'"]);
}

#[test]
fn octets_that_are_no_text_are_replaced() {
    let script = read(b"WV12PO1 a=\xFF").unwrap();
    assert_eq!(script.parameters[0].value.as_ref().unwrap().as_text(), Some("\u{FFFD}"));
    assert_eq!(script.anomalies[0].kind, AnomalyKind::BadCharacter);
}

#[test]
fn groups_beyond_the_depth_limit_are_text() {
    let nested = |depth: usize| format!("WV12PO1 a={}x{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(script(&nested(MAX_NESTED)).anomalies, []);
    let beyond = script(&nested(MAX_NESTED + 1));
    assert!(beyond.anomalies.iter().any(|a| a.kind == AnomalyKind::TooDeep));
}

#[test]
fn values_beyond_the_count_limit_are_left_out() {
    let payload = format!("WV12PO1 a=({}", ",".repeat(crate::syntax::MAX_ELEMENTS + 10));
    let script = script(&payload);
    let values = script.parameters[0].value.as_ref().unwrap().as_group().unwrap().len();
    assert!(values < crate::syntax::MAX_ELEMENTS);
    assert!(script.anomalies.iter().any(|a| a.kind == AnomalyKind::TooManyElements));
}

fn value() -> impl Strategy<Value = super::Value> {
    let text = proptest::string::string_regex(r#"[ -~äß€]{0,12}"#).unwrap();
    let leaf = text.prop_map(|text| super::Value::text(&text));
    leaf.prop_recursive(4, 24, 5, |inner| proptest::collection::vec(inner, 1..5).prop_map(super::Value::group))
}

/// The same value without its places.
fn placeless(value: &super::Value) -> super::Value {
    match &value.kind {
        ValueKind::Text(text) => super::Value::text(text),
        ValueKind::Group(values) => super::Value::group(values.iter().map(placeless).collect()),
    }
}

proptest! {
    #[test]
    fn any_octets_are_read(mut octets: Vec<u8>) {
        octets.splice(0..0, *b"WV12LR1 ");
        prop_assert!(read(&octets).is_some());
    }

    #[test]
    fn what_was_written_is_read(values in proptest::collection::vec(value(), 0..5)) {
        let parameters: Vec<Parameter> = (b'A'..).zip(values)
            .filter(|(_, value)| value.as_text() != Some(""))
            .map(|(n, value)| Parameter { name: format!("P{}", char::from(n)), value: Some(value), span: 0..0 })
            .collect();
        let preamble = Preamble::read(b"WV13GP7").unwrap();
        let written = write(&Script { preamble, transaction: "7".to_owned(), parameters: parameters.clone(), anomalies: Vec::new() });
        let back = read(written.as_bytes()).unwrap();
        prop_assert_eq!(&back.anomalies, &[]);
        let read: Vec<_> = back.parameters.iter()
            .map(|p| Parameter { name: p.name.clone(), value: p.value.as_ref().map(placeless), span: 0..0 })
            .collect();
        prop_assert_eq!(read, parameters);
    }
}
