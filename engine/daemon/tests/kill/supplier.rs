//! The outside world: a supplier's HTTP server that counts the orders it takes.
//!
//! It never looks at the `Idempotency-Key`, so an order that is sent twice is
//! counted twice. It is slow, it fails before and after counting, and it hangs
//! up. What it did stands in its [`Ledger`]; nobody else knows.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    dice::Dice,
    ledger::{Answer, Ledger},
};

/// No request of this test is longer.
const LONGEST: usize = 64 * 1024;

pub(crate) struct Supplier {
    /// Where stock is asked for.
    pub(crate) stock: SocketAddr,
    /// Where orders are placed.
    pub(crate) orders: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Mutex<Ledger>,
    dice: Dice,
    /// The connections with orders that have not ended, by the order in which they came.
    open: watch::Sender<BTreeSet<u64>>,
}

/// What comes of one request.
struct Fate {
    /// Whether an order is counted.
    counts: bool,
    answer: Answer,
}

struct Request {
    method: String,
    path: String,
    idempotency_key: String,
    body: Value,
}

impl Supplier {
    pub(crate) async fn start(dice: &Dice) -> Supplier {
        let shared = Arc::new(Shared {
            ledger: Mutex::default(),
            dice: dice.about("supplier"),
            open: watch::Sender::default(),
        });
        let stock = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let orders = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let supplier = Supplier {
            stock: stock.local_addr().unwrap(),
            orders: orders.local_addr().unwrap(),
            shared: shared.clone(),
        };
        tokio::spawn(show_stock(stock, shared.clone()));
        tokio::spawn(take_orders(orders, shared));
        supplier
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.shared.ledger.lock().unwrap().clone()
    }

    /// Waits until whatever was sent before now has been dealt with, also by a daemon that is
    /// dead. Connections are taken in the order in which they were made, so this one comes last.
    pub(crate) async fn settled(&self) {
        let mut stream = TcpStream::connect(self.orders).await.unwrap();
        stream.write_all(&request_line("/settled")).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 204"), "{answer:?}");
    }
}

fn request_line(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\n\r\n").into_bytes()
}

/// Connections may carry several questions; nothing is changed by any.
async fn show_stock(listener: TcpListener, shared: Arc<Shared>) {
    let mut count = 0;
    while let Ok((mut stream, _)) = listener.accept().await {
        count += 1;
        let mut dice = shared.dice.about(&format!("stock {count}"));
        tokio::spawn(async move {
            while let Some(request) = read(&mut stream).await {
                tokio::time::sleep(dice.millis(20)).await;
                let stock = json!({ "sku": request.path, "stock": dice.below(100) });
                let said = match dice.below(100) {
                    0..3 => break,
                    3..6 => answer(&mut stream, 503, &Value::Null).await,
                    6..9 => answer(&mut stream, 500, &Value::Null).await,
                    _ => answer(&mut stream, 200, &stock).await,
                };
                if said.is_err() {
                    break;
                }
            }
        });
    }
}

async fn take_orders(listener: TcpListener, shared: Arc<Shared>) {
    let mut count = 0;
    while let Ok((mut stream, _)) = listener.accept().await {
        count += 1;
        let place = count;
        shared.open.send_modify(|open| open.extend([place]));
        let shared = shared.clone();
        tokio::spawn(async move {
            if let Some(request) = read(&mut stream).await {
                respond(&mut stream, request, (place, &shared)).await;
            }
            drop(stream);
            shared
                .open
                .send_modify(|open| open.retain(|it| *it != place));
        });
    }
}

async fn respond(stream: &mut TcpStream, request: Request, (place, shared): (u64, &Shared)) {
    // Whoever asked may be dead by now: the answer is lost then, what was done is not.
    if request.method == "POST" {
        drop(take_order(stream, request, shared).await);
        return;
    }
    let is_first = |open: &BTreeSet<u64>| open.first() == Some(&place);
    drop(shared.open.subscribe().wait_for(is_first).await);
    drop(answer(stream, 204, &Value::Null).await);
}

/// Slow before it is counted and slow after: a daemon that dies meets both.
async fn take_order(
    stream: &mut TcpStream,
    request: Request,
    shared: &Shared,
) -> std::io::Result<()> {
    let seen = shared.ledger.lock().unwrap().seen(&request.idempotency_key);
    let matter = format!("order {} {seen}", request.idempotency_key);
    let mut dice = shared.dice.about(&matter);
    let fate = Fate::of(dice.below(100));
    tokio::time::sleep(dice.millis(80)).await;
    let reference = request.body["reference"].as_str().unwrap().to_owned();
    let number = shared.ledger.lock().unwrap().enter(
        &reference,
        &request.idempotency_key,
        fate.counts,
        fate.answer,
    );
    tokio::time::sleep(dice.millis(80)).await;
    match fate.answer {
        Answer::Status(status) => answer(stream, status, &json!({ "number": number })).await,
        Answer::HungUp => Ok(()),
    }
}

impl Fate {
    fn of(roll: u64) -> Fate {
        let (counts, answer) = match roll {
            0..6 => (false, Answer::Status(503)),
            6..9 => (false, Answer::Status(500)),
            9..12 => (true, Answer::Status(500)),
            12..15 => (false, Answer::HungUp),
            15..18 => (true, Answer::HungUp),
            _ => (true, Answer::Status(201)),
        };
        Fate { counts, answer }
    }
}

/// The next request; none when the connection ended before it was whole.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
        }
        more(stream, &mut bytes).await?;
    };
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < length {
        more(stream, &mut bytes).await?;
    }
    let mut words = head.split(' ').map(str::to_owned);
    Some(Request {
        method: words.next().unwrap(),
        path: words.next().unwrap(),
        idempotency_key: header("idempotency-key").unwrap_or_default(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0 && bytes.len() < LONGEST).then_some(())
}

async fn answer(stream: &mut TcpStream, status: u16, body: &Value) -> std::io::Result<()> {
    let body = if status == 204 {
        String::new()
    } else {
        body.to_string()
    };
    let head = format!(
        "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await
}
