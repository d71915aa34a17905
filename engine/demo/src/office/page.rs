//! The frame around every page, and the pages that belong to nobody else.
//!
//! Everything that was typed in is escaped by `maud`. Style and script are part
//! of the page, so a saved page looks as it did.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::desk::Desk;
use super::login::Clerk;

const STYLE: &str = include_str!("style.css");

const NAVIGATION: &[(&str, &str)] = &[
    ("/", "Home"),
    ("/orders/new", "New order"),
    ("/orders", "Orders"),
    ("/products", "Products"),
    ("/suppliers", "Suppliers"),
];

/// A page for somebody who is signed in; `here` is marked in the navigation.
pub(super) fn page(clerk: &Clerk, here: &str, title: &str, body: &Markup) -> Markup {
    let head = html! {
        header { div.bar {
            a.brand href="/" { "Northwind Traders" }
            nav aria-label="Main" {
                @for (path, name) in NAVIGATION {
                    a href=(path) aria-current=[(*path == here).then_some("page")] { (name) }
                }
            }
            form method="post" action="/logout" {
                span { (clerk.user) }
                button type="submit" { "Sign out" }
            }
        } }
    };
    bare(title, &html! { (head) (body) })
}

/// A page without navigation.
pub(super) fn bare(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="icon" href="data:,";
                title { (title) " · Northwind back office" }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// What is wrong with a form.
pub(super) fn problems(wrong: &[String]) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div.error role="alert" { @for one in wrong { p { (one) } } }
        }
    }
}

/// A labelled text field.
pub(super) fn field(name: &str, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input type="text" id=(name) name=(name) value=(value) autocomplete="off";
        }
    }
}

pub(super) async fn home(clerk: Clerk, State(desk): State<Arc<Desk>>) -> Markup {
    let state = desk.state();
    let low = state.master.products.iter().filter(|one| one.is_low());
    let cards = [
        ("/orders", state.orders.len(), "orders entered"),
        ("/products", low.count(), "products below reorder level"),
        ("/suppliers", state.master.suppliers.len(), "suppliers"),
    ];
    let body = html! {
        main {
            h1 { "Back office" }
            p.lead { "Orders, stock and suppliers of the Northwind company." }
            div.cards {
                @for (path, count, what) in cards {
                    a.card href=(path) { strong { (count) } span { (what) } }
                }
            }
            p { a.button href="/orders/new" { "Enter an order" } }
        }
    };
    page(&clerk, "/", "Home", &body)
}

pub(super) async fn not_found() -> Response {
    missing()
}

pub(super) fn missing() -> Response {
    let body = html! {
        main.narrow { div.card {
            h1 { "There is no such page" }
            p.lead { "Perhaps it was moved, or the address was mistyped." }
            a href="/" { "Back to the office" }
        } }
    };
    (StatusCode::NOT_FOUND, bare("Not found", &body)).into_response()
}

pub(super) fn busy() -> Markup {
    let body = html! {
        main.narrow { div.card {
            h1 { "The office is busy" }
            p.lead { "Please try again in a second." }
        } }
    };
    bare("Busy", &body)
}

/// The office could not do what it was asked, through no fault of the clerk.
pub(super) fn failed(reason: &str) -> Response {
    let body = html! {
        main.narrow { div.card {
            h1 { "That did not work" }
            div.error role="alert" { p { (reason) } }
            a href="/" { "Back to the office" }
        } }
    };
    (StatusCode::INTERNAL_SERVER_ERROR, bare("Error", &body)).into_response()
}
