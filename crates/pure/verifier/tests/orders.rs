//! The order of files never decides: every accepted vector, and minted evidence among unrelated certificates and
//! lists, with all pairs of files exchanged and in 10,000 seeded orders. Verdict, exit code, every finding and every
//! claim stay the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    missing_docs
)]

#[path = "support/code.rs"]
mod code;
mod support;

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{AT, REMEMBERING, accepted, read};
use teeproof::Evidence;
use teeproof::{Policy, Request, verify};
use teeproof_core::{Freshness, Technology, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::azure::{AkChain, Vm};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine, Product};
use teeproof_mint::x509::{Crl, Link, Validity};
use teeproof_mint::{DEFAULT_TIME, Key, Kind as KeyKind};
use teeproof_nitro::Moment;
use teeproof_x509::{Anchors, CachedSignatures, Revocation, SignatureCache};

/// Files that belong together, and the exit code of their verification.
struct Case {
    name: String,
    files: Vec<(Option<InputKind>, Vec<u8>)>,
    anchors: Vec<Vec<u8>>,
    at: Moment,
    exit: u8,
}

impl Case {
    /// Everything that a result says, with files and anchors in this order.
    fn said(&self, files: &[usize], anchors: &[usize]) -> (u8, String) {
        self.said_with(files, anchors, &mut SignatureCache::new(0))
    }

    /// The same with a cache, which keeps what it verified.
    fn said_with(&self, files: &[usize], anchors: &[usize], cache: &mut SignatureCache) -> (u8, String) {
        let mut inputs = Inputs::new();
        for at in files {
            let (kind, bytes) = &self.files[*at];
            inputs.add(bytes, *kind).unwrap_or_else(|error| panic!("{}, file {at}: {error}", self.name));
        }
        let (certificates, lists) = (inputs.certificates(), inputs.revocation_lists());
        let anchors: Vec<&[u8]> = anchors.iter().map(|at| self.anchors[*at].as_slice()).collect();
        let policy = Policy::genuine();
        let request =
            Request::new(Technology::ALL, Freshness::Waived("the order is looked at"), self.at, &REMEMBERING)
                .endorsements(&certificates)
                .revocation(Revocation::Lists(&lists))
                .anchors(Anchors::and(&anchors))
                .cache(CachedSignatures::from_cache(cache))
                .input_warnings(inputs.warnings())
                .policy(&policy);
        let result = verify(&Evidence::from_inputs(&inputs).unwrap(), &request).unwrap();
        let said = format!("{:?} {:?} {:?}", result.verdict(), result.findings(), result.claims());
        let exit = code::code(result.class());
        let new = cache.new_signatures(result.signatures());
        drop(result);
        cache.insert(new);
        (exit, said)
    }

    /// All pairs exchanged, and so many seeded orders.
    fn holds_in(&self, orders: usize, seed: u64) -> usize {
        let straight: Vec<usize> = (0..self.files.len()).collect();
        let anchors: Vec<usize> = (0..self.anchors.len()).collect();
        let (exit, said) = self.said(&straight, &anchors);
        assert_eq!(exit, self.exit, "{}: {said}", self.name);
        let mut looked_at = 0;
        let mut same = |files: &[usize], anchors: &[usize]| {
            let other = self.said(files, anchors);
            assert!(other == (exit, said.clone()), "{}, {files:?}:\n{said}\n{}", self.name, other.1);
            looked_at += 1;
        };
        // What is cached changes nothing, whichever of the files were verified before.
        let mut cache = SignatureCache::new(100);
        for left_out in 0..straight.len() {
            let files: Vec<usize> = straight.iter().copied().filter(|at| *at != left_out).collect();
            if self.files[left_out].0.is_none() && left_out > 0 {
                let _ = self.said_with(&files, &anchors, &mut cache);
            }
            let warm = self.said_with(&straight, &anchors, &mut cache);
            assert!(warm == (exit, said.clone()), "{}, warm:\n{said}\n{}", self.name, warm.1);
        }
        for first in 0..straight.len() {
            for second in first + 1..straight.len() {
                let mut files = straight.clone();
                files.swap(first, second);
                same(&files, &anchors);
            }
        }
        let mut random = Random(seed);
        let (mut files, mut anchors) = (straight, anchors);
        for _ in 0..orders {
            random.shuffle(&mut files);
            random.shuffle(&mut anchors);
            same(&files, &anchors);
        }
        looked_at
    }
}

/// xorshift64*, from a seed that is written down.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn shuffle(&mut self, places: &mut [usize]) {
        for last in (1..places.len()).rev() {
            let other = self.below(last + 1);
            places.swap(last, other);
        }
    }
}

