//! The map: every member of the workspace, its room, and which of our crates it may import.
//! A new crate gets a row here, and a reason in ARCHITECTURE.md.

/// One crate on the map.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) room: Room,
    /// Our crates that it may name as a normal dependency.
    pub(super) uses: &'static [&'static str],
    /// Those that its tests may import besides, and besides [`FOR_TESTS`].
    pub(super) tests: &'static [&'static str],
}

/// A folder with rules of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    /// `crates/pure`: no std, no I/O, dependencies from a list.
    Pure,
    /// `crates/crypto`: the tables of operations.
    Crypto,
    /// `crates/guest`: talks to devices of the machine that is attested, judges nothing.
    Guest,
    /// `crates/cloud`: talks to the network, judges nothing.
    Cloud,
    /// `crates/app`: what people run.
    App,
    /// `crates/twin`: makes evidence for tests; nothing that ships may import it.
    Twin,
    /// `benches`, `fuzz`, `xtask`, and crates that are a test: never published.
    Workshop,
}

impl Room {
    /// Where the room is.
    pub(super) fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Pure => &["crates/pure"],
            Self::Crypto => &["crates/crypto"],
            Self::Guest => &["crates/guest"],
            Self::Cloud => &["crates/cloud"],
            Self::App => &["crates/app"],
            Self::Twin => &["crates/twin"],
            Self::Workshop => &["benches", "examples", "fuzz", "xtask", "crates/pure/verifier/tests"],
        }
    }
}

const WIRE: &str = "teeproof-wire";
const CORE: &str = "teeproof-core";
const EVIDENCE: &str = "teeproof-evidence";
const X509: &str = "teeproof-x509";
const SNP: &str = "teeproof-snp";
const TPM: &str = "teeproof-tpm";
const TDX: &str = "teeproof-tdx";
const HCL: &str = "teeproof-hcl";
const NITRO: &str = "teeproof-nitro";
const EIF: &str = "teeproof-eif";
const FRONT: &str = "teeproof";
const RUSTCRYPTO: &str = "teeproof-rustcrypto";
const AWS_LC: &str = "teeproof-aws-lc";
const VTPM: &str = "teeproof-vtpm";
const NSM: &str = "teeproof-nsm";
const ENDORSE: &str = "teeproof-endorse";
const KMS: &str = "teeproof-kms";
const RUNTIME: &str = "teeproof-runtime";
const AWS: &str = "teeproof-aws";
const MINT: &str = "teeproof-mint";
const TWIN: &str = "teeproof-twin";

/// Imports run downward only, and no format imports another's.
pub(super) const MAP: &[Row] = &[
    Row { name: WIRE, room: Room::Pure, uses: &[], tests: &[] },
    Row { name: CORE, room: Room::Pure, uses: &[], tests: &[] },
    Row { name: EVIDENCE, room: Room::Pure, uses: &[WIRE, CORE], tests: &[] },
    Row { name: X509, room: Room::Pure, uses: &[WIRE, CORE], tests: &[] },
    Row { name: SNP, room: Room::Pure, uses: &[WIRE, CORE, X509], tests: &[] },
    Row { name: TDX, room: Room::Pure, uses: &[WIRE, CORE, X509], tests: &[] },
    Row { name: TPM, room: Room::Pure, uses: &[WIRE, CORE], tests: &[] },
    Row { name: HCL, room: Room::Pure, uses: &[WIRE, CORE, X509, SNP, TDX, TPM], tests: &[] },
    Row { name: NITRO, room: Room::Pure, uses: &[WIRE, CORE, X509], tests: &[] },
    // Enclave images are no evidence: the command compares their PCRs with those of a document.
    Row { name: EIF, room: Room::Pure, uses: &[WIRE, CORE], tests: &[] },
    Row {
        name: FRONT,
        room: Room::Pure,
        uses: &[WIRE, CORE, EVIDENCE, X509, SNP, TDX, TPM, HCL, NITRO],
        tests: &[],
    },
    Row { name: RUSTCRYPTO, room: Room::Crypto, uses: &[CORE], tests: &[] },
    Row { name: AWS_LC, room: Room::Crypto, uses: &[CORE], tests: &[] },
    Row { name: VTPM, room: Room::Guest, uses: &[WIRE, CORE, EVIDENCE], tests: &[] },
    // The security module of a Nitro enclave: documents and bundles go out, nothing is verified.
    Row { name: NSM, room: Room::Guest, uses: &[WIRE, CORE, EVIDENCE], tests: &[] },
    // Its tests compare the URL of a VCEK with the one that `snp` prints.
    Row { name: ENDORSE, room: Room::Cloud, uses: &[WIRE, CORE], tests: &[SNP] },
    // Errors with offsets, and escapes. It reads no document: the caller brings one. Its tests compare the values of PCRs
    // that the lint knows with those of the verifier.
    Row { name: KMS, room: Room::Cloud, uses: &[WIRE, CORE], tests: &[NITRO] },
    // Deployments on any cloud. It is a relying party: what machines return is verified by the front door.
    Row { name: RUNTIME, room: Room::Cloud, uses: &[EVIDENCE, FRONT, AWS_LC], tests: &[] },
    // EC2 as a provider of the runtime. Names that AWS hashes into PCRs are checked by core, and evidence comes over the
    // road, whose client is that of the enclave's own crate. Nothing is verified.
    Row { name: AWS, room: Room::Cloud, uses: &[CORE, NSM, RUNTIME], tests: &[] },
    Row {
        name: "teeproof-cli",
        room: Room::App,
        uses: &[
            WIRE, CORE, EVIDENCE, X509, SNP, TDX, TPM, HCL, NITRO, EIF, FRONT, RUSTCRYPTO, AWS_LC, VTPM, NSM,
            ENDORSE, KMS,
        ],
        tests: &[],
    },
    // Neither makes evidence with the code that reads it. Their tests read it back: the twin's are
    // a guest, in front of the paravisor that it plays. The twin of KMS is a relying party: it verifies the
    // documents of recipients as KMS does, and with a second verifier it would be another KMS than ours.
    // Its enclaves run images, which it measures.
    Row { name: MINT, room: Room::Twin, uses: &[], tests: &[WIRE, CORE] },
    Row { name: TWIN, room: Room::Twin, uses: &[MINT, FRONT, EIF, AWS_LC], tests: &[VTPM, NSM] },
    Row { name: "teeproof-benches", room: Room::Workshop, uses: EVERYTHING, tests: &[] },
    // What an embedder imports: the front door, what reads files for it, and a crypto table.
    Row { name: "teeproof-examples", room: Room::Workshop, uses: &[FRONT, EVIDENCE, AWS_LC], tests: &[] },
    Row { name: "teeproof-example-no-std", room: Room::Workshop, uses: &[FRONT, RUSTCRYPTO], tests: &[] },
    Row { name: "teeproof-fuzz", room: Room::Workshop, uses: EVERYTHING, tests: &[] },
    Row { name: "teeproof-unforgeable", room: Room::Workshop, uses: EVERYTHING, tests: &[] },
    Row { name: "teeproof-nostd-proof", room: Room::Workshop, uses: EVERYTHING, tests: &[] },
    Row { name: "xtask", room: Room::Workshop, uses: &["xtask-support"], tests: &[] },
    Row { name: "xtask-bench", room: Room::Workshop, uses: &["xtask-support"], tests: &[] },
    Row { name: "xtask-enclave", room: Room::Workshop, uses: &["xtask-support"], tests: &[EIF] },
    Row { name: "xtask-support", room: Room::Workshop, uses: &[], tests: &[] },
    Row { name: "xtask-vm", room: Room::Workshop, uses: &["xtask-support"], tests: &[] },
];

