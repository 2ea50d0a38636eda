//! expect: E0596 — the vTPM of one VM cannot be given to the TD quote of another

use teeproof_hcl::VerifiedTdVm;

fn forge<'a>(mut real: VerifiedTdVm<'a>, mut other: VerifiedTdVm<'a>) {
    core::mem::swap(&mut *real, &mut *other);
}

fn main() {
    let _ = forge;
}
