//! Nitro documents: the comparison, and the real documents, unchanged and damaged.

mod chain;
pub(crate) mod envelope;
mod payload;

use std::fmt;

use teeproof_core::{Freshness, Time};
use teeproof_nitro::{Document, Error, Limits, Moment, NitroVerification};
use teeproof_peers::{Outcome, attestation_doc_validation as adv, clock, nitro_attest};
use teeproof_wire::cose::Sign1;
use teeproof_x509::Revocation;

use crate::mutate;
use crate::verdict::{Tally, Verdict};

/// A question about a document. The later ones include the earlier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    /// Can it be read?
    Reads,
    /// Does its chain hold, whatever its own signature is worth?
    Chain,
    /// Is it believed?
    Believed,
}

/// The documents that are accepted at their own time.
const VECTORS: [(&str, &[u8]); 8] = [
    (
        "production-eu-central-1-2025-01",
        include_bytes!("../../../testdata/nitro/production-eu-central-1-2025-01.cose"),
    ),
    (
        "production-us-east-2-2024-10",
        include_bytes!("../../../testdata/nitro/production-us-east-2-2024-10.cose"),
    ),
    (
        "production-us-east-2-2024-12",
        include_bytes!("../../../testdata/nitro/production-us-east-2-2024-12.cose"),
    ),
    (
        "sparse-bank-us-east-2-2024-12",
        include_bytes!("../../../testdata/nitro/sparse-bank-us-east-2-2024-12.cose"),
    ),
    (
        "indefinite-map-ap-south-1-2025-11",
        include_bytes!("../../../testdata/nitro/indefinite-map-ap-south-1-2025-11.cose"),
    ),
    ("debug-us-east-1-2021-03", include_bytes!("../../../testdata/nitro/debug-us-east-1-2021-03.cose")),
    ("debug-us-east-1-2024-09", include_bytes!("../../../testdata/nitro/debug-us-east-1-2024-09.cose")),
    ("debug-us-east-1-2024-11", include_bytes!("../../../testdata/nitro/debug-us-east-1-2024-11.cose")),
];
const TAMPERED: &[u8] = include_bytes!("../../../testdata/nitro/tampered-us-east-1-2024-07.cose");

/// Asks everything. The clock must follow.
pub(crate) fn ask() -> Tally {
    let mut tally = Tally::default();
    for (index, (name, document)) in VECTORS.into_iter().enumerate() {
        let at = made(document);
        clock::set(at).expect("the clock");
        let mut desk = Desk { tally: &mut tally, name, at };
        desk.ask(Question::Believed, "as it is", document);
        damaged(&mut desk, document, index);
        envelope::ask(&mut desk, document);
        // The first document serves for what does not depend on the document.
        if index == 0 {
            chain::ask(&mut desk, document);
        }
        moments(&mut desk, document);
    }
    let at = made(TAMPERED);
    clock::set(at).expect("the clock");
    Desk { tally: &mut tally, name: "tampered-us-east-1-2024-07", at }.ask(
        Question::Believed,
        "as it is",
        TAMPERED,
    );
    payload::ask(&mut tally);
    tally
}

/// Bits turned over, cuts and tails. Of the first document more than of the others.
fn damaged(desk: &mut Desk<'_>, document: &[u8], index: usize) {
    let end = document.len() - 98;
    let step = if index == 0 { 29 } else { 151 };
    for (case, bytes) in mutate::all_flips(document, 0..10)
        .chain(mutate::flips(document, 10 + index..end, step))
        .chain(mutate::flips(document, end..document.len(), if index == 0 { 1 } else { 7 }))
        .chain(mutate::cuts(document, if index == 0 { 1 } else { 97 }))
        .chain(mutate::tails(document))
    {
        desk.ask(Question::Believed, &case, &bytes);
    }
}

/// At the edges of the leaf's validity, and of the document's own time.
fn moments(desk: &mut Desk<'_>, document: &[u8]) {
    let leaf = parse(document).expect("a document").certificate;
    let leaf = teeproof_wire::certificate::Certificate::parse(leaf).expect("a certificate");
    let (from, until) = (leaf.not_before().cast_unsigned(), leaf.not_after().cast_unsigned());
    for (case, at) in [
        ("two years before", from - 63_072_000),
        ("an hour before the leaf", from - 3600),
        ("a second before the leaf", from - 1),
        ("the leaf's first second", from),
        ("the leaf's last second", until),
        ("a second after the leaf", until + 1),
        ("two years after", until + 63_072_000),
    ] {
        clock::set(at).expect("the clock");
        let mut desk = Desk { tally: desk.tally, name: desk.name, at };
        desk.ask(Question::Believed, &format!("at another time: {case}"), document);
    }
}

/// Where a question is put to everyone.
struct Desk<'a> {
    tally: &'a mut Tally,
    /// The document.
    name: &'a str,
    /// The time, which the clock says too.
    at: u64,
}

impl Desk<'_> {
    fn ask(&mut self, question: Question, case: &str, document: &[u8]) {
        let ours = Verdict::of(|| ours(question, document, self.at));
        let attest = Verdict::of(|| match question {
            Question::Reads => nitro_attest::reads(document, self.at),
            Question::Chain => nitro_attest::chain(document, self.at),
            Question::Believed => nitro_attest::verify(document, self.at),
        });
        let validation = Verdict::of(|| match question {
            Question::Reads => adv::reads(document),
            Question::Chain => adv::chain(document),
            Question::Believed => adv::verify(document),
        });
        let case = format!("{question} {}, {case}", self.name);
        self.tally.compare(nitro_attest::NAME, &case, &ours, &attest);
        self.tally.compare(adv::NAME, &case, &ours, &validation);
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reads => "readable?",
            Self::Chain => "chain?",
            Self::Believed => "believed?",
        })
    }
}

fn ours(question: Question, document: &[u8], at: u64) -> Outcome {
    let refusal = |error: Error| format!("{}: {error}", error.check().id);
    if question == Question::Reads {
        return parse(document).map(drop).map_err(|error| error.to_string());
    }
    let verification = NitroVerification::new(
        Freshness::Waived("no nonce was sent"),
        Moment::At(Time(at.cast_signed())),
        &teeproof_aws_lc::TABLE,
    )
    .revocation(Revocation::Unchecked("no list is published with the vector"));
    match (teeproof_nitro::verify(document, &verification, &mut ()), question) {
        (Ok(_), _) => Ok(()),
        // Everything up to its signature was accepted.
        (Err(error), Question::Chain)
            if !matches!(error, Error::Format(_) | Error::Untrusted { .. } | Error::Chain { .. }) =>
        {
            Ok(())
        }
        (Err(error), _) => Err(refusal(error)),
    }
}

fn parse(document: &[u8]) -> Result<Document<'_>, teeproof_wire::Error> {
    let envelope = Sign1::parse(document)?;
    Document::parse(envelope.payload(), envelope.payload_offset(), &Limits::USUAL)
}

/// When a document says it was made, in whole seconds, rounded up.
fn made(document: &[u8]) -> u64 {
    parse(document).expect("a document").timestamp.div_ceil(1000)
}
