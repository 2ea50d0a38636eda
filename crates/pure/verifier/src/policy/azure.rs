//! The sections `[azure-snp]` and `[azure-tdx]`: fields of an Azure confidential VM besides its SNP report or TD quote.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::{Absence, Expectation, PolicyValue, Rule, Technology};
use teeproof_hcl::{
    Ground, HclPolicy, Origin, OriginGrounds, VerifiedTdVm, VerifiedVm, VerifiedVtpm, VmId, checks,
};
use teeproof_tpm::Booted;

use super::kinds::{Fixed, YesNo};
use super::lines::Lines;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{EXACTLY, Kind, ONE_OF, entries};
use super::section::{Expected, Field, Section};
use super::suggest::{hint, listed, quoted};
use super::table::{FieldKind, PolicyKey, section, toml};
use super::{AzureSnpPolicy, AzureTdxPolicy, snp, tdx, tpm};

teeproof_hcl::hcl_policy_fields! { section }

/// Where the values are found.
type Source<'v, 'a> = &'v VerifiedVtpm<'a>;

/// Reads `[azure-snp]`: every field of `[snp]`, and the VM's.
pub(super) fn read_snp(node: Node<'_>, problems: &mut Problems<'_>) -> Result<AzureSnpPolicy, Reported> {
    let section = Section::open(node, &snp::keys().chain(keys()).collect::<Vec<_>>(), problems)?;
    let report = snp::fields(&section, problems);
    let vm = fields(&section, problems);
    let policy = AzureSnpPolicy { snp: report?, vm: vm? };
    let snp = &policy.snp;
    let measured = [("measurement", waives(&snp.measurement))];
    let signed = [("id-key-digest", waives(&snp.id_key_digest)), ("guest-svn", waives(&snp.guest_svn))];
    let fields = [(Ground::Measurement, &measured[..]), (Ground::IdKeyDigest, &signed[..])];
    grounds_can_hold(&section, &policy.vm, &fields, problems)?;
    Ok(policy)
}

/// Reads `[azure-tdx]`: every field of `[tdx]`, and the VM's.
pub(super) fn read_tdx(node: Node<'_>, problems: &mut Problems<'_>) -> Result<AzureTdxPolicy, Reported> {
    let section = Section::open(node, &tdx::keys().chain(keys()).collect::<Vec<_>>(), problems)?;
    let quote = tdx::fields(&section, problems);
    let vm = fields(&section, problems);
    let policy = AzureTdxPolicy { tdx: quote?, vm: vm? };
    let measured = [("mrtd", waives(&policy.tdx.mrtd))];
    let fields = [(Ground::Measurement, &measured[..]), (Ground::IdKeyDigest, &NO_ID_KEY[..])];
    grounds_can_hold(&section, &policy.vm, &fields, problems)?;
    Ok(policy)
}

/// A TD quote names no ID key.
const NO_ID_KEY: [(&str, bool); 1] = [("id-key-digest", true)];

/// A ground that rests on fields has no meaning where one of them is waived, or is no field of the section.
fn grounds_can_hold(
    section: &Section<'_>,
    policy: &HclPolicy<'_>,
    rests_on: &[(Ground, &[(&str, bool)])],
    problems: &mut Problems<'_>,
) -> Result<(), Reported> {
    let (Origin::AnyOf { grounds, .. }, Field::Named(node)) =
        (&policy.origin, section.field("origin", problems)?)
    else {
        return Ok(());
    };
    for ground in grounds.iter() {
        let fields = rests_on.iter().find(|(one, _)| one == ground).map_or(&[][..], |(_, fields)| *fields);
        let Some((field, _)) = fields.iter().find(|(_, waived)| *waived) else { continue };
        let (why, hint) = match section.has(field) {
            true => ("is waived", "say what the field must be, or name another ground"),
            false => ("is no field of this section", "name another ground"),
        };
        let message = format!("the ground `{ground}` can never hold: `{field}` {why}");
        return Err(node.problem(problems, message, Some(hint.into())));
    }
    Ok(())
}

