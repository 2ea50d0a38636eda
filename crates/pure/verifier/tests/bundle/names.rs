//! Names of hosts and of attestation keys: each is replaced in full, however it is put together and in
//! whatever string it stands.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use teeproof_aws_lc::TABLE;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::{Bundle, BundleError};
use teeproof_mint::azure::Vm;
use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Attribute, Extension, Name, Oid, der};

use crate::everywhere::{assert_sound, config};
use crate::support::{SNP, bundle, stands_in};

const SALT: &[u8] = b"sixteen random bytes, say";
const UTF8: u8 = 0x0c;
const TELETEX: u8 = 0x14;
const BMP: u8 = 0x1e;
const UNIVERSAL: u8 = 0x1c;

/// A text in a string of this type.
fn string(tag: u8, text: &str) -> Vec<u8> {
    match tag {
        BMP => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        UNIVERSAL => text.chars().flat_map(|one| u32::from(one).to_be_bytes()).collect(),
        TELETEX => text.chars().map(|one| u8::try_from(u32::from(one)).unwrap()).collect(),
        _ => text.as_bytes().to_vec(),
    }
}

/// The certificate of an attestation key with these names and extensions.
fn ak(subject: Name, extensions: &[Extension]) -> Vec<u8> {
    let vm = Vm::snp(Product::Milan).nonce(b"challenge");
    let vm = vm.with_ak_chain(|chain| {
        chain.leaf.certificate.subject = subject;
        chain.leaf.certificate.extensions.extend_from_slice(extensions);
    });
    vm.evidence().unwrap().ak_certificate
}

fn with_log(ak: &[u8], log: &[u8]) -> Bundle {
    let log = [b"\xee", log].concat();
    bundle(&[
        (InputKind::HclReport, &SNP.hcl_report),
        (InputKind::Certificate, ak),
        (InputKind::EventLog, &log),
    ])
}

/// None of these stands in any part, in any case.
#[track_caller]
fn assert_gone(before: &Bundle, ids: &[&[u8]]) -> Bundle {
    let after = before.redact(SALT, &TABLE).unwrap();
    assert_sound(before, &after);
    for id in ids {
        let holds = |bundle: &Bundle| {
            let lower = bundle.parts().iter().map(|part| part.bytes().to_ascii_lowercase());
            lower.into_iter().any(|bytes| stands_in(&id.to_ascii_lowercase(), &bytes))
        };
        let text = String::from_utf8_lossy(id);
        assert!(holds(before), "{text} was never there");
        assert!(!holds(&after), "{text} is left");
    }
    after
}

#[test]
fn every_attribute_of_an_attestation_key() {
    const REST: &str = ".ConfidentialVM.Azure.windows.net";
    let common = |id: &str| Name::common(&format!("{id}{REST}"));
    let unit = |name: Name, text: &str| name.with(Oid::ORGANIZATIONAL_UNIT, text);
    let second = common("0123456789ab").with(Oid::COMMON_NAME, "fedcba987654.TrustedVM.Azure.windows.net");
    let bare = common("0123456789ab").with(Oid::COMMON_NAME, "machine-fedcba98");
    for (name, ids) in [
        (common("node7.123456789012"), vec!["node7.", "123456789012"]),
        (unit(common("0123456789ab"), &format!("fedcba987654{REST}")), vec!["0123456789ab", "fedcba987654"]),
        (second, vec!["0123456789ab", "fedcba987654"]),
        (bare, vec!["0123456789ab", "machine-fedcba98"]),
        (unit(Name::common("vm"), &format!("ffeeddcc0123456789ab{REST}")), vec!["ffeeddcc", "0123456789ab"]),
        (unit(common("0123456789ab"), "rack-12-of-hall-3"), vec!["rack-12-of-hall-3"]),
        (common("fedcba987654.ConfidentialVM.Azure.0123456789ab"), vec!["fedcba987654", "0123456789ab"]),
        (Name::common("0123456789ab.confidentialvm.azure.windows.net"), vec!["0123456789ab"]),
    ] {
        let before = with_log(&ak(name, &[]), b"nothing");
        let after = assert_gone(&before, &ids.iter().map(|id| id.as_bytes()).collect::<Vec<_>>());
        let rest = REST.to_ascii_lowercase();
        let stays =
            |part: &teeproof_evidence::Part| stands_in(rest.as_bytes(), &part.bytes().to_ascii_lowercase());
        assert!(after.parts().iter().any(stays));
    }
    // Behind the words stands the domain of a cloud, or nobody knows what.
    let behind = with_log(&ak(Name::common("vm.ConfidentialVM.Azure.0123456789ab"), &[]), b"");
    assert!(matches!(behind.redact(SALT, &TABLE), Err(BundleError::Unreadable { .. })));
}

