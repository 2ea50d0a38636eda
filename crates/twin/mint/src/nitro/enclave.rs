//! A minted enclave: document, chain, and setters that falsify both.

use super::{Cose, Document, Identity, chain};
use crate::error::patch;
use crate::x509::{Link, mint_chain};
use crate::{DEFAULT_TIME, Error, Key, Value};

/// An enclave under throwaway keys.
///
/// Untouched, it is in production, everything about it is consistent, and its document verifies
/// under its own root at [`DEFAULT_TIME`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Enclave {
    /// What the payload says.
    pub document: Document,
    /// The certificates, root first; the last one's key signs the document.
    pub chain: Vec<Link>,
    /// The frame around the payload.
    pub cose: Cose,
    /// These bytes in place of the payload.
    pub payload: Option<Vec<u8>>,
    /// A key that signs the document in place of the leaf's.
    pub document_signer: Option<Key>,
    tampers: Vec<(usize, Vec<u8>)>,
}

/// A minted document and what it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The attestation document as the Nitro security module would hand it out.
    pub document: Vec<u8>,
    /// The signed payload inside of it.
    pub payload: Vec<u8>,
    /// The certificates in DER, root first, leaf last. The first is the trust anchor that a
    /// verifier must be given, since it rightly trusts no other of this name.
    pub chain: Vec<Vec<u8>>,
}

impl Attestation {
    /// The root certificate, in DER.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }
}

impl Default for Enclave {
    fn default() -> Self {
        Self::new()
    }
}

impl Enclave {
    /// An enclave in production, with [`Identity::default`], at [`DEFAULT_TIME`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_identity(&Identity::default(), DEFAULT_TIME)
    }

    /// An enclave (or an instance with NitroTPM) of this identity, attesting at this moment, in
    /// seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn with_identity(identity: &Identity, at: u64) -> Self {
        let mut document = Document::of(identity, at.saturating_mul(1000).saturating_add(250));
        if identity.tpm {
            document.rename("pcrs", "nitrotpm_pcrs");
        }
        Self {
            document,
            chain: chain::profile(identity, at),
            cose: Cose::default(),
            payload: None,
            document_signer: None,
            tampers: Vec::new(),
        }
    }

    /// An instance with NitroTPM: the same chain, another kind of module, the PCRs of a measured boot without
    /// secure boot. A verifier of enclaves must refuse it.
    #[must_use]
    pub fn nitrotpm() -> Self {
        let identity = Identity { tpm: true, enclave: 0, ..Identity::default() };
        Self::with_identity(&identity, DEFAULT_TIME)
    }

    /// Gives all certificates above the leaf keys that no other enclave has: another AWS of the
    /// same name.
    #[must_use]
    pub fn with_own_authorities(mut self) -> Self {
        if let Some((_, authorities)) = self.chain.split_last_mut() {
            for link in authorities {
                link.key = Key::fresh(link.key.kind());
            }
        }
        self
    }

    /// Makes it a debug enclave: registers 0 to 2 are zero.
    #[must_use]
    pub fn debug(self) -> Self {
        (0..3).fold(self, |enclave, index| enclave.pcr(index, &[0; 48]))
    }

    /// Sets a register.
    #[must_use]
    pub fn pcr(mut self, index: u64, value: &[u8]) -> Self {
        self.document.set_pcr(index, value);
        self
    }

    /// Sets the nonce.
    #[must_use]
    pub fn nonce(self, nonce: &[u8]) -> Self {
        self.with_entry("nonce", nonce)
    }

    /// Sets the user data.
    #[must_use]
    pub fn user_data(self, user_data: &[u8]) -> Self {
        self.with_entry("user_data", user_data)
    }

    /// Sets the public key, which is any bytes.
    #[must_use]
    pub fn public_key(self, public_key: &[u8]) -> Self {
        self.with_entry("public_key", public_key)
    }

    /// Sets any entry of the payload to any value: an integer where bytes belong, null, a tag.
    #[must_use]
    pub fn with_entry(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.document.set(key, value);
        self
    }

    /// Changes the payload.
    #[must_use]
    pub fn with_document(mut self, change: impl FnOnce(&mut Document)) -> Self {
        change(&mut self.document);
        self
    }

    /// Changes the chain: its certificates, its keys, its length.
    #[must_use]
    pub fn with_chain(mut self, change: impl FnOnce(&mut Vec<Link>)) -> Self {
        change(&mut self.chain);
        self
    }

    /// Changes the frame.
    #[must_use]
    pub fn with_cose(mut self, change: impl FnOnce(&mut Cose)) -> Self {
        change(&mut self.cose);
        self
    }

    /// Puts these bytes in the place of the payload. They are signed as they are.
    #[must_use]
    pub fn with_payload(mut self, payload: Vec<u8>) -> Self {
        self.payload = Some(payload);
        self
    }

    /// Overwrites bytes of the document after it was signed.
    #[must_use]
    pub fn tamper(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.tampers.push((offset, bytes.to_vec()));
        self
    }

    /// Makes the document.
    ///
    /// # Errors
    /// A key could not be made or cannot make the requested signature, the chain is empty, or a patch reaches
    /// over the end.
    pub fn mint(&self) -> Result<Attestation, Error> {
        let chain = mint_chain(&self.chain)?;
        let payload = match &self.payload {
            Some(payload) => payload.clone(),
            None => self.document.payload(&chain)?,
        };
        let leaf = self.chain.last().map(|link| &link.key);
        let key = self.document_signer.as_ref().or(leaf).ok_or(Error::EmptyChain)?;
        let mut document = self.cose.close(&payload, key)?;
        patch(&mut document, &self.tampers)?;
        Ok(Attestation { document, payload, chain })
    }
}
