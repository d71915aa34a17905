//! The page of a run at work goes on by itself, and nothing moves under whoever reads it.

use crate::{
    browser::Browser,
    house::{House, wait_for},
};

const ASKS: &str = r#"
name: asks
steps:
  - { id: first, set: { a: "1" } }
  - { id: sure, approve: "Go on?" }
  - { id: then, bot: file.drop, with: { to: then.txt, content: x } }
  - { id: really, approve: "And the rest?" }
"#;

/// How far the list of what happened is from the top of the window.
const PLACE: &str =
    "return Math.round(document.querySelector('.happened > li').getBoundingClientRect().top)";

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_appears_and_the_page_stays_where_it_is() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.write("workflows/asks.yaml", ASKS);
    assert_eq!(house.botswain(&["run", "asks"]).status.code(), Some(3));
    let mut browser = Browser::sized(&house, (1280, 420)).await;
    browser.sign_in("ann").await;
    browser.go("/runs/1").await;
    assert_eq!(browser.text("h1 .state").await, "parked");
    let count = "return document.querySelectorAll('.happened > li').length";
    let before = browser.client.execute(count, Vec::new()).await.unwrap();

    // Somebody writes, has opened something, and reads further down.
    let begin = "document.documentElement.dataset.same = 'yes'; \
                 const opened = document.querySelector('#step-first details'); \
                 opened.open = true; opened.firstElementChild.focus({ preventScroll: true }); \
                 document.querySelector('[data-part=cancel] details').open = true; \
                 document.querySelector('[data-part=cancel] textarea').value = 'not needed'; \
                 document.querySelector('.happened > li').scrollIntoView();";
    browser.client.execute(begin, Vec::new()).await.unwrap();
    let place = browser.client.execute(PLACE, Vec::new()).await.unwrap();
    let approve = ["exceptions", "approve", "1", "--by", "ben"];
    assert!(house.botswain(&approve).status.success());
    wait_for("the next question", || {
        (house.open_exceptions() == [2]).then_some(())
    });
    let more = format!("return document.querySelectorAll('.happened > li').length > {before}");
    browser.until("what happened", &more).await;
    let rests =
        "return document.querySelector('[data-part=steps]').textContent.includes('And the rest?')";
    browser.until("the next question on the page", rests).await;
    assert_eq!(
        browser.client.execute(PLACE, Vec::new()).await.unwrap(),
        place
    );
    let kept = "return document.documentElement.dataset.same === 'yes' \
                && document.querySelector('#step-first details').open \
                && document.activeElement.closest('#step-first') !== null \
                && document.querySelector('[data-part=cancel] textarea').value === 'not needed'";
    browser.until("the rest to be as it was", kept).await;
    // What was logged comes without a fact that tells of it.
    let logged = "return [...document.querySelectorAll('#log li')].some((it) => /then.*starts.*file\\.drop/.test(it.textContent))";
    browser.until("what was logged", logged).await;

    // At its end the page says so, and is followed no more.
    let approve = ["exceptions", "approve", "2", "--by", "ben"];
    assert!(house.botswain(&approve).status.success());
    let ended = "return document.querySelector('h1 .state').classList.contains('succeeded') \
                 && !document.querySelector('[data-follow]')";
    browser.until("the end", ended).await;
    assert!(browser.is_there("[data-part=replay] [data-replay]").await);
    browser.close().await;
}
