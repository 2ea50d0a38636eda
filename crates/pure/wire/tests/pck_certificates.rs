//! Description of PCK certificates: the SGX extension by its fields, and bytes where it has another shape.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod described;

use described::Described;
use teeproof_mint::x509::{Certificate as Minted, Extension, Name, Oid, Validity, der};
use teeproof_mint::{DEFAULT_TIME, Key, Kind};
use teeproof_wire::certificate::Certificate;

const SGX: [u64; 7] = [1, 2, 840, 113_741, 1, 13, 1];

fn member(places: &[u64], value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[Oid::new(&[&SGX[..], places].concat()).der(), value])
}

/// A certificate with this SGX extension, described.
fn described(value: Vec<u8>) -> Described {
    let name = Name::common("Intel SGX PCK Certificate");
    let mut certificate =
        Minted::new(name.clone(), Validity::new(DEFAULT_TIME - 86_400, DEFAULT_TIME + 86_400));
    certificate.extensions.push(Extension::basic_constraints(false, None));
    certificate.extensions.push(Extension::new(Oid::new(&SGX), value));
    let key = Key::shared("PCK", Kind::P256);
    let der = certificate.sign(&key, &name, &key).unwrap();
    Described::of(&Certificate::parse(&der).unwrap())
}

/// An extension with every value of a platform of several sockets.
fn complete() -> Vec<Vec<u8>> {
    let svns = (1..=16).map(|at| member(&[2, at], der::integer(at * 15)));
    let others = [member(&[2, 17], der::integer(0x1234)), member(&[2, 18], der::octet_string(&[0xcc; 16]))];
    let configuration = [
        member(&[7, 1], der::boolean(true)),
        member(&[7, 2], der::boolean(false)),
        member(&[7, 3], der::boolean(true)),
    ];
    vec![
        member(&[1], der::octet_string(&[0xaa; 16])),
        member(&[2], der::sequence(&svns.chain(others).collect::<Vec<_>>())),
        member(&[3], der::octet_string(&[0x01, 0x02])),
        member(&[4], der::octet_string(&[0x90, 0xc0, 0x6f, 0, 0, 0])),
        member(&[5], der::element(0x0a, &[1])),
        member(&[6], der::octet_string(&[0xee; 16])),
        member(&[7], der::sequence(&configuration)),
    ]
}

#[test]
fn the_sgx_extension_has_its_fields() {
    let described = described(der::sequence(&complete()));
    let value = |path: &str| described.value(&format!("extensions/SGX Extensions/{path}")).to_owned();
    assert_eq!(value("extnID"), "1.2.840.113741.1.13.1");
    assert_eq!(value("PPID"), "aa".repeat(16));
    for at in 1..=16 {
        assert_eq!(value(&format!("TCB/SGX TCB Comp{at:02} SVN")), (at * 15).to_string());
    }
    assert_eq!(value("TCB/PCESVN"), "4660");
    assert_eq!(value("TCB/CPUSVN"), "cc".repeat(16));
    assert_eq!(value("PCE-ID"), "0102");
    assert_eq!(value("FMSPC"), "90c06f000000");
    assert_eq!(value("SGX Type"), "1");
    assert_eq!(value("Platform Instance ID"), "ee".repeat(16));
    assert_eq!(value("Configuration/Dynamic Platform"), "yes");
    assert_eq!(value("Configuration/Cached Keys"), "no");
    assert_eq!(value("Configuration/SMT Enabled"), "yes");
    let line = |name: &str| described.lines.iter().find(|line| line.starts_with(name)).unwrap().clone();
    assert_eq!(line("SGX Type"), "SGX Type: 1 (Scalable, 1.2.840.113741.1.13.1.5)");
    assert_eq!(line("extnID"), "extnID: 1.2.840.113741.1.13.1 (not critical)");
    assert_eq!(line("SGX TCB Comp16"), "SGX TCB Comp16 SVN: 240 (1.2.840.113741.1.13.1.2.16)");
}

#[test]
fn unknown_values_are_shown_with_their_object_identifier() {
    let unknown = der::sequence(&[Oid::new(&[1, 2, 3]).der(), der::integer(9)]);
    let nested = member(&[8], der::sequence(&[der::null()]));
    let odd = [member(&[5], der::octet_string(&[7])), member(&[2], der::integer(3)), unknown, nested];
    let described = described(der::sequence(&odd));
    for line in [
        "SGX Type: 07 (not known, 1.2.840.113741.1.13.1.5)",
        "TCB: 3 (1.2.840.113741.1.13.1.2)",
        "SGX extension: 9 (1.2.3)",
        "SGX extension: 30020500 (1.2.840.113741.1.13.1.8)",
    ] {
        assert!(described.lines.contains(&line.to_owned()), "{line}: {:#?}", described.lines);
    }
}

/// Whatever the extension is, it is described: by fields, or as bytes.
#[test]
fn malformed_extensions_are_bytes() {
    let good = der::sequence(&complete());
    let as_bytes = |described: &Described| {
        let mut fields = described.fields.iter().filter(|(path, ..)| path.contains("SGX Extensions"));
        fields.clone().count() == 1 && fields.any(|(path, ..)| path == "extensions/SGX Extensions")
    };
    for length in 0..good.len() {
        assert!(as_bytes(&described(good[..length].to_vec())), "{length}");
    }
    let inner = member(&[2], der::sequence(&[der::integer(1)]));
    let twice = member(&[2], der::sequence(&[member(&[2], der::sequence(&[]))]));
    for value in [
        vec![],
        der::integer(1),
        der::sequence(&[der::integer(1)]),
        der::sequence(&[inner]),
        der::sequence(&[twice]),
        [&good[..], &[0]].concat(),
        der::sequence(&[member(&[7], der::element(0x01, &[3]))]),
    ] {
        assert!(as_bytes(&described(value.clone())), "{value:x?}");
    }
    for at in 0..good.len() {
        let mut bent = good.clone();
        bent[at] ^= 0x41;
        let _ = described(bent);
    }
}