/// Strings of every type, in the subject and in the SAN.
#[test]
fn every_string_of_an_attestation_key() {
    for tag in [UTF8, 0x13, 0x16, TELETEX, BMP, UNIVERSAL] {
        let id = string(tag, "fedcba987654");
        let text = string(tag, "fedcba987654.ConfidentialVM.Azure.windows.net");
        if let Ok(text) = String::from_utf8(text) {
            let subject = Name(vec![Attribute { oid: Oid::COMMON_NAME, tag, text }]);
            assert_gone(&with_log(&ak(subject, &[]), b"nothing"), &[&id]);
        }
    }
    let san = |names: &[Vec<u8>]| Extension::new(Oid::new(&[2, 5, 29, 17]), der::sequence(names));
    let directory = Name::common("fedcba987654.ConfidentialVM.Azure.windows.net").der();
    let other = [
        Oid::new(&[1, 3, 6, 1, 4, 1, 311, 20, 2, 3]).der(),
        der::context(0, &der::utf8_string("fedcba987654")),
    ];
    for name in [
        der::context_primitive(2, b"fedcba987654.ConfidentialVM.Azure.windows.net"),
        der::context_primitive(2, b"fedcba987654.example"),
        der::context_primitive(6, b"https://example/fedcba987654"),
        der::context(4, &directory),
        der::context(0, &other.concat()),
    ] {
        let certificate = ak(Name::common("0123456789ab.ConfidentialVM.Azure.windows.net"), &[san(&[name])]);
        assert_gone(&with_log(&certificate, b"nothing"), &[b"fedcba987654", b"0123456789ab"]);
    }
    // The same words where nobody looks for a name.
    let elsewhere = Extension::new(Oid::new(&[1, 2, 3]), b"fedcba987654.ConfidentialVM.Azure.x".to_vec());
    let certificate = ak(Name::common("0123456789ab.ConfidentialVM.Azure.windows.net"), &[elsewhere]);
    let result = with_log(&certificate, b"").redact(SALT, &TABLE);
    assert!(matches!(result, Err(BundleError::Unreadable { .. })), "{:?}", result.map(|_| ()));
}

/// The client information extension (requester of the certificate) with strings of this type.
fn client(tag: u8, machine: &str, account: &str) -> Extension {
    let text = |text: &str| der::element(tag, &string(tag, text));
    let info = [der::integer(9), text(machine), text(account), der::utf8_string("service.exe")];
    Extension::new(Oid::new(&[1, 3, 6, 1, 4, 1, 311, 21, 20]), der::sequence(&info))
}

fn host(tag: u8, machine: &str, account: &str, log: &[u8]) -> Bundle {
    let subject = Name::common("0123456789ab.ConfidentialVM.Azure.windows.net");
    with_log(&ak(subject, &[client(tag, machine, account)]), log)
}

#[test]
fn every_part_of_the_names_of_a_host_and_its_account() {
    let log = b"boot of rd2818785bc01b in phxprod7\\rd2818785bc01b$ by PHXPROD7!";
    let before = host(UTF8, "RD2818785BC01B", "PHXPROD7\\RD2818785BC01B$", log);
    let after = assert_gone(&before, &[b"RD2818785BC01B", b"PHXPROD7"]);
    // The same machine is the same everywhere.
    let log = after.parts().iter().find(|part| part.kind() == InputKind::EventLog).unwrap().bytes();
    let name = &log[9..23];
    assert_eq!(&log[36..50], name);
    assert!(after.parts().iter().any(|part| stands_in(&name.to_ascii_uppercase(), part.bytes())));

    let before = host(
        UTF8,
        "rd2818785bc01b.phx.example",
        "svc@phxprod7.example",
        b"on rd2818785bc01b, phxprod7.example",
    );
    assert_gone(&before, &[b"rd2818785bc01b", b"phxprod7", b"phx.example", b"svc@"]);
    // Short names are found together with the domain or account next to them.
    let before = host(UTF8, "web1", "CORP7\\web1$", b"of corp7\\web1$, twice: CORP7\\WEB1$");
    assert_gone(&before, &[b"corp7\\", b"web1$"]);
}

/// Two identifiers that share characters are both replaced in full.
#[test]
fn names_that_overlap() {
    let before =
        host(UTF8, "ABCDEFGH12", "GH12QRSTUV", b"ABCDEFGH12QRSTUV abcdefgh12qrstuv ABCDEFGH12GH12QRSTUV");
    assert_gone(&before, &[b"ABCDEFGH", b"QRSTUV", b"FGH12"]);
}

