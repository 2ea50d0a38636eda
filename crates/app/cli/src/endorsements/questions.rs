//! The endorsements that evidence needs and that its files lack, as questions for the services that have them.
//!
//! Read from unverified evidence: whoever made it chooses what is requested, on the hosts of the settings alone.

mod issuers;

use teeproof_core::{Time, Validity};
use teeproof_endorse::{AmdKey, PckCa, Question, Vcek};
use teeproof_evidence::{InputKind, Inputs, Part};
use teeproof_tdx::TdxEvidence;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::snp::{Product, Report, SigningKey, Tcb};

pub(crate) use issuers::MAX_URLS;

/// One endorsement that evidence needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The question. Several are alternatives, of which one has an answer: a report before version 3 does not say of
    /// which product line its chip is, and a certificate can name several URLs of its issuer.
    pub(crate) questions: Vec<Question>,
    pub(crate) necessity: Necessity,
}

/// What it means that there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Necessity {
    /// The evidence is incomplete.
    Required,
    /// A revocation list: the evidence can be verified without it if the service has none, which the result says. That
    /// the service fails is another matter, which somebody in between can cause.
    WhereServed,
    /// An issuer of an attestation key's certificate: nothing but the ground of origin depends on it.
    Optional,
}

/// Everything that evidence needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    /// What can be fetched. An answer can lead to further needs: the VCEK says of which product line the chip is.
    pub(crate) needs: Vec<Need>,
    /// What cannot be fetched, with the reason.
    pub(crate) gaps: Vec<String>,
}

/// Whether the certificates above a VCEK or VLEK are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmdChains {
    /// Those of every supported product line are pinned.
    Pinned,
    /// Under an added trust anchor they are not.
    Needed,
}

/// Which of the endorsements that evidence needs are listed. Revocation lists, TCB info and QE identities always are:
/// one among the files can be forged, or older than one that revokes, and the sender chooses the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those certificates that are not among the files. One that is not valid at the time counts as missing.
    Missing,
    /// Those certificates that are among the files too.
    All,
}

/// The endorsements that the evidence among the files needs at a time.
pub(crate) fn needs(inputs: &Inputs, at: Time, chains: AmdChains, which: Which) -> Needs {
    let mut needs = Needs::default();
    if !inputs.redactions().is_empty() {
        needs.gaps.push(REDACTED.to_owned());
        return needs;
    }
    let given = Given { inputs, at, which };
    let envelope = inputs.bytes_of(InputKind::HclReport).and_then(|bytes| HclReport::parse(bytes).ok());
    let slot = envelope.as_ref().and_then(|envelope| match envelope.hardware() {
        Hardware::Snp(report) => Some(report.as_slice()),
        _ => None,
    });
    let report = inputs.bytes_of(InputKind::SnpReport).or(slot);
    if let Some(report) = report.and_then(|bytes| Report::parse(bytes).ok()) {
        needs.of_snp_report(report, &given, chains);
    }
    if let Some(quote) = inputs.bytes_of(InputKind::TdQuote) {
        needs.of_td_quote(quote);
    }
    if let Some(envelope) = &envelope {
        for questions in issuers::missing(envelope, &given.certificates()) {
            needs.push(questions, Necessity::Optional);
        }
    }
    needs
}

impl Needs {
    fn of_snp_report(&mut self, report: Report<'_>, given: &Given<'_>, chains: AmdChains) {
        let lines = match report.cpuid().map(Product::from_cpuid) {
            Some(Some(line)) => vec![line],
            Some(None) => {
                self.gaps.push("VCEK: the report's CPUID is of no supported product line".to_owned());
                return;
            }
            // Turin never made such a report.
            None => vec![Product::Milan, Product::Genoa],
        };
        let (key, found) = match report.key_info().signing_key() {
            SigningKey::Vcek => (AmdKey::Vcek, self.vcek(report, &lines, given)),
            SigningKey::Vlek => (AmdKey::Vlek, self.vlek(&lines, given)),
            SigningKey::None => {
                self.gaps.push("VCEK: the report is not signed: its SIGNING_KEY is 7".to_owned());
                return;
            }
            other => {
                self.gaps
                    .push(format!("VCEK: SIGNING_KEY of the report: expected VCEK or VLEK, got {other}"));
                return;
            }
        };
        let lines = if let [_] = lines.as_slice() { lines } else { found };
        for product in lines {
            let question = Question::AmdChain { product, key };
            let is_missing = given.which == Which::All || !given.has_amd_chain(product, key);
            if chains == AmdChains::Needed && is_missing {
                self.push(vec![question], Necessity::Required);
            }
            self.push(vec![Question::AmdCrl { product, key }], Necessity::WhereServed);
        }
    }

