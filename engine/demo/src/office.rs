//! The back office: what a small trading company types its orders into.
//!
//! `Office::start` puts it on a port of the loopback address; then people and
//! bots sign in, enter orders, look at stock; programs use the API below
//! `/api`. Two equal orders are two orders. What was answered with a number is
//! on disk; products that were added are forgotten at the end.

mod api;
mod desk;
pub mod hiccup;
mod ledger;
mod login;
mod orders;
mod page;
mod stock;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use self::desk::EntryError;
use self::desk::{Desk, Door, State};
pub use self::hiccup::Hiccups;
use self::hiccup::Weather;
use self::ledger::Ledger;
pub use self::ledger::{Order, read_orders};
use crate::master::{MasterData, Product};

/// An idle browser may keep its connection; it is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to set up an office.
#[derive(Clone, Debug)]
pub struct Options {
    pub data: MasterData,
    /// 0 for any free one.
    pub port: u16,
    /// The book of orders, one JSON object a line; made when missing. With none
    /// the orders are forgotten at the end.
    pub orders: Option<PathBuf>,
    pub user: String,
    pub password: String,
    /// The bearer token of the API.
    pub token: String,
    pub hiccups: Hiccups,
}

impl Default for Options {
    /// Northwind on any port, without a book, on a good day.
    fn default() -> Options {
        Options {
            data: MasterData::northwind(),
            port: 0,
            orders: None,
            user: "clerk".to_owned(),
            password: "seaworthy".to_owned(),
            token: "office-token".to_owned(),
            hiccups: Hiccups::default(),
        }
    }
}

/// Why an office did not open.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("port {port} of 127.0.0.1 cannot be had: {source}")]
    Port { port: u16, source: io::Error },
    #[error("the book of orders `{path}` cannot be opened: {source}")]
    Book { path: String, source: io::Error },
}

/// An office that is open. It closes when it is dropped.
pub struct Office {
    address: SocketAddr,
    desk: Arc<Desk>,
    closing: CancellationToken,
    server: JoinHandle<io::Result<()>>,
}

impl Office {
    pub async fn start(options: Options) -> Result<Office, Error> {
        let (ledger, orders) =
            Ledger::open(options.orders.as_deref()).map_err(|source| Error::Book {
                path: options.orders.unwrap_or_default().display().to_string(),
                source,
            })?;
        let port = options.port;
        let refused = |source| Error::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let door = Door {
            user: options.user,
            password: options.password,
            token: options.token,
        };
        let state = State::new(options.data, ledger, orders);
        let desk = Desk::new(door, Weather::new(options.hiccups), state);
        let closing = CancellationToken::new();
        let server = axum::serve(listener, routes(Arc::clone(&desk)))
            .with_graceful_shutdown(closing.clone().cancelled_owned());
        Ok(Office {
            address,
            desk,
            closing,
            server: tokio::spawn(server.into_future()),
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All orders, in the order in which they were entered.
    pub fn orders(&self) -> Vec<Order> {
        self.desk.state().orders.clone()
    }

    /// How many orders carry this reference.
    pub fn count(&self, reference: &str) -> usize {
        self.desk.state().orders_by(Some(reference)).count()
    }

    pub fn products(&self) -> Vec<Product> {
        self.desk.state().master.products.clone()
    }

    /// Adds a product, as the form does.
    ///
    /// # Errors
    /// The SKU is taken.
    pub fn add_product(&self, product: Product) -> Result<(), EntryError> {
        self.desk.add_product(product)
    }

    /// Answers what is being asked, then closes.
    pub async fn shutdown(mut self) {
        self.closing.cancel();
        match tokio::time::timeout(PATIENCE, &mut self.server).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => warn!(%error, "the office closed with an error"),
            Ok(Err(error)) => warn!(%error, "the office closed with an error"),
            Err(_) => self.server.abort(),
        }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(page::home))
        .merge(login::routes())
        .merge(orders::routes())
        .merge(stock::routes())
        .merge(api::routes())
        .fallback(page::not_found)
        .layer(from_fn_with_state(Arc::clone(&desk), hiccup::pass))
        .with_state(desk)
}
