//! Rights in folders: every route is walked by somebody who may more in one folder alone.

use botswain_core::{ExceptionId, RunId};
use botswain_views::FolderRoles;
use serde_json::{Value, json};

use super::*;
use crate::views::{ExceptionsQuery, Sight};

/// It waits for a person as soon as it has begun.
fn parking(name: &str) -> String {
    format!("name: {name}\nsteps: [{{ id: no, fail: stop }}]\n")
}

/// A workflow in each of two folders and one in none, each with a run that waits.
struct Office {
    house: House,
    token: String,
    csrf: String,
}

/// Where somebody may write, and where not.
const FILES: [(&str, &str); 3] = [
    ("a", "workflows/mine/deep/a.yaml"),
    ("b", "workflows/minefield/b.yaml"),
    ("c", "workflows/c.yaml"),
];

impl Office {
    async fn open() -> Office {
        let texts = FILES.map(|(name, _)| parking(name));
        let files: Vec<_> = FILES.iter().map(|it| it.1).zip(texts.iter()).collect();
        let files: Vec<_> = files
            .iter()
            .map(|(file, text)| (*file, text.as_str()))
            .collect();
        let house = House::with(&files).await;
        let (token, csrf) = house.enter("mia", may(Role::Author)).await;
        let office = Office { house, token, csrf };
        for (name, _) in FILES {
            office.park(name).await;
        }
        office
    }

    async fn park(&self, workflow: &str) {
        let handle = &self.house.daemon.handle;
        let started = handle.run(workflow, Default::default(), None, "ann").await;
        started.unwrap();
        while self.exceptions(workflow).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn exceptions(&self, workflow: &str) -> Vec<(ExceptionId, RunId)> {
        let query = ExceptionsQuery {
            workflow: Some(workflow.to_owned()),
            ..ExceptionsQuery::default()
        };
        let parts = &self.house.daemon.handle.parts;
        let open = parts
            .exceptions(&query, (&Sight::All, 10))
            .unwrap()
            .into_iter();
        open.map(|it| (it.id, it.run)).collect()
    }

    fn file(&self, file: &str) -> std::path::PathBuf {
        self.house.folder.path().join(file)
    }

    /// A path about this workflow, and what waits of it.
    fn about(&self, path: &str, workflow: &str) -> String {
        let (id, run) = self.exceptions(workflow).remove(0);
        let path = path
            .replace("{id}", &id.to_string())
            .replace("{run}", &run.to_string());
        match path.contains("workflow") {
            true => path.replace("{name}", workflow),
            false => filled(&path),
        }
    }

    async fn by(&mut self, way: &str, body: Option<Value>) -> (StatusCode, Value) {
        let cookie = format!("session={}", self.token);
        let csrf = self.csrf.clone();
        let headers = [("cookie", cookie.as_str()), ("x-csrf-token", &csrf)];
        self.asked(way, &headers, body).await
    }

    async fn by_token(&mut self, token: &str, way: &str) -> (StatusCode, Value) {
        let bearer = format!("Bearer {token}");
        self.asked(way, &[("authorization", &bearer)], None).await
    }

    async fn asked(
        &mut self,
        way: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let (method, path) = way.split_once(' ').unwrap();
        let mut request = request(method, path, headers);
        if let Some(body) = body {
            *request.body_mut() = Body::from(body.to_string());
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        let answer = self.house.ask(request).await;
        let status = answer.status();
        // What is watched never ends.
        if path.ends_with("/events") {
            return (status, Value::Null);
        }
        let answer = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&answer).unwrap_or_default())
    }
}

/// Everything everywhere is seen; in `mine` somebody may more.
fn may(role: Role) -> Rights {
    Rights {
        role: Role::Viewer,
        groups: Vec::new(),
        folders: FolderRoles::from([("mine".to_owned(), role)]),
    }
}

