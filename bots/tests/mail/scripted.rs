//! A peer that follows a script, for every way in which a delivery can break.

use botswain_bot::{Category, Fault, Reach};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::support::Instance;

/// One line of a script.
#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    /// Waits for a line that begins so.
    Hear(&'static str),
    /// Reads up to the final dot.
    HearMail,
    /// Waits until the client is gone.
    HearEnd,
}
use Act::{Hear, HearEnd, HearMail, Say};

const HELLO: [Act; 3] = [Say("220 peer"), Hear("EHLO"), Say("250 peer")];
const ENVELOPE: [Act; 5] = [
    Hear("MAIL FROM:<orders@shop.example>"),
    Say("250 ok"),
    Hear("RCPT TO:<ops@example.com>"),
    Say("250 ok"),
    Hear("DATA"),
];

/// Plays the script to one client, then closes. Returns the lines it heard.
async fn play(listener: TcpListener, script: Vec<Act>) -> Vec<String> {
    let (stream, _) = listener
        .accept()
        .await
        .expect("the peer follows its script");
    let mut stream: BufStream<TcpStream> = BufStream::new(stream);
    let mut heard = Vec::new();
    for act in script {
        match act {
            Say(line) => {
                stream
                    .write_all(format!("{line}\r\n").as_bytes())
                    .await
                    .expect("the peer follows its script");
                stream.flush().await.expect("the peer follows its script");
            }
            Hear(start) => {
                let line = line(&mut stream).await;
                assert!(line.starts_with(start), "{line} is not {start}");
                heard.push(line);
            }
            HearMail => loop {
                let line = line(&mut stream).await;
                heard.push(line.clone());
                if line == ".\r\n" {
                    break;
                }
            },
            HearEnd => while !line(&mut stream).await.is_empty() {},
        }
    }
    heard
}

async fn line(stream: &mut BufStream<TcpStream>) -> String {
    let mut line = Vec::new();
    // A client that breaks off has said all it will say.
    drop(stream.read_until(b'\n', &mut line).await);
    String::from_utf8_lossy(&line).into_owned()
}

struct Met {
    result: Result<Value, Fault>,
    heard: Vec<String>,
}

async fn meet(script: impl IntoIterator<Item = Act>, more: Value) -> Met {
    let (instance, peer) = peer(script, more).await;
    let with = json!({ "to": "ops@example.com", "subject": "x", "text": "hello" });
    let result = instance.run_on(Some("office"), "mail.send", with).await;
    let heard = peer.await.expect("the peer follows its script");
    Met { result, heard }
}

async fn peer(
    script: impl IntoIterator<Item = Act>,
    more: Value,
) -> (Instance, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the peer follows its script");
    let port = listener
        .local_addr()
        .expect("the peer follows its script")
        .port();
    let peer = tokio::spawn(play(listener, script.into_iter().collect()));
    let instance = Instance::new();
    let mut settings =
        json!({ "host": "localhost", "port": port, "tls": "none", "from": "orders@shop.example" });
    settings
        .as_object_mut()
        .expect("the peer follows its script")
        .extend(
            more.as_object()
                .expect("the peer follows its script")
                .clone(),
        );
    instance.connect("office", "smtp", settings);
    (instance, peer)
}

/// Plays a script and says how the mail ended.
async fn ending(script: impl IntoIterator<Item = Act>) -> (String, Category, Reach) {
    let fault = meet(script, json!({})).await.result.expect_err("not sent");
    (fault.code, fault.category, fault.effect)
}

fn known(code: &str, category: Category) -> (String, Category, Reach) {
    (code.to_owned(), category, Reach::None)
}

fn in_doubt(code: &str) -> (String, Category, Reach) {
    (code.to_owned(), Category::System, Reach::Unknown)
}

#[tokio::test]
async fn it_is_sent_once_the_server_says_so() {
    let script = HELLO.into_iter().chain(ENVELOPE);
    let script = script.chain([
        Say("354 go"),
        HearMail,
        Say("250-taken"),
        Say("250 as 4711"),
        HearEnd,
    ]);
    let met = meet(script, json!({})).await;
    assert_eq!(
        met.result.expect("the peer follows its script")["response"],
        "250 taken as 4711"
    );
    assert_eq!(met.heard.last().unwrap(), ".\r\n");
}

#[tokio::test]
async fn before_the_mail_is_handed_over_nothing_has_happened() {
    use Category::{Business, System};
    let answer = |verb: usize, line| {
        let envelope = ENVELOPE.into_iter().take(verb * 2 + 1);
        let script: Vec<Act> = HELLO.into_iter().chain(envelope).collect();
        script.into_iter().chain([Say(line), HearEnd])
    };
    for verb in 0..3 {
        assert_eq!(
            ending(answer(verb, "421 closing")).await,
            known("mail.deferred", System)
        );
        assert_eq!(
            ending(answer(verb, "451 later")).await,
            known("mail.deferred", System)
        );
        assert_eq!(
            ending(answer(verb, "554 no")).await,
            known("mail.rejected", Business)
        );
        assert_eq!(
            ending(answer(verb, "nonsense")).await,
            known("mail.connection", System)
        );
    }
    let cut = HELLO.into_iter().chain(ENVELOPE.into_iter().take(1));
    assert_eq!(ending(cut).await, known("mail.connection", System));
    assert_eq!(
        ending([Say("554 go away"), HearEnd]).await,
        known("mail.rejected", Business)
    );
    assert_eq!(ending([]).await, known("mail.connection", System));
    // Only 354 invites the mail: anything else means that the replies are out of step.
    assert_eq!(
        ending(answer(2, "250 what")).await,
        known("mail.answer", System)
    );
}

