//! docs/json.md: every member of every JSON document, described by its schema, with an example from a run.
//!
//! `TEEPROOF_WRITE_TABLES=1 cargo test -p teeproof-cli --test command json_page` writes its second half.

use std::fmt::Write;

use serde_json::{Map, Value};
use teeproof_core::{Time, Validity};
use teeproof_endorse::{CacheEntry, Endpoints, Question, Vcek, archive_head, archive_line};
use teeproof_wire::snp::{Product, Report, Tcb};

use super::support::{bytes, folder, hex, root, teeproof, validated};

const MARK: &str = "<!-- What follows is written by a test, from docs/schema and from runs. -->\n";
const NITRO: &str = "testdata/nitro/production-us-east-2-2024-12.cose";
const DEBUG: &str = "testdata/nitro/debug-us-east-1-2021-03.cose";

/// The command whose output is the example of a schema, and its exit code; none for documents that need a TPM.
fn example(name: &str) -> Option<(String, i32)> {
    let genuine = "--policy builtin:genuine --no-nonce --at document";
    let (command, exit) = match name {
        "attestation-result" => (format!("verify {DEBUG} {genuine}"), 6),
        "verify-each" => (format!("verify --each {NITRO} no-such-file {genuine}"), 2),
        "policy-test" => (format!("policy test builtin:genuine {NITRO} {DEBUG} --at document"), 6),
        "policy-suggestion" => (format!("policy suggest {NITRO} --at document"), 0),
        "policy-check" => ("policy check builtin:genuine".to_owned(), 0),
        "reference-values" => ("policy reference".to_owned(), 0),
        "inspection" => ("inspect testdata/snp/milan-report.bin".to_owned(), 0),
        "explanation" => ("explain nitro.nonce".to_owned(), 0),
        "fetched-endorsements" => {
            ("fetch testdata/snp/milan-report.bin testdata/snp/milan-vcek.der --offline".to_owned(), 0)
        }
        "bundle" => ("bundle show snp.bundle".to_owned(), 0),
        "error" => ("verify no-such-file --no-nonce".to_owned(), 2),
        "key-policy-lint" => ("kms lint-policy key-policy.json".to_owned(), 6),
        "cache-list" => ("cache list --cache-dir cache".to_owned(), 0),
        "cache-prefetch" => ("cache prefetch fleet.txt --cache-dir cache --offline".to_owned(), 7),
        "cache-prune" => ("cache prune --cache-dir cache".to_owned(), 0),
        "cache-import" => ("cache import cache.export --cache-dir cache".to_owned(), 0),
        "eif-measurements" => ("eif measure app.eif".to_owned(), 0),
        "eif-sections" => ("eif sections app.eif".to_owned(), 0),
        "eif-image" => ("eif show app.eif".to_owned(), 0),
        "eif-match" => ("eif match app.eif document.cose".to_owned(), 6),
        "cmw-collection" => {
            let files = "testdata/snp/milan-report.bin testdata/snp/milan-vcek.der";
            (format!("bundle create {files} --collected 2026-01-15T12:00:00Z --json"), 0)
        }
        _ => return None,
    };
    Some((command, exit))
}

