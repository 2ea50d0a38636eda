//! Unmarshaling of command parameters as in the paravisor's TPM: the response code for what it does not
//! implement.
//!
//! What swtpm refuses too (a truncated parameter, a reserved attribute) is left to it. Source of the codes: TCG TPM 2.0 Library, Part 2, the tables of the types, and sections
//! 6.6.2 and 6.6.3.

use super::frame::{Authorization, Cursor};
use super::parameters::{Kind, of_command};
use super::profile::{
    AES_BITS, CIPHER_MODES, CURVES, DIGEST_BYTES, ECC_BYTES, HASHES, RSA_BITS, RSA_BYTES, RSA_PRIME_BYTES,
    SENSITIVE_DATA_BYTES, SYMMETRIC_KEY_BYTES,
};

/// TPM_RC_HASH.
const HASH: u32 = 0x083;
/// TPM_RC_VALUE.
const VALUE: u32 = 0x084;
/// TPM_RC_KDF.
const KDF: u32 = 0x08c;
/// TPM_RC_MODE.
const MODE: u32 = 0x089;
/// TPM_RC_SCHEME.
const SCHEME: u32 = 0x092;
/// TPM_RC_SIZE.
const SIZE: u32 = 0x095;
/// TPM_RC_SYMMETRIC.
const SYMMETRIC: u32 = 0x096;
/// TPM_RC_CURVE.
const CURVE: u32 = 0x0a6;

/// TPM_RC_P: about a parameter.
const PARAMETER: u32 = 0x040;

/// TPM_ALG_RSA.
const RSA: u16 = 0x0001;
/// TPM_ALG_HMAC.
const HMAC: u16 = 0x0005;
/// TPM_ALG_AES.
const AES: u16 = 0x0006;
/// TPM_ALG_MGF1.
const MGF1: u16 = 0x0007;
/// TPM_ALG_KEYEDHASH.
const KEYED_HASH: u16 = 0x0008;
/// TPM_ALG_XOR.
const XOR: u16 = 0x000a;
/// TPM_ALG_NULL.
const NULL: u16 = 0x0010;
/// TPM_ALG_RSASSA.
const RSASSA: u16 = 0x0014;
/// TPM_ALG_RSAES.
const RSAES: u16 = 0x0015;
/// TPM_ALG_RSAPSS.
const RSAPSS: u16 = 0x0016;
/// TPM_ALG_OAEP.
const OAEP: u16 = 0x0017;
/// TPM_ALG_ECDSA.
const ECDSA: u16 = 0x0018;
/// TPM_ALG_ECDH.
const ECDH: u16 = 0x0019;
/// TPM_ALG_ECDAA.
const ECDAA: u16 = 0x001a;
/// TPM_ALG_ECSCHNORR.
const ECSCHNORR: u16 = 0x001c;
/// TPM_ALG_KDF1_SP800_56A.
const KDF1_SP800_56A: u16 = 0x0020;
/// TPM_ALG_KDF1_SP800_108.
const KDF1_SP800_108: u16 = 0x0022;
/// TPM_ALG_ECC.
const ECC: u16 = 0x0023;
/// TPM_ALG_SYMCIPHER.
const SYMMETRIC_CIPHER: u16 = 0x0025;

/// TPM_CAP_ACT: authenticated countdown timers are newer than revision 1.38.
const CAP_ACT: u32 = 0x000a;

/// Error of unmarshaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The paravisor's TPM refuses it with this code.
    Refused(u32),
    /// It is malformed, and swtpm refuses it as well.
    Malformed,
}

type Read<T = ()> = Result<T, Stop>;

/// The code that refuses the parameters of a command, if they are refused. Of an encrypted first parameter
/// only the size is checked.
pub(super) fn refused_parameter(code: u32, parameters: &[u8], is_encrypted: bool) -> Option<u32> {
    let mut reader = Reader(Cursor(parameters));
    for (number, kind) in (1_u32..).zip(of_command(code)) {
        let read = if is_encrypted && number == 1 { reader.opaque(*kind) } else { reader.read(*kind) };
        match read {
            Ok(()) => {}
            Err(Stop::Malformed) => return None,
            Err(Stop::Refused(base)) => return Some(base | PARAMETER | (number << 8)),
        }
    }
    None
}

/// The same sessions, with each nonce, HMAC or password that is too long made longer than swtpm's TPM
/// takes as well, so that it refuses the command in its turn: after the handles, and after the sessions
/// before. `None` if nothing is too long.
pub(super) fn too_long_for_any_tpm<'a>(sessions: &[Authorization<'a>]) -> Option<Vec<Authorization<'a>>> {
    const LONGER: &[u8] = &[0; 65];
    let longer = |bytes: &'a [u8]| if bytes.len() > DIGEST_BYTES.into() { LONGER } else { bytes };
    let longer = |session: &Authorization<'a>| Authorization {
        nonce: longer(session.nonce),
        hmac: longer(session.hmac),
        ..*session
    };
    let changed: Vec<_> = sessions.iter().map(longer).collect();
    (changed != sessions).then_some(changed)
}

