//! Minted machines under a minted root, with one unusual or wrong property. Everything is signed, so that the
//! signature does not decide.

use teeproof_mint::snp::amd::{self, Spl};
use teeproof_mint::snp::{Hwid, Machine, Product, Tcb};
use teeproof_mint::x509::{Algorithm, Extension, Link, Oid, Validity};
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Scheme, SignatureHalf};
use teeproof_peers::sev::Certificates;

use super::Desk;

const LINES: [Product; 3] = [Product::Milan, Product::Genoa, Product::Turin];
const YEAR: u64 = 365 * 86_400;

pub(super) fn ask(desk: &mut Desk<'_>) {
    let mut put = |case: &str, machine: &Machine| {
        let evidence = machine.mint().expect("a machine");
        let certificates =
            Certificates { ark: &evidence.ark, ask: &evidence.intermediate, vek: &evidence.vek };
        desk.ask(&format!("minted, {case}"), &evidence.report, certificates, DEFAULT_TIME);
    };
    for line in LINES {
        let name = line.name();
        for version in 0..=6 {
            put(&format!("{name}, version {version}"), &vcek(line).version(version));
            put(&format!("{name}, VLEK, version {version}"), &vlek(line).version(version));
        }
        put(&format!("{name}, masked chip"), &masked(line));
        put(&format!("{name}, masked chip, version 2"), &masked(line).version(2));
        reserved(&mut put, line);
        tcbs(&mut put, line);
    }
    fields(&mut put);
    processors(&mut put);
    signatures(&mut put);
    endorsement(&mut put);
    certificate(&mut put);
    algorithms(&mut put);
    authorities(&mut put);
    validity(&mut put);
}

type Put<'a> = &'a mut dyn FnMut(&str, &Machine);

fn vcek(line: Product) -> Machine {
    Machine::vcek(line).authority_keys(Kind::Rsa2048)
}

fn vlek(line: Product) -> Machine {
    Machine::vlek(line).authority_keys(Kind::Rsa2048)
}

/// A host that hides CHIP_ID.
fn masked(line: Product) -> Machine {
    vcek(line).with_report(|report| {
        report.chip_id = [0; 64];
        report.key_info |= 2;
    })
}

/// Reserved bytes that are not zero, and signed.
fn reserved(put: Put<'_>, line: Product) {
    for (place, at) in [
        ("behind KEY_INFO", 0x4c),
        ("behind CPUID", 0x18b),
        ("before CHIP_ID", 0x19f),
        ("behind CURRENT", 0x1eb),
        ("behind COMMITTED", 0x1ef),
        ("behind the mitigations", 0x208),
        ("before the signature", 0x29f),
    ] {
        for version in [2, 3, 5] {
            let name = format!("{}, version {version}, a reserved byte {place}", line.name());
            put(&name, &vcek(line).version(version).patch(at, &[1]));
        }
    }
    for (place, at) in
        [("r", 0x2a0 + 48), ("s", 0x2a0 + 72 + 71), ("the signature", 0x2a0 + 144), ("the tail", 0x49f)]
    {
        put(&format!("{}, a byte behind {place}", line.name()), &vcek(line).tamper(at, &[1]));
    }
}

fn tcbs(put: Put<'_>, line: Product) {
    let name = line.name();
    let tcb = line.tcb();
    let other = line.tcb_bytes(Tcb { microcode: tcb.microcode + 1, ..tcb });
    put(
        &format!("{name}, another REPORTED_TCB"),
        &vcek(line).with_report(|report| report.reported_tcb = other),
    );
    put(
        &format!("{name}, another COMMITTED_TCB"),
        &vcek(line).with_report(|report| report.committed_tcb = other),
    );
    put(
        &format!("{name}, another CURRENT_TCB"),
        &vcek(line).with_report(|report| report.current_tcb = other),
    );
    put(&format!("{name}, a reserved byte in CURRENT_TCB"), &vcek(line).patch(0x38 + 5, &[1]));
    put(&format!("{name}, a reserved byte in REPORTED_TCB"), &vcek(line).patch(0x180 + 5, &[1]));
    put(&format!("{name}, a reserved byte in LAUNCH_TCB"), &vcek(line).patch(0x1f0 + 5, &[1]));
}

