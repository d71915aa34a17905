//! Under which keys the records lie.
//!
//! The first byte says the kind; names end with a zero byte, numbers are
//! big-endian, so that the order of the bytes is the order in which things are
//! listed. No kind is `0xff`, which belongs to the backend.

use std::ops::Range;

use botswain_core::{
    ExceptionId, Hash, RunId, StepId,
    index::{ClaimKey, Pending, Reached, State, Summary},
};

pub(crate) type Key = Vec<u8>;

/// Many keys end with a number.
const NUMBER: usize = size_of::<u64>();

/// The format of the whole store.
pub(crate) const FORMAT: &[u8] = b"m/format";
/// How many records there are, and the digest over them.
pub(crate) const LEDGER: &[u8] = b"m/ledger";
/// The highest numbers in use.
pub(crate) const COUNTERS: &[u8] = b"m/counters";

/// Which runs were pruned.
pub(crate) const PRUNED: &[u8] = b"m/pruned";
/// That the store was made from a backup.
pub(crate) const QUARANTINE: &[u8] = b"m/quarantine";

/// Every record of the store.
pub(crate) const ALL: Range<&[u8]> = b"\0".as_slice()..b"\xff".as_slice();

pub(crate) fn fact(run: &RunId, seq: u64) -> Key {
    let mut key = facts(run);
    key.extend(seq.to_be_bytes());
    key
}

/// Begins the keys of all facts of `run`.
pub(crate) fn facts(run: &RunId) -> Key {
    named(b'f', &[run.as_str()])
}

/// The run whose fact or summary lies under this key.
pub(crate) fn run_of(key: &[u8]) -> Option<RunId> {
    let names = key.strip_prefix(b"f").or_else(|| key.strip_prefix(b"s"))?;
    let name = names.split(|byte| *byte == 0).next()?;
    str::from_utf8(name).ok()?.parse().ok()
}

/// A key as a person may read it.
pub(crate) fn readable(key: &[u8]) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    String::from_utf8_lossy(key).chars().map(shown).collect()
}

/// What begins the keys of facts, summaries, items and tallies of a run that was started and of
/// all runs below it.
pub(crate) fn tree(number: u64) -> [Key; 8] {
    let of = |kind: u8, end: u8| [&[kind], number.to_string().as_bytes(), &[end]].concat();
    let kinds = *b"itsf";
    std::array::from_fn(|nth| of(kinds[nth / 2], [b'.', 0][nth % 2]))
}

/// Begins the keys of all open runs below the one with this number, and its own.
pub(crate) fn open_below(number: u64) -> Key {
    [b"o", &number.to_be_bytes()[..]].concat()
}

/// The place of a fact in its run, from its key.
pub(crate) fn seq(fact: &[u8]) -> Option<u64> {
    let tail = fact.last_chunk::<8>()?;
    Some(u64::from_be_bytes(*tail))
}

pub(crate) fn is_fact(key: &[u8]) -> bool {
    key.first() == Some(&b'f')
}

pub(crate) fn summary(run: &RunId) -> Key {
    named(b's', &[run.as_str()])
}

pub(crate) fn item(parent: &RunId, step: &StepId, index: u64) -> Key {
    let mut key = items(parent, step);
    key.extend(index.to_be_bytes());
    key
}

/// Begins the keys of the items of a `for_each`.
pub(crate) fn items(parent: &RunId, step: &StepId) -> Key {
    named(b'i', &[parent.as_str(), step.as_str()])
}

pub(crate) fn tally(parent: &RunId, step: &StepId) -> Key {
    named(b't', &[parent.as_str(), step.as_str()])
}

pub(crate) fn exception(id: ExceptionId) -> Key {
    [b"e", &id.0.to_be_bytes()[..]].concat()
}

/// Claims are looked up by their whole key, which may be long: its hash is as good.
pub(crate) fn claim(claim: &ClaimKey) -> Key {
    let step = claim.step.as_ref().map_or("", StepId::as_str);
    let text = format!("{}\0{step}\0{}", claim.workflow, claim.text);
    named(b'c', &[&claim.workflow, Hash::of(text.as_bytes()).as_str()])
}

pub(crate) fn fired(workflow: &str, schedule: &str) -> Key {
    named(b'g', &[workflow, Hash::of(schedule.as_bytes()).as_str()])
}

/// How far a source has gone through a series of numbers.
pub(crate) fn reached(it: &Reached) -> Key {
    let series = format!("{}\0{}", it.source, it.series);
    named(b'n', &[&it.workflow, Hash::of(series.as_bytes()).as_str()])
}

