//! An author mends a workflow in the browser, and what was parked by the old one goes on by the new.

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, line, wait_for},
};

/// Puts a text in the place of what stands in the editor, as if it had been typed.
async fn write(browser: &Browser, text: &str) {
    let put = "const it = document.querySelector('[name=source]'); it.value = arguments[0]; it.dispatchEvent(new Event('input'))";
    let put = browser.client.execute(put, vec![json!(text)]);
    put.await.unwrap();
}

async fn source(browser: &Browser) -> String {
    let source = browser.find("[name=source]").await;
    source.prop("value").await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_mended_in_the_browser_and_what_was_parked_goes_on_by_it() {
    let house = House::open();
    house.admit("ann", "author", &[]);
    house.admit("eve", "handler", &[]);
    house.park(&[line("1", "9001", "ACME"), line("2", "9002", "Nova")]);
    let file = || std::fs::read_to_string(house.path("workflows/lines.yaml")).unwrap();
    let first = file();
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/workflows/lines").await;
    browser.click_text("Edit").await;
    assert_eq!(source(&browser).await, first);

    // Mistakes are shown as one types, at their line, and what is typed stays a text.
    let hostile = first.replace(
        "bot: file.drop",
        "bot: \"<img src=x onerror=window.hacked=1>\"",
    );
    write(&browser, &hostile).await;
    browser
        .until(
            "the check",
            "return document.querySelector('[data-findings]').textContent.includes('<img src=x')",
        )
        .await;
    let hacked = browser.client.execute(
        "return window.hacked ?? document.querySelectorAll('img[src=x]').length",
        Vec::new(),
    );
    assert_eq!(hacked.await.unwrap(), json!(0));
    let line = browser.find("[data-to-line]").await;
    line.click().await.unwrap();
    let chosen = "const it = document.activeElement; return it.value.slice(it.selectionStart, it.selectionEnd)";
    let chosen = browser.client.execute(chosen, Vec::new()).await.unwrap();
    assert!(chosen.as_str().unwrap().contains("<img src=x"), "{chosen}");
    browser.click_text("Activate").await;
    let told = browser.text("main").await;
    assert!(told.contains("has a mistake"), "{told}");
    assert_eq!((source(&browser).await, file()), (hostile, first.clone()));

    // Its tests are played; nothing is saved by that.
    let guard = "not (eq line.sku \"0099\")";
    let mended = first.replace(&guard.replace('"', "\\\""), "eq line.sku \\\"0000\\\"");
    assert_ne!(mended, first);
    let tested = format!(
        "{}\ntests:\n  - name: a line that is known now\n    inputs: {{ lines: [{{ order: \"7\", sku: \"9001\", amount: 1 }}] }}\n    mocks: [{{ step: note, output: {{ path: x }} }}]\n    expect: {{ state: succeeded }}\n",
        mended.trim_end()
    );
    write(&browser, &tested).await;
    browser.click_text("Test").await;
    let told = browser.text("#tests").await;
    assert!(told.contains("1 of 1 passed"), "{told}");
    assert_eq!(file(), first);

    // Somebody else saves it meanwhile: the text is kept, and what they did is shown.
    let other = first.replace("name: lines", "name: lines\ndescription: Enters lines.");
    house.write("workflows/lines.yaml", &other);
    browser.write("note", "9001 is known").await;
    browser.click_text("Activate").await;
    let told = browser.text("#meanwhile").await;
    assert!(told.contains("Enters lines."), "{told}");
    assert_eq!((source(&browser).await, file()), (tested.clone(), other));
    browser.click_text("Activate").await;
    assert_eq!(browser.path().await, "/workflows/lines/versions/3");
    assert_eq!(file(), tested);
    let page = browser.text("main").await;
    for part in ["current", "activated by ann", "9001 is known", "0000"] {
        assert!(page.contains(part), "{part}: {page}");
    }

    // Who did what to which text is in the audit; the text is not.
    let acts = house.json(&["audit", "--act", "activate"]);
    let audit = acts.to_string();
    assert_eq!(acts[0]["by"], "ann");
    assert_eq!(acts[0]["on"], "workflow lines");
    let hash = botswain_core::Hash::of(tested.as_bytes());
    assert_eq!(acts[0]["with"]["source"], hash.as_str());
    assert!(!audit.contains("sku"), "{audit}");

    // Both that were parked go on by the version of today.
    browser.click_text("Try them again").await;
    let told = browser.text("main").await;
    assert!(told.contains("mended workflow"), "{told}");
    browser.click_text("Do it").await;
    wait_for("both orders to be entered", || {
        house.entered("1").and_then(|_| house.entered("2"))
    });

    // Who may not write does not see how.
    browser.sign_in("eve").await;
    browser.go("/workflows/lines").await;
    assert!(!browser.is_there("a[href$='/edit']").await);
    browser.go("/workflows/lines/edit").await;
    assert!(!browser.is_there("[name=source]").await);
    let versions = house.json(&["workflows", "versions", "lines"]);
    let by: Vec<&Value> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["by"])
        .collect();
    assert_eq!(by, [&json!("ann"), &json!(null), &json!(null)]);
    browser.close().await;
}

