//! The verifiers under tables that believe what they are told to: nothing panics behind the
//! signatures either, and the work is bounded whatever the evidence says.

mod azure;

pub use azure::{azure_snp, azure_tdx, tpm};

use std::sync::LazyLock;

use teeproof::input::{Inputs, Kind};
use teeproof::{Findings, Policy, Request, Verdict};
use teeproof_core::{Check, Class, Freshness, Outcome, Technology, Time};
use teeproof_nitro::{DEFAULT_SKEW_SECS, Limits, Moment};
use teeproof_snp::Endorsements;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::nitro::Signers;
use teeproof_x509::{Anchors, Revocation};

use crate::believe::{Belief, counted};
use crate::parts::{Part, split};

/// What the first byte of an input decides.
#[derive(Clone, Copy)]
struct Switches(u8);

impl Switches {
    fn belief(self) -> Belief {
        match self.0 & 3 {
            0 | 1 => Belief::All,
            2 => Belief::Some,
            _ => Belief::None,
        }
    }

    /// Whether the evidence's own root is trusted.
    fn trusting(self) -> bool {
        self.0 & 4 != 0
    }

    /// Whether revocation lists are demanded.
    fn revocation<'a>(self, lists: &'a [RevocationList<'a>]) -> Revocation<'a> {
        if self.0 & 8 != 0 { Revocation::Lists(lists) } else { Revocation::Unchecked("a fuzzer") }
    }

    /// Whether a Nitro document is verified at its own time.
    fn archived(self) -> bool {
        self.0 & 16 != 0
    }

    /// When what the vectors and the mint made is valid, or long before.
    fn at(self) -> Time {
        if self.0 & 32 == 0 { Time(1_768_478_400) } else { Time(0) }
    }
}

/// Policies that are appraised: the built-in one, and those of the examples, of which one speaks of
/// both kinds of machines with AMD's processors.
static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let read = |text| Policy::from_toml("example", text).ok();
    let azure = read(include_str!("../../examples/policies/azure-snp.toml"));
    let amd = read(include_str!("../../examples/policies/snp.toml"))
        .map(|snp| Policy { azure_snp: azure.and_then(|azure| azure.azure_snp), ..snp });
    let nitro = read(include_str!("../../examples/policies/nitro.toml"));
    let policies = [Some(Policy::genuine()), amd, nitro].into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(policies.len(), 3);
    assert_eq!(policies.iter().filter(|policy| policy.azure_snp.is_some()).count(), 2);
    policies
});

fn nonce<'a>(parts: &[Part<'a>]) -> Freshness<'a> {
    let nonce = parts.iter().find_map(|part| match part {
        Part::Nonce(nonce) => Some(*nonce),
        _ => None,
    });
    nonce.map_or(Freshness::Waived("a fuzzer"), Freshness::Nonce)
}

/// The certificates, lists and anchors of an input.
struct Files<'a> {
    certificates: Vec<Certificate<'a>>,
    lists: Vec<RevocationList<'a>>,
    anchors: Vec<&'a [u8]>,
}

fn files<'a>(parts: &[Part<'a>]) -> Files<'a> {
    let mut files = Files { certificates: Vec::new(), lists: Vec::new(), anchors: Vec::new() };
    for part in parts {
        match part {
            Part::Certificate(der) => files.certificates.extend(Certificate::parse(der)),
            Part::List(der) => files.lists.extend(RevocationList::parse(der)),
            Part::Anchor(der) => files.anchors.push(der),
            _ => {}
        }
    }
    files
}

fn evidence<'a>(parts: &[Part<'a>]) -> &'a [u8] {
    let evidence = parts.iter().find(|part| matches!(part, Part::Evidence(_)));
    evidence.map_or(&[], |part| part.bytes())
}

/// `teeproof_snp::verify` and `appraise`.
pub fn snp(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let (files, report) = (files(&parts), evidence(&parts));
    let crypto = switches.belief().table();
    let verification = teeproof_snp::Verification {
        anchors: Anchors::and(&files.anchors),
        report_data: teeproof_snp::ReportData::Nonce(nonce(&parts)),
        revocation: switches.revocation(&files.lists),
        at: switches.at(),
        crypto: &crypto,
    };
    let endorsements = Endorsements { certificates: &files.certificates };
    let mut findings = Findings::default();
    let (result, work) =
        counted(|| teeproof_snp::verify(report, &endorsements, &verification, &mut findings));
    // At most four intermediates of one name are tried under four roots of one name, two signatures
    // each; then the report's, and one for each list.
    assert!(work.signatures <= 4 * 4 * 2 + 1 + files.lists.len(), "{work:?}");
    let verified = match result {
        Ok(verified) => verified,
        Err(error) => {
            return refusal(error.check(), error.class(), &error);
        }
    };
    assert_ne!(switches.belief(), Belief::None);
    assert!(std::ptr::from_ref(verified.report()).addr() == report.as_ptr().addr());
    for policy in POLICIES.iter().filter_map(|policy| policy.snp.as_ref()) {
        let mut findings = Findings::default();
        let held = teeproof_snp::appraise(&verified, policy, &mut findings);
        let findings = findings.into_vec();
        assert_eq!(findings.len(), teeproof_snp::checks::APPRAISE.len());
        assert_eq!(held, findings.iter().all(|finding| finding.outcome != Outcome::Fail));
    }
    true
}

