//! Hints: the closest known word, and the option or verb that does what the hint of a library asks for.

use teeproof::{Finding, PolicyWarning, Remedy, RequestError};
use teeproof_core::Check;
use teeproof_evidence::{InputError, InputKind};
use teeproof_nsm::road::RoadError;
use teeproof_nsm::{DocumentError, ErrorCode, NsmError};
use teeproof_vtpm::seal::SealError;
use teeproof_vtpm::{KnownCode, ResponseCode};
use teeproof_x509::Problem;

/// The known word that is closest to what was written, if any is close.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

/// The option or verb for a remedy.
const fn option(remedy: Remedy) -> Option<&'static str> {
    Some(match remedy {
        Remedy::AddAnchor => "--anchor FILE",
        Remedy::AddEndorsement => "--endorsements FILE",
        Remedy::FetchEndorsement => "--fetch, or --endorsements FILE",
        Remedy::VerifyAtDocumentTime => "--at document",
        Remedy::VerifyNow => "--at now",
        Remedy::AcceptTechnology => "--accept TECHNOLOGY",
        Remedy::NonceAsText => "--nonce utf8:TEXT",
        Remedy::CollectFreshReport => "teeproof collect azure",
        Remedy::InspectEventLog => "teeproof inspect FILE",
        _ => return None,
    })
}

/// A hint with an option or a verb in brackets at its end. A hint that has it already stays as it is.
fn with_option(hint: &str, option: Option<&str>) -> String {
    match option {
        Some(option) if !hint.contains(option) => match hint.strip_suffix('.') {
            Some(sentence) => format!("{sentence} ({option})."),
            None => format!("{hint} ({option})"),
        },
        _ => hint.to_owned(),
    }
}

/// The hint of a library with the option for its remedy.
fn with_remedy(hint: &str, remedy: Option<Remedy>) -> String {
    with_option(hint, remedy.and_then(option))
}

/// Whether missing endorsements were fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetching {
    /// Without --fetch.
    NotRequested,
    /// With --fetch and --offline.
    Offline,
    /// With --fetch.
    Done,
}

impl Fetching {
    /// The option that fetches; `None` if it was given, and did not help.
    const fn option(self) -> Option<&'static str> {
        match self {
            Self::NotRequested => Some("--fetch"),
            Self::Offline => Some("--fetch without --offline"),
            Self::Done => None,
        }
    }
}

/// The hint of a check that failed.
pub(crate) fn of_finding(finding: &Finding, fetching: Fetching) -> String {
    let hint = match (finding.remedy(), fetching) {
        (Some(Remedy::FetchEndorsement), Fetching::Done) => with_option(finding.hint(), Some(AS_FILE)),
        (Some(Remedy::FetchEndorsement), Fetching::Offline) => {
            with_option(finding.hint(), Some("--fetch without --offline, or --endorsements FILE"))
        }
        (remedy, _) => with_remedy(finding.hint(), remedy),
    };
    let is_collateral =
        [teeproof_tdx::checks::COLLATERAL, teeproof_tdx::checks::SIGNER].contains(&finding.check);
    if is_collateral { format!("{} {ISSUER_CHAIN}", hint.trim_end()) } else { hint }
}

const AS_FILE: &str = "--endorsements FILE";
/// For whoever fetches with another program.
const ISSUER_CHAIN: &str = "The certificates above the signer are in the response's header, TCB-Info-Issuer-Chain or \
                            SGX-Enclave-Identity-Issuer-Chain: save its value as a file too, as it is.";

/// The same for evidence that fails under endorsements of the cache, which were not fetched anew.
pub(crate) fn of_cached_finding(finding: &Finding, fetching: Fetching) -> String {
    let hint = of_finding(finding, fetching);
    let revoked = Problem::Revoked.to_string();
    // Then the list is genuine.
    let is_revoked = finding.because.as_ref().is_some_and(|because| because.contains(&revoked));
    match fetching.option() {
        Some(option) if !is_revoked && !hint.contains("--fetch") => {
            let hint = hint.trim_end_matches('.');
            format!("{hint}. Or an endorsement of the cache is forged: fetch it anew ({option}).")
        }
        _ => hint,
    }
}

