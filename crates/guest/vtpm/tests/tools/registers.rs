//! Registers: extended by one, read by the other.

use teeproof_vtpm::{Registers, hash_name, read_registers};
use teeproof_wire::tpm::Selection;

use crate::bench::{Bench, hex};

over_each_transport!(each_extends_for_the_other, all_registers_of_all_banks_are_the_same);

fn each_extends_for_the_other(bench: &Bench) {
    for (bank, length) in [(0x0004, 20), (0x000b, 32), (0x000c, 48), (0x000d, 64)] {
        let name = hash_name(bank).unwrap();
        let digest: Vec<u8> = (0..length).collect();
        bench.ours(|tpm| tpm.pcr_extend(16, bank, &digest).unwrap());
        let seen = same(bench, Selection { bank, bitmap: 1 << 16 });
        assert_ne!(seen, vec![vec![0; usize::from(length)]]);
        bench.theirs(&format!("tpm2_pcrextend 23:{name}={}", hex(&digest)));
        // The same digest into a register of the same value.
        assert_eq!(same(bench, Selection { bank, bitmap: 1 << 23 }), seen);
    }
}

fn all_registers_of_all_banks_are_the_same(bench: &Bench) {
    let banks = bench.ours(|tpm| tpm.banks().unwrap());
    let printed = bench.theirs("tpm2_getcap pcrs");
    assert_eq!(printed.matches("- sha").count(), banks.len(), "{printed}");
    for bank in banks {
        let name = hash_name(bank.bank).unwrap();
        bench.theirs(&format!("tpm2_pcrevent 8 {}", "/proc/version"));
        let list: Vec<String> = bank.indices().map(|index| index.to_string()).collect();
        assert!(printed.contains(&format!("{name}: [ {} ]", list.join(", "))), "{printed}");
        let values = same(bench, bank);
        assert_eq!(values.len(), 24);
        assert_ne!(values[8], values[9]);
    }
}

/// That tpm2_pcrread reads what we read, which is returned.
fn same(bench: &Bench, selection: Selection) -> Vec<Vec<u8>> {
    let ours = bench.ours(|tpm| read_registers(tpm, selection).unwrap());
    bench.theirs(&format!("tpm2_pcrread {} -o values.bin", Registers(selection)));
    assert_eq!(bench.read("values.bin"), ours.values.concat());
    ours.values
}
