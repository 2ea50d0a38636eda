//! Verification of quotes: the only code that makes a [`SignedQuote`] or a [`VerifiedQuote`].
//!
//! Source: Intel document 348551 (TDX DCAP quoting library API), appendix A.3; Intel PCS API version 4.

mod chain;
mod documents;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Crypto, Freshness, Nonce, Record, Time, equal};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::tdx::{QeReport, TdAttributes, TdBody, TdQuote};
use teeproof_x509::{
    AnchorKind, PathOptions, RevocationStatus, SignatureChecks, VerifiedPath, VerifiedSignature,
};

pub use chain::INTEL_ROOT;
use documents::Signers;
pub(crate) use documents::VerifiedDocument;
pub use documents::{MAX_DOCUMENTS, UnusedDocument, UnusedReason};

use crate::qe_identity::QeIdentity;
use crate::tcb_info::TcbInfo;
use crate::{
    Collateral, CollateralCache, CollateralKind, CollateralUrls, Error, MatchedLevel, PckCa, PckIdentity,
    TcbEvaluation, TcbStatus, TdxEvidenceView, checks,
};

/// The maximum number of signatures over certificates in one verification, without those of revocation lists.
/// Genuine evidence costs three.
pub const MAX_SIGNATURES: usize = 64;

/// The relying party's parameters of a verification.
#[derive(Clone, Copy, Debug)]
pub struct TdxVerification<'a> {
    path: PathOptions<'a>,
    report_data: TdReportData<'a>,
    at: Time,
    collateral_cache: Option<&'a CollateralCache>,
}

impl<'a> TdxVerification<'a> {
    /// A verification with this requirement on REPORTDATA, and certificates and collateral that must be valid
    /// at this time. By default only Intel's root is an anchor, no signature and no collateral is cached, and
    /// revocation is waived.
    pub fn new(report_data: impl Into<TdReportData<'a>>, at: Time, crypto: &'a Crypto<'a>) -> Self {
        let path = PathOptions::new(crypto);
        Self { path, report_data: report_data.into(), at, collateral_cache: None }
    }

    teeproof_x509::path_option_setters!('a, path, and_all);

    /// With parsed collateral of earlier verifications.
    #[must_use]
    pub const fn collateral_cache(mut self, cache: &'a CollateralCache) -> Self {
        self.collateral_cache = Some(cache);
        self
    }
}

/// The requirement on REPORTDATA, 64 bytes chosen by the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TdReportData<'a> {
    /// The nonce, zero-extended to 64 bytes; or why no nonce is checked.
    Nonce(Freshness<'a>),
    /// A value that the caller compares, described by the text. Without that comparison the quote can be a
    /// replayed one.
    ForCaller(&'a str),
}

impl<'a> From<Nonce<'a>> for TdReportData<'a> {
    fn from(nonce: Nonce<'a>) -> Self {
        Self::Nonce(nonce.into())
    }
}

impl<'a> From<Freshness<'a>> for TdReportData<'a> {
    fn from(freshness: Freshness<'a>) -> Self {
        Self::Nonce(freshness)
    }
}

/// A quote that the quoting enclave of a genuine Intel platform signed. Its TCB is not evaluated: the quoting
/// enclave and the TDX module may be old ones, or for debugging.
///
/// Only [`verify_signatures`] makes it; it borrows the bytes whose signature was verified.
#[derive(Clone, Copy, Debug)]
pub struct SignedQuote<'a> {
    quote: TdQuote<'a>,
    path: VerifiedPath<'a>,
    statement: VerifiedSignature<'a>,
    pck: PckIdentity,
    ca: PckCa,
}

/// A quote of a genuine Intel platform, with its TCB evaluated against Intel's collateral.
///
/// Only [`verify`] makes it; it borrows the bytes whose signature was verified.
#[derive(Clone, Debug)]
pub struct VerifiedQuote<'a> {
    signed: Box<SignedQuote<'a>>,
    tcb: TcbEvaluation,
    anchor: AnchorKind,
    /// The signatures of revocation lists and of the signers' certificates.
    further: Vec<VerifiedSignature<'a>>,
    tcb_info: VerifiedDocument<'a, TcbInfo>,
    qe_identity: VerifiedDocument<'a, QeIdentity>,
    unused: Vec<UnusedDocument>,
}

