//! The shape of `testdata/origins.toml`, the machine-readable list of the files' origins.

use crate::shell::Outcome;
use serde::Deserialize;
use std::path::Path;

/// The whole list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Origins {
    /// What the scripts of [`made`](Self::made) have in common, from the root of the workspace.
    #[serde(default)]
    pub(super) sourced: Vec<String>,
    pub(super) file: Vec<Origin>,
    /// Public certificates of the vendors themselves, which no package carries.
    #[serde(default)]
    pub(super) vendor: Vec<Vendor>,
    /// What we made ourselves and recorded.
    #[serde(default)]
    pub(super) made: Vec<Made>,
}

/// One file that a script of ours made and that was kept, because making it again gives other bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Made {
    /// From the root of the workspace.
    pub(super) path: String,
    pub(super) what: String,
    /// The script that made it, kept next to it.
    pub(super) by: String,
    pub(super) sha256: String,
}

/// One public certificate of a vendor, and where the vendor publishes it. It is checked by its hash
/// alone: nothing is fetched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vendor {
    /// From the root of the workspace.
    pub(super) path: String,
    pub(super) what: String,
    /// Who publishes it.
    pub(super) vendor: String,
    /// The address at which the vendor publishes it.
    pub(super) published: String,
    pub(super) sha256: String,
}

/// One file and the published package that carries it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Origin {
    /// From the root of the workspace.
    pub(super) path: String,
    pub(super) what: String,
    pub(super) package: String,
    pub(super) version: String,
    /// Inside the package.
    pub(super) source: String,
    /// The line that holds it, for a source with other text around it.
    pub(super) line: Option<usize>,
    pub(super) encoding: Encoding,
    pub(super) licence: String,
    pub(super) sha256: String,
}

impl Origins {
    /// Every file with the hash that it must have.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (&str, &str)> {
        let taken = self.file.iter().map(|file| (file.path.as_str(), file.sha256.as_str()));
        let vendors = self.vendor.iter().map(|file| (file.path.as_str(), file.sha256.as_str()));
        taken.chain(vendors).chain(self.made.iter().map(|made| (made.path.as_str(), made.sha256.as_str())))
    }

    /// Every script that a file was made with.
    pub(super) fn scripts(&self) -> impl Iterator<Item = &str> {
        self.made.iter().map(|made| &made.by).chain(&self.sourced).map(String::as_str)
    }
}

/// How the package writes the bytes.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Raw,
    Hex,
    Base64,
    Pem,
}

impl Encoding {
    /// The word for tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Pem => "PEM",
        }
    }
}

/// Reads the list.
pub(super) fn read(path: &Path) -> Outcome<Origins> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}
