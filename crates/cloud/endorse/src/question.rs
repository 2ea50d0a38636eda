//! Requests for endorsements as data: the URL of each, and whether a response belongs to it.
//!
//! Sources: AMD document 57230, sections 4.1 to 4.5 (KDS); Intel's "Provisioning Certification Service for ECDSA
//! Attestation", version 4 of the interface.

pub(crate) mod from_url;

use core::fmt;

use teeproof_core::{Hex, Validity};
use teeproof_wire::Reader;
use teeproof_wire::certificate::{Certificate, Name};
use teeproof_wire::snp::{AmdAuthority, Product, Tcb};
use teeproof_wire::tdx::MAX_COLLATERAL_BYTES;

use crate::answer::names::{AMD, INTEL, is_named};
use crate::answer::{self, Answer};
use crate::endpoints::Service;
use crate::{Endpoints, Error, HttpUrl, Request, Response};

/// An endorsement that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Question {
    /// The VCEK certificate of one chip at one TCB, DER.
    Vcek(Vcek),
    /// The CA certificates above a product line's VCEKs or VLEKs: ASK or ASVK, then ARK, PEM.
    AmdChain {
        /// The product line.
        product: Product,
        /// The kind of key.
        key: AmdKey,
    },
    /// The revocation list of a product line's ARK, DER.
    AmdCrl {
        /// The product line.
        product: Product,
        /// The kind of key.
        key: AmdKey,
    },
    /// The TCB levels of a TDX platform, signed JSON of version 3.
    TdxTcbInfo {
        /// FMSPC of the PCK certificate.
        fmspc: [u8; 6],
    },
    /// The identity of the TD quoting enclave, signed JSON of version 2.
    TdQeIdentity,
    /// The revocation list of a CA of PCK certificates, DER.
    PckCrl(PckCa),
    /// The revocation list of Intel's SGX root CA, DER.
    IntelRootCrl,
    /// The certificate of an issuer, at a URL that its certificate names, DER.
    Issuer(Issuer),
}

/// The kinds of AMD's versioned endorsement keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AmdKey {
    /// VCEK, under the ASK.
    Vcek,
    /// VLEK, under the ASVK.
    Vlek,
}

impl AmdKey {
    const fn path(self) -> &'static str {
        match self {
            Self::Vcek => "vcek",
            Self::Vlek => "vlek",
        }
    }

    /// The CA that issues keys of this kind.
    pub(crate) const fn authority(self, product: Product) -> AmdAuthority {
        match self {
            Self::Vcek => AmdAuthority::Ask(product),
            Self::Vlek => AmdAuthority::Asvk(product),
        }
    }
}

/// A CA of PCK certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PckCa {
    /// Intel SGX PCK Platform CA: platforms of several processors.
    Platform,
    /// Intel SGX PCK Processor CA.
    Processor,
}

impl PckCa {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Platform, Self::Processor];

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Processor => "processor",
        }
    }

    /// The common name in certificates and revocation lists.
    #[must_use]
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Platform => "Intel SGX PCK Platform CA",
            Self::Processor => "Intel SGX PCK Processor CA",
        }
    }
}

/// A chip at a TCB.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Vcek {
    pub(crate) product: Product,
    /// At the length of the product line: 64 bytes, or 8.
    pub(crate) chip_id: Vec<u8>,
    pub(crate) tcb: Tcb,
}

impl Vcek {
    /// The VCEK of the chip with this CHIP_ID at this REPORTED_TCB. `chip_id` has 64 bytes, of which those after the
    /// product line's length are zero, or it has that length: 8 for Turin.
    ///
    /// # Errors
    /// [`Error::Question`]: another length, a chip id of zeros (the host masks it), bytes after the product line's
    /// length, or a TCB with an FMC on a product line without one, and the reverse.
    pub fn new(product: Product, chip_id: &[u8], tcb: Tcb) -> Result<Self, Error> {
        let bytes = product.hwid_bytes();
        let (id, rest) = chip_id
            .split_at_checked(bytes)
            .filter(|_| matches!(chip_id.len(), 64) || chip_id.len() == bytes)
            .ok_or_else(|| {
                question(format!("chip id of {product}: expected {bytes} or 64 bytes, got {}", chip_id.len()))
            })?;
        if id.iter().all(|byte| *byte == 0) {
            return Err(question("CHIP_ID is zero: the host masks it".to_owned()));
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(question(format!("chip id of {product}: expected zeros after {bytes} bytes")));
        }
        if tcb.fmc.is_some() != product.tcb_layout().has_fmc() {
            let expected = if product.tcb_layout().has_fmc() { "an" } else { "no" };
            return Err(question(format!("TCB of {product}: expected {expected} FMC level")));
        }
        Ok(Self { product, chip_id: id.to_vec(), tcb })
    }
}

