//! `verify`, `backup`, `restore`, `resume`, `compact`: what keeps an instance well over years.

use std::path::Path;

use botswain_core::engine::quarantine::Quarantine;
use botswain_store::{
    Artifacts, Lock, OpenError, Store,
    backup::{Manifest, beside_of},
    compact,
    prune::Freed,
    restore,
    verify::{Finding, Report},
};
use botswain_views::Act;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::json;

use super::{
    Global,
    outcome::{Code, Failure, Outcome},
    output,
    show::size,
    table::plural,
    times,
};
use crate::{
    api::{BackupRequest, ResumeRequest},
    audit::{self, Audit},
    client::{self, Client},
    daemon::StartError,
    history::{self, History},
    instance::Instance,
    pauses::{self, Pauses},
    proposals::{self, Proposals},
};

pub(super) async fn verify(global: &Global) -> Outcome {
    let report = report(global).await?;
    match global.json {
        true => output::json(&report),
        false => output::data(&verified(&report)),
    }
    Ok(match report.is_good() {
        true => Code::Done,
        false => Code::Failed,
    })
}

/// From the daemon, or from a store that is so damaged that it does not open.
async fn report(global: &Global) -> Result<Report, Failure> {
    let instance = global.instance()?;
    let client = match Client::connect(&instance).await {
        Ok(client) => client,
        Err(client::Error::Start(StartError::Store(OpenError::Damaged { dir, why, kept }))) => {
            let examined = Store::examine(&dir, &artifacts(&instance)?);
            let damaged = OpenError::Damaged { dir, why, kept };
            let mut report = examined.map_err(|_| StartError::Store(damaged))?;
            Audit::at(instance.private().audit()).tell(&mut report);
            return Ok(report);
        }
        Err(error) => return Err(error.into()),
    };
    let report = client.post("/api/v1/verify", &json!(null)).await;
    client.close().await?;
    Ok(report?)
}

fn verified(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(finding).collect();
    if report.more > 0 {
        lines.push(format!("and {} more", report.more));
    }
    lines.push(format!(
        "looked at {} with {}, {} and {} ({})",
        plural(count(report.runs), "run"),
        plural(count(report.facts), "fact"),
        plural(count(report.records), "record"),
        plural(count(report.artifacts), "artifact"),
        size(report.artifact_bytes),
    ));
    if !report.orphans.is_empty() {
        let orphans = plural(report.orphans.len(), "file");
        lines.push(format!(
            "{orphans} named by no fact; `botswain compact` removes old ones"
        ));
    }
    lines.push(match report.is_good() {
        true => "all is well".to_owned(),
        false => format!(
            "{} wrong",
            plural(report.findings.len() + count(report.more), "thing")
        ),
    });
    lines.join("\n")
}

