//! A folder of a mailbox into which mails come, for the trigger `mail`.
//!
//! What is there when the folder is first looked at is left alone; each mail
//! that comes later and fits is told of, until there is a run for it. It is known
//! again by its Message-ID, so that a copy of it, or the same one in another
//! folder, is no other mail. How far the folder has been gone through is written
//! down when every mail up to there has a run or did not fit.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_imap::types::Fetch;
use botswain_bot::{Around, Arrival, Fault, Source};
use botswain_core::plan::Mail;
use futures_util::TryStreamExt;
use glob::{MatchOptions, Pattern};
use tokio::time::timeout;

use super::{
    imap::{ANSWER, Imap, Logged, close},
    letter::{self, Head},
    smtp::within,
};

/// So many mails are looked at in one visit, and so many of them are told of; others come next.
const HEADS: usize = 200;
const LETTERS: usize = 20;

/// How long a whole visit may take.
const VISIT: Duration = Duration::from_secs(10 * 60);

pub struct Mailbox {
    mail: Mail,
    from: Option<Pattern>,
    subject: Option<Pattern>,
    /// Where the numbers of the folder stand; none before the first look.
    place: Option<Place>,
}

/// How far the folder has been gone through.
struct Place {
    /// Numbers mean something only under this one (RFC 3501, section 2.3.1.1).
    validity: u32,
    /// Every mail with a lower number is done with.
    next: u32,
    /// Those from there on that are done with too.
    done: BTreeSet<u32>,
    /// The numbers of those that were told of, by key.
    told: HashMap<String, u32>,
}

impl Mailbox {
    pub fn new(mail: &Mail) -> Result<Mailbox, Fault> {
        let pattern = |given: &Option<String>| {
            let pattern = given.as_deref().map(Pattern::new).transpose();
            pattern.map_err(|err| {
                Fault::business("mail.pattern", format!("{given:?} is no pattern: {err}"))
            })
        };
        Ok(Mailbox {
            mail: mail.clone(),
            from: pattern(&mail.from)?,
            subject: pattern(&mail.subject)?,
            place: None,
        })
    }

    async fn visit(&mut self, imap: &Imap, around: &Around) -> Result<Vec<Arrival>, Fault> {
        let mut session = imap.session().await?;
        let found = self.found(imap, &mut session, around).await;
        close(session).await;
        found
    }

    async fn found(
        &mut self,
        imap: &Imap,
        session: &mut Logged,
        around: &Around,
    ) -> Result<Vec<Arrival>, Fault> {
        let server = imap.name();
        // EXAMINE, not SELECT: the server itself marks nothing then.
        let folder = within(ANSWER, session.examine(&self.mail.folder), &server).await?;
        let folder = folder.map_err(|err| match imap.failed("the folder", &err) {
            fault if fault.code == "mail.rejected" => {
                let message = format!("`{server}` has no folder `{}`: {err}", self.mail.folder);
                Fault::business("mail.folder", message)
                    .hint("write its whole name, as in `INBOX` or `INBOX/Orders`")
            }
            fault => fault,
        })?;
        let (Some(validity), Some(next)) = (folder.uid_validity, folder.uid_next) else {
            let message = format!("`{server}` gives its mails no lasting numbers");
            return Err(Fault::business("mail.folder", message));
        };
        let place = self.place(validity, next, around).await?;
        let from = place.next;
        let searching = session.uid_search(format!("UID {from}:*"));
        let there = within(ANSWER, searching, &server).await?;
        let there = there.map_err(|err| imap.failed("the search", &err))?;
        // The newest mail is found by `*`, however low its number.
        let there: BTreeSet<u32> = there.into_iter().filter(|uid| *uid >= from).collect();
        let open: Vec<u32> = there.difference(&place.done).copied().take(HEADS).collect();
        let mut arrivals = Vec::new();
        for head in heads(imap, session, &open).await? {
            if arrivals.len() == LETTERS {
                break;
            }
            let key = head.key(&self.mail, validity);
            let wanted = self.wants(&head) && !around.memory.has_run(&key);
            let place = self.place.as_mut().expect("it was found above");
            match wanted {
                true => {
                    place.told.insert(key.clone(), head.uid);
                    arrivals.push(letter(imap, session, (head, key), around).await?);
                }
                false => drop(place.done.insert(head.uid)),
            }
        }
        self.settle(&there, around).await?;
        Ok(arrivals)
    }

