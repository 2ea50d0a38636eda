//! The sections `[azure-snp]` and `[azure-tdx]`: what an Azure confidential VM adds to its report.

use alloc::format;
use alloc::vec::Vec;

use teeproof_core::{Expectation, Rule, Value};
use teeproof_hcl::{Ground, Origin, Policy, VmId};

use super::kinds::{Fixed, YesNo};
use super::node::Node;
use super::pcrs::{pcrs, waiver};
use super::problems::{Problems, Reported};
use super::rule::{EXACTLY, Kind, ONE_OF, REASON, WAIVED, expectation, within_limit};
use super::section::{Field, Section};
use super::suggest::{hint, listed, quoted};
use super::{AzureSnpPolicy, snp};

/// The keys that both sections have.
const VM_FIELDS: &[&str] = &[
    "origin",
    "ak-certificate",
    "quote",
    "vm-id",
    "user-data",
    "secure-boot",
    "secure-boot-configured",
    "tpm-enabled",
    "tpm-persisted",
    "console",
    "interactive-console",
    "event-log",
    "pcrs",
];

/// Reads `[azure-snp]`: every field of `[snp]`, and the VM's.
pub(super) fn read_snp(node: Node<'_>, problems: &mut Problems<'_>) -> Result<AzureSnpPolicy, Reported> {
    let fields: Vec<&str> = snp::FIELDS.iter().chain(VM_FIELDS).copied().collect();
    let section = Section::open(node, &fields, problems)?;
    let report = snp::fields(&section, problems);
    let vm = vm(&section, problems);
    let policy = AzureSnpPolicy { snp: report?, vm: vm? };
    grounds_can_hold(&section, &policy, problems)?;
    Ok(policy)
}

/// A ground that rests on a field has no meaning where the field is waived.
fn grounds_can_hold(
    section: &Section<'_>,
    policy: &AzureSnpPolicy,
    problems: &mut Problems<'_>,
) -> Result<(), Reported> {
    let (Origin::AnyOf { grounds, .. }, Field::Named(node)) =
        (&policy.vm.origin, section.field("origin", problems)?)
    else {
        return Ok(());
    };
    let AzureSnpPolicy { snp, .. } = policy;
    let measured = [("measurement", waives(&snp.measurement))];
    let signed = [("id-key-digest", waives(&snp.id_key_digest)), ("guest-svn", waives(&snp.guest_svn))];
    for ground in grounds.iter() {
        let fields: &[(&str, bool)] = match ground {
            Ground::Measurement => &measured,
            Ground::IdKeyDigest => &signed,
            _ => &[],
        };
        if let Some((field, _)) = fields.iter().find(|(_, waived)| *waived) {
            let message = format!("the ground `{ground}` can never hold: `{field}` is waived");
            let hint = "say what the field must be, or name another ground".into();
            return Err(node.problem(problems, message, Some(hint)));
        }
    }
    Ok(())
}

fn waives<T: Value>(rule: &Rule<'_, T>) -> bool {
    matches!(rule.expectation, Expectation::Waived(_))
}

/// Reads `[azure-tdx]`: the VM's fields. Those of the TD join when TD quotes are verified.
pub(super) fn read_tdx(node: Node<'_>, problems: &mut Problems<'_>) -> Result<Policy<'static>, Reported> {
    let section = Section::open(node, VM_FIELDS, problems)?;
    vm(&section, problems)
}

/// Every field is read before the first problem ends it, so that each problem is told.
fn vm(section: &Section<'_>, problems: &mut Problems<'_>) -> Result<Policy<'static>, Reported> {
    let origin = origin(section, problems);
    let vm_id = section.rule::<Guid>("vm-id", problems);
    let user_data = section.rule::<Fixed<64>>("user-data", problems);
    let mut yes_no = |name| section.rule::<YesNo>(name, problems);
    let [ak_certificate, quote, secure_boot, secure_boot_configured] =
        ["ak-certificate", "quote", "secure-boot", "secure-boot-configured"].map(&mut yes_no);
    let [tpm_enabled, tpm_persisted, console, interactive_console, event_log] =
        ["tpm-enabled", "tpm-persisted", "console", "interactive-console", "event-log"].map(&mut yes_no);
    let pcrs = pcrs::<32>(section, LAST_PCR, problems);
    Ok(Policy {
        origin: origin?,
        ak_certificate: ak_certificate?,
        quote: quote?,
        vm_id: vm_id?,
        user_data: user_data?,
        secure_boot_configured: secure_boot_configured?,
        tpm_enabled: tpm_enabled?,
        tpm_persisted: tpm_persisted?,
        console: console?,
        interactive_console: interactive_console?,
        tpm: teeproof_tpm::Policy { pcrs: pcrs?, secure_boot: secure_boot?, event_log: event_log? },
    })
}

/// The highest register of a PC client's TPM.
const LAST_PCR: u8 = 23;

/// `origin`: the grounds that the relying party accepts, or why it does not ask.
fn origin(section: &Section<'_>, problems: &mut Problems<'_>) -> Result<Origin<'static>, Reported> {
    let node = match section.field("origin", problems)? {
        Field::Named(node) => node,
        Field::Waived(reason, line) => return Ok(Origin::Waived(waiver(reason, line))),
    };
    let line = node.line(problems);
    let (word, inner) = expectation(&node, "an origin", &[EXACTLY, ONE_OF, WAIVED], problems)?;
    let grounds = match word {
        WAIVED => return Ok(Origin::Waived(waiver(inner.worded(problems, REASON)?, line))),
        EXACTLY => Vec::from([ground(&inner, problems)?]),
        _ => {
            let array = inner.array(problems, "a list of grounds")?;
            if array.is_empty() {
                let hint = format!("name one of: {}", grounds());
                return Err(inner.problem(problems, "the list is empty", Some(hint)));
            }
            within_limit(&inner, array.len(), problems)?;
            let read: Vec<_> = array
                .iter()
                .enumerate()
                .map(|(index, value)| ground(&inner.entry(index, value), problems))
                .collect();
            read.into_iter().collect::<Result<_, _>>()?
        }
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

fn grounds() -> alloc::string::String {
    listed(Ground::ALL.iter().map(|ground| ground.as_str()))
}

/// A VM's id: a GUID in letters of any case.
struct Guid;

impl Kind for Guid {
    type Value = VmId;
    const WHAT: &'static str = "a VM's id";

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<VmId, Reported> {
        let text = node.text(problems, "a GUID as a text")?;
        text.parse().map_err(|_| {
            let message = format!("{} is no GUID", quoted(text));
            let hint = "write 8, 4, 4, 4 and 12 hex digits with dashes between them";
            node.problem(problems, message, Some(hint.into()))
        })
    }
}
