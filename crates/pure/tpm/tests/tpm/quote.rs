//! Minted quotes, each with one thing bent and signed again.

use teeproof_core::Class;
use teeproof_mint::azure::{Quote, Selection, SignatureForm, ak};
use teeproof_mint::{Key, Kind as KeyKind, Scheme};
use teeproof_tpm::{Error, SelectionProblem};
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::*;

fn bent(bend: impl FnOnce(&mut Quote)) -> Bag {
    Bag::of(&vm().with_quote(bend))
}

fn message(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::Message(WireError::new(kind, what, offset, expected))
}

#[test]
fn genuine_ones_are_accepted() {
    let seen = Bag::of(&vm()).verify().unwrap();
    assert_eq!((seen.nonce.as_slice(), seen.pcrs.len()), (NONCE, 24));
    assert_eq!(seen.clock, (3_513_262, 2, 0, true, 0x2020_0312_0012_0003));
    assert_eq!(bent(|quote| quote.form = SignatureForm::TPMT).verify().unwrap(), seen);
    assert_eq!(bent(|quote| quote.sized = true).verify().unwrap(), seen);
    let recorded = bent(|quote| {
        (quote.clock, quote.reset_count, quote.restart_count, quote.safe) = (7, 8, 9, 0);
        quote.firmware_version = u64::MAX;
    });
    assert_eq!(recorded.verify().unwrap().clock, (7, 8, 9, false, u64::MAX));
    for registers in [&[0][..], &[23], &[0, 7, 14, 23]] {
        let seen = Bag::of(&vm().pcr_selection(registers)).verify().unwrap();
        assert_eq!(seen.pcrs.iter().map(|(index, _)| *index).collect::<Vec<_>>(), registers);
    }
    // Four bytes of bitmap, of which the last selects nothing.
    let wide = bent(|quote| quote.selections[0].bitmap.push(0));
    assert_eq!(wide.verify().unwrap().pcrs, seen.pcrs);
}

#[test]
fn nonces() {
    for length in [1, 15, 16, 50] {
        let nonce = vec![0x5a; length];
        let bag = Bag::of(&vm().nonce(&nonce));
        Bag { nonce: Some(nonce), ..bag }.verify().unwrap_or_else(|error| panic!("{length}: {error}"));
    }
    // A TPM that takes more is not what this verifier requires, and nothing says that it was.
    let bag = Bag::of(&vm().nonce(&[0x5a; 51]));
    let long = Bag { nonce: Some(vec![0x5a; 51]), ..bag.clone() };
    long.refused(Error::NonceLength, Class::NotBound);
    let text = Error::NonceLength.to_string();
    assert!(text.contains("50 bytes") && text.contains("hash"), "{text}");
    Bag { nonce: None, ..bag }.verify().expect("a waiver");
    // A quote without a nonce would match an empty one, which no verifier can ask for.
    assert!(teeproof_core::Nonce::from_bytes(&[]).is_err());
    let prefix = Bag { nonce: Some(NONCE[..NONCE.len() - 1].to_vec()), ..Bag::of(&vm()) };
    prefix.refused(Error::Nonce, Class::NotBound);
    let none = Bag { nonce: Some(NONCE.to_vec()), ..Bag::of(&vm().nonce(&[])) };
    none.refused(Error::Nonce, Class::NotBound);
}

