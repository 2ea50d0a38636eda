//! Shared by the tests of `verify`: the vectors, and a crypto table that remembers results.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "tests read the vectors from files")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "bytes are altered by place")]
#![allow(clippy::unwrap_in_result, reason = "a poisoned lock ends the test")]

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use teeproof::{AttestationResult, Evidence, Policy, Request};
use teeproof_core::{BadSignature, Crypto, Freshness, RsaKey, Technology, Time, VerifyEcdsa, VerifyRsa};
use teeproof_nitro::Moment;
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Revocation;

/// A time at which the SNP vectors' certificates are valid: 2026-09-21.
pub(crate) const AT: Time = Time(1_790_000_000);

/// Evidence with its endorsements.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) technology: Technology,
    pub(crate) evidence: Vec<u8>,
    pub(crate) endorsements: Vec<Vec<u8>>,
    pub(crate) at: Moment,
}

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata")
}

pub(crate) fn read(path: &str) -> Vec<u8> {
    let path = testdata().join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every piece of real evidence that is accepted: eight Nitro documents and one SNP report.
pub(crate) fn accepted() -> Vec<Vector> {
    let mut vectors = Vec::new();
    let mut files: Vec<_> =
        std::fs::read_dir(testdata().join("nitro")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("tampered-") {
            let evidence = std::fs::read(&path).unwrap();
            vectors.push(Vector {
                name,
                technology: Technology::Nitro,
                evidence,
                endorsements: vec![],
                at: Moment::OfDocument,
            });
        }
    }
    assert_eq!(vectors.len(), 8);
    vectors.push(Vector {
        name: "milan-report.bin".to_owned(),
        technology: Technology::Snp,
        evidence: read("snp/milan-report.bin"),
        endorsements: vec![read("snp/milan-vcek.der")],
        at: Moment::At(AT),
    });
    vectors
}

/// What one vector's verification comes to, with altered evidence.
pub(crate) fn outcome<T>(
    vector: &Vector,
    evidence: &[u8],
    endorsements: &[Vec<u8>],
    crypto: &Crypto,
    policy: Option<&Policy>,
    look: impl FnOnce(&AttestationResult<'_>) -> T,
) -> Option<T> {
    let certificates: Option<Vec<_>> = endorsements.iter().map(|der| Certificate::parse(der).ok()).collect();
    let certificates = certificates?;
    let request = Request::new(Technology::ALL, Freshness::Waived("a recorded vector"), vector.at, crypto)
        .endorsements(&certificates)
        .revocation(Revocation::Unchecked("no list is published with the vector"))
        .policy(policy);
    let evidence = match vector.technology {
        Technology::Snp => Evidence::Snp(evidence),
        _ => Evidence::Nitro(evidence),
    };
    Some(look(&teeproof::verify(&evidence, &request).unwrap()))
}

/// How often each code of a class was given.
pub(crate) type Counts = BTreeMap<u8, usize>;

/// Flips every bit of `bytes`, spread over the processors, and counts what `verify` answers.
pub(crate) fn every_bit(bytes: &[u8], verify: impl Fn(&[u8], usize) -> u8 + Sync) -> Counts {
    bits(bytes, 1, verify)
}

/// The step from one flipped bit to the next in the longest tests: 1; 9 in `cargo xtask quick`, so that each place in a
/// byte has its turn.
pub(crate) fn sample() -> usize {
    if std::env::var_os("TEEPROOF_QUICK").is_some_and(|value| value == "1") { 9 } else { 1 }
}

/// Flips every bit whose number is a multiple of `step`.
pub(crate) fn bits(bytes: &[u8], step: usize, verify: impl Fn(&[u8], usize) -> u8 + Sync) -> Counts {
    let counts = Mutex::new(Counts::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (counts, verify) = (&counts, &verify);
            scope.spawn(move || {
                let mut altered = bytes.to_vec();
                for bit in (worker * step..bytes.len() * 8).step_by(workers * step) {
                    altered[bit / 8] ^= 1 << (bit % 8);
                    let exit = verify(&altered, bit);
                    altered[bit / 8] ^= 1 << (bit % 8);
                    *counts.lock().unwrap().entry(exit).or_default() += 1;
                }
            });
        }
    });
    counts.into_inner().unwrap()
}

/// Prints how many alterations ended in which exit code.
pub(crate) fn report(name: &str, what: &str, counts: &Counts) {
    let total: usize = counts.values().sum();
    let by_exit: Vec<_> = counts.iter().map(|(exit, count)| format!("{count} with code {exit}")).collect();
    let all_refused = if counts.contains_key(&0) { "" } else { "all refused " };
    // Not by a macro: those are kept back for tests that pass, and the counts are to be seen.
    let line = format!("{name}: {total} {what}, {all_refused}({})\n", by_exit.join(", "));
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// The fast table, remembering every answer by the hash of the whole question, so that a chain
/// that was not altered is verified once and not a hundred thousand times.
pub(crate) static REMEMBERING: Crypto = Crypto {
    name: "aws-lc, remembering",
    ecdsa_p384_sha384: &Remember(Question::P384),
    rsa_pss_sha384: &Remember(Question::Pss),
    rsa_pkcs1_sha256: &Remember(Question::Pkcs1Sha256),
    rsa_pkcs1_sha384: &Remember(Question::Pkcs1Sha384),
    rsa_pkcs1_sha512: &Remember(Question::Pkcs1Sha512),
    ..teeproof_aws_lc::TABLE
};

struct Remember(Question);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    P384,
    Pss,
    Pkcs1Sha256,
    Pkcs1Sha384,
    Pkcs1Sha512,
}

/// The questions whose answer is yes.
type Known = HashSet<(Question, [u8; 32])>;

impl Remember {
    fn ask(
        &self,
        parts: &[&[u8]],
        answer: impl FnOnce() -> Result<(), BadSignature>,
    ) -> Result<(), BadSignature> {
        static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
        let lengths: Vec<u8> = parts.iter().flat_map(|part| part.len().to_le_bytes()).collect();
        let hash = teeproof_aws_lc::TABLE.sha256.digest(&[&[lengths.as_slice()], parts].concat());
        let question = (self.0, hash);
        if KNOWN.lock().unwrap().get_or_insert_default().contains(&question) {
            return Ok(());
        }
        let answer = answer();
        // Only what holds comes again; refusals are as many as there are bits.
        if answer.is_ok() {
            KNOWN.lock().unwrap().get_or_insert_default().insert(question);
        }
        answer
    }
}

impl VerifyEcdsa for Remember {
    fn verify(&self, public_key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.ask(&[&[public_key, signature], message].concat(), || {
            teeproof_aws_lc::TABLE.ecdsa_p384_sha384.verify(public_key, message, signature)
        })
    }
}

impl VerifyRsa for Remember {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let table = teeproof_aws_lc::TABLE;
        self.ask(&[&[key.modulus, key.exponent, signature], message].concat(), || {
            match self.0 {
                Question::Pkcs1Sha256 => table.rsa_pkcs1_sha256,
                Question::Pkcs1Sha384 => table.rsa_pkcs1_sha384,
                Question::Pkcs1Sha512 => table.rsa_pkcs1_sha512,
                Question::Pss | Question::P384 => table.rsa_pss_sha384,
            }
            .verify(key, message, signature)
        })
    }
}
