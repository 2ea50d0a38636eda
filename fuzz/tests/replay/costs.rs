//! Tests of the cost measurement, and that docs/bounds.md agrees with the asserted bounds.

use std::path::{Path, PathBuf};

use teeproof_fuzz::{bounds, measured};

/// A counter that sees nothing would hold every bound.
#[test]
fn the_heap_is_counted() {
    let (kept, cost) = measured(|| vec![0_u8; 1_000]);
    assert_eq!((cost.peak_bytes, cost.total_bytes), (1_000, 1_000));
    let (_, cost) = measured(|| drop((kept, std::hint::black_box(vec![0_u8; 10]), Box::new(7_u64))));
    assert_eq!((cost.peak_bytes, cost.total_bytes), (18, 18));
    let (_, cost) = measured(|| 7);
    assert_eq!(cost, teeproof_fuzz::Cost::default());
    // Only this thread's.
    let (_, cost) =
        measured(|| std::thread::scope(|scope| scope.spawn(|| vec![0_u8; 1 << 20]).join().is_ok()));
    assert!(cost.total_bytes < 1 << 19, "{cost:?}");
}

/// What has no allocator cannot cost any heap: these crates are built without `alloc`.
#[test]
fn the_pure_crates_cost_no_heap() {
    let free =
        ["teeproof-wire", "teeproof-core", "teeproof-x509", "teeproof-snp", "teeproof-tpm", "teeproof-nitro"];
    for package in free {
        let mut entries = bounds::ALL.iter().filter(|entry| entry.package == package).peekable();
        assert!(entries.peek().is_some());
        let none = bounds::Linear { times: 0, plus: 0 };
        assert!(entries.all(|entry| entry.peak == none && entry.total == none));
    }
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bounds.md")
}

/// The document around its table, and the table.
fn parts(text: &str) -> (&str, &str, &str) {
    let start = text.find("| package |").unwrap();
    let length = text[start..].find("\n\n").unwrap() + 1;
    (&text[..start], &text[start..start + length], &text[start + length..])
}

#[test]
fn the_document_has_the_numbers() {
    let text = std::fs::read_to_string(document()).unwrap();
    let (_, table, _) = parts(&text);
    assert!(table == bounds::markdown(), "run `cargo test -p teeproof-fuzz -- --ignored write_bounds`");
}

/// Writes the table into docs/bounds.md.
#[test]
#[ignore = "writes a file of the repository; only whoever changes a bound needs it"]
fn write_bounds() {
    let text = std::fs::read_to_string(document()).unwrap();
    let (before, _, after) = parts(&text);
    std::fs::write(document(), [before, &bounds::markdown(), after].concat()).unwrap();
}
