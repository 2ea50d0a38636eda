//! TD quotes and their collateral: genuine ones as they are, and damaged in one place, drawn by a seeded generator.

mod minted;

use base64ct::{Base64, Encoding};
use teeproof_core::{Freshness, Time};
use teeproof_peers::Outcome;
use teeproof_peers::dcap_qvl::{self, Collateral as Texts};
use teeproof_tdx::{
    Collateral, CollateralKind, Error, SignedJson, TdxEvidence, TdxPolicy, TdxVerification, appraise, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, Revocation};

use crate::mutate;
use crate::verdict::{Tally, Verdict};

/// A quote with the collateral of its platform, and a time at which this is current.
struct Sample {
    name: &'static str,
    quote: &'static [u8],
    collateral: &'static str,
    at: u64,
}

const V4: Sample = Sample {
    name: "quote-v4",
    quote: include_bytes!("../../../testdata/tdx/quote-v4.bin"),
    collateral: include_str!("../../../testdata/tdx/collateral-v4.json"),
    at: 1_750_377_600,
};
const V5: Sample = Sample {
    name: "quote-v5",
    quote: include_bytes!("../../../testdata/tdx/quote-v5.bin"),
    collateral: include_str!("../../../testdata/tdx/collateral-v5.json"),
    at: 1_771_977_600,
};
const TD15EX: Sample = Sample {
    name: "quote-td15ex",
    quote: include_bytes!("../../../testdata/tdx/quote-td15ex.bin"),
    collateral: include_str!("../../../testdata/tdx/collateral-td15ex.json"),
    at: 1_791_500_000,
};

/// The number of mutations.
const MUTATIONS: usize = 5000;

/// Asks everything.
pub(crate) fn ask() -> Tally {
    let mut tally = Tally::default();
    for sample in [V4, V5, TD15EX] {
        let collateral = dcap_qvl::collateral(sample.collateral).expect("collateral");
        let mut desk = Desk { tally: &mut tally, name: sample.name, root: None };
        desk.ask("as it is", sample.quote, &collateral, sample.at);
    }
    let collateral = dcap_qvl::collateral(V4.collateral).expect("collateral");
    minted::ask(&mut tally);
    let mut desk = Desk { tally: &mut tally, name: V4.name, root: None };
    moments(&mut desk, &collateral);
    for (case, quote) in mutate::cuts(V4.quote, 97).chain(mutate::tails(V4.quote)) {
        desk.ask(&format!("quote: {case}"), &quote, &collateral, V4.at);
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..MUTATIONS {
        mutation(&mut desk, &collateral, &mut random);
    }
    tally
}

/// At the edges of the validity of documents and lists.
fn moments(desk: &mut Desk<'_>, collateral: &Texts) {
    for (case, at) in [
        ("in 2017", 1_500_000_000),
        ("before the QE identity was issued", 1_750_329_146),
        ("the QE identity's first second", 1_750_329_147),
        ("the PCK list's last second", 1_752_919_235),
        ("after the PCK list's nextUpdate", 1_752_919_236),
        ("a year later", 1_781_913_600),
    ] {
        desk.ask(&format!("at another time: {case}"), V4.quote, collateral, at);
    }
}

/// One bit of one part turned over.
fn mutation(desk: &mut Desk<'_>, genuine: &Texts, random: &mut Random) {
    let mut collateral = genuine.clone();
    let mut quote = V4.quote.to_vec();
    let part = PARTS[random.below(PARTS.len())];
    let case = match part {
        "quote" => random.flip(&mut quote),
        "PCK chain" => {
            let start = quote.windows(5).position(|window| window == b"-----").expect("a PEM");
            let end = quote.iter().rposition(|byte| *byte == b'-').expect("a PEM");
            random.flip(&mut quote[start..=end])
        }
        "TCB info" => random.flip_text(&mut collateral.tcb_info),
        "QE identity" => random.flip_text(&mut collateral.qe_identity),
        "signature of the TCB info" => random.flip(&mut collateral.tcb_info_signature),
        "signature of the QE identity" => random.flip(&mut collateral.qe_identity_signature),
        "list of the root" => random.flip(&mut collateral.root_ca_crl),
        "list of the PCK authority" => random.flip(&mut collateral.pck_crl),
        "chain of the TCB info" => random.flip_text(&mut collateral.tcb_info_issuer_chain),
        _ => random.flip_text(&mut collateral.qe_identity_issuer_chain),
    };
    desk.ask(&format!("{part}: {case}"), &quote, &collateral, V4.at);
}

/// What is damaged; the quote more often than the rest.
const PARTS: [&str; 12] = [
    "quote",
    "quote",
    "quote",
    "PCK chain",
    "TCB info",
    "QE identity",
    "signature of the TCB info",
    "signature of the QE identity",
    "list of the root",
    "list of the PCK authority",
    "chain of the TCB info",
    "chain of the QE identity",
];

/// A generator of Marsaglia's (xorshift), so that each run asks the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn flip(&mut self, bytes: &mut [u8]) -> String {
        let (at, bit) = (self.below(bytes.len()), self.below(8));
        bytes[at] ^= 1 << bit;
        format!("bit {bit} of byte {at:#x} turned over")
    }

    /// Texts stay ASCII.
    fn flip_text(&mut self, text: &mut String) -> String {
        let mut bytes = std::mem::take(text).into_bytes();
        let (at, bit) = (self.below(bytes.len()), self.below(7));
        bytes[at] ^= 1 << bit;
        *text = String::from_utf8(bytes).expect("ASCII");
        format!("bit {bit} of byte {at:#x} turned over")
    }
}

