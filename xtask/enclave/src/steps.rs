//! Steps with their expected results: in the enclave, on its own driver, and then on this machine, as the enclave's parent
//! and as a verifier.

use xtask_support::guest::record::Step;

/// The step that reads the PCRs; an enclave that is booted for them alone runs no other.
pub(crate) const PCRS: usize = 0;

/// In the enclave, in an empty folder. The last step does not end.
pub(crate) const INSIDE: &[Step] = &[
    Step {
        name: "PCRs through the kernel's driver",
        line: "teeproof nsm pcr describe 0 1 2 3 4 8 --format json",
        exit: 0,
        says: &["teeproof/nsm-pcrs/1"],
    },
    Step {
        name: "the kernel's own drivers of NSM and vsock",
        line: "uname -r; ls -l /dev/nsm /dev/vsock; cat /sys/class/misc/hw_random/rng_available",
        exit: 0,
        says: &["cloud-amd64", "/dev/nsm", "/dev/vsock", "nsm-hwrng"],
    },
    Step {
        name: "the module described",
        line: "teeproof nsm describe",
        exit: 0,
        says: &["i-0123456789abcdef0-enc0123456789abcdef", "32, SHA384", "0-15", "production"],
    },
    Step {
        name: "doctor",
        line: "teeproof doctor --offline",
        exit: 0,
        says: &["device:/dev/nsm, i-0123456789abcdef0-enc", "locked: 0-15", "production", "/dev/vsock"],
    },
    Step {
        name: "random bytes of two answers, not the same ones twice",
        line: "teeproof nsm random 300 -o one && teeproof nsm random 300 -o two && wc -c one two && ! cmp -s one two",
        exit: 0,
        says: &["300 one", "300 two"],
    },
    Step {
        name: "a PCR extended twice",
        line: "teeproof nsm pcr extend 16 utf8:teeproof \
               && teeproof nsm pcr extend 16 hex:$(printf '07%.0s' $(seq 48))",
        exit: 0,
        // SHA-384 of 48 zeros and the first data, then of that and the second data.
        says: &[
            "a4867fca7ac0c27589ea05b7418c66130baa3d6d7755c4860a07977340d76dcc99093476b74aa5b940fdd6870a7b8805",
            "241982ca27644f384356cf34cd30f35a33d24783f6c9c111061a03744e9c880a1670171729b13a5278a13079f2950443",
        ],
    },
    Step {
        name: "a PCR locked",
        line: "teeproof nsm pcr lock 16 && teeproof nsm pcr describe 16",
        exit: 0,
        says: &["PCR16  locked"],
    },
    Step {
        name: "a locked PCR extended",
        line: "teeproof nsm pcr extend 16 utf8:more",
        exit: 9,
        says: &["ExtendPCR", "ReadOnlyIndex", "the PCR is locked until the enclave ends"],
    },
    Step {
        name: "a locked PCR locked again",
        line: "teeproof nsm pcr lock 16",
        exit: 9,
        says: &["LockPCR", "ReadOnlyIndex"],
    },
    Step {
        name: "a PCR of the image extended",
        line: "teeproof nsm pcr extend 0 utf8:more",
        exit: 9,
        says: &["ReadOnlyIndex"],
    },
    Step {
        name: "the first PCRs locked",
        line: "teeproof nsm pcr lock-range 18 && teeproof nsm pcr describe 17 18",
        exit: 0,
        says: &["PCR17  locked", "PCR18  not locked"],
    },
    Step {
        name: "a document as the module gives it, described as not signed",
        line: "teeproof nsm attest --nonce utf8:0123456789abcdef --user-data utf8:payload -o document \
               && teeproof inspect document",
        exit: 0,
        says: &["not signed", "i-0123456789abcdef0-enc0123456789abcdef", "7061796c6f6164"],
    },
    Step {
        name: "no evidence collected from a module that does not sign",
        line: "teeproof collect nitro --nonce utf8:0123456789abcdef -o evidence",
        exit: 3,
        says: &["protected header", "expected {1: -35}, ES384"],
    },
    Step {
        name: "a document refused without a signature",
        line: "teeproof verify document --nonce utf8:0123456789abcdef --policy builtin:genuine",
        exit: 3,
        says: &["nitro.format"],
    },
    Step {
        name: "a request over the driver's limit, refused before it is sent",
        line: "head -c 4096 /bin/busybox > long; teeproof nsm pcr extend 31 @long",
        exit: 2,
        says: &["ExtendPCR: expected a request of at most 4096 bytes, got"],
    },
    Step {
        name: "the same limit of the driver",
        line: "nsm-room --longest",
        exit: 0,
        says: &["4095 bytes: taken", "4096 bytes: taken", "4097 bytes: Message too long"],
    },
    Step {
        name: "an answer that the driver cuts and calls whole",
        line: "nsm-room room 1000 & sleep 1; teeproof nsm attest --nsm unix:room --no-nonce -o cut",
        exit: 3,
        says: &["driver: error 0, 1000 bytes in a room of 1000", "Attestation: the answer is cut"],
    },
    Step {
        name: "documents over vsock",
        line: "teeproof nsm serve --user-data utf8:served",
        exit: 0,
        says: &[],
    },
];

