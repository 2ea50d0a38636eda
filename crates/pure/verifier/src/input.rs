//! What a file holds, told from its content: evidence, certificates, revocation lists, in the
//! encodings in which they are passed around.

mod encoding;
mod error;
mod sniff;

pub use error::InputError;
pub use sniff::{Encoding, Kind, Sniffed, sniff};

use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::Evidence;

/// Files that belong together: one piece of evidence, and what endorses it.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    evidence: Option<(Technology, Vec<u8>)>,
    certificates: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
}

impl Inputs {
    /// No file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the content of one file; `kind` overrides what the content looks like.
    ///
    /// # Errors
    /// Content that is nothing known, a certificate or list that is none, or a second piece of
    /// evidence.
    pub fn add(&mut self, bytes: &[u8], kind: Option<Kind>) -> Result<Sniffed, InputError> {
        let sniffed = sniff(bytes, kind)?;
        sniffed.check()?;
        match sniffed.kind {
            Kind::SnpReport => self.take_evidence(Technology::Snp, &sniffed)?,
            Kind::NitroDocument => self.take_evidence(Technology::Nitro, &sniffed)?,
            Kind::Certificate => self.certificates.extend(sniffed.parts.iter().cloned()),
            Kind::RevocationList => self.lists.extend(sniffed.parts.iter().cloned()),
            Kind::Mixed => self.take_mixed(&sniffed),
        }
        Ok(sniffed)
    }

    fn take_evidence(&mut self, technology: Technology, sniffed: &Sniffed) -> Result<(), InputError> {
        let bytes = sniffed.parts.first().cloned().unwrap_or_default();
        match self.evidence.replace((technology, bytes)) {
            None => Ok(()),
            Some((first, _)) => Err(InputError::TwoEvidences { first, second: technology }),
        }
    }

    /// PEM may hold certificates and revocation lists side by side.
    fn take_mixed(&mut self, sniffed: &Sniffed) {
        for part in &sniffed.parts {
            let list = RevocationList::parse(part).is_ok();
            if list { self.lists.push(part.clone()) } else { self.certificates.push(part.clone()) }
        }
    }

    /// The piece of evidence.
    ///
    /// # Errors
    /// There is none among the files, or certificates were given for evidence that brings its own.
    pub fn evidence(&self) -> Result<Evidence<'_>, InputError> {
        match &self.evidence {
            None => Err(InputError::NoEvidence),
            Some((Technology::Nitro, bytes)) if self.certificates.is_empty() && self.lists.is_empty() => {
                Ok(Evidence::Nitro(bytes))
            }
            Some((Technology::Nitro, _)) => Err(InputError::NotTogether),
            Some((_, bytes)) => Ok(Evidence::Snp(bytes)),
        }
    }

    /// The certificates, in the order in which they came.
    ///
    /// # Errors
    /// One of them is not a certificate.
    pub fn certificates(&self) -> Result<Vec<Certificate<'_>>, InputError> {
        self.certificates
            .iter()
            .map(|der| Certificate::parse(der).map_err(|error| InputError::Wire(Kind::Certificate, error)))
            .collect()
    }

    /// The revocation lists, in the order in which they came.
    ///
    /// # Errors
    /// One of them is not a revocation list.
    pub fn revocation_lists(&self) -> Result<Vec<RevocationList<'_>>, InputError> {
        self.lists
            .iter()
            .map(|der| {
                RevocationList::parse(der).map_err(|error| InputError::Wire(Kind::RevocationList, error))
            })
            .collect()
    }
}