/// The unread parameters.
struct Reader<'a>(Cursor<'a>);

impl<'a> Reader<'a> {
    fn read(&mut self, kind: Kind) -> Read {
        match kind {
            Kind::Fixed(len) => self.skip(len),
            Kind::Sized(most) => self.sized(most),
            Kind::Capability => self.capability(),
            Kind::Unlimited => self.inner().map(|_| ()),
            Kind::Hash => self.hash().map(|_| ()),
            Kind::Curve => self.curve(),
            Kind::KeyExchange => self.one_of(&[ECDH], SCHEME).map(|_| ()),
            Kind::Symmetric => self.symmetric(true),
            Kind::SymmetricObject => self.symmetric(false),
            Kind::SignatureScheme => self.signature_scheme(),
            Kind::RsaDecrypt => self.rsa_decrypt(),
            Kind::Signature => self.signature(),
            // Tag, hierarchy, digest.
            Kind::Ticket => self.skip(6).and_then(|()| self.sized(DIGEST_BYTES)),
            Kind::PcrSelection => self.pcr_selection(),
            Kind::DigestValues => self.digest_values(),
            Kind::Digests => self.digests(),
            Kind::Public => self.inner()?.public(),
            Kind::PublicParameters => self.u16().and_then(|kind| self.public_parameters(kind)),
            Kind::NvPublic => self.inner()?.nv_public(),
            Kind::SensitiveCreate => self.inner()?.sensitive_create(),
            Kind::Sensitive => self.sensitive(),
            Kind::Point => self.inner()?.point(),
        }
    }

    /// An encrypted parameter: always a TPM2B.
    fn opaque(&mut self, kind: Kind) -> Read {
        match kind {
            Kind::Sized(most) => self.sized(most),
            _ => self.inner().map(|_| ()),
        }
    }

    fn u16(&mut self) -> Read<u16> {
        self.0.u16().ok_or(Stop::Malformed)
    }

    fn skip(&mut self, len: usize) -> Read {
        self.0.take(len).map(|_| ()).ok_or(Stop::Malformed)
    }

    /// A TPM2B of at most this many bytes.
    fn sized(&mut self, most: u16) -> Read {
        match self.u16()? {
            len if len > most => Err(Stop::Refused(SIZE)),
            len => self.skip(len.into()),
        }
    }

