//! A certificate with every field settable.

use super::{Extension, Name, Oid, Seal, Validity, der, extension};
use crate::{Error, Key};

/// A certificate before it is signed.
///
/// Nothing is checked: a certificate with a wrong version, two of the same extension or a
/// validity that ends before it begins is made as requested.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Certificate {
    /// The version number as written: 2 means version 3. `None` leaves it out, which means
    /// version 1.
    pub version: Option<u64>,
    /// The serial number: the contents of the INTEGER, written as they are.
    pub serial: Vec<u8>,
    /// The issuer's name. `None` is the subject of the certificate whose key signs.
    pub issuer: Option<Name>,
    /// When it holds.
    pub validity: Validity,
    /// Whom it names.
    pub subject: Name,
    /// The SubjectPublicKeyInfo. `None` is that of the key that the certificate is made for.
    pub public_key_info: Option<Vec<u8>>,
    /// The extensions, in order.
    pub extensions: Vec<Extension>,
    /// How it is signed and what it says about it.
    pub seal: Seal,
}

impl Certificate {
    /// A version 3 certificate with the serial number 1 and no extensions.
    #[must_use]
    pub fn new(subject: Name, validity: Validity) -> Self {
        Self {
            version: Some(2),
            serial: vec![1],
            issuer: None,
            validity,
            subject,
            public_key_info: None,
            extensions: Vec::new(),
            seal: Seal::default(),
        }
    }

    /// The first extension of this kind.
    #[must_use]
    pub fn extension_mut(&mut self, oid: &Oid) -> Option<&mut Extension> {
        self.extensions.iter_mut().find(|extension| extension.oid == *oid)
    }

    /// Puts an extension in the place of the first of its kind, or at the end.
    pub fn set_extension(&mut self, extension: Extension) {
        match self.extension_mut(&extension.oid) {
            Some(place) => *place = extension,
            None => self.extensions.push(extension),
        }
    }

    /// Takes all extensions of this kind out.
    pub fn remove_extension(&mut self, oid: &Oid) {
        self.extensions.retain(|extension| extension.oid != *oid);
    }

    /// The signed certificate, in DER.
    ///
    /// # Errors
    /// A key could not be made, or cannot make the requested signature.
    pub fn sign(&self, subject_key: &Key, issuer: &Name, issuer_key: &Key) -> Result<Vec<u8>, Error> {
        let version = self.version.map(|version| der::context(0, &der::integer(version)));
        let public_key_info = match &self.public_key_info {
            Some(info) => info.clone(),
            None => subject_key.public_key_info()?,
        };
        let to_be_signed = der::sequence(&[
            version.unwrap_or_default(),
            der::element(0x02, &self.serial),
            self.seal.inner(issuer_key),
            self.issuer.as_ref().unwrap_or(issuer).der(),
            self.validity.der(),
            self.subject.der(),
            public_key_info,
            extension::all(3, &self.extensions, subject_key, issuer_key)?,
        ]);
        self.seal.close(to_be_signed, issuer_key)
    }
}
