//! A policy file as a whole: its size, its version, its sections.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::visible;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::Node;
use super::problems::{PolicyError, PolicyProblem, Problems, Reported};
use super::suggest::quoted;
use super::{Policy, azure, nitro, nitro_tpm, snp, tdx};

/// Reads a file. Nothing is believed that was not understood: one problem, and there is no policy.
pub(super) fn read(name: &str, text: &str) -> Result<Policy, PolicyError> {
    if text.len() > MAX_BYTES {
        // Before anything is read of it, even where its lines are.
        return Err(too_long(text.len()));
    }
    let mut problems = Problems::of(text);
    let policy = document(name, &mut problems);
    problems.finish(policy)
}

fn too_long(bytes: usize) -> PolicyError {
    let message = format!("the file has {bytes} bytes, {MAX_BYTES} are the limit");
    let problem = PolicyProblem { line: 1, column: 1, path: String::new(), message, hint: None };
    PolicyError { problems: Vec::from([problem]), more: 0 }
}

fn document(name: &str, problems: &mut Problems<'_>) -> Result<Policy, Reported> {
    let text = problems.text();
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(text.len(), |span| span.start);
        problems.add(at, "", format!("not TOML: {}", error.message()), None)
    })?;
    // The root is a node like every other, so that it is read by the same hands.
    let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
    policy(name, &Node::new(String::new(), 0, &root), problems)
}

fn policy(name: &str, root: &Node<'_>, problems: &mut Problems<'_>) -> Result<Policy, Reported> {
    let table = root.table(problems, "a table", None)?;
    root.only(table, &KEYS, "key", problems);
    let version = version(root, table, problems);
    let name = match root.child(table, "name") {
        Some(given) => own_name(&given, problems),
        None => Ok(name.to_string()),
    };
    let sections = ["snp", "tdx", "azure-snp", "azure-tdx", "nitro", "nitro-tpm"]
        .map(|section| root.child(table, section));
    if sections.iter().all(Option::is_none) {
        let hint = "write [snp], [tdx], [azure-snp], [azure-tdx], [nitro] or [nitro-tpm] for each technology that you accept";
        problems.add(0, "", "the policy has no section, so it accepts nothing", Some(hint.into()));
    }
    let [snp, tdx, azure_snp, azure_tdx, nitro, nitro_tpm] = sections;
    let snp = snp.map(|section| snp::read(section, problems)).transpose();
    let tdx = tdx.map(|section| tdx::read(section, problems)).transpose();
    let azure_snp = azure_snp.map(|section| azure::read_snp(section, problems)).transpose();
    let azure_tdx = azure_tdx.map(|section| azure::read_tdx(section, problems)).transpose();
    let nitro = nitro.map(|section| nitro::read(section, problems)).transpose();
    let nitro_tpm = nitro_tpm.map(|section| nitro_tpm::read(section, problems)).transpose();
    version?;
    Ok(Policy {
        name: name?,
        snp: snp?,
        tdx: tdx?,
        azure_snp: azure_snp?,
        azure_tdx: azure_tdx?,
        nitro: nitro?,
        nitro_tpm: nitro_tpm?,
    })
}

/// The policy's name. A file must not call itself what only the program can be.
fn own_name(given: &Node<'_>, problems: &mut Problems<'_>) -> Result<String, Reported> {
    let name = given.worded(problems, "a name as a text")?;
    // As a reader sees it: blanks, letters of the other case and what is not seen make no other name of it.
    let shown: String = visible(&name).flat_map(char::to_lowercase).collect();
    if shown.starts_with("builtin:") {
        let hint = Some("choose a name that does not begin with builtin:".to_string());
        return Err(given.problem(problems, "the name is kept for policies that are built in", hint));
    }
    Ok(name)
}

/// The version of this form of files. Another one may mean something else by the same words.
fn version<'t>(root: &Node<'t>, table: &'t DeTable<'t>, problems: &mut Problems<'_>) -> Result<(), Reported> {
    let hint = || Some("begin the file with: version = 1".to_string());
    let Some(version) = root.child(table, "version") else {
        return Err(root.problem(problems, "`version` is missing", hint()));
    };
    match version.value() {
        DeValue::Integer(one) if one.as_str() == "1" => Ok(()),
        DeValue::Integer(other) => {
            let message = format!("version {} is not known, only 1 is", quoted(other.as_str()));
            Err(version.problem(problems, message, None))
        }
        _ => Err(version.wrong_type(problems, "the integer 1", hint())),
    }
}

const KEYS: [&str; 8] = ["version", "name", "snp", "tdx", "azure-snp", "azure-tdx", "nitro", "nitro-tpm"];

/// The longest file that is read.
const MAX_BYTES: usize = 256 * 1024;