#[tokio::test]
async fn each_route_about_a_workflow_is_taken_in_its_folder_and_nowhere_else() {
    let mut office = Office::open().await;
    let author = office.house.token("mia", Role::Author);
    office.house.enter("lea", may(Role::Handler)).await;
    let lea = office.house.token("lea", Role::Handler);
    for (route, right) in MEANT {
        if *right == "socket" || *route == "POST /logout" {
            continue;
        }
        let is_api = route.contains(" /api/");
        let is_makes = route.contains("/api/v1/tokens");
        for (workflow, is_mine) in [("a", true), ("b", false), ("c", false)] {
            let way = office.about(route, workflow);
            let may = match *right {
                // They see everything.
                "anyone" | "signed in" | "viewer" | "viewer there" => true,
                there if there.ends_with(" there") => is_mine,
                // What it is about is told by what is sent.
                somewhere if somewhere.ends_with(" somewhere") => true,
                _ => false,
            };
            let (status, problem) = office.by(&way, None).await;
            assert_eq!(status != StatusCode::FORBIDDEN, may, "{way}: {problem}");
            if is_api && !is_makes {
                let (status, _) = office.by_token(&author, &way).await;
                assert_eq!(status != StatusCode::FORBIDDEN, may, "{way} by a token");
                let (status, _) = office.by_token(&lea, &way).await;
                let may = may && !right.starts_with("author");
                assert_eq!(status != StatusCode::FORBIDDEN, may, "{way} by a handler");
            }
        }
    }
    for theirs in ["b", "c"] {
        assert_eq!(office.exceptions(theirs).len(), 1);
        let pause = office.house.daemon.handle.pauses.of(theirs);
        assert!(pause.is_none(), "nothing was done in other folders");
    }
}

#[tokio::test]
async fn nobody_acts_elsewhere_by_what_a_body_names() {
    let mut office = Office::open().await;
    let start = |name: &str| Some(json!({ "workflow": name }));
    for (name, status) in [("a", 201), ("b", 403), ("c", 403), ("none", 403)] {
        let (came, problem) = office.by("POST /api/v1/runs", start(name)).await;
        assert_eq!(came, status, "{name}: {problem}");
    }
    let (mine, _) = office.exceptions("a").remove(0);
    let (theirs, run) = office.exceptions("b").remove(0);
    let many = json!({ "exceptions": [mine, theirs], "decision": "abandon" });
    let (came, problem) = office.by("POST /api/v1/bulk", Some(many)).await;
    assert_eq!(
        (came, &problem["type"]),
        (StatusCode::FORBIDDEN, &json!("access.role"))
    );
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("`b`") && !detail.contains("`a`"),
        "{detail}"
    );

    // A number that is right in a folder of theirs does not open another one.
    let decided = json!({ "decision": "abandon" });
    let way = format!("POST /api/v1/exceptions/{theirs}/resolution");
    let (came, _) = office.by(&way, Some(decided.clone())).await;
    assert_eq!(came, StatusCode::FORBIDDEN);
    let way = format!("POST /api/v1/runs/{run}/cancellation");
    let (came, _) = office.by(&way, Some(json!({}))).await;
    assert_eq!(came, StatusCode::FORBIDDEN);
    assert_eq!(office.exceptions("b").len(), 1);

    let way = format!("POST /api/v1/exceptions/{mine}/resolution");
    let (came, problem) = office.by(&way, Some(decided.clone())).await;
    assert_eq!(came, StatusCode::OK, "{problem}");
    // Whoever comes later is told who was first, and not that they may not.
    let (came, problem) = office.by(&way, Some(decided)).await;
    assert_eq!(
        (came, &problem["type"]),
        (StatusCode::NOT_FOUND, &json!("exception.closed"))
    );
}