/// Where a question is put to both.
struct Desk<'a> {
    tally: &'a mut Tally,
    name: &'a str,
    /// A root in place of Intel's, DER.
    root: Option<&'a [u8]>,
}

impl Desk<'_> {
    fn ask(&mut self, case: &str, quote: &[u8], collateral: &Texts, at: u64) {
        let ours = Verdict::of(|| ours(quote, collateral, at, self.root.as_slice()));
        let theirs = Verdict::of(|| match self.root {
            Some(root) => dcap_qvl::verify_under(root, quote, collateral, at),
            None => dcap_qvl::verify(quote, collateral, at),
        });
        self.tally.compare(dcap_qvl::NAME, &format!("{}, {case}", self.name), &ours, &theirs);
    }
}

/// The same texts before teeproof, with lists required. Like the peer it refuses debug TDs, and no TCB status.
fn ours(quote: &[u8], texts: &Texts, at: u64, roots: &[&[u8]]) -> Outcome {
    let refusal = |error: Error| format!("{}: {error}", error.check().id);
    let document = |kind, body, signature: &[u8]| {
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        SignedJson::from_parts(kind, body, &hex).map_err(refusal)
    };
    let documents = [
        document(CollateralKind::TcbInfo, &texts.tcb_info, &texts.tcb_info_signature)?,
        document(CollateralKind::QeIdentity, &texts.qe_identity, &texts.qe_identity_signature)?,
    ];
    let mut certificates = certificates(&texts.tcb_info_issuer_chain)?;
    certificates.extend(self::certificates(&texts.qe_identity_issuer_chain)?);
    let certificates: Vec<_> = certificates
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("certificate: {error}"))?;
    let list = |der| RevocationList::parse(der).map_err(|error| format!("list: {error}"));
    let lists = [list(&texts.root_ca_crl)?, list(&texts.pck_crl)?];
    let evidence = TdxEvidence::parse(quote).map_err(refusal)?;
    let at = Time(at.cast_signed());
    let verification =
        TdxVerification::new(Freshness::Waived("no nonce was sent"), at, &teeproof_aws_lc::TABLE)
            .anchors(Anchors::and(roots))
            .revocation(Revocation::Required(&lists));
    let collateral = Collateral { documents: &documents, certificates: &certificates };
    let verified = verify(&evidence, &collateral, &verification, &mut ()).map_err(refusal)?;
    let accepted = appraise(&verified, &TdxPolicy::genuine(), &mut ());
    if accepted { Ok(()) } else { Err("policy: builtin:genuine".to_owned()) }
}

/// The certificates of a PEM text, DER.
fn certificates(pem: &str) -> Outcome<Vec<Vec<u8>>> {
    let between = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    between
        .map(|rest| {
            let letters: String = rest.split("-----END").next().unwrap_or("").split_whitespace().collect();
            Base64::decode_vec(&letters).map_err(|_| "certificate: not base64".to_owned())
        })
        .collect()
}
