//! Steps of the guest: a shell line each, with its expected result.
//! `/minted` holds what the TPM's state was made of; the nonce is the user data of its report. Other
//! names are files that earlier steps wrote.

use xtask_support::guest::record::Step;

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "the kernel has a TPM 2.0 with an event log",
        line: "uname -r; cat /sys/class/tpm/tpm0/tpm_version_major; ls -l /dev/tpmrm0 /sys/kernel/security/tpm0",
        exit: 0,
        says: &["cloud-amd64\n2\n", "/dev/tpmrm0", "binary_bios_measurements"],
    },
    Step { name: "the command starts", line: "teeproof --version", exit: 0, says: &["teeproof "] },
    Step {
        name: "registers of the firmware's making",
        line: "teeproof vtpm pcr read sha256:0-7,16",
        exit: 0,
        says: &["sha256:", "16: 0x0000000000000000000000000000000000000000000000000000000000000000"],
    },
    Step {
        name: "a register extended, as the kernel sees it",
        line: "teeproof vtpm pcr extend sha256:16 hex:$(echo -n a | sha256sum | cut -c 1-64) \
               && teeproof vtpm pcr read sha256:16 && cat /sys/class/tpm/tpm0/pcr-sha256/16",
        exit: 0,
        // Once as we print it, once as the kernel does.
        says: &[
            "16: 0x8C374A53782642F7514D087D26A3E733F1B806009A03E04A43B288EF2FA9F9C0",
            "\n8C374A53782642F7514D087D26A3E733F1B806009A03E04A43B288EF2FA9F9C0",
        ],
    },
    Step {
        name: "the report, byte for byte",
        line: "teeproof vtpm report --boot -o report.bin; cmp report.bin /minted/report.bin",
        exit: 0,
        says: &[],
    },
    Step {
        name: "the attestation key's certificate, byte for byte",
        line: "teeproof vtpm ak --certificate -o ak.der; cmp ak.der /minted/ak-certificate.der",
        exit: 0,
        says: &[],
    },
    Step {
        name: "the firmware's event log, byte for byte",
        line: "teeproof vtpm log -o log; cmp log /sys/kernel/security/tpm0/binary_bios_measurements",
        exit: 0,
        says: &[],
    },
    Step {
        name: "an index from definition to the end",
        line: "nv='teeproof vtpm nv'; $nv define 0x01800001 --size 1500 && head -c 1500 /bin/busybox > in \
               && $nv write 0x01800001 @in && $nv read 0x01800001 -o out && cmp in out \
               && $nv list && $nv undefine 0x01800001 && ! $nv read 0x01800001 -o none",
        exit: 0,
        says: &["0x01400001   2048 bytes", "0x01800001   1500 bytes", "0x01c101d0   2048 bytes"],
    },
    Step {
        name: "a quote",
        line: "teeproof vtpm quote --nonce utf8:now --message q.msg --signature q.sig; wc -c q.sig",
        exit: 0,
        says: &["256 q.sig"],
    },
    Step {
        name: "collected through the kernel",
        line: "teeproof collect azure --offline --nonce utf8:before-boot -o ev.bundle",
        exit: 0,
        says: &["report: fresh at the first read"],
    },
    Step {
        name: "verified, under the minted root",
        line: "teeproof verify ev.bundle --nonce utf8:before-boot --policy builtin:genuine \
               --anchor /minted/root.der --endorsements /minted/vcek.der --endorsements /minted/ask.der",
        exit: 0,
        says: &["exit 0  NON-PRODUCTION ANCHOR", "replayed values match: 0 1 2 3 4 5 6 7; differ: none"],
    },
    Step {
        name: "and refused without it",
        line: "teeproof verify ev.bundle --nonce utf8:before-boot --policy builtin:genuine \
               --endorsements /minted/vcek.der --endorsements /minted/ask.der",
        exit: 4,
        says: &["REFUSED", "snp.chain"],
    },
    Step {
        name: "a report that nobody renews is never taken for a fresh one",
        line: "teeproof collect azure --offline --timeout 3 --nonce utf8:now -o stale.bundle",
        exit: 5,
        says: &["the HCL report is stale: not renewed in"],
    },
    Step {
        name: "a secret sealed and opened",
        line: "teeproof seal key --nonce utf8:before-boot -o key && echo secret > secret \
               && teeproof seal encrypt --secret secret --key key -o sealed \
                  ev.bundle --nonce utf8:before-boot --policy builtin:genuine \
                  --anchor /minted/root.der --endorsements /minted/vcek.der --endorsements /minted/ask.der \
               && teeproof seal decrypt sealed -o opened && cmp secret opened",
        exit: 0,
        says: &[],
    },
    Step {
        name: "and not opened after the state has changed",
        line: "teeproof vtpm pcr extend sha256:8 hex:$(echo -n b | sha256sum | cut -c 1-64) \
               && teeproof seal decrypt sealed -o again",
        exit: 5,
        says: &["the PCRs have changed since the key was made"],
    },
    Step {
        name: "doctor",
        line: "teeproof doctor --offline",
        exit: 0,
        says: &["\nEvidence can be collected on this machine"],
    },
    Step {
        name: "an unprivileged user gets a hint with the group",
        line: "su stranger -c 'teeproof vtpm pcr read sha256:0'",
        exit: 9,
        says: &["usermod -aG tss"],
    },
    Step {
        name: "a member of the group may",
        line: "su member -c 'teeproof vtpm pcr read sha256:0'",
        exit: 0,
        says: &["sha256:"],
    },
    Step {
        name: "the device that only one may use",
        line: "exec 3<> /dev/tpm0; teeproof vtpm --tpm device:/dev/tpm0 pcr read sha256:0",
        exit: 9,
        says: &["use device:/dev/tpmrm0"],
    },
    Step {
        name: "no device",
        line: "rm /dev/tpmrm0; teeproof vtpm pcr read sha256:0",
        exit: 9,
        says: &["/dev/tpmrm0 is not there"],
    },
    Step {
        name: "doctor without a device",
        line: "teeproof doctor --offline",
        exit: 9,
        says: &["\nNo evidence can be collected on this machine"],
    },
    Step {
        name: "the kernel's modules for a device that a program serves",
        line: "insmod /modules/fuse.ko && insmod /modules/cuse.ko && ls -l /dev/cuse",
        exit: 0,
        says: &["/dev/cuse"],
    },
    Step {
        name: "the twin of the Nitro security module registers /dev/nsm",
        line: "teeproof-twin nsm --cuse nsm --chain chain > nsm.said 2>&1 & \
               for i in $(seq 50); do grep -q ^export nsm.said && break; sleep 1; done; \
               cat nsm.said; ls -l /dev/nsm",
        exit: 0,
        says: &["# A TWIN of a Nitro security module", "export TEEPROOF_NSM=device:/dev/nsm", "crw-rw-rw-"],
    },
    Step {
        name: "the published client of the security module, through its own driver code",
        line: "nsm-client device nsm.cose",
        exit: 0,
        says: &["every answer is as expected"],
    },
    Step {
        name: "the document that it got, verified under the minted root",
        line: "teeproof verify nsm.cose --nonce 'utf8:a nonce of more than sixteen bytes' --anchor chain/root.pem",
        exit: 10,
        says: &["NON-PRODUCTION ANCHOR"],
    },
    Step {
        name: "and refused without it",
        line: "teeproof verify nsm.cose --nonce 'utf8:a nonce of more than sixteen bytes'",
        exit: 4,
        says: &["REFUSED", "nitro.chain"],
    },
    Step { name: "anybody may use the device", line: "su stranger -c ': <> /dev/nsm'", exit: 0, says: &[] },
];