/// Verifies the signatures of a quote: PCK chain, quoting enclave's report, attestation key, quote.
///
/// Proves: a key that Intel certified for the platform signed the report of an enclave, and a key in that report
/// signed the quote.
/// Does not prove: that the enclave is Intel's quoting enclave, which the QE identity shows. Use [`verify`].
///
/// # Errors
/// The first check that fails; every check that passes is recorded before.
pub fn verify_signatures<'e>(
    evidence: impl Into<TdxEvidenceView<'e>>,
    certificates: &[Certificate<'e>],
    verification: &TdxVerification<'e>,
    record: &mut dyn Record,
) -> Result<SignedQuote<'e>, Error> {
    let budget = verification.path.budget(MAX_SIGNATURES);
    let signatures = verification.path.signature_checks(&budget);
    let evidence = evidence.into();
    let quote = evidence.quote()?;
    let given: Vec<Certificate<'e>> = evidence.certificates().chain(certificates.iter().copied()).collect();
    let lists = &mut Vec::new();
    signed_quote(&quote, &given, verification, &signatures, lists, record).map(|signed| *signed)
}

/// Verifies a quote and evaluates its TCB against Intel's collateral.
///
/// Proves: a TDX module and a quoting enclave that Intel signed made the quote on a genuine platform, and which
/// TCB level that platform reaches; where the requirement on REPORTDATA is a nonce, for this nonce.
/// Does not prove: which software runs in the guest, nor that the TCB is up to date: see [`TcbEvaluation`].
///
/// Work before the first signature is bounded by the quote's 16 KiB and the number of certificates. Genuine
/// evidence costs seven signatures on P-256: three of certificates, two of the quote, two of collateral; and one
/// for each revocation list and chain.
///
/// # Errors
/// The first check that fails; every check that passes is recorded before. Without collateral
/// [`Error::MissingCollateral`], which names what to fetch.
pub fn verify<'e>(
    evidence: impl Into<TdxEvidenceView<'e>>,
    collateral: &Collateral<'e, '_>,
    verification: &TdxVerification<'e>,
    record: &mut dyn Record,
) -> Result<VerifiedQuote<'e>, Error> {
    let budget = verification.path.budget(MAX_SIGNATURES);
    let signatures = verification.path.signature_checks(&budget);
    let evidence = evidence.into();
    let quote = evidence.quote()?;
    let given: Vec<Certificate<'e>> =
        evidence.certificates().chain(collateral.certificates.iter().copied()).collect();
    let mut further = Vec::new();
    let signed = signed_quote(&quote, &given, verification, &signatures, &mut further, record)?;
    let urls = signed.urls();
    for kind in [CollateralKind::TcbInfo, CollateralKind::QeIdentity] {
        if !collateral.documents.iter().any(|document| document.kind() == kind) {
            return Err(Error::MissingCollateral { kind, urls });
        }
    }
    record.pass(checks::COLLATERAL, &"TCB info and QE identity");
    // The root's revocation list concerns both chains; its signature is verified once.
    let mut of_signers = Vec::new();
    let checks = SignatureChecks { cache: signatures.cache.with_verified(&further), ..signatures };
    let signers = documents::signers(&given, verification, &checks, &mut of_signers, record)?;
    further.append(&mut of_signers);
    further.extend(signers.iter().flat_map(|path| path.path().signatures()));
    let signers = Signers { paths: &signers, verification };
    let mut unused = Vec::new();
    let tcb_info = documents::tcb_info(collateral.documents, signers, &signed.pck, &mut unused)?;
    let qe_identity = documents::qe_identity(collateral.documents, signers, &mut unused)?;
    let tcb = evaluate(&signed, &tcb_info.parsed, &qe_identity.parsed, verification.at, record)?;
    check_report_data(signed.td(), &verification.report_data, record)?;
    let anchor = signed.path.path().anchor().and(tcb_info.anchor).and(qe_identity.anchor);
    Ok(VerifiedQuote { signed, tcb, anchor, further, tcb_info, qe_identity, unused })
}

