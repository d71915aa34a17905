//! Makes the inbox, a page at a time; what it costs depends on the page, not on what waits.
//!
//! The counts of somebody who sees some folders alone are sums over the causes of all, and of what is
//! due so many are looked at.

use botswain_core::index::{Exception, ExceptionCategory};
use botswain_store::{Cluster, Cursor, List, ReadError};
use botswain_views::{ClusterView, Counts, ExceptionView, Inbox, InboxQuery, Show};
use jiff::Timestamp;

use super::{Reader, Sight, exceptions::exception_view};
use crate::daemon::Parts;

/// How many records are read at a time while most do not fit.
const PAGE: usize = 200;

/// How many are looked through for one page before it ends, fitting or not.
const LOOKED_AT: usize = 20_000;

/// As many results as a search shows.
const FOUND: usize = 100;

/// A part of a list, and where it goes on.
type Part<T> = (Vec<T>, Option<String>);

impl Parts {
    /// A page of what waits, as one person sees it.
    pub fn inbox(
        &self,
        query: &InboxQuery,
        (reader, limit): (&Reader, usize),
        now: Timestamp,
    ) -> Result<Inbox, ReadError> {
        let mut inbox = Inbox {
            counts: self.counts(reader, now)?,
            ..Inbox::default()
        };
        if let Some(text) = query.q.as_deref().filter(|text| !text.trim().is_empty()) {
            let fits = |it: &Exception| fits(query, &reader.sight, it);
            let found = self.store.search(text, FOUND, fits)?.into_iter();
            inbox.exceptions = found.map(exception_view).collect();
            return Ok(inbox);
        }
        match query.show {
            Show::Clusters if query.fingerprint.is_none() => {
                (inbox.clusters, inbox.next) = self.causes(query, (&reader.sight, limit), now)?;
            }
            _ => (inbox.exceptions, inbox.next) = self.listed(query, (reader, limit), now)?,
        }
        Ok(inbox)
    }

    /// How much waits for somebody.
    pub fn counts(&self, reader: &Reader, now: Timestamp) -> Result<Counts, ReadError> {
        let mine = List::Assignee(reader.name.clone());
        if let sight @ Sight::Those(_) = &reader.sight {
            let mut counts = self.counts_of_causes(sight)?;
            counts.overdue = self.count_shown(&List::DueBy(now), sight)?;
            counts.mine = self.count_shown(&mine, sight)?;
            return Ok(counts);
        }
        let most = usize::try_from(Counts::MOST).unwrap_or(usize::MAX);
        let count = |list: List| self.store.count(&list, most);
        Ok(Counts {
            open: self.store.exception_count()?,
            approvals: count(List::Category(ExceptionCategory::Approval))?,
            overdue: count(List::DueBy(now))?,
            mine: count(mine)?,
            snoozed: count(List::Snoozed)?,
            // The daemon that is asked knows.
            proposals: 0,
        })
    }

