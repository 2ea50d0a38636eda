//! HCL reports with one unusual or wrong property, signed where the hardware signs.

use teeproof_mint::azure::{Claims, Envelope, Json, Vm};
use teeproof_mint::snp::{Machine, Product, Tcb};
use teeproof_mint::x509::Validity;
use teeproof_mint::{DEFAULT_TIME, Key, Kind};

use super::{ask_about, ask_all, vm};
use crate::mutate;
use crate::verdict::Tally;

const YEAR: u64 = 365 * 86_400;

pub(super) fn ask(tally: &mut Tally) {
    for product in [Product::Milan, Product::Genoa, Product::Turin] {
        ask_all(tally, &format!("{}, as it is", product.name()), &vm(product));
    }
    ask_all(tally, "TDX", &Vm::tdx());
    damaged(tally);
    envelopes(tally);
    claims(tally);
    keys(tally);
    machines(tally);
    certificates(tally);
}

/// Bits turned over, cuts and tails.
fn damaged(tally: &mut Tally) {
    let evidence = vm(Product::Milan).evidence().expect("a VM");
    let hcl = evidence.hcl_report.clone();
    let claims_end = 0x4d4 + evidence.claims().len();
    for (case, hcl_report) in mutate::all_flips(&hcl, 0..0x20)
        .chain(mutate::flips(&hcl, 0x20..0x4c0, 13))
        // CURRENT_TCB.
        .chain(mutate::flips(&hcl, 0x58..0x60, 1))
        .chain(mutate::all_flips(&hcl, 0x4c0..0x4d4))
        .chain(mutate::flips(&hcl, 0x4d4..claims_end, 31))
        .chain(mutate::flips(&hcl, claims_end..hcl.len(), 43))
        .chain(mutate::cuts(&hcl, 61))
        .chain(mutate::tails(&hcl))
    {
        let mut damaged = evidence.clone();
        damaged.hcl_report = hcl_report;
        ask_about(tally, &format!("HCL report: {case}"), &damaged);
    }
    let mut short = evidence.clone();
    short.hcl_report.truncate(claims_end);
    ask_about(tally, "HCL report: without its padding", &short);
}

fn envelopes(tally: &mut Tally) {
    let mut with = |case: &str, change: &dyn Fn(&mut Envelope)| {
        ask_all(tally, &format!("envelope: {case}"), &vm(Product::Milan).with_envelope(change));
    };
    with("SHA-384 over the claims", &|envelope| envelope.hash_type = 2);
    with("SHA-512 over the claims", &|envelope| envelope.hash_type = 3);
    with("no hash over the claims", &|envelope| envelope.hash_type = 0);
    with("a hash nobody knows", &|envelope| envelope.hash_type = 9);
    with("named as TDX", &|envelope| envelope.report_type = 4);
    with("named as VBS", &|envelope| envelope.report_type = 1);
    with("another signature", &|envelope| envelope.signature = *b"HCLB");
    for version in [0, 1, 2, 3, 99] {
        with(&format!("header version {version}"), &|envelope| envelope.header_version = version);
    }
    with("another request type", &|envelope| envelope.request_type = 1);
    with("a status", &|envelope| envelope.status = 5);
    with("a reserved word", &|envelope| envelope.reserved = [0, 1, 0]);
    with("report size 0", &|envelope| envelope.report_size = Some(0));
    with("report size too great", &|envelope| envelope.report_size = Some(u32::MAX));
    with("data size 0", &|envelope| envelope.data_size = Some(0));
    with("data size too great", &|envelope| envelope.data_size = Some(u32::MAX));
    with("request version 0", &|envelope| envelope.request_version = 0);
    with("request version 2", &|envelope| envelope.set_version_2(0));
    with("request version 3", &|envelope| envelope.request_version = 3);
    with("no claims", &|envelope| envelope.variable_data_size = Some(0));
    with("claims cut", &|envelope| envelope.variable_data_size = Some(100));
    with("claims beyond the end", &|envelope| envelope.variable_data_size = Some(100_000));
    with("claims of 4 GiB", &|envelope| envelope.variable_data_size = Some(u32::MAX));
    with("something behind the claims", &|envelope| envelope.tail = vec![7; 16]);
}

