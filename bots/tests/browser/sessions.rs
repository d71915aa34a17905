//! Logging in: once for many steps, again when it has expired, and never telling how.

use botswain_bot::{Category, Reach};
use serde_json::json;

use crate::{submitting::show, told, with_login};

#[tokio::test]
async fn one_login_serves_several_steps_and_is_renewed() {
    let world = with_login("s3cret&more").await;
    let report = |day: &str| json!([{ "open": format!("/private?day={day}") }, { "read": { "day": "css=#day" } }]);
    for day in ["1", "2", "3"] {
        assert_eq!(world.act(report(day)).await, Ok(json!({ "day": day })));
    }
    assert_eq!(world.site.logins(), 1);
    world.site.expire();
    assert_eq!(world.act(report("4")).await, Ok(json!({ "day": "4" })));
    assert_eq!(world.site.logins(), 2);
    let answer = world.test().await.expect("an answer");
    assert_eq!(
        answer,
        format!(
            "`{}/` answered 200 OK; a browser opens it and is logged in",
            world.site.address
        )
    );
    world.close().await;
}

#[tokio::test]
async fn a_site_that_is_unready_is_no_reason_to_log_in_again() {
    let world = with_login("s3cret&more").await;
    let private = json!([{ "open": "/private?day=1" }]);
    world.act(private).await.expect("a page");
    let fault = world
        .act(json!([{ "open": "/down" }]))
        .await
        .expect_err("a 503");
    assert_eq!(
        told(&fault),
        ("browser.status", Category::System, Reach::None)
    );
    assert_eq!(world.site.logins(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_refused_login_tells_no_secret() {
    let world = with_login("wr<ng&secret").await;
    let fault = world
        .fault(json!([{ "open": "/private" }, { "submit": "Buy" }]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.login", Category::Business, Reach::None)
    );
    assert_eq!(
        fault.message,
        "the login did not succeed: ••• may not enter with •••"
    );
    show(&world, &fault);
    for name in ["page.html", "actions.json"] {
        let text = String::from_utf8(world.artifact(&fault, name)).expect("text");
        for secret in ["maria", "wr<ng", "wr&lt;ng", "ng&amp;secret"] {
            assert!(!text.contains(secret), "`{secret}` in {name}: {text}");
        }
    }
    let fault = world.test().await.expect_err("no login");
    assert!(!format!("{fault:?}").contains("maria"), "{fault:?}");
    world.close().await;
}
