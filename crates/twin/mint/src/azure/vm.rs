//! A minted Azure VM: paravisor, vTPM, and setters that falsify both.

use super::envelope::{SNP, TDX};
use super::event_log::untouched_pcrs;
use super::{AkChain, Claims, Envelope, EventLog, Evidence, Generation, Quote, Selection, TdReport};
use crate::snp::{Machine, Product};
use crate::tdx::{MintedQuote, QuoteBody, TdxMachine};
use crate::{DEFAULT_TIME, Error, Key, Kind};

/// The ID-block key of Azure's machines on Milan and Genoa since 2024, as genuine reports name it.
const ID_KEY_DIGEST: [u8; 48] = *b"\x94\x2f\xd9\x3e\xbd\xe6\xea\x7a\x96\xef\xad\xea\xfc\x60\xf1\xc6\
    \xb3\xd1\x0e\x70\x3b\x1d\xaf\xd7\x55\x5b\x92\xf7\xf3\xd3\x2d\x0e\
    \x00\x67\x67\x64\x8c\xba\x5b\x10\x2a\xf3\xd6\x57\x56\xaf\x41\x77";
const GUEST_SVN: u32 = 0xa;
const POLICY: u64 = 0x3_001f;

/// A confidential machine on Azure under throwaway keys.
///
/// Untouched, everything about it is consistent and its evidence verifies under its own ARK and
/// its own root of virtual TPMs at [`DEFAULT_TIME`]. Methods keep it consistent; fields and the
/// `with_…` closures change one thing only, which is how forgeries are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Vm {
    /// What kind of hardware report lies in the envelope.
    pub platform: Platform,
    /// The machine that signs the hardware report, on SNP. Its report_data is set from the claims.
    pub machine: Machine,
    /// The hardware report on TDX. Its report_data is set from the claims.
    pub td_report: TdReport,
    /// The machine that signs the TD quote, on TDX. Its body is that of the TDREPORT. `None` makes no quote.
    pub td_machine: Option<TdxMachine>,
    /// These bytes in place of the TD quote.
    pub td_quote: Option<Vec<u8>>,
    /// This REPORT_DATA in place of the hash of the claims.
    pub report_data: Option<[u8; 64]>,
    /// What the paravisor claims.
    pub claims: Claims,
    /// What lies around hardware report and claims.
    pub envelope: Envelope,
    /// The attestation key, which signs the quote.
    pub ak: Key,
    /// The endorsement key, which nothing but the claims name.
    pub ek: Key,
    /// The quote.
    pub quote: Quote,
    /// The values of the SHA-256 registers, which the quote attests.
    pub pcrs: [[u8; 32]; 24],
    /// The event log.
    pub log: Option<EventLog>,
    /// The certificate of the attestation key and those above it.
    pub ak_chain: AkChain,
    one_root: bool,
}

/// What kind of hardware a machine runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// AMD SEV-SNP.
    Snp,
    /// Intel TDX.
    Tdx,
}

/// The certificates of a machine, each in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificates {
    /// That of the attestation key.
    pub ak: Vec<u8>,
    /// The CAs between it and its root, from the leaf upward.
    pub ak_intermediates: Vec<Vec<u8>>,
    /// The root of virtual TPMs, or the ARK where there is but one root: a trust anchor.
    pub ak_root: Vec<u8>,
    /// The VCEK or VLEK; empty on TDX.
    pub vek: Vec<u8>,
    /// The ASK or ASVK; empty on TDX.
    pub intermediate: Vec<u8>,
    /// The ARK, a trust anchor; empty on TDX.
    pub ark: Vec<u8>,
}

impl Vm {
    /// A machine on this line of AMD's, with the paravisor that runs there.
    #[must_use]
    pub fn snp(product: Product) -> Self {
        let generation = match product {
            Product::Milan => Generation::LegacyMilan,
            Product::Genoa => Generation::LegacyGenoa,
            Product::Turin => Generation::OpenHcl2026,
        };
        Self::new(Platform::Snp, product, generation)
    }

    /// A machine on TDX with OpenHCL. It comes without a TD quote.
    #[must_use]
    pub fn tdx() -> Self {
        Self::new(Platform::Tdx, Product::Genoa, Generation::OpenHcl2026)
    }

    /// A machine on TDX with OpenHCL, with a TD quote of version 4 and its collateral. The body of the quote is that
    /// of the TDREPORT, and REPORTDATA of both is the hash of the claims.
    #[must_use]
    pub fn tdx_with_quote() -> Self {
        let mut vm = Self::tdx();
        vm.td_machine = Some(TdxMachine::new());
        vm
    }

