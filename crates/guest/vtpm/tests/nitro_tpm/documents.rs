//! Documents of a healthy twin.

use std::thread;

use teeproof_vtpm::nitro_tpm::{MAX_NSM_REQUEST, nsm_exchange};
use teeproof_vtpm::{Tpm, open};

use crate::instance::{NONCE, ask, direct, document, has, nothing_is_left, request, start};
use crate::simulator;

#[test]
fn a_document_has_the_fields_of_the_request_and_the_pcrs_of_the_tpm() {
    let twin = start(None);
    let mut tpm = direct(&twin);
    tpm.pcr_extend(11, 0x000c, &[0xab; 48]).unwrap();
    let registers = teeproof_wire::tpm::Selection { bank: 0x000c, bitmap: 1 << 11 };
    let extended = tpm.pcr_read(registers).unwrap().values.concat();
    assert_ne!(extended, [0; 48]);
    let (user_data, public_key) = ([0x11; 512], [0x22; 294]);
    let request = request(Some(&user_data), Some(&NONCE), Some(&public_key));
    let answer = nsm_exchange(&mut tpm, &request).unwrap();
    let document = document(&answer);
    for part in
        [&user_data[..], &NONCE, &public_key, &extended, twin.module_id().as_bytes(), b"nitrotpm_pcrs"]
    {
        assert!(has(document, part), "{part:x?}");
    }
    nothing_is_left(&mut tpm);
}

#[test]
fn every_transport_of_this_library_carries_it() {
    let twin = start(None);
    let port = simulator::in_front_of(&twin.address());
    for address in [twin.address(), format!("mssim:host=127.0.0.1,port={port}")] {
        assert!(has(document(&ask(&address).unwrap()), &NONCE), "{address}");
        nothing_is_left(open(&address.parse().unwrap()).unwrap().as_mut());
    }
}

#[test]
fn the_longest_fields_fit_the_message_buffer() {
    let twin = start(None);
    let mut tpm = direct(&twin);
    let field = [0x77; 1024];
    let request = request(Some(&field), Some(&field), Some(&field));
    assert!(request.len() <= MAX_NSM_REQUEST);
    let answer = nsm_exchange(&mut tpm, &request).unwrap();
    assert!(document(&answer).len() > 3 * field.len());
    nothing_is_left(&mut tpm);
}

#[test]
fn answers_of_the_module_that_are_errors_are_answers() {
    let twin = start(None);
    let mut tpm = direct(&twin);
    let answer = nsm_exchange(&mut tpm, b"\x6bDescribeNSM").unwrap();
    assert_eq!(answer.as_slice(), b"\xa1\x65Error\x70InvalidOperation");
    let answer = nsm_exchange(&mut tpm, &request(Some(&[0; 1025]), None, None)).unwrap();
    assert_eq!(answer.as_slice(), b"\xa1\x65Error\x6dInputTooLarge");
    nothing_is_left(&mut tpm);
}

#[test]
fn several_programs_at_once_get_each_its_own() {
    let twin = start(None);
    let address = twin.address();
    let programs: Vec<_> = (0..4_u8)
        .map(|number| {
            let address = address.clone();
            thread::spawn(move || {
                let mut tpm = open(&address.parse().unwrap()).unwrap();
                for round in 0..3 {
                    let nonce = [number.wrapping_mul(16) | round; 32];
                    let answer = nsm_exchange(tpm.as_mut(), &request(None, Some(&nonce), None)).unwrap();
                    assert!(has(document(&answer), &nonce));
                }
            })
        })
        .collect();
    programs.into_iter().for_each(|program| program.join().unwrap());
    nothing_is_left(&mut direct(&twin));
}

#[test]
fn an_index_of_another_program_is_left_alone() {
    let twin = start(None);
    let mut tpm = direct(&twin);
    let public = teeproof_vtpm::NvPublic {
        index: 0x0180_0000,
        name_algorithm: 0x000b,
        attributes: teeproof_vtpm::NvAttributes::AUTHREAD | teeproof_vtpm::NvAttributes::AUTHWRITE,
        policy: Vec::new(),
        data_size: 8192,
    };
    tpm.nv_define(&public).unwrap();
    // The next one is used, and this one stays.
    ask(&twin.address()).unwrap();
    assert_eq!(tpm.handles(0x0180_0000).unwrap(), [0x0180_0000]);
    tpm.nv_undefine(0x0180_0000).unwrap();
    nothing_is_left(&mut tpm);
}
