//! Parsers of structures that are described: TD quotes, certificate tables, NitroTPM documents, sealed files, bare
//! keys.

use teeproof_wire::certificate::PublicKey;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Limits, NitroTpmDocument};
use teeproof_wire::sealed::SealedHead;
use teeproof_wire::snp::{CertificateTable, MAX_ENTRIES};
use teeproof_wire::tdx::TdQuote;

use super::{is_within, taken};
use crate::bounds;
use crate::cost::bounded;
use crate::quiet::describe;

/// `TdQuote::parse`, and everything that a quote tells; taken is one without a flaw.
pub fn td_quote(input: &[u8]) -> bool {
    bounded(&bounds::TD_QUOTE, input.len(), || {
        let Some(quote) = taken(TdQuote::parse(input), 0, input) else {
            return false;
        };
        assert!(matches!((quote.version, quote.body.len()), (4, 584) | (5, 584 | 648)));
        let certification = &quote.certification;
        for part in [quote.body, certification.qe_report, certification.data] {
            assert!(is_within(part, input));
        }
        assert!(quote.trailing_bytes() < input.len());
        describe(&quote);
        taken(quote.check_trailing(), 0, input).is_some()
    })
}

/// `CertificateTable::parse`, and every entry.
pub fn certificate_table(input: &[u8]) -> bool {
    bounded(&bounds::CERTIFICATE_TABLE, input.len(), || {
        let Some(table) = taken(CertificateTable::parse(input), 0, input) else {
            return false;
        };
        let _ = CertificateTable::looks_like(input);
        assert!((1..=MAX_ENTRIES).contains(&table.entries().count()));
        assert!(
            table.entries().all(|entry| is_within(entry.bytes, input) && !entry.kind.as_str().is_empty())
        );
        true
    })
}

/// `NitroTpmDocument::parse`: no payload is both an enclave's and a NitroTPM's.
pub fn nitrotpm_document(input: &[u8]) -> bool {
    bounded(&bounds::NITROTPM, input.len(), || {
        let enclave = Document::parse(input, 7, &Limits::USUAL);
        let Some(document) = taken(NitroTpmDocument::parse(input, 7, &Limits::USUAL), 7, input) else {
            return false;
        };
        assert!(enclave.is_err() && NitroTpmDocument::looks_like(input));
        assert!(document.module_id().contains("-tpm"));
        assert!(document.certificates().all(|der| is_within(der, input)));
        describe(&document);
        true
    })
}

/// The payload of a document in its envelope.
#[must_use]
pub fn payload(document: &[u8]) -> Vec<u8> {
    Sign1::parse(document).map(|envelope| envelope.payload().to_vec()).unwrap_or_default()
}

/// `SealedHead::parse`, and everything that a head tells.
pub fn sealed_head(input: &[u8]) -> bool {
    bounded(&bounds::SEALED, input.len(), || {
        let Some(head) = taken(SealedHead::parse(input), 0, input) else {
            return false;
        };
        assert!(is_within(head.public, input) && is_within(head.wrapped, input));
        assert!(head.content_bytes < input.len());
        describe(&head);
        true
    })
}

/// `PublicKey::parse`, and everything that a key tells.
pub fn public_key(input: &[u8]) -> bool {
    bounded(&bounds::PUBLIC_KEY, input.len(), || {
        let Some(key) = taken(PublicKey::parse(input), 0, input) else {
            return false;
        };
        describe(&key);
        key != PublicKey::Unknown
    })
}
