use serde_json::{Value, json};

use super::super::samples::{HOSTILE, bare, hostile_outcome, outcome, redundant_poll};
use super::*;
use crate::time::Seconds;

fn written(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    write(outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/report.schema.json")).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn held(outcome: &Outcome) -> Value {
    let value = serde_json::from_str(&written(outcome)).unwrap();
    if let Err(error) = schema().validate(&value) {
        panic!("{error} at {}", error.instance_path);
    }
    value
}

#[test]
fn every_field_of_a_finding() {
    let mut finding = redundant_poll();
    finding.cost = Some(Cost { octets: 2314, round_trips: 4, seconds: Some(Seconds(12.5)) });
    assert_eq!(
        held(&outcome(vec![finding]))["findings"][0],
        json!({
            "rule": "polling/redundant-poll",
            "severity": "warning",
            "basis": "guideline",
            "message": "polled again 4.2 s after the server had said that nothing is waiting",
            "help": "Take Poll=F as the end of the queue.",
            "side": "client",
            "file": "anna.pcap",
            "frames": [812, 815],
            "time": "2008-03-01T10:14:07.42Z",
            "flow": { "client": "10.0.0.1:40001", "server": "192.0.2.7:80" },
            "session": "im.example.com-77",
            "user": "wv:anna@example.com",
            "forwarded": null,
            "version": "1.2",
            "carrier": "http",
            "encoding": "xml",
            "path": "WV-CSP-Message/Session/Transaction/TransactionContent/Status",
            "cost": { "bytes": 2314, "round_trips": 4, "seconds": 12.5 },
            "display_filter": "frame.number in {812, 815}",
            "repeats": 12,
            "exhibits": [
                {
                    "title": "Polling-Request", "direction": "client-to-server", "time": "2008-03-01T10:14:07.42Z",
                    "frames": [815], "label": "polled all the same"
                },
                {
                    "title": "Status", "direction": "server-to-client", "time": "2008-03-01T10:14:03.22Z",
                    "frames": [812], "label": "nothing is waiting"
                },
            ],
        })
    );
}

#[test]
fn absent_is_null() {
    let finding = &held(&outcome(vec![bare()]))["findings"][0];
    for field in ["time", "flow", "session", "user", "version", "carrier", "encoding", "path", "cost", "display_filter"]
    {
        assert_eq!(finding.get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!((&finding["frames"], &finding["exhibits"]), (&json!([]), &json!([])));
}

#[test]
fn inputs_and_summary() {
    let value = held(&outcome(vec![redundant_poll(), bare()]));
    assert_eq!(value["schema"], 1);
    assert_eq!(value["tool"], json!({ "name": "impslint", "version": env!("CARGO_PKG_VERSION") }));
    assert_eq!(
        value["inputs"],
        json!([{
            "path": "anna.pcap", "format": "pcap", "packets": 2000, "bytes": 1_234_567,
            "first_time": "2008-03-01T10:14:03.22Z", "last_time": "2008-03-01T10:15:33.22Z", "truncated": true
        }])
    );
    assert_eq!(
        value["summary"],
        json!({
            "packets": 2000, "bytes": 1_234_567, "flows": 50, "exchanges": 430, "messages": 812, "sessions": 42,
            "subscribers": 3, "transactions": { "Polling-Request": 7 }, "judged": 412,
            "not_judged": { "missing packets": 7, "open at the end": 11 },
            "coverage": 95.81, "rules_not_judged": {}, "relayed": 0,
            "findings": { "error": 0, "warning": 1, "info": 1 }
        })
    );
    held(&Outcome::default());
}

#[test]
fn hostile_text_is_as_on_the_wire_and_harmless_to_look_at() {
    let outcome = hostile_outcome();
    let value = held(&outcome);
    let finding = &value["findings"][0];
    for field in ["message", "help", "file", "session", "user", "path"] {
        assert_eq!(finding[field], HOSTILE, "{field}");
    }
    assert_eq!(
        (&finding["exhibits"][0]["title"], &finding["exhibits"][0]["label"]),
        (&json!(HOSTILE), &json!(HOSTILE))
    );
    assert_eq!(value["inputs"][0]["path"], HOSTILE);
    let text = written(&outcome);
    assert!(!text.trim_end().chars().any(is_hidden));
    assert!(text.contains("\\u009b2J\\u0085\\u202e"));
    assert!(text.contains("\\udb40\\udc41z"), "a character beyond the first plane is a pair of escapes");
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema = schema();
    let right: Value = serde_json::from_str(&written(&outcome(vec![redundant_poll()]))).unwrap();
    assert!(schema.is_valid(&right));
    let wrongs: [fn(&mut Value); 8] = [
        |v| v["schema"] = json!(2),
        |v| v["more"] = json!(1),
        |v| v["findings"][0]["more"] = json!(1),
        |v| v["findings"][0]["severity"] = json!("note"),
        |v| v["findings"][0]["time"] = json!("2008-03-01 10:14"),
        |v| v["findings"][0]["frames"] = json!(["812"]),
        |v| v["findings"][0]["cost"]["bytes"] = json!(-1),
        |v| drop(v["summary"].as_object_mut().unwrap().remove("judged")),
    ];
    for (at, wrong) in wrongs.iter().enumerate() {
        let mut value = right.clone();
        wrong(&mut value);
        assert!(!schema.is_valid(&value), "{at}");
    }
}
