//! moto's answers to calls that change nothing, repeated until something is changed: moto takes seconds for a list of a
//! thousand instances, and tests of long lists measure their client.

use std::collections::BTreeMap;

use super::upstream::Reply;

/// Most answers that are kept.
const MAX_ANSWERS: usize = 32;

/// Answers by the body of their requests.
#[derive(Debug, Default)]
pub(super) struct Lists {
    answers: BTreeMap<String, Reply>,
    changes: u64,
}

impl Lists {
    /// Whether an action changes nothing.
    pub(super) fn is_list(action: &str) -> bool {
        action.starts_with("Describe")
    }

    /// Something is about to be changed, or was.
    pub(super) fn change(&mut self) {
        self.changes = self.changes.saturating_add(1);
        self.answers.clear();
    }

    /// How many changes there were: an answer is kept if there was none since its request.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn get(&self, request: &str) -> Option<Reply> {
        self.answers.get(request).cloned()
    }

    pub(super) fn keep(&mut self, request: String, reply: &Reply, changes: u64) {
        if self.changes == changes && reply.status == 200 && self.answers.len() < MAX_ANSWERS {
            self.answers.insert(request, reply.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_until_something_is_changed() {
        let reply = Reply { status: 200, body: b"x".to_vec() };
        let mut lists = Lists::default();
        lists.keep("a".to_owned(), &reply, lists.changes());
        assert_eq!((lists.get("a"), lists.get("b")), (Some(reply.clone()), None));
        let before = lists.changes();
        lists.change();
        assert_eq!(lists.get("a"), None);
        // Of a request from before the change.
        lists.keep("a".to_owned(), &reply, before);
        assert_eq!(lists.get("a"), None);
        lists.keep("a".to_owned(), &Reply { status: 500, ..reply }, lists.changes());
        assert_eq!(lists.get("a"), None);
    }
}
