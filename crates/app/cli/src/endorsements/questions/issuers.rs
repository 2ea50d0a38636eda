//! The missing issuers above an attestation key's certificate, bounded in steps and URLs.

use base64ct::{Base64UrlUnpadded, Encoding};
use teeproof_endorse::{Issuer, Question};
use teeproof_hcl::AK_ROOTS;
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::hcl::HclReport;

/// The questions for each missing issuer on the way up from the certificate of the report's attestation key. Nothing is
/// verified: who sends certificates can name others above their own, but no more than these bounds allow.
pub(super) fn missing(envelope: &HclReport<'_>, certificates: &[Certificate<'_>]) -> Vec<Vec<Question>> {
    let Some(modulus) = modulus_of_ak(envelope.claims()) else { return Vec::new() };
    let is_of_ak = |one: &&Certificate<'_>| matches!(one.public_key(), PublicKey::Rsa { modulus: own, .. } if own == modulus);
    let mut step: Vec<_> = certificates.iter().filter(is_of_ak).collect();
    let (mut questions, mut urls) = (Vec::new(), MAX_URLS);
    for _ in 0..MAX_STEPS {
        let mut above: Vec<&Certificate<'_>> = Vec::new();
        for certificate in step {
            let name = certificate.issuer().der();
            if name == certificate.subject().der() || is_root(name) {
                continue;
            }
            // Those of a certificate whose issuer is there count too: it may have been fetched.
            let named: Vec<_> =
                Issuer::of(certificate).into_iter().take(urls).map(Question::Issuer).collect();
            urls = urls.saturating_sub(named.len());
            let mut issuers = certificates.iter().filter(|one| one.subject().der() == name).peekable();
            if issuers.peek().is_none() && !named.is_empty() {
                questions.push(named);
            }
            for issuer in issuers {
                if !above.iter().any(|one| one.der() == issuer.der()) {
                    above.push(issuer);
                }
            }
        }
        step = above;
    }
    questions
}

/// The modulus of the attestation key in the claims; `None` if they do not name one.
fn modulus_of_ak(claims: &[u8]) -> Option<Vec<u8>> {
    let claims: serde_json::Value = serde_json::from_slice(claims).ok()?;
    let key = claims
        .get("keys")?
        .as_array()?
        .iter()
        .find(|key| key.get("kid").is_some_and(|id| id == "HCLAkPub"))?;
    Base64UrlUnpadded::decode_vec(key.get("n")?.as_str()?).ok()
}

/// Whether a pinned root has this name.
fn is_root(name: &[u8]) -> bool {
    AK_ROOTS.iter().any(|root| Certificate::parse(root).is_ok_and(|root| root.subject().der() == name))
}

/// The most certificates from the attestation key's up whose issuers are looked for: Azure's paths have three.
const MAX_STEPS: usize = 4;
/// The most URLs of all of them.
pub(crate) const MAX_URLS: usize = 8;
