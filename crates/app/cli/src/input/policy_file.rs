//! Policies on the command line: built-in or TOML files; and the reasons of waivers.

use std::path::{Path, PathBuf};

use teeproof::{Policy, PolicyError};
use teeproof_core::visible;

use crate::input::source::{self, Source};
use crate::output::fault::Fault;

/// A policy as given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyChoice {
    /// `builtin:genuine`.
    Genuine,
    /// A file.
    File(PathBuf),
}

impl PolicyChoice {
    /// Distinguishes built-in policies from files.
    pub(crate) fn parse(named: &Path) -> Result<Self, Fault> {
        match named.to_str().and_then(|text| text.strip_prefix("builtin:")) {
            None => Ok(Self::File(named.to_path_buf())),
            Some("genuine") => Ok(Self::Genuine),
            Some(other) => Err(Fault::usage(
                format!("expected builtin:genuine, got builtin:{other}"),
                "give builtin:genuine, the only built-in policy, or a TOML file",
            )),
        }
    }
}

/// Loads the policy.
pub(crate) fn load_policy(choice: &PolicyChoice, source: &Source) -> Result<Policy, Fault> {
    match choice {
        PolicyChoice::Genuine => Ok(Policy::genuine()),
        PolicyChoice::File(path) => {
            let name = source::path_name(path);
            parse_policy(&name, &policy_text(path, source)?)
                .map_err(|error| Fault::policy(error).in_file(&name))
        }
    }
}

/// Parses a policy file, and checks that no PCR is named twice in contradiction.
pub(crate) fn parse_policy(name: &str, text: &str) -> Result<Policy, PolicyError> {
    let policy = Policy::from_toml(name, text)?;
    policy.check_computed_pcrs(&teeproof_aws_lc::TABLE)?;
    Ok(policy)
}

/// The text of a policy file.
pub(crate) fn policy_text(path: &Path, source: &Source) -> Result<String, Fault> {
    String::from_utf8(source.read(path)?).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Fault::malformed(
            format!("not UTF-8 text at offset {offset:#x}, expected a policy in TOML"),
            "give a policy file, which is text; evidence is FILE of teeproof verify",
        )
        .in_file(source::path_name(path))
    })
}

/// A reason, which must have visible text as that of a waiver in a policy.
pub(crate) fn parse_reason(text: &str) -> Result<String, String> {
    if visible(text).next().is_none() {
        return Err("expected a reason, got blanks: it is printed with the result".to_owned());
    }
    Ok(text.to_owned())
}
