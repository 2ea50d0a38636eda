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
        id: "tdx.service-tds",
        what: "a guest to which service TDs are bound: MRSERVICETD is not zero, or SERVTD_EXT (bit 17 of TDATTRIBUTES) is \
               set; without `allow_service_td` the peer refuses it. MIGRATABLE (bit 29) both refuse, teeproof by \
               `builtin:genuine`",
        right: "either may be: whether a service TD is trusted is the relying party's decision. teeproof warns of it \
                (`tdx.service-tds`), and a policy names the accepted ones (`mrservicetd`)",
        line: "Intel 344425, ATTRIBUTES; Intel 348551, appendix A.3.2, MRSERVICETD",
        rules: &[
            rule(QVL, "minted, MRSERVICETD of a service TD", Yes, No("Invalid MR service TD")),
            rule(QVL, "bit 17 of TDATTRIBUTES", Yes, No("SERVTD_EXT is enabled")),
        ],
    },
    Class {
        id: "tdx.reserved-attributes",
        what: "a reserved bit of TDATTRIBUTES that is set: 8 to 15, 23 to 26, 32 to 61",
        right: "either may be: the revision of the specification that the peer follows lets no verifier accept them. \
                Earlier revisions reserved bits 16, 17, 27 and 62 too, which newer modules use, so that each new attribute \
                would be refused until the next release: teeproof warns of them, and a policy refuses them with a mask \
                (`attributes`)",
        line: "Intel 344425, ATTRIBUTES: reserved, must be 0",
        rules: &[rule(QVL, "of TDATTRIBUTES turned over", Yes, No("Reserved bits in TD attributes are set"))],
    },
    Class {
        id: "tdx.sept-ve-disable",
        what: "a guest without SEPT_VE_DISABLE, bit 28 of TDATTRIBUTES",
        right: "either may be: the bit keeps the host from raising exceptions in guests whose kernel expects none; a kernel \
                may handle them, and Linux refuses to start without the bit. A policy of teeproof requires it with a mask, \
                as examples/policies/tdx.toml does",
        line: "Intel 344425, ATTRIBUTES, SEPT_VE_DISABLE",
        rules: &[rule(QVL, "bit 28 of TDATTRIBUTES", Yes, No("SEPT_VE_DISABLE is not enabled"))],
    },
    Class {
        id: "tdx.seam-attributes",
        what: "a bit of SEAMATTRIBUTES outside of the mask of the TCB info; the masks of Intel's TCB info have every bit",
        right: "teeproof, by Intel's rule: SEAMATTRIBUTES under the mask are the attributes of the identity, and bits outside \
                of the mask do not count. The peer refuses them as a further precaution",
        line: "Intel PCS API version 4, tdxModule and tdxModuleIdentities, attributesMask; Intel's quote verification \
               library compares so",
        rules: &[rule(QVL, "SEAMATTRIBUTES outside of the mask", Yes, No("bits set outside mask"))],
    },
    Class {
        id: "tdx.body-type",
        what: "a genuine quote of version 5 with a body of type 4, with the fields of service TDs",
        right: "the peer, as far as that layout goes; teeproof reads types 2 and 3, and refuses others as unsupported",
        line: "Intel 348551, TDX DCAP quoting library API, appendix A.3: quote body types",
        rules: &[rule(QVL, "td15ex, as it is", No("TD quote: body type"), Yes)],
    },
];
