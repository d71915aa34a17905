//! An office that counts: it knows itself which errands were done, and how often.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Over it an answer is kept as an artifact.
const LARGE: usize = 40_000;

/// How often each effect took place.
type Entries = Arc<Mutex<BTreeMap<usize, usize>>>;

pub(crate) struct Ledger {
    address: SocketAddr,
    entries: Entries,
}

impl Ledger {
    /// Open for errands; `done` took place before.
    pub(crate) fn open(done: impl IntoIterator<Item = usize>) -> Ledger {
        let entries: Entries = Arc::default();
        done.into_iter().for_each(|number| enter(&entries, number));
        let router = Router::new()
            .route("/read/{number}", get(read))
            .route("/effect/{number}", post(effect))
            .with_state(entries.clone());
        let listener = RUNTIME.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        RUNTIME.spawn(async move { axum::serve(listener, router).await });
        Ledger { address, entries }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn times(&self, number: usize) -> usize {
        let entries = self.entries.lock().unwrap();
        entries.get(&number).copied().unwrap_or(0)
    }

    pub(crate) fn entries(&self) -> BTreeMap<usize, usize> {
        self.entries.lock().unwrap().clone()
    }
}

fn enter(entries: &Entries, number: usize) {
    *entries.lock().unwrap().entry(number).or_default() += 1;
}

async fn read(Path(number): Path<usize>) -> Json<Value> {
    let filler = match number % 10 {
        5 => "x".repeat(LARGE),
        _ => String::new(),
    };
    Json(json!({ "number": number.to_string(), "filler": filler }))
}

async fn effect(State(entries): State<Entries>, Path(number): Path<usize>) -> Json<Value> {
    enter(&entries, number);
    Json(json!({ "done": number }))
}
