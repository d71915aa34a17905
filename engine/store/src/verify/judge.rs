//! What one run or one record should be, and how it differs.

use botswain_core::{
    Hash, RunId, StepId,
    index::{Exception, Pending, Reached, Summary, Tally},
    plan::Version,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Finding, Subject};
use crate::{
    backend::Backend,
    draft::{Claimed, Highest, Mapped, Place},
    error::ReadError,
    inbox::{self, Cluster, List},
    key,
    rebuilt::Rebuilder,
    record,
    store::Entries,
};

/// Everything that is wrong with a subject; nothing when it has been removed meanwhile.
pub(super) fn judge(
    runs: &mut Rebuilder<'_>,
    subject: &Subject,
) -> Result<Vec<Finding>, ReadError> {
    match subject {
        Subject::Run(run) => whole_run(runs, run),
        Subject::Record(key) => {
            let Some(bytes) = runs.backend.get(key)? else {
                return Ok(Vec::new());
            };
            match one_record(runs, key, &bytes) {
                Err(ReadError::Damaged(why)) => Ok(vec![Finding::of_record(
                    key,
                    key::run_of(key).as_ref(),
                    why,
                )]),
                other => other,
            }
        }
    }
}

/// What the facts of a run give is there.
fn whole_run(runs: &mut Rebuilder<'_>, run: &RunId) -> Result<Vec<Finding>, ReadError> {
    let rebuilt = match runs.of(run)? {
        Ok(rebuilt) => rebuilt,
        Err(why) => return Ok(vec![Finding::of_run(run, why)]),
    };
    let mut found = Vec::new();
    let backend = runs.backend;
    let summary = key::summary(run);
    found.extend(compare(backend, &summary, run, &rebuilt.summary)?);
    for list in key::lists(&rebuilt.summary) {
        found.extend(compare(backend, &list, run, run)?);
    }
    for exception in &rebuilt.exceptions {
        found.extend(open(backend, run, exception)?);
    }
    for (claim, (by, _)) in &rebuilt.claims {
        let expected = Claimed::of(claim, by);
        // What came of it is kept with the claim before its run is pruned.
        let key = key::claim(claim);
        let kept = backend
            .get(&key)?
            .map(|bytes| record::decode::<Claimed>(&key, &bytes));
        if !matches!(kept, Some(Ok(kept)) if kept.claim == expected.claim) {
            found.extend(compare(backend, &key, run, &expected)?);
        }
    }
    Ok(found)
}

/// An exception is there, and where people find it.
fn open(
    backend: &dyn Backend,
    run: &RunId,
    expected: &Exception,
) -> Result<Vec<Finding>, ReadError> {
    let key = key::exception(expected.id);
    let stored = backend.get(&key)?;
    let stored = stored.and_then(|bytes| record::decode::<Exception>(&key, &bytes).ok());
    let mut expected = expected.clone();
    // An older Botswain has not said what it is about.
    if stored.is_some_and(|stored| stored.about.is_empty()) {
        expected.about.clear();
    }
    let mut found: Vec<_> = compare(backend, &key, run, &expected)?
        .into_iter()
        .collect();
    for key in inbox::keys(&expected) {
        found.extend(compare(backend, &key, run, &())?);
    }
    let cause = inbox::cluster(&expected.fingerprint);
    if backend.get(&cause)?.is_none() {
        let problem = format!("it is missing; exception {} belongs to it", expected.id);
        found.push(Finding::of_record(&cause, Some(run), problem));
    }
    Ok(found)
}

/// How the record at `key` differs from what it should be.
fn compare<T: Serialize + DeserializeOwned + PartialEq>(
    backend: &dyn Backend,
    key: &[u8],
    run: &RunId,
    expected: &T,
) -> Result<Option<Finding>, ReadError> {
    let found: T = match backend.get(key)? {
        None => {
            let problem = format!("it is missing; it should be {}", json(expected));
            return Ok(Some(Finding::of_record(key, Some(run), problem)));
        }
        Some(bytes) => match record::decode(key, &bytes) {
            Ok(found) => found,
            Err(error) => return Ok(Some(Finding::of_record(key, Some(run), error.to_string()))),
        },
    };
    Ok((found != *expected).then(|| {
        let problem = differences(&as_value(expected), &as_value(&found));
        Finding::of_record(key, Some(run), problem)
    }))
}

/// `state` should be `parked` and is `running`, and so on.
fn differences(expected: &Value, found: &Value) -> String {
    let (Value::Object(expected), Value::Object(found)) = (expected, found) else {
        return format!("it should be {expected} and is {found}");
    };
    let differs = |name: &&String| expected.get(*name) != found.get(*name);
    let extra = found.keys().filter(|name| !expected.contains_key(*name));
    let show = |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), Value::to_string);
    let told = expected.keys().chain(extra).filter(differs).map(|name| {
        let (expected, found) = (show(expected.get(name)), show(found.get(name)));
        format!("`{name}` should be {expected} and is {found}")
    });
    told.collect::<Vec<_>>().join("; ")
}

