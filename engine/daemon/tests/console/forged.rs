//! A provider that lies, and browsers that bring back what is not theirs: nobody gets in by it.
//!
//! The provider is a small server that signs what the test wants; a real one would not.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, Response, Url, header, redirect::Policy};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};

/// A key and what it is called.
struct Signer {
    kid: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new(kid: &'static str) -> Signer {
        let (random, how) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let made = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(how, made.as_ref(), &random).unwrap();
        Signer { kid, pair }
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let half = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid,
            "x": half(&point[1..33]), "y": half(&point[33..]),
        })
    }

    fn sign(&self, claims: &Value) -> String {
        let text = unsigned(
            &json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" }),
            claims,
        );
        let signed = self
            .pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signed))
    }
}

fn unsigned(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(head), part(claims))
}

/// What the provider says next.
#[derive(Clone, Default)]
struct Script {
    keys: Vec<Value>,
    tokens: (u16, String),
    about: Value,
    /// How often it was asked for its keys.
    asked: usize,
    /// What came with the last code.
    given: String,
}

/// What is wrong with a token, and how it is made of what it says.
type Forgery<'f> = (&'static str, &'f dyn Fn(&Value) -> String);

type Shared = Arc<Mutex<Script>>;

/// A provider on this machine, and the daemon that trusts it.
struct World {
    script: Shared,
    issuer: String,
    house: House,
    http: Client,
    serving: tokio::task::JoinHandle<()>,
    good: Signer,
}

/// What a browser was sent away with.
struct Sent {
    cookie: String,
    state: String,
    nonce: String,
}

impl World {
    async fn open() -> World {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let good = Signer::new("one");
        let script = Shared::default();
        script.lock().unwrap().keys = vec![good.public()];
        let described = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/about"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // What it says that it does is not what is believed.
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        });
        let app = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || as_json(described.to_string())),
            )
            .route(
                "/keys",
                get(async |State(script): State<Shared>| {
                    let mut script = script.lock().unwrap();
                    script.asked += 1;
                    as_json(json!({ "keys": script.keys }).to_string())
                }),
            )
            .route(
                "/token",
                post(async |State(script): State<Shared>, given: String| {
                    let mut script = script.lock().unwrap();
                    script.given = given;
                    let (status, body) = script.tokens.clone();
                    (StatusCode::from_u16(status).unwrap(), as_json(body))
                }),
            )
            .route(
                "/about",
                get(async |State(script): State<Shared>| {
                    as_json(script.lock().unwrap().about.to_string())
                }),
            )
            .with_state(script.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let house = House::with(&format!(
            "name: x\nconsole:\n  listen: \"127.0.0.1:0\"\n  sign_in:\n    name: Office\n    issuer: {issuer}\n    client_id: me\n    roles: {{ viewer: [staff], admin: [it] }}\n"
        ));
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        World {
            script,
            issuer,
            house,
            http,
            serving,
            good,
        }
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        let get = self.http.get(format!("{}{path}", self.house.url));
        get.header(header::COOKIE, cookie).send().await.unwrap()
    }

    async fn begin(&self, next: &str) -> Sent {
        let sent = self.get(&format!("/login/provider?next={next}"), "").await;
        assert_eq!(sent.status(), 303);
        let cookie = sent.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Max-Age=600"));
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let there = Url::parse(sent.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        let of = |name: &str| {
            let mut pairs = there.query_pairs();
            pairs.find(|(it, _)| it == name).unwrap().1.into_owned()
        };
        Sent {
            cookie,
            state: of("state"),
            nonce: of("nonce"),
        }
    }

    async fn end(&self, sent: &Sent) -> Response {
        let path = format!("/login/callback?code=c0de&state={}", sent.state);
        self.get(&path, &sent.cookie).await
    }

    /// What a good token says of an attempt.
    fn claims(&self, sent: &Sent) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "iss": self.issuer, "aud": "me", "sub": "8", "nonce": sent.nonce,
            "iat": now, "exp": now + 300, "preferred_username": "maria", "groups": ["staff"],
        })
    }

    fn gives(&self, token: &str) {
        let body = json!({ "access_token": "t0ken", "token_type": "Bearer", "id_token": token });
        self.script.lock().unwrap().tokens = (200, body.to_string());
    }
}

fn as_json(text: String) -> ([(header::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "application/json")], text)
}

