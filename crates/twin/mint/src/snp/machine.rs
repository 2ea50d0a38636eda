//! A minted SNP machine: report, chain, and setters that falsify both.

use super::{Evidence, Hwid, Product, Report, SIGNED_BYTES, Tcb, Vek, amd};
use crate::error::patch;
use crate::x509::{Algorithm, Crl, Link, mint_chain};
use crate::{DEFAULT_TIME, Error, Key, Kind, SignatureHalf};

const DAY: u64 = 86_400;
/// The signature as the report has it: r and s in 72 bytes each, then padding.
const SIGNATURE_BYTES: usize = 512;
const SCALAR_BYTES: usize = 72;

/// A machine with SEV-SNP under throwaway keys.
///
/// Untouched, everything about it is consistent and its evidence verifies under its own ARK at
/// [`DEFAULT_TIME`]. Methods keep it consistent: [`Machine::tcb`] changes report and certificate
/// alike. Fields change one thing only, which is how forgeries are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Machine {
    /// The product line.
    pub product: Product,
    /// What the report says.
    pub report: Report,
    /// The root.
    pub ark: Link,
    /// The ASK or the ASVK.
    pub intermediate: Link,
    /// The VCEK or the VLEK; its key signs the report.
    pub vek: Link,
    /// A key that signs the report in place of the VEK.
    pub report_signer: Option<Key>,
    /// Which s the report's signature has.
    pub signature_half: SignatureHalf,
    kind: Vek,
    chip_id: [u8; 64],
    at: u64,
    patches: Vec<(usize, Vec<u8>)>,
    tampers: Vec<(usize, Vec<u8>)>,
}

impl Machine {
    /// A machine whose reports are signed by the key of its chip.
    #[must_use]
    pub fn vcek(product: Product) -> Self {
        Self::new(product, Vek::Vcek)
    }

    /// A machine whose reports are signed by the key of its cloud: no chip identity.
    #[must_use]
    pub fn vlek(product: Product) -> Self {
        Self::new(product, Vek::Vlek)
    }

    fn new(product: Product, kind: Vek) -> Self {
        let mut chip_id = [0; 64];
        let len = if product == Product::Turin { 8 } else { chip_id.len() };
        chip_id.iter_mut().take(len).zip(0x40_u8..).for_each(|(byte, value)| *byte = value);
        let mut report = Report::of(product);
        match kind {
            Vek::Vcek => report.chip_id = chip_id,
            Vek::Vlek => report.key_info = 1 << 2,
        }
        Self {
            product,
            report,
            ark: kind.ark(product, Kind::Rsa4096, DEFAULT_TIME),
            intermediate: kind.intermediate(product, Kind::Rsa4096, DEFAULT_TIME),
            vek: kind.leaf(product, product.tcb(), &chip_id, DEFAULT_TIME),
            report_signer: None,
            signature_half: SignatureHalf::Any,
            kind,
            chip_id,
            at: DEFAULT_TIME,
            patches: Vec::new(),
            tampers: Vec::new(),
        }
    }

