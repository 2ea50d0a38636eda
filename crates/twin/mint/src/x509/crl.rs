//! A certificate revocation list with every field settable.

use super::{Extension, Link, Name, Oid, Seal, Time, der, extension};
use crate::{Error, Key};

/// A revocation list before it is signed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Crl {
    /// The version number as written: 1 means version 2. `None` leaves it out.
    pub version: Option<u64>,
    /// Who issues it. `None` is the subject of the certificate whose key signs.
    pub issuer: Option<Name>,
    /// From when it holds.
    pub this_update: Time,
    /// When the next one is due; `None` leaves it out.
    pub next_update: Option<Time>,
    /// What is revoked.
    pub revoked: Vec<Revoked>,
    /// The extensions of the list.
    pub extensions: Vec<Extension>,
    /// How it is signed and what it says about it.
    pub seal: Seal,
}

/// One revoked certificate.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// Its serial number: the contents of the INTEGER, written as they are.
    pub serial: Vec<u8>,
    /// Since when.
    pub date: Time,
    /// The extensions of this entry.
    pub extensions: Vec<Extension>,
}

impl Crl {
    /// A list that revokes nothing, with a number and the issuer's key identifier.
    #[must_use]
    pub fn new(this_update: u64, next_update: u64) -> Self {
        Self {
            version: Some(1),
            issuer: None,
            this_update: this_update.into(),
            next_update: Some(next_update.into()),
            revoked: Vec::new(),
            extensions: vec![
                Extension::authority_key_identifier(),
                Extension::new(Oid::CRL_NUMBER, der::integer(1)),
            ],
            seal: Seal::default(),
        }
    }

    /// Revokes a certificate by its serial number, as the certificate writes it.
    #[must_use]
    pub fn revoke(mut self, serial: &[u8]) -> Self {
        let date = self.this_update.clone();
        self.revoked.push(Revoked { serial: serial.to_vec(), date, extensions: Vec::new() });
        self
    }

    /// The list signed by this authority, in DER.
    ///
    /// # Errors
    /// A key could not be made, or cannot make the requested signature.
    pub fn sign(&self, authority: &Link) -> Result<Vec<u8>, Error> {
        let (name, key) = (&authority.certificate.subject, &authority.key);
        let to_be_signed = der::sequence(&[
            self.version.map(der::integer).unwrap_or_default(),
            self.seal.inner(key),
            self.issuer.as_ref().unwrap_or(name).der(),
            self.this_update.der(),
            self.next_update.as_ref().map(Time::der).unwrap_or_default(),
            self.entries(key)?,
            extension::all(0, &self.extensions, key, key)?,
        ]);
        self.seal.close(to_be_signed, key)
    }

    /// The revoked certificates; an empty list is left out.
    fn entries(&self, key: &Key) -> Result<Vec<u8>, Error> {
        if self.revoked.is_empty() {
            return Ok(Vec::new());
        }
        let entries: Result<Vec<_>, _> = self.revoked.iter().map(|entry| entry.der(key)).collect();
        Ok(der::sequence(&entries?))
    }
}

impl Revoked {
    fn der(&self, key: &Key) -> Result<Vec<u8>, Error> {
        let mut fields = vec![der::element(0x02, &self.serial), self.date.der()];
        if !self.extensions.is_empty() {
            let written: Result<Vec<_>, _> =
                self.extensions.iter().map(|extension| extension.der(key, key)).collect();
            fields.push(der::sequence(&written?));
        }
        Ok(der::sequence(&fields))
    }
}
