//! The order form, an order, and the list of orders.
//!
//! The form comes back with what was typed and what is wrong with it (422); a
//! saved order is shown on a page of its own, so that reloading enters nothing.

use std::sync::Arc;

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Desk, Draft, EntryError};
use super::ledger::Order;
use super::login::Clerk;
use super::page;

const COMPLETION: &str = include_str!("completion.js");
/// A page shows so many; the search finds the others.
const SHOWN: usize = 200;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/orders", get(list))
        .route("/orders/new", get(new).post(save))
        .route("/orders/{number}", get(show))
        .route("/customers", get(complete))
}

async fn new(clerk: Clerk, State(desk): State<Arc<Desk>>) -> Markup {
    form(&clerk, &desk, &Draft::default(), &[])
}

async fn save(clerk: Clerk, State(desk): State<Arc<Desk>>, Form(draft): Form<Draft>) -> Response {
    match desk.enter(draft.clone()).await {
        Ok(order) => Redirect::to(&format!("/orders/{}?saved=yes", order.number)).into_response(),
        Err(EntryError::Refused(wrong)) => {
            let page = form(&clerk, &desk, &draft, &wrong);
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
        Err(error) => page::failed(&error.to_string()),
    }
}

fn form(clerk: &Clerk, desk: &Desk, draft: &Draft, wrong: &[String]) -> Markup {
    let body = html! {
        main.narrow {
            h1 { "New order" }
            p.lead { "One line of a customer's order." }
            div.card {
                (page::problems(wrong))
                form method="post" action="/orders/new" {
                    (page::field("reference", "Reference", &draft.reference))
                    (customer(&draft.customer))
                    (sku(desk, &draft.sku))
                    div.field {
                        label for="quantity" { "Quantity" }
                        input.short type="text" inputmode="numeric" id="quantity" name="quantity"
                            value=(draft.quantity) autocomplete="off";
                    }
                    div.actions {
                        button type="submit" { "Save" }
                        a href="/orders" { "Cancel" }
                    }
                }
            }
        }
        script { (PreEscaped(COMPLETION)) }
    };
    page::page(clerk, "/orders/new", "New order", &body)
}

fn customer(value: &str) -> Markup {
    html! {
        div.field {
            label for="customer" { "Customer" }
            input type="text" id="customer" name="customer" value=(value) autocomplete="off"
                role="combobox" aria-expanded="false" aria-controls="customer-list"
                aria-describedby="customer-name" placeholder="Code or part of the name";
            ul.completion id="customer-list" role="listbox" aria-label="Customers" hidden {}
            output.hint id="customer-name" for="customer" {}
        }
    }
}

fn sku(desk: &Desk, chosen: &str) -> Markup {
    let state = desk.state();
    let products = &state.master.products;
    let unknown = !chosen.is_empty() && state.master.product(chosen).is_none();
    html! {
        div.field {
            label for="sku" { "SKU" }
            select id="sku" name="sku" {
                option value="" { "Choose a product" }
                @if unknown { option value=(chosen) selected { (chosen) } }
                @for product in products {
                    option value=(product.sku) selected[product.sku == chosen] {
                        (product.sku) " " (product.name)
                    }
                }
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shown {
    saved: String,
}

async fn show(
    clerk: Clerk,
    State(desk): State<Arc<Desk>>,
    Path(number): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    let found = desk
        .state()
        .orders
        .iter()
        .find(|order| order.number == number)
        .cloned();
    match found {
        Some(order) => order_page(&clerk, &desk, &order, shown.saved == "yes").into_response(),
        None => page::missing(),
    }
}

fn order_page(clerk: &Clerk, desk: &Desk, order: &Order, saved: bool) -> Markup {
    let state = desk.state();
    let customer = state.master.customer(&order.customer);
    let product = state.master.product(&order.sku);
    let body = html! {
        main.narrow {
            @if saved { h1 { "Order saved" } } @else { h1 { "Order " (order.number) } }
            p.lead { "Entered by " (order.by) " on " (entered(order)) "." }
            div.card { dl {
                dt { "Number" } dd { strong { span id="order-number" { (order.number) } } }
                dt { "Reference" } dd { (order.reference) }
                dt { "Customer" }
                dd { (order.customer) @if let Some(one) = customer { " · " (one.name) } }
                dt { "Product" }
                dd { (order.sku) @if let Some(one) = product { " · " (one.name) } }
                dt { "Quantity" } dd { (order.quantity) }
                dt { "Amount" } dd { (order.amount.to_string()) }
            } }
            p { a.button href="/orders/new" { "Next order" } }
        }
    };
    let title = if saved { "Order saved" } else { "Order" };
    page::page(clerk, "/orders", title, &body)
}

fn entered(order: &Order) -> String {
    order.entered.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Search {
    reference: String,
}

async fn list(clerk: Clerk, State(desk): State<Arc<Desk>>, Query(search): Query<Search>) -> Markup {
    let state = desk.state();
    let wanted = search.reference.trim();
    let reference = (!wanted.is_empty()).then_some(wanted);
    let count = state.orders_by(reference).count();
    let body = html! {
        main {
            h1 { "Orders" }
            p.lead { (tally(count, reference)) }
            form.search method="get" action="/orders" {
                (page::field("reference", "Reference", wanted))
                button type="submit" { "Search" }
            }
            div.table {
                @if count == 0 { p.empty { "No orders to show." } } @else {
                    table {
                        thead { tr {
                            th { "Number" } th { "Reference" } th { "Customer" } th { "Product" }
                            th.number { "Quantity" } th.number { "Amount" } th { "Entered" }
                        } }
                        tbody { @for order in state.orders_by(reference).rev().take(SHOWN) {
                            tr {
                                td.code { a href={ "/orders/" (order.number) } { (order.number) } }
                                td.code { (order.reference) }
                                td.code { (order.customer) }
                                td.code { (order.sku) }
                                td.number { (order.quantity) }
                                td.number { (order.amount.to_string()) }
                                td { (entered(order)) }
                            }
                        } }
                    }
                }
            }
        }
    };
    page::page(&clerk, "/orders", "Orders", &body)
}

fn tally(count: usize, reference: Option<&str>) -> String {
    let orders = if count == 1 { "order" } else { "orders" };
    match reference {
        Some(reference) => format!("{count} {orders} with the reference {reference}."),
        None if count > SHOWN => format!("The latest {SHOWN} of {count} {orders}."),
        None => format!("{count} {orders}, the latest first."),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    typed: String,
}

async fn complete(
    _clerk: Clerk,
    State(desk): State<Arc<Desk>>,
    Query(query): Query<Typed>,
) -> Json<Value> {
    Json(json!({ "items": desk.complete(&query.typed) }))
}
