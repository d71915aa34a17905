//! Lists in lists, and keys of steps, as the command line shows them.

use expect_test::expect;

use crate::office::{GOOD, Office};

/// Each line of each order becomes a file; a name that leads outside is refused.
const ORDERS: &str = r#"
name: orders
description: Hands each line of each order over as a file.
inputs:
  orders: { type: list, description: The orders }
steps:
  - id: orders
    for_each: "{{inputs.orders}}"
    as: order
    steps:
      - id: lines
        for_each: "{{order.lines}}"
        as: line
        steps:
          - id: drop
            bot: file.drop
            with: { to: "out/{{line}}.txt", content: "{{order.id}}" }
"#;

/// Drops one file a day.
const DAILY: &str = r#"
name: daily
description: Drops one file, and notes where it lies.
inputs:
  note: { type: text, description: Where to note it }
steps:
  - id: drop
    bot: file.drop
    key: "{{today}}"
    with: { to: "../../{{lower 'UP.TXT'}}", content: x }
  - id: note
    bot: file.drop
    with: { to: "{{inputs.note}}.txt", content: "{{steps.drop.path}}" }
"#;

#[test]
fn a_run_whose_inner_items_wait_for_people_is_parked() {
    let office = Office::with(GOOD);
    office.write("workflows/orders.yaml", ORDERS);
    let orders = r#"orders=[{"id": "a", "lines": ["1", "../../up"]}, {"id": "b", "lines": ["2"]}]"#;
    expect![[r#"
        exit 3
        --- stdout
        run 1 of orders is parked; orders: 2 items: 1 succeeded, 1 parked

        exception 1: lines, step drop, file.forbidden
          `out/../../up.txt` leads outside the allowed folders
          hint: name the folder under `roots:` in botswain.yaml
          botswain exceptions show 1
          botswain exceptions retry 1
          botswain exceptions edit 1 --with to=…
          botswain exceptions happened 1 --output '{"path": …, "size": …, "hash": …, "existed": …}'
          botswain exceptions skip 1
          botswain exceptions abandon 1
        --- stderr
        run 1
          orders  2 items
          lines, step drop: parked as exception 1: `out/../../up.txt` leads outside the allowed folders
    "#]].assert_eq(&office.says(&["run", "orders", "--input", orders]));
    assert_eq!(office.read("out/2.txt"), "b", "the next order went on");
    expect![[r#"
        exit 0
        --- stdout
        run  workflow  state  started  why
        1  orders  parked  DATE, AGO  1 of its items waits for a person at `orders`
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "list"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of orders succeeded in LENGTH; orders: 2 items: 2 succeeded
        --- stderr
        exception 1 is decided; run 1.orders.0.lines.1 goes on
          drop  to be skipped, by anna
          orders  done in LENGTH; 2 items: 2 succeeded
    "#]]
    .assert_eq(&office.says(&["exceptions", "skip", "1"]));
}

#[test]
fn what_was_done_by_hand_counts_for_the_next_with_the_same_key() {
    let office = Office::with(GOOD);
    office.write("workflows/daily.yaml", DAILY);
    let run = |note: &str| office.says(&["run", "daily", "--input", &format!("note={note}")]);
    assert!(run("first").starts_with("exit 3"));
    let output = r#"{"path": "by hand"}"#;
    let decided = office.says(&["exceptions", "happened", "1", "--output", output]);
    assert!(decided.starts_with("exit 0"), "{decided}");
    let second = run("second");
    assert!(second.starts_with("exit 0"), "{second}");
    assert_eq!(office.read("second.txt"), "by hand");
}