/// The hint of an endorsement that was fetched and is not genuine.
pub(crate) const UNFIT_SERVICE: &str =
    "compare the services' URLs with the vendor's; a mirror may have a forged endorsement";

/// The same for verbs that read recorded evidence and fetch nothing.
pub(crate) fn of_recorded_finding(finding: &Finding) -> String {
    with_recorded_remedy(finding.hint(), finding.remedy())
}

/// The hint of a library about recorded evidence with the option or verb for its remedy.
pub(crate) fn with_recorded_remedy(hint: &str, remedy: Option<Remedy>) -> String {
    match remedy {
        Some(Remedy::FetchEndorsement) => with_option(hint, Some(FETCH_BUNDLE)),
        _ => with_remedy(hint, remedy),
    }
}

const FETCH_BUNDLE: &str = "teeproof fetch FILE -o BUNDLE, or --endorsements FILE";

/// The hint of a check, whatever its failure.
pub(crate) fn of_check(check: &Check) -> String {
    with_remedy(check.hint, Remedy::of_check(check))
}

/// The hint of a warning about a policy file, with the option or verb for its field.
pub(crate) fn of_policy_warning(warning: &PolicyWarning) -> String {
    with_option(warning.hint, option_of_field(&warning.path, false))
}

/// The hint of a warning about a proposed policy, with the option or verb for its field.
pub(crate) fn of_proposal_warning(warning: &PolicyWarning) -> String {
    with_option(warning.hint, option_of_field(&warning.path, true))
}

/// The option or verb for a field of a policy, such as `azure-snp.event-log`. In a proposal, PCRs can be pinned that
/// no event log explains.
fn option_of_field(path: &str, is_proposal: bool) -> Option<&'static str> {
    match (path.split_once('.')?.1, is_proposal) {
        ("guest-svn", _) => Some("teeproof policy reference"),
        ("secure-boot", _) => Some("teeproof collect azure includes the event log"),
        ("event-log", true) => Some("teeproof collect azure includes the event log; --pin 4,7"),
        _ => None,
    }
}

/// The hint of an error of the TPM, with the verb that helps.
pub(crate) fn of_tpm(error: &teeproof_vtpm::Error) -> String {
    use teeproof_vtpm::Error;
    let verb = match error {
        Error::Unfit { .. } | Error::NoBank(_) => Some(DOCTOR),
        Error::ReportSize { .. } | Error::Report(_) => Some("teeproof vtpm nv read, and teeproof inspect"),
        Error::NoReport => Some("teeproof-twin paravisor"),
        Error::InputSize { .. } | Error::InputUnreadable | Error::InputForeign => {
            Some("teeproof vtpm nv undefine 0x01400002")
        }
        Error::Stale { .. } | Error::NotRenewed { .. } => {
            Some("--timeout SECONDS; teeproof vtpm report --boot")
        }
        Error::Refused { code, .. } => of_code(*code),
        _ => None,
    };
    with_option(&error.hint(), verb)
}

/// The hint of a response code, with the verb that helps.
pub(crate) fn of_response_code(known: &KnownCode) -> String {
    with_option(known.hint, of_code(ResponseCode(known.code)))
}

/// The verb for codes of handles, PCRs and algorithms that this TPM may not have.
const fn of_code(code: ResponseCode) -> Option<&'static str> {
    const ASYMMETRIC: u32 = 0x081;
    const PCR: u32 = 0x127;
    match code.base() {
        ASYMMETRIC | ResponseCode::HANDLE | PCR => Some(DOCTOR),
        _ => None,
    }
}

const DOCTOR: &str = "teeproof doctor";

/// The hint of an error of a Nitro security module, with the verb that helps.
pub(crate) fn of_nsm(error: &NsmError) -> String {
    let verb = match error {
        NsmError::Refused { code: ErrorCode::InvalidOperation, .. } => Some("teeproof nsm describe"),
        NsmError::Refused { code: ErrorCode::ReadOnlyIndex | ErrorCode::InvalidIndex, .. } => {
            Some("teeproof nsm pcr describe")
        }
        NsmError::NoDevice { .. } => Some("teeproof-twin nsm"),
        NsmError::TimedOut { .. } => Some("--timeout SECONDS, for a socket"),
        _ => None,
    };
    with_option(error.hint(), verb)
}

