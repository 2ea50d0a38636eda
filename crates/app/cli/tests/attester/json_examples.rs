//! Examples of the JSON documents that need a TPM, for docs/json.md: recorded from runs, and compared with them.
//!
//! `TEEPROOF_WRITE_TABLES=1 cargo test -p teeproof-cli --test attester json_examples` records them again; the page is
//! written from them by the test `json_page` of the suite `command`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::machine::NONCE;
use super::seal::Sealed;
use super::support::validated;

/// The schemas, and the commands that write their documents.
const EXAMPLES: [(&str, &str); 7] = [
    ("doctor", "doctor --offline"),
    ("pcrs", "vtpm pcr read sha256:16,23"),
    ("tpm-key", "vtpm ak"),
    ("nv-indexes", "vtpm nv list"),
    ("quote", "vtpm quote --nonce NONCE --pcrs sha256:16,23 -m quote.msg -s quote.sig"),
    ("sealing-key", "seal key --nonce NONCE"),
    (
        "sealing-verdict",
        "seal encrypt ev.bundle --secret secret --key key.json --nonce NONCE --policy builtin:genuine --anchor root.der -o sealed",
    ),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/examples/{name}.json"))
}

/// What differs between machines is replaced: addresses, keys and signatures. Of lists the first two entries stay, and
/// of an attestation result its verdict, for the page has an example of one.
fn without_machine(json: &mut Value, address: &str) {
    match json {
        Value::Array(entries) => {
            entries.truncate(2);
            entries.iter_mut().for_each(|entry| without_machine(entry, address));
        }
        Value::Object(members) => {
            if let Some(Value::Object(result)) = members.get_mut("result") {
                result
                    .retain(|name, _| ["schema", "technology", "policy", "verdict"].contains(&name.as_str()));
            }
            members.values_mut().for_each(|member| without_machine(member, address));
        }
        Value::String(text) => {
            *text = text.replace(address, "device:/dev/tpmrm0");
            let is_encoded =
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
            if is_encoded && text.len() > 40 && !text.bytes().all(|byte| byte == b'0') {
                *text = text.chars().take(4).chain(['…']).collect();
            }
        }
        _ => (),
    }
}

#[test]
fn the_examples_are_those_of_runs() {
    let sealed = Sealed::start("json-examples", 10);
    let machine = &sealed.machine;
    let environment = machine.environment();
    let address = environment.iter().find(|(name, _)| matches!(*name, "TEEPROOF_TPM" | "TPM2TOOLS_TCTI"));
    let address = address.unwrap().1.clone();
    for (name, command) in EXAMPLES {
        let command = command.replace("NONCE", NONCE);
        let words: Vec<&str> = command.split(' ').collect();
        let ran = machine.run(&words).args(["--format", "json"]).in_folder(&machine.folder).exits(0);
        let (stream, text) = match name {
            "sealing-verdict" => ("on standard error", &ran.stderr),
            _ => ("", &ran.stdout),
        };
        let mut document: Value = serde_json::from_str(text).unwrap();
        without_machine(&mut document, &address);
        let example = json!({ "command": command, "stream": stream, "json": document });
        let text = serde_json::to_string_pretty(&example).unwrap() + "\n";
        if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
            std::fs::write(path(name), &text).unwrap();
        }
        let recorded = std::fs::read_to_string(path(name)).unwrap_or_default();
        // A build without our own transport has another address.
        if cfg!(feature = "direct") {
            assert_eq!(recorded, text, "run this test with TEEPROOF_WRITE_TABLES=1");
        }
        assert!(validated::counts().contains_key(name), "no document of docs/schema/{name} was validated");
    }
}
