//! The VCEK chain from Azure's instance metadata, where that can be reached.

use teeproof_endorse::vcek_chain;

use super::args::AzureArgs;
use crate::input::azure::http;
use crate::settings::context::Context;

/// The certificates; none if the service cannot be reached, which is said and is no failure: a
/// verifier can have them from elsewhere.
pub(super) fn chain(args: &AzureArgs, context: &Context) -> Vec<Vec<u8>> {
    if context.offline {
        context.messages.say("endorsements: left out, --offline was given");
        return Vec::new();
    }
    match vcek_chain(&http(context.timeout), &args.metadata.imds) {
        Ok(chain) => {
            context.messages.say(&format!("endorsements: {} certificates of the chip", chain.len()));
            chain
        }
        Err(error) => {
            context.messages.say(&format!("endorsements: none, {error}; {}", error.hint()));
            Vec::new()
        }
    }
}
