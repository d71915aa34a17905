//! `connections`: which outside systems there are, and whether they answer.

use serde_json::{Value, json};

use super::{
    Global,
    arguments::Connections,
    outcome::{Code, Failure, Outcome},
    output, table,
};
use crate::{client::Error, instance::Config};

pub(super) async fn connections(global: &Global, command: Option<Connections>) -> Outcome {
    match command.unwrap_or(Connections::List) {
        Connections::List => list(global),
        Connections::Test { name } => test(global, name).await,
    }
}

fn list(global: &Global) -> Outcome {
    let config = config(global)?;
    let connections: Vec<_> = config.connections.iter().collect();
    match (global.json, connections.is_empty()) {
        (true, _) => {
            let described = connections.iter().map(
                |(name, it)| json!({ "name": name, "kind": it.kind, "sessions": it.sessions }),
            );
            output::json(&described.collect::<Vec<_>>());
        }
        (false, true) => output::data("no connections; list them in `botswain.yaml`"),
        (false, false) => {
            let rows = connections
                .iter()
                .map(|(name, it)| [(*name).clone(), it.kind.clone(), it.sessions.to_string()]);
            output::data(&table::of(["connection", "kind", "sessions"], rows));
        }
    }
    Ok(Code::Done)
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
