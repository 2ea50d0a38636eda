//! expect: E0596 — the verdict of one result cannot be given to the evidence of another

use teeproof::AttestationResult;

fn forge<'a>(mut real: AttestationResult<'a>, mut other: AttestationResult<'a>) {
    core::mem::swap(&mut *real, &mut *other);
}

fn main() {
    let _ = forge;
}
