//! What is around every page: who looks, where one can go, and what was done a moment ago.

use std::collections::BTreeMap;

use botswain_views::{Counts, FolderRoles, Role};
use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, html};

use crate::words::{Language, Words};

/// Who looks at a page, and how they want to see it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What the instance is called.
    pub instance: String,
    /// Absent before somebody has signed in.
    pub person: Option<Person>,
    /// What every form has to hold.
    pub csrf: String,
    pub language: Language,
    pub theme: Theme,
    pub zone: TimeZone,
    pub now: Timestamp,
    pub counts: Counts,
    /// The address of this page, with its query.
    pub path: String,
    /// What came of the form before.
    pub notice: Option<String>,
    /// In which folder each workflow lies.
    pub places: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub name: String,
    pub role: Role,
    /// What else they may in folders of workflows.
    pub folders: FolderRoles,
    /// The groups that they answer for.
    pub groups: Vec<String>,
}

/// Light or dark; without a choice, what the system likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// As it stands in cookies.
    pub fn code(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn of_code(code: &str) -> Option<Theme> {
        [Theme::System, Theme::Light, Theme::Dark]
            .into_iter()
            .find(|it| it.code() == code)
    }
}

/// Where a page belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Inbox,
    Runs,
    Workflows,
    Connections,
    Insights,
    People,
    Audit,
    Elsewhere,
}

impl Frame {
    pub(crate) fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// Whether whoever looks may do what a role may.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.person
            .as_ref()
            .is_some_and(|person| person.role >= role)
    }

    /// The same where a workflow lies.
    pub(crate) fn may_on(&self, role: Role, workflow: &str) -> bool {
        let there = self.person.as_ref().zip(self.places.get(workflow));
        let there = there.map(|(it, folder)| it.role.in_folder(&it.folders, folder));
        self.may(role) || there.is_some_and(|there| there >= role)
    }

    /// The same in some folder at least.
    pub(crate) fn may_somewhere(&self, role: Role) -> bool {
        let most = self.person.as_ref();
        let most = most.map(|it| it.role.somewhere(&it.folders));
        most.is_some_and(|most| most >= role)
    }

    /// A form that changes something, with what proves that it is from here.
    pub(crate) fn form(&self, action: &str, class: &str, content: Markup) -> Markup {
        self.form_as(action, (class, None), content)
    }

    /// The same with files in it.
    pub(crate) fn form_with_files(&self, action: &str, class: &str, content: Markup) -> Markup {
        self.form_as(action, (class, Some("multipart/form-data")), content)
    }

    fn form_as(
        &self,
        action: &str,
        (class, encoding): (&str, Option<&str>),
        content: Markup,
    ) -> Markup {
        html! {
            form method="post" action=(action) class=(class) enctype=[encoding] {
                input type="hidden" name="csrf" value=(self.csrf);
                (content)
            }
        }
    }

    /// The whole page.
    pub(crate) fn page(&self, title: &str, place: Place, content: Markup) -> String {
        let words = self.words();
        let page = html! {
            (DOCTYPE)
            html lang=(self.language.code()) data-theme=(self.theme.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · " (self.instance) }
                    link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                    link rel="stylesheet" href="/assets/console.css";
                    script src="/assets/console.js" defer {}
                }
                body {
                    a class="skip" href="#content" { (words.skip_to_content) }
                    (self.header(place))
                    main id="content" tabindex="-1" {
                        @if let Some(notice) = &self.notice {
                            p class="notice" role="status" { (notice) }
                        }
                        (content)
                    }
                    (self.footer())
                }
            }
        };
        page.into_string()
    }

    fn header(&self, place: Place) -> Markup {
        let words = self.words();
        html! {
            header class="top" {
                a class="brand" href="/" {
                    (mark())
                    span { "Botswain" }
                    span class="instance" { (self.instance) }
                }
                @if let Some(person) = &self.person {
                    nav aria-label="Botswain" {
                        (link("/inbox", place == Place::Inbox, html! {
                            (words.inbox)
                            @if self.counts.open > 0 {
                                span class="count" data-count="open" { (grouped(self.counts.open)) }
                            }
                        }))
                        (link("/runs", place == Place::Runs, html! { (words.runs) }))
                        (link("/workflows", place == Place::Workflows, html! {
                            (words.of_workflow.workflows)
                            @if self.may_somewhere(Role::Author) {
                                // Filled as they come, also while one reads.
                                span class="count" data-count="proposals" title=(words.of_proposal.proposals) {
                                    @if self.counts.proposals > 0 { (grouped(self.counts.proposals)) }
                                }
                            }
                        }))
                        // They are nobody's folder's.
                        @if self.may(Role::Viewer) {
                            (link("/connections", place == Place::Connections, html! { (words.of_connection.connections) }))
                        }
                        (link("/insights", place == Place::Insights, html! { (words.of_insights.insights) }))
                        @if person.role == Role::Admin {
                            (link("/people", place == Place::People, html! { (words.people) }))
                            (link("/audit", place == Place::Audit, html! { (words.of_audit.audit) }))
                        }
                    }
                    div class="who" {
                        a class="name" href="/account" title={ ((words.roles)(person.role.somewhere(&person.folders))) " · " (words.of_account.account) } { (person.name) }
                        (self.form("/logout", "inline", html! {
                            button class="quiet" { (words.sign_out) }
                        }))
                    }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        let words = self.words();
        let (name, code) = words.other_language;
        let (theme, label) = match self.theme {
            Theme::Dark => (Theme::Light, words.light),
            Theme::System | Theme::Light => (Theme::Dark, words.dark),
        };
        html! {
            footer {
                (self.form("/look", "inline", html! {
                    input type="hidden" name="back" value=(self.path);
                    button class="quiet" name="language" value=(code) lang=(code) { (name) }
                    button class="quiet" name="theme" value=(theme.code()) { (label) }
                }))
                button class="quiet" type="button" data-keys hidden { (words.keys) " " kbd { "?" } }
                dialog id="keys" aria-labelledby="keys-title" {
                    h2 id="keys-title" { (words.keys) }
                    dl {
                        @for (key, what) in words.keys_list {
                            dt { kbd { (key) } }
                            dd { (what) }
                        }
                    }
                    form method="dialog" { button { (words.close) } }
                }
            }
        }
    }
}

fn link(path: &str, is_here: bool, content: Markup) -> Markup {
    html! {
        @if is_here {
            a href=(path) aria-current="page" { (content) }
        } @else {
            a href=(path) { (content) }
        }
    }
}

/// A bosun's pipe, as two strokes.
fn mark() -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none"
            stroke="currentColor" stroke-width="2.2" stroke-linecap="round" {
            path d="M3 9h11a5 5 0 1 1-4.6 7" {}
            path d="M3 9c0 3 2 5 4.5 5" {}
            circle cx="19" cy="6" r="1.6" fill="currentColor" stroke="none" {}
        }
    }
}

/// `12,480`: the same in both languages.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that is counted up to `Counts::MOST` alone.
pub(crate) fn counted(number: u64) -> String {
    match number >= Counts::MOST {
        true => format!("{}+", grouped(Counts::MOST)),
        false => grouped(number),
    }
}