/// The example of a document that needs a TPM: the command, the stream and the JSON that the suite `attester` recorded.
fn recorded(name: &str) -> Option<(String, String, String)> {
    let path = format!("{}/tests/examples/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let example: Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).unwrap();
    let text = |member: &str| example[member].as_str().unwrap().to_owned();
    let json = serde_json::to_string_pretty(&example["json"]).unwrap();
    Some((text("command"), text("stream"), json))
}

/// The JSON of the example, shortened: of lists the first two entries, of texts the first 96 characters.
fn ran(name: &str, command: &str, exit: i32) -> String {
    let place = if name == "bundle" {
        let folder = folder("json-page");
        let create = ["bundle", "create", "--collected", "2026-01-15T12:00:00Z", "-o", "snp.bundle"];
        let data =
            ["testdata/snp/milan-report.bin", "testdata/snp/milan-vcek.der"].map(|file| root().join(file));
        teeproof(create).args(data).in_folder(&folder).exits(0);
        folder
    } else if name == "key-policy-lint" {
        let folder = folder("json-page-kms");
        let root = r#"{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*"}"#;
        std::fs::write(folder.join("key-policy.json"), format!(r#"{{"Statement":[{root}]}}"#)).unwrap();
        folder
    } else if name.starts_with("cache-") {
        cache_folder(name)
    } else if name.starts_with("eif-") {
        image_folder(name)
    } else {
        root()
    };
    let ran = teeproof(command.split(' ')).args(["--format", "json"]).in_folder(&place).exits(exit);
    let mut json = ran.json();
    if let Some(used) = json.pointer_mut("/endorsements/0/last_used") {
        *used = "2026-01-16T12:00:00Z".into();
    }
    // The name and version of the program are in a longer text of a bundle.
    shorten(&mut json, if name == "cmw-collection" { 16 } else { 96 });
    let version = concat!("teeproof ", env!("CARGO_PKG_VERSION"));
    serde_json::to_string_pretty(&json).unwrap().replace(version, "teeproof X.Y.Z")
}

/// A folder with an enclave image and a document of another one.
fn image_folder(name: &str) -> std::path::PathBuf {
    let folder = folder(&["json-page-", name].concat());
    let metadata = r#"{"ImageName":"app","ImageVersion":"1","BuildMetadata":{"BuildTime":"1970-01-01T00:00:00Z",
        "BuildTool":"teeproof","BuildToolVersion":"1","OperatingSystem":"Linux","KernelVersion":"6.12"},
        "DockerInfo":{}}"#;
    for (name, content) in [("kernel", "a kernel"), ("init", "a ramdisk"), ("metadata", metadata)] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let build =
        "eif build --kernel kernel --cmdline console=ttyS0 --ramdisk init --metadata metadata -o app.eif";
    teeproof(build.split(' ')).in_folder(&folder).exits(0);
    std::fs::write(folder.join("document.cose"), bytes("nitro/production-us-east-2-2024-12.cose")).unwrap();
    folder
}

/// A folder with a fleet, and an exported cache with a certificate of it, which is imported for the example of a list.
fn cache_folder(name: &str) -> std::path::PathBuf {
    let folder = folder(&["json-page-", name].concat());
    let report = bytes(super::support::REPORT);
    let report = Report::parse(&report).unwrap();
    let tcb = Tcb::parse(*report.reported_tcb(), Product::Milan.tcb_layout()).unwrap();
    let question = Question::Vcek(Vcek::new(Product::Milan, report.chip_id(), tcb).unwrap());
    let Tcb { bootloader, tee, snp, microcode, .. } = tcb;
    let line = format!("milan {} {bootloader} {tee} {snp} {microcode}\n", hex(report.chip_id()));
    std::fs::write(folder.join("fleet.txt"), line).unwrap();
    let entry = CacheEntry {
        url: question.url(&Endpoints::vendors()).unwrap().to_string(),
        fetched_at: Time(1_768_478_400),
        validity: Validity { not_before: Time(0), not_after: Time(0) },
        body: bytes(super::support::VCEK),
        issuer_chain: None,
    };
    let text = [archive_head(), &archive_line(&entry)].concat();
    std::fs::write(folder.join("cache.export"), text).unwrap();
    if name == "cache-list" {
        let import = ["cache", "import", "cache.export", "--cache-dir", "cache"];
        teeproof(import).in_folder(&folder).exits(0);
    }
    folder
}

fn shorten(json: &mut Value, length: usize) {
    match json {
        Value::Array(entries) => {
            if length > 16 {
                entries.truncate(2);
            }
            entries.iter_mut().for_each(|entry| shorten(entry, length));
        }
        Value::Object(members) => members.values_mut().for_each(|member| shorten(member, length)),
        Value::String(text) if text.chars().count() > length && !text.starts_with("application/") => {
            *text = text.chars().take(length).chain(['…']).collect();
        }
        _ => (),
    }
}

/// A schema's type in words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    if let Some(kinds) = schema["type"].as_array() {
        return kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ");
    }
    match schema["type"].as_str() {
        Some("array") => format!("array of {}", kind(&schema["items"])),
        Some(kind) => kind.to_owned(),
        None => {
            let of = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
            of.into_iter().flatten().map(kind).collect::<Vec<_>>().join(" or ")
        }
    }
}

