//! What a store of each format said when it was written, it says for ever.
//!
//! The files of `tests/store/formats` hold the records of a small store in a form that
//! can be read and compared: one JSON object a line, with the key in hexadecimal and
//! the body as its text. `1.jsonl` has a fact of every kind; those beside it were
//! written before there were all of them, and stay as they are. It is written by
//!
//! ```text
//! BOTSWAIN_WRITE_FORMATS=1 cargo test -p botswain-store --test store formats
//! ```
//!
//! which is to be done when a kind of fact is added, at the end of `every_fact`. When an old file cannot be
//! read any more, the format has changed: raise `FORMAT` and read both.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use botswain_core::{
    ArtifactRef, Effect, ExceptionId, Fault, Hash, Payload, RunId, StepId,
    engine::event::claim_key,
    index::{Batch, Change, Reached},
    run::fact::{
        Approval, Edit, Escalation, Fact, Origin, Outcome, Resolution, Skip, Verdict, Verification,
        What,
    },
};
use botswain_store::{
    FORMAT, Store,
    backend::{Backend, memory::Memory},
};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    common::{append, time},
    journal::{Journal, key, stored, version},
};

#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    format: u8,
    number: u64,
    sum: u32,
    body: String,
}

/// The run that has a fact of every kind, in no order that could be.
const EVERY: u64 = 99;

const MAILBOX: &str = "mail office INBOX";

fn path() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/store/formats");
    folder.join(format!("{FORMAT}.jsonl"))
}

#[test]
fn a_store_written_by_every_version_of_this_format_is_read() {
    if std::env::var_os("BOTSWAIN_WRITE_FORMATS").is_some() {
        write();
    }
    let files = fs::read_dir(path().parent().unwrap()).unwrap();
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    assert!(files.len() > 1 && files.contains(&path()));
    for file in files {
        is_read(&file, file == path());
    }
}

fn is_read(file: &Path, is_newest: bool) {
    let memory = Arc::new(Memory::default());
    let text = fs::read_to_string(file).unwrap();
    memory.write(text.lines().map(record).collect()).unwrap();
    let store = Store::on(Arc::clone(&memory) as Arc<dyn Backend>).unwrap();
    let facts = store.facts(&RunId::root(EVERY)).unwrap();
    let expected: Vec<Fact> = every_fact(&Journal::of(&store))
        .into_iter()
        .zip(0..)
        .map(fact)
        .collect();
    assert_eq!(facts, expected[..facts.len()]);
    assert_eq!(facts.len() == expected.len(), is_newest);
    assert_eq!(store.version(&version().hash()).unwrap(), Some(version()));
    let first = store.summary(&RunId::root(1)).unwrap().unwrap();
    assert_eq!((first.workflow.as_str(), first.facts), ("orders", 7));
    assert_eq!(store.exceptions(None, 9).unwrap()[0].id, ExceptionId(1));
    let claim = store.claim(&claim_key("orders", None, "order-1")).unwrap();
    assert_eq!(claim.unwrap().run, RunId::root(1));
    let tally = store.tally(&RunId::root(2), &StepId::new("each")).unwrap();
    assert_eq!((tally.succeeded, tally.parked), (1, 1));
    if is_newest {
        places_are_read(&store);
    }
}

/// How far a mailbox was gone through was once kept as the place of a schedule.
fn places_are_read(store: &Store) {
    let reached = store.reached("orders", MAILBOX).unwrap();
    let expected = [("1700000000", 57), ("1800000000", 3)];
    assert_eq!(
        reached,
        expected
            .map(|(series, number)| (series.to_owned(), number))
            .into()
    );
    let schedule = ("orders".to_owned(), "@daily".to_owned());
    assert_eq!(store.fired().unwrap().get(&schedule), Some(&time(5)));
}

fn places() -> Vec<Change> {
    let fired = |schedule: String, at| Change::Fired {
        workflow: "orders".to_owned(),
        schedule,
        at,
    };
    let reached = Reached {
        workflow: "orders".to_owned(),
        source: MAILBOX.to_owned(),
        series: "1800000000".to_owned(),
        number: 3,
    };
    let seconds = |number| Timestamp::from_second(number).unwrap();
    vec![
        fired("@daily".to_owned(), time(5)),
        fired(format!("{MAILBOX} of 1700000000"), seconds(57)),
        Change::Reached(reached),
    ]
}

/// It was written before anybody looked for what waits by cause or word.
#[test]
fn what_waits_in_an_older_store_is_found_by_cause_and_word() {
    let memory = Arc::new(Memory::default());
    let text = fs::read_to_string(path().with_file_name("1-first.jsonl")).unwrap();
    memory.write(text.lines().map(record).collect()).unwrap();
    let store = Store::on(Arc::clone(&memory) as Arc<dyn Backend>).unwrap();
    assert!(store.facts(&RunId::root(EVERY)).unwrap().len() > 40);
    let open = store.exceptions(None, 9).unwrap();
    let clusters = store.clusters(None, 9).unwrap().entries;
    assert_eq!(
        clusters.iter().map(|it| it.count).sum::<u64>(),
        open.len() as u64
    );
    assert_eq!(
        store.search(&open[0].fault.code, 9, |_| true).unwrap(),
        open[..1]
    );
}

