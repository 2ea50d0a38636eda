//! The calls that were received: how many of each action, and which.

use std::collections::BTreeMap;

/// Most calls that are recorded; further ones are counted alone.
const MAX_RECORDED: usize = 20_000;
/// Most actions that are counted: names are the client's.
const MAX_ACTIONS: usize = 1024;

/// A call with a valid signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The action.
    pub action: String,
    /// All parameters, in the order of the request.
    pub parameters: Vec<(String, String)>,
    /// Whether moto received it, or the twin answered it as moto would.
    pub was_performed: bool,
    /// The HTTP status of the answer; `None` if it has none, because it was lost or is not made yet.
    pub status: Option<u16>,
}

/// What was received.
#[derive(Debug, Default)]
pub(super) struct Calls {
    counts: BTreeMap<String, u64>,
    recorded: Vec<RecordedCall>,
    /// Incremented by [`Self::forget`]: what began before does not end here.
    epoch: u64,
}

/// The place of a recorded call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    epoch: u64,
    index: usize,
}

impl Calls {
    pub(super) fn begin(&mut self, action: &str, parameters: &[(String, String)]) -> Place {
        if self.counts.len() < MAX_ACTIONS || self.counts.contains_key(action) {
            let count = self.counts.entry(action.to_owned()).or_default();
            *count = count.saturating_add(1);
        }
        let place = Place { epoch: self.epoch, index: self.recorded.len() };
        if self.recorded.len() < MAX_RECORDED {
            let (action, parameters) = (action.to_owned(), parameters.to_vec());
            self.recorded.push(RecordedCall { action, parameters, was_performed: false, status: None });
        }
        place
    }

    /// The call was performed by moto or by the twin.
    pub(super) fn performed(&mut self, place: Place) {
        if let Some(call) = self.at(place) {
            call.was_performed = true;
        }
    }

    pub(super) fn answered(&mut self, place: Place, status: u16) {
        if let Some(call) = self.at(place) {
            call.status = Some(status);
        }
    }

    fn at(&mut self, place: Place) -> Option<&mut RecordedCall> {
        self.recorded.get_mut(place.index).filter(|_| place.epoch == self.epoch)
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    pub(super) fn recorded(&self) -> Vec<RecordedCall> {
        self.recorded.clone()
    }

    pub(super) fn forget(&mut self) {
        *self = Self { epoch: self.epoch.saturating_add(1), ..Self::default() };
    }
}
