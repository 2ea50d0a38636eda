//! A minted TDX machine: quote, PCK chain, collateral, and setters that falsify each.

use super::collateral::response;
use super::quote::Parts;
use super::{
    Certification, EnclaveReport, MintedQuote, QeIdentity, QuoteBody, QuoteHeader, SgxExtension, TcbInfo,
    intel,
};
use crate::azure::{Algorithm, EventLog};
use crate::error::patch;
use crate::x509::{Crl, Link, mint_chain, pem};
use crate::{DEFAULT_TIME, Error, Key, Kind, Scheme, SignatureHalf};

const DAY: u64 = 86_400;

/// A machine with TDX under throwaway keys: a guest, a quoting enclave, Intel's certificates and collateral.
///
/// Untouched, everything about it is consistent, its TCB is up to date, and its evidence verifies under its own
/// root at [`DEFAULT_TIME`]. Methods keep it consistent: [`TdxMachine::fmspc`] changes PCK certificate and TCB info
/// alike. Fields and the `with_…` closures change one thing only, which is how forgeries are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TdxMachine {
    /// The header of the quote.
    pub header: QuoteHeader,
    /// The body of the quote: TDX module and guest.
    pub body: QuoteBody,
    /// The report of the quoting enclave.
    pub enclave: EnclaveReport,
    /// Sizes and types around the signatures, and the bytes after the quote.
    pub certification: Certification,
    /// The root.
    pub root: Link,
    /// The authority that issues PCK certificates.
    pub pck_ca: Link,
    /// The PCK certificate; its key signs the report of the quoting enclave.
    pub pck: Link,
    /// The TCB signing certificate, below the root; its key signs TCB info and QE identity.
    pub tcb_signing: Link,
    /// The attestation key, which signs header and body.
    pub attestation_key: Key,
    /// A key that signs header and body in place of the attestation key.
    pub quote_signer: Option<Key>,
    /// A key that signs the report of the quoting enclave in place of the PCK.
    pub enclave_signer: Option<Key>,
    /// A key that signs TCB info and QE identity in place of the TCB signing key.
    pub collateral_signer: Option<Key>,
    /// Which s the signatures of the quote have.
    pub signature_half: SignatureHalf,
    /// The TCB info.
    pub tcb_info: TcbInfo,
    /// The QE identity.
    pub qe_identity: QeIdentity,
    /// The root's revocation list.
    pub root_crl: Crl,
    /// The revocation list of the authority of PCK certificates.
    pub pck_crl: Crl,
    sgx: SgxExtension,
    patches: Vec<(usize, Vec<u8>)>,
    tampers: Vec<(usize, Vec<u8>)>,
}

impl Default for TdxMachine {
    fn default() -> Self {
        Self::new()
    }
}

impl TdxMachine {
    /// A machine with a quote of version 4, at [`DEFAULT_TIME`].
    #[must_use]
    pub fn new() -> Self {
        let sgx = SgxExtension::default();
        let at = DEFAULT_TIME;
        Self {
            header: QuoteHeader::default(),
            body: QuoteBody::default(),
            enclave: EnclaveReport::default(),
            certification: Certification::default(),
            root: intel::root(at),
            pck_ca: intel::pck_ca(at),
            pck: intel::pck(&sgx, at),
            tcb_signing: intel::tcb_signing(at),
            attestation_key: Key::fresh(Kind::P256),
            quote_signer: None,
            enclave_signer: None,
            collateral_signer: None,
            signature_half: SignatureHalf::Any,
            tcb_info: TcbInfo::new(&sgx, at),
            qe_identity: QeIdentity::new(at),
            root_crl: crl(at),
            pck_crl: crl(at),
            sgx,
            patches: Vec::new(),
            tampers: Vec::new(),
        }
    }

    /// Makes it a quote of version 5 with a body of TDX 1.0, type 2.
    #[must_use]
    pub const fn version_5(mut self) -> Self {
        self.header.version = 5;
        self.header.body_type = Some(2);
        self
    }

    /// Makes it a quote of version 5 with a body of TDX 1.5, type 3.
    #[must_use]
    pub const fn tdx_1_5(mut self) -> Self {
        self.header.version = 5;
        self.header.body_type = Some(3);
        self.body.tdx_1_5 = true;
        self
    }