/// Serde names all variants when it is given one that there is not.
#[test]
fn every_kind_of_fact_is_in_the_file() {
    let refused = serde_json::from_str::<What>("\"no such fact\"")
        .unwrap_err()
        .to_string();
    let (_, names) = refused.split_once("expected one of ").unwrap();
    let names = names.split(" at line").next().unwrap();
    let known: BTreeSet<String> = names
        .split(", ")
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    assert!(known.contains("created") && known.len() > 10, "{known:?}");
    let text = fs::read_to_string(path()).unwrap();
    let prefix = hex(format!("f{EVERY}\0").as_bytes());
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Line>(line).unwrap());
    let bodies = lines
        .filter(|line| line.key.starts_with(&prefix))
        .map(|line| line.body);
    let stored: BTreeSet<String> = bodies.map(|body| kind(&body)).collect();
    assert_eq!(stored, known, "see the head of this file");
}

fn kind(body: &str) -> String {
    let fact: serde_json::Value = serde_json::from_str(body).unwrap();
    match &fact["what"] {
        serde_json::Value::String(name) => name.clone(),
        what => what.as_object().unwrap().keys().next().unwrap().clone(),
    }
}

fn fact((what, second): (What, i64)) -> Fact {
    Fact {
        at: time(second),
        what,
    }
}

fn every_fact(journal: &Journal<'_>) -> Vec<What> {
    let step = || StepId::new("order");
    let artifact = ArtifactRef {
        hash: Hash::of(b"content"),
        name: "order.pdf".to_owned(),
        media: "application/pdf".to_owned(),
        size: 7,
    };
    let fault = || {
        let fault = Fault::system("office.busy", "come later")
            .hint("wait")
            .retry_after(1500);
        Box::new(fault.in_doubt().with_artifact(artifact.clone()))
    };
    let exception = ExceptionId(7);
    let resolved = |resolution| What::Resolved {
        step: step(),
        exception,
        resolution,
        by: "ann".to_owned(),
        note: Some("seen".to_owned()),
    };
    let failed = |then| What::Failed {
        step: step(),
        attempt: 1,
        fault: fault(),
        then,
    };
    let edit = || IndexMap::from([("amount".to_owned(), json!(10.10))]);
    let verified = |answer, then| What::Verified {
        step: step(),
        answer,
        then,
    };
    let skipped = |why| What::Skipped { step: step(), why };
    let item = Origin::Item {
        parent: RunId::root(2),
        step: StepId::new("each"),
        index: 3,
        item: json!({ "sku": "0064" }).into(),
    };
    vec![
        journal.created(Origin::Trigger { index: 1 }, None),
        journal.created(item, None),
        What::Claimed { key: key("a") },
        What::Duplicate {
            key: key("a"),
            of: RunId::root(1),
        },
        What::Admitted,
        What::Entered {
            step: step(),
            with: Payload::Stored(artifact.clone()),
            effect: Effect::Repeatable,
            key: Some(key("b")),
            generation: 2,
            announces: true,
        },
        skipped(Skip::Condition),
        skipped(Skip::Resolution),
        skipped(Skip::Duplicate {
            of: RunId::root(1),
            output: json!({ "number": "4711" }).into(),
        }),
        What::Opened {
            step: step(),
            list: json!({ "$table": Hash::of(b"rows"), "rows": 70_000 }).into(),
            count: 70_000,
        },
        What::Closed {
            step: step(),
            output: json!({ "total": 2 }).into(),
        },
        What::Started {
            step: step(),
            attempt: 1,
        },
        What::Succeeded {
            step: step(),
            attempt: 1,
            output: stored(&artifact),
        },
        failed(Verdict::Retry { at: time(99) }),
        failed(Verdict::Park { exception }),
        failed(Verdict::Doubt { exception }),
        failed(Verdict::Verify { at: time(98) }),
        failed(Verdict::Wait {
            connection: "office".to_owned(),
        }),
        failed(Verdict::Continue),
        failed(Verdict::Fail),
        failed(Verdict::Handle { entry: 1 }),
        failed(Verdict::Cancel),
        What::Interrupted {
            step: step(),
            attempt: 1,
            then: Verdict::Doubt { exception },
        },
        resolved(Resolution::Retry),
        resolved(Resolution::Edit(Edit::Item(edit()))),
        resolved(Resolution::Edit(Edit::Inputs(edit()))),
        resolved(Resolution::Edit(Edit::With(edit()))),
        resolved(Resolution::Happened {
            output: json!({ "number": "4711" }).into(),
        }),
        resolved(Resolution::Skip),
        resolved(Resolution::Abandon),
        resolved(Resolution::Upgrade {
            version: Hash::of(b"newer"),
        }),
        resolved(Resolution::Back {
            to: step(),
            again: vec![step()],
        }),
        resolved(Resolution::Approve),
        resolved(Resolution::Reject),
        resolved(Resolution::Snooze { until: time(97) }),
        resolved(Resolution::MoreTime { millis: 60_000 }),
        journal.created(
            Origin::Call {
                parent: RunId::root(2),
                step: step(),
            },
            None,
        ),
        What::Forked { step: step() },
        What::Chose {
            step: step(),
            case: Some("DE".to_owned()),
        },
        What::Called {
            step: step(),
            inputs: json!({ "day": "2026-11-25" }).into(),
        },
        What::Asked {
            step: step(),
            exception,
            approval: Box::new(approval()),
        },
        What::Escalated { step: step() },
        What::Waits {
            step: step(),
            until: time(96),
        },
        What::Acting {
            step: step(),
            attempt: 1,
        },
        What::Withdrawn {
            step: step(),
            attempt: 1,
        },
        verified(
            Verification::Happened {
                output: json!({ "number": "4711" }).into(),
            },
            None,
        ),
        verified(
            Verification::DidNotHappen { settled: true },
            Some(Verdict::Verify { at: time(95) }),
        ),
        verified(
            Verification::Unclear { fault: fault() },
            Some(Verdict::Doubt { exception }),
        ),
        What::Overdue {
            step: step(),
            exception,
        },
        What::Paused,
        What::Resumed,
        What::Cancelled {
            by: "ann".to_owned(),
            note: None,
        },
        What::Stopped { step: step() },
        What::Ended {
            outcome: Outcome::Cancelled,
            output: Payload::NULL,
        },
        What::Blocked {
            step: step(),
            exception,
            fault: fault(),
        },
        resolved(Resolution::Assign {
            to: Some("ben".to_owned()),
        }),
        resolved(Resolution::Remark),
        What::Asked {
            step: step(),
            exception,
            approval: Box::new(Approval {
                required: 2,
                not: Some("ann".to_owned()),
                ..approval()
            }),
        },
        What::Warned {
            step: step(),
            attempt: 1,
            warnings: vec!["`css=#save` was not found, `Save` was".to_owned()],
        },
    ]
}

