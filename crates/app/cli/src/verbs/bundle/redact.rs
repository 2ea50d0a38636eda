//! `teeproof bundle redact`.

use clap::Args;
use teeproof_evidence::bundle::Redaction;

use super::file::{BundleFile, BundleForm, bundle_fault};
use crate::input::bytes;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Replace what identifies a machine by salted hashes
///
/// What was signed is changed by that: a redacted bundle can be looked at, and never be accepted.
/// The salt is not kept in the bundle; whoever knows it can show which machine the bundle is of, by
/// redacting the original once more with the same salt: the same bundle comes out.
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
            format!("--salt: {} bytes can be guessed", salt.len()),
            "give 16 random bytes or more, or none for a random salt",
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
            .say("a random salt was used and is not kept: nobody can tell the machine from its hashes");
    }
    Ok(args.form.product(&redacted))
}

/// A salt of its own for this bundle. It is told to nobody: two bundles of one machine then show
/// different hashes.
fn random() -> Result<Vec<u8>, Fault> {
    let mut salt = vec![0; 32];
    getrandom::fill(&mut salt)
        .map_err(|error| Fault::internal(format!("the system gives no random bytes: {error}")))?;
    Ok(salt)
}

/// The first place of each identifier in each part, and how many there are.
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

/// So many bytes cannot be guessed.
const SHORTEST: usize = 16;