/// The path and query at KDS.
impl fmt::Display for Vcek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (product, chip, query) = (self.product, Hex(&self.chip_id), self.tcb.kds_query());
        write!(f, "/vcek/v1/{product}/{chip}?{query}")
    }
}

/// The issuer of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issuer {
    pub(crate) named: String,
    /// The issuer's name, DER; `None` if only the URL is given.
    pub(crate) name: Option<Vec<u8>>,
}

impl Issuer {
    /// The issuer of a certificate, once for each URL of its authorityInfoAccess extension (id-ad-caIssuers; RFC
    /// 5280, section 4.2.2.1), at most eight. Empty if the certificate names none.
    #[must_use]
    pub fn of(certificate: &Certificate<'_>) -> Vec<Self> {
        let name = certificate.issuer().der();
        let urls = answer::issuer_urls(certificate).into_iter();
        urls.map(|named| Self { named, name: Some(name.to_vec()) }).collect()
    }

    /// The certificate at this URL, whatever its name: any CA certificate.
    pub(crate) fn at(url: &HttpUrl) -> Self {
        Self { named: url.to_string(), name: None }
    }
}

impl Issuer {
    /// `certificate of` and the issuer's common name, escaped and in at most 64 characters.
    fn title(&self) -> String {
        const WHAT: &str = "name of an issuer";
        let parse = |der| Reader::all(der, 0, WHAT, |reader| Name::parse(reader, WHAT)).ok();
        match self.name.as_deref().and_then(parse).and_then(|name| name.common_name()) {
            Some(name) => format!("certificate of {}", name.escape_debug().take(64).collect::<String>()),
            None => "certificate of an issuer".to_owned(),
        }
    }
}

/// Whether the subject of a certificate is Intel's CA or signer of this common name.
fn is_certificate_of(der: &[u8], common_name: &str) -> bool {
    Certificate::parse(der).is_ok_and(|one| is_named(one.subject(), INTEL, common_name))
}

/// An FMSPC as Intel writes it.
fn upper_hex(fmspc: &[u8; 6]) -> String {
    Hex(fmspc).to_string().to_ascii_uppercase()
}

fn question(what: String) -> Error {
    Error::Question { what }
}

impl Question {
    /// The URL.
    ///
    /// # Errors
    /// [`Error::Address`]: an override and the path are no URL together. [`Error::HostNotAllowed`]: an issuer on
    /// another host than the pinned ones.
    pub fn url(&self, endpoints: &Endpoints) -> Result<HttpUrl, Error> {
        let kds = |path: &str| endpoints.url(Service::Kds)?.join(path);
        let pcs = |path: &str| endpoints.url(Service::Pcs)?.join(path);
        match self {
            Self::Vcek(vcek) => kds(&vcek.to_string()),
            Self::AmdChain { product, key } => kds(&format!("/{}/v1/{product}/cert_chain", key.path())),
            Self::AmdCrl { product, key } => kds(&format!("/{}/v1/{product}/crl", key.path())),
            Self::TdxTcbInfo { fmspc } => {
                pcs(&format!("/tdx/certification/v4/tcb?fmspc={}", upper_hex(fmspc)))
            }
            Self::TdQeIdentity => pcs("/tdx/certification/v4/qe/identity"),
            Self::PckCrl(ca) => pcs(&format!("/sgx/certification/v4/pckcrl?ca={}&encoding=der", ca.id())),
            Self::IntelRootCrl => endpoints.url(Service::IntelRootCrl),
            Self::Issuer(issuer) => endpoints.issuer_url(&issuer.named),
        }
    }

    /// The request.
    ///
    /// # Errors
    /// Those of [`Question::url`].
    pub fn request(&self, endpoints: &Endpoints) -> Result<Request, Error> {
        Ok(Request::get(self.url(endpoints)?, self.max_bytes()))
    }

    /// The most bytes of a response: the wire crate reads at most 64 KiB of DER, and files of evidence have no more of
    /// Intel's JSON.
    const fn max_bytes(&self) -> usize {
        match self {
            Self::TdxTcbInfo { .. } | Self::TdQeIdentity => MAX_COLLATERAL_BYTES,
            // A caching service writes the root's list as hex.
            Self::IntelRootCrl => 128 * 1024,
            _ => 64 * 1024,
        }
    }

    /// The product line, of AMD's objects.
    #[must_use]
    pub const fn product(&self) -> Option<Product> {
        match self {
            Self::Vcek(vcek) => Some(vcek.product),
            Self::AmdChain { product, .. } | Self::AmdCrl { product, .. } => Some(*product),
            _ => None,
        }
    }

