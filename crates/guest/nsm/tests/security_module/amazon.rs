//! The messages of aws-nitro-enclaves-nsm-api, the library of Amazon's own programs: the same bytes both ways.

use std::collections::BTreeSet;

use aws_nitro_enclaves_nsm_api::api;
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use teeproof_nsm::{AttestationFields, ErrorCode, Request, Response};

/// Amazon's request as CBOR, by the library's types.
fn theirs(request: &api::Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(request, &mut bytes).unwrap();
    bytes
}

/// Our reading of Amazon's answer.
fn parsed(response: &api::Response) -> Response {
    let mut bytes = Vec::new();
    ciborium::into_writer(response, &mut bytes).unwrap();
    Response::from_cbor(&bytes).unwrap()
}

fn buffer(bytes: Option<&[u8]>) -> Option<ByteBuf> {
    bytes.map(ByteBuf::from)
}

proptest! {
    #[test]
    fn requests_have_the_same_bytes(
        index in any::<u16>(),
        data in proptest::collection::vec(any::<u8>(), 0..600),
        fields in any::<[bool; 3]>(),
    ) {
        let [nonce, user_data, public_key] = fields.map(|given| given.then_some(data.as_slice()));
        let ours = Request::Attestation(AttestationFields { nonce, user_data, public_key });
        let pairs = [
            (Request::DescribeNsm, api::Request::DescribeNSM),
            (Request::GetRandom, api::Request::GetRandom),
            (Request::DescribePcr { index }, api::Request::DescribePCR { index }),
            (Request::ExtendPcr { index, data: &data }, api::Request::ExtendPCR { index, data: data.clone() }),
            (Request::LockPcr { index }, api::Request::LockPCR { index }),
            (Request::LockPcrs { range: index }, api::Request::LockPCRs { range: index }),
            (
                ours,
                api::Request::Attestation {
                    user_data: buffer(user_data),
                    nonce: buffer(nonce),
                    public_key: buffer(public_key),
                },
            ),
        ];
        for (ours, amazons) in pairs {
            prop_assert_eq!(ours.to_cbor().unwrap(), theirs(&amazons), "{:?}", ours);
        }
    }

    #[test]
    fn answers_are_parsed_as_they_were_meant(
        data in proptest::collection::vec(any::<u8>(), 48),
        document in proptest::collection::vec(any::<u8>(), 0..9000),
        lock in any::<bool>(),
        locked in proptest::collection::btree_set(0_u16..32, 0..32),
    ) {
        match parsed(&api::Response::DescribePCR { lock, data: data.clone() }) {
            Response::DescribePcr(state) => {
                prop_assert_eq!((state.is_locked, &state.value), (lock, &data));
            }
            other => prop_assert!(false, "{:?}", other),
        }
        prop_assert_eq!(parsed(&api::Response::ExtendPCR { data: data.clone() }), Response::ExtendPcr(data));
        prop_assert_eq!(parsed(&api::Response::Attestation { document: document.clone() }), Response::Attestation(document));
        let locked_pcrs: BTreeSet<u16> = locked;
        let description = api::Response::DescribeNSM {
            version_major: 1,
            version_minor: 2,
            version_patch: 3,
            module_id: "i-1-enc1".into(),
            max_pcrs: 32,
            locked_pcrs: locked_pcrs.clone(),
            digest: api::Digest::SHA384,
        };
        match parsed(&description) {
            Response::DescribeNsm(parsed) => {
                prop_assert_eq!(parsed.version, [1, 2, 3]);
                prop_assert_eq!(parsed.digest, "SHA384");
                prop_assert_eq!(parsed.locked_pcrs, locked_pcrs.into_iter().collect::<Vec<_>>());
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn answers_without_parameters_and_errors_are_the_same() {
    assert_eq!(parsed(&api::Response::LockPCR), Response::LockPcr);
    assert_eq!(parsed(&api::Response::LockPCRs), Response::LockPcrs);
    for (theirs, ours) in [
        (api::ErrorCode::Success, ErrorCode::Unknown("Success".into())),
        (api::ErrorCode::InvalidArgument, ErrorCode::InvalidArgument),
        (api::ErrorCode::InvalidIndex, ErrorCode::InvalidIndex),
        (api::ErrorCode::InvalidResponse, ErrorCode::InvalidResponse),
        (api::ErrorCode::ReadOnlyIndex, ErrorCode::ReadOnlyIndex),
        (api::ErrorCode::InvalidOperation, ErrorCode::InvalidOperation),
        (api::ErrorCode::BufferTooSmall, ErrorCode::BufferTooSmall),
        (api::ErrorCode::InputTooLarge, ErrorCode::InputTooLarge),
        (api::ErrorCode::InternalError, ErrorCode::InternalError),
    ] {
        assert_eq!(parsed(&api::Response::Error(theirs)), Response::Error(ours));
    }
}