fn claims(tally: &mut Tally) {
    let text = vm(Product::Milan).claims.bytes().expect("claims");
    let text = String::from_utf8(text).expect("text");
    let mut raw = |case: &str, raw: String| {
        let vm = vm(Product::Milan).with_claims(|claims| claims.raw = Some(raw.clone().into_bytes()));
        ask_all(tally, &format!("claims: {case}"), &vm);
    };
    raw("empty", String::new());
    raw("no object", "[]".into());
    raw("an empty object", "{}".into());
    raw("no keys", text.replacen("\"keys\"", "\"sleys\"", 1));
    raw("a space before them", format!(" {text}"));
    raw("a line behind them", format!("{text}\n"));
    raw("zeros behind them", format!("{text}\0\0"));
    raw("something behind them", format!("{text}{{}}"));
    raw("a byte order mark", format!("\u{feff}{text}"));
    raw("an unknown member", format!("{{\"more\":1,{}", &text[1..]));
    raw("keys twice", format!("{{\"keys\":[],{}", &text[1..]));
    raw("an unknown member twice", format!("{{\"more\":1,\"more\":2,{}", &text[1..]));
    raw("arrays 40 deep", format!("{{\"more\":{}{},{}", "[".repeat(40), "]".repeat(40), &text[1..]));
    raw("arrays 400 deep", format!("{{\"more\":{}{},{}", "[".repeat(400), "]".repeat(400), &text[1..]));
    raw("an escaped name", text.replacen("HCLAkPub", "HCL\\u0041kPub", 1));
    raw("bytes that are not UTF-8", text.replacen("\"keys\"", "\"k\\ud800\":1,\"keys\"", 1));
    let vm = vm(Product::Milan);
    ask_all(
        tally,
        "claims: other than the report binds",
        &vm.clone().with_claims(|claims| claims.patch(9, b"k")),
    );
    let mut other = vm;
    other.report_data = Some([7; 64]);
    ask_all(tally, "claims: none that the report binds", &other);
    let mut tail = super::vm(Product::Milan);
    let mut data = tail.envelope.report_data(&tail.claims.bytes().expect("claims"));
    data[63] = 1;
    tail.report_data = Some(data);
    ask_all(tally, "claims: something behind their hash", &tail);
}

/// The attestation key among the claims.
fn keys(tally: &mut Tally) {
    let mut with = |case: &str, change: &dyn Fn(&mut Claims)| {
        ask_all(tally, &format!("key: {case}"), &vm(Product::Milan).with_claims(change));
    };
    with("none", &|claims| claims.keys.clear());
    with("named otherwise", &|claims| set(claims, "kid", "HCLakPub".into()));
    with("twice", &|claims| {
        let key = claims.keys[0].clone();
        claims.keys.push(key);
    });
    with("two of the name, the other one first", &|claims| {
        let key = claims.keys[0].clone();
        claims.set_ak(&Key::shared("another AK", Kind::Rsa2048));
        claims.keys.push(key);
    });
    with("with an unknown member", &|claims| set(claims, "more", 1.into()));
    with("of kind EC", &|claims| set(claims, "kty", "EC".into()));
    with("exponent 3", &|claims| set(claims, "e", "Aw".into()));
    with("exponent 65537, a zero before it", &|claims| set(claims, "e", "AAEAAQ".into()));
    with("for encryption", &|claims| set(claims, "key_ops", vec![Json::from("encrypt")].into()));
    with("for nothing", &|claims| set(claims, "key_ops", Json::Array(Vec::new())));
    with("for something nobody knows", &|claims| set(claims, "key_ops", vec![Json::from("attest")].into()));
    with("with an algorithm", &|claims| set(claims, "alg", "RS256".into()));
    for name in ["kid", "kty", "e", "n", "key_ops"] {
        with(&format!("without {name}"), &|claims| {
            if let Some(key) = claims.key_mut("HCLAkPub") {
                key.remove(name);
            }
        });
    }
    with("padded", &|claims| {
        let Some(key) = claims.key_mut("HCLAkPub") else { return };
        let text = key.get("n").expect("a modulus").write().expect("text");
        let padded = format!("{}==", text.trim_matches('"'));
        key.set("n", padded.as_str());
    });
    for kind in [Kind::Rsa3072, Kind::Rsa4096] {
        let other = vm(Product::Milan).attestation_key(Key::shared("big", kind));
        ask_all(tally, &format!("key: of kind {kind:?}"), &other);
    }
}

