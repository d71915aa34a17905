//! Every page: nothing of others runs in it, everybody can read it, in both languages.

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, SETTINGS, line, npm, wait_for},
};

/// Texts that would run, or break out of where they stand, if they were not taken as texts.
const HOSTILE: [&str; 5] = [
    "<img src=x onerror=\"window.hacked=1\">",
    "\"><script>window.hacked=1</script>",
    "' onmouseover='window.hacked=1",
    "</textarea><svg onload=window.hacked=1>",
    "javascript:window.hacked=1//{{7*7}}",
];

const PAGES: [&str; 33] = [
    "/inbox",
    "/inbox?show=newest",
    "/inbox?show=approvals",
    "/inbox?show=mine",
    "/inbox?q=img",
    "/inbox?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E",
    "/exceptions/1",
    "/exceptions/6",
    "/runs",
    "/runs?key=img&from=2020-01-01",
    "/runs/1",
    "/runs/1/items/enter",
    "/runs/1.enter.0",
    "/workflows",
    "/workflows/lines",
    "/workflows/buy?again=2",
    "/workflows/sends",
    "/workflows/broken",
    "/workflows/broken/edit",
    "/new-workflow?name=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E",
    "/workflows/talks/versions",
    "/workflows/talks/versions/2",
    "/proposals",
    "/workflows/talks/proposal",
    "/workflows/talks/edit?proposal=true",
    "/calendar",
    "/connections",
    "/insights",
    "/insights?split=2026-01-01&workflow=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E",
    "/people",
    "/audit",
    "/tokens",
    "/account",
];

/// In which nobody activates a text of their own.
fn settings() -> String {
    let listen = "listen: \"127.0.0.1:0\"";
    SETTINGS.replace(
        listen,
        &format!("{listen}, activation: {{ self_approval: false }}"),
    )
}

/// Pushes a version of `talks`, which waits for somebody else who agrees.
fn propose(house: &House, text: &str, note: &str) {
    house.write("desk/talks.yaml", text);
    let file = house.path("desk/talks.yaml");
    let push = [
        "push",
        file.to_str().unwrap(),
        "--by",
        "mia",
        "--note",
        note,
    ];
    let pushed = house.botswain(&push);
    assert_eq!(pushed.status.code(), Some(3), "{pushed:?}");
}

async fn hostile_house() -> House {
    let house = House::with(&settings());
    house.admit("ann", "admin", &["buyers"]);
    let settings = std::fs::read_to_string(house.path("botswain.yaml")).unwrap();
    let connections = "connections:\n  shop: { kind: web, address: \"http://127.0.0.1:1\" }\n";
    house.write("botswain.yaml", &format!("{settings}{connections}"));
    wait_for("the connection", || {
        house.json(&["connections"])[0].is_object().then_some(())
    });
    assert_eq!(
        house.botswain(&["connections", "test"]).status.code(),
        Some(1)
    );
    let lines = HOSTILE.map(|text| line(text, text, text));
    house.park(&lines);
    house.ask(HOSTILE[0]);
    let sends =
        "name: sends\ninputs: { file: { type: file } }\nsteps: [{ id: a, set: { b: \"1\" } }]\n";
    house.write("workflows/sends.yaml", sends);
    let text = HOSTILE[0].replace('"', "");
    house.write(
        "workflows/broken.yaml",
        &format!("name: broken\nsteps: [{{ {text}: 1 }}]\n"),
    );
    // What was said and who saved it is told with each version, and what differs.
    for (at, text) in HOSTILE[..2].iter().enumerate() {
        let text = text.replace('"', "'");
        let steps = "steps: [{ id: a, set: { b: \"1\" } }]";
        let talks = format!("name: talks\ndescription: {at} {text}\n{steps}\n");
        propose(&house, &talks, &text);
        let hash = house.json(&["proposals"])[0]["hash"].clone();
        let approve = ["proposals", "approve", "talks", "--by", "ben", "--hash"];
        let approved = house.botswain(&[&approve[..], &[hash.as_str().unwrap()]].concat());
        assert!(approved.status.success(), "{approved:?}");
    }
    // Another waits for somebody who agrees.
    let text = HOSTILE[1].replace('"', "'");
    let talks = "name: talks\nsteps: [{ id: a, set: { b: \"2\" } }]\n";
    propose(&house, &format!("{talks}# {text}\n"), &text);
    assert_eq!(house.json(&["proposals"])[0]["workflow"], "talks");
    let remark = ["exceptions", "remark", "1", "--note", HOSTILE[1]];
    assert!(house.botswain(&remark).status.success());
    house
}

/// Nothing of others runs in it, everybody can read it, and it is no wider than the window.
async fn looks_well(browser: &Browser, (axe, language): (&str, &str), about: &str) {
    let lang = browser.find("html").await.attr("lang").await.unwrap();
    assert_eq!(lang.as_deref(), Some(language), "{about}");
    let looked = "return [window.hacked ?? null, document.querySelectorAll('img[src=x], main script, [onerror], [onmouseover], [onload]').length]";
    let found = browser.client.execute(looked, Vec::new()).await.unwrap();
    assert_eq!(found, json!([null, 0]), "{about}");
    browser.client.execute(axe, Vec::new()).await.unwrap();
    let ask = "const done = arguments[0]; axe.run().then(found => done(found.violations.map(it => [it.id, it.nodes[0].html])))";
    let found = browser.client.execute_async(ask, Vec::new()).await.unwrap();
    assert_eq!(found, json!([]), "{about}");
    let wide = "return document.documentElement.scrollWidth <= window.innerWidth";
    let fits = browser.client.execute(wide, Vec::new()).await.unwrap();
    assert_eq!(fits, Value::Bool(true), "{about} is too wide");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_read_every_page_and_nothing_of_others_runs_in_it() {
    let house = hostile_house().await;
    let axe = npm("axe-core/axe.min.js");
    // On a phone in the dark, and at a desk by day.
    for (size, theme, language) in [((375, 800), "dark", "zh-CN"), ((1280, 900), "light", "en")] {
        let mut browser = Browser::sized(&house, size).await;
        browser.sign_in("ann").await;
        for (name, value) in [("theme", theme), ("language", language)] {
            let set = format!("document.cookie = '{name}={value}; path=/'");
            browser.client.execute(&set, Vec::new()).await.unwrap();
        }
        for page in PAGES.iter().chain(&["/login", "/setup"]) {
            browser.go(page).await;
            let about = format!("{page} {theme} {size:?}");
            looks_well(&browser, (&axe, language), &about).await;
        }
        // What comes of a form.
        browser.go("/runs/1").await;
        browser.click("[data-replay] [value=current]").await;
        let about = format!("a replay {theme} {size:?}");
        looks_well(&browser, (&axe, language), &about).await;
        browser.go("/exceptions/1").await;
        let text = browser.text("h1").await;
        assert!(text.contains(HOSTILE[0]), "{text}");
        browser.close().await;
    }
}
