//! `teeproof nsm serve`: attestation documents for those outside of the enclave.

use std::sync::Arc;

use clap::Args;
use teeproof_nsm::road::{RoadAccess, RoadAddress, RoadLimits, RoadLog, RoadServer, ServedFields};

use crate::input::nsm::{ModuleArgs, nsm_fault, optional, road_address, road_fault};
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::output::serving::{RequestLines, end_by_signals};
use crate::settings::context::Context;

/// Answer nonces with attestation documents, over vsock, TCP or a Unix socket
///
/// One request on each connection: a nonce of 1 to 512 bytes in, a document or a bundle with it out; docs/nsm.md has the
/// protocol. Everybody who reaches the address gets documents: they prove what this enclave is, and are no secret. The
/// rate is that of the whole server; over it, requests get an error. It ends by SIGINT or SIGTERM, and answers what
/// it has read before. With -v, each request is a line on standard error; lines that are not read in time are left out.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen: vsock:CID[:PORT], tcp:HOST[:PORT] or unix:PATH; vsock:any is every CID of this machine
    #[arg(long, value_name = "ADDRESS", default_value = "vsock:any:5733")]
    listen: String,

    /// How many documents are made each second, over a longer time
    #[arg(long, value_name = "COUNT", default_value_t = RoadLimits::DEFAULT.rate)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,

    /// How many documents are made at once after a pause
    #[arg(long, value_name = "COUNT", default_value_t = RoadLimits::DEFAULT.burst)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    burst: u32,

    /// The user data of every document: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES")]
    user_data: Option<String>,

    /// The public key of every document, in the forms of --user-data
    #[arg(long, value_name = "BYTES")]
    public_key: Option<String>,

    #[command(flatten)]
    module: ModuleArgs,
}

/// Runs the verb.
pub(super) fn run(args: &ServeArgs, context: &Context) -> Result<Product, Fault> {
    let address = road_address(&args.listen, "--listen")?;
    let fields = ServedFields {
        user_data: optional(args.user_data.as_deref(), "--user-data", &context.source)?,
        public_key: optional(args.public_key.as_deref(), "--public-key", &context.source)?,
    };
    fields.check().map_err(|error| nsm_fault(&error))?;
    let mut nsm = args.module.open(context.network.timeout)?;
    let module = nsm.describe().map_err(|error| nsm_fault(&error))?;
    let limits = RoadLimits { rate: args.rate, burst: args.burst, ..RoadLimits::DEFAULT };
    let server = RoadServer::bind(&address, limits, fields).map_err(|error| road_fault(&error))?;
    let stop = server.stopper();
    end_by_signals(move || stop.stop());
    context.messages.say(&format!("listening on {}", server.address()));
    context.messages.say(&format!("module {}", module.module_id));
    if let RoadAddress::Tcp { host, .. } = server.address()
        && !host.parse().is_ok_and(|host: std::net::IpAddr| host.is_loopback())
    {
        context.messages.say(
            "warning: other machines get documents from here without TLS: anybody on the way can replay \
             older ones, which a verifier's fresh nonce shows",
        );
    }
    if !context.verbose {
        server.run(nsm, Arc::new(|_: &RoadAccess<'_>| ())).map_err(|error| road_fault(&error))?;
        context.messages.say("stopped");
        return Ok(Product::none());
    }
    let lines = Arc::new(RequestLines::start());
    let log: Arc<RoadLog> = {
        let lines = Arc::clone(&lines);
        Arc::new(move |access: &RoadAccess<'_>| lines.add(log_line(access)))
    };
    let ended = server.run(nsm, log);
    lines.end(Page::of_line("stopped"));
    ended.map_err(|error| road_fault(&error))?;
    Ok(Product::none())
}

/// A line for a request. The page escapes what others wrote.
fn log_line(access: &RoadAccess<'_>) -> Page {
    let RoadAccess { peer, outcome, bytes, duration } = access;
    Page::of_line(format_args!("{peer} {outcome}, {bytes} bytes, {:.1} ms", duration.as_secs_f64() * 1000.0))
}
