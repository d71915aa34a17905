//! `connections`: which outside systems there are, and whether they answer.

use botswain_core::engine::capacity::BreakerView;
use serde_json::{Value, json};

use super::{
    Global,
    arguments::Connections,
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    table, times,
};
use crate::{
    client::Error,
    instance::Config,
    views::{ConnectionView, TestOutcome, TestView},
};

pub(super) async fn connections(global: &Global, command: Option<Connections>) -> Outcome {
    match command.unwrap_or(Connections::List) {
        Connections::List => list(global).await,
        Connections::Test { name } => test(global, name).await,
    }
}

async fn list(global: &Global) -> Outcome {
    let found: Vec<ConnectionView> = global
        .with_client(async |client| Ok(client.get("/api/v1/connections").await?))
        .await?;
    match (global.json, found.is_empty()) {
        (true, _) => output::json(&found),
        (false, true) => output::data("no connections; list them in `botswain.yaml`"),
        (false, false) => {
            let header = [
                "connection",
                "kind",
                "in use",
                "per minute",
                "waiting",
                "breaker",
                "last test",
            ];
            output::data(&table::of(header, found.iter().map(row)));
        }
    }
    Ok(Code::Done)
}

fn row(it: &ConnectionView) -> [String; 7] {
    let of = |count: u32, most: Option<u32>| match most {
        Some(most) => format!("{count} of {most}"),
        None => count.to_string(),
    };
    let per_minute = it.per_minute.map(|_| of(it.started, it.per_minute));
    let waiting = Some(it.waiting).filter(|count| *count > 0);
    [
        it.name.clone(),
        it.kind.clone(),
        of(it.used, it.sessions),
        per_minute.unwrap_or_default(),
        waiting.map(|count| count.to_string()).unwrap_or_default(),
        breaker(it),
        it.tested.as_ref().map(tested).unwrap_or_default(),
    ]
}

fn breaker(it: &ConnectionView) -> String {
    match &it.breaker {
        None if it.kind == "limit" => String::new(),
        None => "off".to_owned(),
        Some(BreakerView::Closed { faults: 0 }) => "closed".to_owned(),
        Some(BreakerView::Closed { faults }) => format!("closed; the last {faults} failed"),
        Some(BreakerView::Open {
            since,
            faults,
            fault,
            next_probe,
            ..
        }) => {
            let next = match next_probe {
                Some(at) if it.waiting > 0 => format!("next probe {}", times::clock(*at)),
                Some(_) => "it is tried when somebody waits".to_owned(),
                None => "it is being tried".to_owned(),
            };
            let (since, code, message) = (
                times::clock(*since),
                tame(&fault.code),
                tame(&fault.message),
            );
            format!("open since {since} after {faults} × {code}; {next}\n{message}")
        }
    }
}

fn tested(test: &TestView) -> String {
    let ended = match test.outcome {
        TestOutcome::Answered { .. } => "answered",
        TestOutcome::Failed { .. } => "failed",
    };
    format!("{ended} {}", times::age(test.at))
}

fn config(global: &Global) -> Result<Config, Failure> {
    let reading = global.instance()?.config()?;
    reading.config.ok_or_else(|| {
        Failure::usage("`botswain.yaml` has mistakes").hint("`botswain check` shows them")
    })
}

/// What came of trying one.
struct Tried {
    name: String,
    answer: Result<String, Failure>,
}

async fn test(global: &Global, name: Option<String>) -> Outcome {
    let names = match name {
        Some(name) => vec![name],
        None => config(global)?.connections.into_keys().collect(),
    };
    let tried = global
        .with_client(async |client| {
            let mut tried = Vec::new();
            for name in names {
                let path = format!("/api/v1/connections/{name}/test");
                let answer = client.post::<Value>(&path, &Value::Null).await;
                if let Err(Error::Problem(problem)) = &answer
                    && problem.status == 404
                {
                    return Err(answer.map(drop).expect_err("it was one").into());
                }
                let answer = answer.map(|it| it["answer"].as_str().unwrap_or_default().to_owned());
                tried.push(Tried {
                    name,
                    answer: answer.map_err(Failure::from),
                });
            }
            Ok(tried)
        })
        .await?;
    match (global.json, tried.is_empty()) {
        (true, _) => output::json(&tried.iter().map(described).collect::<Vec<_>>()),
        (false, true) => output::data("no connections; list them in `botswain.yaml`"),
        (false, false) => output::data(&listed(&tried)),
    }
    Ok(match tried.iter().all(|it| it.answer.is_ok()) {
        true => Code::Done,
        false => Code::Failed,
    })
}

fn described(tried: &Tried) -> Value {
    match &tried.answer {
        Ok(answer) => json!({ "connection": tried.name, "answers": true, "answer": answer }),
        Err(failure) => json!({
            "connection": tried.name, "answers": false,
            "message": failure.message, "hint": failure.hint,
        }),
    }
}

fn listed(tried: &[Tried]) -> String {
    table::of_parts(tried.iter().map(|it| match &it.answer {
        Ok(answer) => [it.name.clone(), "answers".to_owned(), answer.clone()],
        Err(failure) => {
            let hint = failure
                .hint
                .as_deref()
                .map(|hint| format!("\nhint: {hint}"));
            let text = format!("{}{}", failure.message, hint.unwrap_or_default());
            [it.name.clone(), "fails".to_owned(), text]
        }
    }))
}