#[test]
fn names_in_every_alphabet() {
    for (machine, account) in [
        ("Zürich-Host-01", "BÜRO\\Zürich-Host-01$"),
        ("хост-номер-один", "ДОМЕН\\хост-номер-один$"),
        ("主机一号机房二层", "主机一号机房二层"),
        ("host-😀-012345", "DOMAIN77\\host-😀-012345$"),
    ] {
        for tag in [UTF8, BMP, UNIVERSAL] {
            let log = format!("{machine} {}", machine.to_lowercase());
            let wide: Vec<u8> = machine.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let before = host(tag, machine, account, &[log.as_bytes(), &wide].concat());
            assert_gone(&before, &[&string(tag, machine), machine.as_bytes(), &wide]);
        }
    }
    assert_gone(&host(TELETEX, "Zürich-Host-01", "büro", b"-"), &[&string(TELETEX, "Zürich-Host-01")]);
}

/// The tool's name is searched as the parts are.
#[test]
fn the_tool_that_collected() {
    let mut inputs = crate::support::inputs(&[(InputKind::HclReport, &SNP.hcl_report)]);
    let certificate = ak(
        Name::common("0123456789ab.ConfidentialVM.Azure.windows.net"),
        &[client(UTF8, "RD2818785BC01B", "SYSTEM")],
    );
    inputs.add(&certificate, Some(InputKind::Certificate)).unwrap();
    let mut collection = teeproof_evidence::bundle::Collection::at(crate::support::AT);
    collection.tool = "agent 1.2 on rd2818785bc01b".to_owned();
    let before = inputs.clone().into_bundle(collection).unwrap();
    let tool = before.redact(SALT, &TABLE).unwrap().collected().tool.clone();
    assert!(tool.starts_with("agent 1.2 on ") && !tool.contains("rd2818785bc01b"), "{tool}");
}

/// As many certificates as a bundle holds, with serial numbers of one byte.
static LEAVES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let leaf = |serial: u8| {
        let vm = Vm::snp(Product::Milan).nonce(b"challenge").with_ak_chain(|chain| {
            chain.leaf.certificate.serial = vec![serial];
            let machine = char::from(b'a' + serial % 26).to_string();
            chain.leaf.certificate.extensions.push(client(UTF8, &machine, "b"));
        });
        vm.evidence().unwrap().ak_certificate
    };
    (1..=32).map(leaf).collect()
});

proptest! {
    #![proptest_config(config(64))]

    /// Whatever a host and its account are called, it can be redacted, and no piece of eight characters
    /// stays: one or two of few letters stand for names that are replaced by each other's by chance.
    #[test]
    fn hosts_and_accounts_of_any_name(
        machine in "[a-z0-9é字]{1,12}(\\.[a-z]{1,9})?", domain in "[A-Zж]{0,9}", tag in select(&[UTF8, BMP][..]),
    ) {
        let account = if domain.is_empty() { format!("{machine}$") } else { format!("{domain}\\{machine}$") };
        let before = host(tag, &machine, &account, format!("({machine}) ({account})").as_bytes());
        let after = before.redact(SALT, &TABLE).unwrap();
        assert_sound(&before, &after);
        for piece in [&machine[..], &domain, machine.split('.').next().unwrap()] {
            let needle = string(tag, piece);
            if piece.len() >= 8 && piece.bytes().collect::<std::collections::BTreeSet<_>>().len() > 2 {
                prop_assert!(after.parts().iter().all(|part| !stands_in(&needle, part.bytes())), "{}", piece);
            }
        }
    }

    /// Short identifiers are replaced by others, and none of that fails by chance.
    #[test]
    fn many_short_identifiers(salt in prop::collection::vec(any::<u8>(), 16)) {
        let mut files = vec![(InputKind::HclReport, &SNP.hcl_report[..])];
        files.extend(LEAVES.iter().map(|der| (InputKind::Certificate, &der[..])));
        let before = bundle(&files);
        let after = before.redact(&salt, &TABLE).unwrap();
        assert_sound(&before, &after);
        for (before, after) in before.parts().iter().zip(after.parts()) {
            if before.kind() == InputKind::Certificate {
                let serial = |part: &teeproof_evidence::Part| {
                    teeproof_wire::certificate::Certificate::parse(part.bytes()).unwrap().serial().to_vec()
                };
                prop_assert_ne!(serial(before), serial(after));
            }
        }
    }
}
