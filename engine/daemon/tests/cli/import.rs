//! `import`: recordings of both kinds become workflows that check; what is no recording is said.

use std::path::Path;

use expect_test::expect;

use crate::office::{GOOD, Office};

/// An office with the recordings in its folder.
fn recorded() -> Office {
    let office = Office::with(GOOD);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/recordings");
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        std::fs::copy(
            entry.path(),
            office.path(entry.file_name().to_str().unwrap()),
        )
        .unwrap();
    }
    office
}

/// Takes over what an import asks for, and checks everything without a mistake.
pub(crate) fn checks(office: &Office, add: &serde_json::Value) {
    let settings = office.read("botswain.yaml");
    let add = add["text"].as_str().unwrap();
    office.write("botswain.yaml", &format!("{settings}{add}"));
    let report = office.json(&["check"]);
    assert_eq!(report["errors"], 0, "{report:#}");
    for found in report["diagnostics"].as_array().unwrap() {
        assert_eq!(found["code"], "config.secret_unset", "{found:#}");
    }
}

#[test]
fn every_step_of_the_recorder_has_its_place() {
    let office = recorded();
    expect![[r#"
        exit 0
        --- stdout
        workflows/ship-an-order.yaml
        --- stderr
        20 actions, 5 inputs, at the connection `warehouse`

        not carried over as it was recorded:
          step 1: `setViewport`: the size of the window is the connection's, `browser: { window: { width: 1440, height: 900 } }`
          step 2: `emulateNetworkConditions`: the network is taken as it is
          step 21: `waitForExpression`: wait for what can be seen instead, by `wait_for`; it was `document.querySelectorAll('#parcels tr').length === 3`
          step 23: `waitForElement` counts (`== 3`): one is waited for
          step 24: `customStep` `sortParcels`: only its author knows what it does
          step 29: the key `MediaStop` cannot be pressed
          step 30: `click` in another window, `https://labels.example/popup`
          step 31: `dragAndDrop`: a step of this type is not known
          step 32: the button was held down for 1200 ms
          step 32: the event `download` is not waited for
          step 33: it opens `https://carrier.example`, which is not at the connection `warehouse`: that takes a step with a connection of its own
          step 34: `close`: the window is given back by itself

        add the connection to `botswain.yaml`:

        connections:
          warehouse:
            kind: web
            address: https://www.warehouse.example
            browser: { window: { width: 1440, height: 900 } }

        hint: check that `role=button Ship it || css=button[type="submit"]` is what saves; then try it with `botswain run ship-an-order`
    "#]].assert_eq(&office.says(&["import", "every-step.json"]));
    expect![[r##"
        # Made of a recording of Chrome's DevTools Recorder, `Ship an order`.
        # Check what stands under `submit:` before it is used.
        name: ship-an-order
        description: Ship an order

        inputs:
          reference: { type: text, description: Reference, default: "S-1001" }
          carrier: { type: text, description: Carrier, default: "post" }
          street: { type: text, default: "Quay 1, \"Pier {{7}}\"\nHamburg" }
          weight_kg: { type: text, description: Weight (kg), default: "2.50" }
          remark: { type: text, description: Remark, default: "ring twice" }

        steps:
          - id: ship-an-order
            bot: browser.do
            connection: warehouse
            with:
              wait: 30s
              actions:
                # step 1: `setViewport`: the size of the window is the connection's, `browser: { window: { width: 1440, height: 900 } }`
                # step 2: `emulateNetworkConditions`: the network is taken as it is
                - open: "/orders?view=open"
                - hover:
                    - role=menuitem Orders
                    - css=#menu-orders
                - click:
                    - New shipment
                    - 'xpath=//*[@id="new"]/a'
                    - text=New shipment
                - wait_for: { title: New shipment }
                - wait_for: { element: css=#shipment, wait: "15s" }
                - fill:
                    "Reference || css=#reference": "{{inputs.reference}}"
                    'Carrier || css=select[name="carrier"]': "{{inputs.carrier}}"
                    "css=ship-address >>> css=#street": "{{inputs.street}}"
                - double_click: css=#parcels td.weight
                - type:
                    "Weight (kg) || css=#weight": "{{inputs.weight_kg}}"
                - press: Enter
                - scroll: { y: 640 }
                - scroll: { element: css=#parcels, y: 80 }
                - frame:
                    in: "xpath=(//iframe | //frame)[1]"
                    do:
                      - fill:
                          "Remark || css=#remark": "{{inputs.remark}}"
                      - frame:
                          in: "xpath=(//iframe | //frame)[2]"
                          do:
                            - right_click: css=#sign
                # step 21: `waitForExpression`: wait for what can be seen instead, by `wait_for`; it was `document.querySelectorAll('#parcels tr').length === 3`
                - wait_for: { gone: css=.spinner }
                # step 23: `waitForElement` counts (`== 3`): one is waited for
                - wait_for: { element: css=#parcels tr }
                # step 24: `customStep` `sortParcels`: only its author knows what it does
                - press: Control+s
                # step 29: the key `MediaStop` cannot be pressed
                # step 30: `click` in another window, `https://labels.example/popup`
                # step 31: `dragAndDrop`: a step of this type is not known
                # step 32: the button was held down for 1200 ms
                # step 32: the event `download` is not waited for
                # check this: is it what saves or sends? From here on it may have happened
                - submit:
                    - role=button Ship it
                    - 'css=button[type="submit"]'
                - expect: { title: is on its way, else: business }
                # step 33: it opens `https://carrier.example`, which is not at the connection `warehouse`: that takes a step with a connection of its own
                # step 34: `close`: the window is given back by itself
    "##]].assert_eq(&office.read("workflows/ship-an-order.yaml"));
    std::fs::remove_file(office.path("workflows/ship-an-order.yaml")).unwrap();
    let report = office.json(&["import", "every-step.json"]);
    assert_eq!(report["file"], "workflows/ship-an-order.yaml");
    assert_eq!(report["left"][0]["place"], "step 1");
    checks(&office, &report["add"]);
}

#[test]
fn a_password_is_written_nowhere_and_the_login_goes_to_the_connection() {
    let office = recorded();
    let said = office.says(&["import", "login.json"]);
    expect![[r#"
        exit 0
        --- stdout
        workflows/approve-invoices-of.yaml
        --- stderr
        5 actions, 1 input, at the connection `books`

        not carried over as it was recorded:
          step 1: the login, up to 4: it belongs to the connection `books`
          step 7: a locator that held what was typed into a password field
          step 8: `waitForExpression`: wait for what can be seen instead, by `wait_for`; it was `window.word === '•••'`
          step 10: a key that was pressed in a password field
          step 12: what was typed into a password field: `browser.do` takes secrets in the connection's `login:` only

        add the connection to `botswain.yaml`:

        connections:
          books:
            kind: web
            address: https://books.example
            login:
              - open: /signin
              - fill:
                  "User || css=#user": "{{secrets.books_user}}"
              - type:
                  "Password || css=#pw": "{{secrets.books_password}}"
              - submit: { press: Enter }
            # logged_in: Sign out  (what every page shows as long as one is logged in)

          botswain secret set books_user
          botswain secret set books_password
        hint: check that `Approve` is what saves; then try it with `botswain run approve-invoices-of`
    "#]].assert_eq(&said);
    let file = "workflows/approve-invoices-of.yaml";
    let written = office.read(file);
    expect![[r##"
        # Made of a recording of Chrome's DevTools Recorder, `Approve invoices of •••`.
        # Check what stands under `submit:` before it is used.
        name: approve-invoices-of
        description: Approve invoices of •••

        inputs:
          search: { type: text, description: Search }

        steps:
          - id: approve-invoices-of
            bot: browser.do
            connection: books
            with:
              actions:
                # step 1: the login, up to 4: it belongs to the connection `books`
                - open: /invoices
                - fill:
                    Search: "{{inputs.search}}"
                # step 7: a locator that held what was typed into a password field
                - click: css=#row
                # step 8: `waitForExpression`: wait for what can be seen instead, by `wait_for`; it was `window.word === '•••'`
                - click: css=#pin
                # step 10: a key that was pressed in a password field
                # step 12: what was typed into a password field: `browser.do` takes secrets in the connection's `login:` only
                # check this: is it what saves or sends? From here on it may have happened
                - submit: Approve
    "##]].assert_eq(&written);
    std::fs::remove_file(office.path(file)).unwrap();
    let report = office.json(&["import", "login.json"]);
    for text in [&said, &written, &report.to_string()] {
        for secret in ["s3cret", "4711", "abc123"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    checks(&office, &report["add"]);
    // Now the connection is there, and knows how to log in.
    std::fs::remove_file(office.path(file)).unwrap();
    let report = office.json(&["import", "login.json"]);
    assert_eq!(report["connection"], "books");
    assert_eq!(report["add"], serde_json::Value::Null);
    let left = report["left"][0]["what"].as_str().unwrap();
    assert!(
        left.ends_with("the connection `books` has its own"),
        "{left}"
    );
}

#[test]
fn a_connection_without_a_login_gets_one() {
    let office = recorded();
    let settings =
        "name: office\nconnections:\n  ledger: { kind: web, address: \"https://books.example\" }\n";
    office.write("botswain.yaml", settings);
    let report = office.json(&["import", "login.json", "--name", "approve"]);
    assert_eq!(report["connection"], "ledger");
    assert_eq!(report["add"]["login_only"], true);
    let secrets = &report["add"]["secrets"];
    assert_eq!(
        secrets,
        &serde_json::json!(["ledger_user", "ledger_password"])
    );
    assert!(
        office
            .read("workflows/approve.yaml")
            .contains("connection: ledger")
    );
}

#[test]
fn a_test_of_selenium_has_its_commands() {
    let office = recorded();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `orders.side`: the recording holds several tests: `enter an order`, `look around`
        hint: say which by `--test NAME`
    "#]]
    .assert_eq(&office.says(&["import", "orders.side"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `order.side` cannot be read: it does not exist
        hint: name the file that Chrome's recorder or Selenium IDE has exported
    "#]]
    .assert_eq(&office.says(&["import", "order.side"]));
    let args = ["import", "orders.side", "--test", "enter an order"];
    expect![[r#"
        exit 0
        --- stdout
        workflows/enter-an-order.yaml
        --- stderr
        17 actions, 4 inputs, at the connection `shop`

        not carried over as it was recorded:
          command 2: `setWindowSize`: the size of the window is the connection's, `browser: { window: { width: 1280, height: 800 } }`
          command 8: `select`: the entry is chosen by `index=2`: `select` chooses by its text
          command 13: `pause`: each action waits by itself; a pause of 2000 ms is not needed
          command 20: `executeScript`: scripts are not run in the page
          command 24: `assertChecked`: `expect` looks at texts, elements, the address and the title
          command 26: `type`: the value of `number` is not known before the step has ended
          command 27: `clickAt`: the element has no locator that can be written
          command 29: `assertAlert`: `expect` looks at texts, elements, the address and the title
          command 30: `juggle`: a command of this name is not known

        add the connection to `botswain.yaml`:

        connections:
          shop:
            kind: web
            address: https://shop.example
            browser: { window: { width: 1280, height: 800 } }

        hint: check that `css=#order >>> css=button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]` is what saves; then try it with `botswain run enter-an-order`
    "#]].assert_eq(&office.says(&args));
    expect![[r##"
        # Made of a recording of Selenium IDE, `enter an order`.
        # Check what stands under `submit:` before it is used.
        name: enter-an-order
        description: enter an order

        inputs:
          customer: { type: text, default: "C001" }
          sku: { type: text, default: "0064 Rope" }
          coupon: { type: text, default: "SPRING" }
          note: { type: text, default: "for C001" }

        steps:
          - id: enter-an-order
            bot: browser.do
            connection: shop
            with:
              actions:
                - open: /orders/new
                # command 2: `setWindowSize`: the size of the window is the connection's, `browser: { window: { width: 1280, height: 800 } }`
                - fill:
                    "css=#customer || name=customer || xpath=//input[@id='customer']": "{{inputs.customer}}"
                - select:
                    name=sku: "{{inputs.sku}}"
                # command 8: `select`: the entry is chosen by `index=2`: `select` chooses by its text
                - tick: css=#urgent
                - untick: css=#gift
                - type:
                    name=coupon: "{{inputs.coupon}}"
                - press: Enter
                - hover: role=link Help
                # command 13: `pause`: each action waits by itself; a pause of 2000 ms is not needed
                - wait_for: { element: css=#total, wait: "5s" }
                - wait_for: { gone: css=.busy }
                - frame:
                    in: "xpath=(//iframe | //frame)[1]"
                    do:
                      - fill:
                          css=#note: "{{inputs.note}}"
                # command 20: `executeScript`: scripts are not run in the page
                # check this: is it what saves or sends? From here on it may have happened
                - submit:
                    - "css=#order >>> css=button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]"
                - expect: { text: Order saved, element: css=h1 }
                - expect: { title: "Shop: saved" }
                # command 24: `assertChecked`: `expect` looks at texts, elements, the address and the title
                - read:
                    number: css=#number
                # command 26: `type`: the value of `number` is not known before the step has ended
                # command 27: `clickAt`: the element has no locator that can be written
                - double_click: css=#number
                # command 29: `assertAlert`: `expect` looks at texts, elements, the address and the title
                # command 30: `juggle`: a command of this name is not known
    "##]].assert_eq(&office.read("workflows/enter-an-order.yaml"));
    std::fs::remove_file(office.path("workflows/enter-an-order.yaml")).unwrap();
    let report = office.json(&args);
    checks(&office, &report["add"]);
}

#[test]
fn it_goes_where_it_is_asked_to_and_over_nothing() {
    let office = recorded();
    let look = [
        "import",
        "orders.side",
        "--test",
        "look around",
        "--connection",
        "shop-2",
    ];
    let with = |more: &[&'static str]| [&look[..], more].concat();
    expect![[r#"
        exit 0
        --- stdout
        # Made of a recording of Selenium IDE, `look around`.
        name: look-around
        description: look around

        steps:
          - id: look-around
            bot: browser.do
            connection: shop-2
            with:
              actions:
                - open: /
                - click: role=link Orders
        --- stderr
        2 actions, 0 inputs, at the connection `shop-2`

        add the connection to `botswain.yaml`:

        connections:
          shop-2:
            kind: web
            address: https://shop.example

        hint: nothing looked like what saves: write `submit` instead of `click` where it does, or `effect: none` at the step when its clicks only lead on
    "#]].assert_eq(&office.says(&with(&["--output", "-"])));
    assert!(!office.path("workflows/look-around.yaml").exists());
    // The file's name is the workflow's.
    let said = office.says(&with(&["--output", "workflows/looking.yaml"]));
    assert!(
        said.starts_with("exit 0\n--- stdout\nworkflows/looking.yaml\n"),
        "{said}"
    );
    assert!(
        office
            .read("workflows/looking.yaml")
            .contains("name: looking\n")
    );
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `workflows/looking.yaml` is there already
        hint: give it another name with `--name`, or remove the file
    "#]]
    .assert_eq(&office.says(&with(&["--name", "looking"])));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `orders.side`: `look around` cannot be the name of a workflow
        hint: use letters, digits, `-` and `_`, beginning with a letter
    "#]]
    .assert_eq(&office.says(&with(&["--name", "look around"])));
    let settings = "name: office\nconnections:\n  shop-2: { kind: web, address: \"https://other.example\" }\n  mail: { kind: smtp, host: localhost, from: a@example.com }\n";
    office.write("botswain.yaml", settings);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `orders.side`: connection `shop-2` is at https://other.example, the recording begins at https://shop.example
        hint: leave `--connection` out, or name another
    "#]].assert_eq(&office.says(&look));
    let mail = [
        "import",
        "orders.side",
        "--test",
        "look around",
        "--connection",
        "mail",
    ];
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `mail` is a connection of kind `smtp`, a browser needs one of kind `web`
    "#]]
    .assert_eq(&office.says(&mail));
}
