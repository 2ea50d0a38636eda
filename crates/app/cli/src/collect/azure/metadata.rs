//! The VCEK chain from Azure's instance metadata, where that can be reached.

use std::time::Duration;

use teeproof_endorse::{Http, vcek_chain};

use super::args::AzureArgs;
use crate::context::Context;

/// How long the metadata service is waited for. It is on the same host.
const PATIENCE: Duration = Duration::from_secs(3);

/// The certificates; none if the service cannot be reached, which is said and is no failure: a
/// verifier can have them from elsewhere.
pub(super) fn chain(args: &AzureArgs, context: &Context) -> Vec<Vec<u8>> {
    if context.offline {
        context.say("endorsements: left out, --offline was given");
        return Vec::new();
    }
    let http = Http::new(context.timeout.unwrap_or(PATIENCE));
    match vcek_chain(&http, &args.imds) {
        Ok(chain) => {
            context.say(&format!("endorsements: {} certificates of the chip", chain.certificates.len()));
            chain.certificates
        }
        Err(error) => {
            context.say(&format!("endorsements: none, {error}; {}", error.hint()));
            Vec::new()
        }
    }
}
