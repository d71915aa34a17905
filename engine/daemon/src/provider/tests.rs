//! What is made of what a provider says of itself.

use axum::{Router, http::Uri};
use expect_test::expect;
use serde_json::json;

use super::*;
use crate::{
    daemon::{Daemon, Mode},
    instance::{Instance, config::Config},
};

/// A provider that describes itself otherwise at each path.
async fn liar() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = format!("http://{}", listener.local_addr().unwrap());
    let issuer = home.clone();
    let answer = move |uri: Uri| {
        let home = home.clone();
        async move {
            let (status, text) = says(&home, uri.path());
            let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
            (status, kind, text)
        }
    };
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    issuer
}

fn says(home: &str, path: &str) -> (axum::http::StatusCode, String) {
    use axum::http::StatusCode;
    let name = path.trim_start_matches('/').split('/').next().unwrap();
    let mut described = json!({
        "issuer": format!("{home}/{name}"),
        "authorization_endpoint": format!("{home}/authorize"),
        "token_endpoint": format!("{home}/token"),
        "jwks_uri": format!("{home}/{name}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    match (name, path.ends_with("/keys")) {
        (_, true) => return (StatusCode::OK, json!({ "keys": [] }).to_string()),
        ("busy", _) => return (StatusCode::BAD_GATEWAY, "busy".to_owned()),
        ("elsewhere", _) => return (StatusCode::FOUND, String::new()),
        ("page", _) => return (StatusCode::OK, "<html>".to_owned()),
        ("large", _) => return (StatusCode::OK, " ".repeat(1024 * 1024 + 1)),
        ("other", _) => described["issuer"] = json!("https://login.example.com"),
        ("no-keys", _) => described["jwks_uri"] = json!("nowhere"),
        ("open-keys", _) => described["jwks_uri"] = json!("http://login.example.com/keys"),
        ("open-page", _) => {
            described["authorization_endpoint"] = json!("http://login.example.com/authorize");
        }
        ("script", _) => described["authorization_endpoint"] = json!("javascript:alert(1)"),
        _ => (),
    }
    (StatusCode::OK, described.to_string())
}

async fn parts() -> (tempfile::TempDir, Daemon) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("botswain.yaml"), "name: x\n").unwrap();
    let instance = Instance::at(folder.path()).unwrap();
    let daemon = Daemon::start(instance, Mode::Brief).await.unwrap();
    (folder, daemon)
}

fn settings(issuer: &str) -> SignIn {
    let text = format!(
        "name: x\nconsole:\n  listen: 127.0.0.1:1\n  sign_in:\n    name: Office\n    issuer: {issuer}\n    client_id: me\n    roles: {{ viewer: [a] }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let config = Config::read(&text, &[], folder.path()).config.unwrap();
    config.sign_in().unwrap().clone()
}

#[tokio::test]
async fn a_provider_that_is_not_what_it_should_be_is_told_of_in_a_sentence() {
    let (issuer, (_folder, daemon)) = (liar().await, parts().await);
    let provider = |path: &str| {
        let settings = settings(&format!("{issuer}/{path}"));
        Provider::new(settings, "http://127.0.0.1:1", daemon.handle.parts.clone())
    };
    let mut told = String::new();
    for path in [
        "busy",
        "elsewhere",
        "page",
        "large",
        "other",
        "no-keys",
        "open-keys",
        "open-page",
        "script",
    ] {
        let trouble = provider(path).begin("/").await.err().unwrap();
        let told_of = trouble.to_string().replace(&issuer, "HOME");
        let code = trouble.told("Office").code;
        told.push_str(&[path, ": ", &code, ": ", &told_of, "\n"].concat());
    }
    expect![[r#"
        busy: provider.down: it does not answer: it answers 502 Bad Gateway
        elsewhere: provider.answer: it answers with something else than OpenID Connect: HTTP status code 302 Found at HOME/elsewhere/.well-known/openid-configuration
        page: provider.answer: it answers with something else than OpenID Connect: it describes itself wrongly at `.`
        large: provider.answer: it answers with something else than OpenID Connect: it answers with more than 1 MiB
        other: provider.answer: it answers with something else than OpenID Connect: Validation error: unexpected issuer URI `https://login.example.com` (expected `HOME/other`)
        no-keys: provider.answer: it answers with something else than OpenID Connect: it describes itself wrongly at `jwks_uri`
        open-keys: provider.answer: it answers with something else than OpenID Connect: `http://login.example.com/keys` is not `https`
        open-page: provider.answer: it answers with something else than OpenID Connect: it would send people where others can read along
        script: provider.answer: it answers with something else than OpenID Connect: it would send people where others can read along
    "#]].assert_eq(&told);

    // A port at which nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let parts = daemon.handle.parts.clone();
    let gone = Provider::new(settings(&gone), "http://127.0.0.1:1", parts);
    let trouble = gone.begin("/").await.err().unwrap();
    assert!(matches!(trouble, Trouble::Down(_)), "{trouble}");
}

#[tokio::test]
async fn people_are_sent_with_all_that_ties_their_answer_to_them() {
    let (issuer, (_folder, daemon)) = (liar().await, parts().await);
    let settings = settings(&format!("{issuer}/good"));
    let parts = daemon.handle.parts.clone();
    let provider = Provider::new(settings, "https://console.example.com", parts);
    let sent = |address: &str| {
        let url = reqwest::Url::parse(address).unwrap();
        let pairs = url.query_pairs().into_owned();
        pairs.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (one, two) = (
        provider.begin("/runs").await.unwrap(),
        provider.begin("/runs").await.unwrap(),
    );
    let (first, second) = (sent(&one.address), sent(&two.address));
    assert_eq!(first["response_type"], "code");
    assert_eq!(first["client_id"], "me");
    assert_eq!(first["code_challenge_method"], "S256");
    assert_eq!(first["scope"], "openid profile email");
    assert_eq!(
        first["redirect_uri"],
        "https://console.example.com/login/callback"
    );
    for tie in ["state", "nonce", "code_challenge"] {
        assert!(first[tie].len() >= 22 && first[tie] != second[tie], "{tie}");
    }

    // What one browser has begun no other can end.
    let brought = |state: &str| Brought {
        state: Some(state.to_owned()),
        error: Some("access_denied".to_owned()),
        ..Brought::default()
    };
    for (cookie, state) in [
        (one.cookie.as_str(), second["state"].as_str()),
        ("", &first["state"]),
        (&one.cookie, ""),
    ] {
        let (ended, _) = provider.end(cookie, brought(state)).await;
        assert!(matches!(ended, Err(Trouble::Attempt)), "{cookie} {state}");
    }
    let (ended, next) = provider.end(&one.cookie, brought(&first["state"])).await;
    assert!(matches!(ended, Err(Trouble::SentBack(_))));
    assert_eq!(next, "/runs");

    // Nothing was asked for then; a code is taken to the provider once.
    let with_code = || Brought {
        state: Some(first["state"].clone()),
        code: Some("8".to_owned()),
        ..Brought::default()
    };
    let (asked, _) = provider.end(&one.cookie, with_code()).await;
    assert!(!matches!(asked, Err(Trouble::Attempt)));
    let (again, _) = provider.end(&one.cookie, with_code()).await;
    assert!(matches!(again, Err(Trouble::Attempt)));
}
