//! Four eyes: what one author writes, another one activates or rejects.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, SETTINGS, wait_for},
    plain::NoScripts,
    session::Session,
};

/// With `console: { activation: { self_approval: … } }`.
fn settings(self_approval: bool) -> String {
    let console = format!(
        "console: {{ listen: \"127.0.0.1:0\", activation: {{ self_approval: {self_approval} }} }}"
    );
    SETTINGS.replace("console: { listen: \"127.0.0.1:0\" }", &console)
}

fn house() -> House {
    let house = House::with(&settings(false));
    for name in ["ann", "ben"] {
        house.admit(name, "author", &[]);
    }
    house
}

fn file(house: &House) -> String {
    std::fs::read_to_string(house.path("workflows/lines.yaml")).unwrap()
}

/// A text like that of the file, which says something else.
fn with(text: &str, description: &str) -> String {
    text.replace(
        "name: lines\n",
        &format!("name: lines\ndescription: {description}\n"),
    )
}

const FILE: &str = "/api/v1/workflows/lines/file";
const PROPOSAL: &str = "/api/v1/workflows/lines/proposal";

/// Sends a text, over the file as it is now.
async fn send(session: &Session, source: &str) -> (StatusCode, Value) {
    let now = session.get(FILE).await;
    let tag = now.headers()["etag"].clone();
    let put = session
        .ask(Method::PUT, FILE)
        .header("if-match", tag)
        .json(&json!({ "source": source, "note": "said so" }));
    answered(put.send().await.unwrap()).await
}

async fn answered(answer: reqwest::Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, answer.json().await.unwrap())
}

async fn decide(session: &Session, what: &str, body: &Value) -> (StatusCode, Value) {
    let path = format!("{PROPOSAL}/{what}");
    answered(session.post(&path, body).send().await.unwrap()).await
}

/// What names the text that waits now.
async fn hash(session: &Session) -> Value {
    let (status, detail) = answered(session.get(PROPOSAL).await).await;
    assert_eq!(status, StatusCode::OK, "{detail}");
    detail["proposal"]["hash"].clone()
}

async fn state(session: &Session) -> Value {
    let (_, all) = answered(session.get("/api/v1/proposals").await).await;
    all[0]["state"].clone()
}

/// What the editor shows.
async fn source(browser: &Browser) -> String {
    let source = browser.find("[name=source]").await;
    source.prop("value").await.unwrap().unwrap()
}

