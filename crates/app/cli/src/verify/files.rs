//! The files of one verification: one piece of evidence, what endorses it, and trust anchors.

use std::path::{Path, PathBuf};

use teeproof::Evidence;
use teeproof::input::{Inputs, Kind, sniff};
use teeproof::wire::certificate::Certificate;
use teeproof::wire::crl::RevocationList;

use super::VerifyArgs;
use crate::context::Context;
use crate::fault::Fault;
use crate::source::{self, Source};

/// The content of the files.
#[derive(Debug, Default)]
pub(super) struct Files {
    inputs: Inputs,
    /// The added trust anchors, DER.
    pub(super) anchors: Vec<Vec<u8>>,
    name: String,
}

impl Files {
    /// Reads everything that was named.
    pub(super) fn read(args: &VerifyArgs, context: &Context) -> Result<Self, Fault> {
        if args.kind.is_some() && args.files.len() > 1 {
            return Err(Fault::usage(
                "--as says what one file is, and several were given",
                "name the certificates with --endorsements",
            ));
        }
        let mut files = Self::default();
        for path in &args.files {
            files.add(path, args.kind, context)?;
        }
        for path in &args.endorsements {
            files.endorse(path, context)?;
        }
        for path in &args.anchor {
            files.anchor(path, context)?;
        }
        Ok(files)
    }

    fn add(&mut self, path: &Path, kind: Option<Kind>, context: &Context) -> Result<(), Fault> {
        let name = source::name(path);
        let bytes = context.source.read(path)?;
        let sniffed = self.inputs.add(&bytes, kind).map_err(|error| Fault::input(&error).in_file(&name))?;
        context.say(&format!("{name}: {sniffed}"));
        if is_evidence(sniffed.kind) {
            self.name = name;
        }
        Ok(())
    }

    fn endorse(&mut self, path: &Path, context: &Context) -> Result<(), Fault> {
        let files: Vec<PathBuf> = if !source::is_stdin(path) && path.is_dir() {
            Source::files_of(path)?
        } else {
            vec![path.to_path_buf()]
        };
        if files.is_empty() {
            context.say(&format!("{}: no file in it", path.display()));
        }
        for path in &files {
            let name = source::name(path);
            let bytes = context.source.read(path)?;
            let fault = |error| Fault::input(&error).in_file(&name);
            let found = sniff(&bytes, None).map_err(fault)?;
            if is_evidence(found.kind) {
                return Err(misplaced(found.kind, "an endorsement").in_file(&name));
            }
            self.inputs.add(&bytes, None).map_err(fault)?;
            context.say(&format!("{name}: {found}"));
        }
        Ok(())
    }

    fn anchor(&mut self, path: &Path, context: &Context) -> Result<(), Fault> {
        let name = source::name(path);
        let bytes = context.source.read(path)?;
        let fault = |error| Fault::input(&error).in_file(&name);
        let found = sniff(&bytes, None).map_err(fault)?;
        if found.kind != Kind::Certificate {
            return Err(misplaced(found.kind, "a trust anchor").in_file(&name));
        }
        found.check().map_err(fault)?;
        context.say(&format!("{name}: trust anchor, {found}"));
        self.anchors.extend(found.parts);
        Ok(())
    }

    /// The evidence.
    pub(super) fn evidence(&self) -> Result<Evidence<'_>, Fault> {
        self.inputs.evidence().map_err(|error| match self.name.as_str() {
            "" => Fault::input(&error),
            name => Fault::input(&error).in_file(name),
        })
    }

    /// The certificates.
    pub(super) fn certificates(&self) -> Result<Vec<Certificate<'_>>, Fault> {
        self.inputs.certificates().map_err(|error| Fault::input(&error))
    }

    /// The revocation lists.
    pub(super) fn revocation_lists(&self) -> Result<Vec<RevocationList<'_>>, Fault> {
        self.inputs.revocation_lists().map_err(|error| Fault::input(&error))
    }

    /// What the evidence's file is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

const fn is_evidence(kind: Kind) -> bool {
    matches!(kind, Kind::SnpReport | Kind::NitroDocument)
}

fn misplaced(kind: Kind, as_what: &str) -> Fault {
    Fault::usage(
        format!("the file holds a {kind}, which cannot be {as_what}"),
        "evidence is named as FILE, certificates and revocation lists with --endorsements, and a certificate with --anchor",
    )
}
