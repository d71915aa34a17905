//! One conversation with a client that sends mail.
//!
//! `mailin` knows SMTP: commands, their order, dot-stuffing. Here are the lines
//! in and the answers out, with a limit on everything that a client may send,
//! and what is done with a message.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use mailin::{Action, Handler, Response, Session, SessionBuilder, response};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::Options;
use super::folder::Folder;
use super::message::{RECIPIENT, SENDER};

/// RFC 5321 asks for 1,000 octets; some clients send more.
const LONGEST_LINE: u64 = 64 << 10;
/// RFC 5321, 4.5.3.1.8.
const MOST_RECIPIENTS: usize = 100;

/// What only the end of a message is answered with.
const REFUSED: u16 = 552;
const NOT_STORED: u16 = 451;

pub(super) async fn serve(
    stream: TcpStream,
    options: &Options,
    folder: Arc<Folder>,
    closing: CancellationToken,
) -> io::Result<()> {
    let client = stream.peer_addr()?.ip();
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let fresh = || {
        let mailbox = Mailbox::new(options, Arc::clone(&folder));
        SessionBuilder::new("mail.northwind.example").build(client, mailbox)
    };
    let mut session = fresh();
    writer.write_all(&session.greeting().buffer()?).await?;
    loop {
        let line = tokio::select! {
            () = closing.cancelled() => Line::Close("421 Closing down"),
            line = timeout(options.patience, next_line(&mut reader)) => match line {
                Ok(line) => line?,
                Err(_) => Line::Close("421 Silent for too long"),
            },
        };
        let line = match line {
            Line::Full(line) => line,
            Line::End => return Ok(()),
            Line::Close(farewell) => {
                writer
                    .write_all(format!("{farewell}\r\n").as_bytes())
                    .await?;
                return Ok(());
            }
        };
        let answer;
        (session, answer) = process(session, line).await?;
        writer.write_all(&answer.buffer()?).await?;
        if answer.action == Action::Close {
            return Ok(());
        }
        // After a refused message mailin would take all that follows for more
        // of it; the client, rightly, goes on with the next one.
        if matches!(answer.code, REFUSED | NOT_STORED) {
            session = fresh();
            session.process(b"EHLO again\r\n");
        }
    }
}

enum Line {
    /// With its line end.
    Full(Vec<u8>),
    /// The client has hung up; half a line is no line.
    End,
    /// Say this and hang up.
    Close(&'static str),
}

async fn next_line(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Line> {
    let mut line = Vec::new();
    reader
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)
        .await?;
    Ok(match line.last() {
        Some(b'\n') => Line::Full(line),
        _ if line.len() as u64 == LONGEST_LINE => Line::Close("500 Line too long"),
        _ => Line::End,
    })
}

/// The line that ends a message writes a file: that is no work for a thread
/// that others wait for.
async fn process(
    mut session: Session<Mailbox>,
    line: Vec<u8>,
) -> io::Result<(Session<Mailbox>, Response)> {
    if line != b".\r\n" {
        let answer = session.process(&line);
        return Ok((session, answer));
    }
    let work = move || {
        let answer = session.process(&line);
        (session, answer)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
}

/// The message that is being received.
struct Mailbox {
    folder: Arc<Folder>,
    largest: usize,
    recipients: usize,
    envelope: Vec<u8>,
    body: Vec<u8>,
    /// Over the limit: the rest is read and thrown away.
    overflow: bool,
}

impl Mailbox {
    fn new(options: &Options, folder: Arc<Folder>) -> Mailbox {
        Mailbox {
            folder,
            largest: options.largest,
            recipients: 0,
            envelope: Vec::new(),
            body: Vec::new(),
            overflow: false,
        }
    }
}

impl Handler for Mailbox {
    fn mail(&mut self, _client: IpAddr, _domain: &str, _from: &str) -> Response {
        self.recipients = 0;
        response::OK
    }

    fn rcpt(&mut self, _to: &str) -> Response {
        if self.recipients == MOST_RECIPIENTS {
            return Response::custom(452, "Too many recipients".to_owned());
        }
        self.recipients += 1;
        response::OK
    }

    fn data_start(&mut self, _domain: &str, from: &str, _is8bit: bool, to: &[String]) -> Response {
        let mut envelope = format!("{SENDER}: <{from}>\r\n");
        for recipient in to {
            envelope.push_str(RECIPIENT);
            envelope.push_str(": ");
            envelope.push_str(recipient);
            envelope.push_str("\r\n");
        }
        self.envelope = envelope.into_bytes();
        self.body.clear();
        self.overflow = false;
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.overflow |= self.body.len() + line.len() > self.largest;
        if !self.overflow {
            self.body.extend_from_slice(line);
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        if self.overflow {
            self.body = Vec::new();
            return response::NO_STORAGE;
        }
        let message = [self.envelope.as_slice(), &self.body].concat();
        match self.folder.store(&message) {
            Ok(_) => response::OK,
            Err(error) => {
                error!(%error, "the mail sink could not store a message");
                response::INTERNAL_ERROR
            }
        }
    }
}
