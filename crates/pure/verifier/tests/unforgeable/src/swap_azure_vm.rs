//! expect: E0596 — the vTPM of one VM cannot be given to the report of another

use teeproof_hcl::VerifiedVm;

fn forge<'a>(mut real: VerifiedVm<'a>, mut other: VerifiedVm<'a>) {
    core::mem::swap(&mut *real, &mut *other);
}

fn main() {
    let _ = forge;
}
