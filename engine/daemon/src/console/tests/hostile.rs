//! Whoever asks for what nobody should have: other spellings, names that lead elsewhere, other sites.

use super::*;

#[tokio::test]
async fn no_other_spelling_of_a_path_leads_past_the_guard() {
    let mut house = House::open().await;
    for path in [
        "/api/v1/runs/",
        "//api/v1/runs",
        "/api//v1/runs",
        "/api/v1/runs;x",
        "/api/v1/runs/configs",
        "/api/v1/runs%2f1",
        "/api/v1/people/../health",
        "/login/../api/v1/runs",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%252e%252e%252fbotswain.yaml",
        "/assets/..%5cbotswain.yaml",
        "/artifacts/..%2fkey",
        "/API/v1/runs",
        "/inbox.json",
    ] {
        let answer = house.ask(request("GET", path, &[])).await;
        let is_closed = is_shut(&answer) || answer.status() == StatusCode::NOT_FOUND;
        assert!(is_closed, "{path}: {}", answer.status());
    }
}

/// Whatever is written before or behind a path, it leads nobody in who has not signed in.
#[tokio::test]
async fn no_route_is_had_by_what_is_written_around_it() {
    let mut house = House::open().await;
    let shut = MEANT.iter().filter(|(_, right)| *right != "anyone");
    for (method, path) in shut.filter_map(|(route, _)| route.split_once(' ')) {
        let path = filled(path);
        for path in [
            format!("{path}/configs"),
            format!("{path};x"),
            format!("{path}%2f"),
            format!("{path}/."),
            format!("/{path}"),
            format!("/login/..{path}"),
        ] {
            let answer = house.ask(request(method, &path, &[])).await;
            let is_none = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
            let is_closed = is_shut(&answer) || is_none.contains(&answer.status());
            assert!(is_closed, "{method} {path}: {}", answer.status());
        }
    }
}

/// A name in a path is looked up or refused; no file is read, written or removed by it.
#[tokio::test]
async fn no_name_in_a_path_leads_to_a_file() {
    const CANARY: &str = "canary-4711";
    let mut house = House::open().await;
    std::fs::write(house.folder.path().join(".botswain/canary"), CANARY).unwrap();
    let (token, csrf) = house.enter("root", (Role::Admin, Vec::new())).await;
    let cookie = format!("session={token}");
    let proof = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let before = files(house.folder.path());
    let named = MEANT.iter().filter(|(route, _)| route.contains('{'));
    for (method, path) in named.filter_map(|(route, _)| route.split_once(' ')) {
        for evil in [
            "..",
            "%2e%2e",
            "..%2fcanary",
            "..%2f..%2f.botswain%2fcanary",
            "..%252fcanary",
            "..%5ccanary",
            "canary%00",
            "%2fetc%2fpasswd",
        ] {
            let mut parts = path.split('{');
            let first = parts.next().unwrap_or_default().to_owned();
            let rest = parts.map(|part| part.split_once('}').map_or("", |(_, rest)| rest));
            let path = rest.fold(first, |path, rest| path + evil + rest);
            let answer = house.ask(request(method, &path, &proof)).await;
            assert!(!answer.status().is_server_error(), "{method} {path}");
            let body = to_bytes(answer.into_body(), FORM).await.unwrap();
            let body = String::from_utf8_lossy(&body);
            assert!(
                !body.contains(CANARY) && !body.contains("root:"),
                "{method} {path}: {body}"
            );
        }
    }
    assert_eq!(files(house.folder.path()), before);
}

/// All but what the daemon writes by itself.
fn files(folder: &std::path::Path) -> BTreeSet<std::path::PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let own = ["audit", "store", "artifacts", "scratch"];
            match path.is_dir() {
                true if own.iter().any(|own| path.ends_with(own)) => (),
                true => folders.push(path),
                false => drop(found.insert(path)),
            }
        }
    }
    found
}

/// Whatever a step has kept: a browser never takes it for a page of ours.
#[tokio::test]
async fn a_kept_file_is_no_page() {
    let mut house = House::open().await;
    let (token, _) = house.enter("root", (Role::Admin, Vec::new())).await;
    let cookie = format!("session={token}");
    let store = house.daemon.handle.parts.kept.0.clone();
    let page = b"<html><script>fetch('/api/v1/people')</script></html>";
    let kept = store.put("page.html", "text/html", page).unwrap();
    for way in ["/artifacts", "/api/v1/artifacts"] {
        let path = format!("{way}/{}", kept.hash.as_str());
        let answer = house
            .ask(request("GET", &path, &[("cookie", &cookie)]))
            .await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let of = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(of("content-type"), "application/octet-stream");
        assert_eq!(of("content-disposition"), "attachment");
        assert_eq!(of("x-content-type-options"), "nosniff");
        let policy = of("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(policy.contains("sandbox"), way == "/artifacts", "{policy}");
    }
}

#[tokio::test]
async fn what_comes_from_another_site_changes_nothing() {
    let mut house = House::open().await;
    let (token, csrf) = house.enter("ann", (Role::Admin, Vec::new())).await;
    let cookie = format!("session={token}");
    let proof = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    for strange in [
        ("origin", "null"),
        ("origin", "https://127.0.0.1:8080"),
        ("origin", "http://127.0.0.1:8080.evil.example"),
        ("origin", "http://evil-127.0.0.1:8080"),
        ("origin", "HTTP://127.0.0.1:8080"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for path in [
            "/logout",
            "/login",
            "/look",
            "/api/v1/runs",
            "/api/v1/people",
        ] {
            let headers = [proof[0], proof[1], strange];
            let answer = house.ask(request("POST", path, &headers)).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {strange:?}");
        }
    }
    let here = [proof[0], proof[1], ("origin", "http://127.0.0.1:8080")];
    let answer = house.ask(request("POST", "/logout", &here)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let after = house.ask(request("GET", "/inbox", &proof)).await;
    assert!(is_shut(&after));
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_nothing_else() {
    let mut house = House::open().await;
    for path in ["/login", "/nowhere", "/assets/console.css", "/api/v1/runs"] {
        for (method, origin) in [
            ("GET", "null"),
            ("GET", "https://evil.example"),
            ("OPTIONS", "null"),
        ] {
            let asked = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
            ];
            let answer = house.ask(request(method, path, &asked)).await;
            let shared = answer.headers().keys();
            let mut shared = shared.filter(|name| name.as_str().starts_with("access-control"));
            assert_eq!(shared.next(), None, "{method} {path} {origin}");
        }
        let answer = house.ask(request("GET", path, &[])).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    let page = house.ask(request("GET", "/login", &[])).await;
    let page = to_bytes(page.into_body(), FORM).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(
        !page.contains("style=") && !page.contains("onclick"),
        "{page}"
    );
}