fn fields(put: Put<'_>) {
    let milan = || vcek(Product::Milan);
    for (name, at, bytes) in [
        ("POLICY bit 17 zero", 0x8, &[0, 0, 1][..]),
        ("POLICY debug", 0x8, &[0, 0, 0xb]),
        ("POLICY reserved bit 26", 0x8, &[0, 0, 3, 4]),
        ("POLICY reserved bit 63", 0x8, &[0, 0, 3, 0, 0, 0, 0, 0x80]),
        ("VMPL 4", 0x30, &[4]),
        ("VMPL of the host", 0x30, &[0xff; 4]),
        ("signature algorithm 0", 0x34, &[0]),
        ("signature algorithm 2", 0x34, &[2]),
        ("PLATFORM_INFO reserved bit 40", 0x45, &[1]),
        ("KEY_INFO reserved bit 5", 0x48, &[0x20]),
        ("KEY_INFO reserved bit 31", 0x4b, &[0x80]),
        ("KEY_INFO author key", 0x48, &[1]),
        ("KEY_INFO says a VLEK signed", 0x48, &[4]),
        ("KEY_INFO says none signed", 0x48, &[0x1c]),
        ("KEY_INFO names signing key 3", 0x48, &[0x0c]),
        ("another CHIP_ID", 0x1a0, &[0xaa]),
        ("CHIP_ID zero and not masked", 0x1a0, &[0; 64]),
        ("a version with upper bytes", 0x2, &[1]),
    ] {
        put(name, &milan().patch(at, bytes));
        put(&format!("{name}, version 2"), &milan().version(2).patch(at, bytes));
    }
    put("KEY_INFO says a VCEK signed, VLEK", &vlek(Product::Milan).patch(0x48, &[0]));
    put("masked though CHIP_ID is there", &milan().patch(0x48, &[2]));
    put("a Turin-like CHIP_ID on Milan", &milan().version(2).chip_id(turin_like()));
    put("a Turin-like CHIP_ID on Milan, version 3", &milan().chip_id(turin_like()));
    put("a Milan-like CHIP_ID on Turin", &vcek(Product::Turin).version(2).chip_id([0x41; 64]));
}

fn turin_like() -> [u8; 64] {
    let mut id = [0; 64];
    id[..8].fill(0x41);
    id
}

fn processors(put: Put<'_>) {
    for (family, model) in [
        (0x17, 0x01),
        (0x19, 0x00),
        (0x19, 0x0f),
        (0x19, 0x11),
        (0x19, 0x20),
        (0x19, 0xa0),
        (0x19, 0xff),
        (0x1a, 0x02),
        (0x1a, 0x50),
        (0x1b, 0),
    ] {
        for line in LINES {
            let machine = vcek(line).with_report(|report| report.cpuid = [family, model, 1]);
            put(&format!("{}, family {family:#x}, model {model:#x}", line.name()), &machine);
        }
    }
}

fn signatures(put: Put<'_>) {
    for half in [SignatureHalf::Low, SignatureHalf::High] {
        let mut machine = vcek(Product::Genoa);
        machine.signature_half = half;
        put(&format!("s {half:?}"), &machine);
    }
    let mut machine = vcek(Product::Genoa);
    machine.report_signer = Some(Key::fresh(Kind::P384));
    put("another signer", &machine);
    for kind in [Kind::P256, Kind::Rsa2048] {
        put(
            &format!("a VCEK of kind {kind:?}"),
            &vcek(Product::Genoa).with_vek(|vek| vek.key = Key::fresh(kind)),
        );
    }
}

/// What the VCEK's certificate says, all of it signed by the ASK.
fn endorsement(put: Put<'_>) {
    let mut with = |case: &str, change: &dyn Fn(&mut Link)| {
        put(&format!("VCEK {case}"), &vcek(Product::Milan).with_vek(change));
    };
    with("for another microcode", &|vek| {
        vek.certificate.set_extension(Spl::Microcode.extension(1));
    });
    with("for another boot loader", &|vek| {
        vek.certificate.set_extension(Spl::Bootloader.extension(1));
    });
    with("without its TCB", &|vek| vek.certificate.remove_extension(&Spl::Snp.oid()));
    with("of another chip", &|vek| vek.certificate.set_extension(amd::hwid(Hwid::Long, &[9; 64])));
    with("without a chip", &|vek| {
        let hwid = amd::hwid(Hwid::Long, &[9; 64]).oid;
        vek.certificate.remove_extension(&hwid);
    });
    with("of another product", &|vek| vek.certificate.set_extension(amd::product_name("Genoa")));
    with("of no known product", &|vek| vek.certificate.set_extension(amd::product_name("Rome")));
    with("of another name", &|vek| vek.certificate.subject.set_common_name("SEV-OTHER"));
    with("named as a VLEK", &|vek| vek.certificate.subject.set_common_name("SEV-VLEK"));
    with("of a provider too", &|vek| vek.certificate.set_extension(amd::csp_id("CN=example")));
}

/// The form of the VCEK's certificate.
fn certificate(put: Put<'_>) {
    let mut with = |case: &str, change: &dyn Fn(&mut Link)| {
        put(&format!("VCEK {case}"), &vcek(Product::Milan).with_vek(change));
    };
    with("with an unknown critical extension", &|vek| {
        vek.certificate.extensions.push(Extension::unknown_critical());
    });
    with("with an extension twice", &|vek| {
        let first = vek.certificate.extensions[0].clone();
        vek.certificate.extensions.push(first);
    });
    with("without extensions", &|vek| vek.certificate.extensions.clear());
    with("that says it is an authority", &|vek| {
        vek.certificate.extensions.push(Extension::basic_constraints(true, None));
    });
    with("with a serial number", &|vek| vek.certificate.serial = vec![7]);
    with("with an empty serial number", &|vek| vek.certificate.serial = Vec::new());
    with("with a long serial number", &|vek| vek.certificate.serial = vec![7; 30]);
    with("of version 1", &|vek| vek.certificate.version = None);
    with("that names another issuer", &|vek| {
        let mut name = vek.certificate.subject.clone();
        name.set_common_name("SEV-Genoa");
        vek.certificate.issuer = Some(name);
    });
    with("signed by another key", &|vek| vek.signer = Some(Key::shared("stranger", Kind::Rsa2048)));
    with("whose outer algorithm is another", &|vek| {
        vek.certificate.seal.outer_algorithm = Some(Algorithm::pkcs1(&Oid::SHA384_WITH_RSA));
    });
}

