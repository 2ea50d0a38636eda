//! The crate against the twin of a paravisor, over each transport of this build; and against TPMs
//! that give one answer that no honest TPM gives.

#![cfg(any(feature = "direct", feature = "tss"))]
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod machine;
mod tpm;

mod bent;
mod certificates;
mod collect;
#[cfg(feature = "seal")]
mod envelope;
mod event_log;
mod faults;
mod fresh;
mod index;
mod input;
mod quote;
mod report;
#[cfg(feature = "seal")]
mod sealing;
mod together;

/// Makes tests of the cases of an area, one for each transport.
macro_rules! over {
    ($transport:ident: $($area:ident { $($case:ident)* })*) => {
        $(
            mod $area {
                $(
                    #[test]
                    fn $case() {
                        crate::$area::$case(crate::machine::Transport::$transport);
                    }
                )*
            }
        )*
    };
}

/// All cases, over one transport.
macro_rules! suite {
    ($transport:ident) => {
        over! { $transport:
            report {
                every_generation_is_read
                every_size_up_to_the_largest_is_read
                a_tpm_without_a_paravisor_has_none
            }
            fresh {
                the_first_try_if_a_renewal_is_due
                the_second_try_if_it_was_just_renewed
                the_newest_user_data_is_in_it
                every_wait_is_told
                a_deadline_before_the_first_pause
                user_data_of_other_lengths
                a_paravisor_without_user_data
            }
            input {
                it_is_defined_as_it_has_to_be
                an_index_that_is_there_is_kept
                an_index_of_somebody_elses
                a_locked_index
            }
            faults {
                stale
                renewal
                torn
                oversize
                wrong_type
                gone
            }
            together {
                two_that_ask_at_the_same_time
                somebody_reads_all_the_time
            }
            quote {
                nonces_of_every_length
                several_banks_in_one_quote
                registers_of_every_bank
                a_bank_that_is_not_there
                a_key_that_is_not_there
            }
            collect {
                everything_in_one_bundle
                what_a_request_changes
                what_is_missing_is_named
                what_ends_a_collection
                the_example_writes_a_bundle
            }
            certificates {
                that_of_the_attestation_key
                that_of_the_endorsement_key
            }
            index {
                any_place_and_length
                nothing_is_written_beyond_the_end
                an_index_that_nobody_wrote
            }
            bent {
                quotes
                quotes_of_others
                registers_that_move
                registers
                sizes
                lists
                pieces
                old_and_then_torn
                the_input
            }
        }

        #[cfg(feature = "seal")]
        mod secrets {
            over! { $transport:
                sealing {
                    a_key_is_the_same_each_time_and_certified
                    every_padding_and_length
                    a_hash_that_the_paravisors_tpm_does_not_have
                    what_does_not_come_out
                    registers_that_changed
                    another_machine
                    what_is_no_key
                    failures_leave_nothing_behind
                }
                envelope {
                    data_of_every_size
                    every_padding
                    not_a_bit_can_be_changed
                    after_an_extension
                }
            }
        }
    };
}

#[cfg(feature = "direct")]
mod direct {
    suite!(Direct);
}

/// What makes objects and sessions, or has company: nothing else differs there.
#[cfg(feature = "direct")]
mod managed {
    over! { Managed:
        fresh {
            the_first_try_if_a_renewal_is_due
        }
        together {
            two_that_ask_at_the_same_time
            somebody_reads_all_the_time
        }
        quote {
            several_banks_in_one_quote
        }
    }

    #[cfg(feature = "seal")]
    mod secrets {
        over! { Managed:
            sealing {
                a_key_is_the_same_each_time_and_certified
                every_padding_and_length
                what_does_not_come_out
                registers_that_changed
                failures_leave_nothing_behind
            }
            envelope {
                every_padding
            }
        }
    }
}

#[cfg(feature = "tss")]
mod stack {
    suite!(Stack);
}