    /// The VCEK; returns the product lines of those that are given. A forged one of another line must not decide of
    /// which line the list is requested.
    fn vcek(&mut self, report: Report<'_>, lines: &[Product], given: &Given<'_>) -> Vec<Product> {
        let (mut questions, mut given_ones, mut found) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            let tcb = Tcb::parse(*report.reported_tcb(), line.tcb_layout());
            let Some(tcb) = tcb else {
                self.gaps.push("VCEK: REPORTED_TCB has reserved bytes that are not zero".to_owned());
                return Vec::new();
            };
            match Vcek::new(*line, report.chip_id(), tcb).map(Question::Vcek) {
                Ok(question) if given.has(&question) => {
                    given_ones.push(question);
                    found.push(*line);
                }
                Ok(question) => questions.push(question),
                Err(error) => {
                    self.gaps.push(format!("VCEK: {error}"));
                    return Vec::new();
                }
            }
        }
        match (found.is_empty(), given.which) {
            (true, _) => self.push(questions, Necessity::Required),
            (false, Which::All) => self.push(given_ones, Necessity::Required),
            (false, Which::Missing) => {}
        }
        found
    }

    /// The VLEK, which no service gives to everybody; returns the product lines of those that are given.
    fn vlek(&mut self, lines: &[Product], given: &Given<'_>) -> Vec<Product> {
        let issuers = |line: &Product| format!("SEV-VLEK-{line}");
        let certificates = given.certificates();
        let of_line = |line: &&Product| {
            certificates.iter().any(|one| one.issuer().common_name() == Some(issuers(line).as_str()))
        };
        let found: Vec<_> = lines.iter().filter(of_line).copied().collect();
        if found.is_empty() {
            self.gaps.push("VLEK: AMD gives it to the cloud provider only, who signs this report".to_owned());
        }
        found
    }

    fn of_td_quote(&mut self, quote: &[u8]) {
        let urls = TdxEvidence::parse(quote).ok().and_then(|evidence| evidence.collateral_urls());
        let Some(urls) = urls else {
            self.gaps.push("collateral: the TD quote has no certificate that names its platform".to_owned());
            return;
        };
        let ca = match urls.ca {
            teeproof_tdx::PckCa::Platform => PckCa::Platform,
            teeproof_tdx::PckCa::Processor => PckCa::Processor,
        };
        for (question, necessity) in [
            (Question::TdxTcbInfo { fmspc: urls.fmspc }, Necessity::Required),
            (Question::TdQeIdentity, Necessity::Required),
            (Question::PckCrl(ca), Necessity::WhereServed),
            (Question::IntelRootCrl, Necessity::WhereServed),
        ] {
            self.push(vec![question], necessity);
        }
    }

    fn push(&mut self, questions: Vec<Question>, necessity: Necessity) {
        let need = Need { questions, necessity };
        if !need.questions.is_empty() && !self.needs.contains(&need) {
            self.needs.push(need);
        }
    }
}

/// The certificates among the files, of which those that are valid at a time count.
struct Given<'a> {
    inputs: &'a Inputs,
    at: Time,
    which: Which,
}

impl<'a> Given<'a> {
    /// Whether a file answers the question, as a response of the service would.
    fn has(&self, question: &Question) -> bool {
        is_among(self.inputs, question, self.at)
    }

    fn has_amd_chain(&self, product: Product, key: AmdKey) -> bool {
        let ask = match key {
            AmdKey::Vcek => format!("SEV-{product}"),
            AmdKey::Vlek => format!("SEV-VLEK-{product}"),
        };
        self.certificates().iter().any(|one| one.subject().common_name() == Some(ask.as_str()))
    }

    fn certificates(&self) -> Vec<Certificate<'a>> {
        self.inputs.certificates()
    }
}

/// Whether a file answers the question, as a response of the service would, and is valid at a time. Nobody verified it.
pub(crate) fn is_among(inputs: &Inputs, question: &Question, at: Time) -> bool {
    let mut parts = inputs.parts().iter();
    parts.any(|part| answers(part, question).is_some_and(|validity| is_valid(validity, at)))
}

/// How long the answer is valid, if a part of a file answers the question as a response of the service would. Evidence
/// never does. The certificates above a signer are parts of their own, which the verifier looks for.
pub(crate) fn answers(part: &Part, question: &Question) -> Option<Validity> {
    question.validity_of(part.bytes()).filter(|_| part.kind() == kind(question))
}

/// The kind of the parts in the answer to a question: an endorsement.
pub(crate) const fn kind(question: &Question) -> InputKind {
    match question {
        Question::AmdCrl { .. } | Question::PckCrl(_) | Question::IntelRootCrl => InputKind::RevocationList,
        Question::TdxTcbInfo { .. } => InputKind::TcbInfo,
        Question::TdQeIdentity => InputKind::QeIdentity,
        // VCEK, chains and issuers; of any other question, nothing but certificates is added.
        _ => InputKind::Certificate,
    }
}

/// Whether a span has a time in it.
pub(crate) fn is_valid(validity: Validity, at: Time) -> bool {
    validity.not_before <= at && at <= validity.not_after
}

/// Why nothing is fetched for redacted evidence.
pub(crate) const REDACTED: &str =
    "the evidence is redacted: its identifiers were replaced, so that nothing can be fetched for it";
