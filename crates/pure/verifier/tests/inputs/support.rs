//! Shared by the tests of files: one machine of each kind, and short helpers.

use std::path::Path;
use std::sync::LazyLock;

use teeproof::Evidence;
use teeproof_evidence::{InputError, InputKind, Inputs, Sniffed, sniff};
use teeproof_mint::azure::{self, Vm};
use teeproof_mint::snp::Product;
use teeproof_tpm::{PcrValues, Quote};

/// A machine on SNP, with everything that it gives.
pub(crate) static SNP: LazyLock<azure::Evidence> =
    LazyLock::new(|| Vm::snp(Product::Milan).nonce(b"challenge").evidence().unwrap());

/// A machine on TDX, with something that begins like a TD quote.
pub(crate) static TDX: LazyLock<azure::Evidence> = LazyLock::new(|| {
    let mut vm = Vm::tdx().nonce(b"challenge");
    vm.td_quote = Some(td_quote());
    vm.evidence().unwrap()
});

/// The header of a TD quote, and nothing behind it that means anything.
pub(crate) fn td_quote() -> Vec<u8> {
    let mut quote = vec![4, 0, 2, 0, 0x81, 0, 0, 0];
    quote.resize(700, 0xa5);
    quote
}

pub(crate) fn testdata(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The kind of a file, and the kinds of its parts.
pub(crate) fn kinds_of(bytes: &[u8]) -> (InputKind, Vec<InputKind>) {
    let sniffed = sniff(bytes, None).unwrap();
    (sniffed.kind, sniffed.parts.iter().map(|part| part.kind()).collect())
}

pub(crate) fn of_kind(sniffed: &Sniffed, kind: InputKind) -> Vec<&[u8]> {
    sniffed.parts.iter().filter(|part| part.kind() == kind).map(|part| part.bytes()).collect()
}

/// Everything of these files.
pub(crate) fn inputs(files: &[&[u8]]) -> Result<Inputs, InputError> {
    let mut inputs = Inputs::new();
    for file in files {
        inputs.add(file, None)?;
    }
    Ok(inputs)
}

/// The error that these files end in, when they are taken or put together.
pub(crate) fn refused(files: &[&[u8]]) -> InputError {
    match inputs(files) {
        Err(error) => error,
        Ok(inputs) => Evidence::from_inputs(&inputs).unwrap_err(),
    }
}

/// That the evidence holds just these bytes; what is left to look at is whether the nonce is in
/// the user-data too.
pub(crate) fn nonce_in_user_data_of(evidence: &Evidence<'_>, minted: &azure::Evidence) -> bool {
    let found = match evidence {
        Evidence::AzureSnp(found) if minted.platform == azure::Platform::Snp => found,
        Evidence::AzureTdx(found) if minted.platform == azure::Platform::Tdx => found,
        other => panic!("{other:?}"),
    };
    let pcrs = minted.pcrs.map(Some);
    let expected = teeproof_hcl::HclEvidence::new(&minted.hcl_report)
        .td_quote(found.td_quote)
        .quote(Quote::new(&minted.quote_message, &minted.quote_signature))
        .pcrs(PcrValues::Indexed(&pcrs))
        .nonce_in_user_data(found.nonce_in_user_data);
    assert_eq!(*found, expected);
    assert_eq!(found.td_quote.map(|quote| quote.bytes()), minted.td_quote.as_deref());
    found.nonce_in_user_data
}
