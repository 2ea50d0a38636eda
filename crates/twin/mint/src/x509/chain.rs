//! Chains of certificates, each signed with the key of the one before.

use super::Certificate;
use crate::{Error, Key};

/// One certificate of a chain, and the keys around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Link {
    /// What it says.
    pub certificate: Certificate,
    /// The key that it certifies.
    pub key: Key,
    /// The key that signs it. `None` is the key of the link before, or its own for the first.
    pub signer: Option<Key>,
}

impl Link {
    /// A certificate of this key, signed with the key of the link before.
    #[must_use]
    pub const fn new(certificate: Certificate, key: Key) -> Self {
        Self { certificate, key, signer: None }
    }
}

/// Signs a chain, root first: the certificates in DER, in the same order.
///
/// # Errors
/// A key could not be made, or cannot make the requested signature.
pub fn mint_chain(links: &[Link]) -> Result<Vec<Vec<u8>>, Error> {
    let issuers = links.first().into_iter().chain(links);
    links
        .iter()
        .zip(issuers)
        .map(|(link, issuer)| {
            let signer = link.signer.as_ref().unwrap_or(&issuer.key);
            link.certificate.sign(&link.key, &issuer.certificate.subject, signer)
        })
        .collect()
}
