//! The envelope: offsets, sizes, hashes.

use aws_lc_rs::digest;
use teeproof_mint::azure::{Envelope, Vm};
use teeproof_mint::snp::Product;

use super::{report_holds, sha256, u32_le};

fn bent(change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    Vm::snp(Product::Genoa).with_envelope(change).evidence().unwrap().hcl_report
}

#[test]
fn parts_lie_where_the_layout_has_them() {
    let evidence = Vm::snp(Product::Genoa).evidence().unwrap();
    let bytes = &evidence.hcl_report;
    assert_eq!(bytes[..8], *b"HCLA\x02\0\0\0");
    assert_eq!(bytes[0x0c..0x20], *b"\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let claims = u32_le(bytes, 0x4d0);
    assert_eq!(u32_le(bytes, 0x08), 0x4d4 + claims);
    assert_eq!(u32_le(bytes, 0x4c0), 20 + claims);
    assert_eq!(bytes[0x4c4..0x4d0], *b"\x01\0\0\0\x02\0\0\0\x01\0\0\0");
    assert_eq!(bytes[0x4d4..0x4d4 + claims], evidence.claims());
    assert!(bytes[0x4d4 + claims..].iter().all(|&byte| byte == 0));
    assert_eq!(bytes.len(), 2600);
}

#[test]
fn version_2_has_a_bitmap() {
    let bytes = bent(|envelope| envelope.set_version_2(0x1b));
    let claims = u32_le(&bytes, 0x4d0);
    assert_eq!(u32_le(&bytes, 0x4c0), 24 + claims);
    assert_eq!(u32_le(&bytes, 0x4c4), 2);
    assert_eq!(u32_le(&bytes, 0x4d4), 0x1b);
    assert_eq!(u32_le(&bytes, 0x08), 0x4d8 + claims);
    assert_eq!(bytes[0x70..0x90], sha256(&bytes[0x4d8..0x4d8 + claims]));
}

#[test]
fn report_data_follows_the_type_of_hash() {
    for (hash_type, algorithm) in [(2, &digest::SHA384), (3, &digest::SHA512)] {
        let vm = Vm::snp(Product::Genoa).with_envelope(|envelope| envelope.hash_type = hash_type);
        let evidence = vm.evidence().unwrap();
        let mut expected = digest::digest(algorithm, &evidence.claims()).as_ref().to_vec();
        expected.resize(64, 0);
        assert_eq!(evidence.hcl_report[0x70..0xb0], expected);
        assert!(report_holds(&evidence));
    }
}

#[test]
fn every_field_can_be_wrong_alone() {
    let genuine = bent(|_| ());
    let claims = u32_le(&genuine, 0x4d0);
    let fields: [(usize, Vec<u8>); 9] = [
        (0x00, bent(|envelope| envelope.signature = [0x77; 4])),
        (0x04, bent(|envelope| envelope.header_version = 0x7777_7777)),
        (0x08, bent(|envelope| envelope.report_size = Some(0x7777_7777))),
        (0x0c, bent(|envelope| envelope.request_type = 0x7777_7777)),
        (0x10, bent(|envelope| envelope.status = 0x7777_7777)),
        (0x18, bent(|envelope| envelope.reserved[1] = 0x7777_7777)),
        (0x4c0, bent(|envelope| envelope.data_size = Some(0x7777_7777))),
        (0x4c8, bent(|envelope| envelope.report_type = 0x7777_7777)),
        (0x4d0, bent(|envelope| envelope.variable_data_size = Some(0x7777_7777))),
    ];
    for (at, bytes) in fields {
        assert_eq!(bytes[at..at + 4], [0x77; 4], "{at:#x}");
        assert_eq!(bytes.len(), genuine.len());
        let claims = 0x4d4..0x4d4 + claims;
        assert_eq!(bytes[claims.clone()], genuine[claims], "{at:#x}");
    }
}

#[test]
fn slot_tail_size_and_patches() {
    let bytes = bent(|envelope| {
        envelope.slot = Some(vec![9; 1024]);
        envelope.tail = vec![8; 3];
        envelope.nv_bytes = 0;
        envelope.tamper(0x21, &[7, 7]);
    });
    assert_eq!(bytes[0x20..0x24], [9, 7, 7, 9]);
    assert_eq!(bytes[0x41f..0x421], [9, 0]);
    let claims = u32_le(&bytes, 0x4d0);
    assert_eq!(bytes[0x4d4 + claims..], [8; 3]);
    assert_eq!(bent(|envelope| envelope.nv_bytes = 3000).len(), 3000);
}
