//! `teeproof seal encrypt`: the machine is verified, then its key, then the secret is sealed to it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use teeproof::{AttestationResult, Verified};
use teeproof_hcl::checks::ORIGIN;
use teeproof_hcl::{BoundKeyError, OriginGrounds, VerifiedVm};
use teeproof_tpm::CertificationEvidence;
use teeproof_vtpm::seal::{SealingKey, seal_envelope};
use teeproof_vtpm::{Padding, Registers};
use teeproof_wire::tpm::Selection;

use super::sink::{Sink, seal_fault};
use crate::input::bytes;
use crate::input::policy_file::reason;
use crate::input::source;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::json::Json;
use crate::output::page::{HINT, LOUD};
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::verification::{RequestOptions, VerifyArgs, result_page, with_result};

/// The registers that guard a key unless others are named: firmware, its settings, boot programs, secure
/// boot, kernel and initial file system. 5, 6 and 10 change from one start to the next, or while it runs.
pub(super) const SEALING_PCRS: &str = "sha256:0-4,7-9";

/// Verify a machine's evidence and its key, and seal a secret to it
///
/// Takes everything that `teeproof verify` takes. The secret is sealed only if the evidence is
/// accepted under the policy, the key is certified by the attestation key in it, and the registers
/// that guard the key are among those of the quote. Otherwise the exit code is that of the failure.
///
/// Something has to tie the claims to Azure's paravisor besides the AK certificate, for any SNP guest can make
/// claims that name a key of its own: the measurement, or the id key digest with the guest SVN, in the policy,
/// or an id key that teeproof knows. The whole verdict, accepted or refused, goes to standard error, with
/// --format json as one document and nothing else; the product is the envelope.
#[derive(Debug, Args)]
pub(super) struct EncryptArgs {
    #[command(flatten)]
    what: What,

    /// The registers that have to guard the key, no more and no fewer
    #[arg(long, value_name = "REGISTERS", default_value = SEALING_PCRS)]
    pcrs: Registers,

    /// The nonce that the key was certified for [default: that of --nonce]
    #[arg(long, value_name = "BYTES")]
    key_nonce: Option<String>,

    /// Seal although nothing but the AK certificate, or nothing at all, ties the claims to Azure's paravisor,
    /// for this reason, which is said with the verdict
    #[arg(long, value_name = "REASON", value_parser = reason)]
    accept_origin_not_shown: Option<String>,

    #[command(flatten)]
    evidence: VerifyArgs,
}

/// Seal a secret to a key of which nothing is verified
///
/// Whoever made the key can open it: use it where the key came on a way that you trust.
#[derive(Debug, Args)]
pub(super) struct UnverifiedArgs {
    #[command(flatten)]
    what: What,
}

/// What is sealed, to what, and how.
#[derive(Debug, Args)]
struct What {
    /// The secret, of any length; - is stdin
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,

    /// The key, as seal key writes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// How the content's key is padded; TPMs of Azure's VMs do not have SHA-512
    #[arg(long, value_enum, value_name = "PADDING", default_value = "oaep-sha256")]
    padding: PaddingChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PaddingChoice {
    Rsaes,
    OaepSha1,
    OaepSha256,
    OaepSha384,
    OaepSha512,
}

impl PaddingChoice {
    const fn padding(self) -> Padding {
        match self {
            Self::Rsaes => Padding::Rsaes,
            Self::OaepSha1 => Padding::Oaep(0x0004),
            Self::OaepSha256 => Padding::Oaep(0x000b),
            Self::OaepSha384 => Padding::Oaep(0x000c),
            Self::OaepSha512 => Padding::Oaep(0x000d),
        }
    }

    /// Why the TPM of one of Azure's VMs could never open what is padded so.
    const fn unusable_on_azure(self) -> Option<&'static str> {
        match self {
            Self::OaepSha512 => Some(
                "the TPM of Azure's confidential VMs has no SHA-512: this machine can never open what is sealed with oaep-sha512",
            ),
            _ => None,
        }
    }
}

/// What to do about a padding that the machine cannot undo.
const OTHER_PADDING: &str = "--padding oaep-sha256, the default";

/// Runs the verb.
pub(super) fn run(args: &EncryptArgs, context: &Context) -> Result<Product, Fault> {
    if args.evidence.each {
        return Err(Fault::usage(
            "--each: a secret is sealed to one machine",
            "run it once for each machine",
        ));
    }
    if context.is_json() {
        context.messages.keep_for_document();
    }
    let options = RequestOptions::from_args(&args.evidence, context)?;
    let given = args.key_nonce.as_ref().map(|text| bytes::nonce_bytes(text, "--key-nonce", &context.source));
    let given = given.transpose()?;
    let key = args.what.key(context)?;
    if key.registers != args.pcrs.0 {
        let (found, wanted) = (Registers(key.registers), args.pcrs);
        return Err(Fault::refused(
            format!("the key is guarded by {found}, and has to be by {wanted}"),
            "have seal key run with these --pcrs, or say that those of the key are enough with --pcrs",
        ));
    }
    with_result(&args.evidence, &options, context, |result| {
        let reason = args.accept_origin_not_shown.as_deref().filter(|_| !has_strong_ground(result));
        let reason = reason.filter(|_| result.accepted().is_some());
        let of_azure = matches!(result.accepted(), Some(Verified::AzureSnp(_)));
        let said = Said {
            origin_accepted: reason,
            padding: args.what.padding.unusable_on_azure().filter(|_| of_azure),
        };
        verdict(result, said, &options, context)?;
        let Some(Verified::AzureSnp(vm)) = result.accepted() else {
            return refused(result);
        };
        if reason.is_none() {
            demand_ground(result)?;
        }
        let target = check(vm, &key, args.pcrs.0, given.as_deref().or(options.nonce()), &options)?;
        context.messages.say("evidence: accepted; the key is this machine's, in this state");
        args.what.seal(&target, context)
    })
}