/// Without scripts nothing can be put into a long text but what is typed at its end.
async fn append(browser: &Browser, text: &str) {
    browser
        .find("[name=source]")
        .await
        .send_keys(text)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_author_proposes_another_rejects_then_activates_without_scripts() {
    let house = house();
    house.admit("eve", "handler", &[]);
    let first = file(&house);
    let mut browser = Browser::open(&house).await;
    browser.client.issue_cmd(NoScripts).await.unwrap();
    browser.sign_in("ann").await;
    browser.go("/workflows/lines/edit").await;
    append(&browser, "# once\n").await;
    browser.write("note", "to try it").await;
    browser.click_text("Propose").await;
    assert_eq!(browser.path().await, "/workflows/lines/proposal");
    let told = browser.text("main").await;
    for part in [
        "waits",
        "to try it",
        "# once",
        "another author decides",
        "ben",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // Who has proposed it does not decide about it, and nothing has changed.
    assert!(
        !browser
            .is_there("form[action$='/approve'], form[action$='/reject']")
            .await
    );
    assert_eq!(file(&house), first);

    // Another sees on each page that something waits, and where.
    browser.sign_in("ben").await;
    browser.go("/inbox").await;
    assert_eq!(browser.text(".top [data-count=proposals]").await, "1");
    browser.go("/workflows").await;
    browser.click_text("Proposals").await;
    browser.click("a[href='/workflows/lines/proposal']").await;
    browser.click_text("Test").await;
    assert!(browser.is_there("#tests").await);
    browser.click("#reject summary").await;
    browser.write("note", "once is not enough").await;
    browser.click("form[action$='/reject'] button").await;
    assert_eq!(browser.path().await, "/proposals");
    let told = browser.text("main").await;
    assert!(
        told.contains("rejected") && told.contains("once is not enough"),
        "{told}"
    );
    assert_eq!(file(&house), first);
    assert!(
        !browser
            .is_there(".top [data-count=proposals]:not(:empty)")
            .await
    );

    // Who has proposed it sees why, and proposes it anew.
    browser.sign_in("ann").await;
    browser.go("/workflows/lines").await;
    browser.click_text("Look at it").await;
    let told = browser.text("#rejection").await;
    assert!(
        told.contains("ben") && told.contains("once is not enough"),
        "{told}"
    );
    browser.click_text("Open in the editor").await;
    assert!(source(&browser).await.ends_with("# once\n"));
    append(&browser, "# twice\n").await;
    browser.click_text("Propose").await;
    assert!(browser.text("main").await.contains("# twice"));

    browser.sign_in("ben").await;
    browser.go("/workflows/lines").await;
    browser.click_text("Look at it").await;
    browser.click_text("Activate").await;
    assert_eq!(browser.path().await, "/workflows/lines/versions/2");
    let told = browser.text("main").await;
    for part in ["current", "proposed by ann, activated by ben", "to try it"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(file(&house), format!("{first}# once\n# twice\n"));
    browser.go("/proposals").await;
    assert!(browser.text("main").await.contains("Nothing is proposed"));

    // Others see nothing of it, and each act is in the audit with the hash of its text.
    browser.sign_in("eve").await;
    browser.go("/workflows").await;
    assert!(!browser.is_there("a[href='/proposals']").await);
    browser.close().await;
    let acts = house.json(&["audit", "--on", "workflow lines"]);
    let told = acts.as_array().unwrap().iter();
    let told: Vec<_> = told
        .map(|it| format!("{} {} {}", it["by"], it["act"], it["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "ben approve_proposal done",
            "ann propose done",
            "ben reject_proposal done",
            "ann propose done",
        ]
    );
    let hash = botswain_core::Hash::of(file(&house).as_bytes());
    assert_eq!(acts[0]["with"]["hash"], hash.as_str());
    assert_eq!(acts[1]["with"]["source"], hash.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_activates_what_they_have_written_by_any_way() {
    let house = house();
    let (ann, ben) = (
        Session::open(&house, "ann").await,
        Session::open(&house, "ben").await,
    );
    let first = file(&house);
    let (status, proposal) = send(&ann, &with(&first, "Of Ann.")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{proposal}");
    assert_eq!(proposal["state"], "waiting");
    assert_eq!(proposal["waits_for"], json!(["ben"]));
    let approve = json!({ "hash": hash(&ann).await });
    let (status, problem) = decide(&ann, "approval", &approve).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (403, &json!("proposal.own"))
    );
    let (status, _) = decide(
        &ann,
        "approval",
        &json!({ "hash": hash(&ann).await, "by": "ben" }),
    )
    .await;
    assert_eq!(status, StatusCode::FORBIDDEN);

    // A program of hers is she, and so is whoever calls themselves so at the machine.
    let made = house.botswain(&["user", "token", "add", "ann", "ci", "--role", "author"]);
    let token = String::from_utf8(made.stdout).unwrap();
    let program = Client::new();
    let by_token = program
        .post(format!("{}{PROPOSAL}/approval", house.url))
        .bearer_auth(token.trim())
        .json(&approve);
    assert_eq!(
        by_token.send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    let by_socket = house.botswain(&["proposals", "approve", "lines", "--by", "ann"]);
    assert_eq!(by_socket.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&by_socket.stderr).contains("somebody else decides"));
    assert_eq!(file(&house), first);

    // Another text waits until this one is decided, and only its author takes it back.
    let (status, problem) = send(&ben, &with(&first, "Of Ben.")).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (409, &json!("proposal.waits"))
    );
    assert!(
        problem["title"]
            .as_str()
            .unwrap()
            .starts_with("ann has proposed")
    );
    let (status, problem) = decide(&ben, "withdrawal", &json!({})).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (403, &json!("proposal.other"))
    );
    let (status, problem) = decide(
        &ben,
        "rejection",
        &json!({ "hash": approve["hash"], "note": " " }),
    )
    .await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (422, &json!("proposal.note"))
    );

    // What was looked at is what is decided about.
    let (status, _) = send(&ann, &with(&first, "Of Ann, better.")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    for (what, body) in [
        ("approval", approve.clone()),
        (
            "rejection",
            json!({ "hash": approve["hash"], "note": "no" }),
        ),
    ] {
        let (status, problem) = decide(&ben, what, &body).await;
        assert_eq!(
            (status.as_u16(), &problem["type"]),
            (412, &json!("proposal.changed"))
        );
    }

    // Over another file than it was proposed over it is refused, with what differs now.
    house.write("workflows/lines.yaml", &with(&first, "By hand."));
    let (status, problem) = decide(&ben, "approval", &json!({ "hash": hash(&ben).await })).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (412, &json!("workflow.changed"))
    );
    assert_eq!(state(&ben).await, "outdated");
    let (_, detail) = answered(ben.get(PROPOSAL).await).await;
    assert!(
        detail["changes"].to_string().contains("By hand."),
        "{detail}"
    );
    let (status, _) = decide(&ann, "withdrawal", &json!({})).await;
    assert_eq!(status, StatusCode::OK);

    // Of two who agree at once one does it.
    let (status, _) = send(&ann, &with(&first, "Of Ann at last.")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let approve = json!({ "hash": hash(&ben).await });
    let (one, two) = tokio::join!(
        decide(&ben, "approval", &approve),
        decide(&ben, "approval", &approve)
    );
    let mut both = [one.0.as_u16(), two.0.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 404]);
    let version = &house.json(&["workflows", "versions", "lines"])[0];
    assert_eq!(
        (&version["proposed_by"], &version["by"]),
        (&json!("ann"), &json!("ben"))
    );
    // What the file says already needs nobody.
    let (status, _) = send(&ann, &file(&house)).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_outlives_neither_its_authors_right_nor_its_file_and_the_daemon_it_does() {
    let mut house = house();
    house.admit("root", "admin", &[]);
    let (mut ann, mut ben) = (
        Session::open(&house, "ann").await,
        Session::open(&house, "ben").await,
    );
    let first = file(&house);
    assert_eq!(
        send(&ann, &with(&first, "Of Ann.")).await.0,
        StatusCode::ACCEPTED
    );

    // Whoever has proposed it may not write any more, or is gone.
    for (args, back) in [
        (
            ["user", "change", "ann", "--role", "handler"].as_slice(),
            ["user", "change", "ann", "--role", "author"].as_slice(),
        ),
        (&["user", "lock", "ann"], &["user", "unlock", "ann"]),
    ] {
        assert!(house.botswain(args).status.success());
        let (status, problem) =
            decide(&ben, "approval", &json!({ "hash": hash(&ben).await })).await;
        assert_eq!(
            (status.as_u16(), &problem["type"]),
            (409, &json!("proposal.author"))
        );
        assert_eq!(state(&ben).await, "orphaned");
        assert!(house.botswain(back).status.success());
        assert_eq!(state(&ben).await, "waiting");
    }
    assert!(house.botswain(&["user", "remove", "ann"]).status.success());
    let (status, _) = send(&ben, &with(&first, "Of Ben.")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "it takes the place of hers");
    house.admit("ann", "author", &[]);
    ann = Session::open(&house, "ann").await;

    // The file is gone: it can be proposed as a new one.
    std::fs::remove_file(house.path("workflows/lines.yaml")).unwrap();
    let (status, problem) = decide(&ann, "approval", &json!({ "hash": hash(&ann).await })).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (412, &json!("workflow.changed"))
    );
    let page = ann
        .get("/workflows/lines/proposal")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("There is no such file now") && page.contains("Of Ben."),
        "{page}"
    );
    let put = ben
        .ask(Method::PUT, FILE)
        .json(&json!({ "source": with(&first, "Of Ben.") }));
    assert_eq!(put.send().await.unwrap().status(), StatusCode::ACCEPTED);

    // The next daemon has it.
    let kept = std::fs::read_to_string(house.path(".botswain/proposals.json")).unwrap();
    house.start();
    ann.follow(&house);
    ben.follow(&house);
    assert_eq!(state(&ann).await, "waiting");
    let (status, _) = decide(&ann, "approval", &json!({ "hash": hash(&ann).await })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(file(&house), with(&first, "Of Ben."));

    // One that ended before it could write down that this was decided: to agree again ends it.
    house.write(".botswain/proposals.json", &kept);
    house.write(".botswain/versions.json", "{}");
    house.start();
    ann.follow(&house);
    ben.follow(&house);
    assert_eq!(state(&ann).await, "waiting");
    let (status, _) = decide(&ann, "approval", &json!({ "hash": hash(&ann).await })).await;
    assert_eq!(status, StatusCode::OK);
    let version = &house.json(&["workflows", "versions", "lines"])[0];
    let told = (&version["proposed_by"], &version["by"]);
    assert_eq!(told, (&json!("ben"), &json!("ann")));

    // Where nobody asks for it any more, whoever writes activates, and what waits can still be decided.
    assert_eq!(
        send(&ann, &with(&first, "Of Ann.")).await.0,
        StatusCode::ACCEPTED
    );
    house.write("botswain.yaml", &settings(true));
    wait_for("the settings to be taken over", || {
        let there = house.json(&["proposals"]);
        (there[0]["state"] == "waiting").then_some(())
    });
    let (status, _) = send(&ben, &with(&first, "Of Ben alone.")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(state(&ann).await, "outdated");
    let (status, _) = send(&ann, &with(&first, "Of Ann alone.")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        ann.get(PROPOSAL).await.status(),
        StatusCode::NOT_FOUND,
        "hers is replaced"
    );
    // And at once where it is asked for again.
    house.write("botswain.yaml", &settings(false));
    assert_eq!(
        send(&ann, &with(&first, "Of Ann again.")).await.0,
        StatusCode::ACCEPTED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proposed_in_a_folder_is_decided_by_those_who_may_write_there() {
    let house = house();
    for (name, folder) in [
        ("ina", "purchasing"),
        ("ivo", "purchasing"),
        ("olga", "sales"),
    ] {
        house.admit(name, "handler", &[]);
        let role = format!("{folder}=author");
        let changed = house.botswain(&["user", "change", name, "--folder", &role]);
        assert!(changed.status.success(), "{changed:?}");
    }
    let (ina, ivo, olga) = (
        Session::open(&house, "ina").await,
        Session::open(&house, "ivo").await,
        Session::open(&house, "olga").await,
    );
    let source = "name: po\nsteps: [{ id: x, set: { y: \"1\" } }]\n";
    let put = async |within: &str| {
        let path = format!("/api/v1/workflows/po/file{within}");
        let put = ina.ask(Method::PUT, &path);
        answered(put.json(&json!({ "source": source })).send().await.unwrap()).await
    };
    for elsewhere in ["", "?folder=sales"] {
        let (status, _) = put(elsewhere).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{elsewhere}");
    }
    let (status, proposal) = put("?folder=purchasing").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{proposal}");
    assert_eq!(proposal["folder"], "purchasing");
    assert_eq!(proposal["waits_for"], json!(["ann", "ben", "ivo"]));

    // Whoever may write in another folder neither sees nor decides it, whatever they name.
    let (_, all) = answered(olga.get("/api/v1/proposals").await).await;
    assert_eq!(all, json!([]));
    let approve = json!({ "hash": proposal["hash"] });
    for path in ["", "?folder=sales"] {
        let path = format!("/api/v1/workflows/po/proposal/approval{path}");
        let (status, _) = answered(olga.post(&path, &approve).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let page = olga.get("/workflows/po/proposal").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(!house.path("workflows/purchasing/po.yaml").exists());

    // One who has lost the role there has lost it for what they proposed too.
    let none = ["user", "change", "ina", "--no-folders"];
    assert!(house.botswain(&none).status.success());
    let approval = "/api/v1/workflows/po/proposal/approval";
    let (status, problem) = answered(ivo.post(approval, &approve).send().await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (409, &json!("proposal.author"))
    );
    let again = ["user", "change", "ina", "--folder", "purchasing=author"];
    assert!(house.botswain(&again).status.success());
    let (_, counts) = answered(ivo.get("/counts").await).await;
    assert_eq!(counts["proposals"], 1, "{counts}");
    let (status, activated) = answered(ivo.post(approval, &approve).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{activated}");
    let there = std::fs::read_to_string(house.path("workflows/purchasing/po.yaml")).unwrap();
    assert_eq!(there, source);
}
