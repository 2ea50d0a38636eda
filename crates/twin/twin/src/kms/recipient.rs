//! The recipient of an answer: an attestation document that our verifier accepts, with an RSA key in it.

use aws_lc_rs::rsa::PublicEncryptingKey;
use teeproof::{Anchors, Evidence, Freshness, Moment, Request, Technology, Time, Verified, verify};
use teeproof_aws_lc::TABLE;

use super::condition::Context;
use super::error::Refused;
use super::fields::Fields;
use super::{Fault, Settings};
use crate::aws::sigv4::hex;

/// How old a document may be, in seconds.
const MAX_AGE: i64 = 300;
/// The size limit of a document in a request, in bytes.
const MAX_DOCUMENT: usize = 262_144;
/// Smaller RSA keys are refused.
const MIN_RSA_BITS: usize = 2048;

/// The documents that KMS takes.
const TECHNOLOGIES: &[Technology] = &[Technology::Nitro, Technology::NitroTpm];

/// A recipient: an enclave, or an instance with NitroTPM.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    /// The key that answers are encrypted for, as SubjectPublicKeyInfo.
    pub(super) public_key: Vec<u8>,
    /// PCR values, in lower-case hexadecimal, by the name of their condition key.
    pcrs: Vec<(String, String)>,
}

impl Recipient {
    /// The recipient of a request, if it has one.
    pub(super) fn of(fields: &Fields, settings: &Settings, now: i64) -> Result<Option<Self>, Refused> {
        let Some(recipient) = fields.object("Recipient")? else { return Ok(None) };
        let document = recipient.required_bytes("AttestationDocument", MAX_DOCUMENT)?;
        let algorithm = recipient.required_text("KeyEncryptionAlgorithm")?;
        if algorithm != "RSAES_OAEP_SHA_256" {
            let expected = "KeyEncryptionAlgorithm: expected RSAES_OAEP_SHA_256";
            return Err(Refused::validation(expected));
        }
        Self::verified(&document, settings, now).map(Some)
    }

    fn verified(document: &[u8], settings: &Settings, now: i64) -> Result<Self, Refused> {
        let anchors: Vec<&[u8]> = settings.anchors.iter().map(Vec::as_slice).collect();
        let replay = settings.fault == Some(Fault::Replay);
        let moment = if replay { Moment::OfDocument } else { Moment::At(Time(now)) };
        // The nonce is between the enclave and others; KMS judges the time of the document.
        let freshness = Freshness::Waived("KMS expects a recent document");
        let request = Request::new(TECHNOLOGIES, freshness, moment, &TABLE).anchors(Anchors::and(&anchors));
        // Which of the two it is stands in the signed payload, and so is known after the signature.
        let found = match Found::of(&Evidence::Nitro(document), &request) {
            Err(failed) if failed == "nitro.fields" => Found::of(&Evidence::NitroTpm(document), &request)
                .map_err(|other| if other.ends_with(".fields") { failed } else { other }),
            found => found,
        };
        let found = found.map_err(|failed| invalid(&failed))?;
        if let Some(age) = found.age_secs.filter(|age| *age > MAX_AGE) {
            return Err(invalid(&format!("expected at most {MAX_AGE} seconds of age, got {age}")));
        }
        let public_key = found.public_key.ok_or_else(|| invalid("public_key is missing"))?;
        let key = PublicEncryptingKey::from_der(&public_key)
            .map_err(|_| invalid("public_key: expected an RSA key as SubjectPublicKeyInfo, in DER"))?;
        if key.key_size_bits() < MIN_RSA_BITS {
            return Err(invalid("public_key: expected an RSA key of at least 2048 bits"));
        }
        Ok(Self { public_key, pcrs: found.pcrs })
    }

    /// Sets the condition keys of the document.
    pub(super) fn describe(&self, context: &mut Context) {
        for (name, value) in &self.pcrs {
            context.set(&format!("kms:RecipientAttestation:{name}"), value.as_str());
            if name == "PCR0" {
                context.set("kms:RecipientAttestation:ImageSha384", value.as_str());
            }
        }
    }
}

/// What KMS needs of a verified document.
struct Found {
    age_secs: Option<i64>,
    public_key: Option<Vec<u8>>,
    pcrs: Vec<(String, String)>,
}

impl Found {
    /// The error is the id of the check that fails.
    fn of(evidence: &Evidence<'_>, request: &Request<'_>) -> Result<Self, String> {
        let result = verify(evidence, request).map_err(|error| error.to_string())?;
        match result.authentic() {
            Some(Verified::Nitro(verified)) => {
                let document = verified.document();
                Ok(Self {
                    age_secs: verified.age_secs(),
                    public_key: document.public_key.map(<[u8]>::to_vec),
                    pcrs: named("PCR", document.pcrs.iter()),
                })
            }
            Some(Verified::NitroTpm(verified)) => {
                let document = verified.document();
                Ok(Self {
                    age_secs: verified.age_secs(),
                    public_key: document.public_key().map(<[u8]>::to_vec),
                    pcrs: named("NitroTPMPCR", document.pcrs().iter()),
                })
            }
            _ => {
                let failed = result.failures().next();
                Err(failed.map_or("not verified", |failure| failure.check.id).to_owned())
            }
        }
    }
}

/// Values of PCRs by the names of their condition keys.
fn named<'p>(prefix: &str, pcrs: impl Iterator<Item = (u8, &'p [u8; 48])>) -> Vec<(String, String)> {
    pcrs.map(|(index, value)| (format!("{prefix}{index}"), hex(value))).collect()
}

fn invalid(why: &str) -> Refused {
    Refused::validation(format!("The attestation document is invalid: {why}"))
}
