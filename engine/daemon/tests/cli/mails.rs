//! Mails that come into a folder, seen from outside: a real Dovecot, the real daemon.

use botswain_testkit::dovecot::{Dovecot, PASSWORD, USER};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::office::{Office, wait_for};

/// Takes each order that comes by mail, and the lines of the sheet that is attached.
const INTAKE: &str = r#"
name: intake
triggers:
  - mail: orders-mail
    subject: "*order*"
    poll: 1s
    inputs:
      who: "{{trigger.from}}"
      what: "{{trigger.subject}}"
      text: "{{trigger.text}}"
      sheet: "{{trigger.attachments.0}}"
inputs:
  who: { type: text }
  what: { type: text }
  text: { type: text }
  sheet: { type: file }
steps:
  - { id: rows, bot: sheet.read, with: { file: "{{inputs.sheet}}", columns: { sku: text } } }
  - id: put
    bot: file.drop
    with:
      to: "out/{{run.id}}.txt"
      content: "{{inputs.who}}: {{inputs.what}}: {{inputs.text}}: {{len steps.rows.rows}}"
"#;

fn office(dovecot: &Dovecot, password: &str) -> Office {
    let port = dovecot.port_in_tls();
    office_at(dovecot, &format!("port: {port}"), password)
}

/// The same by other settings of the connection.
fn office_at(dovecot: &Dovecot, way: &str, password: &str) -> Office {
    let office = Office::with("order,sku,amount\n1,a,1\n");
    let ca = std::fs::read_to_string(dovecot.ca()).unwrap();
    office.write("ca.pem", &ca);
    office.write(
        "botswain.yaml",
        &format!(
            "name: office\ntimezone: Europe/Berlin\nconnections:\n  orders-mail: {{ kind: imap, host: localhost, {way}, ca: ca.pem, username: {USER}, password: \"{{{{secrets.orders-mail}}}}\" }}\n"
        ),
    );
    let told = office.hears(&["secret", "set", "orders-mail"], password);
    assert!(told.starts_with("exit 0"), "{told}");
    office.write("workflows/intake.yaml", INTAKE);
    let checked = office.says(&["check"]);
    assert!(checked.starts_with("exit 0"), "{checked}");
    office
}

fn mail(id: &str, subject: &str, text: &str, sheet: &str) -> String {
    format!(
        "From: =?utf-8?q?J=C3=BCrgen?= <juergen@acme.example>\r\nTo: orders@example.com\r\nSubject: {subject}\r\nMessage-ID: <{id}@acme.example>\r\nDate: Sat, 28 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"../lines.csv\"\r\n\r\n{sheet}\r\n--b--\r\n"
    )
}

fn runs(office: &Office) -> Vec<Value> {
    let runs = office.json(&["runs", "--workflow", "intake", "--limit", "100"]);
    runs.as_array().unwrap().clone()
}

fn succeeded(office: &Office, count: usize) -> bool {
    let runs = runs(office);
    let is_done = |run: &&Value| run["state"] == "succeeded";
    runs.iter().filter(is_done).count() == count
}

/// Until the folder has been looked at once: what is there by then is left alone.
fn listens(office: &Office) {
    wait_for("the first look", || {
        office
            .read("log")
            .contains("begins with what comes from now on")
    });
}

#[test]
fn each_mail_is_one_run_ever() {
    let mut dovecot = Dovecot::start();
    dovecot.deliver(&mail("old", "an old order", "too late", "sku\r\n1"));
    let office = office(&dovecot, PASSWORD);
    let up = office.up();
    listens(&office);
    dovecot.deliver(&mail("1", "order 1", "hello", "sku\r\n1\r\n2"));
    dovecot.deliver(&mail(
        "2",
        "=?utf-8?q?Gr=C3=BC=C3=9Fe_und_Order_2?=",
        "again",
        "sku\r\n3",
    ));
    dovecot.deliver(&mail("3", "an advertisement", "buy", "sku\r\n3"));
    wait_for("both mails", || succeeded(&office, 2));
    let texts = ["1", "2"].map(|run| office.read(&format!("out/{run}.txt")));
    assert_eq!(
        texts,
        [
            "juergen@acme.example: order 1: hello: 2",
            "juergen@acme.example: Gr\u{fc}\u{df}e und Order 2: again: 1",
        ]
    );
    let shown = office.says(&["runs", "show", "1"]);
    assert!(
        shown.contains("the trigger `mail orders-mail INBOX subject *order*`"),
        "{shown}"
    );

    // A copy is no other mail, neither now nor for the next daemon.
    dovecot.deliver(&mail("1", "order 1", "hello", "sku\r\n1\r\n2"));
    dovecot.deliver(&mail("4", "order 4", "fourth", "sku\r\n1"));
    wait_for("the mail behind the copy", || succeeded(&office, 3));
    up.signal(Signal::SIGKILL);
    drop(up);
    dovecot.deliver(&mail("2", "order 2", "a copy", "sku\r\n1"));
    dovecot.deliver(&mail("5", "order 5", "meanwhile", "sku\r\n1"));
    let up = office.up();
    wait_for("what came meanwhile", || succeeded(&office, 4));
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
    let _up = office.up();
    dovecot.deliver(&mail("6", "order 6", "last", "sku\r\n1"));
    wait_for("the last", || succeeded(&office, 5));
    assert_eq!(runs(&office).len(), 5);
    assert_eq!(dovecot.touched(), 0, "mails are read, nothing else");
}

