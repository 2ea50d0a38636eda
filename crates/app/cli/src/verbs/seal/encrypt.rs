//! `teeproof seal encrypt`: verification of the machine, then of its key, then sealing to that key.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use teeproof::{AttestationResult, Verified};
use teeproof_hcl::checks::ORIGIN;
use teeproof_hcl::{BoundKeyError, OriginGrounds, VerifiedVtpm};
use teeproof_tpm::CertificationEvidence;
use teeproof_vtpm::seal::{SealingKey, seal_envelope};
use teeproof_vtpm::{Padding, Registers};
use teeproof_wire::tpm::Selection;

use super::sink::{Sink, seal_fault};
use crate::input::bytes::{self, NonceRule};
use crate::input::policy_file::parse_reason;
use crate::input::source;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::json::Json;
use crate::output::page::{HINT, LOUD};
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::verification::{RequestOptions, VerificationArgs, result_page, with_result};

/// The PCRs that a key is bound to by default: firmware, its settings, boot programs, secure boot, kernel and
/// initial file system. 5, 6 and 10 change between boots, or while the machine runs.
pub(super) const SEALING_PCRS: &str = "sha256:0-4,7-9";

/// Verify the evidence of a machine and its key, and seal a secret to it
///
/// Takes everything that `teeproof verify` takes for one machine. The secret is sealed only if the policy accepts the evidence,
/// the attestation key in it certifies the key, and the quote has the PCRs that the key is bound to. Otherwise
/// the exit code is that of the failure.
///
/// The AK certificate alone does not show that Azure's paravisor made the claims: any SNP guest can make claims
/// that name its own key. So the policy must also have the measurement, or the id key digest with the guest SVN,
/// or the id key must be one that teeproof has as a reference value. The verdict, accepted or refused, goes to
/// standard error, with --format json as the only document there; the output is the sealed secret.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct EncryptArgs {
    #[command(flatten)]
    sealing: SealingArgs,

    /// The PCRs that the key must be bound to, exactly
    #[arg(long, value_name = "PCRS", default_value = SEALING_PCRS)]
    pcrs: Registers,

    /// The nonce in the certification of the key [default: that of --nonce]
    #[arg(long, value_name = "BYTES")]
    key_nonce: Option<String>,

    /// Seal although only the AK certificate, or nothing, shows that Azure's paravisor made the claims; the
    /// reason is printed with the verdict
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    accept_origin_not_shown: Option<String>,

    #[command(flatten)]
    evidence: VerificationArgs,
}

const EXAMPLES: &str = "\
Examples:
  A secret for an Azure VM that made key.json with seal key, with its fresh bundle:
    teeproof seal encrypt vm.bundle --key key.json --secret secret.bin --nonce hex:7b1e… \\
      --policy prod.toml -o sealed.json
  The same with files of the VM instead of a bundle:
    teeproof seal encrypt hcl.bin quote.msg quote.sig pcrs.txt vcek.pem --key key.json \\
      --secret secret.bin --nonce hex:7b1e… --policy prod.toml -o sealed.json";

/// Seal a secret to a key without verifying anything
///
/// Whoever made the key can open the secret: use this only for a key that you received over a trusted channel.
#[derive(Debug, Args)]
pub(super) struct UnverifiedArgs {
    #[command(flatten)]
    sealing: SealingArgs,
}

/// The secret, the key, and the padding.
#[derive(Debug, Args)]
struct SealingArgs {
    /// The secret, of any length; - is stdin
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,

    /// The key file, as seal key writes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The RSA padding of the content key; the TPMs of Azure's VMs do not have SHA-512
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

    /// Why the TPM of an Azure VM cannot undo this padding.
    const fn unusable_on_azure(self) -> Option<&'static str> {
        match self {
            Self::OaepSha512 => Some(
                "the TPM of Azure's confidential VMs has no SHA-512: this machine cannot open a secret that is sealed with oaep-sha512",
            ),
            _ => None,
        }
    }
}

