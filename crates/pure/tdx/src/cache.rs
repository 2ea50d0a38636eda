//! A bounded cache of parsed collateral: further quotes of the same platform need no JSON and no PEM.

use alloc::boxed::Box;
use alloc::vec::Vec;

use teeproof_wire::OwnedCertificate;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::tdx::TdQuote;

use crate::qe_identity::QeIdentity;
use crate::tcb_info::TcbInfo;
use crate::verify::VerifiedDocument;
use crate::{PckIdentity, SignedJson, TdxEvidenceView, VerifiedQuote};

/// A cache of parsed collateral, bounded in number and size. The caller owns it; a verification borrows it by
/// [`TdxVerification::collateral_cache`](crate::TdxVerification::collateral_cache), and [`TdxEvidence::parse_with`](crate::TdxEvidence::parse_with)
/// takes the PCK chain from it.
///
/// It stores TCB info, QE identities and PCK chains as parsed, never a verdict. A document is found by all its
/// bytes, its signature and its signer's whole certificate, and enters only after this signature was verified; a PCK
/// chain is found by its PEM text, and enters only with a quote that was verified. Path, revocation, dates, names
/// and levels are checked anew each time. The signatures of certificates and lists are the matter of a
/// [`SignatureCache`](teeproof_x509::SignatureCache).
///
/// ```
/// use teeproof_tdx::{CollateralCache, TdxEvidence, VerifiedQuote};
///
/// /// Caches the collateral of a verified quote; only what the cache lacks is copied.
/// fn keep(evidence: &TdxEvidence<'_>, verified: &VerifiedQuote<'_>, cache: &mut CollateralCache) {
///     let new = cache.new_collateral(evidence, verified);
///     cache.insert(new);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CollateralCache {
    documents: Generations<Document>,
    chains: Generations<PckChain>,
}

/// Owned copies of parsed collateral, for [`CollateralCache::insert`].
#[derive(Clone, Debug)]
pub struct NewCollateral {
    documents: Vec<Document>,
    chain: Option<PckChain>,
}

impl CollateralCache {
    /// An empty cache for this number of documents, and the same number of PCK chains. A platform needs two
    /// documents of up to 128 KiB, genuine ones of 30 KiB, and a chain of up to 16 KiB; platforms of one FMSPC share
    /// the documents.
    #[must_use]
    pub const fn new(entries: usize) -> Self {
        Self { documents: Generations::new(entries), chains: Generations::new(entries) }
    }

    /// The number of cached documents and PCK chains.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.documents.len().saturating_add(self.chains.len())
    }

    /// Whether the cache is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies of the collateral of a verified quote that is not in the cache or about to be dropped from it. The
    /// PCK chain is left out if it is not the one in the verified quote.
    #[must_use]
    pub fn new_collateral<'e>(
        &self,
        evidence: impl Into<TdxEvidenceView<'e>>,
        verified: &VerifiedQuote<'_>,
    ) -> NewCollateral {
        let evidence = evidence.into();
        let (info, identity) = verified.documents();
        let documents = [self.missing(info), self.missing(identity)];
        let own = evidence.bytes().starts_with(verified.quote().signed());
        let pem = verified.quote().certification.pck_chain().filter(|_| own);
        let chain = pem.filter(|pem| !self.chains.is_young([pem, &[], &[]])).map(|pem| PckChain {
            pem: pem.into(),
            certificates: evidence.chain().to_vec(),
            leaf: verified.path().leaf().der().into(),
            pck: *verified.signed().pck(),
        });
        NewCollateral { documents: documents.into_iter().flatten().collect(), chain }
    }

    /// Inserts collateral. A full cache drops what was inserted longest ago.
    pub fn insert(&mut self, new: NewCollateral) {
        let NewCollateral { documents, chain } = new;
        documents.into_iter().for_each(|document| self.documents.insert(document));
        if let Some(chain) = chain {
            self.chains.insert(chain);
        }
    }

    /// A copy of a verified document that is not in the cache or about to be dropped from it.
    fn missing<T: Kind>(&self, verified: &VerifiedDocument<'_, T>) -> Option<Document> {
        let VerifiedDocument { source, signer, parsed, .. } = verified;
        let key = [source.signature().as_slice(), source.body().as_bytes(), signer];
        (!self.documents.is_young(key)).then(|| Document {
            signature: *source.signature(),
            body: source.body().into(),
            signer: (*signer).into(),
            parsed: T::clone(parsed).into_parsed(),
        })
    }

    /// The certificates of a PCK chain in PEM.
    pub(crate) fn pck_chain(&self, pem: &[u8]) -> Option<&[OwnedCertificate<Vec<u8>>]> {
        self.chains.find([pem, &[], &[]]).map(|chain| chain.certificates.as_slice())
    }

    /// The platform of the PCK certificate with which a chain was verified before.
    pub(crate) fn pck(&self, quote: &TdQuote<'_>, leaf: &Certificate<'_>) -> Option<&PckIdentity> {
        let chain = self.chains.find([quote.certification.pck_chain()?, &[], &[]])?;
        (*chain.leaf == *leaf.der()).then_some(&chain.pck)
    }

    /// A document that this signer signed.
    pub(crate) fn document<T: Kind>(&self, document: &SignedJson<'_>, signer: &[u8]) -> Option<&T> {
        let key = [document.signature().as_slice(), document.body().as_bytes(), signer];
        self.documents.find(key).and_then(|found| T::of(&found.parsed))
    }
}

