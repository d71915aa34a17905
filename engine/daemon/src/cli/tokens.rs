//! `user token`: by what programs act for people.

use botswain_views::TokenView;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    Global,
    arguments::Tokens,
    outcome::{Code, Outcome},
    output, table, times,
};
use crate::{
    api::{TokenMade, TokenRequest},
    client::Client,
};

const PATH: &str = "/api/v1/tokens";

pub(super) async fn tokens(global: &Global, command: Tokens) -> Outcome {
    match command {
        Tokens::List => list(global).await,
        Tokens::Add {
            person,
            name,
            role,
            folder,
            days,
        } => {
            let lasts = SignedDuration::from_hours(24 * i64::from(days));
            let ends = (Timestamp::now() + lasts).as_second();
            let request = TokenRequest {
                name,
                role: role.into(),
                folders: folder,
                // To the second: nobody reads more.
                expires: Timestamp::from_second(ends).ok(),
                person: Some(person),
            };
            add(global, &request).await
        }
        Tokens::Remove { person, name } => {
            let escaped = |it: &str| utf8_percent_encode(it, NON_ALPHANUMERIC).to_string();
            let path = format!("{PATH}/{}/{}", escaped(&person), escaped(&name));
            let work = async |client: &mut Client| Ok(client.delete::<Value>(&path).await?);
            let done = global.with_client(work).await?;
            match global.json {
                true => output::json(&done),
                false => output::note(&format!("`{name}` lets nobody in any more")),
            }
            Ok(Code::Done)
        }
    }
}

async fn add(global: &Global, request: &TokenRequest) -> Outcome {
    let work = async |client: &mut Client| Ok(client.post::<TokenMade>(PATH, request).await?);
    let made = global.with_client(work).await?;
    match global.json {
        true => output::json(&made),
        false => {
            output::data(&made.token);
            let until = times::local(made.expires);
            output::hint(&format!("it is not shown again, and ends on {until}"));
        }
    }
    Ok(Code::Done)
}

async fn list(global: &Global) -> Outcome {
    let work = async |client: &mut Client| Ok(client.get::<Vec<TokenView>>(PATH).await?);
    let tokens = global.with_client(work).await?;
    match (global.json, tokens.is_empty()) {
        (true, _) => output::json(&tokens),
        (false, true) => {
            output::data("there are no tokens; make one with `botswain user token add`");
        }
        (false, false) => {
            let rows = tokens.iter().map(|it| {
                let used = it.used.map_or_else(|| "never".to_owned(), times::age);
                let role = it.role.name().to_owned();
                [
                    it.person.clone(),
                    it.name.clone(),
                    role,
                    it.folders.join(", "),
                    times::local(it.expires),
                    used,
                ]
            });
            output::data(&table::of(
                ["person", "token", "role", "in folders", "ends", "last use"],
                rows,
            ));
        }
    }
    Ok(Code::Done)
}
