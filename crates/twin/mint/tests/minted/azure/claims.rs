//! The claims: order, case, and members that no paravisor writes.

use base64ct::{Base64UrlUnpadded, Encoding};
use teeproof_mint::azure::{Claims, Generation, Json, Letters, Object, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::{Error, Key, Kind};

use super::{report_holds, sha256};

pub(super) fn modulus_text(modulus: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(modulus)
}

fn text(generation: Generation, change: impl FnOnce(&mut Claims)) -> String {
    let vm = Vm::snp(Product::Milan).generation(generation).with_claims(change);
    String::from_utf8(vm.evidence().unwrap().claims()).unwrap()
}

/// The names of `vm-configuration`, in order, cut out without a reader of JSON.
fn configuration(claims: &str) -> Vec<String> {
    let (_, rest) = claims.split_once("\"vm-configuration\":{").unwrap();
    let mut depth = 0;
    let mut names = Vec::new();
    for (at, part) in rest.split('"').enumerate() {
        if at % 2 == 1 {
            names.push((depth, part.to_owned()));
            continue;
        }
        depth += part.matches('{').count();
        match depth.checked_sub(part.matches('}').count()) {
            Some(left) => depth = left,
            None => break,
        }
    }
    let outer = names.iter().filter(|(depth, _)| *depth == 0).map(|(_, name)| name.as_str());
    outer.filter(|name| rest.contains(&format!("\"{name}\":"))).map(str::to_owned).collect()
}

#[test]
fn the_whole_text_of_one_machine() {
    let ak = Key::shared("HCLAkPub", Kind::Rsa2048);
    let ek = Key::shared("HCLEkPub", Kind::Rsa2048);
    let expected = format!(
        "{{\"keys\":[\
         {{\"kid\":\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"{}\"}},\
         {{\"kid\":\"HCLEkPub\",\"key_ops\":[\"encrypt\"],\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"{}\"}}],\
         \"vm-configuration\":{{\"console-enabled\":true,\"secure-boot\":true,\"tpm-enabled\":true,\
         \"vmUniqueId\":\"7EE79200-F000-4000-8000-0123456789AB\"}},\"user-data\":\"{}\"}}",
        modulus_text(&ak.modulus().unwrap()),
        modulus_text(&ek.modulus().unwrap()),
        "00".repeat(64),
    );
    assert_eq!(text(Generation::LegacyMilan, |_| ()), expected);
}

#[test]
fn a_modulus_has_256_bytes_and_its_top_bit() {
    let modulus = Key::shared("HCLAkPub", Kind::Rsa2048).modulus().unwrap();
    assert_eq!((modulus.len(), modulus[0] >> 7), (256, 1));
    assert_eq!(modulus_text(&modulus).len(), 342);
    let info = Key::shared("HCLAkPub", Kind::Rsa2048).public_key_info().unwrap();
    assert_eq!(info[info.len() - 261..info.len() - 5], modulus);
    assert_eq!(Key::fresh(Kind::P384).modulus(), Err(Error::NoModulus(Kind::P384)));
}

#[test]
fn generations_have_their_members_in_their_order() {
    let names = |generation| configuration(&text(generation, |_| ())).join(" ");
    assert_eq!(
        names(Generation::Legacy2022),
        "console-enabled current-time secure-boot tpm-enabled vmUniqueId"
    );
    assert_eq!(names(Generation::LegacyMilan), "console-enabled secure-boot tpm-enabled vmUniqueId");
    assert_eq!(
        names(Generation::LegacyGenoa),
        "console-enabled root-cert-thumbprint secure-boot tpm-enabled tpm-persisted vmUniqueId"
    );
    let openhcl = "root-cert-thumbprint console-enabled secure-boot tpm-enabled tpm-persisted";
    assert_eq!(names(Generation::OpenHcl2025), format!("{openhcl} vmUniqueId"));
    assert_eq!(names(Generation::OpenHcl2026), format!("{openhcl} filtered-vpci-devices-allowed vmUniqueId"));
    assert_eq!(
        names(Generation::OpenVmm),
        "root-cert-thumbprint console-enabled interactive-console-enabled secure-boot tpm-enabled \
         tpm-persisted filtered-vpci-devices-allowed vmUniqueId vmgs-provisioner hardware-sealing-policy"
    );
}

#[test]
fn the_oldest_has_no_user_data_and_one_key_that_encrypts() {
    let claims = text(Generation::Legacy2022, |_| ());
    assert!(!claims.contains("user-data") && !claims.contains("HCLEkPub"));
    assert!(claims.contains("\"key_ops\":[\"encrypt\"]"));
}

#[test]
fn letters_follow_the_generation_and_can_be_others() {
    let user_data = |generation| {
        let vm = Vm::snp(Product::Milan).generation(generation).user_data(&[0xab, 0xcd]);
        String::from_utf8(vm.evidence().unwrap().claims()).unwrap()
    };
    let zeros = "0".repeat(124);
    assert!(user_data(Generation::LegacyGenoa).ends_with(&format!("\"user-data\":\"ABCD{zeros}\"}}")));
    assert!(user_data(Generation::OpenHcl2026).ends_with(&format!("\"user-data\":\"abcd{zeros}\"}}")));
    assert!(user_data(Generation::OpenHcl2026).contains("\"7ee79200-f000-4000-8000-0123456789ab\""));
    let lower = text(Generation::LegacyMilan, |claims| {
        claims.set_user_data(&[0xef; 65]);
        claims.set_letters(Letters::Lower);
    });
    assert!(lower.contains(&format!("\"user-data\":\"{}\"", "ef".repeat(65))));
    assert!(lower.contains("\"7ee79200-f000-4000-8000-0123456789ab\""));
}

#[test]
fn members_can_be_repeated_unknown_reordered_and_wrong() {
    let claims = text(Generation::LegacyMilan, |claims| {
        claims.keys.reverse();
        claims.keys.push(Object::default().with("kid", "HCLAkPub").with("n", Json::Raw("0e1".to_owned())));
        claims.key_mut("HCLEkPub").unwrap().rename("kid", "\"odd\"\n\u{1}");
        claims.key_mut("HCLAkPub").unwrap().set("e", "AAAA");
        claims.configuration.push("secure-boot", false);
        claims.configuration.set("tpm-enabled", 7);
        claims.configuration.remove("console-enabled");
        claims.configuration.reverse();
        claims.user_data = Some(Json::Null);
        claims.others.push("user-data", vec![Json::Bool(true), Json::from("x")]);
    });
    assert!(claims.starts_with("{\"keys\":[{\"\\\"odd\\\"\\n\\u0001\":\"HCLEkPub\","), "{claims}");
    assert!(claims.contains("\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"AAAA\","));
    assert!(claims.contains("{\"kid\":\"HCLAkPub\",\"n\":0e1}]"));
    assert!(claims.contains("{\"secure-boot\":false,\"vmUniqueId\":"));
    assert!(claims.contains("\"tpm-enabled\":7,\"secure-boot\":true}"));
    assert!(claims.ends_with("\"user-data\":null,\"user-data\":[true,\"x\"]}"));
}

#[test]
fn raw_and_patched_claims_are_hashed_as_they_are() {
    let vm = Vm::snp(Product::Genoa).with_claims(|claims| {
        claims.raw = Some(b"{} no json \xff".to_vec());
        claims.patch(0, b"[]");
    });
    let evidence = vm.evidence().unwrap();
    assert_eq!(evidence.claims(), b"[] no json \xff");
    assert_eq!(evidence.hcl_report[0x70..0x90], sha256(b"[] no json \xff"));
    assert!(report_holds(&evidence));
    let error = Vm::snp(Product::Genoa).with_claims(|claims| claims.patch(9999, &[1])).evidence();
    assert_eq!(error.unwrap_err(), Error::OutOfRange { offset: 9999, len: 1 });
}
