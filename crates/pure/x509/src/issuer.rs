//! A candidate for the issuer of a certificate, and what decides its place among the others.

use core::cell::OnceCell;

use teeproof_wire::certificate::Certificate;

use crate::{AnchorKind, PinnedCertificate};

/// A candidate for the issuer of a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Issuer<'a, 's> {
    form: Form<'a, 's>,
    pub(crate) source: Source,
    /// The parsed certificate, if it is not a given one; `None` for an added anchor that is not a certificate.
    parsed: OnceCell<Option<Certificate<'a>>>,
    /// The rank of its key identifier. Like the parsed certificate it is needed only among several candidates.
    key_rank: OnceCell<KeyRank>,
}

/// A candidate's certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a, 's> {
    /// A given certificate.
    Given(&'s Certificate<'a>),
    /// An added anchor, not parsed.
    Added(&'a [u8]),
    /// A pinned certificate, not parsed.
    Pinned(&'s PinnedCertificate<'a>),
}

impl<'a, 's> Issuer<'a, 's> {
    pub(crate) const fn new(form: Form<'a, 's>, source: Source) -> Self {
        Self { form, source, parsed: OnceCell::new(), key_rank: OnceCell::new() }
    }

    /// The whole certificate, DER.
    pub(crate) const fn der(&self) -> &'a [u8] {
        match self.form {
            Form::Given(one) => one.der(),
            Form::Added(der) => der,
            Form::Pinned(one) => one.der(),
        }
    }

    /// The certificate; `None` for an added anchor that is not a certificate. A test parses every pinned one.
    pub(crate) fn parsed(&self) -> Option<&Certificate<'a>> {
        match self.form {
            Form::Given(one) => Some(one),
            Form::Added(_) | Form::Pinned(_) => {
                once(&self.parsed, || Certificate::parse(self.der()).ok())?.as_ref()
            }
        }
    }

    /// The place of its kind in the order of candidates.
    pub(crate) fn group(&self, issued: &Certificate<'_>) -> u8 {
        match self.source {
            Source::Anchor(_) => 0,
            Source::Pinned { .. } if self.key_rank(issued) < KeyRank::Other => 1,
            Source::Given => 2,
            Source::Pinned { .. } => 3,
        }
    }

    /// The rank of its key identifier for a certificate, which is always the same one.
    pub(crate) fn key_rank(&self, issued: &Certificate<'_>) -> KeyRank {
        let rank = once(&self.key_rank, || {
            let own = match self.form {
                Form::Pinned(one) => one.subject_key_id(),
                Form::Given(_) | Form::Added(_) => {
                    self.parsed().and_then(|one| one.extensions().subject_key_id())
                }
            };
            match (issued.extensions().authority_key_id(), own) {
                (Some(wanted), Some(own)) if wanted == own => KeyRank::Wanted,
                (Some(_), Some(_)) => KeyRank::Other,
                _ => KeyRank::Unknown,
            }
        });
        rank.copied().unwrap_or(KeyRank::Unknown)
    }
}

/// The value of a cell, made at the first call. `OnceCell::get_or_init` has a panic for a closure that asks
/// for the same cell; here such a call makes the value twice.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> T) -> Option<&T> {
    if cell.get().is_none() {
        // An error would mean that the cell has a value by now.
        let _ = cell.set(make());
    }
    cell.get()
}

/// How a candidate's key identifier compares with the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyRank {
    /// Equal.
    Wanted,
    /// One of the two is missing.
    Unknown,
    /// Different.
    Other,
}

/// The source of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An anchor of this kind.
    Anchor(AnchorKind),
    /// A pinned intermediate.
    Pinned {
        /// Whether it is among the given certificates too.
        given: bool,
    },
    /// A given certificate.
    Given,
}
