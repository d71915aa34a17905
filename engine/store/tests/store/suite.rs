//! What the store promises, on both of its backends.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::common::{Book, append, changes, exception, fact, opens, resolves, time};
use botswain_core::engine::Counters;
use botswain_core::{
    ExceptionId, Hash, Payload, RunId, StepId,
    index::{Batch, Change, Claim, ClaimKey, Mapping, Reached, State, Tally},
    plan::{Plan, Version},
    run::fact::{Edit, Fact, Resolution, What},
};
use botswain_store::{AppendError, Filter, Store};
use indexmap::IndexMap;
use serde_json::json;

macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $test() { super::$test(&super::Store::memory()); })*
        }
        mod sled {
            $(#[test] fn $test() {
                let dir = tempfile::tempdir().unwrap();
                let store = super::open(dir.path());
                super::$test(&store);
                // Whatever a test did, the store is whole and opens again.
                let before = store.check().unwrap();
                drop(store);
                assert_eq!(super::open(dir.path()).check().unwrap(), before);
            })*
        }
    };
}

on_both!(
    facts_are_read_as_they_were_written,
    a_large_fact_is_kept_whole,
    a_gap_or_a_repeat_is_refused_alone,
    a_batch_over_several_runs_is_one,
    runs_are_listed_newest_first,
    open_runs_are_those_with_something_to_do,
    items_are_counted_by_state,
    many_batches_in_one_group_count_right,
    exceptions_come_and_go,
    a_key_is_claimed_once,
    the_newest_firing_counts,
    the_furthest_place_of_a_series_counts,
    a_correction_holds_until_it_is_revoked,
    a_version_is_kept_once,
    the_highest_numbers_stay,
    a_summary_that_does_not_fit_is_refused,
);

fn open(dir: &Path) -> Store {
    Store::open(&dir.join("store")).unwrap()
}

fn run(number: u64) -> RunId {
    RunId::root(number)
}

fn facts_are_read_as_they_were_written(store: &Store) {
    let mut book = Book::default();
    for _ in 0..3 {
        let batch = book.step(&run(1), "a", State::Running, 300);
        append(store, batch).unwrap();
    }
    append(store, book.step(&run(10), "a", State::Running, 1)).unwrap();
    let expected: Vec<Fact> = (0..900).map(fact).collect();
    assert_eq!(store.facts(&run(1)).unwrap(), expected);
    assert_eq!(store.facts(&run(2)).unwrap(), []);
    assert_eq!(store.summary(&run(1)).unwrap().unwrap().facts, 900);
    assert_eq!(store.check().unwrap().facts, 901);
}

fn a_large_fact_is_kept_whole(store: &Store) {
    let data = IndexMap::from([("text".to_owned(), json!("x".repeat(300_000)))]);
    let large = Fact {
        at: time(0),
        what: What::Resolved {
            step: "form".into(),
            exception: ExceptionId(1),
            resolution: Resolution::Edit(Edit::Item(data)),
            by: "mia".to_owned(),
            note: None,
        },
    };
    let batch = Batch {
        facts: vec![(run(1), 0, large.clone())],
        changes: Vec::new(),
    };
    append(store, batch).unwrap();
    assert_eq!(store.facts(&run(1)).unwrap(), [large]);
}

fn a_gap_or_a_repeat_is_refused_alone(store: &Store) {
    let mut book = Book::default();
    append(store, book.step(&run(1), "a", State::Running, 2)).unwrap();
    for found in [0, 1, 3] {
        // The other run's fact is good, but a batch is all or nothing.
        let bad = Batch {
            facts: vec![(run(2), 0, fact(0)), (run(1), found, fact(9))],
            changes: vec![opens(1)],
        };
        let refused = AppendError::Sequence {
            run: run(1),
            expected: 2,
            found,
        };
        assert_eq!(append(store, bad), Err(refused));
    }
    assert_eq!(store.facts(&run(2)).unwrap(), []);
    assert_eq!(store.exception(ExceptionId(1)).unwrap(), None);
    append(store, book.step(&run(1), "a", State::Running, 1)).unwrap();
    assert_eq!(store.facts(&run(1)).unwrap().len(), 3);
}