fn waives<T: PolicyValue>(rule: &Rule<'_, T>) -> bool {
    matches!(rule.expectation, Expectation::Waived(_))
}

/// Proposes `[azure-snp]` for these VMs.
pub(super) fn propose_snp(lines: &mut Lines<'_>, vms: &[&VerifiedVm<'_>]) {
    let origins: Vec<_> = vms.iter().map(|vm| vm.origin(None)).collect();
    if !origins.iter().all(OriginGrounds::is_strong) {
        lines.withhold(GROUNDS_OF_POLICIES, NOT_A_GROUND);
    }
    snp::propose(lines, &vms.iter().map(|vm| vm.report()).collect::<Vec<_>>());
    lines.set_origins(origins);
    propose_vtpm(lines, &vms.iter().map(|vm| vm.vtpm()).collect::<Vec<_>>());
}

/// Proposes `[azure-tdx]` for these VMs.
pub(super) fn propose_tdx(lines: &mut Lines<'_>, vms: &[&VerifiedTdVm<'_>]) {
    let origins: Vec<_> = vms.iter().map(|vm| vm.origin(None)).collect();
    if !origins.iter().all(OriginGrounds::is_strong) {
        lines.withhold(GROUNDS_OF_TDX_POLICIES, NOT_A_GROUND);
    }
    let quotes = vms.iter().map(|vm| tdx::Source { quote: vm.td_quote(), log: None });
    tdx::propose(lines, &quotes.collect::<Vec<_>>());
    lines.set_origins(origins);
    propose_vtpm(lines, &vms.iter().map(|vm| vm.vtpm()).collect::<Vec<_>>());
}

/// Proposes the fields besides those of the hardware's evidence.
fn propose_vtpm(lines: &mut Lines<'_>, vms: &[&VerifiedVtpm<'_>]) {
    propose(lines, vms);
    let booted = vms.iter().map(|vm| Booted::new(vm.pcrs(), vm.log()));
    tpm::propose(lines, &booted.collect::<Vec<_>>());
}

/// The fields that are grounds of the origin once a policy pins them; `id-key-digest` is one together with `guest-svn`.
const GROUNDS_OF_POLICIES: &[&str] = &["measurement", "guest-svn"];
/// The same for the fields of a TD quote.
const GROUNDS_OF_TDX_POLICIES: &[&str] = &["mrtd"];
const NOT_A_GROUND: &str = "the origin is not shown: pinned, it would pass for a ground of the origin";

/// A ground that the evidence itself shows to be Azure's, and never one that self-made claims alone satisfy.
fn origin(lines: &mut Lines<'_>, key: &str, _: &[&VerifiedVtpm<'_>]) {
    let grounds = lines.origins();
    if grounds.iter().all(OriginGrounds::is_strong) {
        lines.comment(
            "Every machine runs a known paravisor of Azure; its launch measurement, above, is pinned.",
        );
        return lines.line(&format!("{key} = {{ exactly = \"{}\" }}", Ground::Measurement));
    }
    lines.comment("ORIGIN NOT SHOWN: any confidential guest could have made such claims.");
    if grounds.iter().all(|origin| origin.grounds().contains(&Ground::AkCertificate)) {
        lines.comment("The AK certificate alone shows whose the key is, not who made the claims.");
        return lines.line(&format!("{key} = {{ exactly = \"{}\" }}", Ground::AkCertificate));
    }
    let why = lines.origin_accepted().unwrap_or("the origin is not shown");
    lines.waived(key, why);
}

