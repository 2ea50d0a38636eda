//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy.

mod args;
mod human;

pub(crate) use args::{VerifyArgs, kind};

use teeproof::Request;
use teeproof::core::{Crypto, Freshness};
use teeproof::nitro::Limits;
use teeproof::x509::{Anchors, Revocation};

use crate::bytes;
use crate::context::Context;
use crate::fault::Fault;
use crate::files::Files;
use crate::globals::CryptoChoice;
use crate::policy::{self, PolicyChoice};
use crate::product::Product;

/// Runs the verb.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<Product, Fault> {
    let nonce = nonce(args, context)?;
    let choice = policy_choice(args, context)?;
    let policy = choice.as_ref().map(|choice| policy::load(choice, &context.source)).transpose()?;
    let files = Files::read(&args.files, args.kind, &args.backing, context)?;
    let user_data = user_data(args, context)?;
    let certificates = files.certificates()?;
    let lists = files.revocation_lists()?;
    let anchors: Vec<&[u8]> = files.anchors.iter().map(Vec::as_slice).collect();
    let crypto = table(args.crypto.or(context.config.crypto));
    let request = Request {
        accept: args.accepted(),
        endorsements: &certificates,
        revocation: if lists.is_empty() {
            Revocation::Unchecked("no revocation list was given")
        } else {
            Revocation::Lists(&lists)
        },
        anchors: Anchors::and(&anchors),
        freshness: nonce.as_deref().map_or(Freshness::Waived("--no-nonce was given"), Freshness::Nonce),
        user_data: user_data.as_deref(),
        at: args.at.moment(),
        skew_secs: args.skew,
        limits: Limits::USUAL,
        policy: policy.as_ref(),
        crypto: &crypto,
    };
    answer(&files, &request, choice.as_ref(), context)
}

fn answer(
    files: &Files,
    request: &Request<'_>,
    choice: Option<&PolicyChoice>,
    context: &Context,
) -> Result<Product, Fault> {
    let evidence = files.evidence()?;
    let result = teeproof::verify(&evidence, request)
        .map_err(|error| Fault::usage(error.to_string(), error.hint()).in_file(files.name()))?;
    if context.is_json() {
        return Product::json(&result, result.exit());
    }
    let genuine = choice == Some(&PolicyChoice::Genuine);
    Ok(Product::ending(human::text(&result, genuine, context), result.exit()))
}

/// What must be said about freshness: there is no default.
fn nonce(args: &VerifyArgs, context: &Context) -> Result<Option<Vec<u8>>, Fault> {
    let Some(text) = &args.nonce else {
        return if args.no_nonce {
            Ok(None)
        } else {
            Err(Fault::usage(
                "neither --nonce nor --no-nonce was given",
                "--nonce hex:… demands the nonce that you sent; --no-nonce says that you do without",
            ))
        };
    };
    let nonce = bytes::resolve(text, "--nonce", &context.source)?;
    if nonce.is_empty() {
        return Err(Fault::usage(
            "--nonce: the nonce is empty",
            "send 16 or more random bytes with each question; --no-nonce says that you do without",
        ));
    }
    Ok(Some(nonce))
}

/// What user-data must hold. More than 64 bytes could never be held.
fn user_data(args: &VerifyArgs, context: &Context) -> Result<Option<Vec<u8>>, Fault> {
    let Some(text) = &args.user_data else { return Ok(None) };
    let bytes = bytes::resolve(text, "--user-data", &context.source)?;
    if bytes.len() > 64 {
        let message = format!("--user-data: {} bytes are given, user-data has room for 64", bytes.len());
        return Err(Fault::usage(message, "give what the guest wrote, or its hash if it wrote a hash"));
    }
    Ok(Some(bytes))
}

fn policy_choice(args: &VerifyArgs, context: &Context) -> Result<Option<PolicyChoice>, Fault> {
    match &args.policy {
        Some(policy) => PolicyChoice::parse(policy).map(Some),
        None => Ok(context.config.policy.clone()),
    }
}

/// The table that was chosen, or the fast one.
pub(crate) const fn table(choice: Option<CryptoChoice>) -> Crypto<'static> {
    match choice {
        Some(CryptoChoice::Rustcrypto) => teeproof_rustcrypto::TABLE,
        _ => teeproof_aws_lc::TABLE,
    }
}
