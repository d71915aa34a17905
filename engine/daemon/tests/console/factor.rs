//! A second factor: set up on a page without scripts, asked for at the login, taken away by an admin.

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, header, redirect::Policy};
use totp_rs::{Algorithm, Secret, TOTP};

use crate::{
    house::{House, PASSWORD},
    session::Session,
};

/// What an app shows, some steps away.
fn code(secret: &str, steps: i64) -> String {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let totp = TOTP::new(Algorithm::SHA1, 6, 0, 30, secret).unwrap();
    let now = jiff::Timestamp::now().as_second() + 30 * steps;
    totp.generate(now.cast_unsigned())
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before}: {text}"));
    rest.split_once(after).unwrap().0
}

struct Door {
    http: Client,
    url: String,
}

impl Door {
    async fn send(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let post = self.http.post(format!("{}{path}", self.url)).form(form);
        post.send().await.unwrap()
    }

    /// Gives the right password; out comes what shows that.
    async fn half(&self, name: &str) -> String {
        let form = [("name", name), ("password", PASSWORD), ("next", "/runs")];
        let asked = self.send("/login", &form).await;
        assert!(!asked.headers().contains_key(header::SET_COOKIE));
        let page = asked.text().await.unwrap();
        between(&page, "name=\"half\" value=\"", "\"").to_owned()
    }

    async fn second(&self, half: &str, name: &str, code: &str) -> Response {
        let form = [
            ("half", half),
            ("name", name),
            ("code", code),
            ("next", "/runs"),
        ];
        self.send("/login/code", &form).await
    }

    /// Whether this code lets somebody in.
    async fn opens(&self, name: &str, code: &str) -> bool {
        let half = self.half(name).await;
        let answer = self.second(&half, name, code).await;
        let is_in = answer.headers().contains_key(header::SET_COOKIE);
        let led = answer
            .headers()
            .get(header::LOCATION)
            .is_some_and(|it| it == "/runs");
        assert_eq!(is_in, led);
        is_in
    }
}

async fn form(session: &Session, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = session
        .ask(Method::POST, path)
        .form(fields)
        .send()
        .await
        .unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_alone_lets_nobody_in_who_has_a_second_factor() {
    let house = House::open();
    house.admit("ann", "admin", &[]);
    house.admit("ben", "handler", &[]);
    let (ann, ben) = (
        Session::open(&house, "ann").await,
        Session::open(&house, "ben").await,
    );
    let token = house.botswain(&["user", "token", "add", "ben", "report"]);
    let token = String::from_utf8(token.stdout).unwrap();

    // Whoever finds a session open knows no password.
    let (status, _) = form(&ben, "/account/factor", &[("password", "a guess of mine")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = form(&ben, "/account/factor", &[("password", PASSWORD)]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = ben.get("/account").await.text().await.unwrap();
    assert!(
        page.contains("class=\"qr\"") && !page.contains("style="),
        "{page}"
    );
    let secret = between(&page, "class=\"token\">", "<").replace(' ', "");
    let (status, _) = form(&ben, "/account/factor/confirm", &[("code", "000 00x")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // One step late is not too late.
    let first = code(&secret, -1);
    let (status, page) = form(&ben, "/account/factor/confirm", &[("code", &first)]).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let spares: Vec<&str> = page
        .split("<li><code>")
        .skip(1)
        .map(|it| &it[..19])
        .collect();
    assert_eq!(spares.len(), 10, "{page}");
    let again = ben.get("/account").await.text().await.unwrap();
    assert!(
        !again.contains(spares[0]) && !again.contains(&secret),
        "{again}"
    );
    let kept = std::fs::read_to_string(house.path(".botswain/accounts.json")).unwrap();
    assert!(!kept.contains(&secret) && !kept.contains(spares[0]));

    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let door = Door {
        http,
        url: house.url.clone(),
    };
    // Each code once, and none without the password before it.
    let next = code(&secret, 0);
    assert!(!door.opens("ben", &first).await);
    let of_ann = door.second("x", "ben", &next).await;
    assert!(
        of_ann
            .text()
            .await
            .unwrap()
            .contains("it has taken too long")
    );
    let half = door.half("ben").await;
    assert_eq!(door.second(&half, "ann", &next).await.status(), 422);
    assert!(door.opens("ben", &next).await);
    assert!(!door.opens("ben", &next).await);
    assert!(door.opens("ben", &spares[3].to_uppercase()).await);
    assert!(!door.opens("ben", spares[3]).await);
    // A program has no phone.
    let inbox = door.http.get(format!("{}/api/v1/inbox", door.url));
    let inbox = inbox.bearer_auth(token.trim()).send().await.unwrap();
    assert_eq!(inbox.status(), 200);

    // His phone is gone.
    assert!(
        ann.get("/people")
            .await
            .text()
            .await
            .unwrap()
            .contains("/people/ben/factor/remove")
    );
    let (status, _) = form(&ann, "/people/ben/factor/remove", &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(ben.get("/inbox").await.status(), StatusCode::SEE_OTHER);
    let ben = Session::open(&house, "ben").await;
    assert_eq!(ben.get("/inbox").await.status(), 200);
    let gone = house.botswain(&["user", "remove-factor", "ben"]);
    assert_eq!(gone.status.code(), Some(1));
    let acts = |act: &str| {
        house
            .json(&["audit", "--act", act])
            .as_array()
            .unwrap()
            .len()
    };
    // One that was refused, and one that was not; the last by the desk.
    assert_eq!((acts("add_factor"), acts("remove_factor")), (2, 2));

    // What the instance requires comes first.
    let settings = std::fs::read_to_string(house.path("botswain.yaml")).unwrap();
    let required = settings.replace(
        "\"127.0.0.1:0\" }",
        "\"127.0.0.1:0\", second_factor: [admin] }",
    );
    assert_ne!(settings, required);
    house.write("botswain.yaml", &required);
    // It is read within seconds.
    let led = loop {
        let led = ann.get("/inbox").await;
        if led.status() != StatusCode::OK {
            break led;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(led.headers()[header::LOCATION], "/account");
    assert_eq!(ann.get("/api/v1/inbox").await.status(), 403);
    let page = ann.get("/account").await.text().await.unwrap();
    assert!(page.contains("Your role needs a second factor"), "{page}");
    assert_eq!(ben.get("/inbox").await.status(), 200);
}
