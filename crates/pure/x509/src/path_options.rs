//! Options of path verification that every technology shares, and their setters.

use teeproof_core::Crypto;

use crate::{Anchors, CachedSignatures, Revocation, SignatureBudget, SignatureChecks};

/// How certificate paths are verified: anchors, cached signatures, revocation and cryptography.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PathOptions<'a> {
    /// The pinned roots, and root certificates that the relying party adds.
    pub anchors: Anchors<'a>,
    /// Signatures that need no verification.
    pub cache: CachedSignatures<'a>,
    /// The revocation lists, or the reason why revocation is not checked.
    pub revocation: Revocation<'a>,
    /// The cryptography.
    pub crypto: &'a Crypto<'a>,
}

impl<'a> PathOptions<'a> {
    /// Options with the pinned roots as the only anchors, without cached signatures, and with revocation
    /// waived.
    #[must_use]
    pub const fn new(crypto: &'a Crypto<'a>) -> Self {
        Self {
            anchors: Anchors::PINNED,
            cache: CachedSignatures::NONE,
            revocation: Revocation::NO_LISTS,
            crypto,
        }
    }

    /// A budget of this number of signatures, and one more for each revocation list.
    #[must_use]
    pub const fn budget(&self, signatures: usize) -> SignatureBudget {
        SignatureBudget::new(signatures.saturating_add(self.revocation.lists().len()))
    }

    /// The verification of signatures within a budget.
    #[must_use]
    pub const fn signature_checks<'s>(&'s self, budget: &'s SignatureBudget) -> SignatureChecks<'s> {
        SignatureChecks { crypto: self.crypto, cache: self.cache, budget }
    }
}

/// Makes the setters of [`PathOptions`] for a type of this lifetime, with the options in this field; with `and_all`
/// also the one that replaces them all.
#[doc(hidden)]
#[macro_export]
macro_rules! path_option_setters {
    ($a:lifetime, $field:ident) => {
        /// With trust anchors: the pinned roots and those that the relying party adds.
        #[must_use]
        pub const fn anchors(mut self, anchors: $crate::Anchors<$a>) -> Self {
            self.$field.anchors = anchors;
            self
        }

        /// With signatures that were verified before and need no verification.
        #[must_use]
        pub const fn cache(mut self, cache: $crate::CachedSignatures<$a>) -> Self {
            self.$field.cache = cache;
            self
        }

        /// With revocation lists, or the reason why revocation is not checked.
        #[must_use]
        pub const fn revocation(mut self, revocation: $crate::Revocation<$a>) -> Self {
            self.$field.revocation = revocation;
            self
        }
    };
    ($a:lifetime, $field:ident, and_all) => {
        $crate::path_option_setters!($a, $field);

        /// With all options of path verification at once, cryptography included. They replace what the other
        /// setters of these options have set before.
        #[must_use]
        pub const fn path_options(mut self, options: $crate::PathOptions<$a>) -> Self {
            self.$field = options;
            self
        }
    };
}