/// Files whose kind is recognised by their content.
fn plain(bytes: impl IntoIterator<Item = Vec<u8>>) -> Vec<(Option<InputKind>, Vec<u8>)> {
    bytes.into_iter().map(|bytes| (None, bytes)).collect()
}

fn minted(name: &str, files: Vec<(Option<InputKind>, Vec<u8>)>, anchors: Vec<Vec<u8>>, exit: u8) -> Case {
    let at = Moment::At(Time(DEFAULT_TIME as i64));
    Case { name: name.to_owned(), files, anchors, at, exit }
}

fn list(signer: &Link, revoked: &[&[u8]]) -> Vec<u8> {
    let list = Crl::new(0, 2 * DEFAULT_TIME);
    revoked.iter().fold(list, |list, serial| list.revoke(serial)).sign(signer).unwrap()
}

/// Copies of a certificate whose signatures do not hold.
fn altered(certificate: &[u8], count: u8) -> Vec<Vec<u8>> {
    let (rest, _) = certificate.split_at(certificate.len() - 2);
    (0..count).map(|number| [rest, &[0x5a, number]].concat()).collect()
}

fn past() -> Validity {
    Validity::new(DEFAULT_TIME - 1000, DEFAULT_TIME - 10)
}

/// Every accepted vector, together with unrelated certificates and lists.
fn vectors() -> Vec<Case> {
    let stranger = Machine::vcek(Product::Genoa).authority_keys(KeyKind::Rsa2048);
    let other = stranger.mint().unwrap();
    let lists = [list(&stranger.ark, &[&[7]]), list(&Enclave::new().chain[0], &[&[9]])];
    let mut cases = Vec::new();
    for vector in accepted() {
        let mut files = vec![(None, vector.evidence)];
        files.extend(plain(vector.endorsements));
        files.extend(plain(lists.clone()));
        if vector.technology == Technology::Snp {
            files.extend(plain([read("snp/turin-vcek.der"), other.vek.clone(), other.intermediate.clone()]));
            files.extend(plain(teeproof_snp::PINNED.map(<[u8]>::to_vec)));
            files.extend(plain(teeproof_snp::PINNED_INTERMEDIATES.map(<[u8]>::to_vec)));
        }
        let exit = if vector.name.starts_with("debug-") { 6 } else { 0 };
        let at = if vector.technology == Technology::Snp { Moment::At(AT) } else { vector.at };
        cases.push(Case { name: vector.name, files, anchors: vec![other.ark.clone()], at, exit });
    }
    cases
}

/// SNP reports among several VEKs, intermediates, roots and lists.
fn snp() -> Vec<Case> {
    let vlek = Machine::vlek(Product::Milan).authority_keys(KeyKind::Rsa2048);
    let vcek = Machine::vcek(Product::Milan).authority_keys(KeyKind::Rsa2048);
    let mut cases = Vec::new();
    for (name, machine) in [("VLEK", &vlek), ("VCEK", &vcek)] {
        let evidence = machine.mint().unwrap();
        let vek = |bent: Machine| bent.mint().unwrap().vek;
        let region = Key::shared("another region", KeyKind::P384);
        let decoys = [
            vek(machine.clone().with_vek(|vek| vek.key = region)),
            vek(machine.clone().with_vek(|vek| vek.certificate.validity = past())),
            vek(Machine::vcek(Product::Milan).authority_keys(KeyKind::Rsa2048).chip_id([7; 64])),
            vek(machine.clone().with_vek(|vek| vek.signer = Some(Key::shared("x", KeyKind::Rsa2048)))),
            machine.clone().with_own_authorities().mint().unwrap().intermediate,
            machine.clone().with_own_authorities().mint().unwrap().ark,
        ];
        let others = [list(&vcek.ark, &[&[9]]), list(&Enclave::new().chain[0], &[])];
        let all = [vec![evidence.report.clone(), evidence.vek.clone(), evidence.intermediate.clone()]];
        let all = [all.concat(), decoys.to_vec(), others.to_vec()].concat();
        let anchors = vec![evidence.ark.clone(), Enclave::new().mint().unwrap().root().to_vec()];
        cases.push(minted(name, plain(all.clone()), anchors.clone(), 0));
        let serial = machine.intermediate.certificate.serial.clone();
        let revoked = [all.clone(), vec![list(&machine.ark, &[&serial])]].concat();
        cases.push(minted(&format!("{name}, revoked"), plain(revoked), anchors.clone(), 7));
        let without: Vec<_> = all.iter().filter(|one| **one != evidence.vek).cloned().collect();
        cases.push(minted(&format!("{name} missing"), plain(without), anchors, 7));
        cases.push(minted(&format!("{name}, no anchor"), plain(all.clone()), vec![], 4));
        // Self-made intermediates of the right name, more than any shortlist holds.
        let crowd = [all, altered(&evidence.intermediate, 24)].concat();
        let anchors = vec![evidence.ark.clone(), Enclave::new().mint().unwrap().root().to_vec()];
        cases.push(minted(&format!("{name} in a crowd"), plain(crowd), anchors, 0));
    }
    cases
}

