//! How workflows stand: what their files say now, what new runs follow, and what came of the last.

use std::{path::PathBuf, sync::Arc};

use botswain_core::{
    diagnostic::{Diagnostic, Severity},
    index::State,
    plan::{On, Version},
    schedule::{Times, day_of as start_of_day},
};
use botswain_store::Filter;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{
    CalendarDay, CalendarRow, InboxQuery, LeftOutView, PromiseView, RunView, ScheduleView, Sight,
    WorkflowDetail, WorkflowView,
};
use crate::{daemon::Parts, desk, workflows};

/// How many of the next times of a trigger are named.
const NEXT: usize = 5;

/// The code of what waits because too few runs succeeded.
const BROKEN: &str = "promise.broken";

/// How many causes are counted for one workflow.
const CAUSES: usize = 500;

/// A workflow's file, and what new runs of it follow.
struct Named {
    name: String,
    file: Option<PathBuf>,
    /// None when there are several files, too.
    folder: Option<String>,
    version: Option<Arc<Version>>,
}

impl Parts {
    /// Every workflow that has a file or can be started, by name.
    pub fn workflow_views(
        &self,
        versions: &[Arc<Version>],
        now: Timestamp,
    ) -> Result<Vec<WorkflowView>, String> {
        let checked = workflows::check(&self.instance).map_err(|error| error.to_string())?;
        let named = self.named(versions)?.into_iter();
        let view = |named: Named| self.workflow_view(&named, &checked.diagnostics, now);
        named.map(view).collect()
    }

    /// One of them; none when there is no such workflow.
    pub fn workflow_detail(
        &self,
        name: &str,
        versions: &[Arc<Version>],
        now: Timestamp,
    ) -> Result<Option<WorkflowDetail>, String> {
        let Some(named) = self.named(versions)?.into_iter().find(|it| it.name == name) else {
            return Ok(None);
        };
        let checked = workflows::check(&self.instance).map_err(|error| error.to_string())?;
        let kept = || named.version.as_ref().map(|it| it.source.clone());
        let text = named
            .file
            .as_ref()
            .map(|it| self.instance.workflow_text(it));
        let source = match text {
            Some(Ok(text)) => Some(text),
            Some(Err(_)) | None => kept(),
        };
        let found = of_file(&named, &checked.diagnostics).map(desk::finding);
        let version = named.version.as_deref();
        Ok(Some(WorkflowDetail {
            findings: found.collect(),
            workflow: self.workflow_view(&named, &checked.diagnostics, now)?,
            plan: version.map(|it| it.plan.clone()),
            source: source.unwrap_or_default(),
            schedules: version
                .map(|it| self.schedules(it, now))
                .unwrap_or_default(),
            promise: version
                .map(|it| self.promise(it, now))
                .transpose()?
                .flatten(),
            succeeded: self.newest(&named.name, State::Succeeded)?,
            failed: self.newest(&named.name, State::Failed)?,
            // Only the daemon that is asked knows.
            versions: Vec::new(),
        }))
    }

    /// The newest run of a workflow that has ended so.
    fn newest(&self, workflow: &str, state: State) -> Result<Option<RunView>, String> {
        let filter = Filter::of(workflow).in_state(state);
        let mut runs = self.runs(&filter, None, 1).map_err(|it| it.to_string())?;
        Ok(runs.pop())
    }

    /// How it stands with what a version promises.
    fn promise(&self, version: &Version, now: Timestamp) -> Result<Option<PromiseView>, String> {
        let Some(promise) = &version.plan.promise else {
            return Ok(None);
        };
        let text = |error: botswain_store::ReadError| error.to_string();
        let zone = self.config().timezone.clone();
        // The check has refused a schedule that cannot be read.
        let times = Times::scheduled(&promise.by, &zone).ok();
        let next = times.as_ref().and_then(|it| it.after(now));
        let day = next
            .zip(times)
            .map(|(at, it)| start_of_day(at, it.timezone()));
        let begun = day.filter(|day| *day <= now);
        let so_far =
            begun.map(|day| self.succeeded(&version.plan.name, (day, now), promise.succeeded));
        let query = InboxQuery {
            workflow: Some(version.plan.name.clone()),
            ..InboxQuery::default()
        };
        let waits = self.causes(&query, (&Sight::All, CAUSES), now);
        let (waits, _) = waits.map_err(text)?;
        let broken = waits.iter().filter(|it| it.code == BROKEN);
        Ok(Some(PromiseView {
            succeeded: promise.succeeded,
            next,
            so_far: so_far.transpose().map_err(text)?,
            broken: broken.map(|it| it.count).sum(),
        }))
    }

