//! A hint for each error: one sentence, the most likely remedy first.

use std::io::{self, ErrorKind};

use super::Error;

impl Error {
    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Open { address, source } => return opening(address, source),
            Self::NotBuilt { feature, .. } => {
                return format!("build with the feature {feature}, or give an address of another kind");
            }
            Self::Refused { code, .. } => match code.known() {
                Some(known) => known.hint,
                None => return format!("tpm2_rc_decode {:#x} may know more", code.0),
            },
            Self::IndexEnd { size, .. } => {
                return format!("write so much that it ends at byte {size} or before");
            }
            Self::NoBank(_) => "choose a bank that the TPM has; Azure's machines have sha256",
            Self::Address(_) => {
                "write device:/dev/tpmrm0, swtpm:host=HOST,port=PORT, swtpm:path=SOCKET, mssim:host=HOST,port=PORT, tpmrm:host=HOST,port=PORT, or tss: and a TCTI string"
            }
            Self::Registers(_) => "write a bank and numbers from 0 to 23: sha256:0-7,14 or sha256:all",
            Self::Io { .. } => "check that the TPM is still there, and start again",
            Self::Silent { .. } => {
                "another program may hold the connection, for a software TPM serves one at a time: end it, and try again"
            }
            Self::Unfit { .. } => "compare the parameter with the capabilities of this TPM",
            Self::Malformed { .. } => {
                "check the address: something else than a TPM may answer there; if it is a TPM, it does not keep to the specification"
            }
            Self::NoReport => {
                "this is not an Azure confidential VM, or it has no paravisor: run this on one, or give the address of a simulated one"
            }
            Self::ReportSize { .. } | Self::Report(_) => {
                "save a copy of the index and inspect it: no known paravisor writes such a report"
            }
            Self::Torn { .. } => "another program renews the report all the time: end it, and try again",
            Self::UserDataLength(_) => {
                "give exactly 64 bytes; a value of another length can be hashed with SHA-512"
            }
            Self::NoUserData => {
                "take the report as it is, without user data, and prove freshness by the nonce of the quote"
            }
            Self::Stale { .. } => "another program requests reports at the same time: end it, and try again",
            Self::NotRenewed { .. } => {
                "wait longer; if it stays, take the report of the boot and prove freshness by the nonce of the quote"
            }
            Self::InputForeign => {
                "its owner has to undefine it; if it is yours, tpm2_nvundefine -C o 0x01400002"
            }
            Self::InputSize { .. } | Self::InputUnreadable => {
                "undefine it (tpm2_nvundefine -C o 0x01400002); the next run defines it correctly"
            }
            Self::InputLocked => "restart the machine; if it stays, tpm2_nvundefine -C o 0x01400002",
            Self::NonceLength(_) => "hash it with SHA-256, and give the 32 bytes here and to the verifier",
            Self::Moving { .. } => "a program extends PCRs all the time; leave those PCRs out",
            Self::NoRawCommands { .. } => {
                "give the address without tss:, as device:/dev/tpm0: a device or a socket takes every command"
            }
            Self::Stack { .. } => {
                "TSS2_LOG=all+debug in the environment makes the stack say more; device:/dev/tpmrm0 works without it"
            }
        };
        hint.to_owned()
    }
}

/// Why a device or a socket was not opened, by its kind.
fn opening(address: &str, source: &io::Error) -> String {
    let Some(path) = address.strip_prefix("device:") else {
        return socket(source.kind()).into();
    };
    match source.kind() {
        ErrorKind::NotFound => format!(
            "{path} is not there: is this a VM with a virtual TPM (on Azure: security type ConfidentialVM), and is the module tpm_crb or tpm_tis loaded?"
        ),
        ErrorKind::PermissionDenied => {
            format!(
                "{path} is for root and the group tss: use sudo, or sudo usermod -aG tss $USER and log in anew"
            )
        }
        // EBUSY.
        ErrorKind::ResourceBusy if path == "/dev/tpm0" => {
            "the kernel's resource manager or another program holds /dev/tpm0: use device:/dev/tpmrm0".into()
        }
        ErrorKind::ResourceBusy => {
            format!("another program holds {path}: end it, or use device:/dev/tpmrm0, which many can use")
        }
        ErrorKind::InvalidInput => {
            "name a TPM: device:/dev/tpmrm0, or the address of a software TPM (swtpm:host=…,port=…)".into()
        }
        // ENXIO and ENODEV have no kind: there is a file, and no device behind it.
        _ => format!("look with ls -l {path} and dmesg | grep -i tpm whether the kernel has a TPM behind it"),
    }
}

const fn socket(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => {
            "nobody listens there: start swtpm or another software TPM, and check host, port or path"
        }
        ErrorKind::NotFound => {
            "there is no such host or socket: start swtpm or another software TPM, and check the address"
        }
        ErrorKind::PermissionDenied => {
            "the socket belongs to somebody else: run as its owner, or have its permissions changed"
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            "the host does not answer: check host and port, and whether a firewall is in between"
        }
        _ => "check host, port or path, and whether a TPM listens there",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(address: &str, source: impl Into<io::Error>) -> String {
        Error::Open { address: address.into(), source: source.into() }.hint()
    }

    #[test]
    fn opening_a_device_fails_with_what_to_do() {
        assert!(open("device:/dev/tpmrm0", ErrorKind::NotFound).contains("tpm_crb"));
        assert!(open("device:/dev/tpmrm0", ErrorKind::PermissionDenied).contains("group tss"));
        let busy = io::Error::from_raw_os_error(16);
        assert_eq!(busy.kind(), ErrorKind::ResourceBusy);
        assert!(open("device:/dev/tpm0", busy).contains("use device:/dev/tpmrm0"));
        assert!(open("device:/dev/tpm0", io::Error::from_raw_os_error(6)).contains("ls -l /dev/tpm0"));
    }

    #[test]
    fn opening_a_socket_fails_with_what_to_do() {
        assert!(open("swtpm:host=h,port=1", ErrorKind::ConnectionRefused).contains("start swtpm"));
        assert!(open("swtpm:path=/run/none", ErrorKind::NotFound).contains("start swtpm"));
        assert!(open("mssim:host=h,port=1", ErrorKind::TimedOut).contains("firewall"));
    }

    #[test]
    fn no_error_is_without_a_way_out() {
        for error in [
            Error::Address(String::new()),
            Error::NotBuilt { address: String::new(), feature: "tss" },
            Error::Refused { command: "", code: crate::ResponseCode(0x18b) },
            Error::Refused { command: "", code: crate::ResponseCode(0x5ff) },
            Error::IndexEnd { index: 0, size: 1 },
            Error::InputSize { size: 1 },
            Error::NoBank(4),
        ] {
            assert!(!error.hint().is_empty(), "{error}");
        }
    }
}
