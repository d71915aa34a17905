//! A small back office with bad manners, on a port of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Form, Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;

type Fields = BTreeMap<String, String>;

#[derive(Clone, Default)]
pub(crate) struct Site {
    pub(crate) address: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    orders: Vec<Fields>,
    /// How often each path was asked for.
    asked: BTreeMap<String, usize>,
    logins: usize,
    /// Cookies up to this number have expired.
    expired: usize,
}

impl Site {
    /// One that runs in another process.
    pub(crate) fn at(address: String) -> Site {
        Site {
            address,
            ..Site::default()
        }
    }

    pub(crate) async fn start() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let site = Site {
            address: format!("http://{address}"),
            ..Site::default()
        };
        let router = Router::new()
            .route("/", get(async || page("Home", "<p>Welcome</p>")))
            .route("/form", get(async || Html(include_str!("pages/form.html"))))
            .route(
                "/twins",
                get(async || Html(include_str!("pages/twins.html"))),
            )
            .route(
                "/gestures",
                get(async || Html(include_str!("pages/gestures.html"))),
            )
            .route(
                "/nested",
                get(async || Html(include_str!("pages/nested.html"))),
            )
            .route(
                "/inner",
                get(async || Html(include_str!("pages/inner.html"))),
            )
            .route("/p/{name}", get(by_name))
            .route("/page.html", get(challenge))
            .route("/file", get(file))
            .route("/endless", get(endless))
            .route("/slowly", get(slowly))
            .route("/late", get(late))
            .route("/hung", get(hung))
            .route("/big", get(big))
            .route(
                "/down",
                get(async || (StatusCode::SERVICE_UNAVAILABLE, "down")),
            )
            .route("/orders", post(save))
            .route("/login", get(login_form).post(login))
            .route("/private", get(private))
            .with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        site
    }

    pub(crate) fn orders(&self) -> Vec<Fields> {
        self.seen.lock().expect("no panic").orders.clone()
    }

    pub(crate) fn logins(&self) -> usize {
        self.seen.lock().expect("no panic").logins
    }

    /// Ends every login.
    pub(crate) fn expire(&self) {
        let mut seen = self.seen.lock().expect("no panic");
        seen.expired = seen.logins;
    }

    /// Waits until `path` was asked for.
    pub(crate) async fn asked(&self, path: &str) {
        let is_asked = || self.seen.lock().expect("no panic").asked.contains_key(path);
        while !is_asked() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn note(&self, path: &str) {
        let mut seen = self.seen.lock().expect("no panic");
        *seen.asked.entry(path.to_owned()).or_default() += 1;
    }

    fn is_logged_in(&self, headers: &HeaderMap) -> bool {
        let cookie = headers.get(header::COOKIE).and_then(|it| it.to_str().ok());
        let number = cookie.and_then(|it| it.strip_prefix("login=")?.parse::<usize>().ok());
        number.is_some_and(|number| number > self.seen.lock().expect("no panic").expired)
    }
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head><body>{body}</body></html>"
    ))
}

async fn late(State(site): State<Site>) -> Html<String> {
    site.note("/late");
    let script = "const add = (id, text, after) => setTimeout(() => document.body.insertAdjacentHTML('beforeend', `<b id=${id}>${text}</b>`), after);
        add('soon', 'Soon', 200); add('here', 'Here', 500)";
    page("Late", &format!("<p>Wait</p><script>{script}</script>"))
}

async fn hung(State(site): State<Site>) -> Html<String> {
    site.note("/hung");
    std::future::pending().await
}

/// 50 MB of paragraphs.
async fn big(State(site): State<Site>) -> Html<String> {
    site.note("/big");
    let row = "<p>Order 4711 of a customer who orders very much and very often: 12 pieces</p>\n";
    page("Big", &row.repeat(50_000_000 / row.len()))
}

/// What becomes of an order depends on its SKU.
async fn save(State(site): State<Site>, Form(fields): Form<Fields>) -> Response {
    let sku = fields.get("sku").cloned().unwrap_or_default();
    match sku.as_str() {
        "UNKNOWN" => {
            page("Order", "<div role=alert>there is no product UNKNOWN</div>").into_response()
        }
        "ODD" => page("Order", "<p>Hm.</p>").into_response(),
        "DOWN" => (StatusCode::SERVICE_UNAVAILABLE, "down").into_response(),
        "HUNG" => hung(State(site)).await.into_response(),
        _ => {
            site.seen.lock().expect("no panic").orders.push(fields);
            page(
                "Order",
                "<h1>Order saved</h1><p>It is number <b id=order-number> 004711 </b></p>",
            )
            .into_response()
        }
    }
}

async fn login_form(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.is_logged_in(&headers) {
        true => Redirect::to("/private").into_response(),
        false => page(
            "Sign in",
            "<form method=post><label>User <input name=user></label>\
             <label>Password <input type=password name=password></label><button>Sign in</button></form>",
        )
        .into_response(),
    }
}

/// Careless: it repeats the password.
async fn login(State(site): State<Site>, Form(fields): Form<Fields>) -> Response {
    let given = |name| fields.get(name).map(String::as_str).unwrap_or_default();
    if (given("user"), given("password")) != ("maria", "s3cret&more") {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let (user, password) = (escape(given("user")), escape(given("password")));
        let told = format!("<div role=alert>{user} may not enter with {password}</div>");
        return page("Sign in", &told).into_response();
    }
    let mut seen = site.seen.lock().expect("no panic");
    seen.logins += 1;
    let cookie = format!("login={}; Path=/", seen.logins);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/private")).into_response()
}

async fn private(
    State(site): State<Site>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    match site.is_logged_in(&headers) {
        true => {
            let day = query.get("day").map(String::as_str).unwrap_or_default();
            let body = format!("<p>Report of <b id=day>{day}</b></p><a href=/out>Sign out</a>");
            page("Report", &body).into_response()
        }
        false => Redirect::to("/login").into_response(),
    }
}

/// A page by the name of its file.
async fn by_name(Path(name): Path<String>) -> Response {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/pages");
    match std::fs::read_to_string(folder.join(format!("{name}.html"))) {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The page of the sample.
async fn challenge() -> Html<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../samples/rpa-challenge/page.html"));
    Html(page.expect("the sample"))
}

const ATTACHED: (header::HeaderName, &str) = (
    header::CONTENT_DISPOSITION,
    "attachment; filename=\"orders 7.csv\"",
);

async fn file() -> Response {
    ([ATTACHED], "order,sku\n7,00412\n").into_response()
}

/// A download whose end never comes.
async fn endless() -> Response {
    let (sender, receiver) = tokio::io::duplex(1024);
    tokio::spawn(async move {
        let mut sender = sender;
        let line = [b'x'; 512];
        while tokio::io::AsyncWriteExt::write_all(&mut sender, &line)
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    (
        [ATTACHED],
        Body::from_stream(tokio_util::io::ReaderStream::new(receiver)),
    )
        .into_response()
}

/// What a page asks for, a while later.
async fn slowly() -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "arrived"
}