    /// Moves the validity of all certificates to around this moment, in seconds since
    /// 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn at(mut self, seconds: u64) -> Self {
        let Self { product, kind, .. } = self;
        let from = |link: Link| link.certificate.validity;
        self.ark.certificate.validity = from(kind.ark(product, Kind::Rsa4096, seconds));
        self.intermediate.certificate.validity = from(kind.intermediate(product, Kind::Rsa4096, seconds));
        self.vek.certificate.validity = from(kind.leaf(product, product.tcb(), &self.chip_id, seconds));
        self.at = seconds;
        self
    }

    /// Gives the authorities keys of another kind, shared by all machines of this line that ask
    /// for it. Smaller keys are made faster.
    #[must_use]
    pub fn authority_keys(mut self, kind: Kind) -> Self {
        self.ark.key = self.kind.ark(self.product, kind, self.at).key;
        self.intermediate.key = self.kind.intermediate(self.product, kind, self.at).key;
        self
    }

    /// Gives the authorities keys that no other machine has: another AMD of the same name.
    #[must_use]
    pub fn with_own_authorities(mut self) -> Self {
        self.ark.key = Key::fresh(self.ark.key.kind());
        self.intermediate.key = Key::fresh(self.intermediate.key.kind());
        self
    }

    /// Sets what the guest had signed.
    #[must_use]
    pub const fn report_data(mut self, report_data: [u8; 64]) -> Self {
        self.report.report_data = report_data;
        self
    }

    /// Sets the report's version, with the fields that belong to it.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.report.set_version(version, self.product);
        self
    }

    /// Sets all TCB versions of the report and the certificate's numbers.
    #[must_use]
    pub fn tcb(mut self, tcb: Tcb) -> Self {
        let bytes = self.product.tcb_bytes(tcb);
        let Report { current_tcb, reported_tcb, committed_tcb, launch_tcb, .. } = &mut self.report;
        for field in [current_tcb, reported_tcb, committed_tcb, launch_tcb] {
            *field = bytes;
        }
        for spl in amd::spls(self.product, tcb) {
            self.vek.certificate.set_extension(spl);
        }
        self
    }

    /// Sets the chip's identity in the report and the certificate of a VCEK. On Turin only the
    /// first 8 bytes count; the others must be zero.
    #[must_use]
    pub fn chip_id(mut self, chip_id: [u8; 64]) -> Self {
        self.chip_id = chip_id;
        self.report.chip_id = chip_id;
        match self.kind {
            Vek::Vcek => {
                let form = Hwid::of(self.product);
                self.hwid(form)
            }
            Vek::Vlek => self,
        }
    }

    /// Sets how the certificate writes the chip's identity.
    #[must_use]
    pub fn hwid(mut self, form: Hwid) -> Self {
        self.vek.certificate.set_extension(amd::hwid(form, &self.chip_id));
        self
    }

    /// Sets what all three certificates say about their signatures: AMD's two encodings of PSS
    /// mean the same.
    #[must_use]
    pub fn algorithm(mut self, algorithm: &Algorithm) -> Self {
        for link in [&mut self.ark, &mut self.intermediate, &mut self.vek] {
            link.certificate.seal.algorithm = Some(algorithm.clone());
        }
        self
    }

    /// Changes fields of the report.
    #[must_use]
    pub fn with_report(mut self, change: impl FnOnce(&mut Report)) -> Self {
        change(&mut self.report);
        self
    }

    /// Changes the root.
    #[must_use]
    pub fn with_ark(mut self, change: impl FnOnce(&mut Link)) -> Self {
        change(&mut self.ark);
        self
    }

    /// Changes the ASK or the ASVK.
    #[must_use]
    pub fn with_intermediate(mut self, change: impl FnOnce(&mut Link)) -> Self {
        change(&mut self.intermediate);
        self
    }

    /// Changes the VCEK or the VLEK.
    #[must_use]
    pub fn with_vek(mut self, change: impl FnOnce(&mut Link)) -> Self {
        change(&mut self.vek);
        self
    }

    /// Overwrites bytes of the report before it is signed.
    #[must_use]
    pub fn patch(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.patches.push((offset, bytes.to_vec()));
        self
    }

    /// Overwrites bytes of the report after it was signed.
    #[must_use]
    pub fn tamper(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.tampers.push((offset, bytes.to_vec()));
        self
    }

    /// Makes the report and its certificates.
    ///
    /// # Errors
    /// A key could not be made or cannot make the requested signature, or a patch reaches over the end.
    pub fn mint(&self) -> Result<Evidence, Error> {
        let report = self.mint_report()?;
        let [vek, intermediate, ark] = self.mint_certificates()?;
        Ok(Evidence { report, vek, intermediate, ark })
    }

    /// VEK, intermediate and ARK.
    pub(crate) fn mint_certificates(&self) -> Result<[Vec<u8>; 3], Error> {
        let mut links = mint_chain(&[self.ark.clone(), self.intermediate.clone(), self.vek.clone()])?;
        let (vek, intermediate, ark) = (links.pop(), links.pop(), links.pop());
        let present = |der: Option<Vec<u8>>| der.ok_or(Error::EmptyChain);
        Ok([present(vek)?, present(intermediate)?, present(ark)?])
    }

    /// Makes the ARK's revocation list, which revokes these serial numbers: those of
    /// `machine.intermediate.certificate.serial`, for one.
    ///
    /// # Errors
    /// The ARK's key could not be made.
    pub fn mint_crl(&self, revoked: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let list = revoked.iter().fold(self.crl(), |list, serial| list.revoke(serial));
        list.sign(&self.ark)
    }

    /// The ARK's revocation list before it is signed, to change and to sign with
    /// [`Crl::sign`]`(&machine.ark)`.
    #[must_use]
    pub fn crl(&self) -> Crl {
        let mut list = Crl::new(self.at.saturating_sub(DAY), self.at.saturating_add(180 * DAY));
        list.seal.algorithm.clone_from(&self.ark.certificate.seal.algorithm);
        list
    }

    /// The report alone.
    pub(crate) fn mint_report(&self) -> Result<Vec<u8>, Error> {
        let mut report = self.report.signed_bytes();
        patch(&mut report, &self.patches)?;
        let key = self.report_signer.as_ref().unwrap_or(&self.vek.key);
        let signature = key.sign(key.kind().scheme(), &report)?;
        let signature = self.signature_half.of(key.kind(), signature);
        report.extend(little_endian_signature(&signature));
        patch(&mut report, &self.tampers)?;
        debug_assert_eq!(report.len(), SIGNED_BYTES + SIGNATURE_BYTES);
        Ok(report)
    }
}

/// `r ‖ s` as reports have it: each turned round and padded, then zeros.
fn little_endian_signature(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let mut out: Vec<u8> = Vec::with_capacity(SIGNATURE_BYTES);
    for (number, end) in [(r, SCALAR_BYTES), (s, 2 * SCALAR_BYTES)] {
        out.extend(number.iter().rev());
        out.resize(end, 0);
    }
    out.resize(SIGNATURE_BYTES, 0);
    out
}
