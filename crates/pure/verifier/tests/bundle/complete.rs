//! Redaction refuses structures that it cannot parse completely, because an identifier could remain in them.

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use teeproof_aws_lc::TABLE;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::{Bundle, BundleError, PartName};
use teeproof_mint::azure::{Claims, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Extension, Oid, der};

use crate::everywhere::{TDX, config};
use crate::quotes::{ids, member, pck, pem, td_quote, with_data};
use crate::support::{SNP, bundle, stands_in};

const SALT: &[u8] = b"sixteen random bytes, say";
const QE: &[u8; 16] = b"id of the QE 16b";
const PPID: &[u8] = b"PPID of platform";

fn redact(quote: &[u8]) -> Result<Bundle, BundleError> {
    bundle(&[(InputKind::HclReport, &TDX.hcl_report), (InputKind::TdQuote, quote)]).redact(SALT, &TABLE)
}

/// Refused for this part, with a sentence that says why.
#[track_caller]
fn assert_unread(result: Result<Bundle, BundleError>, kind: InputKind, why: &str) {
    let error = result.map(|_| ()).unwrap_err();
    let BundleError::Unreadable { name, .. } = error else { panic!("{error:?}") };
    assert_eq!(name, PartName { kind, number: name.number });
    let said = error.to_string();
    assert!(said.contains("cannot be read completely") && said.contains(why), "{said}");
}

/// Whatever is done to the frame or the base64 of the leaf's PEM, its ids do not stay.
#[test]
fn the_certificates_of_a_quote() {
    let leaf = pem(&pck(&ids(PPID, b"instance of plat")));
    assert!(redact(&with_data(QE, 5, leaf.as_bytes())).is_ok());
    let two = format!("{leaf}\n{leaf}\0\0");
    assert!(redact(&with_data(QE, 5, two.as_bytes())).is_ok());
    let body = leaf.lines().nth(3).unwrap();
    let damaged = [
        leaf.replace("BEGIN CERTIFICATE", "BEGIN certificate"),
        leaf.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        leaf.replace("-----BEGIN", "----BEGIN"),
        leaf.replace("CERTIFICATE-----\n", "CERTIFICATE----\n"),
        leaf.replace("END CERTIFICATE", "END CERTIFICATF"),
        leaf.replacen('M', "*", 1),
        leaf.replacen('M', "-", 1),
        leaf.replacen('M', "\0", 1),
        leaf.replacen("-----\n", "-----\nProc-Type: 4\n\n", 1),
        leaf.replace(body, &body[1..]),
        format!("Subject: platform\n{leaf}"),
        format!("{leaf}platform"),
        format!("{leaf}\0{leaf}"),
    ];
    for damaged in damaged {
        let whole = format!("{damaged}{leaf}");
        for data in [&damaged, &whole, &format!("{leaf}{damaged}")] {
            let read = redact(&with_data(QE, 5, data.as_bytes()));
            assert_unread(read, InputKind::TdQuote, "TD quote: certificates of the platform");
        }
    }
    let other = pem(&pck(&ids(&[0xfb; 16], &[0xfb; 16])));
    let url = other.replace('+', "-");
    assert!(redact(&with_data(QE, 5, other.as_bytes())).is_ok() && url != other);
    assert_unread(redact(&with_data(QE, 5, url.as_bytes())), InputKind::TdQuote, "base64 in each PEM block");
}

#[test]
fn the_certificate_of_a_platform() {
    let ppid = member(1, der::octet_string(PPID));
    let instance = member(6, der::octet_string(b"instance of plat"));
    let quote = |members: &[Vec<u8>]| redact(&with_data(QE, 5, pem(&pck(members)).as_bytes()));
    assert!(quote(&[ppid.clone(), instance.clone()]).is_ok());
    for members in [
        vec![],
        vec![ppid.clone()],
        vec![instance.clone()],
        vec![member(1, der::octet_string(b"longer than PPIDs")), instance.clone()],
        vec![member(1, der::utf8_string("PPID of platform")), instance.clone()],
        vec![ppid.clone(), member(6, der::octet_string(b"short"))],
        vec![ppid.clone(), instance.clone(), der::sequence(&[der::octet_string(PPID)])],
    ] {
        assert_unread(quote(&members), InputKind::TdQuote, "P");
    }
    // Bytes that are not a certificate, and an extension with trailing bytes.
    let der = pck(&[ppid, instance]);
    let cut = [&der[..der.len() - 1], &[0, 0]].concat();
    assert_unread(redact(&with_data(QE, 5, pem(&cut).as_bytes())), InputKind::TdQuote, "certificate");
    assert_unread(redact(&with_data(QE, 4, &der)), InputKind::TdQuote, "type 5, PEM");
    let behind = [&td_quote(QE, b"PPID of platform")[..], &der].concat();
    assert_unread(redact(&behind), InputKind::TdQuote, "rest of the buffer");
}