/// Azure VMs among several AK certificates, authorities and lists.
fn azure() -> Vec<Case> {
    let vm = || {
        let vm = Vm::snp(Product::Milan);
        vm.with_machine(|machine| *machine = machine.clone().authority_keys(KeyKind::Rsa2048))
    };
    let cloud = vm().with_ak_chain(|chain| *chain = AkChain::cloud(&chain.leaf.key, DEFAULT_TIME));
    let mut cases = Vec::new();
    for (name, vm) in [("global", vm()), ("cloud", cloud)] {
        let evidence = vm.evidence().unwrap();
        let leaf = |bend: &dyn Fn(&mut Link)| {
            vm.clone().with_ak_chain(|chain| bend(&mut chain.leaf)).certificates().unwrap().ak
        };
        let stranger = Key::shared("another AK", KeyKind::Rsa2048);
        let own = vm.clone().with_ak_chain(|chain| *chain = chain.clone().with_own_authorities());
        let own = own.certificates().unwrap();
        let mut files = vec![
            (Some(InputKind::HclReport), evidence.hcl_report.clone()),
            (Some(InputKind::TpmQuote), evidence.quote_message.clone()),
            (Some(InputKind::TpmSignature), evidence.quote_signature.clone()),
            (Some(InputKind::PcrConcatenation), evidence.pcr_concatenation()),
            (Some(InputKind::EventLog), evidence.event_log.clone().unwrap()),
        ];
        files.extend(plain([evidence.vek.clone(), evidence.intermediate.clone()]));
        files.extend(plain(evidence.ak_intermediates.clone()));
        files.extend(plain([
            leaf(&|link| link.certificate.validity = past()),
            leaf(&|link| link.key = stranger.clone()),
            leaf(&|link| link.certificate.serial = vec![0x22; 16]),
            own.ak_intermediates[0].clone(),
            list(&vm.ak_chain.root, &[&[1]]),
            list(&vm.machine.ark, &[]),
            list(&Enclave::new().chain[0], &[]),
        ]));
        let anchors = vec![evidence.ark.clone(), evidence.ak_root.clone(), own.ak_root];
        let with = |more: Vec<Vec<u8>>| [files.clone(), plain(more)].concat();
        let ak = evidence.ak_certificate.clone();
        cases.push(minted(name, with(vec![ak.clone()]), anchors.clone(), 0));
        cases.push(minted(&format!("{name}, old AK alone"), files[..11].to_vec(), anchors.clone(), 0));
        let authority = &vm.ak_chain.intermediates[0].certificate.serial;
        let revoked = with(vec![ak.clone(), list(&vm.ak_chain.root, &[authority])]);
        cases.push(minted(&format!("{name}, authority revoked"), revoked, anchors.clone(), 7));
        let issuer = vm.ak_chain.intermediates.last().unwrap();
        let leaves: [&[u8]; 2] = [&[0x64; 16], &[0x22; 16]];
        let revoked = with(vec![ak.clone(), list(issuer, &leaves)]);
        cases.push(minted(&format!("{name}, every AK revoked"), revoked, anchors.clone(), 7));
        let renewed = with(vec![ak.clone(), list(issuer, &leaves[..1])]);
        cases.push(minted(&format!("{name}, old AK revoked"), renewed, anchors, 0));
        let untrusted = with(vec![ak, evidence.ak_root.clone()]);
        cases.push(minted(&format!("{name}, root not trusted"), untrusted, vec![evidence.ark], 4));
    }
    cases
}

#[test]
fn the_order_of_files_never_decides() {
    let cases: Vec<Case> = [vectors(), snp(), azure()].into_iter().flatten().collect();
    let orders = 10_000_usize.div_ceil(cases.len());
    let (next, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { return };
                    let looked_at = case.holds_in(orders, 0x7ee_0f00 + at as u64);
                    total.fetch_add(looked_at, Ordering::Relaxed);
                }
            });
        }
    });
    let total = total.into_inner();
    assert!(total >= 10_000, "{total}");
    // Not by a macro: those are kept back for tests that pass.
    let line = format!("{} cases in {total} orders, no result changed\n", cases.len());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
