use std::path::Path;

use super::*;
use crate::finding::{Scene, Severity, Side};
use crate::report::samples::redundant_poll;
use crate::rules::Page;

const ALL: &str = r#"
select = ["all"]
ignore = ["privacy", "severity:info"]
fail-on = "error"
min-coverage = 90
redact = true
baseline = "known.json"

[rule."polling/redundant-poll"]
severity = "error"
quiet = 8

[[override]]
path = "old/*"
host = ["imps.example.com", "10.*"]
ignore = ["polling"]
[override.rule."session/missing-logout"]
severity = "info"

[log-profile.gateway]
line = '^(?<time>\S+ \S+) (?<direction>IN|OUT) (?<body>.*)'
client = ["IN"]
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read(text, Path::new("/conf"))
}

/// Line, column and what is said, and the line with carets.
fn refused(text: &str) -> (usize, usize, String, String) {
    let ConfigError { line, column, what, excerpt } = read(text).unwrap_err();
    (line, column, what, excerpt)
}

fn page(name: &str) -> Page {
    Page::parse(crate::rules::all().find(|rule| rule.name == name).unwrap().page).unwrap()
}

#[test]
fn everything_that_can_be_said_is_read() {
    let config = read(ALL).unwrap();
    assert_eq!(config.fail_on.as_deref(), Some("error"));
    assert_eq!((config.min_coverage, config.redact), (Some(90.0), Some(true)));
    assert_eq!(config.baseline.as_deref(), Some(Path::new("/conf/known.json")));
    assert_eq!(config.profiles.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["gateway"]);
    let setting = &config.policy.rules["polling/redundant-poll"];
    assert_eq!((setting.severity, setting.parameters["quiet"]), (Some(Severity::Error), 8.0));
    let special = &config.policy.overrides[0];
    assert_eq!((special.path.len(), special.host.len()), (1, 2));
    assert_eq!(special.severities["session/missing-logout"], Severity::Info);
    assert!(read("").unwrap().policy.is_about_rules_alone());
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    assert_eq!(
        refused("select = [\"all\"]\nignore = [\"poling\"]"),
        (
            2,
            11,
            "there is no rule or family poling".to_owned(),
            "  |\n2 | ignore = [\"poling\"]\n  |           ^^^^^^^^".to_owned()
        )
    );
    let (line, column, what, excerpt) = refused("\nselekt = []");
    assert_eq!((line, column), (2, 1));
    assert!(what.starts_with("unknown field `selekt`"), "{what}");
    assert_eq!(excerpt, "  |\n2 | selekt = []\n  | ^^^^^^");
    let (line, _, what, _) = refused("[rule.\"polling/redundant-poll\"]\nquiet = 1\nqiet = 3");
    assert_eq!((line, what.as_str()), (3, "polling/redundant-poll has no qiet; it has severity, quiet, min-count"));
    let (line, column, what, _) = refused("[rule.\"polling/redundant-poll\"]\nquiet = -1");
    assert_eq!((line, column, what.as_str()), (2, 9, "not a number of 0 or more"));
    let (line, _, what, _) = refused("\n[[override]]\nignore = [\"all\"]");
    assert_eq!((line, what.starts_with("an override needs a condition")), (2, true));
    let (.., what, _) = refused("[[override]]\npath = \"x\"\n[override.rule.\"polling/redundant-poll\"]\nquiet = 3");
    assert!(what.contains("only severity"), "{what}");
    let (line, column, ..) = refused("[log-profile.x]\nline = '(?<body>'");
    assert_eq!((line, column), (2, 8));
    let (line, ..) = refused("fail-on = \"sometimes\"");
    assert_eq!(line, 1);
    assert!(read("min-coverage = 101").is_err());
    assert!(read("[[override]]\npath = \"[\"\nignore = [\"all\"]").is_err());
}