/// `quote = true` where all of the evidence has a quote; a missing quote is never required.
fn quote(lines: &mut Lines<'_>, key: &str, vms: &[&VerifiedVtpm<'_>]) {
    match (vms.iter().all(|vm| vm.quote().is_some()), vms.iter().any(|vm| vm.quote().is_some())) {
        (true, _) => lines.line(&format!("{key} = {{ exactly = true }}")),
        (false, true) => lines.lacking(key, true, "it has no quote", QUOTE),
        (false, false) => lines.waived(key, "the evidence has no quote"),
    }
}

const QUOTE: &str = "collect from each machine with a quote, and propose again";

/// Whether the attestation key is certified, or the check's own reason why its certificate could not be verified.
fn ak_certificate(lines: &mut Lines<'_>, key: &str, vms: &[&VerifiedVtpm<'_>]) {
    let failures = lines.ak_failures();
    let known: Vec<Result<String, String>> = vms
        .iter()
        .zip(&failures)
        .map(|(vm, failure)| match (vm.ak_path(), failure) {
            (Some(_), _) => Ok(YesNo::toml(&true)),
            (None, Some(failure)) => Err(failure.because.clone()),
            (None, None) => Err(NO_AK_CERTIFICATE.into()),
        })
        .collect();
    let given = failures.iter().flatten().any(|failure| failure.given);
    if known.iter().all(Result::is_err) && !given {
        return lines.waived(key, NO_AK_CERTIFICATE);
    }
    lines.known(key, known.into_iter(), CERTIFY_AK);
}

const NO_AK_CERTIFICATE: &str = "the evidence has no AK certificate";
const CERTIFY_AK: &str = "collect a current AK certificate (NV index 0x01C101D0) and its authorities from each machine, and propose again";

/// The grounds of the report's origin.
struct Grounds;

impl FieldKind for Grounds {
    type Field = Origin<'static>;

    fn label() -> String {
        "grounds".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        Vec::from([EXACTLY, ONE_OF])
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Origin<'static>, Reported> {
        accepted(section, key, problems)
    }
}

/// `origin`: the grounds that the relying party accepts, or why it does not ask.
fn accepted(
    section: &Section<'_>,
    key: &str,
    problems: &mut Problems<'_>,
) -> Result<Origin<'static>, Reported> {
    let (word, node, line) = match section.expected(key, "an origin", &[EXACTLY, ONE_OF], problems)? {
        Expected::Word(word, node, line) => (word, node, line),
        Expected::Waived(waiver) => return Ok(Origin::Waived(waiver)),
    };
    let grounds = if word == EXACTLY {
        Vec::from([ground(&node, problems)?])
    } else {
        let array = node.array(problems, "a list of grounds")?;
        if array.is_empty() {
            let hint = format!("name one of: {}", grounds());
            return Err(node.problem(problems, "the list is empty", Some(hint)));
        }
        entries(&node, array, problems, ground)?
    };
    Ok(Origin::AnyOf { grounds: grounds.into(), line: Some(line) })
}

fn ground(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Ground, Reported> {
    let name = node.text(problems, "a ground as a text")?;
    Ground::ALL.iter().copied().find(|ground| ground.as_str() == name).ok_or_else(|| {
        let hint = hint(name, Ground::ALL.iter().map(|ground| ground.as_str()));
        node.problem(problems, format!("{} is no ground", quoted(name)), Some(hint))
    })
}

fn grounds() -> String {
    listed(Ground::ALL.iter().map(|ground| ground.as_str()))
}

/// A VM's id: a GUID in letters of any case.
struct Guid;

impl Kind for Guid {
    type Value = VmId;
    const WHAT: &'static str = "a VM's id";

    fn label() -> String {
        "VM id".into()
    }

    fn toml(seen: &VmId) -> String {
        format!("\"{seen}\"")
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<VmId, Reported> {
        let text = node.text(problems, "a GUID as a text")?;
        text.parse().map_err(|_| {
            let message = format!("{} is no GUID", quoted(text));
            let hint = "write 8, 4, 4, 4 and 12 hex digits with dashes between them";
            node.problem(problems, message, Some(hint.into()))
        })
    }
}