/// What stands in the editor up to the cursor, and what is offered there.
async fn offered(browser: &Browser) -> Value {
    let seen = "const text = document.querySelector('[name=source]');
        const offers = document.querySelector('[data-offers]');
        return {
            before: text.value.slice(0, text.selectionStart),
            names: offers.hidden ? null : [...offers.querySelectorAll('[role=option]')].map((it) => it.textContent),
            about: offers.querySelector('[data-about]').textContent,
            active: document.getElementById(text.getAttribute('aria-activedescendant'))?.textContent ?? null,
        }";
    browser.client.execute(seen, Vec::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_stand_at_a_place_is_offered_as_one_writes() {
    let house = House::open();
    house.admit("ann", "author", &[]);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/workflows/lines/edit").await;
    write(&browser, "name: lines\ninputs: { 文件: { type: text }, lines: { type: list } }\nsteps:\n  - id: a\n    ").await;
    let text = browser.find("[name=source]").await;
    let shown = "return !document.querySelector('[data-offers]').hidden";
    let hidden = "return document.querySelector('[data-offers]').hidden";
    // As it is typed: Tab takes the first.
    text.send_keys("bo").await.unwrap();
    browser.until("the key", shown).await;
    let seen = offered(&browser).await;
    assert_eq!(seen["names"], json!(["bot"]), "{seen}");
    text.send_keys("\u{e004}").await.unwrap();
    browser.until("nothing more", hidden).await;
    let seen = offered(&browser).await;
    assert!(
        seen["before"].as_str().unwrap().ends_with("    bot: "),
        "{seen}"
    );
    // By hand: arrows go on, and Enter takes what was gone to.
    text.send_keys("\u{e009} \u{e000}").await.unwrap();
    browser.until("the bots", shown).await;
    let seen = offered(&browser).await;
    let bots = seen["names"].as_array().unwrap().clone();
    assert!(bots.contains(&json!("file.drop")), "{seen}");
    assert_eq!(seen["active"], bots[0], "{seen}");
    text.send_keys("\u{e015}\u{e015}\u{e013}").await.unwrap();
    assert_eq!(offered(&browser).await["active"], bots[1]);
    text.send_keys("\u{e007}").await.unwrap();
    browser.until("nothing more", hidden).await;
    let seen = offered(&browser).await;
    let taken = format!("bot: {}", bots[1].as_str().unwrap());
    assert!(seen["before"].as_str().unwrap().ends_with(&taken), "{seen}");
    // Behind letters of more than one unit, in a template that is not closed yet.
    text.send_keys("\u{e007}when: \"{{inputs.").await.unwrap();
    browser.until("the inputs", shown).await;
    let seen = offered(&browser).await;
    assert_eq!(seen["names"], json!(["文件", "lines"]), "{seen}");
    // Enter ends the line as long as nothing was gone to, and Esc leaves it as it is.
    text.send_keys("\u{e00c}").await.unwrap();
    browser.until("nothing more", hidden).await;
    let seen = offered(&browser).await;
    assert!(
        seen["before"].as_str().unwrap().ends_with("{{inputs."),
        "{seen}"
    );
    // Where nothing is known that is said.
    text.send_keys("x}}\"\u{e007}name: any thing")
        .await
        .unwrap();
    text.send_keys("\u{e009} \u{e000}").await.unwrap();
    browser.until("a word about it", shown).await;
    let seen = offered(&browser).await;
    assert_eq!(seen["names"], json!([]), "{seen}");
    assert!(
        seen["about"].as_str().unwrap().contains("anything"),
        "{seen}"
    );
}
