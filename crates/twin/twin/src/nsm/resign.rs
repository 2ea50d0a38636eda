//! The payload of a document, signed under a minted chain: for documents of QEMU's module, which signs nothing.

use teeproof_mint::nitro::{Document, Identity, profile};
use teeproof_mint::x509::{Link, pem};
use teeproof_mint::{Error as Mint, Value};

use super::issuer::{marked, under_one_root};
use crate::Error;

/// A document under a minted chain.
#[derive(Clone, Debug)]
pub struct Resigned {
    /// The document: a COSE_Sign1.
    pub document: Vec<u8>,
    /// The only trust anchor that it needs, in DER.
    pub root: Vec<u8>,
}

impl Resigned {
    /// The trust anchor in PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        pem(&self.root)
    }
}

/// Signs the payload of a document anew, whatever its header and signature are. `certificate` and `cabundle` become those
/// of the minted chain, which is valid at the document's time; every other entry stays as it is.
///
/// # Errors
/// No array of four with a payload that has a module id and a time; or the chain cannot be made.
pub fn resign(document: &[u8], region: &str) -> Result<Resigned, Error> {
    let payload = payload(document)?;
    let payload = Document::from_payload(&payload)?;
    let text =
        payload.get("module_id").and_then(Value::as_text).ok_or(Error::Document("a module_id, text"))?;
    let millis: Option<u64> = payload.get("timestamp").and_then(|value| value.as_integer()?.try_into().ok());
    let millis = millis.ok_or(Error::Document("a timestamp, an unsigned integer"))?;
    let signer = under_one_root(&chain(text, region, millis / 1000))?;
    Ok(Resigned { document: signer.sign(&payload)?, root: signer.root().to_vec() })
}

/// The chain of the module with this id, whatever its form is.
fn chain(module_id: &str, region: &str, at: u64) -> Vec<Link> {
    let instance = module_id.split_once("-enc").map_or(module_id, |(instance, _)| instance);
    let identity =
        Identity { instance: instance.to_owned(), region: region.to_owned(), ..Identity::default() };
    let mut links = marked(profile(&identity, at));
    if let Some(leaf) = links.last_mut() {
        leaf.certificate.subject.set_common_name(&format!("{module_id}.{region}.aws"));
    }
    links
}

fn payload(mut document: &[u8]) -> Result<Vec<u8>, Error> {
    let frame = ciborium::from_reader::<Value, _>(&mut document).or(Err(Mint::NotAPayload))?;
    let expected = Error::Document("an array of four, with a byte string as the third element");
    match (frame, document.is_empty()) {
        (Value::Array(mut elements), true) if elements.len() == 4 => match elements.swap_remove(2) {
            Value::Bytes(payload) => Ok(payload),
            _ => Err(expected),
        },
        _ => Err(expected),
    }
}
