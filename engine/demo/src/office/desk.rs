//! What the office knows and what may be done to it.
//!
//! One lock around everything that changes, so that a count is always right.
//! An order is entered as often as it is sent: the office does not look whether
//! the reference was used before.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::hiccup::Weather;
use super::ledger::{Ledger, Order};
use crate::master::{self, Customer, MasterData, Product};

/// The first order gets the number after this one.
const NUMBERS_FROM: usize = 20_000;
const MOST: u32 = 9_999;

/// An order as it comes in from the form or the API, unchecked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) reference: String,
    pub(super) customer: String,
    pub(super) sku: String,
    pub(super) quantity: String,
}

/// A product as it comes in, unchecked. Counts may be left empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewProduct {
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) supplier: String,
    pub(super) price: String,
    pub(super) stock: String,
    pub(super) reorder_level: String,
}

/// Why something was not entered.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// What is wrong with it, each a sentence for the clerk.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
    #[error("product {0} exists")]
    Exists(String),
    #[error("the book of orders cannot be written: {0}")]
    Book(#[from] io::Error),
}

/// Who may come in.
pub(super) struct Door {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) token: String,
}

pub(super) struct Desk {
    pub(super) weather: Weather,
    pub(super) door: Door,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) master: MasterData,
    pub(super) orders: Vec<Order>,
    ledger: Ledger,
    sessions: HashSet<String>,
}

impl State {
    pub(super) fn new(master: MasterData, ledger: Ledger, orders: Vec<Order>) -> State {
        State {
            master,
            orders,
            ledger,
            sessions: HashSet::new(),
        }
    }
}