/// Whether the finding of a redundant poll in a 1.2 session with this `User-Agent` is told, and how bad it is.
fn told(text: &str, path: &str, user_agent: Option<&str>) -> Option<Severity> {
    let mut policy = read(text).unwrap().policy;
    let rule = crate::rules::all().find(|rule| rule.name == "polling/redundant-poll").unwrap();
    policy.page(rule, page(rule.name))?;
    let mut finding = redundant_poll();
    assert_eq!((finding.side, finding.severity), (Side::Client, Severity::Warning));
    finding.scene = Scene { session: Some("s7".to_owned()), ..finding.scene };
    let head = Head { host: Some("imps.example.com:80".to_owned()), user_agent: user_agent.map(str::to_owned) };
    policy.admits(&mut finding, &[path.into()], Some(&head)).then_some(finding.severity)
}

#[test]
fn an_override_holds_where_all_its_conditions_are_met() {
    let text = "[[override]]\npath = \"old/*\"\nuser-agent = \"Nokia*\"\nignore = [\"polling\"]";
    assert_eq!(told(text, "old/a.pcap", Some("NokiaN70")), None);
    assert_eq!(told(text, "new/a.pcap", Some("NokiaN70")), Some(Severity::Warning));
    assert_eq!(told(text, "old/a.pcap", Some("SonyEricsson")), Some(Severity::Warning));
    assert_eq!(told(text, "old/a.pcap", None), Some(Severity::Warning));
    let host = "[[override]]\nhost = \"imps.example.com\"\nignore = [\"polling\"]";
    assert_eq!(told(host, "x", None), None);
    let session = "[[override]]\nsession = [\"s1\", \"s?\"]\nignore = [\"all\"]";
    assert_eq!(told(session, "x", None), None);
}

#[test]
fn an_override_changes_severity_and_the_later_one_goes_first() {
    let severity = "[[override]]\npath = \"*\"\n[override.rule.\"polling/redundant-poll\"]\nseverity = \"error\"";
    assert_eq!(told(severity, "x", None), Some(Severity::Error));
    let both = format!(
        "{severity}\n[[override]]\npath = \"x\"\n[override.rule.\"polling/redundant-poll\"]\nseverity = \"info\""
    );
    assert_eq!(told(&both, "x", None), Some(Severity::Info));
    assert_eq!(told(&both, "y", None), Some(Severity::Error));
}

#[test]
fn what_is_left_out_everywhere_can_be_selected_somewhere() {
    let text = "select = [\"session\"]\n[[override]]\npath = \"a\"\nselect = [\"polling/redundant-poll\"]";
    assert_eq!(told(text, "a", None), Some(Severity::Warning));
    assert_eq!(told(text, "b", None), None);
    let ignored = "ignore = [\"side:client\"]";
    assert_eq!(told(ignored, "a", None), None);
}

#[test]
fn the_nearest_file_is_found_upwards() {
    let top = std::env::temp_dir().join(format!("impslint-config-{}", std::process::id()));
    let below = top.join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(top.join(FILE_NAME), "").unwrap();
    assert_eq!(Config::find(&below), Some(top.join(FILE_NAME)));
    std::fs::write(top.join("a").join(FILE_NAME), "").unwrap();
    assert_eq!(Config::find(&below), Some(top.join("a").join(FILE_NAME)));
    std::fs::remove_dir_all(top).unwrap();
}

#[test]
fn the_schema_takes_what_is_read_and_refuses_what_is_not() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let value = |text: &str| serde_json::to_value(toml::from_str::<toml::Value>(text).unwrap()).unwrap();
    assert!(schema.validate(&value(ALL)).is_ok(), "{:?}", schema.validate(&value(ALL)).map_err(|e| e.to_string()));
    for wrong in
        ["selekt = []", "select = [\"poling\"]", "[rule.\"polling/redundant-poll\"]\nqiet = 3", "min-coverage = 101"]
    {
        assert!(!schema.is_valid(&value(wrong)), "{wrong}");
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