/// The hint for a padding that the machine cannot undo.
const OTHER_PADDING: &str = "--padding oaep-sha256, the default";

/// Runs the verb.
pub(super) fn run(args: &EncryptArgs, context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        context.messages.reserve_for_document();
    }
    let options = RequestOptions::from_args(&args.evidence, context)?;
    let given = args.key_nonce.as_ref().map(|text| NonceRule::OF_KEY.read(text, &context.source));
    let given = given.transpose()?;
    let key = args.sealing.key(context)?;
    if key.registers != args.pcrs.0 {
        let (found, wanted) = (Registers(key.registers), args.pcrs);
        return Err(Fault::refused(
            format!("the key: expected PCRs {wanted}, got {found}"),
            "run seal key with the expected --pcrs; or, if those of the key are enough, give them here as --pcrs",
        ));
    }
    with_result(&args.evidence, &options, context, |result| {
        let reason = args.accept_origin_not_shown.as_deref().filter(|_| !has_strong_ground(result));
        let reason = reason.filter(|_| result.accepted().is_some());
        let vtpm = result.accepted().and_then(vtpm);
        let notes = VerdictNotes {
            origin_accepted: reason,
            padding: args.sealing.padding.unusable_on_azure().filter(|_| vtpm.is_some()),
        };
        verdict(result, notes, &options, context)?;
        let Some(vtpm) = vtpm else {
            return refused(result);
        };
        if reason.is_none() {
            demand_ground(result)?;
        }
        let target = check(vtpm, &key, args.pcrs.0, given.as_deref().or(options.nonce()), &options)?;
        context.messages.say("evidence: accepted; the key is in its TPM and bound to its PCRs");
        args.sealing.seal(&target, context)
    })
}

/// The vTPM of an Azure VM; other evidence has none.
fn vtpm<'v, 'a>(verified: &'v Verified<'a>) -> Option<&'v VerifiedVtpm<'a>> {
    match verified {
        Verified::AzureSnp(vm) => Some(vm.vtpm()),
        Verified::AzureTdx(vm) => Some(vm.vtpm()),
        _ => None,
    }
}

/// Notes that are printed with the verdict.
#[derive(Clone, Copy)]
struct VerdictNotes<'a> {
    /// The reason of --accept-origin-not-shown.
    origin_accepted: Option<&'a str>,
    /// Why the machine cannot undo the padding.
    padding: Option<&'static str>,
}

/// Prints the verdict and its notes on standard error.
fn verdict(
    result: &AttestationResult<'_>,
    notes: VerdictNotes<'_>,
    options: &RequestOptions<'_>,
    context: &Context,
) -> Result<(), Fault> {
    if context.is_json() {
        let schema = "teeproof/sealing-verdict/2";
        let VerdictNotes { origin_accepted, padding } = notes;
        let exit_code = exits::of_result(result);
        let verdict = VerdictJson { schema, origin_accepted, padding, exit_code, result };
        context.messages.say_always_json(&Json::of(&verdict)?);
        return Ok(());
    }
    let mut page = result_page(result, options, context);
    if let Some(reason) = notes.origin_accepted {
        page.paint(LOUD, "origin accepted although not shown:").add(" ").line(reason);
    }
    if let Some(why) = notes.padding {
        page.paint(LOUD, "warning:").add(" ").line(why);
        page.add("  ").paint(HINT, "hint:").add(" ").line(OTHER_PADDING);
    }
    context.messages.say_always(&page);
    Ok(())
}

/// The verdict under which a secret was sealed, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "SealingVerdict"))]
pub(crate) struct VerdictJson<'a> {
    /// The form: `teeproof/sealing-verdict/2`.
    schema: &'static str,
    /// The reason of --accept-origin-not-shown; null where it was not needed.
    origin_accepted: Option<&'a str>,
    /// Why the machine cannot undo the padding; null where it can.
    padding: Option<&'static str>,
    /// The exit code of the verification alone.
    exit_code: u8,
    /// The result.
    result: &'a AttestationResult<'a>,
}