/// The hint of an error of a server of documents or of its client, with the verb that helps.
pub(crate) fn of_road(error: &RoadError) -> String {
    let verb = match error {
        RoadError::Address(_) | RoadError::Listen { .. } | RoadError::Request(_) => None,
        RoadError::TimedOut { .. } => Some("--timeout SECONDS"),
        _ => Some("teeproof nsm serve"),
    };
    with_option(error.hint(), verb)
}

/// The hint of an operation of KMS that failed, with the verbs that help.
#[cfg(feature = "aws")]
pub(crate) fn of_kms(error: &teeproof_kms::KmsError) -> String {
    use teeproof_kms::KmsError;
    let verbs = match error {
        KmsError::Refused { code, .. } if code == "AccessDeniedException" => {
            Some("teeproof nsm pcr describe, and teeproof kms lint-policy")
        }
        _ => None,
    };
    with_option(error.hint(), verbs)
}

/// The hint of a document that is no answer, with the verb that helps.
pub(crate) fn of_document(error: &DocumentError) -> String {
    let verb = match error {
        DocumentError::Form(_) => Some("teeproof nsm attest writes it, teeproof inspect shows it"),
        _ => None,
    };
    with_option(error.hint(), verb)
}

/// The hint of an error of sealing, with the verb that helps.
pub(crate) fn of_seal(error: &SealError) -> String {
    let verb = match error {
        SealError::Key(_) | SealError::KeyFile(_) => Some("teeproof seal key"),
        SealError::Envelope(_) => Some("teeproof seal encrypt"),
        _ => None,
    };
    with_option(&error.hint(), verb)
}

/// The hint of invalid input, with the verb or option that helps.
pub(crate) fn of_input(error: &InputError) -> String {
    let hint = error.hint();
    let more = match error {
        InputError::NotOfKind { .. } => "leave --as out",
        InputError::SealingKey { .. } => "a key file is for teeproof seal encrypt",
        InputError::Wire(InputKind::TdQuote, error) if error.is_unsupported() => return hint.into_owned(),
        InputError::Unknown | InputError::TooLarge { .. } | InputError::Wire(..) => "give its kind with --as",
        InputError::Trailing { .. } => "give another kind with --as",
        InputError::EnclaveImage => "compare them with teeproof eif match IMAGE DOCUMENT",
        InputError::Unverified(_) => "see its content with teeproof inspect",
        InputError::NotEvidence(_) => "see its content with teeproof inspect",
        InputError::OfRtmrs(_) => "see the RTMRs of a CCEL with teeproof inspect",
        InputError::Evidence { problem, .. } if problem.is_unsupported() => {
            "see what can be read with teeproof inspect"
        }
        _ => return hint.into_owned(),
    };
    format!("{hint}; {more}")
}

