//! A minted quote with its endorsements, and the JSON of other libraries for them.

use crate::Error;
use crate::azure::Letters;
use crate::json::Object;
use crate::x509::pem;

/// A quote, and the certificates, documents and lists it is verified with, all minted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintedQuote {
    /// The TD quote with the bytes after it.
    pub quote: Vec<u8>,
    /// The response of Intel's service with the TCB info: `tcbInfo` and `signature`.
    pub tcb_info: String,
    /// The response with the QE identity: `enclaveIdentity` and `signature`.
    pub qe_identity: String,
    /// The root, in DER: the trust anchor that a verifier must be given, since it rightly trusts no other of this
    /// name.
    pub root: Vec<u8>,
    /// The authority of PCK certificates, in DER.
    pub pck_ca: Vec<u8>,
    /// The PCK certificate, in DER.
    pub pck: Vec<u8>,
    /// The TCB signing certificate, in DER.
    pub tcb_signing: Vec<u8>,
    /// The root's revocation list, in DER.
    pub root_crl: Vec<u8>,
    /// The revocation list of the authority of PCK certificates, in DER.
    pub pck_crl: Vec<u8>,
    /// The signed JSON and its signature: of the TCB info, of the QE identity.
    pub(super) documents: [(String, Vec<u8>); 2],
}

impl MintedQuote {
    /// The PCK chain as responses carry it: leaf, authority, root, in PEM.
    #[must_use]
    pub fn pck_chain(&self) -> String {
        [&self.pck, &self.pck_ca, &self.root].map(|der| pem(der)).concat()
    }

    /// The issuers of the PCK certificate: authority and root, in PEM.
    #[must_use]
    pub fn pck_issuers(&self) -> String {
        [&self.pck_ca, &self.root].map(|der| pem(der)).concat()
    }

    /// The signers of TCB info and QE identity: TCB signing certificate and root, in PEM.
    #[must_use]
    pub fn tcb_signing_chain(&self) -> String {
        [&self.tcb_signing, &self.root].map(|der| pem(der)).concat()
    }

    /// The collateral as dcap-qvl's JSON.
    ///
    /// # Errors
    /// None that is known: [`Object::write`] fails only on keys, of which there are none here.
    pub fn dcap_qvl_json(&self) -> Result<String, Error> {
        let hex = |bytes: &[u8]| Letters::Lower.hex(bytes);
        let [(tcb_info, tcb_info_signature), (qe_identity, qe_identity_signature)] = &self.documents;
        Object::default()
            .with("pck_crl_issuer_chain", self.pck_issuers())
            .with("root_ca_crl", hex(&self.root_crl))
            .with("pck_crl", hex(&self.pck_crl))
            .with("tcb_info_issuer_chain", self.tcb_signing_chain())
            .with("tcb_info", tcb_info.as_str())
            .with("tcb_info_signature", hex(tcb_info_signature))
            .with("qe_identity_issuer_chain", self.tcb_signing_chain())
            .with("qe_identity", qe_identity.as_str())
            .with("qe_identity_signature", hex(qe_identity_signature))
            .write()
    }
}
