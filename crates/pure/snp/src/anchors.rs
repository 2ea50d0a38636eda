//! AMD's root keys, pinned by their whole certificates, and the intermediates that go with them.
//!
//! Origin and hashes: `anchors/README.md`.

/// The ARK of every supported product: the trust anchors, DER.
pub const PINNED: [&[u8]; 3] = [
    include_bytes!("../anchors/ark-milan.der"),
    include_bytes!("../anchors/ark-genoa.der"),
    include_bytes!("../anchors/ark-turin.der"),
];

/// The ASK of every supported product, DER, so that a VCEK alone is endorsement enough. They are
/// a convenience: each is verified under its ARK like one that came with the evidence.
pub const KNOWN_INTERMEDIATES: [&[u8]; 3] = [
    include_bytes!("../anchors/ask-milan.der"),
    include_bytes!("../anchors/ask-genoa.der"),
    include_bytes!("../anchors/ask-turin.der"),
];