const EVERYTHING: &[&str] = &[
    WIRE, CORE, EVIDENCE, X509, SNP, TDX, TPM, HCL, NITRO, EIF, FRONT, RUSTCRYPTO, AWS_LC, ENDORSE, KMS,
    VTPM, NSM, MINT, TWIN,
];

/// What tests of any crate may import besides: twins, evidence makers and the crypto tables.
pub(super) const FOR_TESTS: &[&str] = &[MINT, TWIN, RUSTCRYPTO, AWS_LC];

/// Crates without std: the pure room, and the table that serves it.
pub(super) const NO_STD: &[&str] =
    &[WIRE, CORE, EVIDENCE, X509, SNP, TDX, TPM, HCL, NITRO, EIF, FRONT, RUSTCRYPTO];

/// Third-party packages that the pure room may rest on, build-time ones included. Each is there
/// for a reason; none does I/O.
pub(super) const PURE_CLOSURE: &[&str] = &[
    // Fixed layouts of the wire formats, and the derive that checks them.
    "proc-macro2",
    "quote",
    "syn",
    "unicode-ident",
    "zerocopy",
    "zerocopy-derive",
    // The checksum of enclave image files.
    "cfg-if",
    "crc32fast",
    // Comparison in constant time.
    "subtle",
    // The front door reads armoured input and policies, and writes results.
    "base64ct",
    "itoa",
    "memchr",
    "rustls-pki-types",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_json",
    "serde_spanned",
    "toml",
    "toml_datetime",
    "toml_parser",
    "winnow",
    "zeroize",
    "zmij",
];

/// Packages that the pure room may depend on under one feature, which is off by default: the feature, and what it
/// brings in.
pub(super) const OPTIONAL_CLOSURE: &[(&str, &[&str])] = &[
    // JSON Schemas of results, made from their types.
    (
        "schema",
        &["dyn-clone", "ref-cast", "ref-cast-impl", "schemars", "schemars_derive", "serde_derive_internals"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_io_can_not_be_allowed() {
        for banned in
            ["tokio", "reqwest", "openssl", "openssl-sys", "libc", "ring", "aws-lc-sys", "mio", "rustix"]
        {
            assert!(!PURE_CLOSURE.contains(&banned), "{banned}");
            assert!(OPTIONAL_CLOSURE.iter().all(|(_, packages)| !packages.contains(&banned)), "{banned}");
        }
    }

    #[test]
    fn rows_name_crates_above_them() {
        for (at, row) in MAP.iter().enumerate().filter(|(_, row)| row.room == Room::Pure) {
            for used in row.uses {
                assert!(MAP[..at].iter().any(|above| above.name == *used), "{} imports {used}", row.name);
            }
        }
    }
}
