//! Policies on the command line: built-in or TOML files; and the reason for which a person waives a rule.

use std::path::{Path, PathBuf};

use teeproof::Policy;
use teeproof_core::visible;

use crate::input::source::{self, Source};
use crate::output::fault::Fault;

/// A policy, as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyChoice {
    /// `builtin:genuine`.
    Genuine,
    /// A file.
    File(PathBuf),
}

impl PolicyChoice {
    /// Tells built-in policies from files.
    pub(crate) fn parse(named: &Path) -> Result<Self, Fault> {
        match named.to_str().and_then(|text| text.strip_prefix("builtin:")) {
            None => Ok(Self::File(named.to_path_buf())),
            Some("genuine") => Ok(Self::Genuine),
            Some(other) => Err(Fault::usage(
                format!("there is no built-in policy {other}"),
                "builtin:genuine is the one there is",
            )),
        }
    }
}

/// The policy itself.
pub(crate) fn load(choice: &PolicyChoice, source: &Source) -> Result<Policy, Fault> {
    match choice {
        PolicyChoice::Genuine => Ok(Policy::genuine()),
        PolicyChoice::File(path) => {
            let name = source::name(path);
            Policy::from_toml(&name, &text(path, source)?)
                .map_err(|error| Fault::policy(error).in_file(&name))
        }
    }
}

/// The text of a policy file.
pub(crate) fn text(path: &Path, source: &Source) -> Result<String, Fault> {
    String::from_utf8(source.read(path)?).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Fault::malformed(
            format!("not UTF-8 text at offset {offset:#x}, expected a policy in TOML"),
            "a policy is a text file; evidence is named as FILE of teeproof verify",
        )
        .in_file(source::name(path))
    })
}

/// A reason as that of a waiver in a policy: a reader sees something of it.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    if visible(text).next().is_none() {
        return Err("the reason is blank; it is said with the verdict".to_owned());
    }
    Ok(text.to_owned())
}