    /// How much waits of what somebody is shown, as far as causes tell: each is of one workflow.
    fn counts_of_causes(&self, sight: &Sight) -> Result<Counts, ReadError> {
        let (mut counts, mut after) = (Counts::default(), None);
        loop {
            let page = self.store.clusters(after.as_ref(), PAGE)?;
            for cause in page.entries.iter().filter(|it| sight.shows(&it.workflow)) {
                counts.open += cause.count;
                counts.snoozed += cause.snoozed;
                if cause.category == ExceptionCategory::Approval {
                    counts.approvals += cause.count;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        counts.snoozed = counts.snoozed.min(Counts::MOST);
        counts.approvals = counts.approvals.min(Counts::MOST);
        Ok(counts)
    }

    /// How many of a list somebody is shown, up to the most that is told; where others are many, of
    /// the first ones.
    fn count_shown(&self, list: &List, sight: &Sight) -> Result<u64, ReadError> {
        let (mut count, mut looked_at, mut after) = (0, 0, None);
        loop {
            let page = self.store.listed_exceptions(list, after.as_ref(), PAGE)?;
            looked_at += page.entries.len();
            let shown = page.entries.iter().filter(|it| sight.shows(&it.workflow));
            count += shown.count() as u64;
            match page.next {
                Some(next) if count < Counts::MOST && looked_at < LOOKED_AT => after = Some(next),
                _ => return Ok(count.min(Counts::MOST)),
            }
        }
    }

    /// What waits by cause; those that everybody has put off are left out.
    pub(super) fn causes(
        &self,
        query: &InboxQuery,
        (sight, limit): (&Sight, usize),
        now: Timestamp,
    ) -> Result<Part<ClusterView>, ReadError> {
        let fitting = |it: &Cluster| {
            let workflow = query.workflow.as_ref();
            workflow.is_none_or(|name| *name == it.workflow)
                && sight.shows(&it.workflow)
                && query.category.is_none_or(|wanted| wanted == it.category)
                && !it.sleeps(now)
        };
        let read = |after: Option<&Cursor>, limit| self.store.clusters(after, limit);
        let (clusters, next) = sifted(query.after.as_deref(), limit, read, fitting)?;
        let mut views = Vec::new();
        for cluster in clusters {
            let list = List::Cause(cluster.fingerprint.clone());
            let first = self.store.listed_exceptions(&list, None, 1)?;
            // Its last one may have been closed since.
            let Some(example) = first.entries.into_iter().next() else {
                continue;
            };
            views.push(ClusterView {
                fingerprint: cluster.fingerprint,
                workflow: cluster.workflow,
                step: cluster.step,
                category: cluster.category,
                code: cluster.code,
                count: cluster.count,
                snoozed: cluster.snoozed,
                oldest: example.opened,
                newest: cluster.newest,
                example: exception_view(example),
            });
        }
        Ok((views, next))
    }

    /// What waits, each for itself.
    fn listed(
        &self,
        query: &InboxQuery,
        (reader, limit): (&Reader, usize),
        now: Timestamp,
    ) -> Result<Part<ExceptionView>, ReadError> {
        let list = match (query.show, &query.fingerprint) {
            (Show::Mine, _) => Some(List::Assignee(reader.name.clone())),
            (Show::Snoozed, _) => Some(List::Snoozed),
            (Show::Overdue, _) => Some(List::DueBy(now)),
            (Show::Approvals, _) => Some(List::Category(ExceptionCategory::Approval)),
            (_, Some(cause)) => Some(List::Cause(cause.clone())),
            (Show::Newest | Show::Oldest | Show::Clusters, None) => query
                .category
                .map(List::Category)
                .filter(|_| query.show == Show::Oldest),
        };
        let shows_snoozed = matches!(query.show, Show::Snoozed | Show::Mine);
        let sleeps = |it: &Exception| it.snoozed.is_some_and(|until| until > now);
        let fitting =
            |it: &Exception| fits(query, &reader.sight, it) && (shows_snoozed || !sleeps(it));
        let newest_first = query.show == Show::Newest;
        let read = |after: Option<&Cursor>, limit| match &list {
            Some(list) => self.store.listed_exceptions(list, after, limit),
            None => self.store.all_exceptions(newest_first, after, limit),
        };
        let (found, next) = sifted(query.after.as_deref(), limit, read, fitting)?;
        Ok((found.into_iter().map(exception_view).collect(), next))
    }
}

fn fits(query: &InboxQuery, sight: &Sight, it: &Exception) -> bool {
    let workflow = query.workflow.as_ref();
    let cause = query.fingerprint.as_ref();
    workflow.is_none_or(|name| *name == it.workflow)
        && sight.shows(&it.workflow)
        && query.category.is_none_or(|wanted| wanted == it.category)
        && cause.is_none_or(|cause| *cause == it.fingerprint)
}

/// Reads on until a page is full of what fits, or enough was looked through.
fn sifted<T>(
    after: Option<&str>,
    limit: usize,
    read: impl Fn(Option<&Cursor>, usize) -> Result<botswain_store::Page<T>, ReadError>,
    fits: impl Fn(&T) -> bool,
) -> Result<Part<T>, ReadError> {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let mut after = after.and_then(Cursor::parse);
    loop {
        // No more than is still wanted, so that the cursor stands behind the last one shown.
        let wanted = (limit - found.len()).min(PAGE);
        let page = read(after.as_ref(), wanted)?;
        looked_at += page.entries.len().max(1);
        found.extend(page.entries.into_iter().filter(&fits));
        let is_full = found.len() >= limit || looked_at >= LOOKED_AT;
        match page.next {
            Some(next) if !is_full => after = Some(next),
            next => return Ok((found, next.map(|next| next.to_string()))),
        }
    }
}
