//! What a TPM says of itself: handles and properties.

use crate::bench::{Bench, number};

over_each_transport!(handles_are_the_same, properties_are_the_same);

fn handles_are_the_same(bench: &Bench) {
    bench.attestation_key();
    bench.theirs("tpm2_nvdefine 0x01800001 -C o -s 4 -a ownerread|ownerwrite");
    bench.theirs("tpm2_nvdefine 0x01c10000 -C o -s 4 -a ownerread|ownerwrite");
    // The tools do not print PCRs and permanent handles in the order of their numbers.
    for (kind, first) in [("nv-index", 0x0100_0000), ("persistent", 0x8100_0000), ("transient", 0x8000_0000)]
    {
        let printed = bench.theirs(&format!("tpm2_getcap handles-{kind}"));
        let theirs: Vec<u32> =
            printed.lines().map(|line| number(line.trim_start_matches(['-', ' ']))).collect();
        assert_eq!(bench.ours(|tpm| tpm.handles(first).unwrap()), theirs, "{kind}");
    }
    // From a handle on.
    assert_eq!(bench.ours(|tpm| tpm.handles(0x0180_0002).unwrap()), [0x01c1_0000]);
}

fn properties_are_the_same(bench: &Bench) {
    let mut seen = 0;
    let printed = bench.theirs("tpm2_getcap properties-fixed");
    for (name, property) in [
        ("TPM2_PT_FAMILY_INDICATOR", 0x100),
        ("TPM2_PT_REVISION", 0x102),
        ("TPM2_PT_MANUFACTURER", 0x105),
        ("TPM2_PT_PCR_COUNT", 0x112),
        ("TPM2_PT_NV_INDEX_MAX", 0x117),
        ("TPM2_PT_NV_BUFFER_MAX", 0x12c),
    ] {
        let entry = &printed[printed.find(&format!("{name}:")).unwrap_or_else(|| panic!("{name}"))..];
        let theirs = number(crate::bench::after(entry, "raw: "));
        assert_eq!(bench.ours(|tpm| tpm.property(property).unwrap()), Some(theirs), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 6);
    // There are none between the fixed ones and the variable ones.
    assert_eq!(bench.ours(|tpm| tpm.property(0x1f0).unwrap()), None);
}