impl NewCollateral {
    /// Whether the cache lacks nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.chain.is_none()
    }
}

/// A parsed document of one kind.
#[derive(Clone, Debug)]
pub(crate) enum Parsed {
    TcbInfo(TcbInfo),
    QeIdentity(QeIdentity),
}

/// A kind of document.
pub(crate) trait Kind: Clone {
    /// The document, if it is of this kind.
    fn of(parsed: &Parsed) -> Option<&Self>;

    /// The document with its kind.
    fn into_parsed(self) -> Parsed;
}

impl Kind for TcbInfo {
    fn of(parsed: &Parsed) -> Option<&Self> {
        if let Parsed::TcbInfo(info) = parsed { Some(info) } else { None }
    }

    fn into_parsed(self) -> Parsed {
        Parsed::TcbInfo(self)
    }
}

impl Kind for QeIdentity {
    fn of(parsed: &Parsed) -> Option<&Self> {
        if let Parsed::QeIdentity(identity) = parsed { Some(identity) } else { None }
    }

    fn into_parsed(self) -> Parsed {
        Parsed::QeIdentity(self)
    }
}

/// A cached document.
#[derive(Clone, Debug)]
struct Document {
    signature: [u8; 64],
    body: Box<str>,
    signer: Box<[u8]>,
    parsed: Parsed,
}

/// A cached PCK chain.
#[derive(Clone, Debug)]
struct PckChain {
    pem: Box<[u8]>,
    certificates: Vec<OwnedCertificate<Vec<u8>>>,
    /// The PCK certificate, DER, and its SGX extension as parsed.
    leaf: Box<[u8]>,
    pck: PckIdentity,
}

/// An entry that is found by all its bytes.
trait Entry {
    /// The order of the cache. What differs in its first bytes is compared first.
    fn key(&self) -> [&[u8]; 3];
}

impl Entry for Document {
    fn key(&self) -> [&[u8]; 3] {
        [&self.signature, self.body.as_bytes(), &self.signer]
    }
}

impl Entry for PckChain {
    fn key(&self) -> [&[u8]; 3] {
        [&self.pem, &[], &[]]
    }
}

/// Entries in two generations: when the younger is full, the older is dropped.
#[derive(Clone, Debug)]
struct Generations<T> {
    /// The capacity of each generation.
    capacity: usize,
    /// The latest insertions, sorted.
    young: Vec<T>,
    /// Earlier insertions, sorted.
    old: Vec<T>,
}

impl<T> Generations<T> {
    const fn new(entries: usize) -> Self {
        Self { capacity: entries.div_ceil(2), young: Vec::new(), old: Vec::new() }
    }

    const fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }
}

impl<T: Entry> Generations<T> {
    fn is_young(&self, key: [&[u8]; 3]) -> bool {
        position(&self.young, key).is_ok()
    }

    fn find(&self, key: [&[u8]; 3]) -> Option<&T> {
        let among = |sorted| position(sorted, key).ok();
        let young = among(&self.young).and_then(|at| self.young.get(at));
        young.or_else(|| among(&self.old).and_then(|at| self.old.get(at)))
    }

    fn insert(&mut self, new: T) {
        if self.young.len() >= self.capacity {
            self.old = core::mem::take(&mut self.young);
        }
        match position(&self.young, new.key()) {
            Err(at) if self.capacity > 0 => self.young.insert(at, new),
            _ => {}
        }
    }
}

fn position<T: Entry>(sorted: &[T], key: [&[u8]; 3]) -> Result<usize, usize> {
    sorted.binary_search_by(|one| one.key().cmp(&key))
}
