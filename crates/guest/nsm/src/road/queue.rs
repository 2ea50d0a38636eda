//! The queue to the module, which answers one request at a time: a thread of its own.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::oneshot;

use super::ServedFields;
use crate::{AttestationFields, Nsm, NsmError};

/// The sending end of the queue. The thread ends with the last one.
#[derive(Clone, Debug)]
pub(super) struct Queue(SyncSender<Job>);

#[derive(Debug)]
struct Job {
    nonce: Vec<u8>,
    answer: oneshot::Sender<Result<Vec<u8>, NsmError>>,
}

impl Queue {
    /// Starts the thread. At most `length` requests wait.
    pub(super) fn start(nsm: Box<dyn Nsm>, fields: ServedFields, length: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(length);
        std::thread::Builder::new()
            .name("nsm".into())
            .stack_size(256 * 1024)
            .spawn(move || answer_all(nsm, &fields, &receiver))?;
        Ok(Self(sender))
    }

    /// Requests a document; `None` if too many requests wait.
    pub(super) fn request(&self, nonce: Vec<u8>) -> Option<oneshot::Receiver<Result<Vec<u8>, NsmError>>> {
        let (answer, receiver) = oneshot::channel();
        self.0.try_send(Job { nonce, answer }).ok().map(|()| receiver)
    }
}

fn answer_all(mut nsm: Box<dyn Nsm>, fields: &ServedFields, jobs: &Receiver<Job>) {
    for job in jobs {
        // It waited for too long, or the server ends. A client that hung up is not noticed: it may only have said that it
        // sends no more.
        if job.answer.is_closed() {
            continue;
        }
        let document = nsm.attest(AttestationFields {
            nonce: Some(&job.nonce),
            user_data: fields.user_data.as_deref(),
            public_key: fields.public_key.as_deref(),
        });
        let _ = job.answer.send(document);
    }
}
