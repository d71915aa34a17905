//! Who looks at a page, and how they want to see it.

use std::collections::BTreeMap;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use botswain_console::{Frame, Language, Person, Theme, Told};
use botswain_views::Counts;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use percent_encoding::percent_decode_str;

use crate::{
    accounts::Principal,
    api::{
        Problem,
        access::{Guard, address, bearer, cookie},
        problem::Code,
        proposals,
        rights::Reach,
        routes::reading,
    },
};

/// One request as far as every page needs to know it.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(super) guard: Guard,
    pub(super) principal: Option<Principal>,
    /// What the cookie holds.
    token: Option<String>,
    /// What a program has shown.
    bearer: Option<String>,
    from: Option<std::net::IpAddr>,
    language: Language,
    theme: Theme,
    zone: Option<TimeZone>,
    path: String,
}

impl Visit {
    pub(crate) fn of(guard: &Guard, request: &Request, principal: Option<Principal>) -> Visit {
        let headers = request.headers();
        let chosen = cookie(headers, "language").and_then(|it| Language::of_code(&it));
        let theme = cookie(headers, "theme").and_then(|it| Theme::of_code(&it));
        let path = request.uri().path_and_query().map(|it| it.as_str());
        Visit {
            guard: guard.clone(),
            principal,
            token: guard.token(headers),
            bearer: bearer(request).map(str::to_owned),
            from: address(request),
            language: chosen.unwrap_or_else(|| liked(headers)),
            theme: theme.unwrap_or_default(),
            zone: zone(headers),
            path: path.unwrap_or("/").to_owned(),
        }
    }

    /// The name of the session's cookie.
    pub(crate) fn cookie(&self) -> &str {
        &self.guard.cookie
    }

    /// What is around the page.
    pub(super) fn frame(&self, counts: Counts) -> Frame {
        self.framed(counts, BTreeMap::new())
    }

    fn framed(&self, counts: Counts, places: BTreeMap<String, String>) -> Frame {
        let principal = self.principal.as_ref();
        let reach = principal.map(|it| Reach::over(it, places.clone()));
        let proposals = reach.map_or(0, |it| proposals::waiting_for(&self.guard.handle, &it));
        Frame {
            instance: self.guard.handle.parts.config().name.clone(),
            person: principal.map(|it| Person {
                name: it.name.clone(),
                role: it.role,
                folders: it.folders.clone(),
                groups: it.groups.clone(),
            }),
            csrf: principal.and_then(|it| it.csrf.clone()).unwrap_or_default(),
            language: self.language,
            theme: self.theme,
            zone: self.zone(),
            now: Timestamp::now(),
            counts: Counts {
                proposals,
                ..counts
            },
            path: self.path.clone(),
            notice: None,
            places,
        }
    }

    /// The frame with how much waits and where workflows lie; what cannot be read is not shown.
    pub(super) async fn counted(&self) -> Frame {
        let frame = self.placed(Counts::default()).await;
        let Some(principal) = &self.principal else {
            return frame;
        };
        let reader = Reach::over(principal, frame.places.clone()).reader();
        let read = reading(&self.guard.handle, move |parts| {
            parts.counts(&reader, Timestamp::now())
        });
        let counts = read.await.map(|it| it.0).unwrap_or_default();
        Frame {
            counts: Counts {
                proposals: frame.counts.proposals,
                ..counts
            },
            ..frame
        }
    }

    /// The frame with where workflows lie, as far as whoever looks sees them.
    pub(super) async fn placed(&self, counts: Counts) -> Frame {
        let read = reading(&self.guard.handle, |parts| {
            let folders = parts.instance.workflow_folders();
            folders.map_err(Problem::internal)
        });
        let mut places = read.await.map(|it| it.0).unwrap_or_default();
        if let Some(principal) = &self.principal {
            let sight = Reach::over(principal, places.clone()).sight();
            places.retain(|workflow, _| sight.shows(workflow));
        }
        self.framed(counts, places)
    }

    /// Where they come from; over a connection that has no address nobody is told apart.
    pub(super) fn address(&self) -> std::net::IpAddr {
        self.from.unwrap_or_else(|| [0, 0, 0, 0].into())
    }

    pub(super) fn zone(&self) -> TimeZone {
        let own = self.zone.clone();
        own.unwrap_or_else(|| self.guard.handle.parts.timezone())
    }

    /// The first moment of a day, which is the reader's.
    pub(super) fn start_of(&self, day: Date) -> Option<Timestamp> {
        Some(day.to_zoned(self.zone()).ok()?.timestamp())
    }

    /// When it is over.
    pub(super) fn end_of(&self, day: Date) -> Option<Timestamp> {
        self.start_of(day.tomorrow().ok()?)
    }

    /// Who it is still, long after it was let in.
    pub(crate) fn still(&self) -> Option<Principal> {
        if let Some(bearer) = &self.bearer {
            let holder = self.guard.handle.accounts.still_holds(bearer);
            return holder.filter(|it| self.guard.trusts(it));
        }
        self.guard.signed_in(self.token.as_deref()?)
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A problem as a form tells of it, in the reader's language as far as there are words.
    pub(super) fn line(&self, problem: &Problem) -> String {
        botswain_console::told(self.language, told(problem))
    }

    /// A page that says what could not be done.
    pub(crate) fn problem(&self, problem: &Problem) -> Response {
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let frame = self.frame(Counts::default());
        let page = botswain_console::problem(&frame, problem.status, told(problem));
        let mut response = (status, Html(page)).into_response();
        response.extensions_mut().insert(Code(problem.code.clone()));
        response
    }
}

fn told(problem: &Problem) -> Told<'_> {
    Told {
        code: &problem.code,
        title: &problem.title,
        detail: problem.detail.as_deref(),
    }
}

fn liked(headers: &HeaderMap) -> Language {
    let accept = headers.get(header::ACCEPT_LANGUAGE);
    let accept = accept.and_then(|it| it.to_str().ok());
    accept.map_or_else(Language::default, Language::of_header)
}

/// The zone that the page before has told.
fn zone(headers: &HeaderMap) -> Option<TimeZone> {
    let name = cookie(headers, "zone")?;
    let name = percent_decode_str(&name).decode_utf8().ok()?;
    TimeZone::get(&name).ok()
}
