//! Disagreements about TD quotes and their collateral.

use super::{No, Yes, rule};
use crate::class::Class;

const QVL: &str = "dcap-qvl";

pub(crate) const CLASSES: &[Class] = &[
    Class {
        id: "tdx.spare-signers",
        what: "a damaged chain of the TCB info or of the QE identity, next to the other one, which is whole: Intel signs \
           both documents with one certificate",
        right: "either may be: teeproof takes all certificates together and needs one path to the signer, the peer takes \
            each chain at its word",
        line: "RFC 5280, 6.1 (a path is given, not sought)",
        rules: &[rule(QVL, "chain of the", Yes, No(""))],
    },
    Class {
        id: "tdx.given-root",
        what: "a root certificate in the chain of the PCK or of the TCB signing certificate that is damaged",
        right: "either may be: the peer does not read a given root, teeproof reads every certificate that it is given, \
                and refuses bytes that are none",
        line: "RFC 5280, 6.1: the anchor's own certificate is not part of the path",
        rules: &[
            rule(QVL, "chain of the", No("certificate: "), Yes),
            rule(QVL, "", No("tdx.chain: certificate"), Yes),
        ],
    },
    Class {
        id: "tdx.last-second",
        what: "a revocation list in the second of its nextUpdate",
        right: "either may be; teeproof takes the end of a validity as part of it, as for certificates",
        line: "RFC 5280, 5.1.2.5 (the next list is issued no later) and 4.1.2.5 (notAfter is inclusive)",
        rules: &[rule(QVL, "the PCK list's last second", Yes, No("CrlExpired"))],
    },
    Class {
        id: "tdx.pem",
        what: "a PCK chain in whose PEM text a line that begins or ends a certificate is damaged: the peer goes on \
               without the part that it cannot read",
        right: "either may be; the root's certificate is not needed, but a text that is partly PEM is damaged",
        line: "RFC 7468, 2 (parsers may ignore text outside of the boundaries)",
        rules: &[rule(QVL, "", No("is not PEM"), Yes)],
    },
    Class {
        id: "tdx.body-type",
        what: "a genuine quote of version 5 with a body of type 4, with the fields of service TDs",
        right: "the peer, as far as that layout goes; teeproof reads types 2 and 3, and refuses others as unsupported",
        line: "Intel 348551, TDX DCAP quoting library API, appendix A.3: quote body types",
        rules: &[rule(QVL, "td15ex, as it is", No("TD quote: body type"), Yes)],
    },
];
