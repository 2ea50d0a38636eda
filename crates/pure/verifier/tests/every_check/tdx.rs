//! The checks of the TDX half.

use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::azure::Vm;

use crate::ask::{Ask, make_fail};

fn bent(bend: impl FnOnce(Vm) -> Vm) -> Ask {
    let evidence = bend(Vm::tdx()).evidence().unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&evidence.hcl_report, Some(InputKind::HclReport)).unwrap();
    Ask::about(inputs, &[&evidence.ak_root])
}

make_fail! {
    another_hash: "tdx.report" =
        bent(|vm| vm.with_td_report(|report| report.tee_info_hash = Some([9; 48])));
    no_quote: "tdx.quote" = bent(|vm| vm);
}

fn more() -> Vec<crate::Case> {
    vec![]
}