#[test]
fn another_attestation_is_refused() {
    let magic = "TPM_GENERATED_VALUE (ff544347)";
    bent(|quote| quote.magic = 0xff54_4346)
        .refused(message(ErrorKind::Value, "TPMS_ATTEST: magic", 0, magic), Class::Malformed);
    let error = message(
        ErrorKind::Unsupported,
        "TPMS_ATTEST: type",
        4,
        "a quote (8018); this is a certification (8017)",
    );
    bent(|quote| quote.kind = 0x8017).refused(error, Class::Unsupported);
    for kind in [0x8014, 0x8016, 0x8019, 0x801c] {
        let error =
            message(ErrorKind::Unsupported, "TPMS_ATTEST: type", 4, "a quote (8018), no other attestation");
        bent(|quote| quote.kind = kind).refused(error, Class::Unsupported);
    }
    for kind in [0, 0x8013, 0x801d, 0xffff] {
        let error = message(ErrorKind::Value, "TPMS_ATTEST: type", 4, "TPM_ST_ATTEST_QUOTE (8018)");
        bent(|quote| quote.kind = kind).refused(error, Class::Malformed);
    }
    for safe in [2, 0xff] {
        let at = 60 + NONCE.len();
        let error = message(ErrorKind::Value, "TPMS_ATTEST: safe", at, "0 or 1");
        bent(|quote| quote.safe = safe).refused(error, Class::Malformed);
    }
    let at = 113 + NONCE.len();
    let error = message(ErrorKind::Trailing, "TPMS_ATTEST", at, "the end of the input");
    bent(|quote| quote.trailing = vec![0]).refused(error, Class::Malformed);
}

#[test]
fn cut_and_oversized_messages_are_refused() {
    let whole = Bag::of(&vm()).message;
    for length in 0..whole.len() {
        let cut = whole[..length].to_vec();
        let error = bent(|quote| quote.message = Some(cut)).verify().unwrap_err();
        assert!(
            matches!(error, Error::Message(WireError { kind: ErrorKind::Truncated, .. })),
            "{length}: {error}"
        );
    }
    for (bytes, what) in [(67, "qualifiedSigner"), (0xffff, "qualifiedSigner")] {
        let error = bent(|quote| quote.patch(6, &u16::to_be_bytes(bytes))).verify().unwrap_err();
        let Error::Message(WireError { kind: ErrorKind::TooLarge, what: found, offset: 6, .. }) = error
        else {
            panic!("{error}")
        };
        assert!(found.ends_with(what));
    }
    let long = [&whole[..], &[0; 4096]].concat();
    let error = message(ErrorKind::TooLarge, "TPMS_ATTEST", 0, "at most 4096 bytes");
    bent(|quote| quote.message = Some(long)).refused(error, Class::Malformed);
    // The size of a TPM2B that is not the message's own is part of the message, and no magic.
    let sized = [&[0, 1][..], &whole].concat();
    let magic = "TPM_GENERATED_VALUE (ff544347)";
    bent(|quote| quote.message = Some(sized))
        .refused(message(ErrorKind::Value, "TPMS_ATTEST: magic", 0, magic), Class::Malformed);
}

#[test]
fn signers() {
    let vm = vm();
    let area = ak::public_area(&vm.ak).unwrap();
    let honest = [
        // The name alone; a key of another hierarchy; a key that signs what it is given.
        ak::name(&area),
        ak::qualified_name(0x4000_0001, &ak::name(&area)),
        ak::qualified_name(0x4000_0007, &ak::name(&area)),
        ak::qualified_name(
            ak::ENDORSEMENT,
            &ak::name(&ak::public_area_with(&vm.ak, ak::ATTRIBUTES & !0x0001_0000).unwrap()),
        ),
        ak::qualified_signer(&Key::shared("another", KeyKind::Rsa2048)).unwrap(),
        Vec::new(),
        vec![0x40, 0, 0, 0x0b],
    ];
    for signer in honest {
        bent(|quote| quote.qualified_signer = Some(signer)).refused(Error::Signer, Class::NotAuthentic);
    }
    let right = ak::qualified_signer(&vm.ak).unwrap();
    bent(|quote| quote.qualified_signer = Some(right.clone())).verify().expect("the control");
    for at in 0..right.len() {
        let mut wrong = right.clone();
        wrong[at] ^= 1;
        bent(|quote| quote.qualified_signer = Some(wrong)).refused(Error::Signer, Class::NotAuthentic);
    }
}

