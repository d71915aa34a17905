//! `audit`: what people have done.

use botswain_views::{AuditEntry, AuditPage};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::{
    Global,
    arguments::Audit,
    keeping::moment,
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    table, times,
};
use crate::client::Client;

pub(super) async fn audit(global: &Global, asked: Audit) -> Outcome {
    let query = query(&asked)?;
    if asked.csv {
        let path = format!("/api/v1/audit/export?format=csv&{query}");
        let work = async |client: &mut Client| export(client, &path).await;
        global.with_client(work).await?;
        return Ok(Code::Done);
    }
    let path = format!("/api/v1/audit?limit={}&{query}", asked.limit);
    let page: AuditPage = global
        .with_client(async |client| Ok(client.get(&path).await?))
        .await?;
    match (global.json, page.entries.is_empty()) {
        (true, _) => output::json(&page.entries),
        (false, true) => output::data("nothing that fits has been done"),
        (false, false) => output::data(&listed(&page.entries)),
    }
    if !global.json && page.next.is_some() {
        output::hint("there is more: `--limit`, or `--csv` for all of it");
    }
    Ok(Code::Done)
}

fn query(asked: &Audit) -> Result<String, Failure> {
    let time = |text: &Option<String>| match text {
        Some(text) => moment(text, jiff::tz::TimeZone::system()).map(|it| Some(it.to_string())),
        None => Ok(None),
    };
    let fields = [
        ("by", asked.by.clone()),
        ("act", asked.act.clone()),
        ("on", asked.on.clone()),
        ("since", time(&asked.since)?),
        ("until", time(&asked.until)?),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, it)| Some((name, it?)));
    let given: Vec<(&str, String)> = given.collect();
    serde_urlencoded::to_string(given).map_err(Failure::of)
}

async fn export(client: &mut Client, path: &str) -> Result<(), Failure> {
    let broken = |err: reqwest::Error| Failure::of(format!("the export broke off: {err}"));
    let mut content = client.download(path).await?.bytes_stream();
    let mut to = tokio::io::stdout();
    while let Some(piece) = content.next().await {
        let written = to.write_all(&piece.map_err(broken)?).await;
        written.map_err(Failure::of)?;
    }
    to.flush().await.map_err(Failure::of)
}

fn listed(entries: &[AuditEntry]) -> String {
    let rows = entries.iter().map(|it| {
        let said = it.with.iter().map(|(name, text)| format!("{name}: {text}"));
        let said: Vec<String> = said.collect();
        let outcome = match &it.problem {
            Some(problem) => format!("{}: {problem}", it.outcome.name()),
            None => it.outcome.name().to_owned(),
        };
        [
            it.number.to_string(),
            times::clock(it.at),
            tame(&it.by),
            tame(&it.from),
            it.act.name().to_owned(),
            tame(&it.on),
            tame(&said.join("; ")),
            outcome,
        ]
    });
    let head = [
        "record", "time", "who", "from", "act", "about", "said", "outcome",
    ];
    table::sparing(head, rows, &["from", "record"])
}