    /// Where it stands under these numbers. A folder that was never looked at begins with what
    /// comes next.
    async fn place(
        &mut self,
        validity: u32,
        next: u32,
        around: &Around,
    ) -> Result<&mut Place, Fault> {
        let is_current = |place: &Place| place.validity == validity;
        if !self.place.as_ref().is_some_and(is_current) {
            let series = around.memory.reached()?;
            let known = series.get(&validity.to_string()).copied();
            self.place = Some(Place {
                validity,
                next: known.unwrap_or(next),
                done: BTreeSet::new(),
                told: HashMap::new(),
            });
            if known.is_none() {
                around.memory.reach(&validity.to_string(), next).await?;
            }
            if known.is_none() && series.is_empty() {
                let place = self.mail.place();
                tracing::info!("{place} begins with what comes from now on");
            }
            if known.is_none() && !series.is_empty() {
                let message = format!(
                    "the folder `{}` was numbered anew, so mails that are in it may have no run",
                    self.mail.folder
                );
                return Err(Fault::business("mail.renumbered", message)
                    .hint("see whether the newest ones have; those that come from now on will"));
            }
        }
        Ok(self.place.as_mut().expect("it was put there"))
    }

    fn wants(&self, head: &Head) -> bool {
        let options = MatchOptions {
            case_sensitive: false,
            ..MatchOptions::new()
        };
        let fits = |pattern: &Option<Pattern>, text: &str| {
            let fits = |pattern: &Pattern| pattern.matches_with(text, options);
            pattern.as_ref().is_none_or(fits)
        };
        fits(&self.from, &head.from) && fits(&self.subject, &head.subject)
    }

    /// Notes how far it has been gone through, when nothing up to there is open.
    async fn settle(&mut self, there: &BTreeSet<u32>, around: &Around) -> Result<(), Fault> {
        let Some(place) = &mut self.place else {
            return Ok(());
        };
        let open = there.difference(&place.done).next().copied();
        let newest = there.last().map(|uid| uid.saturating_add(1));
        let next = open.or(newest).unwrap_or(place.next);
        if next > place.next {
            around
                .memory
                .reach(&place.validity.to_string(), next)
                .await?;
            place.next = next;
            place.done = place.done.split_off(&next);
            place.told.retain(|_, uid| *uid >= next);
        }
        Ok(())
    }
}

impl Source for Mailbox {
    fn pause(&self) -> Duration {
        Duration::from_millis(self.mail.poll)
    }

    async fn look(&mut self, around: &Around) -> Result<Vec<Arrival>, Fault> {
        let name = self.mail.connection.clone();
        let connection = around.connections.open(&name).await?;
        let imap: Arc<Imap> = connection.downcast_arc().ok_or_else(|| {
            let message = format!("connection `{name}` is not of kind `imap`");
            Fault::business("connection.kind", message)
        })?;
        let visit = timeout(VISIT, self.visit(&imap, around)).await;
        visit.unwrap_or_else(|_| {
            let message = format!("`{}` took too long to give its mails", imap.name());
            Err(Fault::system("mail.connection", message))
        })
    }

    async fn taken(&mut self, key: &str, _: &Around) -> Result<(), Fault> {
        if let Some(place) = &mut self.place
            && let Some(uid) = place.told.remove(key)
        {
            place.done.insert(uid);
        }
        Ok(())
    }
}

/// The heads of these mails, in the order of their numbers.
async fn heads(imap: &Imap, session: &mut Logged, open: &[u32]) -> Result<Vec<Head>, Fault> {
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<String> = open.iter().map(u32::to_string).collect();
    let what = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])";
    let fetched = fetched(imap, session, (&numbers.join(","), what)).await?;
    let heads = fetched.iter().filter_map(Head::of);
    let mut heads: Vec<Head> = heads.filter(|it| open.contains(&it.uid)).collect();
    heads.sort_by_key(|head| head.uid);
    heads.dedup_by_key(|head| head.uid);
    Ok(heads)
}

/// The whole mail; of one that is too large its head, for a person to see.
async fn letter(
    imap: &Imap,
    session: &mut Logged,
    (head, key): (Head, String),
    around: &Around,
) -> Result<Arrival, Fault> {
    if let Some(fault) = head.too_large() {
        let (data, fault) = (head.data(), Some(fault));
        return Ok(Arrival { key, data, fault });
    }
    let uid = head.uid;
    let fetched = fetched(imap, session, (&uid.to_string(), "(UID BODY.PEEK[])")).await?;
    let of_it = fetched.iter().find(|it| it.uid == Some(uid));
    let bytes = of_it.and_then(Fetch::body).ok_or_else(|| {
        let message = format!("`{}` did not give the mail {uid}", imap.name());
        Fault::system("mail.connection", message)
    })?;
    let (bytes, artifacts) = (bytes.to_vec(), around.artifacts.clone());
    let reading =
        tokio::task::spawn_blocking(move || letter::read(&head, &bytes, artifacts.as_ref()));
    let data = reading
        .await
        .map_err(|err| Fault::system("mail.unreadable", err.to_string()))??;
    let fault = None;
    Ok(Arrival { key, data, fault })
}

async fn fetched(
    imap: &Imap,
    session: &mut Logged,
    (numbers, what): (&str, &str),
) -> Result<Vec<Fetch>, Fault> {
    let fetching = async {
        let stream = session.uid_fetch(numbers, what).await?;
        stream.try_collect().await
    };
    let fetched = within(ANSWER * 5, fetching, &imap.name()).await?;
    fetched.map_err(|err| imap.failed("the mails", &err))
}