    /// Moves the validity of all certificates, lists and documents to around this moment, in seconds since
    /// 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn at(mut self, seconds: u64) -> Self {
        let validity = |link: Link| link.certificate.validity;
        self.root.certificate.validity = validity(intel::root(seconds));
        self.pck_ca.certificate.validity = validity(intel::pck_ca(seconds));
        self.pck.certificate.validity = validity(intel::pck(&self.sgx, seconds));
        self.tcb_signing.certificate.validity = validity(intel::tcb_signing(seconds));
        self.tcb_info.issue(seconds);
        self.qe_identity.issue(seconds);
        for list in [&mut self.root_crl, &mut self.pck_crl] {
            let Crl { this_update, next_update, .. } = crl(seconds);
            (list.this_update, list.next_update) = (this_update, next_update);
        }
        self
    }

    /// Makes the Processor CA issue the PCK certificate: that of machines with one socket.
    #[must_use]
    pub fn processor_ca(mut self) -> Self {
        self.pck_ca.certificate.subject.set_common_name("Intel SGX PCK Processor CA");
        self.with_sgx(|sgx| (sgx.platform_instance_id, sgx.configuration) = (None, None))
    }

    /// Gives root and authorities keys that no other machine has: another Intel of the same name.
    #[must_use]
    pub fn with_own_authorities(mut self) -> Self {
        for link in [&mut self.root, &mut self.pck_ca, &mut self.tcb_signing] {
            link.key = Key::fresh(link.key.kind());
        }
        self
    }

    /// Sets what the guest had reported.
    #[must_use]
    pub const fn report_data(mut self, report_data: [u8; 64]) -> Self {
        self.body.report_data = report_data;
        self
    }

    /// Sets the nonce: REPORTDATA is these bytes, zero-extended or cut to 64.
    #[must_use]
    pub fn nonce(mut self, nonce: &[u8]) -> Self {
        self.body.report_data = [0; 64];
        self.body.report_data.iter_mut().zip(nonce).for_each(|(to, from)| *to = *from);
        self
    }

    /// Sets the RTMRs to what a CCEL extends: register 1 of the log is RTMR0. Those without events are zero.
    #[must_use]
    pub fn event_log(mut self, log: &EventLog) -> Self {
        self.body.rtmrs = [[0; 48]; 4];
        for (register, value) in log.replay(Algorithm::SHA384) {
            let index = usize::try_from(register).ok().and_then(|register| register.checked_sub(1));
            if let Some(rtmr) = index.and_then(|index| self.body.rtmrs.get_mut(index)) {
                rtmr.iter_mut().zip(value).for_each(|(to, from)| *to = from);
            }
        }
        self
    }

    /// Sets FMSPC and PCEID, in PCK certificate and TCB info.
    #[must_use]
    pub fn fmspc(mut self, fmspc: [u8; 6], pce_id: [u8; 2]) -> Self {
        (self.tcb_info.fmspc, self.tcb_info.pce_id) = (fmspc, pce_id);
        self.with_sgx(|sgx| (sgx.fmspc, sgx.pce_id) = (fmspc, pce_id))
    }

    /// Puts the guest under debug.
    #[must_use]
    pub const fn debug(mut self) -> Self {
        let [first, ..] = &mut self.body.attributes;
        *first |= 1;
        self
    }

    /// Revokes a certificate in the root's list: that of `machine.pck_ca.certificate.serial`, for one.
    #[must_use]
    pub fn root_revokes(mut self, serial: &[u8]) -> Self {
        self.root_crl = self.root_crl.revoke(serial);
        self
    }

    /// Revokes a certificate in the list of the PCK authority: that of `machine.pck.certificate.serial`, for one.
    #[must_use]
    pub fn pck_ca_revokes(mut self, serial: &[u8]) -> Self {
        self.pck_crl = self.pck_crl.revoke(serial);
        self
    }

    /// Changes the SGX extension of the PCK certificate.
    #[must_use]
    pub fn with_sgx(mut self, change: impl FnOnce(&mut SgxExtension)) -> Self {
        change(&mut self.sgx);
        self.pck.certificate.set_extension(self.sgx.extension());
        self
    }

    /// Changes the machine in any field, as one expression.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Changes the body of the quote.
    #[must_use]
    pub fn with_body(mut self, change: impl FnOnce(&mut QuoteBody)) -> Self {
        change(&mut self.body);
        self
    }

    /// Changes the report of the quoting enclave.
    #[must_use]
    pub fn with_enclave(mut self, change: impl FnOnce(&mut EnclaveReport)) -> Self {
        change(&mut self.enclave);
        self
    }

    /// Changes the TCB info.
    #[must_use]
    pub fn with_tcb_info(mut self, change: impl FnOnce(&mut TcbInfo)) -> Self {
        change(&mut self.tcb_info);
        self
    }

    /// Changes the QE identity.
    #[must_use]
    pub fn with_qe_identity(mut self, change: impl FnOnce(&mut QeIdentity)) -> Self {
        change(&mut self.qe_identity);
        self
    }

    /// Overwrites bytes of header and body before they are signed, at offsets from the quote's start.
    #[must_use]
    pub fn patch(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.patches.push((offset, bytes.to_vec()));
        self
    }

    /// Overwrites bytes of the finished quote.
    #[must_use]
    pub fn tamper(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.tampers.push((offset, bytes.to_vec()));
        self
    }

    /// The SGX extension of the PCK certificate.
    #[must_use]
    pub const fn sgx(&self) -> &SgxExtension {
        &self.sgx
    }

    /// Makes quote, certificates, collateral and lists.
    ///
    /// # Errors
    /// A key could not be made or cannot make the requested signature, a patch reaches over the end, or a text to
    /// be replaced in a document is not part of it.
    pub fn mint(&self) -> Result<MintedQuote, Error> {
        let [root, pck_ca, pck] =
            three(mint_chain(&[self.root.clone(), self.pck_ca.clone(), self.pck.clone()])?)?;
        let signing = mint_chain(&[self.root.clone(), self.tcb_signing.clone()])?;
        let key = self.collateral_signer.as_ref().unwrap_or(&self.tcb_signing.key);
        let sign = |text: String| -> Result<(String, Vec<u8>), Error> {
            let signature = key.sign(Scheme::Ecdsa, text.as_bytes())?;
            Ok((text, signature))
        };
        let documents = [sign(self.tcb_info.document()?)?, sign(self.qe_identity.document()?)?];
        let [(info, info_signature), (identity, identity_signature)] = &documents;
        Ok(MintedQuote {
            quote: self.quote(&[&pck, &pck_ca, &root])?,
            tcb_info: response("tcbInfo", info, info_signature)?,
            qe_identity: response("enclaveIdentity", identity, identity_signature)?,
            root,
            pck_ca,
            pck,
            tcb_signing: signing.into_iter().last().ok_or(Error::EmptyChain)?,
            root_crl: self.root_crl.sign(&self.root)?,
            pck_crl: self.pck_crl.sign(&self.pck_ca)?,
            documents,
        })
    }

    /// The quote with this chain, leaf first.
    fn quote(&self, chain: &[&[u8]; 3]) -> Result<Vec<u8>, Error> {
        let mut signed = self.header.signed(&self.body);
        patch(&mut signed, &self.patches)?;
        let point = self.attestation_key.public_key()?;
        // An uncompressed point: 04, x, y.
        let attestation_key = point.get(1..).unwrap_or_default();
        let report = self.enclave.bytes(attestation_key, &self.certification.authentication)?;
        let certificates = if self.certification.omit_root { 2 } else { 3 };
        let text: String = chain.iter().take(certificates).map(|der| pem(der)).collect();
        let sign = |key: &Key, message: &[u8]| -> Result<Vec<u8>, Error> {
            Ok(self.signature_half.of(key.kind(), key.sign(Scheme::Ecdsa, message)?))
        };
        let mut quote = self.certification.close(&Parts {
            signed: &signed,
            signature: &sign(self.quote_signer.as_ref().unwrap_or(&self.attestation_key), &signed)?,
            attestation_key,
            report: &report,
            report_signature: &sign(self.enclave_signer.as_ref().unwrap_or(&self.pck.key), &report)?,
            pem: &text,
        });
        patch(&mut quote, &self.tampers)?;
        Ok(quote)
    }
}

/// A list that revokes nothing, issued a day before this moment for thirty days.
fn crl(at: u64) -> Crl {
    Crl::new(at.saturating_sub(DAY), at.saturating_add(29 * DAY))
}

fn three(chain: Vec<Vec<u8>>) -> Result<[Vec<u8>; 3], Error> {
    chain.try_into().map_err(|_| Error::EmptyChain)
}