/// What is written has a reason in the facts.
fn one_record(
    runs: &mut Rebuilder<'_>,
    key: &[u8],
    bytes: &[u8],
) -> Result<Vec<Finding>, ReadError> {
    record::verify(key, bytes)?;
    let problem = match key.first() {
        Some(b's') => summary(runs, record::decode(key, bytes)?)?,
        Some(b'o' | b'i' | b'r' | b'w' | b'x' | b'y') => {
            listed(runs, key, record::decode(key, bytes)?)?
        }
        Some(b'e') => exception(runs, record::decode(key, bytes)?)?,
        Some(b'c') => claimed(runs, key, record::decode(key, bytes)?)?,
        Some(b't') => tally(runs, key, record::decode(key, bytes)?)?,
        Some(b'v') => version(key, record::decode(key, bytes)?),
        Some(b'g') => fired(key, record::decode(key, bytes)?),
        Some(b'n') => reached(key, &record::decode(key, bytes)?),
        Some(b'p') => pending(key, &record::decode(key, bytes)?),
        Some(b'k') => mapped(key, record::decode(key, bytes)?),
        Some(b'q') => queued(runs, key, bytes)?,
        Some(b'm' | b'f') => None,
        _ => Some((None, "it is of no known kind".to_owned())),
    };
    Ok(problem
        .into_iter()
        .map(|(run, problem)| Finding::of_record(key, run.as_ref(), problem))
        .collect())
}

type Problem = Option<(Option<RunId>, String)>;

fn summary(runs: &mut Rebuilder<'_>, summary: Summary) -> Result<Problem, ReadError> {
    match runs.backend.get(&key::fact(&summary.id, 0))? {
        Some(_) => Ok(None),
        None => Ok(Some((Some(summary.id), "the run has no facts".to_owned()))),
    }
}

fn listed(runs: &mut Rebuilder<'_>, key: &[u8], run: RunId) -> Result<Problem, ReadError> {
    // That the summary is what the facts give is told of the summary.
    let name = key::summary(&run);
    let summary = runs.backend.get(&name)?;
    let summary = summary.map(|bytes| record::decode::<Summary>(&name, &bytes));
    let why = match summary.transpose()? {
        Some(summary) if key::lists(&summary).iter().any(|list| list == key) => return Ok(None),
        Some(_) => "the run does not belong into this list".to_owned(),
        None => "the run has no summary".to_owned(),
    };
    Ok(Some((Some(run), why)))
}

fn exception(runs: &mut Rebuilder<'_>, open: Exception) -> Result<Problem, ReadError> {
    let why = match runs.of(&open.run)? {
        Ok(rebuilt) if rebuilt.exceptions.iter().any(|it| it.id == open.id) => return Ok(None),
        Ok(_) => "the run is not parked with this exception".to_owned(),
        Err(why) => why,
    };
    Ok(Some((Some(open.run), why)))
}

/// Where people find an exception; that the exception is what the facts give is told of it.
fn queued(runs: &mut Rebuilder<'_>, key: &[u8], bytes: &[u8]) -> Result<Problem, ReadError> {
    let backend = runs.backend;
    let cluster = |cause: &Hash| -> Result<Option<Cluster>, ReadError> {
        let name = inbox::cluster(cause);
        let found = backend.get(&name)?;
        found.map(|bytes| record::decode(&name, &bytes)).transpose()
    };
    let why = match key.get(1) {
        Some(b'c') => {
            let found: Cluster = record::decode(key, bytes)?;
            let members = List::Cause(found.fingerprint.clone()).prefix();
            let count = Entries::new(backend, key::below(&members)).count() as u64;
            let listed = backend.get(&inbox::latest(found.last))?;
            match (count == found.count, listed) {
                (false, _) => Some(format!("`count` should be {count} and is {}", found.count)),
                (true, None) => Some("it stands in no list".to_owned()),
                (true, Some(_)) => None,
            }
        }
        Some(b'l') => {
            let cause: Hash = record::decode(key, bytes)?;
            let fits = |it: &Cluster| inbox::latest(it.last) == key;
            match cluster(&cause)?.as_ref().is_some_and(fits) {
                true => None,
                false => Some("the cause is not there, or has parked another since".to_owned()),
            }
        }
        _ => {
            let exception = match inbox::member(key) {
                Some(id) => backend.get(&key::exception(id))?.map(|bytes| (id, bytes)),
                None => None,
            };
            let exception = exception
                .map(|(id, bytes)| record::decode::<Exception>(&key::exception(id), &bytes));
            match exception.transpose()? {
                Some(open) if inbox::keys(&open).contains(key) => None,
                Some(_) => Some("the exception does not belong into this list".to_owned()),
                None => Some("the exception is not open".to_owned()),
            }
        }
    };
    Ok(why.map(|why| (None, why)))
}

