//! An effect in doubt: the world is asked, and what it said helps whoever decides.

use expect_test::expect;

use crate::{
    office::{GOOD, Office, wait_for},
    server::serve,
};

const SEND: &str = r#"
name: send
description: Sends an order, and looks for it when the answer is lost.
steps:
  - id: order
    bot: http.request
    connection: shop
    retry: { attempts: 2, delay: 1s, factor: 1, max_delay: 1s }
    with: { method: POST, path: /orders, json: { number: "17" } }
    verify:
      bot: http.get
      connection: shop
      with: { path: /orders/17 }
      settle: 1s
      happened: "{{eq body.found true}}"
"#;

/// A shop that hangs up on every order, and does not know which it has.
fn shop() -> String {
    serve(
        |head| match head.starts_with("POST") || head.contains("/book") {
            true => None,
            false => Some("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
        },
    )
}

/// Calling this address books a lorry; only the author can know.
const BOOK: &str = r#"
name: book
steps:
  - { id: lorry, bot: http.get, connection: shop, effect: once, with: { path: /book } }
"#;

#[test]
fn what_the_author_calls_an_effect_is_not_repeated_though_its_bot_only_reads() {
    let office = Office::with(GOOD);
    let settings = format!(
        "name: office\nconnections:\n  shop: {{ kind: web, address: {:?} }}\n",
        shop()
    );
    office.write("botswain.yaml", &settings);
    office.write("workflows/book.yaml", BOOK);
    office.says(&["run", "book"]);
    let exceptions = office.json(&["exceptions", "list"]);
    assert_eq!(exceptions[0]["category"], "in_doubt", "{exceptions}");
    assert_eq!(exceptions[0]["attempts"], 1);
}

#[test]
fn what_the_world_said_is_shown() {
    let office = Office::with(GOOD);
    let address = shop();
    let settings =
        format!("name: office\nconnections:\n  shop: {{ kind: web, address: {address:?} }}\n");
    office.write("botswain.yaml", &settings);
    office.write("workflows/send.yaml", SEND);
    let _up = office.up();
    let running = office.started(&["run", "send"]);
    wait_for("the world to be asked", || {
        let runs = office.json(&["runs"]);
        let why = runs[0]["why"].as_str().unwrap_or_default().to_owned();
        why == "asks whether `order` has happened" || runs[0]["state"] == "parked"
    });
    let ended = running.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3));
    let shown = office.says(&["exceptions", "show", "1"]);
    let shown = shown.replace(&address, "SHOP");
    expect![[r#"
        exit 0
        --- stdout
        exception 1: in doubt, http.status
          `GET SHOP/orders/17` was answered 404 Not Found

        workflow  send
        run  1
        step  order (http.request)
        waits since  DATE, AGO

        the step was given
        method  POST
        path  /orders
        json  {"number":"17"}

        attempts
        1  CLOCK  http.broken: `SHOP/orders` gave no whole answer: connection closed before message completed
        ?  CLOCK  asked whether it has happened: nobody could say (http.status: `GET SHOP/orders/17` was answered 404 Not Found)
        ?  CLOCK  asked whether it has happened: nobody could say (http.status: `GET SHOP/orders/17` was answered 404 Not Found)
        ?  CLOCK  asked whether it has happened: nobody could say (http.status: `GET SHOP/orders/17` was answered 404 Not Found)
        ?  CLOCK  asked whether it has happened: nobody could say (http.status: `GET SHOP/orders/17` was answered 404 Not Found)
        ?  CLOCK  asked whether it has happened: nobody could say (http.status: `GET SHOP/orders/17` was answered 404 Not Found)

        steps
        order (http.request)  in doubt, exception 1: `GET SHOP/orders/17` was answered 404 Not Found

        what can be done
        botswain exceptions happened 1 --output '{"status": …, "headers": …, "body": …, "file": …}'  it has happened, or was done by hand
        botswain exceptions retry 1  it did not happen: do it (again)
        botswain exceptions edit 1 --with path=…  correct the data and try again
        botswain exceptions skip 1  go on without this step
        botswain exceptions abandon 1  give the run up
        --- stderr
    "#]].assert_eq(&shown);
    expect![[r#"
        exit 0
        --- stdout
        id  age  workflow  run  step  code  message
        1  AGO  send  1  order  http.status  in doubt: `GET SHOP/orders/17` was answered 404 Not Found
        --- stderr
    "#]].assert_eq(
        &office
            .says(&["exceptions", "list", "--category", "in-doubt"])
            .replace(&address, "SHOP"),
    );
}