proptest! {
    #![proptest_config(config(256))]

    /// One byte of the certificates' PEM is another: it is refused, or no id is left in what is decoded.
    #[test]
    fn a_changed_byte_in_a_quotes_certificates(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut data = pem(&pck(&ids(PPID, b"instance of plat"))).into_bytes();
        let at = at.index(data.len());
        data[at] = byte;
        if let Ok(after) = redact(&with_data(QE, 5, &data)) {
            let quote = after.parts().iter().find(|part| part.kind() == InputKind::TdQuote).unwrap().bytes();
            let text = String::from_utf8_lossy(quote);
            let body: String = text.split("CERTIFICATE-----").nth(1).unwrap().split("-----END").next().unwrap()
                .split_whitespace().collect();
            let der = Base64::decode_vec(&body).unwrap();
            prop_assert!(!stands_in(PPID, &der) && !stands_in(b"instance of plat", &der));
        }
    }
}

/// The VM's id in unexpected places of the claims: outside vm-configuration, in other letters, as a text that is not a GUID.
#[test]
fn the_id_of_a_vm_in_another_place() {
    let with = |claims: &dyn Fn(&mut Claims)| {
        let evidence = Vm::snp(Product::Milan).with_claims(|one| claims(one)).evidence().unwrap();
        bundle(&[(InputKind::HclReport, &evidence.hcl_report)]).redact(SALT, &TABLE)
    };
    let id = "7EE79200-F000-4000-8000-0123456789AB";
    assert!(with(&|_| ()).is_ok());
    let outside = |claims: &mut Claims| claims.others.set("vmUniqueId", id);
    assert_unread(with(&outside), InputKind::HclReport, "vmUniqueId in vm-configuration alone");
    let letters = |claims: &mut Claims| claims.configuration.set("VmUniqueID", id);
    assert_unread(with(&letters), InputKind::HclReport, "vmUniqueId in vm-configuration alone");
    let text = |claims: &mut Claims| claims.configuration.set("vmUniqueId", "the seventh");
    assert_unread(with(&text), InputKind::HclReport, "a GUID as vmUniqueId");
}

/// A hardware id of another length, and client information that is malformed.
#[test]
fn extensions_of_other_shapes() {
    let with = |oid: &[u64], value: Vec<u8>| {
        let vm = Vm::snp(Product::Milan).nonce(b"challenge");
        let extension = Extension::new(Oid::new(oid), value);
        let vm = vm.with_ak_chain(|chain| chain.leaf.certificate.extensions.push(extension));
        let ak = vm.evidence().unwrap().ak_certificate;
        bundle(&[(InputKind::HclReport, &SNP.hcl_report), (InputKind::Certificate, &ak)]).redact(SALT, &TABLE)
    };
    let hwid = [1, 3, 6, 1, 4, 1, 3704, 1, 4];
    for value in [vec![0x5a; 63], der::octet_string(&[0x5a; 63]), vec![]] {
        assert_unread(with(&hwid, value), InputKind::Certificate, "8 or 64 bytes");
    }
    let client = [1, 3, 6, 1, 4, 1, 311, 21, 20];
    let text = der::utf8_string("ABC251061909001");
    let number = der::integer(9);
    for fields in [
        vec![number.clone(), text.clone(), text.clone()],
        vec![number.clone(), text.clone(), text.clone(), text.clone(), text.clone()],
        vec![number.clone(), text.clone(), der::element(0x0c, &[0xff]), text.clone()],
        vec![number, text.clone(), der::sequence(std::slice::from_ref(&text)), text],
    ] {
        assert_unread(with(&client, der::sequence(&fields)), InputKind::Certificate, "certificate: ");
    }
}