fn signed_quote<'e>(
    quote: &TdQuote<'e>,
    given: &[Certificate<'e>],
    verification: &TdxVerification<'e>,
    signatures: &SignatureChecks<'_>,
    lists: &mut Vec<VerifiedSignature<'e>>,
    record: &mut dyn Record,
) -> Result<Box<SignedQuote<'e>>, Error> {
    let crypto = verification.path.crypto;
    record_format(quote, record);
    let (path, ca) = chain::pck(quote, given, verification, signatures)?;
    record.pass(checks::CHAIN, &chain::Shown(&path));
    let cached = verification.collateral_cache.and_then(|cache| cache.pck(quote, path.leaf()));
    let pck = cached.map_or_else(|| PckIdentity::of(path.leaf()), |pck| Ok(*pck)).map_err(Error::Pck)?;
    record.pass(checks::PCK, &format_args!("FMSPC {}, issued by the {ca} CA", crate::urls::Fmspc(pck.fmspc)));
    let statement = chain::qe_statement(path.leaf(), quote, verification).ok_or(Error::QeSignature)?;
    record.pass(checks::QE_SIGNATURE, &"ECDSA P-256 over the 384 bytes of the quoting enclave's report");
    check_binding(quote, crypto)?;
    record.pass(checks::QE_BINDING, &"SHA-256 of attestation key and authentication data, then zeros");
    check_signature(quote, crypto)?;
    record.pass(checks::SIGNATURE, &format_args!("ECDSA P-256 over bytes 0..{}", quote.signed().len()));
    warn_of_reserved_attributes(quote.td(), record);
    record_service_tds(quote.td(), record);
    let mut path = chain::valid(crate::Chain::Pck, &path, verification)?;
    record.pass(checks::VALIDITY, &format_args!("every certificate, at {}", verification.at));
    chain::unrevoked(crate::Chain::Pck, &mut path, verification, signatures, lists)?;
    let status = path.revocation();
    match verification.path.revocation.waiver() {
        Some(reason) if !status.is_checked() => record.waive(checks::REVOCATION, &reason),
        _ if status.is_complete() => record.pass(checks::REVOCATION, &status),
        _ => record.warn(checks::REVOCATION, &status),
    }
    Ok(Box::new(SignedQuote { quote: *quote, path, statement, pck, ca }))
}

/// Warns of attributes that the specification reserves: this version cannot say what they mean for the guest.
fn warn_of_reserved_attributes(td: TdBody<'_>, record: &mut dyn Record) {
    let reserved = TdAttributes::from_bits(td.td_attributes()).unnamed();
    if reserved != 0 {
        record.warn(checks::FORMAT, &format_args!("TDATTRIBUTES has the reserved bits {reserved:#x}"));
    }
}

/// Records whether service TDs are bound to the guest, or can move it: then its secrets are theirs too.
fn record_service_tds(td: TdBody<'_>, record: &mut dyn Record) {
    let attributes = TdAttributes::from_bits(td.td_attributes());
    let has = |flag, words| if attributes.contains(flag) { words } else { "" };
    let bound = match td.mrservicetd() {
        Some(bound) if *bound != [0; 48] => "MRSERVICETD is not zero: service TDs are bound to the guest; ",
        _ => "",
    };
    let extended = has(TdAttributes::SERVTD_EXT, "SERVTD_EXT is set, for a guest with service TDs; ");
    let migratable = has(TdAttributes::MIGRATABLE, "MIGRATABLE is set: a migration TD can move the guest; ");
    let named =
        td.mrservicetd().map_or("a body of TDX 1.0 names no service TDs", |_| "no service TD is bound");
    if [bound, extended, migratable].iter().all(|words| words.is_empty()) {
        record.pass(checks::SERVICE_TDS, &format_args!("not migratable; {named}"));
    } else {
        record.warn(
            checks::SERVICE_TDS,
            &format_args!("{bound}{extended}{migratable}`mrservicetd` and `migration` of a policy decide"),
        );
    }
}

/// Records the form of the quote. Clouds return quotes in larger buffers: bytes after the quote are not signed
/// and never read, and those that are not zero are a warning.
fn record_format(quote: &TdQuote<'_>, record: &mut dyn Record) {
    let (version, count) = (quote.version, quote.trailing_bytes());
    match quote.check_trailing() {
        Ok(()) => record.pass(
            checks::FORMAT,
            &format_args!(
                "version {version}, body of {} bytes, {count} zero bytes after it",
                quote.body.len()
            ),
        ),
        Err(_) => record.warn(
            checks::FORMAT,
            &format_args!("version {version}, followed by {count} bytes that are not part of the quote"),
        ),
    }
}

