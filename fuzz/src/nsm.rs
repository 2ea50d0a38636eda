//! The Nitro security module: its answers, frames on a stream, and the messages of a server of documents.

use teeproof_nsm::road::{MAX_NONCE, RoadAnswer, RoadRequest};
use teeproof_nsm::{
    ErrorCode, FrameError, FrameReader, HEAD_BYTES, MAX_ANSWER, MessageError, Response, frame,
};

use crate::bounds;
use crate::cost::bounded;
use crate::quiet::{is_plain, says_something};

/// `Response::from_cbor`: an answer of the module.
pub fn nsm_answer(input: &[u8]) -> bool {
    let answer = match bounded(&bounds::NSM_ANSWER, input.len(), || Response::from_cbor(input)) {
        Ok(answer) => answer,
        Err(error) => {
            refused(&error, input);
            return false;
        }
    };
    // Nothing is left out, and nothing follows.
    let (_, most) = input.split_last().unwrap_or((&0, input));
    assert!(Response::from_cbor(most).is_err());
    let longer = [input, &[0]].concat();
    assert_eq!(Response::from_cbor(&longer), Err(MessageError::Trailing { offset: input.len() }));
    match &answer {
        Response::Error(code) => {
            assert!(is_plain(code) && code.name().len() <= 64);
            assert!(!matches!(code, ErrorCode::Unknown(name) if name == "InvalidIndex"));
        }
        Response::DescribeNsm(description) => {
            assert!(description.locked_pcrs.is_sorted_by(|one, next| one < next));
        }
        Response::DescribePcr(state) => assert!(matches!(state.value.len(), 32 | 48 | 64)),
        Response::ExtendPcr(value) => assert!(matches!(value.len(), 32 | 48 | 64)),
        Response::Random(bytes) => assert!(bytes.len() < input.len()),
        Response::Attestation(document) => assert!(document.len() < input.len()),
        _ => {}
    }
    true
}

/// `FrameReader`: a stream in chunks, whose size is the first byte of the input.
pub fn nsm_frame(input: &[u8]) -> bool {
    let Some((size, stream)) = input.split_first() else { return false };
    let read = bounded(&bounds::NSM_FRAME, stream.len(), || read_in_chunks(stream, usize::from(*size) + 1));
    assert_eq!(read, read_in_chunks(stream, stream.len().max(1)), "the size of chunks changes the message");
    match &read {
        Ok(message) => {
            let again = frame(message).unwrap_or_default();
            assert!(stream.starts_with(&again), "another frame than the one that was read");
        }
        Err(error) => {
            assert!(says_something(error));
            if let FrameError::Cut { bytes, expected } = error {
                assert!(*bytes == stream.len() && bytes < expected && *expected <= HEAD_BYTES + MAX_ANSWER);
            }
        }
    }
    read.is_ok()
}

fn read_in_chunks(mut stream: &[u8], size: usize) -> Result<Vec<u8>, FrameError> {
    let mut reader = FrameReader::new(MAX_ANSWER);
    while reader.wanted() > 0 && !stream.is_empty() {
        let (chunk, rest) = stream.split_at(size.min(reader.wanted()).min(stream.len()));
        reader.push(chunk)?;
        stream = rest;
    }
    reader.finish().map(|mut body| core::mem::take(&mut *body))
}

/// `RoadRequest::from_cbor` or `RoadAnswer::from_cbor`, by the first byte of the input; what they read is written and
/// read again.
pub fn road_message(input: &[u8]) -> bool {
    let Some((which, message)) = input.split_first() else { return false };
    if which % 2 == 0 {
        match bounded(&bounds::ROAD_MESSAGE, message.len(), || RoadRequest::from_cbor(message)) {
            Ok(request) => {
                assert!((1..=MAX_NONCE).contains(&request.nonce.len()));
                let written = request.to_cbor();
                assert!(written.is_ok_and(|bytes| RoadRequest::from_cbor(&bytes) == Ok(request)));
                true
            }
            Err(error) => {
                refused(&error, message);
                false
            }
        }
    } else {
        match bounded(&bounds::ROAD_MESSAGE, message.len(), || RoadAnswer::from_cbor(message)) {
            Ok(answer) => {
                assert_eq!(RoadAnswer::from_cbor(&answer.to_cbor()), Ok(answer));
                true
            }
            Err(error) => {
                refused(&error, message);
                false
            }
        }
    }
}

/// An error says something that a terminal does not obey, at an offset of the input.
fn refused(error: &MessageError, input: &[u8]) {
    assert!(says_something(error) && is_plain(error));
    match error {
        MessageError::Cut { bytes } => assert_eq!(*bytes, input.len()),
        MessageError::Trailing { offset } | MessageError::Form { offset, .. } => {
            assert!(*offset <= input.len())
        }
        _ => {}
    }
}