#[tokio::test]
async fn what_somebody_else_has_asked_for_is_taken_back_by_those_who_may_everything() {
    let mut office = Office::open().await;
    let handle = office.house.daemon.handle.clone();
    let (theirs, _) = office.exceptions("b").remove(0);
    let request = json!({ "exceptions": [theirs], "decision": "abandon", "by": "ann" });
    let request = serde_json::from_value(request).unwrap();
    let bulk = api::bulk::ask(&handle, &Principal::local(), request)
        .await
        .unwrap();
    let way = format!("POST /api/v1/bulk/{}/withdrawal", bulk.id);
    assert_eq!(office.by(&way, None).await.0, StatusCode::FORBIDDEN);
    let (mine, _) = office.exceptions("a").remove(0);
    let own = json!({ "exceptions": [mine], "decision": "abandon" });
    let (came, bulk) = office.by("POST /api/v1/bulk", Some(own)).await;
    assert_eq!(came, StatusCode::ACCEPTED);
    let way = format!("POST /api/v1/bulk/{}/withdrawal", bulk["id"]);
    assert_eq!(office.by(&way, None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_workflow_that_moves_takes_the_rights_of_its_place() {
    let mut office = Office::open().await;
    let pause = |name: &str| format!("POST /api/v1/workflows/{name}/pause");
    let nothing = || Some(json!({}));
    assert_eq!(office.by(&pause("a"), nothing()).await.0, StatusCode::OK);
    std::fs::rename(office.file(FILES[0].1), office.file("workflows/a.yaml")).unwrap();
    assert_eq!(
        office.by(&pause("a"), nothing()).await.0,
        StatusCode::FORBIDDEN
    );
    std::fs::rename(
        office.file(FILES[1].1),
        office.file("workflows/mine/b.yaml"),
    )
    .unwrap();
    let (came, problem) = office.by(&pause("b"), nothing()).await;
    assert_eq!(came, StatusCode::OK, "{problem}");

    // One of the same name makes it nobody's.
    std::fs::create_dir(office.file("workflows/other")).unwrap();
    let twice = office.file("workflows/other/b.yaml");
    std::fs::write(&twice, parking("b")).unwrap();
    assert_eq!(
        office.by(&pause("b"), nothing()).await.0,
        StatusCode::FORBIDDEN
    );
    std::fs::remove_file(&twice).unwrap();
    assert_eq!(office.by(&pause("b"), nothing()).await.0, StatusCode::OK);

    // What waits of a file that is gone is decided by those who may everywhere.
    std::fs::remove_file(office.file("workflows/mine/b.yaml")).unwrap();
    let (id, run) = office.exceptions("b").remove(0);
    let decided = Some(json!({ "decision": "abandon" }));
    let way = format!("POST /api/v1/exceptions/{id}/resolution");
    assert_eq!(office.by(&way, decided).await.0, StatusCode::FORBIDDEN);
    let way = format!("POST /api/v1/runs/{run}/cancellation");
    assert_eq!(office.by(&way, nothing()).await.0, StatusCode::FORBIDDEN);
    // And nobody gets it by a new file of that name.
    let text = json!({ "source": parking("b") });
    let way = "PUT /api/v1/workflows/b/file?folder=mine";
    assert_eq!(office.by(way, Some(text)).await.0, StatusCode::FORBIDDEN);
    assert!(!office.file("workflows/mine/b.yaml").exists());
}

#[tokio::test]
async fn a_new_workflow_comes_into_a_folder_of_ones_own_alone() {
    let mut office = Office::open().await;
    let text = |name: &str| Some(json!({ "source": parking(name) }));
    for (folder, status) in [
        ("", 403),
        ("?folder=", 403),
        ("?folder=minefield", 403),
        ("?folder=mine/../minefield", 403),
        ("?folder=..", 403),
        ("?folder=Mine", 403),
        ("?folder=mine&folder=minefield", 403),
        ("?folder=mine%2Fnew", 200),
    ] {
        let way = format!("PUT /api/v1/workflows/new/file{folder}");
        let (came, problem) = office.by(&way, text("new")).await;
        assert_eq!(came, status, "{folder}: {problem}");
    }
    assert!(office.file("workflows/mine/new/new.yaml").exists());
    let told = since(&office.house, 0).pop().unwrap();
    assert_eq!(
        (told.by.as_str(), told.with["folder"].as_str()),
        ("mia", "mine/new")
    );
    // One that is there is not written elsewhere, nor by whoever names another folder.
    let (before, of) = (parking("b"), "workflows/minefield/b.yaml");
    for folder in ["", "?folder=mine", "?folder=minefield"] {
        let way = format!("PUT /api/v1/workflows/b/file{folder}");
        assert_eq!(office.by(&way, text("b")).await.0, StatusCode::FORBIDDEN);
    }
    assert_eq!(std::fs::read_to_string(office.file(of)).unwrap(), before);
    assert!(!office.file("workflows/mine/b.yaml").exists());
}

#[tokio::test]
async fn corrections_are_remembered_by_those_who_may_everywhere() {
    let mut office = Office::open().await;
    let (mine, _) = office.exceptions("a").remove(0);
    let decision = json!({ "decision": { "edit": { "x": "y" } }, "remember": "customers" });
    let way = format!("POST /api/v1/exceptions/{mine}/resolution");
    let (came, problem) = office.by(&way, Some(decision)).await;
    assert_eq!(came, StatusCode::FORBIDDEN, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("everywhere"));
}

#[tokio::test]
async fn a_preview_leaves_out_what_somebody_may_not_decide() {
    let mut office = Office::open().await;
    let (mine, _) = office.exceptions("a").remove(0);
    let (theirs, _) = office.exceptions("b").remove(0);
    let cookie = format!("session={}", office.token);
    let csrf = office.csrf.clone();
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let fields = format!("decision=abandon&exception={mine}&exception={theirs}");
    let answer = office
        .house
        .ask(form("/selection/preview", &headers, &fields))
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let page = to_bytes(answer.into_body(), FORM).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    let field = |id: ExceptionId| format!("name=\"exception\" value=\"{id}\"");
    assert!(
        page.contains(&field(mine)) && !page.contains(&field(theirs)),
        "{page}"
    );
    assert!(page.contains("1 more is left out"), "{page}");
    let fields = format!("decision=abandon&exception={theirs}");
    for path in ["/selection/preview", "/bulk"] {
        let answer = office.house.ask(form(path, &headers, &fields)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
}