#[test]
fn mails_that_come_while_the_daemon_is_killed_are_each_one_run() {
    let mut dovecot = Dovecot::start();
    let office = office(&dovecot, PASSWORD);
    let up = office.up();
    listens(&office);
    drop(up);
    for id in 1..=30 {
        dovecot.deliver(&mail(
            &id.to_string(),
            &format!("order {id}"),
            "many",
            "sku\r\n1",
        ));
    }
    // Each is killed as soon as it has begun with some of them.
    for least in [1, 5, 12, 21] {
        let up = office.up();
        wait_for("some of them", || runs(&office).len() >= least);
        up.signal(Signal::SIGKILL);
        drop(up);
    }
    let _up = office.up();
    wait_for("all of them", || succeeded(&office, 30));
    assert_eq!(runs(&office).len(), 30);
}

#[test]
fn a_server_that_is_down_is_told_and_taken_up_again() {
    let mut dovecot = Dovecot::start();
    let office = office(&dovecot, PASSWORD);
    let _up = office.up();
    listens(&office);
    dovecot.down();
    wait_for("the exception", || {
        let open = office.json(&["exceptions", "list"]);
        open.as_array().unwrap().len() == 1
    });
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(shown.contains("mail.connection"), "{shown}");
    assert!(office.read("log").contains("mail.connection"));
    dovecot.deliver(&mail("1", "order 1", "hello", "sku\r\n1"));
    dovecot.up();
    wait_for("the mail", || succeeded(&office, 1));
}

#[test]
fn a_wrong_password_is_told_to_a_person() {
    let dovecot = Dovecot::start();
    let office = office(&dovecot, "not-the-password");
    let _up = office.up();
    wait_for("the exception", || {
        let open = office.json(&["exceptions", "list"]);
        open.as_array().unwrap().len() == 1
    });
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(shown.contains("refused the login"), "{shown}");
    assert!(!shown.contains("not-the-password"), "{shown}");
    let told = office.says(&["connections", "test", "orders-mail"]);
    assert!(told.contains("refused the login"), "{told}");
}

#[test]
fn a_mail_that_is_too_large_waits_for_a_person() {
    let mut dovecot = Dovecot::start();
    let office = office(&dovecot, PASSWORD);
    let _up = office.up();
    listens(&office);
    let sheet = format!("sku\r\n{}", "1234567\r\n".repeat(3_000_000));
    dovecot.deliver(&mail("1", "a large order", "hello", &sheet));
    dovecot.deliver(&mail("2", "order 2", "hello", "sku\r\n1"));
    wait_for("the other", || succeeded(&office, 1));
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(shown.contains("mail.too_large"), "{shown}");
}

#[test]
fn a_folder_that_is_numbered_anew_is_told_and_no_mail_is_taken_twice() {
    let mut dovecot = Dovecot::start();
    let office = office(&dovecot, PASSWORD);
    let up = office.up();
    listens(&office);
    dovecot.deliver(&mail("1", "order 1", "hello", "sku\r\n1"));
    wait_for("the first mail", || succeeded(&office, 1));
    dovecot.renumber();
    let told = || office.json(&["exceptions", "list"]);
    wait_for("a person to be told", || {
        let open = told();
        open.as_array()
            .unwrap()
            .iter()
            .any(|it| it["code"] == "mail.renumbered")
    });
    let open = told();
    let renumbered = open.as_array().unwrap().iter();
    let renumbered: Vec<_> = renumbered
        .filter(|it| it["code"] == "mail.renumbered")
        .collect();
    assert_eq!(renumbered.len(), 1, "{open}");
    let message = renumbered[0]["message"].as_str().unwrap();
    assert!(message.contains("`INBOX` was numbered anew"), "{message}");
    dovecot.deliver(&mail("2", "order 2", "again", "sku\r\n1"));
    wait_for("the mail under the new numbers", || succeeded(&office, 2));
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
    let _up = office.up();
    dovecot.deliver(&mail("3", "order 3", "last", "sku\r\n1"));
    wait_for("the last", || succeeded(&office, 3));
    let subjects = runs(&office)
        .iter()
        .filter(|run| run["state"] == "succeeded")
        .count();
    assert_eq!(subjects, 3, "the first is not taken again");
}

#[test]
fn mails_come_by_starttls_too() {
    let mut dovecot = Dovecot::start();
    let port = dovecot.port();
    let office = office_at(&dovecot, &format!("port: {port}, tls: starttls"), PASSWORD);
    let said = office.says(&["connections", "test", "orders-mail"]);
    assert!(said.contains("encrypted by STARTTLS"), "{said}");
    let _up = office.up();
    listens(&office);
    dovecot.deliver(&mail("1", "order 1", "hello", "sku\r\n1"));
    wait_for("the mail", || succeeded(&office, 1));
}