/// How the VCEK's certificate is signed.
fn algorithms(put: Put<'_>) {
    let mut with = |case: &str, algorithm: Algorithm, scheme: Option<Scheme>| {
        let machine = vcek(Product::Milan).with_vek(|vek| {
            vek.certificate.seal.algorithm = Some(algorithm.clone());
            vek.certificate.seal.scheme = scheme;
        });
        put(&format!("VCEK's signature {case}"), &machine);
    };
    with("PSS with SHA-384, trailer named", Algorithm::pss_sha384(), None);
    with("PSS with SHA-384, trailer left out", Algorithm::pss_sha384_without_trailer(), None);
    with("PSS named with SHA-256, made with SHA-384", Algorithm::pss(&Oid::SHA256, 32, false), None);
    with("PSS named with a salt of 32, made with 48", Algorithm::pss(&Oid::SHA384, 32, false), None);
    with("PKCS1 with SHA-384", Algorithm::pkcs1(&Oid::SHA384_WITH_RSA), Some(Scheme::Pkcs1Sha384));
    with("PKCS1 with SHA-256", Algorithm::pkcs1(&Oid::SHA256_WITH_RSA), Some(Scheme::Pkcs1Sha256));
    with("PKCS1 named, made with PSS", Algorithm::pkcs1(&Oid::SHA384_WITH_RSA), None);
    with("PSS named, made with PKCS1", Algorithm::pss_sha384(), Some(Scheme::Pkcs1Sha384));
}

fn authorities(put: Put<'_>) {
    let milan = || vcek(Product::Milan);
    let mut with = |case: &str, change: &dyn Fn(&mut Link)| {
        put(&format!("ASK {case}"), &milan().with_intermediate(change));
    };
    with("that is no authority", &|ask| {
        ask.certificate.set_extension(Extension::basic_constraints(false, None));
    });
    with("without basic constraints", &|ask| ask.certificate.remove_extension(&Oid::BASIC_CONSTRAINTS));
    with("that may not sign certificates", &|ask| ask.certificate.set_extension(Extension::key_usage(0x80)));
    with("without a key usage", &|ask| ask.certificate.remove_extension(&Oid::KEY_USAGE));
    with("of another product", &|ask| ask.certificate.subject.set_common_name("SEV-Genoa"));
    with("of no product", &|ask| ask.certificate.subject.set_common_name("Example"));
    with("with an unknown critical extension", &|ask| {
        ask.certificate.extensions.push(Extension::unknown_critical());
    });
    with("signed by another key", &|ask| ask.signer = Some(Key::shared("stranger", Kind::Rsa2048)));
    with("that names another issuer", &|ask| {
        let mut name = ask.certificate.subject.clone();
        name.set_common_name("ARK-Genoa");
        ask.certificate.issuer = Some(name);
    });
    let mut with = |case: &str, change: &dyn Fn(&mut Link)| {
        put(&format!("ARK {case}"), &milan().with_ark(change));
    };
    with("that is no authority", &|ark| {
        ark.certificate.set_extension(Extension::basic_constraints(false, None));
    });
    with("that allows no authority below", &|ark| {
        ark.certificate.set_extension(Extension::basic_constraints(true, Some(0)));
    });
    with("that may not sign certificates", &|ark| ark.certificate.set_extension(Extension::key_usage(0x80)));
    with("of another product", &|ark| ark.certificate.subject.set_common_name("ARK-Genoa"));
    with("that another key signed", &|ark| ark.signer = Some(Key::shared("stranger", Kind::Rsa2048)));
    for kind in [Kind::P384, Kind::Rsa2048] {
        put(&format!("authorities of kind {kind:?}"), &Machine::vcek(Product::Milan).authority_keys(kind));
    }
}

fn validity(put: Put<'_>) {
    let milan = || vcek(Product::Milan);
    let past = Validity::new(DEFAULT_TIME - 2 * YEAR, DEFAULT_TIME - YEAR);
    let future = Validity::new(DEFAULT_TIME + YEAR, DEFAULT_TIME + 2 * YEAR);
    for (case, validity) in [("expired", past), ("not yet valid", future)] {
        put(&format!("VCEK {case}"), &milan().with_vek(|vek| vek.certificate.validity = validity.clone()));
        put(
            &format!("ASK {case}"),
            &milan().with_intermediate(|ask| ask.certificate.validity = validity.clone()),
        );
        put(&format!("ARK {case}"), &milan().with_ark(|ark| ark.certificate.validity = validity.clone()));
    }
}
