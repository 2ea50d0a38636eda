//! Parsers of the wire crate: any bytes give a result, and an error's offset lies within them. No parser uses the
//! heap.

mod azure;
mod encodings;
mod forms;
mod keys;

pub use azure::{efi, event_log, hcl_report, td_report, tpm_described, tpm_quote, tpm_signature};
pub use encodings::{cbor, der, ecdsa_signature};
pub use forms::{certificate_table, nitrotpm_document, payload, public_key, sealed_head, td_quote};
pub use keys::{tpm_certification, tpm_public};

use teeproof_core::Time;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::{MAX_BYTES, Sign1, UnsignedSign1};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::nitro::{Document, Limits, Signers};
use teeproof_wire::snp::{Product, Report, SIGNED_BYTES, Tcb};
use teeproof_wire::{Error, Reader, der as reader_of_der};

use crate::bounds;
use crate::cost::bounded;
use crate::quiet::{describe, says_something};

/// The value, if the input was taken. An error says something, and points into the input or right
/// behind it.
pub(crate) fn taken<T>(result: Result<T, Error>, base: usize, input: &[u8]) -> Option<T> {
    if let Err(error) = &result {
        let place = base..=base + input.len();
        assert!(place.contains(&error.offset), "{error} in {} bytes", input.len());
        assert!(says_something(error));
    }
    result.ok()
}

fn is_within(inner: &[u8], outer: &[u8]) -> bool {
    outer.as_ptr_range().start <= inner.as_ptr_range().start
        && inner.as_ptr_range().end <= outer.as_ptr_range().end
}

/// `Certificate::parse`, and everything that a certificate tells.
pub fn certificate(input: &[u8]) -> bool {
    bounded(&bounds::CERTIFICATE, input.len(), || {
        let Some(certificate) = taken(Certificate::parse(input), 0, input) else {
            return false;
        };
        assert_eq!(certificate.der(), input);
        assert!(is_within(certificate.tbs(), input) && is_within(certificate.signature(), input));
        let extensions = certificate.extensions();
        for extension in extensions.iter() {
            assert!(extensions.find(extension.oid).is_some());
        }
        let _ = extensions.unknown_critical(&[]);
        let _ = (extensions.basic_constraints(), extensions.key_usage());
        let _ = (certificate.subject().common_name(), certificate.issuer().common_name());
        describe(&certificate);
        true
    })
}

/// `RevocationList::parse`, and everything that a list tells.
pub fn crl(input: &[u8]) -> bool {
    bounded(&bounds::CRL, input.len(), || {
        let Some(list) = taken(RevocationList::parse(input), 0, input) else {
            return false;
        };
        assert!(is_within(list.tbs(), input) && is_within(list.signature(), input));
        let _ = list.revokes(&[]) || list.revokes(input);
        describe(&list);
        true
    })
}

/// `Element::time`, and what is made of it in words.
pub fn time(input: &[u8]) -> bool {
    bounded(&bounds::WORDS, input.len(), || {
        let read =
            Reader::all(input, 0, "time", |reader| reader_of_der::element(reader, "time")?.time("time"));
        let Some(seconds) = taken(read, 0, input) else {
            return false;
        };
        // From the year 0 on, since only four digits are read; and so it can be shown.
        assert!((-62_167_219_200..=253_402_300_799).contains(&seconds), "{seconds}");
        assert!(says_something(&Time(seconds)));
        true
    })
}

/// `Sign1::parse`, and the bytes that it says are signed; `UnsignedSign1::parse`.
pub fn cose(input: &[u8]) -> bool {
    bounded(&bounds::COSE, input.len(), || {
        if let Ok(unsigned) = UnsignedSign1::parse(input) {
            assert!(unsigned.signature().iter().all(|byte| *byte == 0));
            assert!(is_within(unsigned.payload(), input) && is_within(unsigned.protected(), input));
        }
        let Some(envelope) = taken(Sign1::parse(input), 0, input) else {
            return false;
        };
        let (payload, offset) = (envelope.payload(), envelope.payload_offset());
        assert_eq!(input.get(offset..offset + payload.len()), Some(payload));
        assert!(input.len() <= MAX_BYTES);
        envelope.signed(|parts| assert!(parts.last().is_some_and(|last| std::ptr::eq(*last, payload))));
        true
    })
}

/// `Document::parse`.
pub fn nitro_document(input: &[u8]) -> bool {
    bounded(&bounds::DOCUMENT, input.len(), || {
        let Some(document) = taken(Document::parse(input, 7, &Limits::USUAL), 7, input) else {
            return false;
        };
        assert!(document.pcrs.iter().count() > 0);
        assert!(document.pcrs.iter().all(|(index, value)| document.pcrs.get(index) == Some(value)));
        // `Document::parse` and `Signers::find` give the same certificates.
        let signers = Signers::find(input, 7);
        assert_eq!(signers.map(|signers| signers.certificate), Ok(document.certificate));
        describe(&document);
        true
    })
}

/// `Signers::find`.
pub fn nitro_signers(input: &[u8]) -> bool {
    bounded(&bounds::SIGNERS, input.len(), || {
        let Some(signers) = taken(Signers::find(input, 7), 7, input) else {
            return false;
        };
        assert!(is_within(signers.certificate, input));
        assert!(signers.cabundle.as_slice().iter().all(|der| is_within(der, input)));
        true
    })
}

/// `Report::parse`, `check_reserved`, and everything that a report tells, flawed or not.
pub fn snp_report(input: &[u8]) -> bool {
    bounded(&bounds::SNP_REPORT, input.len(), || {
        let Some(report) = taken(Report::parse(input), 0, input) else {
            return false;
        };
        describe(&report);
        assert_eq!(report.signed(), &input[..SIGNED_BYTES]);
        let _ = report.signature();
        let processor = report.cpuid().and_then(Product::from_cpuid);
        let _ = (processor, report.mitigations());
        for product in Product::ALL {
            let tcb = Tcb::parse(*report.reported_tcb(), product.tcb_layout());
            assert!(tcb.is_none_or(|tcb| tcb.reaches(&tcb) && says_something(&tcb)));
        }
        let _ = report.policy();
        let _ = report.platform_info();
        assert!(says_something(&report.key_info().signing_key()));
        taken(report.check_reserved(), 0, input).is_some()
    })
}
