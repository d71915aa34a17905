//! What waits is found by cause, list and word, whatever was opened, changed and closed before.

use botswain_core::{
    ExceptionId, Fault, Hash, RunId, StepId,
    index::{Batch, Change, Exception, ExceptionCategory},
};
use botswain_store::{Cursor, List, Store};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::common::{append, time};

const CATEGORIES: [ExceptionCategory; 3] = [
    ExceptionCategory::Business,
    ExceptionCategory::InDoubt,
    ExceptionCategory::Approval,
];

fn exception(id: u64, cause: u64) -> Exception {
    let customer = ["ACME Ltd", "深圳市公司", "Müller & Søn"][cause as usize % 3];
    Exception {
        id: ExceptionId(id),
        run: RunId::root(id + 100),
        step: StepId::new("form"),
        workflow: format!("orders-{}", cause % 2),
        bot: Some("browser.do".to_owned()),
        key: Some(format!("1085{id}-1")),
        category: CATEGORIES[cause as usize % 3],
        fault: Fault::business("form.refused", format!("cause {cause}")),
        attempts: 1,
        opened: time(id.cast_signed()),
        due: None,
        snoozed: None,
        assigned: Vec::new(),
        assignee: None,
        approved: Vec::new(),
        about: [("customer".to_owned(), customer.to_owned())]
            .into_iter()
            .collect(),
        show: None,
        fingerprint: Hash::of(&cause.to_be_bytes()),
    }
}

fn put(store: &Store, id: u64, after: Option<&Exception>) {
    let change = Change::Exception {
        id: ExceptionId(id),
        after: after.map(|it| Box::new(it.clone())),
    };
    let batch = Batch {
        facts: Vec::new(),
        changes: vec![change],
    };
    append(store, batch).unwrap();
}

/// All of a list, in pages of two.
fn all(store: &Store, list: &List) -> Vec<Exception> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.listed_exceptions(list, after.as_ref(), 2).unwrap();
        found.extend(page.entries);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn expected(open: &[Exception], fits: impl Fn(&Exception) -> bool) -> Vec<Exception> {
    open.iter().filter(|it| fits(it)).cloned().collect()
}

/// Everything that can be asked gives what a look at each of them gives.
fn compare(store: &Store, open: &[Exception], last: &[u64; 6]) {
    for cause in 0..6_u64 {
        let fingerprint = Hash::of(&cause.to_be_bytes());
        let members = expected(open, |it| it.fingerprint == fingerprint);
        assert_eq!(all(store, &List::Cause(fingerprint.clone())), members);
        let cluster = store.cluster(&fingerprint).unwrap();
        assert_eq!(
            cluster.as_ref().map_or(0, |it| it.count),
            members.len() as u64
        );
        let snoozed = members.iter().filter(|it| it.snoozed.is_some()).count();
        assert_eq!(cluster.map_or(0, |it| it.snoozed), snoozed as u64);
    }
    for category in CATEGORIES {
        let fitting = expected(open, |it| it.category == category);
        assert_eq!(all(store, &List::Category(category)), fitting);
    }
    let mine = expected(open, |it| it.assignee.as_deref() == Some("ben"));
    assert_eq!(all(store, &List::Assignee("ben".to_owned())), mine);
    let by = |time: fn(&Exception) -> Option<Timestamp>, list: &List, limit| {
        let mut fitting = expected(open, |it| time(it).is_some_and(|time| time < limit));
        fitting.sort_by_key(|it| (time(it), it.id));
        assert_eq!(all(store, list), fitting);
    };
    by(|it| it.due, &List::DueBy(time(50)), time(50));
    by(|it| it.snoozed, &List::Snoozed, Timestamp::MAX);
    let clusters = store.clusters(None, 9).unwrap().entries;
    let order: Vec<u64> = clusters.iter().map(|it| it.last.0).collect();
    let mut wanted: Vec<u64> = (0..6_u64)
        .filter(|cause| {
            open.iter()
                .any(|it| it.fingerprint == Hash::of(&cause.to_be_bytes()))
        })
        .map(|cause| last[cause as usize])
        .collect();
    wanted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(order, wanted);
    for (text, word) in [
        ("acme", "ACME Ltd"),
        ("深圳", "深圳市公司"),
        ("SØN müll", "Müller & Søn"),
    ] {
        let mut fitting = expected(open, |it| it.about["customer"] == word);
        fitting.reverse();
        assert_eq!(store.search(text, 99, |_| true).unwrap(), fitting, "{text}");
    }
    assert!(store.search("nobody", 9, |_| true).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_waits_is_found(steps in prop::collection::vec((0..6_u64, 0..7_u8, any::<prop::sample::Index>()), 1..40)) {
        let store = Store::memory();
        let (mut open, mut next, mut last) = (Vec::<Exception>::new(), 1, [0; 6]);
        for (cause, what, which) in steps {
            if what < 3 || open.is_empty() {
                let opened = exception(next, cause);
                last[cause as usize] = match open.iter().any(|it| it.fingerprint == opened.fingerprint) {
                    true => last[cause as usize].max(next),
                    false => next,
                };
                put(&store, next, Some(&opened));
                open.push(opened);
                next += 1;
                continue;
            }
            let at = which.index(open.len());
            if what == 6 {
                let closed = open.remove(at);
                put(&store, closed.id.0, None);
                continue;
            }
            let changed = &mut open[at];
            match what {
                3 => changed.assignee = changed.assignee.is_none().then(|| "ben".to_owned()),
                4 => changed.due = Some(time(cause.cast_signed() * 20)),
                _ => changed.snoozed = changed.snoozed.is_none().then(|| time(500 - cause.cast_signed())),
            }
            put(&store, changed.id.0, Some(changed));
        }
        compare(&store, &open, &last);
    }
}

#[test]
fn a_cursor_is_what_it_was_written_as_and_nothing_else() {
    for wrong in ["", "0", "zz", "é0", &"00".repeat(33)] {
        assert!(Cursor::parse(wrong).is_none(), "{wrong}");
    }
    assert_eq!(Cursor::parse("00ff").unwrap().to_string(), "00ff");
}
