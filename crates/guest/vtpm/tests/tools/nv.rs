//! NV indexes: whoever defined one, the other sees the same.

use teeproof_vtpm::{Authority, NvAttributes, NvPublic};

use crate::bench::{Bench, after, number};

over_each_transport!(theirs_sees_what_ours_defined, ours_sees_what_theirs_defined);

const INDEX: u32 = 0x0140_0002;
const DATA: [u8; 64] = {
    let mut data = [0; 64];
    let mut at = 0;
    while at < 64 {
        data[at] = 0x41 + at as u8;
        at += 1;
    }
    data
};

fn theirs_sees_what_ours_defined(bench: &Bench) {
    for attributes in [
        NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD,
        NvAttributes::OWNERWRITE
            | NvAttributes::OWNERREAD
            | NvAttributes::AUTHWRITE
            | NvAttributes::AUTHREAD
            | NvAttributes::NO_DA
            | NvAttributes::WRITE_STCLEAR
            | NvAttributes::READ_STCLEAR,
    ] {
        for name_algorithm in [0x000b, 0x000c] {
            let defined =
                NvPublic { index: INDEX, name_algorithm, attributes, policy: Vec::new(), data_size: 64 };
            let seen = bench.ours(|tpm| {
                tpm.nv_define(&defined).unwrap();
                assert_eq!(tpm.nv_public(INDEX).unwrap(), defined);
                // In two pieces, the second first.
                tpm.nv_write(INDEX, Authority::Owner, 24, &DATA[24..]).unwrap();
                tpm.nv_write(INDEX, Authority::Owner, 0, &DATA[..24]).unwrap();
                tpm.nv_public(INDEX).unwrap()
            });
            assert_eq!(seen.attributes, attributes | NvAttributes::WRITTEN);
            same(bench, &seen);
            bench.theirs("tpm2_nvread 0x01400002 -C o -o read.bin");
            assert_eq!(bench.read("read.bin"), DATA);
            bench.ours(|tpm| tpm.nv_undefine(INDEX).unwrap());
            assert!(!bench.theirs("tpm2_getcap handles-nv-index").contains("1400002"));
        }
    }
}

fn ours_sees_what_theirs_defined(bench: &Bench) {
    // As the platform defines the paravisor's report, but for the size; and one with a policy.
    bench.theirs(
        "tpm2_nvdefine 0x01400001 -C p -s 2048 \
         -a platformcreate|ppwrite|ppread|ownerread|authread|no_da",
    );
    let data: Vec<u8> = (0..2048_u32).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
    bench.write("report.bin", &data);
    bench.theirs("tpm2_nvwrite 0x01400001 -C p -i report.bin");
    bench.theirs("tpm2_createpolicy --policy-pcr -l sha256:16 -L policy.bin");
    bench.theirs("tpm2_nvdefine 0x01400002 -C o -s 8 -L policy.bin -a policyread|policywrite|authread");

    bench.ours(|tpm| {
        let report = tpm.nv_public(0x0140_0001).unwrap();
        same(bench, &report);
        let read = |tpm: &mut dyn teeproof_vtpm::Tpm, by| {
            let first = tpm.nv_read(0x0140_0001, by, 0, 1024).unwrap();
            [first, tpm.nv_read(0x0140_0001, by, 1024, 1024).unwrap()].concat()
        };
        assert_eq!(read(tpm, Authority::Owner), data);
        assert_eq!(read(tpm, Authority::Index), data);

        let guarded = tpm.nv_public(INDEX).unwrap();
        assert_eq!(guarded.policy, bench.read("policy.bin"));
        same(bench, &guarded);
        assert_eq!(tpm.handles(0x0100_0000).unwrap(), [0x0140_0001, INDEX]);
        tpm.nv_undefine(INDEX).unwrap();
        assert!(tpm.nv_public(INDEX).unwrap_err().is_absent());
        // What the platform has made the owner cannot take away.
        assert!(tpm.nv_undefine(0x0140_0001).is_err());
    });
    bench.theirs("tpm2_nvundefine 0x01400001 -C p");
    bench.ours(|tpm| assert!(tpm.nv_public(0x0140_0001).unwrap_err().is_absent()));
}

/// That tpm2_nvreadpublic shows what we see.
fn same(bench: &Bench, ours: &NvPublic) {
    let printed = bench.theirs(&format!("tpm2_nvreadpublic {:#010x}", ours.index));
    let value = |section: &str| number(after(&printed[printed.find(section).unwrap()..], "value: "));
    assert_eq!(value("hash algorithm:"), u32::from(ours.name_algorithm), "{printed}");
    assert_eq!(value("attributes:"), ours.attributes.bits(), "{printed}");
    assert_eq!(number(after(&printed, "size: ")), u32::from(ours.data_size), "{printed}");
    match ours.policy.as_slice() {
        [] => assert!(!printed.contains("authorization policy"), "{printed}"),
        policy => assert_eq!(
            after(&printed, "authorization policy: ").to_lowercase(),
            crate::bench::hex(policy),
            "{printed}"
        ),
    }
}
