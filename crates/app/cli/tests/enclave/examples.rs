//! Examples of the JSON documents that need a module, for docs/json.md: recorded from runs, and compared with them.
//!
//! `TEEPROOF_WRITE_TABLES=1 cargo test -p teeproof-cli --test enclave examples` records them again; the page is written
//! from them by the test `json_page` of the suite `command`.

use std::path::Path;

use serde_json::{Value, json};

use super::enclave::Enclave;

/// The schemas, and the commands that write their documents.
const EXAMPLES: [(&str, &str); 2] = [("nsm", "nsm describe"), ("nsm-pcrs", "nsm pcr describe 0 16")];

#[test]
fn the_examples_are_those_of_runs() {
    let enclave = Enclave::start("enclave-examples");
    for (name, command) in EXAMPLES {
        let ran = enclave.run(command).args(["--format", "json"]).exits(0);
        let mut document = ran.json();
        if let Some(address) = document.get_mut("address") {
            *address = Value::from("device:/dev/nsm");
        }
        if let Some(locked) = document.get_mut("locked_pcrs").and_then(Value::as_array_mut) {
            locked.truncate(2);
        }
        let example = json!({ "command": command, "stream": "", "json": document });
        let text = serde_json::to_string_pretty(&example).unwrap() + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/examples/{name}.json"));
        if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let recorded = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(recorded, text, "run this test with TEEPROOF_WRITE_TABLES=1");
    }
}
