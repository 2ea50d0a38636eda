//! Intel's certificates: root, PCK CA, PCK, TCB signing, and the SGX extension of a PCK certificate.

use crate::x509::{
    CERT_SIGN, CRL_SIGN, Certificate, DIGITAL_SIGNATURE, Extension, Link, NON_REPUDIATION, Name, Oid,
    Validity, der,
};
use crate::{Key, Kind};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
const ROOT_CRL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
const PCK_CRL: &str =
    "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der";

/// The SGX extension of a PCK certificate (arc 1.2.840.113741.1.13.1), value by value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SgxExtension {
    /// `.1`: the identifier of the machine.
    pub ppid: [u8; 16],
    /// `.2.1` to `.2.16`: the security versions of the SGX TCB components.
    pub components: [u8; 16],
    /// `.2.17`: the security version of the provisioning certification enclave; 16 bits in real ones.
    pub pce_svn: u64,
    /// `.2.18`: the components as the processor writes them. `None` is the same bytes.
    pub cpu_svn: Option<[u8; 16]>,
    /// `.3`: the provisioning certification enclave.
    pub pce_id: [u8; 2],
    /// `.4`: family, model, stepping, platform and SKU.
    pub fmspc: [u8; 6],
    /// `.5`: 0 standard, 1 scalable.
    pub sgx_type: u8,
    /// `.6`: the identifier of the platform instance; a Processor CA leaves it out.
    pub platform_instance_id: Option<[u8; 16]>,
    /// `.7`: dynamic platform, cached keys, SMT enabled; a Processor CA leaves them out.
    pub configuration: Option<[bool; 3]>,
}

impl Default for SgxExtension {
    fn default() -> Self {
        Self {
            ppid: [7; 16],
            components: [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
            pce_svn: 13,
            cpu_svn: None,
            pce_id: [0; 2],
            fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0],
            sgx_type: 1,
            platform_instance_id: Some([9; 16]),
            configuration: Some([true, true, true]),
        }
    }
}

/// An identifier in the arc of the SGX extension, by its last numbers: `&[4]` is the FMSPC, `&[]` the extension.
#[must_use]
pub fn sgx_oid(suffix: &[u64]) -> Oid {
    Oid::new(&[&[1, 2, 840, 113_741, 1, 13, 1], suffix].concat())
}

impl SgxExtension {
    /// The value in DER: a SEQUENCE of (identifier, value).
    #[must_use]
    pub fn value(&self) -> Vec<u8> {
        let components = (1..).zip(self.components);
        let mut tcb: Vec<_> =
            components.map(|(number, svn)| pair(&[2, number], der::integer(svn.into()))).collect();
        tcb.push(pair(&[2, 17], der::integer(self.pce_svn)));
        tcb.push(pair(&[2, 18], der::octet_string(&self.cpu_svn.unwrap_or(self.components))));
        let mut all = vec![
            pair(&[1], der::octet_string(&self.ppid)),
            pair(&[2], der::sequence(&tcb)),
            pair(&[3], der::octet_string(&self.pce_id)),
            pair(&[4], der::octet_string(&self.fmspc)),
            pair(&[5], der::element(0x0a, &[self.sgx_type])),
        ];
        all.extend(self.platform_instance_id.map(|id| pair(&[6], der::octet_string(&id))));
        all.extend(self.configuration.map(|flags| {
            let flags: Vec<_> =
                (1..).zip(flags).map(|(number, flag)| pair(&[7, number], der::boolean(flag))).collect();
            pair(&[7], der::sequence(&flags))
        }));
        der::sequence(&all)
    }

    /// The extension, to put into a certificate.
    #[must_use]
    pub fn extension(&self) -> Extension {
        Extension::new(sgx_oid(&[]), self.value())
    }
}

/// The root, valid around this moment.
#[must_use]
pub fn root(at: u64) -> Link {
    let mut certificate = authority("Intel SGX Root CA", 1, ROOT_CRL, around(at, 8, 31));
    certificate.serial = vec![0x22; 20];
    Link::new(certificate, Key::shared("Intel SGX Root CA", Kind::P256))
}

/// The authority that issues PCK certificates: the Platform CA, of machines with several sockets.
#[must_use]
pub fn pck_ca(at: u64) -> Link {
    let name = "Intel SGX PCK Platform CA";
    let mut certificate = authority(name, 0, ROOT_CRL, around(at, 5, 10));
    certificate.serial = vec![0x11; 20];
    Link::new(certificate, Key::shared(name, Kind::P256))
}

/// The certificate of a platform's provisioning certification key, with this SGX extension.
#[must_use]
pub fn pck(sgx: &SgxExtension, at: u64) -> Link {
    let mut certificate = leaf("Intel SGX PCK Certificate", PCK_CRL, around(at, 1, 7));
    certificate.serial = vec![0x21; 20];
    certificate.extensions.push(sgx.extension());
    Link::new(certificate, Key::fresh(Kind::P256))
}

/// The certificate whose key signs TCB info and QE identity.
#[must_use]
pub fn tcb_signing(at: u64) -> Link {
    let name = "Intel SGX TCB Signing";
    let mut certificate = leaf(name, ROOT_CRL, around(at, 1, 7));
    certificate.serial = vec![0x23; 20];
    Link::new(certificate, Key::shared(name, Kind::P256))
}

fn pair(suffix: &[u64], value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[sgx_oid(suffix).der(), value])
}

/// From some years before this moment, for as many years.
const fn around(at: u64, before: u64, years: u64) -> Validity {
    let from = at.saturating_sub(before * YEAR);
    Validity::new(from, from.saturating_add(years * YEAR))
}

fn authority(name: &str, path_len: u64, crl: &str, validity: Validity) -> Certificate {
    let mut certificate = Certificate::new(Name::intel(name), validity);
    certificate.extensions = vec![
        Extension::authority_key_identifier(),
        Extension::crl_distribution_point(crl),
        Extension::subject_key_identifier(),
        Extension::key_usage(CERT_SIGN | CRL_SIGN),
        Extension::basic_constraints(true, Some(path_len)),
    ];
    certificate
}

fn leaf(name: &str, crl: &str, validity: Validity) -> Certificate {
    let mut certificate = Certificate::new(Name::intel(name), validity);
    certificate.extensions = vec![
        Extension::authority_key_identifier(),
        Extension::crl_distribution_point(crl),
        Extension::subject_key_identifier(),
        Extension::key_usage(DIGITAL_SIGNATURE | NON_REPUDIATION),
        Extension::basic_constraints(false, None),
    ];
    certificate
}