impl Desk {
    pub(super) fn new(door: Door, weather: Weather, state: State) -> Arc<Desk> {
        let state = Mutex::new(state);
        Arc::new(Desk {
            weather,
            door,
            state,
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session, if user and password are right.
    pub(super) fn sign_in(&self, user: &str, password: &str) -> Option<String> {
        if user != self.door.user || password != self.door.password {
            return None;
        }
        let session = random()?;
        self.state().sessions.insert(session.clone());
        Some(session)
    }

    pub(super) fn is_signed_in(&self, session: &str) -> bool {
        self.state().sessions.contains(session)
    }

    pub(super) fn sign_out(&self, session: &str) {
        self.state().sessions.remove(session);
    }

    /// Enters an order; it is on disk when this returns. The work goes on when
    /// the caller hangs up, as in any server.
    pub(super) async fn enter(self: &Arc<Desk>, draft: Draft) -> Result<Order, EntryError> {
        let desk = Arc::clone(self);
        let entered = tokio::task::spawn_blocking(move || desk.enter_now(&draft)).await;
        entered.unwrap_or_else(|error| Err(EntryError::Book(io::Error::other(error))))
    }

    fn enter_now(&self, draft: &Draft) -> Result<Order, EntryError> {
        let mut state = self.state();
        let order = state.check(draft, &self.door.user)?;
        state.ledger.append(&order)?;
        state.orders.push(order.clone());
        Ok(order)
    }

    pub(super) fn add_product(&self, product: Product) -> Result<(), EntryError> {
        let mut state = self.state();
        if state.master.product(&product.sku).is_some() {
            return Err(EntryError::Exists(product.sku));
        }
        let products = &mut state.master.products;
        products.push(product);
        products.sort_by(|one, other| one.sku.cmp(&other.sku));
        Ok(())
    }

    /// Checks what was typed in.
    pub(super) fn read_product(&self, new: &NewProduct) -> Result<Product, EntryError> {
        let mut wrong = Vec::new();
        let sku = new.sku.trim().to_owned();
        if sku.is_empty() || sku.len() > 20 || !sku.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            wrong.push("SKU must be 1 to 20 letters or digits".to_owned());
        }
        if new.name.trim().is_empty() {
            wrong.push("Name is missing".to_owned());
        }
        if self.state().master.supplier(&new.supplier).is_none() {
            wrong.push(format!("Unknown supplier {}", new.supplier));
        }
        let price = price(&new.price, &mut wrong);
        let stock = count("In stock", &new.stock, &mut wrong);
        let reorder_level = count("Reorder level", &new.reorder_level, &mut wrong);
        if !wrong.is_empty() {
            return Err(EntryError::Refused(wrong));
        }
        Ok(Product {
            sku,
            name: new.name.trim().to_owned(),
            supplier: new.supplier.clone(),
            category: String::new(),
            quantity_per_unit: String::new(),
            price,
            stock,
            on_order: 0,
            reorder_level,
            discontinued: false,
        })
    }

    /// Customers whose code begins with, or whose name contains, what was typed.
    pub(super) fn complete(&self, typed: &str) -> Vec<Customer> {
        let typed = typed.trim().to_lowercase();
        let fits = |customer: &&Customer| {
            customer.code.to_lowercase().starts_with(&typed)
                || customer.name.to_lowercase().contains(&typed)
        };
        let state = self.state();
        let found = state.master.customers.iter().filter(fits);
        found.take(8).cloned().collect()
    }
}

impl State {
    /// The order that a draft makes, or all that is wrong with it.
    fn check(&self, draft: &Draft, by: &str) -> Result<Order, EntryError> {
        let mut wrong = Vec::new();
        if draft.reference.trim().is_empty() {
            wrong.push("Reference is missing".to_owned());
        }
        let customer = draft.customer.trim();
        if self.master.customer(customer).is_none() {
            wrong.push(missing_or("Customer", "Unknown customer", customer));
        }
        let sku = draft.sku.trim();
        let product = self.master.product(sku);
        if product.is_none() {
            wrong.push(missing_or("SKU", "Unknown product", sku));
        }
        let typed = draft.quantity.trim();
        let quantity = typed
            .parse()
            .ok()
            .filter(|count| (1..=MOST).contains(count));
        if quantity.is_none() {
            wrong.push(missing_or(
                "Quantity",
                "Quantity must be a whole number from 1 to 9999, not",
                typed,
            ));
        }
        match (product, quantity) {
            (Some(product), Some(quantity)) if wrong.is_empty() => Ok(Order {
                number: (NUMBERS_FROM + self.orders.len() + 1).to_string(),
                reference: draft.reference.trim().to_owned(),
                customer: customer.to_owned(),
                sku: sku.to_owned(),
                quantity,
                amount: master::number(product.price * Decimal::from(quantity)),
                entered: Timestamp::now(),
                by: by.to_owned(),
            }),
            _ => Err(EntryError::Refused(wrong)),
        }
    }

    /// All orders with this reference; with none, all orders.
    pub(super) fn orders_by<'a>(
        &'a self,
        reference: Option<&'a str>,
    ) -> impl DoubleEndedIterator<Item = &'a Order> {
        self.orders
            .iter()
            .filter(move |order| reference.is_none_or(|wanted| order.reference == wanted))
    }
}

fn missing_or(field: &str, problem: &str, typed: &str) -> String {
    if typed.is_empty() {
        format!("{field} is missing")
    } else {
        format!("{problem} {typed}")
    }
}

fn price(typed: &str, wrong: &mut Vec<String>) -> Decimal {
    let price: Option<Decimal> = typed.trim().parse().ok();
    let bearable = |price: &Decimal| {
        *price >= Decimal::ZERO && *price < Decimal::from(1_000_000) && price.scale() <= 4
    };
    price.filter(bearable).unwrap_or_else(|| {
        wrong.push(missing_or(
            "Price",
            "Price must be a decimal from 0, such as 12.50, not",
            typed.trim(),
        ));
        Decimal::ZERO
    })
}

fn count(field: &str, typed: &str, wrong: &mut Vec<String>) -> u32 {
    let typed = typed.trim();
    if typed.is_empty() {
        return 0;
    }
    typed.parse().unwrap_or_else(|_| {
        wrong.push(format!(
            "{field} must be a whole number from 0, not {typed}"
        ));
        0
    })
}

/// 128 random bits as text; none if the system has none to give.
fn random() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
