//! Bundles: a parsed bundle is written again with the same meaning in both forms.

use teeproof_core::Time;
use teeproof_evidence::bundle::{Bundle, BundleError, Collection, MAX_BYTES};
use teeproof_evidence::{InputKind, Inputs};

use crate::believe::Belief;
use crate::bounds;
use crate::cost::bounded;

/// `Bundle::parse`, in either form, and everything that is done with what was read.
pub fn bundle(input: &[u8]) -> bool {
    let bundle = match bounded(&bounds::BUNDLE, input.len(), || Bundle::parse(input)) {
        Ok(bundle) => bundle,
        Err(error) => {
            printed(&error);
            return false;
        }
    };
    if std::str::from_utf8(input).is_err() {
        assert_eq!(bundle.to_cbor(), input, "another form was read");
    }
    both_forms(&bundle);
    let mut inputs = Inputs::new();
    if inputs.add(input, None).is_ok() {
        assert_eq!(inputs.nonce_in_user_data(), bundle.collected().nonce_in_user_data);
        let made = inputs.clone().into_bundle(bundle.collected().clone());
        assert_eq!(made.as_ref(), Ok(&bundle));
    }
    redacted(&bundle);
    true
}

/// A bundle of files that were taken.
pub(crate) fn made(inputs: &Inputs) {
    let collection = inputs.collection().cloned().unwrap_or_else(|| Collection::at(Time(0)));
    match inputs.clone().into_bundle(collection) {
        Ok(bundle) => both_forms(&bundle),
        Err(error) => printed(&error),
    }
}

/// Both forms are read as what was written, and written again byte for byte.
fn both_forms(bundle: &Bundle) {
    let bytes = size(bundle);
    let (cbor, json) = bounded(&bounds::BUNDLE_WRITE, bytes, || (bundle.to_cbor(), bundle.to_json()));
    assert!(cbor.len() <= MAX_BYTES);
    assert_eq!(Bundle::parse(&cbor).as_ref(), Ok(bundle));
    assert_eq!(Bundle::parse(json.as_bytes()).as_ref(), Ok(bundle));
    assert!(bundle.parts().iter().any(|part| part.kind().is_evidence()));
    assert_eq!(bundle.named().count(), bundle.parts().len());
    for ((name, part), (file, bytes)) in bundle.named().zip(bundle.export()) {
        assert!(!name.to_string().is_empty() && !file.is_empty());
        // Registers are exported as text.
        assert!(bytes == part.bytes() || part.kind() == InputKind::PcrValues);
    }
}

/// What was redacted says so, and is a bundle like any other.
fn redacted(bundle: &Bundle) {
    let table = Belief::None.table();
    match bounded(&bounds::REDACT, size(bundle), || bundle.redact(&[0x5a; 16], &table)) {
        Ok(redacted) => {
            assert!(redacted.is_redacted() && !bundle.is_redacted());
            let places = 128 * redacted.redactions().len();
            assert_eq!(size(&redacted), size(bundle) + places);
            both_forms(&redacted);
        }
        Err(error) => printed(&error),
    }
}

/// The bytes of all parts, and of the record of each redacted place.
fn size(bundle: &Bundle) -> usize {
    let parts = bundle.parts().iter().map(|part| part.bytes().len()).sum::<usize>();
    parts + 128 * bundle.redactions().len()
}

fn printed(error: &BundleError) {
    assert!(!error.to_string().is_empty() && !error.hint().is_empty());
}
