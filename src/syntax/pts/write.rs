//! Writing the plain-text syntax.

use super::{Script, Value, ValueKind, is_special};

/// The payload of a script, in one segment. Reading it gives the same script, places and letter case of names aside, as
/// long as it has no empty value outside a group and no name with a space or an equals sign.
pub fn write(script: &Script) -> String {
    let preamble = &script.preamble;
    let ascii = |octets: [u8; 2]| octets.map(char::from);
    let mut out = String::from("WV");
    out.extend(ascii(preamble.version));
    out.extend(ascii(preamble.primitive));
    out.push_str(&script.transaction);
    for parameter in &script.parameters {
        out.push(' ');
        out.push_str(&parameter.name);
        if let Some(given) = &parameter.value {
            out.push('=');
            value(given, &mut out);
        }
    }
    out
}

fn value(value: &Value, out: &mut String) {
    match &value.kind {
        ValueKind::Text(text) if text.bytes().any(is_special) => {
            out.push('"');
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        }
        ValueKind::Text(text) => out.push_str(text),
        ValueKind::Group(values) => {
            out.push('(');
            for (i, inner) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                self::value(inner, out);
            }
            out.push(')');
        }
    }
}