/// One row for each member of an object, and of its alternatives.
fn members(page: &mut String, schema: &Value) {
    let mut rows = Vec::new();
    let alternatives = schema["anyOf"].as_array().into_iter().chain(schema["oneOf"].as_array()).flatten();
    for one in std::iter::once(schema).chain(alternatives) {
        for of in ["properties", "patternProperties"] {
            for (name, member) in one[of].as_object().into_iter().flatten() {
                let about = member["description"].as_str().or_else(|| one["description"].as_str());
                rows.push((name.clone(), kind(member), about.unwrap_or_default().replace('\n', " ")));
            }
        }
    }
    if rows.is_empty() {
        return;
    }
    page.push_str("\n| member | type | meaning |\n|---|---|---|\n");
    for (name, kind, about) in rows {
        let _ = writeln!(page, "| `{name}` | {kind} | {} |", about.replace('|', "\\|"));
    }
}

fn generated() -> String {
    let mut page = String::from(MARK);
    let mut types = Map::new();
    let mut names: Vec<_> = std::fs::read_dir(root().join("docs/schema"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for file in names {
        let name = file.strip_suffix(".schema.json").unwrap();
        let schema = std::fs::read_to_string(root().join("docs/schema").join(&file)).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let comment = schema["$comment"].as_str().unwrap();
        let about = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        let _ = write!(page, "\n## {name}\n\n{comment} {about} Schema: [`schema/{file}`](schema/{file}).\n");
        members(&mut page, &schema);
        for (name, of) in schema["$defs"].as_object().into_iter().flatten() {
            types.insert(name.clone(), of.clone());
        }
        if let Some((command, exit)) = example(name) {
            let json = ran(name, &command, exit);
            let _ = write!(
                page,
                "\n`teeproof {command} --format json` ends in {exit} and prints, shortened:\n\n```json\n{json}\n```\n"
            );
            assert!(
                validated::counts().contains_key(name),
                "no document of docs/schema/{name} was validated"
            );
        } else {
            let (command, stream, json) = recorded(name).unwrap_or_else(|| panic!("{name} has no example"));
            let to = if stream.is_empty() { String::new() } else { format!(" {stream}") };
            let _ = write!(
                page,
                "\n`teeproof {command} --format json` prints{to}, shortened:\n\n```json\n{json}\n```\n"
            );
        }
    }
    page.push_str("\n# Types\n");
    for (name, of) in &types {
        let about = of["description"].as_str().unwrap_or_default().replace('\n', " ");
        let _ = write!(page, "\n## {name}\n\n{about}\n");
        members(&mut page, of);
    }
    page
}

#[test]
fn the_page_is_that_of_the_schemas_and_of_runs() {
    let path = root().join("docs/json.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, _) = page.split_once(MARK).unwrap();
    let wanted = format!("{head}{}", generated());
    if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(page == wanted, "docs/json.md is out of date: run this test with TEEPROOF_WRITE_TABLES=1");
}

/// A document that does not match its schema fails the run that printed it.
#[test]
fn a_document_that_does_not_match_its_schema_fails() {
    for text in [
        r#"{ "schema": "teeproof/error/2" }"#,
        r#"{ "schema": "teeproof/no-such-form/2" }"#,
        r#"{ "no_schema": true }"#,
    ] {
        let checked = std::panic::catch_unwind(|| validated::document(text.as_bytes()));
        assert!(checked.is_err(), "{text}");
    }
}
