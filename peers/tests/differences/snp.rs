//! SNP reports: damaged real ones, and minted ones with one unusual or wrong property.

mod minted;

use teeproof_core::{Freshness, Time};
use teeproof_peers::Outcome;
use teeproof_peers::sev::{self, Certificates, Prepared};
use teeproof_snp::{Endorsements, SnpVerification};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

use crate::mutate;
use crate::verdict::{Tally, Verdict};

const REPORT: &[u8] = include_bytes!("../../../testdata/snp/milan-report.bin");
const MILAN: Certificates<'static> = Certificates {
    ark: include_bytes!("../../../crates/pure/snp/anchors/ark-milan.der"),
    ask: include_bytes!("../../../crates/pure/snp/anchors/ask-milan.der"),
    vek: include_bytes!("../../../testdata/snp/milan-vcek.der"),
};
const TURIN_VCEK: &[u8] = include_bytes!("../../../testdata/snp/turin-vcek.der");
const GENOA_ARK: &[u8] = include_bytes!("../../../crates/pure/snp/anchors/ark-genoa.der");
const GENOA_ASK: &[u8] = include_bytes!("../../../crates/pure/snp/anchors/ask-genoa.der");

/// 2026-09-21: the certificates of the real report are valid.
const AT: u64 = 1_790_000_000;

/// Asks everything.
pub(crate) fn ask() -> Tally {
    let mut tally = Tally::default();
    let mut desk =
        Desk { tally: &mut tally, prepared: Prepared::new(REPORT, MILAN).expect("a genuine report") };
    desk.ask("milan, as it is", REPORT, MILAN, AT);
    reports(&mut desk);
    veks(&mut desk);
    authorities(&mut desk);
    for (case, at) in [("in 1990", 631_152_000), ("in 2021", 1_620_000_000), ("in 2060", 2_840_000_000)] {
        desk.ask(&format!("milan, {case}"), REPORT, MILAN, at);
    }
    minted::ask(&mut desk);
    tally
}

/// The report damaged. Its certificates are verified by the peer once.
fn reports(desk: &mut Desk<'_>) {
    for (case, report) in mutate::all_flips(REPORT, 0..0x50)
        .chain(mutate::flips(REPORT, 0x50..0x180, 5))
        .chain(mutate::all_flips(REPORT, 0x180..0x1a0))
        .chain(mutate::flips(REPORT, 0x1a0..0x1e0, 3))
        .chain(mutate::flips(REPORT, 0x1e0..REPORT.len(), 1))
        .chain(mutate::cuts(REPORT, 7))
        .chain(mutate::tails(REPORT))
    {
        desk.ask_warm(&format!("milan, report: {case}"), &report);
    }
    let mut report = REPORT.to_vec();
    let s: Vec<u8> = report[0x2a0 + 72..0x2a0 + 120].iter().rev().copied().collect();
    let s: Vec<u8> = crate::nitro::envelope::negated(&s).into_iter().rev().collect();
    report.splice(0x2a0 + 72..0x2a0 + 120, s);
    desk.ask_warm("milan, report: the other s", &report);
    for (case, value) in [("zero", [0; 48]), ("all ones", [0xff; 48])] {
        for (part, at) in [("r", 0x2a0), ("s", 0x2a0 + 72)] {
            let mut report = REPORT.to_vec();
            report.splice(at..at + 48, value);
            desk.ask_warm(&format!("milan, report: {part} {case}"), &report);
        }
    }
}

/// The VCEK damaged, or another.
fn veks(desk: &mut Desk<'_>) {
    // TBSCertificate, then the outer algorithm, which nothing signs, then the signature.
    let outer = MILAN.vek.len() - 512 - 5 - 72;
    for (case, vek) in mutate::flips(MILAN.vek, 0..outer, 9)
        .chain(mutate::flips(MILAN.vek, outer..outer + 77, 1))
        .chain(mutate::flips(MILAN.vek, outer + 77..MILAN.vek.len(), 37))
        .chain(mutate::cuts(MILAN.vek, 89))
        .chain(mutate::tails(MILAN.vek))
    {
        desk.ask(&format!("milan, VCEK: {case}"), REPORT, Certificates { vek: &vek, ..MILAN }, AT);
    }
    desk.ask("milan, a Turin VCEK", REPORT, Certificates { vek: TURIN_VCEK, ..MILAN }, AT);
    desk.ask("milan, the ASK as VCEK", REPORT, Certificates { vek: MILAN.ask, ..MILAN }, AT);
}

/// The authorities damaged, or others.
fn authorities(desk: &mut Desk<'_>) {
    let put = |desk: &mut Desk<'_>, case: &str, ark: &[u8], ask: &[u8]| {
        desk.ask(&format!("milan, {case}"), REPORT, Certificates { ark, ask, vek: MILAN.vek }, AT);
    };
    for (case, ask) in mutate::flips(MILAN.ask, 0..MILAN.ask.len(), 61).chain(mutate::tails(MILAN.ask)) {
        put(desk, &format!("ASK: {case}"), MILAN.ark, &ask);
    }
    for (case, ark) in mutate::flips(MILAN.ark, 0..MILAN.ark.len(), 97).chain(mutate::tails(MILAN.ark)) {
        put(desk, &format!("ARK: {case}"), &ark, MILAN.ask);
    }
    put(desk, "ARK and ASK swapped", MILAN.ask, MILAN.ark);
    put(desk, "the ARK as ASK", MILAN.ark, MILAN.ark);
    put(desk, "Genoa's authorities", GENOA_ARK, GENOA_ASK);
    put(desk, "Genoa's ARK", GENOA_ARK, MILAN.ask);
    put(desk, "Genoa's ASK", MILAN.ark, GENOA_ASK);
}

/// Where a question is put to everyone.
struct Desk<'a> {
    tally: &'a mut Tally,
    /// The peer with the real certificates.
    prepared: Prepared,
}

impl Desk<'_> {
    fn ask(&mut self, case: &str, report: &[u8], certificates: Certificates<'_>, at: u64) {
        let ours = Verdict::of(|| ours(report, certificates, at));
        let theirs = Verdict::of(|| sev::cold(report, certificates));
        self.tally.compare(sev::NAME, case, &ours, &theirs);
    }

    /// The same about the real certificates: the peer need not verify them again.
    fn ask_warm(&mut self, case: &str, report: &[u8]) {
        let ours = Verdict::of(|| ours(report, MILAN, AT));
        let prepared = &mut self.prepared;
        let theirs = Verdict::of(|| prepared.replace(report).and_then(|()| prepared.warm()));
        self.tally.compare(sev::NAME, case, &ours, &theirs);
    }
}

fn ours(report: &[u8], certificates: Certificates<'_>, at: u64) -> Outcome {
    let Certificates { ark, ask, vek } = certificates;
    let certificate = |name: &str, der| {
        Certificate::parse(der).map_err(|error| format!("snp.chain: the {name} cannot be read: {error}"))
    };
    // The peers trust any ARK that they are given; ours needs it as an anchor.
    let endorsements = [certificate("VEK", vek)?, certificate("ASK", ask)?];
    let added = [ark];
    let verification = SnpVerification::new(
        Freshness::Waived("no nonce was sent"),
        Time(at.cast_signed()),
        &teeproof_aws_lc::TABLE,
    )
    .anchors(Anchors::and(&added))
    .revocation(Revocation::Unchecked("no peer looks at revocation lists"));
    let endorsements = Endorsements::new(&endorsements);
    let outcome = teeproof_snp::verify(report, &endorsements, &verification, &mut ());
    outcome.map(drop).map_err(|error| format!("{}: {error}", error.check().id))
}