#[tokio::test]
async fn a_definite_answer_to_the_mail_settles_it() {
    let end = |line| {
        let script: Vec<Act> = HELLO.into_iter().chain(ENVELOPE).collect();
        script
            .into_iter()
            .chain([Say("354 go"), HearMail, Say(line), HearEnd])
    };
    assert_eq!(
        ending(end("451 disk full")).await,
        known("mail.deferred", Category::System)
    );
    assert_eq!(
        ending(end("554 spam")).await,
        known("mail.rejected", Category::Business)
    );
    assert_eq!(ending(end("354 go on")).await, in_doubt("mail.answer"));
    assert_eq!(ending(end("what?")).await, in_doubt("mail.connection"));
}

#[tokio::test]
async fn an_early_refusal_in_the_middle_of_the_mail_is_definite() {
    let script = HELLO.into_iter().chain(ENVELOPE);
    let script = script.chain([
        Say("354 go"),
        Hear("Message-ID"),
        Say("451 enough"),
        HearMail,
        HearEnd,
    ]);
    assert_eq!(
        ending(script).await,
        known("mail.deferred", Category::System)
    );
}

#[tokio::test]
async fn silence_after_the_dot_leaves_it_in_doubt() {
    let script = HELLO.into_iter().chain(ENVELOPE);
    let script = script.chain([Say("354 go"), HearMail]);
    assert_eq!(ending(script.clone()).await, in_doubt("mail.connection"));
    // Half an answer is none.
    assert_eq!(
        ending(script.chain([Say("250-taken")])).await,
        in_doubt("mail.connection")
    );
}

#[tokio::test]
async fn a_mail_cut_off_before_its_end_was_not_sent() {
    let script: Vec<Act> = HELLO
        .into_iter()
        .chain(ENVELOPE)
        .chain([Say("354 go")])
        .collect();
    let (instance, peer) = peer(script, json!({})).await;
    // It takes many writes, of which one meets the closed connection before the dot.
    instance.write("big", vec![7; 8 * 1024 * 1024]);
    let with = json!({
        "to": "ops@example.com", "subject": "x", "text": "x", "attachments": ["big"],
    });
    let fault = instance
        .run_on(Some("office"), "mail.send", with)
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.effect),
        ("mail.connection", Reach::None),
        "{fault}"
    );
    peer.await.unwrap();
}

#[tokio::test]
async fn encryption_is_never_given_up() {
    let login = json!({ "tls": "starttls", "username": "u", "password": "canary-word" });
    let met = meet(HELLO.into_iter().chain([HearEnd]), login.clone()).await;
    let fault = met.result.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.effect),
        ("mail.tls", Reach::None)
    );
    assert_eq!(
        met.heard.len(),
        1,
        "nothing but EHLO was said: {:?}",
        met.heard
    );

    // Replies slipped in behind the answer to STARTTLS do not count as if they were encrypted.
    let injected = [
        Say("220 peer"),
        Hear("EHLO"),
        Say("250-peer\r\n250 STARTTLS"),
        Hear("STARTTLS"),
        Say(
            "220 go\r\n250-peer\r\n250 AUTH PLAIN\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken",
        ),
        HearEnd,
    ];
    let met = meet(injected, login).await;
    let fault = met.result.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.effect),
        ("mail.tls", Reach::None),
        "{fault}"
    );
}

#[tokio::test]
async fn a_refused_login_is_for_a_person() {
    let login = json!({ "username": "u", "password": "canary-word" });
    let hello = [
        Say("220 peer"),
        Hear("EHLO"),
        Say("250-peer\r\n250 AUTH PLAIN"),
        Hear("AUTH PLAIN "),
    ];
    for (answer, code, category) in [
        ("535 5.7.8 wrong", "mail.login", Category::Business),
        ("454 4.7.0 later", "mail.deferred", Category::System),
    ] {
        let script = hello.into_iter().chain([Say(answer), HearEnd]);
        let fault = meet(script, login.clone()).await.result.unwrap_err();
        assert_eq!((fault.code.as_str(), fault.category), (code, category));
        assert!(!format!("{fault:?}").contains("canary"), "{fault}");
    }
}

#[tokio::test]
async fn cancelled_before_the_dot_it_was_not_sent() {
    let script: Vec<Act> = HELLO.into_iter().chain(ENVELOPE).chain([HearEnd]).collect();
    let (instance, peer) = peer(script, json!({})).await;
    let context = instance.context(Some("office"));
    context.canceller().cancel();
    let with = json!({ "to": "ops@example.com", "subject": "x", "text": "x" });
    let bot = botswain_bots::find("mail.send").unwrap();
    let fault = (bot.run)(with, &context).await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.effect),
        ("step.cancelled", Reach::None)
    );
    peer.abort();
}