fn a_batch_over_several_runs_is_one(store: &Store) {
    let mut book = Book::default();
    let mut batch = book.step(&run(1), "a", State::Running, 2);
    let other = book.step(&run(2), "b", State::Queued, 1);
    batch.facts.extend(other.facts);
    batch.changes.extend(other.changes);
    append(store, batch).unwrap();
    assert_eq!(store.facts(&run(1)).unwrap().len(), 2);
    assert_eq!(store.facts(&run(2)).unwrap().len(), 1);
}

fn runs_are_listed_newest_first(store: &Store) {
    let mut book = Book::default();
    for number in 1..=300 {
        let workflow = ["a", "ab"][number as usize % 2];
        append(store, book.step(&run(number), workflow, State::Running, 1)).unwrap();
    }
    for number in [10, 11, 256] {
        let workflow = ["a", "ab"][number as usize % 2];
        append(store, book.step(&run(number), workflow, State::Failed, 1)).unwrap();
    }
    append(store, book.item(&run(7), "each", 0, State::Running)).unwrap();
    let among = |workflows: &[&str], state, before, limit| {
        let filter = Filter {
            workflows: Some(workflows.iter().map(|it| (*it).to_owned()).collect()),
            state,
        };
        let page = store.runs(&filter, before, limit).unwrap();
        page.iter().map(|run| run.id.number()).collect::<Vec<_>>()
    };
    let all = |state, before, limit| {
        let filter = Filter {
            workflows: None,
            state,
        };
        let page = store.runs(&filter, before, limit).unwrap();
        page.iter().map(|run| run.id.number()).collect::<Vec<_>>()
    };
    let listed = |workflow: Option<&str>, state, before, limit| match workflow {
        Some(workflow) => among(&[workflow], state, before, limit),
        None => all(state, before, limit),
    };
    // Of several workflows, what all of them have without the others.
    for (state, before) in [(None, None), (None, Some(257)), (Some(State::Failed), None)] {
        for limit in [1, 2, 7, 999] {
            let both = among(&["ab", "none", "a"], state, before, limit);
            assert_eq!(
                both,
                all(state, before, limit),
                "{state:?} {before:?} {limit}"
            );
        }
    }
    assert!(among(&[], None, None, 9).is_empty());
    assert_eq!(listed(None, None, None, 3), [300, 299, 298]);
    assert_eq!(listed(None, None, Some(298), 2), [297, 296]);
    assert!(listed(None, None, Some(1), 2).is_empty());
    assert_eq!(listed(Some("a"), None, None, 2), [300, 298]);
    assert_eq!(listed(Some("a"), None, Some(298), 2), [296, 294]);
    assert_eq!(listed(None, Some(State::Failed), None, 9), [256, 11, 10]);
    assert_eq!(listed(None, Some(State::Failed), Some(256), 9), [11, 10]);
    assert_eq!(listed(Some("a"), Some(State::Failed), None, 9), [256, 10]);
    assert_eq!(listed(None, Some(State::Running), None, 999).len(), 297);
    assert!(listed(Some("none"), None, None, 9).is_empty());
}

fn open_runs_are_those_with_something_to_do(store: &Store) {
    let mut book = Book::default();
    for number in [1, 2, 3, 20] {
        append(store, book.step(&run(number), "a", State::Running, 1)).unwrap();
    }
    append(store, book.item(&run(3), "each", 0, State::Parked)).unwrap();
    append(store, book.item(&run(3), "each", 1, State::Succeeded)).unwrap();
    append(store, book.step(&run(2), "a", State::Cancelled, 1)).unwrap();
    let open: Vec<String> = store
        .open_runs()
        .map(|run| run.unwrap().id.to_string())
        .collect();
    assert_eq!(open, ["1", "3", "20"]);
    append(store, book.item(&run(3), "each", 0, State::Waiting)).unwrap();
    assert_eq!(store.open_runs().count(), 4);
    append(store, book.item(&run(3), "each", 0, State::Succeeded)).unwrap();
    assert_eq!(store.open_runs().count(), 3);
}

