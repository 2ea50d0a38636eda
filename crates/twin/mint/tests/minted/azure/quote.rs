//! The quote: layout, names, digests, signatures.

use teeproof_mint::azure::{Quote, Selection, SignatureForm, Vm, ak};
use teeproof_mint::snp::Product;
use teeproof_mint::{Key, Kind, Scheme};

use super::{quote_holds, sha256};

fn bent(change: impl FnOnce(&mut Quote)) -> (Vec<u8>, Vec<u8>) {
    let evidence = Vm::snp(Product::Genoa).nonce(b"nonce").with_quote(change).evidence().unwrap();
    (evidence.quote_message, evidence.quote_signature)
}

#[test]
fn fields_lie_where_the_layout_has_them() {
    let vm = Vm::snp(Product::Genoa).nonce(b"challenge");
    let evidence = vm.evidence().unwrap();
    let message = &evidence.quote_message;
    assert_eq!(message.len(), 122);
    assert_eq!(message[..10], *b"\xff\x54\x43\x47\x80\x18\x00\x22\x00\x0b");
    assert_eq!(message[42..53], *b"\x00\x09challenge");
    assert_eq!(message[69], 1);
    assert_eq!(message[70..78], [0x20, 0x20, 3, 0x12, 0, 0x12, 0, 3]);
    assert_eq!(message[78..90], *b"\x00\x00\x00\x01\x00\x0b\x03\xff\xff\xff\x00\x20");
    assert_eq!(message[90..], sha256(&evidence.pcr_concatenation()));
    assert_eq!(evidence.quote_signature.len(), 256);
}

/// The names of the key, computed from the modulus with nothing but the hash.
#[test]
fn the_signer_is_a_primary_of_the_endorsement_hierarchy() {
    let key = Key::shared("HCLAkPub", Kind::Rsa2048);
    let head =
        b"\x00\x01\x00\x0b\x00\x05\x04\x72\x00\x00\x00\x10\x00\x14\x00\x0b\x08\x00\x00\x00\x00\x00\x01\x00";
    let public = [&head[..], &key.modulus().unwrap()].concat();
    assert_eq!(ak::public_area(&key).unwrap(), public);
    let name = [&[0, 0x0b], sha256(&public).as_slice()].concat();
    let qualified = sha256(&[&[0x40, 0, 0, 0x0b], name.as_slice()].concat());
    let (message, _) = bent(|_| ());
    assert_eq!(message[10..42], qualified);
}

#[test]
fn selections_are_hashed_in_their_order_registers_ascending() {
    let vm = Vm::snp(Product::Genoa).pcr_selection(&[8, 0, 7]);
    let evidence = vm.evidence().unwrap();
    let message = &evidence.quote_message;
    assert_eq!(message[76 - 3..79], *b"\x00\x0b\x03\x81\x01\x00");
    let values = evidence.pcr_concatenation_of(&[0, 7, 8]);
    assert_eq!(values, [evidence.pcrs[0], evidence.pcrs[7], evidence.pcrs[8]].concat());
    assert_eq!(message[81..], sha256(&values));
    let (message, _) = bent(|quote| {
        let odd = Selection { bank: 0x0b, size: Some(9), bitmap: vec![2] };
        quote.selections = vec![Selection::of(0x04, &[0]), odd, Selection::sha256(&[23])];
        quote.trailing = vec![1, 2, 3];
    });
    assert_eq!(
        message[74..94],
        *b"\x00\x00\x00\x03\x00\x04\x03\x01\x00\x00\x00\x0b\x09\x02\x00\x0b\x03\x00\x00\x80"
    );
    let pcrs = Vm::snp(Product::Genoa).pcrs;
    assert_eq!(message[96..128], sha256(&[pcrs[1], pcrs[23]].concat()));
    assert_eq!(message[128..], [1, 2, 3]);
}

#[test]
fn values_can_be_set_without_the_log() {
    let mut vm = Vm::snp(Product::Genoa);
    vm.pcrs[7] = [7; 32];
    let evidence = vm.evidence().unwrap();
    assert_eq!(evidence.quote_message[81..], sha256(&evidence.pcrs.concat()));
    assert_ne!(evidence.pcrs, vm.log.unwrap().pcrs());
}

/// Where a field is, what it shall be, and how it comes there.
type Wrong = (usize, Vec<u8>, fn(&mut Quote));

#[test]
fn every_field_can_be_wrong_alone_and_is_signed() {
    let wrong: [Wrong; 9] = [
        (0, vec![1, 2, 3, 4], |quote| quote.magic = 0x0102_0304),
        (4, vec![0x80, 0x17], |quote| quote.kind = 0x8017),
        (8, vec![9; 34], |quote| quote.qualified_signer = Some(vec![9; 34])),
        (49, vec![9; 8], |quote| quote.clock = 0x0909_0909_0909_0909),
        (57, vec![9; 4], |quote| quote.reset_count = 0x0909_0909),
        (61, vec![9; 4], |quote| quote.restart_count = 0x0909_0909),
        (65, vec![9], |quote| quote.safe = 9),
        (66, vec![9; 8], |quote| quote.firmware_version = 0x0909_0909_0909_0909),
        (86, vec![9; 32], |quote| quote.pcr_digest = Some(vec![9; 32])),
    ];
    let genuine = bent(|_| ()).0;
    for (at, expected, change) in wrong {
        let vm = Vm::snp(Product::Genoa).nonce(b"nonce").with_quote(change);
        let evidence = vm.evidence().unwrap();
        let end = at + expected.len();
        assert_eq!(evidence.quote_message[at..end], expected);
        assert_eq!(evidence.quote_message[..at], genuine[..at]);
        assert_eq!(evidence.quote_message[end..], genuine[end..]);
        assert!(quote_holds(&evidence, &vm.ak), "{at}");
    }
}

#[test]
fn patches_are_signed_and_tampering_is_not() {
    let holds = |change: fn(&mut Quote)| {
        let vm = Vm::snp(Product::Genoa).with_quote(change);
        quote_holds(&vm.evidence().unwrap(), &vm.ak)
    };
    assert!(holds(|quote| quote.patch(60, &[9])));
    assert!(!holds(|quote| quote.tamper(60, &[9])));
    assert!(holds(|quote| quote.message = Some(b"any".to_vec())));
    assert!(!holds(|quote| quote.signer = Some(Key::fresh(Kind::Rsa2048))));
    assert!(!holds(|quote| quote.scheme = Scheme::Pkcs1Sha384));
    assert!(!holds(|quote| quote.signature = Some(vec![1; 256])));
    assert!(!holds(|quote| quote.sized = true));
}

#[test]
fn forms_of_message_and_signature() {
    let (raw, signature) = bent(|_| ());
    let (message, tpmt) = bent(|quote| {
        quote.form = SignatureForm::TPMT;
        quote.sized = true;
    });
    assert_eq!(message[..2], [0, 118]);
    assert_eq!(message[2..], raw);
    assert_eq!(tpmt[..6], [0, 0x14, 0, 0x0b, 1, 0]);
    assert_eq!(tpmt[6..], signature);
}
