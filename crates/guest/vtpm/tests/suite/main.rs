//! Every command against a real software TPM, written once and run over each transport that is
//! built; and answers that no honest TPM gives.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    missing_docs
)]

mod support;

mod capability;
mod decrypt;
#[cfg(feature = "direct")]
mod hostile;
mod keys;
mod nv;
#[cfg(feature = "direct")]
mod opening;
mod pcr;
#[cfg(feature = "direct")]
mod raw;

macro_rules! tests {
    ($over:path: $($area:ident { $($case:ident)* })*) => {
        $($(
            #[test]
            fn $case() {
                $over(crate::$area::$case);
            }
        )*)*
    };
}

/// All cases, over one transport.
macro_rules! suite {
    ($over:path) => {
        tests! { $over:
            capability {
                properties_are_told
                handles_are_listed
                banks_are_listed
            }
            nv {
                an_index_is_defined_written_read_and_undefined
                the_largest_piece_is_written_and_read
                an_index_is_used_with_its_own_password
                an_absent_index_is_told_apart
                refusals_carry_their_codes
                a_policy_is_kept
            }
            pcr {
                registers_are_read_and_extended
                registers_come_in_several_answers
                other_banks_are_read
                registers_are_refused
            }
            keys {
                a_key_is_made_read_and_flushed
                a_quote_is_over_what_was_asked_for
                a_quote_is_over_several_banks
                a_quote_is_refused
                a_template_is_refused
                a_key_is_certified
            }
            decrypt {
                every_padding_is_decrypted
                changed_registers_are_told
                no_session_is_left_behind
            }
        }
    };
}

#[cfg(feature = "direct")]
mod direct_over_a_socket_file {
    suite!(crate::support::over_socket_file);
}

#[cfg(feature = "direct")]
mod direct_over_tcp {
    suite!(crate::support::over_tcp);
}

#[cfg(feature = "direct")]
mod direct_over_frames {
    suite!(crate::support::over_frames);
}

#[cfg(feature = "tss")]
mod stack_over_tcp {
    suite!(crate::support::over_stack);
}
