//! `teeproof collect nitro-tpm`: the attestation document of an EC2 instance, from its NitroTPM.

use clap::Args;
use teeproof_core::{Hex, equal};
use teeproof_nsm::{DocumentError, MAX_REQUEST, NsmError, Request, Response};
use teeproof_vtpm::nitro_tpm::nsm_exchange;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Limits, NitroTpmDocument};

use crate::input::bytes::NonceRule;
use crate::input::nitro_tpm::{NitroTpmArgs, nitro_tpm_fault};
use crate::input::nsm::{FieldArgs, document_fault, nsm_fault};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Collect an attestation document of an EC2 instance from its NitroTPM
///
/// The document has all 24 PCRs of the SHA-384 bank and is signed by the Nitro hypervisor. Of the document, only the form
/// of its frame and the nonce are checked, so that a mistake shows here; nothing is verified. The request goes through an
/// NV index of the owner, which is defined for it and undefined afterwards. Root, or a user of the group tss where
/// /dev/tpm0 belongs to it, may do this; the owner's password must be empty.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct CollectNitroTpmArgs {
    #[command(flatten)]
    fields: FieldArgs,

    #[command(flatten)]
    tpm: NitroTpmArgs,
}

const EXAMPLES: &str = "\
Examples:
  On the instance, for a verifier that sent a nonce:
    sudo teeproof collect nitro-tpm --nonce hex:7b1e… -o document.cose
  With a key for KMS:
    sudo teeproof collect nitro-tpm --nonce hex:7b1e… --public-key @key.der -o document.cose
  Then, elsewhere:
    teeproof verify document.cose --nonce hex:7b1e… --policy prod.toml";

/// Runs the verb.
pub(super) fn run(args: &CollectNitroTpmArgs, context: &Context) -> Result<Product, Fault> {
    let fields = args.fields.read(NonceRule::OF_EVIDENCE, &context.source)?;
    let request = Request::Attestation(fields.as_request());
    let message = request.to_cbor().map_err(|error| nsm_fault(&error))?;
    let mut tpm = args.tpm.open()?;
    let answer = nsm_exchange(tpm.as_mut(), &message).map_err(|error| nitro_tpm_fault(&error))?;
    let document = document_of(&request, &answer).map_err(|error| nsm_fault(&error))?;
    check_document(&document, fields.nonce.as_deref()).map_err(|error| document_fault(&error))?;
    context.messages.say(&format!("document: {} bytes, not verified", document.len()));
    let nonce = match &fields.nonce {
        Some(nonce) => format!("--nonce hex:{}", Hex(nonce)),
        None => "--no-nonce".to_owned(),
    };
    context.messages.say(&format!("hint: verify it elsewhere: teeproof verify FILE {nonce} --policy POLICY"));
    Ok(Product::file(document))
}

/// The document in an answer of the module.
fn document_of(request: &Request<'_>, answer: &[u8]) -> Result<Vec<u8>, NsmError> {
    let request = request.name();
    match Response::from_cbor(answer) {
        Ok(Response::Attestation(document)) => Ok(document),
        Ok(Response::Error(code)) => Err(NsmError::Refused { request, code }),
        Ok(response) => Err(NsmError::OtherAnswer { request, answer: response.name() }),
        Err(problem) => Err(NsmError::Undecodable { request, problem }),
    }
}

/// Checks that these bytes have the frame of a NitroTPM document, and that it has this nonce; `None`: any. This is not
/// verification.
fn check_document(document: &[u8], nonce: Option<&[u8]>) -> Result<(), DocumentError> {
    let frame = Sign1::parse(document).map_err(DocumentError::Form)?;
    let payload = NitroTpmDocument::parse_with_unknown_keys(
        frame.payload(),
        frame.payload_offset(),
        &Limits::of_fields(MAX_REQUEST),
        &mut |_, _| {},
    )
    .map_err(DocumentError::Form)?;
    match (nonce, payload.nonce()) {
        (None, _) => Ok(()),
        (Some(expected), Some(got)) if equal(expected, got) => Ok(()),
        (Some(expected), got) => {
            Err(DocumentError::Nonce { expected: expected.to_vec(), got: got.map(<[u8]>::to_vec) })
        }
    }
}
