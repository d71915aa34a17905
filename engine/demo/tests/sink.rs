//! The mail sink over real SMTP: with lettre, and with bytes that lettre would
//! never send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use botswain_demo::sink::{self, Sink};
use lettre::message::{Attachment, MultiPart, SinglePart, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

fn transport(sink: &Sink) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.address().port())
        .build()
}

fn order_mail() -> Message {
    let body = MultiPart::alternative_plain_html(
        "Please send 40 × Filo Mix.\r\n.\r\nThank you".to_owned(),
        "<p>Please send 40 × Filo Mix.</p>".to_owned(),
    );
    let file = Attachment::new("PO-7-2026-11-23.pdf".to_owned()).body(
        b"%PDF-1.7 \x00\xff".to_vec(),
        ContentType::parse("application/pdf").unwrap(),
    );
    Message::builder()
        .from("Purchasing <purchasing@northwind.example>".parse().unwrap())
        .to("orders@supplier-7.example".parse().unwrap())
        .bcc("archive@northwind.example".parse().unwrap())
        .subject("Bestellung für Göteborg")
        .message_id(Some("<po-7@northwind.example>".to_owned()))
        .multipart(MultiPart::mixed().multipart(body).singlepart(file))
        .unwrap()
}

#[tokio::test]
async fn a_mail_is_kept_whole_with_its_envelope() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(sink::Options::new(folder.path().join("mail")))
        .await
        .unwrap();
    assert_eq!(sink.count().unwrap(), 0);
    transport(&sink).send(order_mail()).await.unwrap();

    assert_eq!(sink.count().unwrap(), 1);
    let mail = sink.messages().unwrap().remove(0);
    assert_eq!(mail.file, folder.path().join("mail/000001.eml"));
    assert_eq!(mail.sender, "purchasing@northwind.example");
    let recipients = ["orders@supplier-7.example", "archive@northwind.example"];
    assert_eq!(mail.recipients, recipients);
    assert_eq!(mail.subject, "Bestellung für Göteborg");
    assert_eq!(mail.id.as_deref(), Some("po-7@northwind.example"));
    let text = mail.text.unwrap();
    assert_eq!(
        text.trim_end(),
        "Please send 40 × Filo Mix.\r\n.\r\nThank you"
    );
    assert_eq!(
        mail.html.unwrap().trim_end(),
        "<p>Please send 40 × Filo Mix.</p>"
    );
    let attachment = &mail.attachments[0];
    assert_eq!(mail.attachments.len(), 1);
    assert_eq!(attachment.name.as_deref(), Some("PO-7-2026-11-23.pdf"));
    assert_eq!(attachment.media_type.as_deref(), Some("application/pdf"));
    assert_eq!(attachment.bytes, b"%PDF-1.7 \x00\xff");
    sink.shutdown().await;
}

#[tokio::test]
async fn numbers_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for expected in 1..=2 {
        let sink = Sink::start(sink::Options::new(folder.path()))
            .await
            .unwrap();
        let plain = Message::builder()
            .from("a@northwind.example".parse().unwrap())
            .to("b@northwind.example".parse().unwrap())
            .subject(format!("mail {expected}"))
            .singlepart(SinglePart::plain("hello".to_owned()))
            .unwrap();
        transport(&sink).send(plain).await.unwrap();
        assert_eq!(sink.count().unwrap(), expected);
        sink.shutdown().await;
    }
    let subjects: Vec<String> = sink::read(folder.path())
        .unwrap()
        .into_iter()
        .map(|mail| mail.subject)
        .collect();
    assert_eq!(subjects, ["mail 1", "mail 2"]);
}