/// `teeproof_nitro::verify` and `appraise`.
pub fn nitro(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let document = evidence(&parts);
    let mut anchors = files(&parts).anchors;
    anchors.extend(root(document).filter(|_| switches.trusting()));
    let crypto = switches.belief().table();
    let verification = teeproof_nitro::Verification {
        anchors: Anchors::and(&anchors),
        freshness: nonce(&parts),
        at: if switches.archived() { Moment::OfDocument } else { Moment::At(switches.at()) },
        skew_secs: DEFAULT_SKEW_SECS,
        limits: Limits::USUAL,
        crypto: &crypto,
    };
    let mut findings = Findings::default();
    let (result, work) = counted(|| teeproof_nitro::verify(document, &verification, &mut findings));
    assert!(work.signatures <= 9, "{work:?}");
    let verified = match result {
        Ok(verified) => verified,
        Err(error) => {
            return refusal(error.check(), error.class(), &error);
        }
    };
    assert_ne!(switches.belief(), Belief::None);
    assert_eq!(verified.age_secs().is_none(), switches.archived());
    for policy in POLICIES.iter().filter_map(|policy| policy.nitro.as_ref()) {
        let mut findings = Findings::default();
        let appraisal = teeproof_nitro::appraise(&verified, policy, &crypto, &mut findings);
        let held = findings.into_vec().iter().all(|finding| finding.outcome != Outcome::Fail);
        assert_eq!(held, appraisal == teeproof_nitro::Appraisal::Accepted);
    }
    true
}

/// The root certificate that a document brings along.
fn root(document: &[u8]) -> Option<&[u8]> {
    let envelope = Sign1::parse(document).ok()?;
    let signers = Signers::find(envelope.payload(), envelope.payload_offset()).ok()?;
    signers.cabundle.as_slice().first().copied()
}

/// `teeproof::verify` over files whose kind is told from their content, and the result as JSON.
pub fn front_door(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let mut inputs = Inputs::new();
    for part in &parts {
        let kind = match part {
            Part::Evidence(_) | Part::Certificate(_) | Part::List(_) => None,
            Part::Message(_) => Some(Kind::TpmQuote),
            Part::Signature(_) => Some(Kind::TpmSignature),
            Part::Registers(_) => Some(Kind::PcrValues),
            Part::Values(_) => Some(Kind::PcrConcatenation),
            Part::Log(_) => Some(Kind::EventLog),
            Part::TdQuote(_) => Some(Kind::TdQuote),
            Part::Nonce(_) | Part::Anchor(_) | Part::UserData(_) | Part::Key(_) => continue,
        };
        let _ = inputs.add(part.bytes(), kind);
    }
    let (Ok(evidence), Ok(endorsements), Ok(lists)) =
        (inputs.evidence(), inputs.certificates(), inputs.revocation_lists())
    else {
        return false;
    };
    let (anchors, crypto) = (files(&parts).anchors, switches.belief().table());
    let policy = POLICIES.get(usize::from(switches.0 >> 6));
    let request = Request {
        accept: Technology::ALL,
        endorsements: &endorsements,
        revocation: switches.revocation(&lists),
        anchors: Anchors::and(&anchors),
        freshness: nonce(&parts),
        user_data: parts.iter().find(|part| matches!(part, Part::UserData(_))).map(|part| part.bytes()),
        at: if switches.archived() { Moment::OfDocument } else { Moment::At(switches.at()) },
        skew_secs: DEFAULT_SKEW_SECS,
        limits: Limits::USUAL,
        policy,
        crypto: &crypto,
    };
    let Ok(result) = teeproof::verify(&evidence, &request) else {
        return false;
    };
    let accepted = result.verdict() == Verdict::Accepted;
    assert_eq!(accepted, result.exit() == 0);
    assert_eq!(accepted, result.accepted().is_some());
    assert_eq!(result.authentic().is_some(), !result.claims().is_empty());
    assert!(!accepted || (policy.is_some() && switches.belief() != Belief::None));
    assert_eq!(result.verdict() == Verdict::Refused, result.failures().next().is_some());
    assert!(serde_json::to_string(&result).is_ok());
    result.authentic().is_some()
}

/// What holds of every refusal: words, a class with an exit code, a check that can be explained.
fn refusal(check: &Check, class: Class, error: &dyn std::fmt::Display) -> bool {
    assert!(!error.to_string().is_empty() && class.exit() > 0);
    assert!(teeproof::find_check(check.id).is_some());
    false
}
