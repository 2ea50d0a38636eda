//! A signed chain and the key of its leaf, for any number of documents: what a running security module needs.

use super::{Cose, Document};
use crate::x509::{Link, mint_chain};
use crate::{Error, Key};

/// A chain that is signed once, and the key of its leaf.
///
/// [`Enclave::mint`](super::Enclave::mint) signs a chain for each document. Here the cost of a document is that of its own
/// signature.
#[derive(Clone, Debug)]
pub struct Signer {
    chain: Vec<Vec<u8>>,
    key: Key,
}

impl Signer {
    /// Signs a chain, root first.
    ///
    /// # Errors
    /// The chain is empty, or a key could not be made or cannot make the requested signature.
    pub fn new(links: &[Link]) -> Result<Self, Error> {
        let key = links.last().ok_or(Error::EmptyChain)?.key.clone();
        Ok(Self { chain: mint_chain(links)?, key })
    }

    /// Signs a chain of the same root for the time after this one: the certificate of the root stays as it is, byte for
    /// byte, since relying parties have it as their anchor.
    ///
    /// # Errors
    /// As [`Signer::new`].
    pub fn renewed(&self, links: &[Link]) -> Result<Self, Error> {
        let mut renewed = Self::new(links)?;
        if let (Some(new), Some(root)) = (renewed.chain.first_mut(), self.chain.first()) {
            new.clone_from(root);
        }
        Ok(renewed)
    }

    /// The certificate of the root, in DER: the trust anchor of every document.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// The certificates in DER, root first, leaf last.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The signed document: the chain's certificates are put into the payload.
    ///
    /// # Errors
    /// A value that CBOR cannot write, or a leaf whose key cannot sign.
    pub fn sign(&self, document: &Document) -> Result<Vec<u8>, Error> {
        self.sign_in(document, &Cose::default())
    }

    /// The signed document in another frame.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_in(&self, document: &Document, cose: &Cose) -> Result<Vec<u8>, Error> {
        cose.close(&document.payload(&self.chain)?, &self.key)
    }
}