fn set(claims: &mut Claims, name: &str, value: Json) {
    if let Some(key) = claims.key_mut("HCLAkPub") {
        key.set(name, value);
    }
}

fn machines(tally: &mut Tally) {
    let mut with = |case: &str, change: &dyn Fn(Machine) -> Machine| {
        let vm = vm(Product::Milan).with_machine(|machine| *machine = change(machine.clone()));
        ask_all(tally, &format!("machine: {case}"), &vm);
    };
    with("VMPL 1", &|machine| machine.with_report(|report| report.vmpl = 1));
    with("debug", &|machine| machine.with_report(|report| report.policy |= 1 << 19));
    with("another CHIP_ID", &|machine| machine.patch(0x1a0, &[0xaa]));
    with("a reserved byte", &|machine| machine.patch(0x4c, &[1]));
    with("version 2, masked", &|machine| machine.version(2).patch(0x48, &[2]).patch(0x1a0, &[0; 64]));
    with("a byte in the signature's tail", &|machine| machine.tamper(0x49f, &[1]));
    with("REPORTED_TCB below COMMITTED_TCB", &|machine| {
        let tcb = Product::Milan.tcb();
        let below = Tcb { microcode: tcb.microcode - 1, ..tcb };
        let machine = machine.tcb(below);
        machine.with_report(|report| report.committed_tcb = Product::Milan.tcb_bytes(tcb))
    });
    with("COMMITTED_TCB below REPORTED_TCB", &|machine| {
        let tcb = Product::Milan.tcb();
        let below = Product::Milan.tcb_bytes(Tcb { microcode: tcb.microcode - 1, ..tcb });
        machine.with_report(|report| report.committed_tcb = below)
    });
    with("another signer", &|mut machine| {
        machine.report_signer = Some(Key::fresh(Kind::P384));
        machine
    });
}

fn certificates(tally: &mut Tally) {
    let mut with = |case: &str, change: &dyn Fn(Machine) -> Machine| {
        let vm = vm(Product::Milan).with_machine(|machine| *machine = change(machine.clone()));
        ask_all(tally, &format!("certificates: {case}"), &vm);
    };
    let past = Validity::new(DEFAULT_TIME - 2 * YEAR, DEFAULT_TIME - YEAR);
    let future = Validity::new(DEFAULT_TIME + YEAR, DEFAULT_TIME + 2 * YEAR);
    for (case, validity) in [("expired", past), ("not yet valid", future)] {
        with(&format!("VCEK {case}"), &|machine| {
            machine.with_vek(|vek| vek.certificate.validity = validity.clone())
        });
        with(&format!("ASK {case}"), &|machine| {
            machine.with_intermediate(|ask| ask.certificate.validity = validity.clone())
        });
        with(&format!("ARK {case}"), &|machine| {
            machine.with_ark(|ark| ark.certificate.validity = validity.clone())
        });
    }
    let stranger = || Some(Key::shared("stranger", Kind::Rsa2048));
    with("VCEK signed by another key", &|machine| machine.with_vek(|vek| vek.signer = stranger()));
    with("ASK signed by another key", &|machine| machine.with_intermediate(|ask| ask.signer = stranger()));
    with("ARK signed by another key", &|machine| machine.with_ark(|ark| ark.signer = stranger()));
}
