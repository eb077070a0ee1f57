//! The JSON Schema of a configuration, for editors.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::rules::{self, Page};

/// The JSON Schema of a configuration: every rule with its parameters, their meaning and their defaults.
pub fn schema() -> Value {
    let families: BTreeSet<&str> =
        rules::all().filter_map(|rule| rule.name.split_once('/')).map(|(family, _)| family).collect();
    let names = families.into_iter().chain(rules::all().map(|rule| rule.name)).chain(["all"]);
    let selector = json!({
        "description": "all, a family, a rule, or what rules or findings have in common.",
        "anyOf": [
            { "enum": names.collect::<Vec<_>>() },
            { "type": "string", "pattern": "^(severity:(info|warning|error)|basis:(guideline|implementations|specification)\
                |use-case:([1-9]|1[01])|version:1\\.[0-3]|side:(client|server|network|capture))$" },
            { "type": "string", "pattern": "^[a-z]+/\\*$" },
        ],
    });
    let pages = || rules::all().filter_map(|rule| Some((rule.name, Page::parse(rule.page).ok()?)));
    let severity = json!({ "description": "How bad its findings are.", "$ref": "#/$defs/severity" });
    let settings: Map<String, Value> = pages().map(|(name, page)| (name.to_owned(), setting(&page))).collect();
    let severities: Map<String, Value> = pages()
        .map(|(name, page)| (name.to_owned(), object(page.summary, [("severity", severity.clone())].into_iter())))
        .collect();
    let selectors = json!({ "type": "array", "items": { "$ref": "#/$defs/selector" } });
    let patterns = json!({
        "description": "A pattern with * and ?, or a list of them.",
        "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
    });
    let special = [
        ("path", patterns.clone()),
        ("host", patterns.clone()),
        ("user-agent", patterns.clone()),
        ("session", patterns),
        ("select", selectors.clone()),
        ("ignore", selectors.clone()),
        ("rule", json!({ "type": "object", "additionalProperties": false, "properties": severities })),
    ];
    let text = || json!({ "type": "string" });
    let words = || json!({ "type": "array", "items": { "type": "string" } });
    let profile = [("line", text()), ("continues", text()), ("client", words()), ("server", words()), ("time", text())];
    let mut profile = object("Patterns for the lines of a log.", profile.into_iter());
    require(&mut profile, "line");
    let all = [
        ("select", selectors.clone()),
        ("ignore", selectors),
        ("fail-on", json!({ "enum": ["error", "warning", "info", "never"] })),
        ("min-coverage", json!({ "type": "number", "minimum": 0, "maximum": 100 })),
        ("redact", json!({ "type": "boolean" })),
        ("baseline", json!({ "description": "A file, from the folder of this one.", "type": "string" })),
        ("rule", json!({ "type": "object", "additionalProperties": false, "properties": settings })),
        (
            "override",
            json!({ "type": "array", "items": object("What is said of some conversations.", special.into_iter()) }),
        ),
        ("log-profile", json!({ "type": "object", "additionalProperties": profile })),
    ];
    let mut schema = object("What impslint tells, and how.", all.into_iter());
    if let Some(top) = schema.as_object_mut() {
        top.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        top.insert("title".to_owned(), json!("impslint.toml"));
        let severity = json!({ "enum": ["info", "warning", "error"] });
        top.insert("$defs".to_owned(), json!({ "selector": selector, "severity": severity }));
    }
    schema
}

/// What can be said of a rule.
fn setting(page: &Page) -> Value {
    let severity = json!({ "$ref": "#/$defs/severity", "default": page.severity.name() });
    let parameters = page.parameters.iter().map(|parameter| {
        let unit = if parameter.unit.is_empty() { String::new() } else { format!(" ({})", parameter.unit) };
        let meaning = format!("{}{unit}", parameter.meaning);
        (
            parameter.name,
            json!({ "description": meaning, "type": "number", "minimum": 0, "default": parameter.default }),
        )
    });
    object(page.summary, [("severity", severity)].into_iter().chain(parameters))
}

fn object<'n>(description: &str, properties: impl Iterator<Item = (&'n str, Value)>) -> Value {
    let properties: Map<String, Value> = properties.map(|(name, value)| (name.to_owned(), value)).collect();
    json!({ "description": description, "type": "object", "additionalProperties": false, "properties": properties })
}

fn require(object: &mut Value, name: &str) {
    if let Some(object) = object.as_object_mut() {
        object.insert("required".to_owned(), json!([name]));
    }
}