fn is_in(answer: &Response) -> bool {
    let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
    let mut set = cookies.filter_map(|it| it.to_str().ok());
    set.any(|it| !it.contains("-sign-in=") && !it.contains("Max-Age=0"))
}

/// What the page says, and that nobody is in by it.
async fn refused(answer: Response) -> String {
    assert!(!is_in(&answer));
    assert!(answer.status().is_client_error() || answer.status().is_server_error());
    let page = answer.text().await.unwrap();
    assert!(!page.contains("c0de"), "{page}");
    // The way in by a password is there.
    assert!(page.contains("name=\"password\""), "{page}");
    let (_, told) = page.split_once("role=\"alert\">").unwrap();
    told.split_once("</p>").unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_wholly_right_lets_nobody_in() {
    let world = World::open().await;
    let sent = world.begin("/runs").await;
    world.gives(&world.good.sign(&world.claims(&sent)));
    let good = world.end(&sent).await;
    assert!(is_in(&good));
    assert_eq!(good.headers()[header::LOCATION], "/runs");
    let given = world.script.lock().unwrap().given.clone();
    assert!(
        given.contains("code=c0de") && given.contains("code_verifier="),
        "{given}"
    );

    let now = jiff::Timestamp::now().as_second();
    for (claim, value, told) in [
        ("nonce", json!("other"), "cannot be believed"),
        ("nonce", Value::Null, "cannot be believed"),
        ("aud", json!("you"), "cannot be believed"),
        ("aud", json!(["me", "you"]), "cannot be believed"),
        ("azp", json!("you"), "cannot be believed"),
        (
            "iss",
            json!("https://login.example.com"),
            "cannot be believed",
        ),
        ("exp", json!(now - 120), "clocks"),
        ("iat", json!(now + 600), "clocks"),
        ("sub", Value::Null, "cannot be understood"),
        ("groups", json!(["others"]), "in no group"),
        ("groups", json!({ "staff": true }), "in no group"),
    ] {
        let sent = world.begin("/").await;
        let mut claims = world.claims(&sent);
        match &value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            _ => claims[claim] = value.clone(),
        }
        world.gives(&world.good.sign(&claims));
        // Nor does it get better by being asked.
        world.script.lock().unwrap().about = json!({ "sub": "8" });
        let page = refused(world.end(&sent).await).await;
        assert!(page.contains(told), "{claim} {value}: {page}");
    }

    // Signed by somebody else, by nobody, with what everybody knows, and changed afterwards.
    let point = world.good.pair.public_key().as_ref().to_vec();
    let forgeries: [Forgery<'_>; 5] = [
        ("another key", &|claims| Signer::new("one").sign(claims)),
        ("none", &|claims| {
            format!("{}.", unsigned(&json!({ "alg": "none" }), claims))
        }),
        ("the public key as a secret", &|claims| {
            let text = unsigned(&json!({ "alg": "HS256", "kid": "one" }), claims);
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &point), text.as_bytes());
            format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
        }),
        ("changed", &|claims| {
            let mut better = claims.clone();
            better["groups"] = json!(["it"]);
            let good = world.good.sign(claims);
            let parts: Vec<&str> = good.split('.').collect();
            let better = URL_SAFE_NO_PAD.encode(better.to_string());
            [parts[0], &better, parts[2]].join(".")
        }),
        ("cut", &|claims| {
            let good = world.good.sign(claims);
            format!("{}.", good.rsplit_once('.').unwrap().0)
        }),
    ];
    for (name, forged) in forgeries {
        let sent = world.begin("/").await;
        world.gives(&forged(&world.claims(&sent)));
        let page = refused(world.end(&sent).await).await;
        let is_told = page.contains("cannot be believed") || page.contains("cannot be understood");
        assert!(is_told, "{name}: {page}");
    }

    // Nothing of it is told anywhere.
    let log = world.house.log();
    for secret in ["c0de", "t0ken", "eyJ"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    let acts = world.house.botswain(&["audit", "--json"]).stdout;
    let acts = String::from_utf8(acts).unwrap();
    assert!(!acts.contains("c0de") && !acts.contains("t0ken") && !acts.contains("eyJ"));
    assert_eq!(
        world
            .house
            .json(&["user", "list"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_brings_back_is_its_own_once_and_of_now() {
    let world = World::open().await;
    world.house.admit("ann", "admin", &[]);
    let good = async |next: &str| {
        let sent = world.begin(next).await;
        world.gives(&world.good.sign(&world.claims(&sent)));
        sent
    };
    // Nobody is led elsewhere.
    for next in [
        "//evil.example",
        "https://evil.example",
        "/%5cevil.example",
        "",
    ] {
        let sent = good(next).await;
        let answer = world.end(&sent).await;
        assert!(is_in(&answer), "{next}");
        assert_eq!(answer.headers()[header::LOCATION], "/inbox", "{next}");
    }
    // By its own, once; not by that of another browser, nor by none.
    let (mine, yours) = (good("/runs").await, good("/runs").await);
    let mixed = Sent {
        cookie: yours.cookie.clone(),
        ..good("/").await
    };
    let bare = Sent {
        cookie: String::new(),
        ..good("/").await
    };
    for sent in [mixed, bare] {
        let page = refused(world.end(&sent).await).await;
        assert!(page.contains("begin again with the button"), "{page}");
    }
    world.gives(&world.good.sign(&world.claims(&mine)));
    assert!(is_in(&world.end(&mine).await));
    let page = refused(world.end(&mine).await).await;
    assert!(page.contains("was used already"), "{page}");
    // What brings an error, and what comes from another provider.
    for (query, told) in [
        ("error=access_denied", "has not let you in"),
        ("error=%3Cscript%3E", "has not let you in"),
        ("error=temporarily_unavailable", "does not answer"),
        (
            "code=c0de&iss=https%3A%2F%2Fevil.example",
            "cannot be believed",
        ),
        ("", "begin again with the button"),
    ] {
        let sent = good("/").await;
        let path = format!("/login/callback?state={}&{query}", sent.state);
        let page = refused(world.get(&path, &sent.cookie).await).await;
        assert!(
            page.contains(told) && !page.contains("script"),
            "{query}: {page}"
        );
    }

    // What it answers instead of tokens.
    for (status, body, told) in [
        (400, r#"{"error":"invalid_grant"}"#, "was used already"),
        (
            401,
            r#"{"error":"invalid_client"}"#,
            "does not know this Botswain",
        ),
        (200, "<html>", "cannot be understood"),
        (
            200,
            r#"{"access_token":"x","token_type":"Bearer"}"#,
            "cannot be understood",
        ),
    ] {
        let sent = good("/").await;
        world.script.lock().unwrap().tokens = (status, body.to_owned());
        let page = refused(world.end(&sent).await).await;
        assert!(page.contains(told), "{body}: {page}");
    }

    // Groups that are told only when it is asked count, but not those of somebody else; and a name
    // that another has is not shared.
    let small = async |about: Value| {
        let sent = good("/").await;
        let mut claims = world.claims(&sent);
        claims.as_object_mut().unwrap().remove("groups");
        claims["sub"] = json!("9");
        claims["preferred_username"] = json!("Ann");
        world.gives(&world.good.sign(&claims));
        world.script.lock().unwrap().about = about;
        refused(world.end(&sent).await).await
    };
    let page = small(json!({ "sub": "8", "groups": ["it"] })).await;
    assert!(page.contains("cannot be believed"), "{page}");
    let page = small(json!({ "sub": "9", "groups": ["it"] })).await;
    assert!(page.contains("belongs to another account"), "{page}");

    // A new key is asked for once in a while, however many are named that there are not.
    let asked = || world.script.lock().unwrap().asked;
    assert_eq!(asked(), 1);
    let new = Signer::new("two");
    world.script.lock().unwrap().keys = vec![new.public()];
    let sent = good("/").await;
    world.gives(&new.sign(&world.claims(&sent)));
    assert!(is_in(&world.end(&sent).await));
    for _ in 0..3 {
        let sent = good("/").await;
        world.gives(&Signer::new("three").sign(&world.claims(&sent)));
        let page = refused(world.end(&sent).await).await;
        assert!(page.contains("cannot be believed"), "{page}");
    }
    assert_eq!(asked(), 2);

    // When it is gone passwords still work.
    let sent = good("/").await;
    world.serving.abort();
    while !world.serving.is_finished() {
        tokio::task::yield_now().await;
    }
    let page = refused(world.end(&sent).await).await;
    assert!(page.contains("does not answer"), "{page}");
    let form = [("name", "ann"), ("password", PASSWORD)];
    let login = world
        .http
        .post(format!("{}/login", world.house.url))
        .form(&form);
    assert_eq!(login.send().await.unwrap().status(), 303);
}