/// Checks that the quoting enclave's report names the attestation key.
fn check_binding(quote: &TdQuote<'_>, crypto: &Crypto<'_>) -> Result<(), Error> {
    let certification = &quote.certification;
    let parts: [&[u8]; 2] = [quote.attestation_key, certification.qe_authentication_data];
    let mut expected = [0; 64];
    for (slot, byte) in expected.iter_mut().zip(crypto.sha256.digest(&parts)) {
        *slot = byte;
    }
    if expected == *certification.qe().report_data() { Ok(()) } else { Err(Error::QeBinding) }
}

/// Checks the attestation key's signature over header and body.
fn check_signature(quote: &TdQuote<'_>, crypto: &Crypto<'_>) -> Result<(), Error> {
    let mut point = [4; 65];
    for (slot, byte) in point.iter_mut().skip(1).zip(quote.attestation_key) {
        *slot = *byte;
    }
    let table = crypto.ecdsa_p256_sha256;
    table.verify(&point, &[quote.signed()], quote.signature).map_err(|_| Error::Signature)
}

/// Evaluates quoting enclave, module and platform against verified collateral.
fn evaluate(
    signed: &SignedQuote<'_>,
    info: &TcbInfo,
    qe_identity: &QeIdentity,
    at: Time,
    record: &mut dyn Record,
) -> Result<TcbEvaluation, Error> {
    let number = info.tcb_evaluation_data_number;
    let until = info.next_update.0;
    record.pass(checks::TCB_INFO, &format_args!("evaluation data number {number}, current until {until}"));
    let (of_qe, qe_until) = (qe_identity.tcb_evaluation_data_number, qe_identity.next_update.0);
    record
        .pass(checks::QE_IDENTITY, &format_args!("evaluation data number {of_qe}, current until {qe_until}"));
    let qe_report = signed.quote.certification.qe();
    let qe = qe_identity.level_of(qe_report).map_err(Error::Qe)?;
    record.pass(checks::QE, &format_args!("ISVSVN {}: {}", qe_report.isvsvn(), qe.status));
    let td = signed.td();
    let module_of = |svn| info.module(td, svn).map_err(Error::Module);
    let (at_launch, running) = (td.tee_tcb_svn(), td.tee_tcb_svn2());
    let module = module_of(at_launch)?;
    let module_running = running.map(module_of).transpose()?;
    match (&module, running.zip(module_running.as_ref())) {
        (_, Some((svn, running))) if svn != at_launch => record.pass(
            checks::MODULE,
            &format_args!(
                "at launch {}, running {}",
                Module(at_launch, module.as_ref()),
                Module(svn, running.as_ref())
            ),
        ),
        _ => record.pass(checks::MODULE, &Module(at_launch, module.as_ref())),
    }
    let platform_of = |svn| info.platform(&signed.pck, svn).ok_or(Error::TcbLevel);
    let platform = platform_of(at_launch)?;
    let platform_running = running.map(platform_of).transpose()?;
    let running = platform_running.map(|platform| (platform, module_running.flatten()));
    let tcb = TcbEvaluation::new(platform, module, qe, running, (number.min(of_qe), until.min(qe_until), at));
    if tcb.status() == TcbStatus::UpToDate {
        record.pass(checks::TCB, &tcb);
    } else {
        record.warn(checks::TCB, &tcb);
    }
    Ok(tcb)
}

/// A TDX module by its version, and the status of its level.
struct Module<'m>(&'m [u8; 16], Option<&'m MatchedLevel>);

impl fmt::Display for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [svn, major, ..] = self.0;
        match self.1 {
            Some(level) => write!(f, "TDX_{major:02X}, {svn}: {}", level.status),
            None => write!(f, "major version 0, {svn}"),
        }
    }
}

fn check_report_data(
    td: TdBody<'_>,
    required: &TdReportData<'_>,
    record: &mut dyn Record,
) -> Result<(), Error> {
    let nonce = match required {
        TdReportData::Nonce(Freshness::Nonce(nonce)) => nonce.as_bytes(),
        TdReportData::Nonce(Freshness::Waived(reason)) => {
            record.waive(checks::NONCE, reason);
            return Ok(());
        }
        TdReportData::ForCaller(comparison) => {
            record.skip(checks::NONCE, comparison);
            return Ok(());
        }
    };
    let mut expected = [0; 64];
    expected.get_mut(..nonce.len()).ok_or(Error::NonceLength)?.copy_from_slice(nonce);
    if !equal(&expected, td.report_data()) {
        return Err(Error::Nonce);
    }
    record.nonce_matches(checks::NONCE, nonce, &"REPORTDATA is the nonce followed by zeros");
    Ok(())
}