fn items_are_counted_by_state(store: &Store) {
    let mut book = Book::default();
    let step = StepId::new("each");
    for index in 0..5 {
        append(store, book.item(&run(1), "each", index, State::Running)).unwrap();
    }
    append(store, book.item(&run(1), "each", 0, State::Succeeded)).unwrap();
    append(store, book.item(&run(1), "each", 3, State::Parked)).unwrap();
    append(store, book.item(&run(1), "other", 0, State::Failed)).unwrap();
    let tally = Tally {
        succeeded: 1,
        parked: 1,
        active: 3,
        ..Tally::default()
    };
    assert_eq!(store.tally(&run(1), &step).unwrap(), tally);
    assert_eq!(store.tally(&run(2), &step).unwrap(), Tally::default());
    let places = |from, limit| {
        let page = store.items(&run(1), &step, from, limit).unwrap();
        let places = page.into_iter().map(|item| item.parent.unwrap().2);
        places.collect::<Vec<_>>()
    };
    assert_eq!(places(1, 2), [1, 2]);
    assert_eq!(places(4, 9), [4]);
    assert!(places(5, 9).is_empty());
}

fn many_batches_in_one_group_count_right(store: &Store) {
    let mut book = Book::default();
    let (reply, answers) = std::sync::mpsc::channel();
    for state in [State::Running, State::Waiting, State::Parked, State::Failed] {
        for index in 0..200 {
            let reply = reply.clone();
            let batch = book.item(&run(1), "each", index, state);
            store.append(batch, move |result| reply.send(result).unwrap());
        }
    }
    drop(reply);
    let answers: Vec<_> = answers.iter().collect();
    assert_eq!(answers, vec![Ok(()); 800]);
    let tally = Tally {
        failed: 200,
        ..Tally::default()
    };
    assert_eq!(store.tally(&run(1), &"each".into()).unwrap(), tally);
    assert_eq!(store.open_runs().count(), 0);
}

fn exceptions_come_and_go(store: &Store) {
    append(store, changes((1..=300).map(opens).collect())).unwrap();
    append(
        store,
        changes(vec![resolves(2), resolves(299), resolves(999)]),
    )
    .unwrap();
    append(store, changes(vec![opens(7)])).unwrap();
    let page = |after: Option<u64>, limit| {
        let page = store.exceptions(after.map(ExceptionId), limit).unwrap();
        page.iter().map(|found| found.id.0).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 3), [1, 3, 4]);
    assert_eq!(page(Some(4), 2), [5, 6]);
    assert_eq!(page(Some(298), 9), [300]);
    assert_eq!(store.exception_count().unwrap(), 298);
    assert_eq!(store.exception(ExceptionId(2)).unwrap(), None);
    assert_eq!(store.exception(ExceptionId(7)).unwrap(), Some(exception(7)));
}