    /// When each trigger of a version fires next.
    pub fn schedules(&self, version: &Version, now: Timestamp) -> Vec<ScheduleView> {
        let zone = self.config().timezone.clone();
        let triggers = version.plan.triggers.iter().map(|trigger| {
            // The check has refused a schedule that cannot be read.
            let times = Times::of(&trigger.on, &zone).and_then(Result::ok);
            let after = |at: Timestamp| times.as_ref()?.after(at);
            let next = std::iter::successors(after(now), |last| after(*last));
            let next: Vec<Timestamp> = next.take(NEXT).collect();
            let calendar = match &trigger.on {
                On::Schedule(schedule) => schedule.calendar.as_ref(),
                _ => None,
            };
            let span = next.last().map(|last| (now, *last));
            let left_out = times.as_ref().zip(span);
            let left_out = left_out.map(|(times, span)| times.left_out(span, NEXT));
            let left_out = left_out
                .into_iter()
                .flatten()
                .map(|(at, moved)| LeftOutView {
                    at,
                    moved,
                    calendar: calendar.map_or_else(String::new, |it| it.skip.clone()),
                });
            ScheduleView {
                left_out: left_out.collect(),
                is_paused: false,
                workflow: version.plan.name.clone(),
                trigger: trigger.on.to_string(),
                timezone: times.as_ref().map(|it| it.timezone().to_owned()),
                next,
            }
        });
        triggers.collect()
    }

    /// When each trigger fires on the seven days from this one on, by the reader's clock.
    pub fn calendar(
        &self,
        versions: &[Arc<Version>],
        (first, zone): (Date, &TimeZone),
    ) -> Vec<CalendarRow> {
        let own = self.config().timezone.clone();
        let mut rows = Vec::new();
        for version in versions {
            for trigger in &version.plan.triggers {
                let Some(Ok(times)) = Times::of(&trigger.on, &own) else {
                    continue;
                };
                let days = (0..7).filter_map(|it| first.checked_add(it.days()).ok());
                rows.push(CalendarRow {
                    workflow: version.plan.name.clone(),
                    trigger: trigger.on.to_string(),
                    is_paused: false,
                    days: days.map(|day| day_of(&times, day, zone)).collect(),
                });
            }
        }
        rows
    }

    fn named(&self, versions: &[Arc<Version>]) -> Result<Vec<Named>, String> {
        let text = |error: crate::instance::Error| error.to_string();
        let (files, _) = self.instance.workflow_files().map_err(text)?;
        let folders = self.instance.workflow_folders().map_err(text)?;
        let name = |file: &PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
        let named = files.into_iter().filter_map(|file| {
            let name = name(&file)?;
            Some(Named {
                version: versions.iter().find(|it| it.plan.name == name).cloned(),
                file: Some(file),
                folder: folders.get(&name).cloned(),
                name,
            })
        });
        let mut all: Vec<Named> = named.collect();
        for version in versions {
            let name = &version.plan.name;
            if !all.iter().any(|it| it.name == *name) {
                all.push(Named {
                    name: name.clone(),
                    file: None,
                    folder: None,
                    version: Some(version.clone()),
                });
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    fn workflow_view(
        &self,
        named: &Named,
        found: &[Diagnostic],
        now: Timestamp,
    ) -> Result<WorkflowView, String> {
        let text = |error: botswain_store::ReadError| error.to_string();
        let filter = Filter::of(&named.name);
        let query = InboxQuery {
            workflow: Some(named.name.clone()),
            ..InboxQuery::default()
        };
        let waits = self.causes(&query, (&Sight::All, CAUSES), now);
        let (waits, _) = waits.map_err(text)?;
        let version = named.version.as_deref();
        let schedules = version
            .map(|it| self.schedules(it, now))
            .unwrap_or_default();
        let mistakes = of_file(named, found).filter(|it| it.severity == Severity::Error);
        Ok(WorkflowView {
            name: named.name.clone(),
            folder: named.folder.clone(),
            description: version.and_then(|it| it.plan.description.clone()),
            version: version.map(Version::hash),
            mistakes: mistakes.count(),
            // Only the daemon that is asked knows.
            paused: None,
            last: self.runs(&filter, None, 1).map_err(text)?.pop(),
            next: schedules
                .iter()
                .filter_map(|it| it.next.first().copied())
                .min(),
            triggers: schedules.into_iter().map(|it| it.trigger).collect(),
            exceptions: waits.iter().map(|it| it.count).sum(),
        })
    }
}

/// What the check says of a workflow's own file.
fn of_file<'a>(named: &'a Named, found: &'a [Diagnostic]) -> impl Iterator<Item = &'a Diagnostic> {
    let file = named.file.as_ref().map(|it| it.display().to_string());
    found
        .iter()
        .filter(move |it| file.as_ref() == Some(&it.file))
}

fn day_of(times: &Times, date: Date, zone: &TimeZone) -> CalendarDay {
    let start = |day: Date| day.to_zoned(zone.clone()).ok().map(|it| it.timestamp());
    let mut day = CalendarDay {
        date,
        first: Vec::new(),
        count: 0,
    };
    let (Some(from), Some(until)) = (start(date), date.tomorrow().ok().and_then(start)) else {
        return day;
    };
    // The first moment of a day belongs to it.
    let before = from - 1.nanosecond();
    let mut next = times.after(before);
    while let Some(at) = next.filter(|at| *at < until && day.count < CalendarDay::MOST) {
        if day.first.len() < CalendarDay::NAMED {
            day.first.push(at);
        }
        day.count += 1;
        next = times.after(at);
    }
    day
}
