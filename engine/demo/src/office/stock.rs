//! Products and suppliers: what is on the shelf, on its way, and running low.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};

use super::desk::{Desk, EntryError, NewProduct};
use super::login::Clerk;
use super::page;
use crate::master::{MasterData, Product};

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/products", get(products))
        .route("/products/new", get(new).post(save))
        .route("/suppliers", get(suppliers))
        .route("/suppliers/{id}", get(supplier))
}

async fn products(clerk: Clerk, State(desk): State<Arc<Desk>>) -> Markup {
    let state = desk.state();
    let body = html! {
        main {
            h1 { "Products" }
            p.lead { (state.master.products.len()) " products." }
            p { a.button href="/products/new" { "Add a product" } }
            (table(&state.master, state.master.products.iter(), true))
        }
    };
    page::page(&clerk, "/products", "Products", &body)
}

fn table<'a>(
    master: &MasterData,
    products: impl Iterator<Item = &'a Product>,
    with_supplier: bool,
) -> Markup {
    html! {
        div.table { table {
            thead { tr {
                th { "SKU" } th { "Name" }
                @if with_supplier { th { "Supplier" } } @else { th { "Packing" } }
                th.number { "Price" } th.number { "In stock" } th.number { "On order" }
                th.number { "Reorder level" }
            } }
            tbody { @for product in products { tr.gone[product.discontinued] {
                td.code { (product.sku) }
                td { (product.name) @if product.discontinued { " (discontinued)" } }
                @if with_supplier { td { (supplier_link(master, product)) } }
                @else { td { (product.quantity_per_unit) } }
                td.number { (product.price) }
                td.number.low[product.is_low()] { (product.stock) }
                td.number { (product.on_order) }
                td.number { (product.reorder_level) }
            } } }
        } }
    }
}

fn supplier_link(master: &MasterData, product: &Product) -> Markup {
    let name = master.supplier(&product.supplier).map(|one| &one.name);
    html! {
        @if let Some(name) = name {
            a href={ "/suppliers/" (product.supplier) } { (name) }
        }
    }
}

async fn suppliers(clerk: Clerk, State(desk): State<Arc<Desk>>) -> Markup {
    let state = desk.state();
    let low = |id: &str| {
        state
            .master
            .supplied_by(id)
            .filter(|one| one.is_low())
            .count()
    };
    let body = html! {
        main {
            h1 { "Suppliers" }
            p.lead { (state.master.suppliers.len()) " suppliers." }
            div.table { table {
                thead { tr {
                    th { "Name" } th { "City" } th { "Country" } th { "Orders go to" }
                    th.number { "Products below reorder level" }
                } }
                tbody { @for one in &state.master.suppliers { tr {
                    td { a href={ "/suppliers/" (one.id) } { (one.name) } }
                    td { (one.city) }
                    td { (one.country) }
                    td { (one.email) }
                    @let count = low(&one.id);
                    td.number.low[count > 0] { (count) }
                } } }
            } }
        }
    };
    page::page(&clerk, "/suppliers", "Suppliers", &body)
}

async fn supplier(clerk: Clerk, State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let state = desk.state();
    let Some(one) = state.master.supplier(&id) else {
        return page::missing();
    };
    let body = html! {
        main {
            h1 { (one.name) }
            p.lead { (one.city) ", " (one.country) }
            div.card { dl {
                dt { "Contact" } dd { (one.contact) }
                dt { "Address" } dd { (one.address) ", " (one.postal_code) " " (one.city) }
                dt { "Phone" } dd { (one.phone) }
                dt { "Orders go to" } dd { (one.email) }
            } }
            h2 { "Products" }
            (table(&state.master, state.master.supplied_by(&id), false))
        }
    };
    page::page(&clerk, "/suppliers", &one.name, &body).into_response()
}

async fn new(clerk: Clerk, State(desk): State<Arc<Desk>>) -> Markup {
    form(&clerk, &desk, &NewProduct::default(), &[])
}

async fn save(
    clerk: Clerk,
    State(desk): State<Arc<Desk>>,
    Form(new): Form<NewProduct>,
) -> Response {
    let added = desk
        .read_product(&new)
        .and_then(|product| desk.add_product(product));
    let (status, wrong) = match added {
        Ok(()) => return Redirect::to("/products").into_response(),
        Err(EntryError::Refused(wrong)) => (StatusCode::UNPROCESSABLE_ENTITY, wrong),
        Err(error @ EntryError::Exists(_)) => {
            (StatusCode::CONFLICT, vec![format!("The {error} already")])
        }
        Err(error @ EntryError::Book(_)) => return page::failed(&error.to_string()),
    };
    (status, form(&clerk, &desk, &new, &wrong)).into_response()
}

fn form(clerk: &Clerk, desk: &Desk, new: &NewProduct, wrong: &[String]) -> Markup {
    let body = html! {
        main.narrow {
            h1 { "Add a product" }
            p.lead { "It can be ordered at once." }
            div.card {
                (page::problems(wrong))
                form method="post" action="/products/new" {
                    (page::field("sku", "SKU", &new.sku))
                    (page::field("name", "Name", &new.name))
                    (supplier_field(desk, &new.supplier))
                    (page::field("price", "Price", &new.price))
                    (page::field("stock", "In stock", &new.stock))
                    (page::field("reorder_level", "Reorder level", &new.reorder_level))
                    div.actions {
                        button type="submit" { "Save" }
                        a href="/products" { "Cancel" }
                    }
                }
            }
        }
    };
    page::page(clerk, "/products", "Add a product", &body)
}

fn supplier_field(desk: &Desk, chosen: &str) -> Markup {
    let state = desk.state();
    html! {
        div.field {
            label for="supplier" { "Supplier" }
            select id="supplier" name="supplier" {
                option value="" { "Choose a supplier" }
                @for one in &state.master.suppliers {
                    option value=(one.id) selected[one.id == chosen] { (one.name) }
                }
            }
        }
    }
}
