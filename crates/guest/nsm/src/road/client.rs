//! The client of a server of documents.

use std::io;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::stream::{ReadError, connect, read_frame, write_frame};
use super::{RoadAddress, RoadAnswer, RoadError, RoadForm, RoadRequest, max_answer_frame};

/// Requests a document or a bundle, once. `patience` is the time for everything; no request is repeated.
///
/// What is returned is not verified: the server, and everybody between here and there, can return what they want.
///
/// # Errors
/// Any but [`RoadError::Listen`].
pub fn fetch(address: &RoadAddress, request: &RoadRequest, patience: Duration) -> Result<Vec<u8>, RoadError> {
    let message = request.to_cbor().map_err(RoadError::Request)?;
    let failed = |source| RoadError::Connection { address: address.to_string(), source };
    let runtime = runtime().map_err(failed)?;
    let exchange = async {
        let mut stream = connect(address).await.map_err(failed)?;
        write_frame(stream.as_mut(), &message).await.map_err(failed)?;
        read_frame(stream.as_mut(), max_answer_frame(request.form)).await.map_err(|error| match error {
            ReadError::Io(source) => failed(source),
            ReadError::Frame(error) => RoadError::Frame(error),
        })
    };
    let answer = runtime.block_on(async { tokio::time::timeout(patience, exchange).await });
    // A host that is still being looked up is not waited for.
    runtime.shutdown_background();
    let timed_out = |_| RoadError::TimedOut { address: address.to_string(), waited: patience };
    let answer = answer.map_err(timed_out)??;
    match (RoadAnswer::from_cbor(&answer).map_err(RoadError::Message)?, request.form) {
        (RoadAnswer::Document(bytes), RoadForm::Document) | (RoadAnswer::Bundle(bytes), RoadForm::Bundle) => {
            Ok(bytes)
        }
        (RoadAnswer::Error(text), _) => Err(RoadError::Refused(text)),
        _ => Err(RoadError::OtherForm),
    }
}

/// Connects and closes the connection again: whether somebody listens there.
///
/// # Errors
/// [`RoadError::Connection`], [`RoadError::TimedOut`].
pub fn is_reachable(address: &RoadAddress, patience: Duration) -> Result<(), RoadError> {
    let failed = |source| RoadError::Connection { address: address.to_string(), source };
    let runtime = runtime().map_err(failed)?;
    let connected = runtime.block_on(async { tokio::time::timeout(patience, connect(address)).await });
    runtime.shutdown_background();
    match connected {
        Ok(connected) => connected.map(drop).map_err(failed),
        Err(_) => Err(RoadError::TimedOut { address: address.to_string(), waited: patience }),
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build()
}
