//! Minted TD quotes, signed, in which one field of guest or TDX module is not as usual.

use teeproof_mint::tdx::{QuoteBody, TdxMachine};
use teeproof_peers::dcap_qvl;

use super::Desk;
use crate::verdict::Tally;

/// 2026-02-25T00:00:00Z.
const AT: u64 = 1_771_977_600;

/// Asks about every machine.
pub(super) fn ask(tally: &mut Tally) {
    for (case, machine) in machines() {
        let minted = machine.at(AT).mint().expect("a machine");
        let json = minted.dcap_qvl_json().expect("its collateral");
        let collateral = dcap_qvl::collateral(&json).expect("collateral");
        let mut desk = Desk { tally, name: "minted", root: Some(&minted.root) };
        desk.ask(&case, &minted.quote, &collateral, AT);
    }
}

/// A change of the body.
type Change = fn(&mut QuoteBody);

/// Each machine, with what is unusual.
fn machines() -> Vec<(String, TdxMachine)> {
    let new = TdxMachine::new;
    let mut all = Vec::new();
    for (form, machine) in [("4", new()), ("5", new().version_5()), ("5, TDX 1.5", new().tdx_1_5())] {
        all.push((format!("version {form}, as it is"), machine.clone()));
        for bit in 0..64 {
            let changed = machine.clone().with_body(|body| body.attributes[bit / 8] ^= 1 << (bit % 8));
            all.push((format!("version {form}, bit {bit} of TDATTRIBUTES turned over"), changed));
        }
    }
    let changes: [(&str, Change); 2] = [
        ("MRSERVICETD of a service TD", |body| body.mr_service_td = [7; 48]),
        ("MRSERVICETD of a migration TD, with MIGRATABLE", |body| {
            body.mr_service_td = [7; 48];
            body.attributes[3] |= 0x20;
        }),
    ];
    all.extend(changes.map(|(case, change)| (case.to_owned(), new().tdx_1_5().with_body(change))));
    let masked =
        new().with_tcb_info(|info| info.modules.iter_mut().for_each(|one| one.attributes_mask = [0; 8]));
    all.push(("SEAMATTRIBUTES under a mask of zeros".to_owned(), masked.clone()));
    let outside = masked.with_body(|body| body.seam_attributes[0] = 1);
    all.push(("SEAMATTRIBUTES outside of the mask".to_owned(), outside));
    all
}