    /// The structure in a TPM2B.
    fn inner(&mut self) -> Read<Reader<'a>> {
        self.0.sized().map(|inner| Reader(Cursor(inner))).ok_or(Stop::Malformed)
    }

    /// The number of members of a list.
    fn count(&mut self, most: usize) -> Read<usize> {
        let count = self.0.u32().ok_or(Stop::Malformed)?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > most { Err(Stop::Refused(SIZE)) } else { Ok(count) }
    }

    /// A selector: one of these, or TPM_ALG_NULL, which swtpm checks in its place.
    fn one_of(&mut self, implemented: &[u16], code: u32) -> Read<u16> {
        let value = self.u16()?;
        if value == NULL || implemented.contains(&value) { Ok(value) } else { Err(Stop::Refused(code)) }
    }

    /// TPMI_ALG_HASH: the size of its digest.
    fn hash(&mut self) -> Read<usize> {
        let algorithm = self.u16()?;
        if algorithm == NULL {
            return Ok(0);
        }
        let known = HASHES.iter().find(|(id, _)| *id == algorithm);
        known.map(|(_, size)| *size).ok_or(Stop::Refused(HASH))
    }

    fn capability(&mut self) -> Read {
        match self.0.u32().ok_or(Stop::Malformed)? {
            CAP_ACT => Err(Stop::Refused(VALUE)),
            _ => Ok(()),
        }
    }

    fn curve(&mut self) -> Read {
        if CURVES.contains(&self.u16()?) { Ok(()) } else { Err(Stop::Refused(CURVE)) }
    }

    /// TPMT_SYM_DEF, where XOR may stand, or TPMT_SYM_DEF_OBJECT.
    fn symmetric(&mut self, with_xor: bool) -> Read {
        let algorithms = if with_xor { &[AES, XOR][..] } else { &[AES] };
        match self.one_of(algorithms, SYMMETRIC)? {
            AES => {
                if !AES_BITS.contains(&self.u16()?) {
                    return Err(Stop::Refused(VALUE));
                }
                self.one_of(&CIPHER_MODES, MODE).map(|_| ())
            }
            XOR => self.hash().map(|_| ()),
            _ => Ok(()),
        }
    }

    /// What follows a scheme: a hash, and for ECDAA a counter.
    fn scheme_details(&mut self, scheme: u16) -> Read {
        match scheme {
            NULL | RSAES => Ok(()),
            ECDAA => self.hash().and_then(|_| self.skip(2)),
            _ => self.hash().map(|_| ()),
        }
    }

    fn signature_scheme(&mut self) -> Read {
        let scheme = self.one_of(&[RSASSA, RSAPSS, ECDSA, ECDAA, ECSCHNORR, HMAC], SCHEME)?;
        self.scheme_details(scheme)
    }

    fn rsa_decrypt(&mut self) -> Read {
        let scheme = self.one_of(&[RSAES, OAEP], VALUE)?;
        self.scheme_details(scheme)
    }

    fn signature(&mut self) -> Read {
        match self.one_of(&[RSASSA, RSAPSS, ECDSA, ECDAA, ECSCHNORR, HMAC], SCHEME)? {
            NULL => Ok(()),
            RSASSA | RSAPSS => self.hash().and_then(|_| self.sized(RSA_BYTES)),
            HMAC => self.hash().and_then(|size| self.skip(size)),
            _ => self.hash().and_then(|_| self.point()),
        }
    }

    fn pcr_selection(&mut self) -> Read {
        for _ in 0..self.count(HASHES.len())? {
            self.hash()?;
            let len = self.0.u8().ok_or(Stop::Malformed)?;
            self.skip(len.into())?;
        }
        Ok(())
    }

    fn digest_values(&mut self) -> Read {
        for _ in 0..self.count(HASHES.len())? {
            let size = self.hash()?;
            self.skip(size)?;
        }
        Ok(())
    }

    fn digests(&mut self) -> Read {
        const MOST: usize = 8;
        for _ in 0..self.count(MOST)? {
            self.sized(DIGEST_BYTES)?;
        }
        Ok(())
    }

    /// TPMT_PUBLIC.
    fn public(&mut self) -> Read {
        let kind = self.u16()?;
        self.hash()?;
        // TPMA_OBJECT.
        self.skip(4)?;
        self.sized(DIGEST_BYTES)?;
        self.public_parameters(kind)?;
        match kind {
            RSA => self.sized(RSA_BYTES),
            ECC => self.point(),
            _ => self.sized(DIGEST_BYTES),
        }
    }

    fn public_parameters(&mut self, kind: u16) -> Read {
        match kind {
            RSA => {
                self.symmetric(false)?;
                let scheme = self.one_of(&[RSASSA, RSAES, RSAPSS, OAEP], VALUE)?;
                self.scheme_details(scheme)?;
                if !RSA_BITS.contains(&self.u16()?) {
                    return Err(Stop::Refused(VALUE));
                }
                // The exponent.
                self.skip(4)
            }
            ECC => {
                self.symmetric(false)?;
                let scheme = self.one_of(&[ECDSA, ECDH, ECDAA, ECSCHNORR], SCHEME)?;
                self.scheme_details(scheme)?;
                self.curve()?;
                let kdf = self.one_of(&[MGF1, KDF1_SP800_56A, KDF1_SP800_108], KDF)?;
                self.scheme_details(kdf)
            }
            KEYED_HASH => match self.one_of(&[HMAC, XOR], VALUE)? {
                XOR => {
                    self.hash()?;
                    self.one_of(&[MGF1, KDF1_SP800_56A, KDF1_SP800_108], KDF).map(|_| ())
                }
                scheme => self.scheme_details(scheme),
            },
            SYMMETRIC_CIPHER => self.symmetric(false),
            _ => Err(Stop::Malformed),
        }
    }

    /// TPMS_NV_PUBLIC up to the policy; swtpm checks its size.
    fn nv_public(&mut self) -> Read {
        self.skip(4)?;
        self.hash()?;
        self.skip(4)?;
        self.sized(DIGEST_BYTES)
    }

    fn sensitive_create(&mut self) -> Read {
        self.sized(DIGEST_BYTES)?;
        self.sized(SENSITIVE_DATA_BYTES)
    }

    /// TPM2B_SENSITIVE, which may be empty.
    fn sensitive(&mut self) -> Read {
        let mut inner = self.inner()?;
        if inner.0.0.is_empty() {
            return Ok(());
        }
        let kind = inner.u16()?;
        inner.sized(DIGEST_BYTES)?;
        inner.sized(DIGEST_BYTES)?;
        inner.sized(match kind {
            RSA => RSA_PRIME_BYTES,
            ECC => ECC_BYTES,
            SYMMETRIC_CIPHER => SYMMETRIC_KEY_BYTES,
            _ => SENSITIVE_DATA_BYTES,
        })
    }

    /// TPMS_ECC_POINT, and the two numbers of an ECC signature.
    fn point(&mut self) -> Read {
        self.sized(ECC_BYTES)?;
        self.sized(ECC_BYTES)
    }
}

#[cfg(test)]
mod tests;
