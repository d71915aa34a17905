//! The office for programs: JSON below `/api`, by bearer token or session.
//!
//! Lists answer `{"items": [...]}`, refusals `{"error": "..."}`. Prices and
//! amounts are numbers with exact digits, numbers of orders and SKUs are text.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use super::desk::{Desk, Draft, EntryError, NewProduct};
use super::ledger::Order;
use super::login::Caller;
use crate::master::{MasterData, Product, Supplier};

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/api/health", get(health))
        .route("/api/orders", get(orders).post(enter))
        .route("/api/products", get(products).post(add_product))
        .route("/api/suppliers", get(suppliers))
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderQuery {
    reference: Option<String>,
}

async fn orders(
    _caller: Caller,
    State(desk): State<Arc<Desk>>,
    Query(query): Query<OrderQuery>,
) -> Json<Items<Order>> {
    let state = desk.state();
    let found = state.orders_by(query.reference.as_deref());
    Json(Items {
        items: found.cloned().collect(),
    })
}

/// An order by the API: as in the form, but the quantity is a number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    reference: String,
    customer: String,
    sku: String,
    quantity: Number,
}

async fn enter(
    _caller: Caller,
    State(desk): State<Arc<Desk>>,
    body: Result<Json<OrderBody>, JsonRejection>,
) -> Response {
    let Json(body) = match body {
        Ok(body) => body,
        Err(rejection) => return unreadable(&rejection),
    };
    let draft = Draft {
        reference: body.reference,
        customer: body.customer,
        sku: body.sku,
        quantity: body.quantity.to_string(),
    };
    match desk.enter(draft).await {
        Ok(order) => (StatusCode::CREATED, Json(order)).into_response(),
        Err(error) => refused(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductQuery {
    supplier: Option<String>,
}

/// A product with what is easily derived.
#[derive(Serialize)]
struct ProductView {
    sku: String,
    name: String,
    supplier: String,
    supplier_name: String,
    category: String,
    quantity_per_unit: String,
    price: Number,
    stock: u32,
    on_order: u32,
    /// On the shelf or on its way.
    available: u32,
    reorder_level: u32,
    discontinued: bool,
}

fn view(master: &MasterData, product: &Product) -> ProductView {
    let supplier = master.supplier(&product.supplier);
    ProductView {
        sku: product.sku.clone(),
        name: product.name.clone(),
        supplier: product.supplier.clone(),
        supplier_name: supplier.map_or_else(String::new, |one| one.name.clone()),
        category: product.category.clone(),
        quantity_per_unit: product.quantity_per_unit.clone(),
        price: crate::master::number(product.price),
        stock: product.stock,
        on_order: product.on_order,
        available: product.available(),
        reorder_level: product.reorder_level,
        discontinued: product.discontinued,
    }
}

async fn products(
    _caller: Caller,
    State(desk): State<Arc<Desk>>,
    Query(query): Query<ProductQuery>,
) -> Json<Items<ProductView>> {
    let state = desk.state();
    let wanted = |product: &&Product| {
        let supplier = query.supplier.as_ref();
        supplier.is_none_or(|id| product.supplier == *id)
    };
    let found = state.master.products.iter().filter(wanted);
    Json(Items {
        items: found.map(|one| view(&state.master, one)).collect(),
    })
}

/// A product by the API: as in the form, but with numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductBody {
    sku: String,
    name: String,
    supplier: String,
    price: Number,
    #[serde(default)]
    stock: Option<Number>,
    #[serde(default)]
    reorder_level: Option<Number>,
}

async fn add_product(
    _caller: Caller,
    State(desk): State<Arc<Desk>>,
    body: Result<Json<ProductBody>, JsonRejection>,
) -> Response {
    let Json(body) = match body {
        Ok(body) => body,
        Err(rejection) => return unreadable(&rejection),
    };
    let text = |number: Option<Number>| number.map_or_else(String::new, |one| one.to_string());
    let new = NewProduct {
        sku: body.sku,
        name: body.name,
        supplier: body.supplier,
        price: body.price.to_string(),
        stock: text(body.stock),
        reorder_level: text(body.reorder_level),
    };
    let added = desk.read_product(&new).and_then(|product| {
        desk.add_product(product.clone())?;
        Ok(product)
    });
    match added {
        Ok(product) => {
            let view = view(&desk.state().master, &product);
            (StatusCode::CREATED, Json(view)).into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn suppliers(_caller: Caller, State(desk): State<Arc<Desk>>) -> Json<Items<Supplier>> {
    let items = desk.state().master.suppliers.clone();
    Json(Items { items })
}

fn refused(error: &EntryError) -> Response {
    let status = match error {
        EntryError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        EntryError::Exists(_) => StatusCode::CONFLICT,
        EntryError::Book(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(json!({ "error": error.to_string() }))).into_response()
}

fn unreadable(rejection: &JsonRejection) -> Response {
    let body = Json(json!({ "error": rejection.body_text() }));
    (rejection.status(), body).into_response()
}