fn claimed(runs: &mut Rebuilder<'_>, key: &[u8], claimed: Claimed) -> Result<Problem, ReadError> {
    if key::claim(&claimed.key) != key {
        return Ok(Some((
            Some(claimed.claim.run),
            "its name is that of another key".to_owned(),
        )));
    }
    if claimed.outlives_its_run() {
        return Ok(None);
    }
    let run = claimed.claim.run;
    let why = match runs.of(&run)? {
        Ok(rebuilt) if rebuilt.claims.contains_key(&claimed.key) => return Ok(None),
        Ok(_) => "the run does not hold this key".to_owned(),
        Err(why) => why,
    };
    Ok(Some((Some(run), why)))
}

fn tally(runs: &mut Rebuilder<'_>, key: &[u8], found: Tally) -> Result<Problem, ReadError> {
    let mut names = key[1..]
        .split(|byte| *byte == 0)
        .map(|name| String::from_utf8_lossy(name).into_owned());
    let (parent, step) = (
        names.next().unwrap_or_default(),
        names.next().unwrap_or_default(),
    );
    let Ok(parent) = parent.parse::<RunId>() else {
        return Ok(Some((None, "its name is none".to_owned())));
    };
    let mut expected = Tally::default();
    let items = key::below(&key::items(&parent, &StepId::new(&step)));
    for entry in Entries::new(runs.backend, items) {
        let (key, bytes) = entry?;
        let item: RunId = record::decode(&key, &bytes)?;
        let summary = runs.backend.get(&key::summary(&item))?;
        let summary = summary.map(|bytes| record::decode::<Summary>(&key::summary(&item), &bytes));
        if let Some(summary) = summary.transpose()? {
            expected.shift(None, summary.state);
        }
    }
    let differ = (expected != found).then(|| differences(&as_value(&expected), &as_value(&found)));
    Ok(differ.map(|why| (Some(parent), why)))
}

fn version(key: &[u8], version: Version) -> Problem {
    let hash: Hash = version.hash();
    let differs = key::version(&hash) != key;
    differs.then(|| (None, format!("its content has the hash {hash}")))
}

fn fired(key: &[u8], place: Place) -> Problem {
    let differs = key::fired(&place.workflow, &place.schedule) != key;
    differs.then(|| (None, "its name is that of another schedule".to_owned()))
}

fn reached(key: &[u8], reached: &Reached) -> Problem {
    let differs = key::reached(reached) != key;
    differs.then(|| (None, "its name is that of another series".to_owned()))
}

fn pending(key: &[u8], pending: &Pending) -> Problem {
    let differs = key::pending(pending) != key;
    differs.then(|| (None, "its name is that of another happening".to_owned()))
}

fn mapped(key: &[u8], mapped: Mapped) -> Problem {
    let differs = key::mapping(&mapped.table, &mapped.from) != key;
    differs.then(|| (None, "its name is that of another correction".to_owned()))
}

/// The counters fit what there is; `highest` is what was seen, of which there may be more by now.
pub(super) fn counters(backend: &dyn Backend, highest: Highest) -> Result<Vec<Finding>, ReadError> {
    let bytes = backend.get(key::COUNTERS)?;
    let found = bytes.map(|bytes| record::decode::<Highest>(key::COUNTERS, &bytes));
    let found = match found.transpose() {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => {
            return Ok(vec![Finding::of_record(
                key::COUNTERS,
                None,
                error.to_string(),
            )]);
        }
    };
    let open = Entries::new(backend, key::below(b"e")).count() as u64;
    let problems = [
        (found.open != open).then(|| format!("`open` should be {open} and is {}", found.open)),
        (found.run < highest.run).then(|| {
            format!(
                "`run` should be {} at least and is {}",
                highest.run, found.run
            )
        }),
        (found.exception < highest.exception).then(|| {
            format!(
                "`exception` should be {} at least and is {}",
                highest.exception, found.exception
            )
        }),
    ];
    let findings = problems.into_iter().flatten();
    Ok(findings
        .map(|problem| Finding::of_record(key::COUNTERS, None, problem))
        .collect())
}

fn as_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("what the store keeps is JSON")
}

fn json(value: &impl Serialize) -> String {
    as_value(value).to_string()
}