fn has_strong_ground(result: &AttestationResult<'_>) -> bool {
    result.origin().is_some_and(OriginGrounds::is_strong)
}

/// Refuses claims that any confidential guest could have made, for they can name any key.
fn demand_ground(result: &AttestationResult<'_>) -> Result<(), Fault> {
    if has_strong_ground(result) {
        return Ok(());
    }
    let why = match result.origin().map(|origin| (origin.other(), origin.is_shown())) {
        Some((Some(other), _)) => other,
        Some((None, true)) => {
            "only the AK certificate shows that the claims are from Azure, and it certifies the key, not the claims"
        }
        _ => {
            "nothing shows that Azure's paravisor made the claims: any confidential guest could have made them, with its own key"
        }
    };
    Err(Fault::refused(
        format!("{}: {why}", ORIGIN.id),
        "pin measurement (mrtd for TDX), or id-key-digest with guest-svn, in the policy; or seal nevertheless with --accept-origin-not-shown REASON",
    ))
}

/// Runs the verb that verifies nothing.
pub(super) fn unverified(args: &UnverifiedArgs, context: &Context) -> Result<Product, Fault> {
    context.messages.say("nothing is verified: whoever made the key can open the secret");
    args.sealing.seal(&Target::unverified(&args.sealing.key(context)?), context)
}

/// No output: the evidence is not accepted, or its technology has no such keys.
fn refused(result: &AttestationResult<'_>) -> Result<Product, Fault> {
    if result.accepted().is_some() {
        return Err(Fault::usage(
            format!("expected evidence of an Azure VM, got {}", result.technology()),
            "give the bundle of an Azure confidential VM: only its TPM has an attestation key that certifies sealing keys",
        ));
    }
    Ok(Product::written(exits::of_result(result)))
}

/// Verifies that the key is in the TPM of the verified machine, and bound to its PCRs.
fn check<'k>(
    vtpm: &VerifiedVtpm<'_>,
    key: &'k SealingKey,
    pcrs: Selection,
    nonce: Option<&[u8]>,
    options: &RequestOptions<'_>,
) -> Result<Target<'k>, Fault> {
    let evidence =
        CertificationEvidence::new(&key.certification.message, &key.certification.signature, &key.public);
    let freshness = bytes::freshness(nonce)?;
    let bound = vtpm.verify_key(&evidence, pcrs, freshness, options.crypto(), &mut ());
    let bound = bound.map_err(|error| match error {
        BoundKeyError::Certification(error) => Fault::key(&error),
        _ => Fault::usage(
            "expected evidence with a quote and PCR values, got neither",
            "collect it with teeproof collect azure",
        ),
    })?;
    Ok(Target { public: bound.certified().public_bytes(), pcrs: bound.pcrs() })
}

/// The key that a secret is sealed to.
struct Target<'k> {
    /// TPMT_PUBLIC.
    public: &'k [u8],
    /// The PCRs that it is bound to.
    pcrs: Selection,
}

impl<'k> Target<'k> {
    /// The key of the file, not verified.
    const fn unverified(key: &'k SealingKey) -> Self {
        Self { public: key.public.as_slice(), pcrs: key.registers }
    }
}

impl SealingArgs {
    fn key(&self, context: &Context) -> Result<SealingKey, Fault> {
        let bytes = context.source.read(&self.key)?;
        SealingKey::from_json(&bytes)
            .map_err(|error| seal_fault(&error).in_file(source::path_name(&self.key)))
    }

    fn seal(&self, target: &Target<'_>, context: &Context) -> Result<Product, Fault> {
        let mut secret = context.source.stream(&self.secret)?;
        let mut sink = Sink::open(context)?;
        let padding = self.padding.padding();
        let sealed = seal_envelope(target.public, target.pcrs, padding, &mut secret, &mut sink)
            .map_err(|error| seal_fault(&error));
        sink.close(sealed)?;
        Ok(Product::written(0))
    }
}