/// On this machine, in the folder of the images, while the enclave serves. `road` is the socket to it.
pub(crate) const OUTSIDE: &[Step] = &[
    Step {
        name: "a document over vsock",
        line: "teeproof nsm fetch unix:road --nonce utf8:0123456789abcdef -o document && wc -c document",
        exit: 0,
        says: &["document"],
    },
    Step {
        name: "no evidence collected from a module that does not sign",
        line: "teeproof collect nitro --from unix:road --nonce utf8:0123456789abcdef -o evidence",
        exit: 3,
        says: &["protected header", "expected {1: -35}, ES384"],
    },
    Step {
        name: "described as not signed",
        line: "teeproof inspect document",
        exit: 0,
        says: &["not signed", "i-0123456789abcdef0-enc0123456789abcdef"],
    },
    Step {
        name: "refused as it is",
        line: "teeproof verify document --nonce utf8:0123456789abcdef --policy builtin:genuine",
        exit: 3,
        says: &["nitro.format"],
    },
    Step {
        name: "its payload signed by the twin",
        line: "teeproof-twin nsm-resign document signed --chain chain && ls chain",
        exit: 0,
        says: &["root.pem"],
    },
    Step {
        name: "a policy from the image",
        line: "for name in two three; do teeproof eif measure --format json $name-ramdisks.eif > $name.json \
               && teeproof policy suggest $name.json > $name.toml || exit 1; done; cat two.toml",
        exit: 0,
        says: &["[nitro.pcrs]"],
    },
    Step {
        name: "accepted under the policy of its image",
        line: "teeproof verify signed --nonce utf8:0123456789abcdef --policy two.toml --anchor chain/root.pem",
        exit: 0,
        says: &["NON-PRODUCTION ANCHOR"],
    },
    Step {
        name: "refused under that of another image",
        line: "teeproof verify signed --nonce utf8:0123456789abcdef --policy three.toml --anchor chain/root.pem",
        exit: 6,
        says: &["PCR"],
    },
    Step {
        name: "refused for another nonce",
        line: "teeproof verify signed --nonce utf8:fedcba9876543210 --policy two.toml --anchor chain/root.pem",
        exit: 5,
        says: &["nonce"],
    },
    Step {
        name: "refused without the twin's anchor",
        line: "teeproof verify signed --nonce utf8:0123456789abcdef --policy two.toml",
        exit: 4,
        says: &["nitro.chain"],
    },
    Step {
        name: "matched with its image",
        line: "teeproof eif match two-ramdisks.eif signed --anchor chain/root.pem",
        exit: 0,
        says: &["PCR0", "PCR2"],
    },
    Step {
        name: "matched with no other",
        line: "teeproof eif match three-ramdisks.eif signed --anchor chain/root.pem",
        exit: 6,
        says: &["PCR0", "PCR2"],
    },
    Step {
        name: "a bundle over vsock",
        line: "teeproof nsm fetch unix:road --bundle --nonce utf8:0123456789abcdef -o bundle && teeproof inspect bundle",
        exit: 0,
        says: &["not signed"],
    },
    Step {
        name: "fifty documents in a row",
        line: "for number in $(seq 10 59); do \
               teeproof nsm fetch unix:road --nonce utf8:0123456789abcd$number -o each || exit 1; \
               done",
        exit: 0,
        says: &[],
    },
];
