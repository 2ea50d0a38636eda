//! `teeproof nsm fetch`: a document or a bundle from a server of documents.

use clap::Args;
use teeproof_nsm::road::{RoadForm, RoadRequest, fetch};

use crate::input::bytes::NonceRule;
use crate::input::nsm::{PATIENCE, road_address, road_fault};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Request a document or a bundle from nsm serve
///
/// The answer is written as received: nothing is checked, and nothing is requested twice. `teeproof collect nitro --from`
/// also checks frame and nonce of a document. --timeout limits the whole exchange [default: 10 s].
#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// The server: vsock:CID[:PORT], tcp:HOST[:PORT] or unix:PATH; the default port is 5733
    #[arg(value_name = "ADDRESS")]
    from: String,

    /// The verifier's nonce, at most 512 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES")]
    nonce: String,

    /// Request a bundle, which says when the document was requested
    #[arg(long)]
    bundle: bool,
}

/// Runs the verb.
pub(super) fn run(args: &FetchArgs, context: &Context) -> Result<Product, Fault> {
    let address = road_address(&args.from, "ADDRESS")?;
    let nonce = NonceRule::OF_ROAD.read(&args.nonce, &context.source)?;
    let form = if args.bundle { RoadForm::Bundle } else { RoadForm::Document };
    if context.network.offline {
        return Err(Fault::usage("--offline forbids a connection", "leave --offline out"));
    }
    let patience = context.network.timeout.unwrap_or(PATIENCE);
    fetch(&address, &RoadRequest { nonce, form }, patience)
        .map(Product::file)
        .map_err(|error| road_fault(&error))
}