/// A client that says exactly what it is told.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(sink: &Sink) -> Client {
        let stream = TcpStream::connect(sink.address()).await.unwrap();
        let mut client = Client(BufReader::new(stream));
        assert_eq!(client.answer().await, "220");
        client
    }

    /// The code of the next answer, the last line of several.
    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            assert!(line.len() > 3, "the sink hung up");
            if line.as_bytes()[3] == b' ' {
                return line[..3].to_owned();
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> String {
        self.0.write_all(bytes).await.unwrap();
        self.answer().await
    }

    async fn envelope(&mut self) {
        assert_eq!(self.say(b"EHLO test.example\r\n").await, "250");
        assert_eq!(
            self.say(b"MAIL FROM:<a@northwind.example>\r\n").await,
            "250"
        );
        assert_eq!(self.say(b"RCPT TO:<b@northwind.example>\r\n").await, "250");
        assert_eq!(self.say(b"DATA\r\n").await, "354");
    }

    async fn hung_up(&mut self) -> bool {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).await.unwrap();
        rest.is_empty()
    }
}

async fn open(folder: &std::path::Path, change: impl FnOnce(&mut sink::Options)) -> Sink {
    let mut options = sink::Options::new(folder);
    options.patience = Duration::from_secs(10);
    change(&mut options);
    Sink::start(options).await.unwrap()
}

#[tokio::test]
async fn dots_are_unstuffed_and_a_bare_newline_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sink = open(folder.path(), |_| {}).await;
    let mut client = Client::connect(&sink).await;
    client.envelope().await;
    let body = b"Subject: dots\r\n\r\n..one\r\n...two\r\nthree\n.\nfour\r\n.\r\n";
    assert_eq!(client.say(body).await, "250");
    let raw = sink.messages().unwrap().remove(0).raw;
    let raw = String::from_utf8(raw).unwrap();
    assert_eq!(
        raw,
        "Return-Path: <a@northwind.example>\r\nDelivered-To: b@northwind.example\r\n\
         Subject: dots\r\n\r\n.one\r\n..two\r\nthree\n\nfour\r\n"
    );
    assert_eq!(client.say(b"QUIT\r\n").await, "221");
    assert!(client.hung_up().await);
}

#[tokio::test]
async fn commands_out_of_order_and_nonsense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sink = open(folder.path(), |_| {}).await;
    let mut client = Client::connect(&sink).await;
    assert_eq!(
        client.say(b"MAIL FROM:<a@northwind.example>\r\n").await,
        "503"
    );
    assert_eq!(client.say(b"EHLO test.example\r\n").await, "250");
    assert_eq!(client.say(b"DATA\r\n").await, "503");
    assert_eq!(client.say(b"SING\r\n").await, "500");
    assert_eq!(client.say(&[b'x'; 70 << 10]).await, "500");
    assert_eq!(sink.count().unwrap(), 0);
}

#[tokio::test]
async fn too_large_is_refused_and_the_next_one_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let sink = open(folder.path(), |options| options.largest = 100).await;
    let mut client = Client::connect(&sink).await;
    client.envelope().await;
    let large = [
        b"Subject: large\r\n\r\n".as_slice(),
        &[b'x'; 200],
        b"\r\n.\r\n",
    ]
    .concat();
    assert_eq!(client.say(&large).await, "552");
    client.envelope().await;
    assert_eq!(
        client.say(b"Subject: small\r\n\r\nhello\r\n.\r\n").await,
        "250"
    );
    let mails = sink.messages().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "small");
}

#[tokio::test]
async fn half_a_message_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let sink = open(folder.path(), |_| {}).await;
    let mut client = Client::connect(&sink).await;
    client.envelope().await;
    client
        .0
        .write_all(b"Subject: half\r\n\r\nhel")
        .await
        .unwrap();
    client.0.shutdown().await.unwrap();
    assert!(client.hung_up().await);
    assert_eq!(sink.count().unwrap(), 0);
}

#[tokio::test]
async fn the_silent_are_hung_up_on_and_closing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let sink = open(folder.path(), |options| {
        options.patience = Duration::from_millis(50);
    })
    .await;
    let mut client = Client::connect(&sink).await;
    assert_eq!(client.answer().await, "421");
    assert!(client.hung_up().await);
    drop(sink);

    let sink = open(folder.path(), |_| {}).await;
    let mut client = Client::connect(&sink).await;
    sink.shutdown().await;
    assert_eq!(client.answer().await, "421");
    assert!(client.hung_up().await);
}
