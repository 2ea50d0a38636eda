//! Files of one verification: evidence, endorsements and trust anchors, read here for every verb that takes them.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use teeproof::Evidence;
use teeproof_evidence::{InputError, InputKind, Inputs, Part, sniff};
use teeproof_wire::crl::RevocationList;
use teeproof_x509::Revocation;

use crate::input::source::{self, Source};
use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::streams::Messages;

/// Endorsements and anchors that are not in the files of evidence.
#[derive(Debug, Default, Args)]
pub(crate) struct Backing {
    /// Certificates, revocation lists and TDX collateral; if a directory, every file in it
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) endorsements: Vec<PathBuf>,

    /// A trust anchor in addition to the pinned ones; evidence under it is not production
    #[arg(long, value_name = "FILE")]
    pub(crate) anchor: Vec<PathBuf>,

    /// Fail (exit 7) if the CRL of any issuer in a chain is missing
    ///
    /// Without it, a missing list is only a waiver in the result, so that whoever sends the files decides whether
    /// revocation is checked. The rules `revocation-list` and `ak-revocation-list` of a policy do the same.
    #[arg(long)]
    pub(crate) require_revocation_lists: bool,
}

/// Revocation by these lists; that there are none is recorded in the result.
pub(crate) fn revocation<'a>(lists: &'a [RevocationList<'a>], required: bool) -> Revocation<'a> {
    match lists {
        lists if required => Revocation::Required(lists),
        [] => Revocation::Unchecked("no revocation list was given"),
        lists => Revocation::Lists(lists),
    }
}

/// The content of the files.
#[derive(Debug, Default)]
pub(crate) struct Files {
    inputs: Inputs,
    anchors: Vec<Vec<u8>>,
    name: String,
    /// Whether this is one file of many, each the evidence of one machine.
    is_one_of_many: bool,
    /// Whether there are added trust anchors, here or among the shared files.
    has_anchors: bool,
    /// The kinds of evidence that were found, each with the name of its file.
    kinds: Vec<(InputKind, String)>,
}

impl Files {
    /// Reads all files of a run.
    pub(crate) fn read(
        paths: &[PathBuf],
        kind: Option<InputKind>,
        backing: &Backing,
        source: &Source,
        messages: &Messages,
    ) -> Result<Self, Fault> {
        if kind.is_some() && paths.len() > 1 {
            return Err(Fault::usage(
                "--as: expected one FILE, got several",
                "give the certificates with --endorsements",
            ));
        }
        let mut files = Self::default();
        for path in paths {
            files.add(&source::path_name(path), &source.read(path)?, kind, messages)?;
        }
        files.add_backing(backing, source, messages)?;
        Ok(files)
    }

    /// Reads the endorsements and anchors for all evidence of a run, for [`Files::one_of_many`].
    pub(crate) fn shared(backing: &Backing, source: &Source, messages: &Messages) -> Result<Self, Fault> {
        let mut files = Self::default();
        files.add_backing(backing, source, messages)?;
        Ok(files)
    }

    /// Reads one file of many, each the whole evidence of one machine but for the shared endorsements. Those are added
    /// after it, as they are when the file is read alone.
    pub(crate) fn one_of_many(path: &Path, kind: Option<InputKind>, shared: &Self) -> Result<Self, Fault> {
        let has_anchors = !shared.anchors.is_empty();
        let name = source::path_name(path);
        let mut files = Self { name, is_one_of_many: true, has_anchors, ..Self::default() };
        let fault = |error| Fault::input(&error);
        files.inputs.add(&source::read_file(path)?, kind).map_err(fault)?;
        files.inputs.add_shared(&shared.inputs).map_err(fault)?;
        Ok(files)
    }

    /// The content of one file, which was read before.
    pub(crate) fn of_bytes(bytes: &[u8], name: &str) -> Result<Self, Fault> {
        let mut files = Self { name: name.to_owned(), is_one_of_many: true, ..Self::default() };
        files.inputs.add(bytes, None).map_err(|error| Fault::input(&error))?;
        Ok(files)
    }

    /// The same with the shared endorsements, and with messages on what the file is.
    pub(crate) fn one_with_messages(
        name: &str,
        bytes: &[u8],
        shared: &Self,
        messages: &Messages,
    ) -> Result<Self, Fault> {
        let mut files = Self { is_one_of_many: true, ..Self::default() };
        files.add(name, bytes, None, messages)?;
        files.inputs.add_shared(&shared.inputs).map_err(|error| Fault::input(&error))?;
        Ok(files)
    }

    fn add_backing(&mut self, backing: &Backing, source: &Source, messages: &Messages) -> Result<(), Fault> {
        for path in &backing.endorsements {
            self.add_endorsements(path, source, messages)?;
        }
        for path in &backing.anchor {
            self.add_anchor(path, source, messages)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: &str,
        bytes: &[u8],
        kind: Option<InputKind>,
        messages: &Messages,
    ) -> Result<(), Fault> {
        let sniffed = self.inputs.add(bytes, kind).map_err(|error| Fault::input(&error).in_file(name))?;
        messages.say(&format!("{name}: {sniffed}"));
        for warning in &sniffed.warnings {
            messages.say(&format!("warning: {name}: {warning}"));
        }
        self.kinds.extend(sniffed.parts.iter().map(|kind| (*kind, name.to_owned())));
        if sniffed.kind.is_evidence() {
            name.clone_into(&mut self.name);
        }
        Ok(())
    }

    fn add_endorsements(&mut self, path: &Path, source: &Source, messages: &Messages) -> Result<(), Fault> {
        let files: Vec<PathBuf> = if !is_standard_stream(path) && path.is_dir() {
            Source::files_of(path)?
        } else {
            vec![path.to_path_buf()]
        };
        if files.is_empty() {
            messages.say(&format!("{}: the directory has no files", path.display()));
        }
        for path in &files {
            let name = source::path_name(path);
            let bytes = source.read(path)?;
            let fault = |error| Fault::input(&error).in_file(&name);
            let sniffed = sniff(&bytes, None).map_err(fault)?;
            if sniffed.kind.is_evidence() {
                return Err(
                    misplaced(sniffed.kind, "a certificate, a revocation list or collateral").in_file(&name)
                );
            }
            let found = self.inputs.add_sniffed(sniffed).map_err(fault)?;
            messages.say(&format!("{name}: {found}"));
        }
        Ok(())
    }

    fn add_anchor(&mut self, path: &Path, source: &Source, messages: &Messages) -> Result<(), Fault> {
        let name = source::path_name(path);
        let bytes = source.read(path)?;
        let fault = |error| Fault::input(&error).in_file(&name);
        let found = sniff(&bytes, None).map_err(fault)?;
        if found.kind != InputKind::Certificate {
            return Err(misplaced(found.kind, "the certificate of a trust anchor").in_file(&name));
        }
        found.check().map_err(fault)?;
        messages.say(&format!("{name}: trust anchor, {found}"));
        self.anchors.extend(found.parts.into_iter().map(Part::into_bytes));
        self.has_anchors = true;
        Ok(())
    }

    /// The parts of all files, without the names of files.
    pub(crate) fn into_inputs(self) -> Inputs {
        self.inputs
    }

    /// The evidence. An error names the file of the part that it is about.
    pub(crate) fn evidence(&self) -> Result<Evidence<'_>, Fault> {
        Evidence::from_inputs(&self.inputs).map_err(|error| {
            let about = error.kind().and_then(|kind| self.kinds.iter().find(|(found, _)| *found == kind));
            let fault = match error {
                InputError::NoEvidence if self.is_one_of_many => Fault::input(&error).with_hint(
                    "each FILE is the whole evidence of one machine: give certificates, revocation lists and collateral with --endorsements",
                ),
                InputError::OfRtmrs(_) if self.is_one_of_many => Fault::input(&error).with_hint(
                    "each FILE is the whole evidence of one machine: put the TD quote and its event log into one bundle with teeproof bundle create",
                ),
                _ => Fault::input(&error),
            };
            match about.map_or(self.name.as_str(), |(_, name)| name) {
                "" => fault,
                name => fault.in_file(name),
            }
        })
    }

    /// The added trust anchors, DER.
    pub(crate) fn anchors(&self) -> Vec<&[u8]> {
        self.anchors.iter().map(Vec::as_slice).collect()
    }

    /// The parts of all files.
    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The parts of all files, to add endorsements to.
    pub(crate) const fn inputs_mut(&mut self) -> &mut Inputs {
        &mut self.inputs
    }

    /// Whether there are added trust anchors, here or among the shared files.
    pub(crate) const fn has_anchors(&self) -> bool {
        self.has_anchors
    }

    /// The name of the file with the evidence.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

fn misplaced(kind: InputKind, as_what: &str) -> Fault {
    Fault::usage(
        format!("expected {as_what}, found {}", kind.with_article()),
        "give evidence as FILE, certificates, revocation lists and collateral with --endorsements, and a trust anchor with --anchor",
    )
}

/// The kinds that `--as` names.
pub(crate) fn kind() -> impl TypedValueParser<Value = InputKind> {
    PossibleValuesParser::new(InputKind::NAMED.iter().map(|kind| kind.as_str()))
        .try_map(|name| named(InputKind::NAMED, &name, |kind| kind.as_str()))
}

/// The value of this name.
pub(crate) fn named<T: Copy>(all: &[T], name: &str, of: fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| of(*one) == name);
    found.ok_or_else(|| format!("expected one of the listed names, got {name}"))
}
