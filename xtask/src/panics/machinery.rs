//! Functions that end a program.

/// Why a call of this function (its name, demangled) would stop the program; `None` for any other
/// function. Running out of memory stops a program too, but is not a defect and not reported.
pub(super) fn panics(function: &str) -> Option<&str> {
    let plain = plain(function);
    let std = ["core::", "<core::", "alloc::", "<alloc::", "std::"];
    if !std.iter().any(|head| plain.starts_with(head)) {
        return None;
    }
    let last = plain.rsplit("::").next().unwrap_or(plain);
    let named = last.starts_with("panic") || ENDS.iter().any(|end| last.ends_with(end));
    (named || plain.contains("panicking::")).then_some(last)
}

/// A name without what it was made for, `::<usize>`, and without a relocation's addend, `-0x4`.
fn plain(function: &str) -> &str {
    let function = function.split_once("-0x").map_or(function, |(name, _)| name);
    match function.rfind("::<") {
        Some(at) if function.ends_with('>') => &function[..at],
        _ => function,
    }
}

const ENDS: &[&str] = &["_failed", "_fail", "_fail_rt", "assert_failed", "capacity_overflow", "begin_unwind"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_a_program_is_known() {
        for (function, last) in [
            ("core::panicking::panic_bounds_check-0x4", "panic_bounds_check"),
            ("core::panicking::panic_const::panic_const_add_overflow-0x4", "panic_const_add_overflow"),
            ("core::panicking::assert_failed::<usize, usize>", "assert_failed"),
            ("core::slice::index::slice_index_fail", "slice_index_fail"),
            ("core::str::slice_error_fail_rt", "slice_error_fail_rt"),
            ("core::option::unwrap_failed-0x4", "unwrap_failed"),
            ("core::option::expect_failed", "expect_failed"),
            ("core::cell::panic_already_borrowed", "panic_already_borrowed"),
        ] {
            assert_eq!(panics(function), Some(last));
        }
    }

    #[test]
    fn what_does_not_is_passed_over() {
        for function in [
            "teeproof_snp::verify::verify",
            "teeproof_snp::panic_button",
            "core::str::converts::from_utf8-0x4",
            "alloc::raw_vec::handle_error-0x4",
            "alloc::alloc::handle_alloc_error-0x4",
            "<str as core::fmt::Debug>::fmt",
        ] {
            assert_eq!(panics(function), None, "{function}");
        }
    }
}
