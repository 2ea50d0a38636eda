//! Values opaque to the compiler, and a sink for texts.

use core::fmt::{self, Debug, Display, Write};
use core::hint::black_box;

use teeproof_core::{
    BadSignature, CheckResult, Comparand, Crypto, Datum, Digest, Record, RsaKey, VerifyEcdsa, VerifyRsa,
};
use teeproof_wire::{DescribedField, Visitor};

/// Takes a value as used.
pub(super) fn seen<T>(value: T) {
    black_box(value);
}

/// Takes every text, and counts.
#[derive(Default)]
pub(super) struct Sink(usize);

impl Sink {
    pub(super) const fn written(&self) -> usize {
        self.0
    }

    /// As people read it, and as programmers do.
    pub(super) fn both<T: Display + Debug>(&mut self, value: &T) {
        self.shown(value);
        self.debug(value);
    }

    pub(super) fn shown(&mut self, value: &dyn Display) {
        let _ = write!(self, "{value}");
    }

    pub(super) fn debug(&mut self, value: &dyn Debug) {
        let _ = write!(self, "{value:?}");
        let _ = write!(self, "{value:#?}");
    }

    /// A side of a comparison in both of its forms.
    pub(super) fn side(&mut self, side: Option<&dyn Comparand>) {
        let Some(side) = side else { return };
        self.shown(&side);
        side.data(&mut |relation, datum| {
            self.debug(&relation);
            if let Datum::Text(text) = datum {
                self.shown(text);
            }
        });
    }

    fn maybe(&mut self, value: Option<&dyn Display>) {
        if let Some(value) = value {
            self.shown(value);
        }
    }
}

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.wrapping_add(black_box(text).len());
        black_box(Ok(()))
    }
}

impl Record for Sink {
    fn record(&mut self, finding: CheckResult<'_>) {
        self.shown(&finding.outcome.as_str());
        self.side(finding.expected);
        self.side(finding.actual);
        self.maybe(finding.because);
    }
}

impl Visitor for Sink {
    fn open(&mut self, name: &str) {
        self.shown(&name);
    }

    fn field(&mut self, shown: DescribedField<'_>) {
        self.shown(&shown.name);
        self.shown(shown.value);
        self.maybe(shown.note);
    }

    fn close(&mut self) {}
}

/// Cryptography that may answer anything.
struct Anything;

impl<const N: usize> Digest<N> for Anything {
    fn digest(&self, message: &[&[u8]]) -> [u8; N] {
        black_box(message);
        black_box([0; N])
    }
}

impl VerifyEcdsa for Anything {
    fn verify(&self, key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        black_box((key, message, signature));
        black_box(Ok(()))
    }
}

impl VerifyRsa for Anything {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        black_box((key, message, signature));
        black_box(Ok(()))
    }
}

pub(super) static ANYTHING: Crypto<'static> = Crypto {
    name: "anything",
    sha256: &Anything,
    sha384: &Anything,
    sha512: &Anything,
    ecdsa_p256_sha256: &Anything,
    ecdsa_p384_sha384: &Anything,
    rsa_pss_sha384: &Anything,
    rsa_pkcs1_sha256: &Anything,
    rsa_pkcs1_sha384: &Anything,
    rsa_pkcs1_sha512: &Anything,
};
