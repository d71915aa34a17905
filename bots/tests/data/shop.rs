//! The servers that HTTP is tried against, and calls to them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, RawQuery},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{any, get},
};
use botswain_bot::Fault;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::Instance;

/// An instance and the address of a server that its connection `web` leads to.
pub(crate) async fn served() -> (Instance, String) {
    let address = serve().await;
    (connected(&address), address)
}

pub(crate) fn connected(address: &str) -> Instance {
    let instance = Instance::new();
    instance.connect("web", "web", json!({ "address": address }));
    instance
}

pub(crate) async fn serve() -> String {
    let router = Router::new()
        .route("/json", get(exact))
        .route(
            "/latin",
            get(|| async { typed("text/plain; charset=iso-8859-1", b"K\xe4se") }),
        )
        .route(
            "/pdf",
            get(|| async { typed("application/pdf", b"%PDF\x80") }),
        )
        .route("/broken", any(|| async { typed("application/json", b"{") }))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .route("/echo", any(echo))
        .route("/status/{code}", any(status))
        .route("/large/{bytes}", get(large))
        .route("/bomb", get(bomb))
        .route("/loop", get(|| async { Redirect::temporary("/loop") }))
        .route(
            "/to",
            any(|RawQuery(to): RawQuery| async move { Redirect::to(&to.unwrap_or_default()) }),
        )
        .route("/never", any(std::future::pending::<StatusCode>));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn typed(media: &'static str, content: &'static [u8]) -> Response {
    ([(header::CONTENT_TYPE, media)], content).into_response()
}

async fn exact() -> Response {
    let cookie = (header::SET_COOKIE, "session=secret");
    let body = r#"{"amount":10.10,"big":12345678901234567890.5}"#;
    ([cookie, (header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn echo(
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").into()))
        .collect();
    axum::Json(json!({
        "method": method.as_str(),
        "query": query,
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
    .into_response()
}

/// Answers with the status; the query is the `Retry-After`.
async fn status(Path(code): Path<u16>, RawQuery(after): RawQuery) -> Response {
    let mut response = Response::new(Body::from("{\"error\":\"so it is\"}"));
    *response.status_mut() = StatusCode::from_u16(code).expect("a status");
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        "application/json".parse().expect("a value"),
    );
    if let Some(after) = after {
        let after = after.replace('+', " ");
        headers.insert(header::RETRY_AFTER, after.parse().expect("a value"));
        headers.insert(
            header::DATE,
            "Fri, 31 Dec 1999 23:59:00 GMT".parse().expect("a value"),
        );
    }
    response
}

async fn large(Path(bytes): Path<usize>) -> String {
    "x".repeat(bytes)
}

/// 64 MiB squeezed into 64 KiB: one packed MiB many times (RFC 1951 lets blocks follow each other).
async fn bomb() -> Response {
    let (plain, mut packed) = (vec![b'x'; 1 << 20], Vec::with_capacity(1 << 16));
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(&plain, &mut packed, flate2::FlushCompress::Full)
        .expect("packed");
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let body = [head.as_slice(), &packed.repeat(64)].concat();
    assert!(body.len() < 1 << 17);
    let headers = [
        (header::CONTENT_ENCODING, "gzip"),
        (header::CONTENT_TYPE, "text/plain"),
    ];
    (headers, body).into_response()
}

/// A server that reads each request and answers it with `answer`, then hangs up; counts them.
pub(crate) async fn rude(answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let got = stream.read(&mut [0; 4096]).await.expect("a request");
            assert!(got > 0);
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(answer).await.expect("sent");
        }
    });
    (address, requests)
}

/// An address at which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

pub(crate) async fn get_path(instance: &Instance, path: &str) -> Result<Value, Fault> {
    instance
        .run_on(Some("web"), "http.get", json!({ "path": path }))
        .await
}

pub(crate) async fn request(instance: &Instance, method: &str, path: &str) -> Result<Value, Fault> {
    instance
        .run_on(
            Some("web"),
            "http.request",
            json!({ "method": method, "path": path }),
        )
        .await
}

/// Category, reach and code of a fault in one line.
pub(crate) fn kind(fault: &Fault) -> String {
    format!("{:?} {:?} {}", fault.category, fault.effect, fault.code)
}
