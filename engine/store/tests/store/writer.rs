//! Group commit and its failures, on a backend that the test holds by the hand.

use std::{
    ops::Range,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{TryRecvError, channel},
    },
};

use crate::common::{Book, append, fact};
use botswain_core::{
    RunId,
    index::{Batch, State},
};
use botswain_store::{
    AppendError, Store,
    backend::{Backend, Entry, Error, Write, memory::Memory},
};

/// Writes only while the gate is open, counts the writes, and fails on demand.
#[derive(Default)]
struct Gate {
    memory: Memory,
    shut: Mutex<bool>,
    moved: Condvar,
    /// Writes that have begun.
    begun: AtomicUsize,
    failing: Mutex<bool>,
}

impl Gate {
    fn set_shut(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.moved.notify_all();
    }

    fn wait_for_begun(&self, count: usize) {
        let mut shut = self.shut.lock().unwrap();
        while self.begun.load(Ordering::SeqCst) < count {
            shut = self.moved.wait(shut).unwrap();
        }
    }
}

impl Backend for Gate {
    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        let mut shut = self.shut.lock().unwrap();
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.moved.notify_all();
        while *shut {
            shut = self.moved.wait(shut).unwrap();
        }
        match *self.failing.lock().unwrap() {
            true => Err(Error::Full),
            false => self.memory.write(writes),
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.memory.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, limit: usize, reverse: bool) -> Result<Vec<Entry>, Error> {
        self.memory.scan(range, limit, reverse)
    }
}

fn store_behind_a_gate() -> (Arc<Gate>, Store) {
    let gate = Arc::new(Gate::default());
    let store = Store::on(Arc::clone(&gate) as Arc<dyn Backend>).unwrap();
    gate.begun.store(0, Ordering::SeqCst);
    (gate, store)
}

#[test]
fn what_waits_is_written_together_and_answered_when_durable() {
    let (gate, store) = store_behind_a_gate();
    let mut book = Book::default();
    let (reply, answers) = channel();
    gate.set_shut(true);
    for number in 0..100 {
        if number == 1 {
            gate.wait_for_begun(1);
        }
        let reply = reply.clone();
        let batch = book.step(&RunId::root(number), "a", State::Running, 1);
        store.append(batch, move |result| reply.send((number, result)).unwrap());
    }
    assert_eq!(answers.try_recv(), Err(TryRecvError::Empty));
    gate.set_shut(false);
    let got: Vec<_> = answers.iter().take(100).collect();
    let expected: Vec<_> = (0..100).map(|number| (number, Ok(()))).collect();
    assert_eq!(got, expected);
    assert_eq!(gate.begun.load(Ordering::SeqCst), 2);
}

#[test]
fn a_bad_batch_does_not_hinder_its_neighbours() {
    let (gate, store) = store_behind_a_gate();
    let mut book = Book::default();
    let (reply, answers) = channel();
    gate.set_shut(true);
    let first = reply.clone();
    store.append(Batch::default(), move |result| first.send(result).unwrap());
    let bad = Batch {
        facts: vec![(RunId::root(1), 5, fact(5))],
        changes: Vec::new(),
    };
    let good = [
        book.step(&RunId::root(1), "a", State::Running, 1),
        bad,
        book.step(&RunId::root(1), "a", State::Running, 1),
    ];
    for batch in good {
        let reply = reply.clone();
        store.append(batch, move |result| reply.send(result).unwrap());
    }
    gate.set_shut(false);
    let answers: Vec<_> = answers.iter().take(4).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert_eq!(store.facts(&RunId::root(1)).unwrap().len(), 2);
}

#[test]
fn a_failed_write_is_final() {
    let (gate, store) = store_behind_a_gate();
    let mut book = Book::default();
    append(&store, book.step(&RunId::root(1), "a", State::Running, 1)).unwrap();
    *gate.failing.lock().unwrap() = true;
    let failed = Err(AppendError::Final("the disk is full".to_owned()));
    let lost = book.step(&RunId::root(2), "a", State::Running, 1);
    assert_eq!(append(&store, lost), failed);
    *gate.failing.lock().unwrap() = false;
    let writes = gate.begun.load(Ordering::SeqCst);
    let later = book.step(&RunId::root(3), "a", State::Running, 1);
    assert_eq!(append(&store, later), failed);
    assert_eq!(store.failure(), Some("the disk is full"));
    assert_eq!(gate.begun.load(Ordering::SeqCst), writes);
    assert_eq!(store.facts(&RunId::root(1)).unwrap().len(), 1);
}

#[test]
fn closing_writes_what_was_appended() {
    let (gate, store) = store_behind_a_gate();
    let mut book = Book::default();
    let (reply, answers) = channel();
    for number in 0..50 {
        let reply = reply.clone();
        let batch = book.step(&RunId::root(number), "a", State::Running, 1);
        store.append(batch, move |result| reply.send(result).unwrap());
    }
    drop((store, reply));
    assert_eq!(answers.iter().collect::<Vec<_>>(), vec![Ok(()); 50]);
    let again = Store::on(gate).unwrap();
    assert_eq!(again.open_runs().count(), 50);
}

#[test]
fn one_who_waits_and_panics_harms_nobody() {
    let store = Store::memory();
    let mut book = Book::default();
    let batch = book.step(&RunId::root(1), "a", State::Running, 1);
    store.append(batch, |_| panic!("of the test, on purpose"));
    append(&store, book.step(&RunId::root(1), "a", State::Running, 1)).unwrap();
    assert_eq!(store.failure(), None);
}
