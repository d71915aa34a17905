//! Real deliveries through STARTTLS.

use botswain_bot::{Category, Effect, Fault, Reach};
use botswain_testkit::postfix::Postfix;
use expect_test::expect;
use serde_json::{Value, json};

use crate::support::Instance;

fn settings(postfix: &Postfix) -> Value {
    json!({
        "host": "localhost", "port": postfix.port(), "ca": postfix.ca(),
        "from": "Nörthwind <orders@shop.example>",
    })
}

fn office(postfix: &Postfix) -> Instance {
    let instance = Instance::new();
    instance.connect("office", "smtp", settings(postfix));
    instance
}

async fn send(instance: &Instance, with: Value) -> Result<Value, Fault> {
    instance.run_on(Some("office"), "mail.send", with).await
}

/// The text of a mail after its headers, soft line ends taken out.
fn body(mail: &str) -> String {
    let mail = mail.replace("\r\n", "\n");
    let (_, body) = mail.split_once("\n\n").expect("a body");
    body.replace("=\n", "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_with_its_attachments() {
    let postfix = Postfix::start();
    let instance = office(&postfix);
    std::fs::create_dir(instance.path("templates")).unwrap();
    instance.write(
        "templates/done.html.hbs",
        "<p>Entered: <b>{{count}}</b></p><p><a href=\"https://office.example\">Open</a></p>",
    );
    instance.write("Übersicht.csv", "sku\n007\n");
    let with = json!({
        "to": ["Ops <ops@example.com>"], "reply_to": "help@shop.example",
        "bcc": "ops@example.com", "subject": "Bestellung № 7 — 订单", "template": "done.html.hbs",
        "data": { "count": 42 }, "attachments": ["Übersicht.csv"],
    });
    let output = send(&instance, with).await.unwrap();
    assert_eq!(
        output["accepted"],
        json!(["ops@example.com", "ops@example.com"])
    );
    assert!(
        output["response"].as_str().unwrap().starts_with("250 "),
        "{output}"
    );

    let arrived = postfix.mails(1).remove(0);
    let kept = String::from_utf8(instance.artifact(&output["message"])).unwrap();
    let kept = kept.replace("\r\n", "\n");
    assert!(
        arrived.contains(kept.trim_end()),
        "{arrived}\n-- is not --\n{kept}"
    );
    assert!(arrived.contains("with ESMTPS"), "it came by TLS: {arrived}");
    expect![[r#"
        Message-ID: <botswain.6b281e36ed02afb2916d1dbaaeadc45f@shop.example>
        Date: Sun, 29 Mar 2026 08:00:00 +0000
        From: =?utf-8?b?TsO2cnRod2luZA==?= <orders@shop.example>
        Subject: Bestellung =?utf-8?b?4oSW?= 7 =?utf-8?b?4oCUIOiuouWNlQ==?=
        Reply-To: help@shop.example
        To: Ops <ops@example.com>
        MIME-Version: 1.0
        Content-Type: multipart/mixed;
         boundary="botswain-mixed-a211f4ec7b372d1de0e23aca4d527402"

        --botswain-mixed-a211f4ec7b372d1de0e23aca4d527402
        Content-Type: multipart/alternative;
         boundary="botswain-alternative-690bc0a9acc3a5c9d579b5508515976d"

        --botswain-alternative-690bc0a9acc3a5c9d579b5508515976d
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Entered: 42

        Open (https://office.example)

        --botswain-alternative-690bc0a9acc3a5c9d579b5508515976d
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <p>Entered: <b>42</b></p><p><a href=3D"https://office.example">Open</a></p>
        --botswain-alternative-690bc0a9acc3a5c9d579b5508515976d--
        --botswain-mixed-a211f4ec7b372d1de0e23aca4d527402
        Content-Disposition: attachment;
         filename*0*=utf-8''%C3%9Cbersicht.csv
        Content-Type: text/csv
        Content-Transfer-Encoding: base64

        c2t1CjAwNwo=
        --botswain-mixed-a211f4ec7b372d1de0e23aca4d527402--
    "#]]
    .assert_eq(&kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_has_the_same_bytes_and_dots_end_nothing() {
    let postfix = Postfix::start();
    let instance = office(&postfix);
    let text = "first\n.\nQUIT\n\n..\r\n.\rx\n=2E\n. \nlast line \n.";
    let with = json!({ "to": "ops@example.com", "subject": "Dots", "text": text });
    let first = send(&instance, with.clone()).await.unwrap();
    let second = send(&instance, with).await.unwrap();
    assert_eq!(first["message_id"], second["message_id"]);
    assert_eq!(first["message"], second["message"], "the same hash");

    let mails = postfix.mails(2);
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert!(
            mail.contains(first["message_id"].as_str().unwrap()),
            "{mail}"
        );
    }
    assert_eq!(body(&mails[0]), body(&mails[1]));
    expect![[r#"
        first
        .
        QUIT

        ..
        .
        x
        =3D2E
        .=20
        last line=20
        .

    "#]]
    .assert_eq(&body(&mails[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_is_refused_refuses_the_mail() {
    let postfix = Postfix::start();
    let instance = office(&postfix);
    let to = ["ops@example.com", "nobody@example.com"];
    let with = json!({ "to": to, "subject": "x", "text": "x" });
    let fault = send(&instance, with).await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.category),
        ("mail.rejected", Category::Business)
    );
    assert_eq!(fault.effect, Reach::None);
    assert!(
        fault
            .message
            .contains("refused the recipient `nobody@example.com`: 550 5.1.1"),
        "{fault}"
    );
    assert_eq!(fault.artifacts.len(), 1, "the mail is kept as evidence");
    let with = json!({ "to": "ops@example.com", "subject": "next", "text": "x" });
    send(&instance, with).await.unwrap();
    let arrived = postfix.mails(1);
    assert_eq!(arrived.len(), 1, "nobody got the first");
    assert!(arrived[0].contains("Subject: next"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_tells_what_it_met() {
    let postfix = Postfix::start();
    let instance = office(&postfix);
    let said = instance.connection("office").test().await.unwrap();
    assert_eq!(said, "`mail.test.example` answered, encrypted by STARTTLS");

    let mut implicit = settings(&postfix);
    implicit["port"] = json!(postfix.port_in_tls());
    implicit["tls"] = json!("implicit");
    instance.connect("implicit", "smtp", implicit.clone());
    let said = instance.connection("implicit").test().await.unwrap();
    assert_eq!(said, "`mail.test.example` answered, encrypted");
    implicit["ca"] = Value::Null;
    instance.connect("implicit", "smtp", implicit);
    let fault = instance.connection("implicit").test().await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.effect),
        ("mail.tls", Reach::None),
        "{fault}"
    );

    let mut strange = settings(&postfix);
    strange["ca"] = Value::Null;
    instance.connect("strange", "smtp", strange);
    let fault = instance.connection("strange").test().await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.effect),
        ("mail.tls", Reach::None),
        "{fault}"
    );

    let mut other = settings(&postfix);
    other["host"] = json!("127.0.0.2");
    instance.connect("other", "smtp", other);
    let fault = instance.connection("other").test().await.unwrap_err();
    assert_eq!(fault.effect, Reach::None, "{fault}");

    let mut login = settings(&postfix);
    login["username"] = json!("ops");
    login["password"] = json!("canary-word");
    instance.connect("login", "smtp", login);
    let fault = instance.connection("login").test().await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.category),
        ("mail.login", Category::Business)
    );
    assert!(!format!("{fault:?}").contains("canary"));
}

#[tokio::test]
async fn what_cannot_be_a_mail_is_refused_before_anything_is_sent() {
    let instance = Instance::new();
    // Nothing listens there: a fault of another code would show that it was tried.
    let settings = json!({ "host": "127.0.0.1", "port": 1, "tls": "none", "from": "a@b.example" });
    instance.connect("office", "smtp", settings);
    instance.write("big", vec![0; 25 * 1024 * 1024 + 1]);
    let good = json!({ "to": "ops@example.com", "subject": "x", "text": "x" });
    for (key, value, code) in [
        ("subject", json!("x\r\nBcc: spy@example.com"), "mail.header"),
        ("to", json!("ops@example.com\nX: y"), "mail.header"),
        ("cc", json!(["nobody"]), "mail.address"),
        ("to", json!([]), "mail.address"),
        ("template", json!("a.hbs"), "step.parameters"),
        ("text", Value::Null, "step.parameters"),
        ("attachments", json!(["../secret"]), "file.missing"),
        ("attachments", json!(["/etc/passwd"]), "file.forbidden"),
        ("attachments", json!(["big"]), "mail.too_large"),
        ("subject", json!("x"), "mail.connection"),
    ] {
        let mut with = good.clone();
        with[key] = value;
        let fault = send(&instance, with).await.unwrap_err();
        assert_eq!(fault.code, code, "{key}: {fault}");
        assert_eq!(fault.effect, Reach::None);
    }
    let bot = botswain_bots::find("mail.send").unwrap();
    assert_eq!((bot.effect)(good).unwrap(), Effect::Once);
}

#[test]
fn settings_that_would_be_unsafe_are_refused() {
    let kind = botswain_bots::find_connection("smtp").unwrap();
    let house = botswain_bot::House {
        name: "office".to_owned(),
        sessions: 1,
        scratch: std::env::temp_dir(),
    };
    for (settings, words) in [
        (
            json!({ "host": "smtp.example.com", "tls": "none" }),
            "is not for `smtp.example.com`",
        ),
        (
            json!({ "host": "localhost", "username": "a" }),
            "belong together",
        ),
        (
            json!({ "host": "localhost", "ca": "/nowhere" }),
            "cannot be read",
        ),
        (
            json!({ "host": "localhost", "from": "nobody" }),
            "is not a mail address",
        ),
        (
            json!({ "host": "localhost", "tls": "off" }),
            "unknown variant `off`",
        ),
    ] {
        let mut full = json!({ "from": "a@b.example" });
        full.as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        let fault = (kind.open)(full, &house).err().unwrap();
        assert!(fault.message.contains(words), "{fault}");
    }
}
