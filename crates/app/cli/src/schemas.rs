//! JSON Schemas of docs/schema, generated from the types that are written.
//!
//! `TEEPROOF_WRITE_TABLES=1 cargo test -p teeproof-cli --bin teeproof schemas` regenerates them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

use crate::output::{fault, result_lines};
use crate::verbs::{
    bundle, cache, doctor, eif, explain, fetch, inspect, kms, nsm, policy, seal, verify, vtpm,
};

/// Every JSON document of the command: the name of its schema, its version, the verb that writes it, and the schema.
fn documents() -> Vec<(&'static str, u32, &'static str, Schema)> {
    vec![
        document::<verify::Verification<'_>>("attestation-result", 2, "verify"),
        document::<result_lines::FilesJson<'_>>("verify-each", 2, "verify --each"),
        document::<result_lines::FilesJson<'_>>("policy-test", 2, "policy test"),
        document::<policy::suggest::Suggestion<'_>>("policy-suggestion", 2, "policy suggest"),
        document::<policy::check::CheckJson<'_>>("policy-check", 2, "policy check"),
        document::<policy::reference::ReferenceJson>("reference-values", 2, "policy reference"),
        document::<inspect::inspection::Inspection<'_>>("inspection", 2, "inspect"),
        document::<explain::ExplanationJson<'_>>("explanation", 2, "explain"),
        document::<bundle::show::BundleJson<'_>>("bundle", 2, "bundle show"),
        document::<fetch::ListJson<'_>>("fetched-endorsements", 1, "fetch"),
        document::<cache::list::ListJson>("cache-list", 1, "cache list"),
        document::<cache::prefetch::PrefetchJson<'_>>("cache-prefetch", 1, "cache prefetch"),
        document::<cache::prune::PruneJson>("cache-prune", 1, "cache prune"),
        document::<cache::archive::ImportJson<'_>>("cache-import", 1, "cache import"),
        document::<eif::measure::MeasureJson<'_>>("eif-measurements", 1, "eif measure and eif build"),
        document::<eif::sections::SectionsJson<'_>>("eif-sections", 1, "eif sections"),
        document::<eif::show::ShowJson<'_>>("eif-image", 1, "eif show"),
        document::<eif::matching::MatchJson<'_>>("eif-match", 1, "eif match"),
        document::<doctor::probe::DoctorJson<'_>>("doctor", 2, "doctor"),
        document::<nsm::describe::ModuleJson>("nsm", 1, "nsm describe"),
        document::<nsm::pcr::PcrsJson>("nsm-pcrs", 1, "nsm pcr describe and nsm pcr extend"),
        document::<kms::lint_policy::LintJson<'_>>("key-policy-lint", 1, "kms lint-policy"),
        document::<kms::answer::AnswerJson>("kms-answer", 1, "kms decrypt and the other operations"),
        document::<vtpm::pcr::BanksJson>("pcrs", 2, "vtpm pcr read"),
        document::<vtpm::key::KeyJson>("tpm-key", 2, "vtpm ak and vtpm ek"),
        document::<vtpm::nv::ListJson>("nv-indexes", 2, "vtpm nv list"),
        document::<vtpm::quote::QuoteJson>("quote", 2, "vtpm quote"),
        document::<teeproof_vtpm::seal::KeyFile>("sealing-key", 1, "seal key"),
        document::<seal::encrypt::VerdictJson<'_>>("sealing-verdict", 2, "seal encrypt, on standard error"),
        document::<fault::FaultJson<'_>>("error", 2, "every verb, where a run ends without a result"),
        (
            "cmw-collection",
            0,
            "collect azure --json, bundle create --json, bundle export --json and bundle refresh --json",
            collection(),
        ),
    ]
}

fn document<T: JsonSchema>(
    name: &'static str,
    version: u32,
    command: &'static str,
) -> (&'static str, u32, &'static str, Schema) {
    // A member that is always written is required, even if it can be null.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    if let Some(form) = schema.pointer_mut("/properties/schema") {
        *form = json!({ "const": format!("teeproof/{name}/{version}"), "description": "The form of this document." });
    }
    (name, version, command, schema)
}

/// A bundle: a CMW collection (draft-ietf-rats-msg-wrap), whose members are not ours to name.
fn collection() -> Schema {
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CmwCollection",
        "description": "A bundle in its JSON form: a CMW collection of draft-ietf-rats-msg-wrap. docs/bundle.md names its records.",
        "type": "object",
        "required": ["__cmwc_t"],
        "properties": { "__cmwc_t": { "type": "string", "description": "The type of the collection." } },
        "additionalProperties": {
            "description": "A record: its media type, its value in base64url without padding, and its role.",
            "type": "array",
            "minItems": 2,
            "maxItems": 3,
            "prefixItems": [
                { "type": "string" },
                { "type": "string", "pattern": "^[A-Za-z0-9_-]*$" },
                { "type": "integer", "minimum": 0 },
            ],
        },
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/schema")
}

#[test]
fn the_schemas_are_those_of_the_types() {
    let mut names = BTreeSet::new();
    for (name, _, command, mut schema) in documents() {
        let comment = format!("JSON output of `teeproof`: {command}.");
        schema.insert("$comment".into(), Value::from(comment));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let path = folder().join(format!("{name}.schema.json"));
        if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "{} is out of date: run this test with TEEPROOF_WRITE_TABLES=1",
            path.display()
        );
        names.insert(format!("{name}.schema.json"));
    }
    let files = std::fs::read_dir(folder()).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names, "a file without a type, or the other way round");
}

/// The members of measurements, which programs that read nitro-cli's read here too.
const OF_NITRO_CLI: [&str; 8] =
    ["Measurements", "HashAlgorithm", "PCR0", "PCR1", "PCR2", "PCR3", "PCR4", "PCR8"];

#[test]
fn every_member_is_snake_case_and_described() {
    for (name, _, _, schema) in documents().into_iter().filter(|one| one.0 != "cmw-collection") {
        let mut members = Vec::new();
        collect(schema.as_value(), &mut members);
        assert!(!members.is_empty(), "{name}");
        for (member, explained) in members {
            let snake = member.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            assert!(snake || OF_NITRO_CLI.contains(&&*member), "{name}: {member}");
            assert!(explained, "{name}: {member} has no description");
        }
    }
}

/// The members of every object of a schema, and whether each has a description. Expected, a mask and a TCB are
/// described as a whole.
fn collect(schema: &Value, members: &mut Vec<(String, bool)>) {
    let Some(object) = schema.as_object() else {
        schema.as_array().into_iter().flatten().for_each(|one| collect(one, members));
        return;
    };
    for (key, value) in object {
        if let (true, Some(properties)) = (key == "properties", value.as_object()) {
            for (member, schema) in properties {
                // The only member of an alternative is described by the alternative.
                let alternative = properties.len() == 1 && object.contains_key("description");
                let explained = schema.get("description").is_some() || alternative;
                let part = ["care", "value", "fmc", "bootloader", "tee", "snp", "microcode"]
                    .contains(&&**member)
                    || object.contains_key("maxProperties");
                members.push((member.clone(), explained || part));
            }
        }
        collect(value, members);
    }
}
