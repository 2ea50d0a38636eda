//! The claims of a paravisor's report as fields, whatever members they have.

use alloc::string::String;

use serde_json::Value;
use teeproof_wire::{Shown, Visitor};

/// Tells every member, nested ones as groups. What is no JSON is told as text.
pub(super) fn describe(claims: &[u8], visitor: &mut dyn Visitor) {
    match serde_json::from_slice::<Value>(claims) {
        Ok(value) => member("value", &value, visitor),
        Err(error) => {
            let text = String::from_utf8_lossy(claims);
            visitor.field(Shown::new("text", &text).note(&alloc::format!("no JSON: {error}")));
        }
    }
}

fn member(name: &str, value: &Value, visitor: &mut dyn Visitor) {
    match value {
        Value::Object(members) => {
            // The outermost object is the claims themselves and opens no group of its own.
            let nested = name != "value";
            if nested {
                visitor.open(name);
            }
            members.iter().for_each(|(name, value)| member(name, value, visitor));
            if nested {
                visitor.close();
            }
        }
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            for entry in entries {
                let kid = entry.get("kid").and_then(Value::as_str).unwrap_or(name);
                member(kid, entry, visitor);
            }
        }
        Value::Array(entries) => {
            let mut shown = String::new();
            for entry in entries {
                shown.push_str(if shown.is_empty() { "" } else { ", " });
                shown.push_str(&scalar(entry));
            }
            visitor.field(Shown::new(name, &shown));
        }
        value => {
            let value = scalar(value);
            let shown = Shown::new(name, &value);
            match note(name) {
                Some(note) => visitor.field(shown.note(&note)),
                None => visitor.field(shown),
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| alloc::format!("{value}"), String::from)
}

/// What a member means, where a person would ask.
fn note(name: &str) -> Option<&'static str> {
    match name {
        "n" => Some("the modulus, base64url"),
        "secure-boot" => Some("as the host configured it, not measured"),
        "user-data" => Some("what the guest wrote before the report was made"),
        "vmUniqueId" => Some("the VM's id"),
        _ => None,
    }
}