/// What is said besides the verdict.
#[derive(Clone, Copy)]
struct Said<'a> {
    /// Why the origin was accepted without a ground.
    origin_accepted: Option<&'a str>,
    /// Why the machine cannot open what is padded as it is to be.
    padding: Option<&'static str>,
}

/// The whole verdict on standard error, and what is said besides.
fn verdict(
    result: &AttestationResult<'_>,
    said: Said<'_>,
    options: &RequestOptions<'_>,
    context: &Context,
) -> Result<(), Fault> {
    if context.is_json() {
        let schema = "teeproof/sealing-verdict/2";
        let Said { origin_accepted, padding } = said;
        let exit_code = exits::of_result(result);
        let verdict = VerdictJson { schema, origin_accepted, padding, exit_code, result };
        context.messages.insist_json(&Json::of(&verdict)?);
        return Ok(());
    }
    let mut page = result_page(result, options, context);
    if let Some(reason) = said.origin_accepted {
        page.paint(LOUD, "origin accepted without a ground:").add(" ").line(reason);
    }
    if let Some(why) = said.padding {
        page.paint(LOUD, "warning:").add(" ").line(why);
        page.add("  ").paint(HINT, "hint:").add(" ").line(OTHER_PADDING);
    }
    context.messages.insist(&page);
    Ok(())
}

/// The verdict under which a secret was sealed, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "SealingVerdict"))]
pub(crate) struct VerdictJson<'a> {
    /// The form: `teeproof/sealing-verdict/2`.
    schema: &'static str,
    /// Why claims were accepted that no ground ties to Azure; null where a ground holds.
    origin_accepted: Option<&'a str>,
    /// Why the machine cannot open what is padded so; null where it can.
    padding: Option<&'static str>,
    /// The exit code of the verification alone.
    exit_code: u8,
    /// The result.
    result: &'a AttestationResult<'a>,
}

fn has_strong_ground(result: &AttestationResult<'_>) -> bool {
    result.origin().is_some_and(OriginGrounds::is_strong)
}

/// Claims that any SNP guest could have made name any key.
fn demand_ground(result: &AttestationResult<'_>) -> Result<(), Fault> {
    if has_strong_ground(result) {
        return Ok(());
    }
    let why = match result.origin().map(|origin| (origin.other(), origin.is_shown())) {
        Some((Some(other), _)) => other,
        Some((None, true)) => {
            "the AK certificate alone ties the claims to Azure, and shows whose the key is, not who made them"
        }
        _ => {
            "nothing ties the claims to Azure's paravisor: any SNP guest could have made them, with a key of its own"
        }
    };
    Err(Fault::refused(
        format!("{}: {why}", ORIGIN.id),
        "pin measurement, or id-key-digest with guest-svn, in the policy; --accept-origin-not-shown REASON seals all the same",
    ))
}

/// Runs the verb that verifies nothing.
pub(super) fn unverified(args: &UnverifiedArgs, context: &Context) -> Result<Product, Fault> {
    context.messages.say("nothing of the key is verified: whoever made it can open this");
    args.what.seal(&Target::unverified(&args.what.key(context)?), context)
}

/// The evidence is not accepted, so that there is no product; or it is of something without such keys.
fn refused(result: &AttestationResult<'_>) -> Result<Product, Fault> {
    if result.accepted().is_some() {
        return Err(Fault::usage(
            format!("evidence of {} has no attestation key that could certify another", result.technology()),
            "secrets are sealed to Azure's confidential VMs",
        ));
    }
    Ok(Product::written(exits::of_result(result)))
}

/// Verifies that the key is in the TPM of the verified machine, and bound to its PCRs.
fn check<'k>(
    vm: &VerifiedVm<'_>,
    key: &'k SealingKey,
    pcrs: Selection,
    nonce: Option<&[u8]>,
    options: &RequestOptions<'_>,
) -> Result<Target<'k>, Fault> {
    let evidence =
        CertificationEvidence::new(&key.certification.message, &key.certification.signature, &key.public);
    let freshness = bytes::freshness(nonce)?;
    let bound = vm.verify_key(&evidence, pcrs, freshness, options.crypto(), &mut ());
    let bound = bound.map_err(|error| match error {
        BoundKeyError::Certification(error) => Fault::key(&error),
        _ => Fault::usage("the evidence has no registers to hold the key against", "collect it with a quote"),
    })?;
    Ok(Target { public: bound.certified().public_bytes(), registers: bound.pcrs() })
}

/// What a secret is sealed to.
struct Target<'k> {
    /// TPMT_PUBLIC.
    public: &'k [u8],
    /// The registers that guard it.
    registers: Selection,
}

impl<'k> Target<'k> {
    /// The key as it came.
    const fn unverified(key: &'k SealingKey) -> Self {
        Self { public: key.public.as_slice(), registers: key.registers }
    }
}

impl What {
    fn key(&self, context: &Context) -> Result<SealingKey, Fault> {
        let bytes = context.source.read(&self.key)?;
        SealingKey::from_json(&bytes).map_err(|error| seal_fault(&error).in_file(source::name(&self.key)))
    }

    fn seal(&self, target: &Target<'_>, context: &Context) -> Result<Product, Fault> {
        let mut secret = context.source.stream(&self.secret)?;
        let mut sink = Sink::open(context)?;
        let padding = self.padding.padding();
        let sealed = seal_envelope(target.public, target.registers, padding, &mut secret, &mut sink)
            .map_err(|error| seal_fault(&error));
        sink.close(sealed)?;
        Ok(Product::written(0))
    }
}
