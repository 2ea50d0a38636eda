//! `teeproof collect nitro`: the attestation document of an enclave, from its module or over the road.

use clap::Args;
use teeproof_core::Hex;
use teeproof_nsm::check_document;
use teeproof_nsm::road::{RoadForm, RoadRequest, fetch};

use crate::input::bytes::NonceRule;
use crate::input::nsm::{
    FieldArgs, Fields, ModuleArgs, PATIENCE, document_fault, nsm_fault, road_address, road_fault,
};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Collect an attestation document of a Nitro enclave, inside of it or from nsm serve
///
/// Of the document, only the form of its frame and the nonce are checked, so that a mistake shows here; nothing is
/// verified. In the enclave, the document is requested of the module; elsewhere with --from, of `teeproof nsm serve` in
/// the enclave, which chooses user data and public key itself. --timeout limits the whole exchange over a socket
/// [default: 10 s].
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct NitroArgs {
    #[command(flatten)]
    fields: FieldArgs,

    /// The server in the enclave: vsock:CID[:PORT], tcp:HOST[:PORT] or unix:PATH; the default port is 5733. It
    /// takes nonces of at most 512 bytes
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["user_data", "public_key", "no_nonce"])]
    from: Option<String>,

    #[command(flatten)]
    module: ModuleArgs,
}

const EXAMPLES: &str = "\
Examples:
  In the enclave, for a verifier that sent a nonce:
    teeproof collect nitro --nonce hex:7b1e… -o document.cose
  On the parent, of the enclave with CID 16 (nitro-cli describe-enclaves shows it):
    teeproof collect nitro --from vsock:16 --nonce hex:7b1e… -o document.cose
  With a key for KMS:
    teeproof collect nitro --nonce hex:7b1e… --public-key @key.der -o document.cose
  Then, elsewhere:
    teeproof verify document.cose --nonce hex:7b1e… --policy prod.toml";

/// Runs the verb.
pub(super) fn run(args: &NitroArgs, context: &Context) -> Result<Product, Fault> {
    let rule = if args.from.is_some() { NonceRule::OF_ROAD } else { NonceRule::OF_EVIDENCE };
    let fields = args.fields.read(rule, &context.source)?;
    let document = match &args.from {
        Some(from) => fetched(from, &fields, context)?,
        None => {
            let mut nsm = args.module.open(context.network.timeout)?;
            nsm.attest(fields.as_request()).map_err(|error| nsm_fault(&error))?
        }
    };
    check_document(&document, fields.nonce.as_deref()).map_err(|error| document_fault(&error))?;
    context.messages.say(&format!("document: {} bytes, not verified", document.len()));
    let nonce = match &fields.nonce {
        Some(nonce) => format!("--nonce hex:{}", Hex(nonce)),
        None => "--no-nonce".to_owned(),
    };
    context.messages.say(&format!("hint: verify it elsewhere: teeproof verify FILE {nonce} --policy POLICY"));
    Ok(Product::file(document))
}

/// The document of a server.
fn fetched(from: &str, fields: &Fields, context: &Context) -> Result<Vec<u8>, Fault> {
    let address = road_address(from, "--from")?;
    if context.network.offline {
        return Err(Fault::usage("--offline forbids a connection", "leave --offline out"));
    }
    let request = RoadRequest { nonce: fields.nonce.clone().unwrap_or_default(), form: RoadForm::Document };
    let patience = context.network.timeout.unwrap_or(PATIENCE);
    fetch(&address, &request, patience).map_err(|error| road_fault(&error))
}
