//! The envelope of certificates and revocation lists: signed bytes, an algorithm that is named
//! inside and outside of them, and a signature (RFC 5280, sections 4.1.1 and 5.1.1).

use crate::certificate::SignatureAlgorithm;
use crate::der::{self, Element, tag};
use crate::{Error, ErrorKind, Reader};

/// The three parts of a signed structure, and their names in errors.
pub(crate) struct Envelope<'a> {
    /// The signed bytes, with their header.
    pub(crate) tbs: Element<'a>,
    algorithm: Element<'a>,
    /// The signature's octets.
    pub(crate) signature: &'a [u8],
    names: &'static Names,
}

/// The names of the parts in errors.
pub(crate) struct Names {
    pub(crate) whole: &'static str,
    pub(crate) tbs: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) signature: &'static str,
}

impl<'a> Envelope<'a> {
    /// Reads a signed structure, which must fill `der`.
    pub(crate) fn parse(der: &'a [u8], names: &'static Names) -> Result<Self, Error> {
        Reader::all(der, 0, names.whole, |reader| {
            der::nested(reader, tag::SEQUENCE, names.whole, |reader| {
                let tbs = der::tagged(reader, tag::SEQUENCE, names.tbs)?;
                let algorithm = der::tagged(reader, tag::SEQUENCE, names.algorithm)?;
                let signature =
                    der::tagged(reader, tag::BIT_STRING, names.signature)?.octets_of_bits(names.signature)?;
                Ok(Self { tbs, algorithm, signature, names })
            })
        })
    }

    /// Reads the algorithm inside of the signed bytes, which must be the one outside, byte for byte.
    pub(crate) fn inner_algorithm(&self, reader: &mut Reader<'a>) -> Result<SignatureAlgorithm, Error> {
        let at = reader.at();
        let inner = der::tagged(reader, tag::SEQUENCE, self.names.algorithm)?;
        if inner.whole != self.algorithm.whole {
            return Err(at.error(
                ErrorKind::Value,
                self.names.algorithm,
                "the same algorithm inside and outside",
            ));
        }
        SignatureAlgorithm::parse(&inner)
    }
}