#[test]
fn signatures() {
    let other = Key::shared("another", KeyKind::Rsa2048);
    bent(|quote| quote.signer = Some(other)).refused(Error::Signature, Class::NotAuthentic);
    for scheme in [Scheme::Pkcs1Sha384, Scheme::Pkcs1Sha512] {
        bent(|quote| quote.scheme = scheme).refused(Error::Signature, Class::NotAuthentic);
    }
    bent(|quote| quote.tamper(44, b"X")).refused(Error::Signature, Class::NotAuthentic);
    bent(|quote| quote.signature = Some(vec![0; 256])).refused(Error::Signature, Class::NotAuthentic);
    for (scheme, hash, kind, what, offset) in [
        (0x0016, 0x000b, ErrorKind::Unsupported, "TPMT_SIGNATURE: sigAlg", 0),
        (0x0018, 0x000b, ErrorKind::Unsupported, "TPMT_SIGNATURE: sigAlg", 0),
        (0x0005, 0x000b, ErrorKind::Unsupported, "TPMT_SIGNATURE: sigAlg", 0),
        (0x0010, 0x000b, ErrorKind::Value, "TPMT_SIGNATURE: sigAlg", 0),
        (0x0000, 0x000b, ErrorKind::Value, "TPMT_SIGNATURE: sigAlg", 0),
        (0x0014, 0x0004, ErrorKind::Unsupported, "TPMT_SIGNATURE: hash", 2),
        (0x0014, 0x000c, ErrorKind::Unsupported, "TPMT_SIGNATURE: hash", 2),
    ] {
        let error =
            bent(|quote| quote.form = SignatureForm::Tpmt { scheme, hash }).verify().expect_err("accepted");
        let Error::SignatureForm(form) = error else { panic!("{error}") };
        assert_eq!((form.kind, form.what, form.offset), (kind, what, offset));
        let class = if kind == ErrorKind::Unsupported { Class::Unsupported } else { Class::Malformed };
        assert_eq!(error.class(), class);
    }
    let short = [&[0x00, 0x14, 0x00, 0x0b, 0x00, 0xff][..], &[0; 255]].concat();
    let error = bent(|quote| quote.signature = Some(short)).verify().unwrap_err();
    assert!(matches!(error, Error::SignatureForm(WireError { kind: ErrorKind::Unsupported, offset: 4, .. })));
}

#[test]
fn selections() {
    let bank = |bank| Selection::of(bank, &[0, 1]);
    let refused = |selections: Vec<Selection>, problem| {
        bent(|quote| quote.selections = selections).refused(Error::Selection(problem), Class::Unsupported);
    };
    refused(Vec::new(), SelectionProblem::Count(0));
    refused(vec![bank(0x0b), bank(0x0b)], SelectionProblem::Count(2));
    refused(vec![bank(0x0b), bank(0x04)], SelectionProblem::Count(2));
    refused(vec![bank(0x0b); 8], SelectionProblem::Count(8));
    for other in [0x0004, 0x000c, 0x000d, 0x0027, 0x0000, 0xffff] {
        refused(vec![bank(other)], SelectionProblem::Bank(other));
    }
    refused(vec![Selection::sha256(&[])], SelectionProblem::Empty);
}

#[test]
fn malformed_selections_are_refused() {
    let at = 69 + NONCE.len();
    for count in [9, 10_000] {
        let many = vec![Selection::sha256(&[0]); count];
        let error = bent(|quote| quote.selections = many).verify().unwrap_err();
        assert_eq!(error.class(), Class::Malformed);
        let Error::Message(WireError { kind: ErrorKind::TooLarge, offset, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!(offset, if count == 9 { at } else { 0 });
    }
    let what = "TPMS_PCR_SELECTION: sizeofSelect";
    for size in [0, 1, 2, 5, 255] {
        let error = message(ErrorKind::Value, what, at + 6, "3 or 4");
        bent(|quote| quote.selections[0].size = Some(size)).refused(error, Class::Malformed);
    }
    let error = message(ErrorKind::Value, "TPMS_PCR_SELECTION: pcrSelect", at + 7, "PCRs 0 to 23");
    bent(|quote| quote.selections[0].bitmap = vec![1, 0, 0, 1]).refused(error, Class::Malformed);
}