fn a_key_is_claimed_once(store: &Store) {
    let key = |step: Option<&str>, text: &str| ClaimKey {
        workflow: "order-entry".to_owned(),
        step: step.map(StepId::new),
        text: text.to_owned(),
    };
    let claims = |key: &ClaimKey, number, data: &[u8]| Change::Claim {
        claim: key.clone(),
        after: Some(Claim {
            run: run(number),
            data: Hash::of(data),
        }),
    };
    let first = key(Some("enter"), "1001-1");
    append(store, changes(vec![claims(&first, 1, b"data")])).unwrap();
    append(store, changes(vec![claims(&first, 1, b"edited")])).unwrap();
    let refused = AppendError::Claimed {
        claim: Box::new(first.clone()),
        by: run(1),
    };
    // Also when both come in one group, or in one batch.
    let second = changes(vec![opens(1), claims(&first, 2, b"data")]);
    assert_eq!(append(store, second), Err(refused));
    assert_eq!(store.exception_count().unwrap(), 0);
    let twice = key(None, "x");
    let both = changes(vec![claims(&twice, 1, b""), claims(&twice, 2, b"")]);
    assert!(matches!(
        append(store, both),
        Err(AppendError::Claimed { .. })
    ));
    let expected = Claim {
        run: run(1),
        data: Hash::of(b"edited"),
    };
    assert_eq!(store.claim(&first).unwrap(), Some(expected));
    assert_eq!(store.claim(&key(None, "1001-1")).unwrap(), None);
    assert_eq!(store.claim(&twice).unwrap(), None);
    // Given back because nothing was done under it, it is free for another.
    let (claim, after) = (first.clone(), None);
    append(store, changes(vec![Change::Claim { claim, after }])).unwrap();
    assert_eq!(store.claim(&first).unwrap(), None);
    append(store, changes(vec![claims(&first, 3, b"data")])).unwrap();
    assert_eq!(
        store.claim(&first).unwrap().map(|claim| claim.run),
        Some(run(3))
    );
}

fn the_newest_firing_counts(store: &Store) {
    let fires = |workflow: &str, schedule: &str, second| Change::Fired {
        workflow: workflow.to_owned(),
        schedule: schedule.to_owned(),
        at: time(second),
    };
    append(
        store,
        changes(vec![fires("a", "@daily", 60), fires("b", "0 7 * * *", 5)]),
    )
    .unwrap();
    append(
        store,
        changes(vec![fires("a", "@daily", 30), fires("a", "0 7 * * *", 10)]),
    )
    .unwrap();
    let fired = store.fired().unwrap();
    let key =
        |workflow: &str, schedule: &str, at| ((workflow.to_owned(), schedule.to_owned()), time(at));
    let expected = [
        key("a", "@daily", 60),
        key("a", "0 7 * * *", 10),
        key("b", "0 7 * * *", 5),
    ];
    assert_eq!(
        fired.into_iter().collect::<BTreeMap<_, _>>(),
        BTreeMap::from(expected)
    );
}

fn the_furthest_place_of_a_series_counts(store: &Store) {
    let reached = |source: &str, series: &str, number| {
        Change::Reached(Reached {
            workflow: "a".to_owned(),
            source: source.to_owned(),
            series: series.to_owned(),
            number,
        })
    };
    let first = vec![
        reached("inbox", "17", 60),
        reached("inbox", "18", 2),
        reached("archive", "17", 9),
    ];
    append(store, changes(first)).unwrap();
    let earlier = vec![reached("inbox", "17", 30), reached("inbox", "18", 3)];
    append(store, changes(earlier)).unwrap();
    let expected = [("17".to_owned(), 60), ("18".to_owned(), 3)];
    assert_eq!(store.reached("a", "inbox").unwrap(), expected.into());
    assert!(store.reached("b", "inbox").unwrap().is_empty());
}

