//! expect: E0277 — a memory is not read back from a file that anybody could have written

use teeproof_x509::OwnedSignature;

fn main() {
    let _ = serde_json::from_str::<OwnedSignature>("{}");
}