fn finding(finding: &Finding) -> String {
    let run = finding
        .run
        .as_ref()
        .filter(|run| finding.about != format!("run {run}"));
    let run = run.map_or_else(String::new, |run| format!(" (run {run})"));
    output::tame(&format!(
        "wrong: {}{run}: {}",
        finding.about, finding.problem
    ))
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What is so after `restore`, until `resume`.
pub(super) const HELD: &str = "nothing fires and nothing acts until you say from when on work was \
    lost: `botswain resume --lost-since TIME`";

pub(super) async fn backup(global: &Global, folder: &Path) -> Outcome {
    let to = std::path::absolute(folder).map_err(Failure::of)?;
    let request = BackupRequest { to: to.clone() };
    let manifest: Manifest = global
        .with_client(async |client| Ok(client.post("/api/v1/backup", &request).await?))
        .await?;
    match global.json {
        true => output::json(&manifest),
        false => output::data(&format!(
            "`{}` holds {} and {} ({})",
            to.display(),
            plural(count(manifest.facts), "fact"),
            plural(manifest.artifacts.len(), "artifact"),
            size(manifest.bytes + manifest.artifacts.values().sum::<u64>()),
        )),
    }
    if manifest.missing.is_empty() {
        return Ok(Code::Done);
    }
    let missing = plural(manifest.missing.len(), "artifact");
    output::error(&format!(
        "{missing} could not be copied, for they are missing or damaged"
    ));
    output::hint("the backup can be used; `botswain verify` says more");
    Ok(Code::Failed)
}

pub(super) fn restore(global: &Global, from: &Path) -> Outcome {
    let instance = global.instance()?;
    let private = instance.prepare()?;
    refuse_a_daemon(&instance)?;
    let failed = |error: restore::Error| Failure::of(&error).hint(error.hint());
    let artifacts = artifacts(&instance)?;
    let restored = restore::restore(from, &private.store(), &artifacts, Timestamp::now());
    let manifest = restored.map_err(failed)?;
    if let Some(text) = manifest.beside.get(pauses::BESIDE) {
        Pauses::restore(&private.pauses(), text).map_err(Failure::of)?;
    }
    if let Some(text) = manifest.beside.get(history::BESIDE) {
        History::restore(&private.versions(), text).map_err(Failure::of)?;
    }
    if let Some(text) = manifest.beside.get(proposals::BESIDE) {
        Proposals::restore(&private.proposals(), text).map_err(Failure::of)?;
    }
    restore_audit(&instance, from, &manifest).map_err(Failure::of)?;
    match global.json {
        true => output::json(&manifest),
        false => output::data(&format!(
            "restored {} and {} of {}",
            plural(count(manifest.facts), "fact"),
            plural(manifest.artifacts.len(), "artifact"),
            times::local(manifest.made),
        )),
    }
    output::hint(HELD);
    Ok(Code::Done)
}

/// What people have done before the backup, unless the instance has its own record of it.
fn restore_audit(instance: &Instance, from: &Path, manifest: &Manifest) -> std::io::Result<()> {
    let audit = Audit::at(instance.private().audit());
    if let Some(head) = manifest.beside.get(audit::BESIDE)
        && !audit.restore(&beside_of(from), head)?
    {
        output::hint("the audit that is here stays; the backup's is in its folder `beside`");
    }
    let on = format!("backup of {}", manifest.made);
    audit.note(audit::at_desk(Act::Restore, on))
}

pub(super) async fn resume(global: &Global, lost_since: &str, by: String) -> Outcome {
    let lost_since = moment(lost_since, TimeZone::system())?;
    let request = ResumeRequest { lost_since, by };
    let quarantine: Quarantine = global
        .with_client(async |client| Ok(client.post("/api/v1/resume", &request).await?))
        .await?;
    match (global.json, lost_since < quarantine.restored) {
        (true, _) => output::json(&quarantine),
        (false, true) => output::note(&format!(
            "the instance goes on; what may have been done from {} to {} is parked as in doubt",
            times::local(lost_since),
            times::local(quarantine.restored),
        )),
        (false, false) => output::note("the instance goes on; nothing was lost"),
    }
    Ok(Code::Done)
}

/// A time with its offset, or one in the zone of whoever writes it, in which every time is shown.
pub(super) fn moment(text: &str, zone: TimeZone) -> Result<Timestamp, Failure> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let moment = text
        .parse::<DateTime>()
        .and_then(|civil| civil.to_zoned(zone));
    moment.map(|moment| moment.timestamp()).map_err(|_| {
        Failure::usage(format!("`{text}` is not a time"))
            .hint("write it as `2026-03-29T14:00` or `2026-03-29T14:00:00Z`")
    })
}

pub(super) async fn compact(global: &Global) -> Outcome {
    let instance = global.instance()?;
    let private = instance.prepare()?;
    refuse_a_daemon(&instance)?;
    let freed: Freed = global
        .with_client(async |client| Ok(client.post("/api/v1/prune", &json!(null)).await?))
        .await?;
    botswain_store::wait_until_closed(super::CLOSING);
    let failed = |error: compact::Error| Failure::of(&error).hint(error.hint());
    let artifacts = artifacts(&instance)?;
    let compacted = compact::compact(&private.store(), &artifacts).map_err(failed)?;
    match global.json {
        true => output::json(&json!({ "pruned": freed, "compacted": compacted })),
        false => output::data(&format!(
            "pruned {}; the records have {} and had {}; {} given back with {}",
            plural(count(freed.runs), "run"),
            size(compacted.after),
            size(compacted.before),
            size(freed.artifact_bytes + compacted.orphan_bytes),
            plural(count(freed.artifacts + compacted.orphans), "artifact"),
        )),
    }
    Ok(Code::Done)
}

/// Before anything is touched that a daemon may be using.
fn refuse_a_daemon(instance: &Instance) -> Result<(), Failure> {
    match Lock::take(instance.private().folder()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::of(&error).hint(error.hint())),
    }
}

fn artifacts(instance: &Instance) -> Result<Artifacts, Failure> {
    let folder = instance.private().artifacts();
    Artifacts::open_folder(&folder).map_err(|error| Failure::of(&error).hint(error.hint()))
}