impl<'a> SignedQuote<'a> {
    /// The quote: header and body are authentic.
    #[must_use]
    pub const fn quote(&self) -> &TdQuote<'a> {
        &self.quote
    }

    /// The body: module and guest.
    #[must_use]
    pub const fn td(&self) -> TdBody<'a> {
        self.quote.td()
    }

    /// The chain from Intel's root to the PCK certificate.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// The platform, by its PCK certificate.
    #[must_use]
    pub const fn pck(&self) -> &PckIdentity {
        &self.pck
    }

    /// The verified signatures of the PCK chain and of the quoting enclave's report, for a
    /// [`SignatureCache`](teeproof_x509::SignatureCache): further quotes of the quoting enclave need not verify them
    /// again.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        self.path.path().signatures().chain(core::iter::once(self.statement))
    }

    /// The collateral that the platform needs, and its addresses.
    #[must_use]
    pub const fn urls(&self) -> CollateralUrls {
        CollateralUrls { fmspc: self.pck.fmspc, ca: self.ca }
    }
}

impl<'a> VerifiedQuote<'a> {
    /// The quote as far as its signatures prove it.
    #[must_use]
    pub const fn signed(&self) -> &SignedQuote<'a> {
        &self.signed
    }

    /// The quote: header and body are authentic.
    #[must_use]
    pub const fn quote(&self) -> &TdQuote<'a> {
        self.signed.quote()
    }

    /// The body: module and guest.
    #[must_use]
    pub const fn td(&self) -> TdBody<'a> {
        self.signed.td()
    }

    /// The report of the quoting enclave, which Intel's QE identity describes.
    #[must_use]
    pub const fn qe(&self) -> QeReport<'a> {
        self.signed.quote.certification.qe()
    }

    /// The chain from Intel's root to the PCK certificate.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        self.signed.path()
    }

    /// The platform, by its PCK certificate.
    #[must_use]
    pub const fn pck(&self) -> &PckIdentity {
        self.signed.pck()
    }

    /// The evaluation of the platform's TCB.
    #[must_use]
    pub const fn tcb(&self) -> &TcbEvaluation {
        &self.tcb
    }

    /// The time of verification.
    #[must_use]
    pub const fn at(&self) -> Time {
        self.signed.path.at()
    }

    /// Whether the host can debug the guest: any of bits 0 to 7 of TDATTRIBUTES, which put a guest under debug.
    #[must_use]
    pub const fn is_debug(&self) -> bool {
        self.td().td_attributes() & 0xff != 0
    }

    /// Whether a migration TD can move the guest to another machine: bit 29 of TDATTRIBUTES.
    #[must_use]
    pub fn is_migratable(&self) -> bool {
        TdAttributes::from_bits(self.td().td_attributes()).contains(TdAttributes::MIGRATABLE)
    }

    /// RTMR0 to RTMR3 by index; those of other indices do not exist and are zero.
    #[must_use]
    pub fn rtmr(&self, index: usize) -> &'a [u8; 48] {
        self.td().rtmr().get(index).unwrap_or(&[0; 48])
    }

    /// The verified signatures of quote and collateral but the quote's own, for a
    /// [`SignatureCache`](teeproof_x509::SignatureCache): those of the PCK chain, the quoting enclave's report,
    /// revocation lists, the TCB signing chain, TCB info and QE identity. A document of a [`CollateralCache`] is not
    /// among them.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        let documents = [self.tcb_info.statement, self.qe_identity.statement];
        self.signed.signatures().chain(self.further.iter().copied()).chain(documents.into_iter().flatten())
    }

    /// TCB info and QE identity.
    pub(crate) const fn documents(
        &self,
    ) -> (&VerifiedDocument<'a, TcbInfo>, &VerifiedDocument<'a, QeIdentity>) {
        (&self.tcb_info, &self.qe_identity)
    }

    /// The TCB info and QE identities that were given and not used, with the reasons; identical ones count once.
    #[must_use]
    pub fn unused_collateral(&self) -> &[UnusedDocument] {
        &self.unused
    }

    /// The kind of the anchors of quote and collateral together: Intel's pinned root, or an added one.
    #[must_use]
    pub const fn anchor(&self) -> AnchorKind {
        self.anchor
    }

    /// Whether quote and collateral end at Intel's pinned root.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.anchor.is_pinned()
    }

    /// Which certificates of the PCK chain were checked against a current list of their issuer.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.signed.path.revocation()
    }
}
