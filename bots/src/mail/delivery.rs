//! Hands one mail over, and knows at each moment what may have become of it.
//!
//! RFC 5321, section 4.1.1.4: the server takes the mail with its answer to the
//! final dot. Before the dot is written nothing has happened; a 4xx or 5xx
//! answer to it says that nothing has; anything else leaves it open.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use botswain_bot::{Context, Fault};
use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        response::{Response, Severity},
    },
};
use tokio::time::timeout;

use super::smtp::{ANSWER, Smtp, within};

/// How long the answer to the dot may take (RFC 5321, section 4.5.3.2.6): giving up sooner
/// makes mails that arrive and count as doubtful.
const FINAL: Duration = Duration::from_secs(10 * 60);

/// The message goes out in pieces of so many bytes.
const PIECE: usize = 16 * 1024;

/// Delivers `message` in a session and returns the server's last answer.
pub(super) async fn deliver(
    smtp: &Smtp,
    session: &mut AsyncSmtpConnection,
    (envelope, message): (&Envelope, &[u8]),
    context: &Context,
) -> Result<String, Fault> {
    tokio::select! {
        opened = open(smtp, session, envelope) => opened?,
        () = context.cancelled() => return Err(cancelled()),
    }
    // Before the message, for between its end and the dot nothing can be waited for.
    context.begin_effect().await?;
    let begun = AtomicBool::new(false);
    let reached = |fault: Fault| match begun.load(Ordering::SeqCst) {
        true => fault.in_doubt(),
        false => fault,
    };
    let dot = std::iter::from_fn(|| {
        // It is asked for what comes next when all that is left is the dot.
        begun.store(true, Ordering::SeqCst);
        None
    });
    let handing = session.message_iter(message.chunks(PIECE).chain(dot));
    // After the dot only the answer can tell, so a cancelled attempt still waits for it.
    let stopped = async {
        context.cancelled().await;
        if begun.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
    };
    let answer = tokio::select! {
        answer = timeout(FINAL, handing) => answer,
        () = stopped => return Err(cancelled()),
    };
    let Ok(answer) = answer else {
        let message = format!("`{}` did not answer the mail's end", smtp.name());
        return Err(reached(Fault::system("mail.connection", message)));
    };
    match answer {
        Ok(answer) if answer.code().severity == Severity::PositiveCompletion => Ok(line(&answer)),
        Ok(answer) => {
            let message = format!("`{}` ended the mail with {}", smtp.name(), line(&answer));
            Err(reached(Fault::system("mail.answer", message)))
        }
        // A 4xx or 5xx says that the server has not taken it.
        Err(err) if err.status().is_some() => Err(smtp.failed("the mail", &err)),
        Err(err) => Err(reached(smtp.failed("the mail", &err))),
    }
}

/// Sender, recipients and DATA.
async fn open(
    smtp: &Smtp,
    session: &mut AsyncSmtpConnection,
    envelope: &Envelope,
) -> Result<(), Fault> {
    let server = smtp.name();
    let sender = Mail::new(envelope.from().cloned(), Vec::new());
    within(ANSWER, session.command(sender), &server)
        .await?
        .map_err(|err| smtp.failed("the sender", &err))?;
    for recipient in envelope.to() {
        let command = Rcpt::new(recipient.clone(), Vec::new());
        within(ANSWER, session.command(command), &server)
            .await?
            .map_err(|err| smtp.failed(&format!("the recipient `{recipient}`"), &err))?;
    }
    let answer = within(ANSWER, session.command(Data), &server)
        .await?
        .map_err(|err| smtp.failed("the mail", &err))?;
    match answer.has_code(354) {
        true => Ok(()),
        false => {
            let message = format!("`{server}` answered DATA with {}", line(&answer));
            Err(Fault::system("mail.answer", message))
        }
    }
}

pub(super) fn cancelled() -> Fault {
    Fault::system(
        "step.cancelled",
        "the attempt was cancelled before the mail was handed over",
    )
}

fn line(answer: &Response) -> String {
    let text: Vec<&str> = answer.message().collect();
    format!("{} {}", answer.code(), text.join(" "))
}

/// What a server said, or what broke, in its own words.
pub(super) fn answered(err: &Error) -> String {
    let cause = std::error::Error::source(err);
    let words = cause.map_or_else(|| err.to_string(), ToString::to_string);
    match err.status() {
        Some(code) => format!("{code} {words}"),
        None => words,
    }
}