    fn new(platform: Platform, product: Product, generation: Generation) -> Self {
        let ak = Key::shared("HCLAkPub", Kind::Rsa2048);
        let ek = Key::shared("HCLEkPub", Kind::Rsa2048);
        let report_type = if platform == Platform::Snp { SNP } else { TDX };
        let vm = Self {
            platform,
            machine: paravisor(product),
            td_report: TdReport::default(),
            td_machine: None,
            td_quote: None,
            report_data: None,
            claims: Claims::new(generation, &ak, &ek),
            envelope: Envelope::new(report_type, generation.header_version(), generation.nv_bytes()),
            quote: Quote::default(),
            pcrs: untouched_pcrs(),
            log: None,
            ak_chain: AkChain::global(&ak, DEFAULT_TIME),
            one_root: false,
            ak,
            ek,
        };
        vm.log(EventLog::booted_securely())
    }

    /// Gives it another generation of the paravisor: claims, header version, size of the index.
    /// What was set in the claims before is gone.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.claims = Claims::new(generation, &self.ak, &self.ek);
        self.envelope.header_version = generation.header_version();
        self.envelope.nv_bytes = generation.nv_bytes();
        self
    }

    /// Sets the nonce of the quote.
    #[must_use]
    pub fn nonce(mut self, nonce: &[u8]) -> Self {
        self.quote.extra_data = nonce.to_vec();
        self
    }

    /// Sets what the guest put into the claims, extended with zeros to 64 bytes.
    #[must_use]
    pub fn user_data(mut self, user_data: &[u8]) -> Self {
        self.claims.set_user_data(user_data);
        self
    }

    /// Gives it another log, and the registers that follow from it.
    #[must_use]
    pub fn log(mut self, log: EventLog) -> Self {
        self.pcrs = log.pcrs();
        self.log = Some(log);
        self
    }

    /// Quotes these registers and no others.
    #[must_use]
    pub fn pcr_selection(mut self, registers: &[u8]) -> Self {
        self.quote.selections = vec![Selection::sha256(registers)];
        self
    }

    /// Gives it another attestation key: in the claims, the certificate and the quote.
    #[must_use]
    pub fn attestation_key(mut self, key: Key) -> Self {
        self.claims.set_ak(&key);
        self.ak_chain.leaf.key = key.clone();
        self.ak = key;
        self
    }

    /// Gives it another endorsement key, in the claims.
    #[must_use]
    pub fn endorsement_key(mut self, key: Key) -> Self {
        self.claims.set_ek(&key);
        self.ek = key;
        self
    }

    /// Puts the attestation key's certificate right under the machine's own root: under the ARK, or
    /// on TDX under the root of virtual TPMs. One trust anchor is then enough, and nothing is needed
    /// in between that the machine itself does not hand out.
    #[must_use]
    pub fn one_root(mut self) -> Self {
        self.one_root = true;
        self
    }

    /// Moves the validity of all certificates to around this moment, in seconds since
    /// 1970-01-01T00:00:00Z, and the time in the claims, where these have one.
    #[must_use]
    pub fn at(mut self, seconds: u64) -> Self {
        if let Some(time) = self.claims.configuration.get_mut("current-time") {
            *time = seconds.into();
        }
        self.machine = self.machine.at(seconds);
        self.td_machine = self.td_machine.map(|machine| machine.at(seconds));
        self.ak_chain = self.ak_chain.at(seconds);
        self
    }

    /// Changes the machine below.
    #[must_use]
    pub fn with_machine(mut self, change: impl FnOnce(&mut Machine)) -> Self {
        change(&mut self.machine);
        self
    }

    /// Changes the machine that signs the TD quote, if there is one. What is set in the body of the quote is
    /// overwritten with the TDREPORT; to make both differ, patch.
    #[must_use]
    pub fn with_td_machine(mut self, change: impl FnOnce(TdxMachine) -> TdxMachine) -> Self {
        self.td_machine = self.td_machine.map(change);
        self
    }

    /// Changes the TDREPORT, and the body of the quote with it.
    #[must_use]
    pub fn with_td_report(mut self, change: impl FnOnce(&mut TdReport)) -> Self {
        change(&mut self.td_report);
        self
    }

    /// Changes the claims; the hardware report signs whatever comes out.
    #[must_use]
    pub fn with_claims(mut self, change: impl FnOnce(&mut Claims)) -> Self {
        change(&mut self.claims);
        self
    }

    /// Changes the envelope.
    #[must_use]
    pub fn with_envelope(mut self, change: impl FnOnce(&mut Envelope)) -> Self {
        change(&mut self.envelope);
        self
    }

    /// Changes the quote.
    #[must_use]
    pub fn with_quote(mut self, change: impl FnOnce(&mut Quote)) -> Self {
        change(&mut self.quote);
        self
    }

    /// Changes the log but not the registers, if there is a log.
    #[must_use]
    pub fn with_log(mut self, change: impl FnOnce(&mut EventLog)) -> Self {
        if let Some(log) = &mut self.log {
            change(log);
        }
        self
    }

    /// Changes the certificates of the attestation key.
    #[must_use]
    pub fn with_ak_chain(mut self, change: impl FnOnce(&mut AkChain)) -> Self {
        change(&mut self.ak_chain);
        self
    }

    /// Makes the evidence.
    ///
    /// # Errors
    /// A key could not be made or cannot make the requested signature, or a patch reaches over the end.
    pub fn evidence(&self) -> Result<Evidence, Error> {
        let (quote_message, quote_signature) = self.quote.mint(&self.ak, &self.pcrs)?;
        let certificates = self.certificates()?;
        let td = self.td_evidence()?;
        Ok(Evidence {
            platform: self.platform,
            hcl_report: self.hcl_report()?,
            quote_message,
            quote_signature,
            pcrs: self.pcrs,
            event_log: self.log.as_ref().map(EventLog::bytes).transpose()?,
            ak_certificate: certificates.ak,
            ak_intermediates: certificates.ak_intermediates,
            ak_root: certificates.ak_root,
            vek: certificates.vek,
            intermediate: certificates.intermediate,
            ark: certificates.ark,
            td_quote: self.td_quote.clone().or_else(|| td.as_ref().map(|td| td.quote.clone())),
            td,
        })
    }

    /// Makes the paravisor's report alone, as the NV index 0x01400001 holds it. The attestation key
    /// signs nothing for it, so its public half is enough.
    ///
    /// # Errors
    /// A key could not be made or cannot make the requested signature, or a patch reaches over the end.
    pub fn hcl_report(&self) -> Result<Vec<u8>, Error> {
        let claims = self.claims.bytes()?;
        let hardware = match self.platform {
            Platform::Snp => self.machine.clone().report_data(self.report_data_of(&claims)).mint_report()?,
            Platform::Tdx => self.td_report_of(&claims).bytes()?,
        };
        self.envelope.close(&hardware, &claims)
    }

    fn report_data_of(&self, claims: &[u8]) -> [u8; 64] {
        self.report_data.unwrap_or_else(|| self.envelope.report_data(claims))
    }

    /// The TDREPORT for these claims.
    fn td_report_of(&self, claims: &[u8]) -> TdReport {
        let mut report = self.td_report.clone();
        report.report_data = self.report_data_of(claims);
        report
    }

    /// Makes TD quote and collateral alone; `None` without a machine that signs them.
    ///
    /// # Errors
    /// As [`TdxMachine::mint`].
    pub fn td_evidence(&self) -> Result<Option<MintedQuote>, Error> {
        let Some(machine) = &self.td_machine else { return Ok(None) };
        let claims = self.claims.bytes()?;
        let tdx_1_5 = machine.body.tdx_1_5;
        let body = QuoteBody { tdx_1_5, ..QuoteBody::from(&self.td_report_of(&claims)) };
        machine.clone().with_body(|of_quote| *of_quote = body).mint().map(Some)
    }

    /// Makes the certificates alone.
    ///
    /// # Errors
    /// A key could not be made or cannot make the requested signature.
    pub fn certificates(&self) -> Result<Certificates, Error> {
        let [vek, intermediate, ark] = match self.platform {
            Platform::Snp => self.machine.mint_certificates()?,
            Platform::Tdx => Default::default(),
        };
        let mut chain = self.ak_chain.clone();
        if self.one_root {
            chain.intermediates.clear();
            if self.platform == Platform::Snp {
                chain.root = self.machine.ark.clone();
            }
        }
        let mut minted = chain.mint()?;
        if self.one_root && self.platform == Platform::Snp {
            // The same certificate, of which PSS would make another signature.
            minted.root.clone_from(&ark);
        }
        Ok(Certificates {
            ak: minted.leaf,
            ak_intermediates: minted.intermediates,
            ak_root: minted.root,
            vek,
            intermediate,
            ark,
        })
    }
}

/// A machine that Azure's paravisor runs on.
fn paravisor(product: Product) -> Machine {
    let family: [u8; 3] = if product == Product::Milan { [2, 0x21, 0x20] } else { [1, 0x23, 0x20] };
    Machine::vcek(product).with_report(|report| {
        report.guest_svn = GUEST_SVN;
        report.policy = POLICY;
        report.vmpl = 0;
        report.family_id = padded(&family);
        report.image_id = padded(&[2]);
        report.host_data = [0; 32];
        report.id_key_digest = ID_KEY_DIGEST;
    })
}

fn padded(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    out
}
