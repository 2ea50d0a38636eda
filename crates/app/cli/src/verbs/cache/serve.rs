//! `teeproof cache serve`: a mirror for a fleet.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clap::Args;
use teeproof_endorse::{Access, AccessLog, Mirror, MirrorLimits};

use super::opened::{no_cache, open_network};
use crate::endorsements::completion::Demand;
use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::output::serving::{RequestLines, end_by_signals};
use crate::settings::context::Context;

/// Answer other machines from the cache, over HTTP and by the paths of AMD KDS, Intel PCS and Azure THIM
///
/// What the cache lacks is fetched once, for everybody who waits for it; under --offline it is not, and the answer is
/// 404: the mirror opens no other socket than the one at which it listens. Clients name the mirror in place of the services: TEEPROOF_KDS_URL and TEEPROOF_PCS_URL are its address,
/// TEEPROOF_INTEL_ROOT_CRL_URL is its address with /IntelSGXRootCA.der, TEEPROOF_AIA_URL with /aia. It ends by SIGINT or
/// SIGTERM. With -v, each request is a line on standard error; lines that are not read in time are left out.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address and port; port 0 is any free one, which is printed
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081", value_parser = listen_address)]
    listen: SocketAddr,
}

/// A numeric address and a port. No name is resolved but localhost, which is 127.0.0.1 here.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let local = text.rsplit_once(':').filter(|(host, _)| host.eq_ignore_ascii_case("localhost"));
    let address = match local {
        Some((_, port)) => port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        None => text.parse().ok(),
    };
    address.ok_or_else(|| {
        "expected a numeric address and a port, such as 127.0.0.1:8081 or [::1]:8081".to_owned()
    })
}

/// Runs the verb.
pub(super) fn run(args: &ServeArgs, context: &Context) -> Result<Product, Fault> {
    let network = open_network(context)?;
    let reuse = |question: &_| Demand::Listed.reuse(question);
    let source = network.into_mirror_source(reuse, now).ok_or_else(no_cache)?;
    let fault = |error: teeproof_endorse::Error| Fault::usage(error.to_string(), error.hint());
    let mirror = Mirror::bind(args.listen, source, MirrorLimits::DEFAULT).map_err(fault)?;
    let stop = mirror.stopper();
    end_by_signals(move || stop.stop());
    let address = mirror.address();
    if !address.ip().is_loopback() {
        context.messages.say(
            "warning: other machines get plain HTTP from here; teeproof itself requests a mirror on another machine by \
             HTTPS only: put a TLS proxy in front of it",
        );
    }
    context.messages.say(&format!("listening on http://{address}"));
    if !context.verbose {
        mirror.run(Arc::new(|_: &Access<'_>| ())).map_err(fault)?;
        context.messages.say("stopped");
        return Ok(Product::none());
    }
    let lines = Arc::new(RequestLines::start());
    let log: Arc<AccessLog> = {
        let lines = Arc::clone(&lines);
        Arc::new(move |access: &Access<'_>| lines.add(log_line(access)))
    };
    let ended = mirror.run(log);
    lines.end(Page::of_line("stopped"));
    ended.map_err(fault)?;
    Ok(Product::none())
}

/// A line for a response. The page escapes what the client wrote.
fn log_line(access: &Access<'_>) -> Page {
    let Access { peer, method, target, status, bytes, origin, duration } = access;
    let target: String = target.chars().take(MAX_TARGET).collect();
    let milliseconds = duration.as_millis();
    Page::of_line(format_args!(
        "{peer} {method} {target} {status}, {bytes} bytes, {origin}, {milliseconds} ms"
    ))
}

/// The most characters of a path in a line.
const MAX_TARGET: usize = 500;