fn approval() -> Approval {
    Approval {
        question: "900 is a lot. Go on?".to_owned(),
        show: json!({ "amount": 900 }).into(),
        ask: vec!["supervisors".to_owned()],
        escalate: Some(Escalation {
            at: time(94),
            to: vec!["managers".to_owned()],
        }),
        required: 1,
        not: None,
    }
}

fn write() {
    let memory = Arc::new(Memory::default());
    let store = Store::on(Arc::clone(&memory) as Arc<dyn Backend>).unwrap();
    let journal = Journal::of(&store);
    let first = journal.begin(1, 10);
    journal.order(
        &first,
        20,
        json!({ "number": "4711", "amount": 10.10 }).into(),
    );
    journal.end(&first, 30, json!({ "done": true }).into());
    let second = journal.begin(2, 40);
    journal.order(&second, 50, json!({ "number": "4712" }).into());
    journal.items(&second, 60, 1);
    let facts = every_fact(&journal).into_iter().zip(0..).map(fact);
    let facts = (0..)
        .zip(facts)
        .map(|(seq, fact)| (RunId::root(EVERY), seq, fact));
    let batch = Batch {
        facts: facts.collect(),
        changes: places(),
    };
    append(&store, batch).unwrap();
    drop(store);
    let records = memory.scan(&[0]..&[0xff], usize::MAX, false).unwrap();
    let lines = records.iter().map(|(key, bytes)| {
        let line = Line {
            key: hex(key),
            format: bytes[0],
            number: u64::from_be_bytes(bytes[1..9].try_into().unwrap()),
            sum: u32::from_be_bytes(bytes[9..13].try_into().unwrap()),
            body: String::from_utf8(bytes[13..].to_vec()).unwrap(),
        };
        serde_json::to_string(&line).unwrap() + "\n"
    });
    fs::create_dir_all(path().parent().unwrap()).unwrap();
    fs::write(path(), lines.collect::<String>()).unwrap();
}

fn record(line: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    let line: Line = serde_json::from_str(line).unwrap();
    let head = [
        &[line.format][..],
        &line.number.to_be_bytes(),
        &line.sum.to_be_bytes(),
    ]
    .concat();
    let digits = line.key.as_bytes().chunks(2);
    let byte = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap();
    (
        digits.map(byte).collect(),
        Some([&head[..], line.body.as_bytes()].concat()),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
