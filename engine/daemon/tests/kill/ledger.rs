//! What the supplier did, by its own books.

/// Every order that came, in the order in which it was dealt with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(pub(crate) Vec<Entry>);

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) reference: String,
    pub(crate) idempotency_key: String,
    /// The number under which it was counted; none when it was turned away.
    pub(crate) number: Option<u64>,
    pub(crate) answer: Answer,
}

/// What was answered, whether or not anybody was there to hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Status(u16),
    HungUp,
}

impl Answer {
    /// Whether whoever asked cannot know what was done.
    pub(crate) fn leaves_in_doubt(self) -> bool {
        matches!(self, Answer::HungUp | Answer::Status(500))
    }
}

impl Ledger {
    /// How often a request with this key was dealt with.
    pub(crate) fn seen(&self, idempotency_key: &str) -> usize {
        let same = |entry: &&Entry| entry.idempotency_key == idempotency_key;
        self.0.iter().filter(same).count()
    }

    /// Writes an order down, and counts it if it is taken; gives its number then.
    pub(crate) fn enter(
        &mut self,
        reference: &str,
        idempotency_key: &str,
        counts: bool,
        answer: Answer,
    ) -> Option<u64> {
        let taken = self.0.iter().filter(|entry| entry.number.is_some()).count();
        let number = counts.then_some(taken as u64 + 1);
        self.0.push(Entry {
            reference: reference.to_owned(),
            idempotency_key: idempotency_key.to_owned(),
            number,
            answer,
        });
        number
    }

    /// The numbers under which an order was counted: one, if all is well.
    pub(crate) fn numbers(&self, reference: &str) -> Vec<u64> {
        self.about(reference)
            .filter_map(|entry| entry.number)
            .collect()
    }

    pub(crate) fn about<'a>(&'a self, reference: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.0
            .iter()
            .filter(move |entry| entry.reference == reference)
    }
}
