use serde_json::Value;

use super::super::samples::{bare, hostile_outcome, outcome, redundant_poll};
use super::*;

fn log(outcome: &Outcome) -> Value {
    let mut out = Vec::new();
    write(outcome, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_result_a_finding_with_rule_place_flow_and_identity() {
    let log = log(&outcome(vec![redundant_poll(), bare()]));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"polling/redundant-poll".into(), &"warning".into()));
    let index = result["ruleIndex"].as_u64().unwrap() as usize;
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "polling/redundant-poll");
    assert_eq!(result["occurrenceCount"], 13);
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "anna.pcap");
    assert_eq!(result["properties"]["displayFilter"], "frame.number in {812, 815}");
    // In the order of time: the answer comes before the poll.
    let steps = &result["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(steps[0]["location"]["message"]["text"], "Status 12: nothing is waiting");
    assert_eq!(steps[1]["location"]["message"]["text"], "Polling-Request 12: polled all the same");
    let asked = result["webRequest"]["body"]["text"].as_str().unwrap();
    assert!(asked.contains("Polling-Request") && !asked.contains("Status"), "{asked}");
    assert_eq!(result["partialFingerprints"]["impslint/v1"].as_str().unwrap().len(), 32);
    // Without any frame there is a file still.
    assert_eq!(run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "anna.pcap");
    assert!(run["results"][1].get("codeFlows").is_none());
}

#[test]
fn paths_become_references() {
    assert_eq!(uri("a b/ü#1.pcap"), "a%20b/%C3%BC%231.pcap");
    assert_eq!(uri("/tmp/x.pcap"), "file:///tmp/x.pcap");
}

#[test]
fn texts_are_cut_and_nothing_in_them_is_hidden() {
    let mut long = redundant_poll();
    long.message = "ü".repeat(3_000);
    let log = log(&outcome(vec![long]));
    assert!(log["runs"][0]["results"][0]["message"]["text"].as_str().unwrap().len() <= MOST_TEXT);
    fn texts(value: &Value, check: &mut impl FnMut(&str)) {
        match value {
            Value::String(text) => check(text),
            Value::Array(all) => all.iter().for_each(|value| texts(value, check)),
            Value::Object(all) => all.values().for_each(|value| texts(value, check)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    write(&hostile_outcome(), &mut out).unwrap();
    assert!(!String::from_utf8(out).unwrap().chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)));
    texts(&self::log(&hostile_outcome()), &mut |text| {
        let hidden = |c: char| c != '\n' && crate::sanitise::is_hidden(c);
        assert!(!text.chars().any(hidden), "{text:?}");
    });
}