/// The hint of a request that makes no sense for the evidence.
pub(crate) fn of_request(error: &RequestError) -> String {
    match error {
        RequestError::NoTimeInEvidence(_) => "use --at now, or --at 2026-01-31T12:00:00Z".to_owned(),
        RequestError::NoUserData(_) => {
            "leave --user-data out; to compare REPORT_DATA of an SNP report, REPORTDATA of a TD quote or user_data of a Nitro document, use report-data or user-data in a policy"
                .to_owned()
        }
        other => other.hint().to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_close_is_suggested() {
        let known = ["snp.chain", "nitro.chain"];
        assert_eq!(nearest("snp.chian", known.iter().copied()), Some("snp.chain"));
        assert_eq!(nearest("xyz", known.iter().copied()), None);
    }

    #[test]
    fn a_file_of_no_use_is_shown_by_inspect() {
        let hint = of_input(&InputError::Unverified(InputKind::TdReport));
        assert!(hint.ends_with("; see its content with teeproof inspect"), "{hint}");
        assert!(of_input(&InputError::Unknown).ends_with("; give its kind with --as"));
        let (said, found) = (InputKind::TpmQuote, InputKind::SnpReport);
        assert!(of_input(&InputError::NotOfKind { said, found }).ends_with("; leave --as out"));
        assert_eq!(of_input(&InputError::Empty), InputError::Empty.hint());
    }

    #[test]
    fn an_option_is_added_once() {
        let hint = "Add its certificate as a trust anchor.";
        let named = "Add its certificate as a trust anchor (--anchor FILE).";
        assert_eq!(with_remedy(hint, Some(Remedy::AddAnchor)), named);
        assert_eq!(with_remedy(named, Some(Remedy::AddAnchor)), named);
        assert_eq!(with_remedy("Check the clock.", None), "Check the clock.");
    }

    /// Whatever the words of a hint, these checks and errors have an option or a verb in theirs.
    #[test]
    fn every_hint_with_an_option_keeps_it() {
        let check = |id: &str| of_check(teeproof::all_checks().find(|check| check.id == id).unwrap());
        for (id, option) in [
            ("snp.chain", "--anchor FILE"),
            ("ak.chain", "--anchor FILE"),
            ("snp.revocation", "--endorsements FILE"),
            ("snp.revocation-list", "--endorsements FILE"),
            ("tdx.chain", "--anchor FILE"),
            ("tdx.revocation", "--fetch, or --endorsements FILE"),
            ("tdx.revocation-list", "--fetch, or --endorsements FILE"),
            ("tdx.collateral", "--fetch, or --endorsements FILE"),
            ("tdx.collateral.signer", "--fetch, or --endorsements FILE"),
            ("tdx.tcb-info", "--fetch, or --endorsements FILE"),
            ("tdx.qe-identity", "--fetch, or --endorsements FILE"),
            ("nitro.validity", "--at document"),
            ("nitro.max-age", "--at now"),
            ("nitro-tpm.validity", "--at document"),
            ("nitro-tpm.max-age", "--at now"),
            ("hcl.fresh-report", "teeproof collect azure"),
            ("log.format", "teeproof inspect FILE"),
            ("tdx.log.format", "teeproof inspect FILE"),
            ("policy.technology", "--accept TECHNOLOGY"),
        ] {
            assert!(check(id).contains(option), "{id}: {}", check(id));
        }
        for (error, verb) in [
            (teeproof_vtpm::Error::NoBank(4), DOCTOR),
            (teeproof_vtpm::Error::Unfit { command: "", what: String::new() }, DOCTOR),
            (teeproof_vtpm::Error::ReportSize { size: 1, limit: 1 }, "teeproof inspect"),
            (teeproof_vtpm::Error::NoReport, "teeproof-twin paravisor"),
            (teeproof_vtpm::Error::Refused { command: "", code: ResponseCode(0x18b) }, DOCTOR),
        ] {
            assert!(of_tpm(&error).contains(verb), "{}", of_tpm(&error));
        }
        for code in ["TPM_RC_ASYMMETRIC", "TPM_RC_HANDLE", "TPM_RC_PCR"] {
            let known = teeproof_vtpm::KNOWN_CODES.iter().find(|known| known.name == code).unwrap();
            assert!(of_response_code(known).contains(DOCTOR), "{code}");
        }
        assert!(of_seal(&SealError::Key("")).contains("teeproof seal key"));
        assert!(of_seal(&SealError::KeyFile(String::new())).contains("teeproof seal key"));
        let technology = teeproof_core::Technology::Snp;
        assert!(of_request(&RequestError::NoTimeInEvidence(technology)).contains("--at now"));
        assert!(of_request(&RequestError::NoUserData(technology)).contains("--user-data"));
    }

    #[test]
    fn hints_of_policy_warnings_name_options_by_their_field() {
        for (path, is_proposal, option) in [
            ("azure-snp.guest-svn", false, "teeproof policy reference"),
            ("azure-snp.secure-boot", false, "teeproof collect azure"),
            ("azure-snp.event-log", true, "--pin 4,7"),
        ] {
            assert!(option_of_field(path, is_proposal).unwrap().contains(option), "{path}");
        }
        assert_eq!(option_of_field("azure-snp.event-log", false), None);
        assert_eq!(option_of_field("azure-snp", true), None);
    }
}
