//! Validation of every JSON document that a run of the command prints or writes against its schema in docs/schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::Value;

/// The validators by the name of the schema's file, each made when a document first needs it.
static SCHEMAS: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());

fn validator(name: &str) -> Option<Arc<Validator>> {
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(validator) = schemas.get(name) {
        return Some(validator.clone());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/schema");
    let text = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).ok()?;
    let validator = Arc::new(jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap());
    schemas.insert(name.to_owned(), validator.clone());
    Some(validator)
}

/// The number of validated documents of each schema in this process.
static COUNTS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// The number of documents of each schema that were validated so far.
#[allow(dead_code)] // not by the suite readme
pub(crate) fn counts() -> BTreeMap<String, usize> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The files of --output, from the directory of the run.
#[allow(dead_code)] // not by the suite readme
pub(crate) fn outputs(command: &Command) -> Vec<PathBuf> {
    let arguments: Vec<String> = command.get_args().map(|one| one.to_string_lossy().into_owned()).collect();
    let after = arguments.iter().zip(arguments.iter().skip(1));
    let after = after.filter(|(flag, _)| matches!(flag.as_str(), "-o" | "--output")).map(|(_, file)| file);
    let folder = command.get_current_dir().unwrap_or(Path::new(""));
    after.filter(|file| *file != "-").map(|file| folder.join(file)).collect()
}

/// Validates the streams of a run and these files.
#[track_caller]
pub(crate) fn check(output: &Output, files: &[PathBuf]) {
    for stream in [&output.stdout, &output.stderr] {
        document(stream);
    }
    for file in files.iter().filter(|file| output.status.success() && file.is_file()) {
        document(&std::fs::read(file).unwrap());
    }
}

/// Validates bytes, if they are documents of JSON.
#[track_caller]
pub(crate) fn document(bytes: &[u8]) {
    // A run that seals prints its verdict and then its error.
    let documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let Ok(documents) = documents.collect::<Result<Vec<_>, _>>() else { return };
    for one in documents {
        if let Value::Object(members) = one {
            object(members);
        }
    }
}

#[track_caller]
fn object(members: serde_json::Map<String, Value>) {
    let name = match (members.get("schema").and_then(Value::as_str), members.contains_key("__cmwc_t")) {
        (Some(form), _) => form.strip_prefix("teeproof/").and_then(|form| form.split('/').next()),
        (None, true) => Some("cmw-collection"),
        (None, false) => None,
    };
    let text = serde_json::to_string_pretty(&members).unwrap();
    let name = name.unwrap_or_else(|| panic!("a JSON document without a schema: {text}")).to_owned();
    let validator = validator(&name).unwrap_or_else(|| panic!("docs/schema has no {name}: {text}"));
    let document = Value::Object(members);
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "does not match docs/schema/{name}.schema.json: {errors:#?}\n{text}");
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(name).or_default() += 1;
}