fn a_correction_holds_until_it_is_revoked(store: &Store) {
    let says = |table: &str, from: &str, to: Option<&str>| Change::Mapping {
        table: table.to_owned(),
        from: from.to_owned(),
        after: to.map(|to| Mapping {
            to: to.to_owned(),
            by: "ann".to_owned(),
            at: time(1),
            note: None,
            exception: Some(ExceptionId(7)),
        }),
    };
    let stands_for = |table: &str, from: &str| {
        let found = store.mapping(table, from).unwrap();
        found.map(|it| it.mapping.to)
    };
    let said = vec![
        says("customers", "ACME Ltd", Some("C001")),
        says("customers", "ACME", Some("C002")),
        says("customers2", "ACME Ltd", Some("C003")),
    ];
    append(store, changes(said)).unwrap();
    append(
        store,
        changes(vec![says("customers", "ACME", Some("C004"))]),
    )
    .unwrap();
    assert_eq!(stands_for("customers", "ACME Ltd").unwrap(), "C001");
    assert_eq!(stands_for("customers", "acme ltd"), None);
    assert_eq!(stands_for("suppliers", "ACME Ltd"), None);
    let listed = |table| {
        let found = store.mappings(table).unwrap();
        let row =
            |it: botswain_store::Mapped| format!("{} {} {}", it.table, it.from, it.mapping.to);
        found.into_iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(
        listed(Some("customers")),
        ["customers ACME C004", "customers ACME Ltd C001"]
    );
    assert_eq!(listed(None).len(), 3);
    append(store, changes(vec![says("customers", "ACME", None)])).unwrap();
    assert_eq!(stands_for("customers", "ACME"), None);
    assert_eq!(listed(Some("customers")), ["customers ACME Ltd C001"]);
}

fn a_version_is_kept_once(store: &Store) {
    let version = Version {
        plan: Plan::new("a", Vec::new()),
        source: "# a long text\n".repeat(10_000),
        templates: IndexMap::from([("a.hbs".to_owned(), "{{x}}".to_owned())]),
        calls: IndexMap::new(),
        pages: IndexMap::new(),
    };
    let hash = store.put_version(&version).unwrap();
    let records = store.check().unwrap().records;
    assert_eq!(store.put_version(&version).unwrap(), hash);
    assert_eq!(store.check().unwrap().records, records);
    assert_eq!(store.version(&hash).unwrap(), Some(version));
    assert_eq!(store.version(&Hash::of(b"other")).unwrap(), None);
}

fn the_highest_numbers_stay(store: &Store) {
    assert_eq!(store.counters().unwrap(), Counters::default());
    let mut book = Book::default();
    append(store, book.step(&run(7), "a", State::Running, 1)).unwrap();
    append(store, book.step(&run(3), "a", State::Running, 1)).unwrap();
    append(store, changes(vec![opens(41)])).unwrap();
    append(store, changes(vec![resolves(41), opens(40)])).unwrap();
    let highest = Counters {
        run: 7,
        exception: 41,
    };
    assert_eq!(store.counters().unwrap(), highest);
}

fn a_summary_that_does_not_fit_is_refused(store: &Store) {
    let mut book = Book::default();
    append(store, book.step(&run(1), "a", State::Running, 1)).unwrap();
    let mut wrong_count = book.step(&run(1), "a", State::Running, 1);
    wrong_count.facts.clear();
    let refused = append(store, wrong_count).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the change of run 1 does not fit: it has 1 facts, its summary says 2"
    );
    let stranger = Book::default().step(&run(1), "a", State::Running, 0);
    let refused = append(store, stranger).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the change of run 1 does not fit: it was Some(Running), the change says None"
    );
    assert_eq!(store.summary(&run(1)).unwrap().unwrap().facts, 1);
}

#[test]
fn a_store_is_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Store>();
    shared::<botswain_store::Artifacts>();
}

#[test]
fn what_was_collected_survives() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = Book::default();
    let mut batch = book.item(&run(1), "each", 0, State::Succeeded);
    let Change::Run { after, .. } = &mut batch.changes[0] else {
        panic!("a book changes runs");
    };
    Arc::make_mut(after).collected = Some(Payload::Inline(json!({ "amount": 10.10 })));
    let expected = after.clone();
    append(&open(dir.path()), batch).unwrap();
    let items = open(dir.path())
        .items(&run(1), &"each".into(), 0, 9)
        .unwrap();
    assert_eq!(items, [expected.as_ref().clone()]);
}