/// Begins the keys of all series that sources of a workflow have gone through.
pub(crate) fn series(workflow: &str) -> Key {
    named(b'n', &[workflow])
}

/// What is still to become a run, by what it is.
pub(crate) fn pending(pending: &Pending) -> Key {
    let trigger = format!("{}\0{}", pending.trigger, pending.happening.key);
    named(
        b'p',
        &[&pending.workflow, Hash::of(trigger.as_bytes()).as_str()],
    )
}

/// A correction lies under the hash of the text that it corrects, which may be long.
pub(crate) fn mapping(table: &str, from: &str) -> Key {
    named(b'k', &[table, Hash::of(from.as_bytes()).as_str()])
}

/// Begins the keys of a table of corrections, or of all of them.
pub(crate) fn mappings(table: Option<&str>) -> Key {
    named(b'k', table.as_slice())
}

pub(crate) fn version(hash: &Hash) -> Key {
    named(b'v', &[hash.as_str()])
}

/// The lists in which a run of this summary stands. Their records hold its id.
pub(crate) fn lists(run: &Summary) -> Vec<Key> {
    let mut lists = lasting_lists(run);
    lists.extend(lists_by_state(run, run.state));
    lists
}

/// The lists in which it stands whatever its state.
pub(crate) fn lasting_lists(run: &Summary) -> Vec<Key> {
    match &run.parent {
        Some((parent, step, index)) => vec![item(parent, step, *index)],
        None => {
            let narrowed = [list(None, None), list(Some(&run.workflow), None)];
            narrowed.map(|list| numbered(list, run)).into()
        }
    }
}

/// The lists in which it stands because of its state.
pub(crate) fn lists_by_state(run: &Summary, state: State) -> Vec<Key> {
    let mut lists = Vec::new();
    if run.parent.is_none() {
        let narrowed = [
            list(None, Some(state)),
            list(Some(&run.workflow), Some(state)),
        ];
        lists.extend(narrowed.map(|list| numbered(list, run)));
    }
    // A run that waits for a person is found by its exception: there may be very many.
    if !state.has_ended() && state != State::Parked {
        let mut open = numbered(vec![b'o'], run);
        open.extend(run.id.as_str().as_bytes());
        lists.push(open);
    }
    lists
}

fn numbered(mut list: Key, run: &Summary) -> Key {
    list.extend(run.id.number().to_be_bytes());
    list
}

/// Begins the keys of the started runs that fit, in the order of their numbers.
pub(crate) fn list(workflow: Option<&str>, state: Option<State>) -> Key {
    match (workflow, state) {
        (None, None) => vec![b'r'],
        (Some(workflow), None) => named(b'w', &[workflow]),
        (None, Some(state)) => vec![b'x', code(state)],
        (Some(workflow), Some(state)) => {
            let mut key = named(b'y', &[workflow]);
            key.push(code(state));
            key
        }
    }
}

/// All keys that begin with `prefix`.
pub(crate) fn below(prefix: &[u8]) -> Range<Key> {
    prefix.to_vec()..end(prefix)
}

/// The first key after all that begin with `prefix`.
pub(crate) fn end(prefix: &[u8]) -> Key {
    let mut end = prefix.to_vec();
    while end.pop_if(|byte| *byte == 0xff).is_some() {}
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

fn named(kind: u8, names: &[&str]) -> Key {
    let length: usize = names.iter().map(|name| name.len() + 1).sum();
    let mut key = Vec::with_capacity(1 + length + NUMBER);
    key.push(kind);
    for name in names {
        key.extend(name.as_bytes());
        key.push(0);
    }
    key
}

// Stored: a state keeps its number for ever.
fn code(state: State) -> u8 {
    match state {
        State::Queued => 1,
        State::Running => 2,
        State::Waiting => 3,
        State::Parked => 4,
        State::Succeeded => 5,
        State::Skipped => 6,
        State::Failed => 7,
        State::Cancelled => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_of_a_run_are_not_those_of_its_namesake() {
        let range = below(&facts(&RunId::root(1)));
        assert!(range.contains(&fact(&RunId::root(1), u64::MAX)));
        assert!(!range.contains(&fact(&RunId::root(10), 0)));
        assert!(!range.contains(&fact(&RunId::root(1).item(&"a".into(), 0), 0)));
    }

    #[test]
    fn the_end_of_a_prefix_lies_behind_all_its_keys() {
        assert_eq!(end(b"a"), b"b");
        assert_eq!(end(&[1, 0xff]), [2]);
    }
}
