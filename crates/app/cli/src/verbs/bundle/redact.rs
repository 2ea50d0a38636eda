//! `teeproof bundle redact`.

use clap::Args;
use teeproof_evidence::bundle::Redaction;

use super::file::{BundleFile, BundleForm, bundle_fault};
use crate::input::bytes;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Replace identifiers of the machine by salted hashes
///
/// This changes signed bytes: a redacted bundle can be inspected, but never accepted. The salt is not stored in
/// the bundle. Whoever has it can prove which machine the bundle is of: redacting the original with the same
/// salt gives the same bundle.
#[derive(Debug, Args)]
pub(super) struct RedactArgs {
    #[command(flatten)]
    named: BundleFile,

    /// The salt, 16 bytes or more: hex:…, b64:…, utf8:…, @FILE, or - for stdin [default: random]
    #[arg(long, value_name = "BYTES")]
    salt: Option<String>,

    #[command(flatten)]
    form: BundleForm,
}

/// Runs the verb.
pub(super) fn run(args: &RedactArgs, context: &Context) -> Result<Product, Fault> {
    let bundle = args.named.read(context)?;
    let salt = match &args.salt {
        Some(text) => bytes::resolve_bytes(text, "--salt", &context.source)?,
        None => random()?,
    };
    if salt.len() < SHORTEST {
        return Err(Fault::usage(
            format!("--salt: expected 16 bytes or more, got {}", salt.len()),
            "give 16 random bytes or more, or leave --salt out for a random salt",
        ));
    }
    let redacted = bundle
        .redact(&salt, &teeproof_aws_lc::TABLE)
        .map_err(|error| bundle_fault(&error, &args.named.bundle))?;
    for (place, count) in counted(redacted.redactions()) {
        let places = if count == 1 { "place" } else { "places" };
        context.messages.say(&format!(
            "replaced: {} in {}: {count} {places}",
            place.what.as_str(),
            place.part
        ));
    }
    if args.salt.is_none() {
        context
            .messages
            .say("a random salt was used and not stored: nobody can match the hashes with the machine");
    }
    Ok(args.form.product(&redacted))
}

/// A random salt for this bundle alone, so that two bundles of one machine have different hashes.
fn random() -> Result<Vec<u8>, Fault> {
    let mut salt = vec![0; 32];
    getrandom::fill(&mut salt)
        .map_err(|error| Fault::internal(format!("no random bytes from the operating system: {error}")))?;
    Ok(salt)
}

/// The first place of each identifier in each part, and the number of places.
fn counted(places: &[Redaction]) -> Vec<(&Redaction, usize)> {
    let mut counted: Vec<(&Redaction, usize)> = Vec::new();
    for place in places {
        match counted.iter_mut().find(|(first, _)| (first.what, first.part) == (place.what, place.part)) {
            Some((_, count)) => *count += 1,
            None => counted.push((place, 1)),
        }
    }
    counted
}

/// The shortest salt that cannot be guessed.
const SHORTEST: usize = 16;