    /// What is fetched, in a few words: `VCEK of a Milan chip`.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Vcek(vcek) => format!("VCEK of a {} chip", vcek.product),
            Self::AmdChain { product, key } => {
                format!("CA chain of {product} {}s", key.path().to_uppercase())
            }
            Self::AmdCrl { product, .. } => format!("revocation list of {}", AmdAuthority::Ark(*product)),
            Self::TdxTcbInfo { fmspc } => format!("TDX TCB info of FMSPC {}", upper_hex(fmspc)),
            Self::TdQeIdentity => "identity of the TD quoting enclave".to_owned(),
            Self::PckCrl(ca) => format!("revocation list of {}", ca.common_name()),
            Self::IntelRootCrl => "revocation list of Intel SGX Root CA".to_owned(),
            Self::Issuer(issuer) => issuer.title(),
        }
    }

    /// The answer in a response with status 200 to this question.
    ///
    /// Structure, names, identifiers and versions are compared with the question. No signature is verified: that is
    /// for a verifier.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Mismatch`] for the answer to another question.
    pub fn answer(&self, url: &HttpUrl, response: Response) -> Result<Answer, Error> {
        let issuer_chain = self.issuer_chain_headers().iter().find_map(|name| response.header(name));
        let issuer_chain = issuer_chain.map(str::to_owned);
        self.check(url.as_str(), response.into_body(url)?, issuer_chain)
    }

    /// The headers with the certificates above the signer, of which the first is that of version 4.
    pub(crate) const fn issuer_chain_headers(&self) -> &'static [&'static str] {
        match self {
            Self::TdxTcbInfo { .. } => &["tcb-info-issuer-chain", "sgx-tcb-info-issuer-chain"],
            Self::TdQeIdentity => &["sgx-enclave-identity-issuer-chain"],
            Self::PckCrl(_) => &["sgx-pck-crl-issuer-chain"],
            _ => &[],
        }
    }

    /// The common name of the signer, whose certificate is in the header.
    const fn signer(&self) -> Option<&'static str> {
        match self {
            Self::TdxTcbInfo { .. } | Self::TdQeIdentity => Some("Intel SGX TCB Signing"),
            Self::PckCrl(ca) => Some(ca.common_name()),
            _ => None,
        }
    }

    /// How far ahead of the clock an object may begin, in seconds. KDS issues a VCEK when it is requested, so its
    /// notBefore can be ahead of a clock that is a little behind, and requesting it again would not change that. A
    /// revocation list from the future would stay in place of the current one.
    pub(crate) const fn clock_skew(&self) -> i64 {
        match self {
            Self::Vcek(_) => 86_400,
            _ => 0,
        }
    }

    /// How long the body is valid as it says itself, if it answers this question; the certificates above its signer are
    /// not compared.
    #[must_use]
    pub fn validity_of(&self, body: &[u8]) -> Option<Validity> {
        self.check_body("", body.to_vec()).ok().map(|answer| answer.validity())
    }

    /// The same for a body and header from anywhere: a response, the cache, or an exported cache.
    pub(crate) fn check(
        &self,
        url: &str,
        body: Vec<u8>,
        issuer_chain: Option<String>,
    ) -> Result<Answer, Error> {
        let answer = self.check_body(url, body)?;
        let names = self.issuer_chain_headers();
        let malformed = |what: &str| {
            let what = format!("header {}: {what}", names.join(" or "));
            Error::Malformed { url: url.to_owned(), what }
        };
        match issuer_chain {
            Some(_) if names.is_empty() => {
                let what = "issuer chain: expected none for this object".to_owned();
                Err(Error::Malformed { url: url.to_owned(), what })
            }
            Some(text) => {
                let certificates = answer::issuers::certificates(&text).map_err(|what| malformed(&what))?;
                if let Some(signer) = self.signer()
                    && !certificates.iter().any(|der| is_certificate_of(der, signer))
                {
                    let what = format!("header {}: {signer} of Intel is missing", names.join(" or "));
                    return Err(Error::Mismatch { url: url.to_owned(), what });
                }
                Ok(answer.with_issuers(text, certificates))
            }
            None if matches!(self, Self::TdxTcbInfo { .. } | Self::TdQeIdentity) => Err(malformed("missing")),
            None => Ok(answer),
        }
    }

    /// The answer in a body, without the certificates above its signer.
    fn check_body(&self, url: &str, body: Vec<u8>) -> Result<Answer, Error> {
        let limit = self.max_bytes();
        if body.len() > limit {
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            return Err(Error::TooLarge { url: url.to_owned(), limit });
        }
        let checked = match self {
            Self::Vcek(vcek) => answer::amd::vcek(vcek, body),
            Self::AmdChain { product, key } => answer::amd::chain(*product, *key, body),
            Self::AmdCrl { product, .. } => answer::crl(AMD, &AmdAuthority::Ark(*product).to_string(), body),
            Self::TdxTcbInfo { fmspc } => answer::intel::tcb_info(fmspc, body),
            Self::TdQeIdentity => answer::intel::qe_identity(body),
            Self::PckCrl(ca) => answer::crl(INTEL, ca.common_name(), body),
            Self::IntelRootCrl => answer::intel::root_crl(body),
            Self::Issuer(issuer) => answer::issuer(issuer, body),
        };
        checked.map_err(|unfit| unfit.at(url))
    }
}
