//! A house with two folders in which work waits, and those who look at it.

use super::*;

/// What stands in the names of everything in the folder that somebody does not see, and of the one
/// that they do.
pub(super) const HIDDEN: &str = "hushhush";
pub(super) const OPEN: &str = "plainly";

/// What stands in the data of a folder: a page repeats the name that it was asked for, but not this.
pub(super) fn data(word: &str) -> String {
    word.to_uppercase()
}

/// It names its word in its steps, its data, its keys and what it asks, and starts by itself.
pub(super) fn deals(word: &str) -> String {
    let data = data(word);
    format!(
        "name: {word}-deals\n\
         inputs: {{ order: {{ type: text }}, sheet: {{ type: file }}, lines: {{ type: list, default: [{data}] }} }}\n\
         triggers: [{{ cron: '0 3 1 1 *', inputs: {{ order: {word}, sheet: {word}.csv }} }}]\n\
         steps:\n  \
         - id: lines\n    \
         for_each: '{{{{inputs.lines}}}}'\n    \
         as: line\n    \
         key: '{{{{line}}}}-1'\n    \
         steps: [{{ id: ask, approve: 'Is {data} right?' }}]\n"
    )
}

/// One that stops as soon as it has begun.
pub(super) fn stopping(word: &str) -> String {
    let data = data(word);
    format!("name: {word}-stops\nsteps: [{{ id: no, fail: '{data} does not fit' }}]\n")
}

/// What there is of one folder.
pub(super) struct Known {
    pub(super) word: &'static str,
    pub(super) run: RunId,
    pub(super) exception: ExceptionId,
    pub(super) cause: Hash,
    pub(super) version: Hash,
    pub(super) file: Hash,
    pub(super) bulk: u64,
}

/// A house with two folders, in each of which work waits.
pub(super) struct Halls {
    pub(super) house: House,
    pub(super) hidden: Known,
    pub(super) open: Known,
}

impl Halls {
    pub(super) async fn open() -> Halls {
        let texts = [HIDDEN, OPEN].map(|word| (word, deals(word), stopping(word)));
        let mut files = Vec::new();
        for (word, deals, stopping) in &texts {
            files.push((
                format!("workflows/{word}/{word}-deals.yaml"),
                deals.as_str(),
            ));
            files.push((
                format!("workflows/{word}/{word}-stops.yaml"),
                stopping.as_str(),
            ));
        }
        // It lies where it is seen, and calls one that is not.
        let caller = format!("name: caller\nsteps: [{{ id: go, call: {HIDDEN}-stops }}]\n");
        files.push((format!("workflows/{OPEN}/caller.yaml"), caller.as_str()));
        // And the other way round.
        let outer = format!(
            "name: outer\ninputs: {{ sheet: {{ type: file }} }}\nsteps: [{{ id: go, call: {OPEN}-stops }}]\n"
        );
        files.push((format!("workflows/{HIDDEN}/outer.yaml"), outer.as_str()));
        let files: Vec<_> = files
            .iter()
            .map(|(file, text)| (file.as_str(), *text))
            .collect();
        let house = House::with(&files).await;
        house.enter("ann", (Role::Admin, Vec::new())).await;
        let hidden = known(&house, HIDDEN).await;
        let open = known(&house, OPEN).await;
        Halls {
            house,
            hidden,
            open,
        }
    }

    /// Somebody who has this role in the open folder, and none anywhere else.
    pub(super) async fn limited(&self, name: &str, role: Role) -> Who {
        let folders = FolderRoles::from([(OPEN.to_owned(), role)]);
        let rights = Rights {
            role: Role::None,
            groups: Vec::new(),
            folders,
        };
        let (token, csrf) = self.house.enter(name, rights).await;
        Who::Person(format!("session={token}"), csrf)
    }

    pub(super) async fn admin(&self) -> Who {
        let (token, csrf) = self.house.enter("eve", (Role::Admin, Vec::new())).await;
        Who::Person(format!("session={token}"), csrf)
    }

    pub(super) async fn get(&mut self, who: &Who, path: &str) -> (StatusCode, String) {
        let answer = self.house.ask(request("GET", path, &who.headers())).await;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// The routes in whose answers about a folder something of it stands.
    pub(super) async fn told(
        &mut self,
        who: &Who,
        about: fn(&Halls) -> &Known,
    ) -> BTreeSet<&'static str> {
        let mut told = BTreeSet::new();
        for (route, _) in MEANT {
            let Some(path) = route.strip_prefix("GET ") else {
                continue;
            };
            // What is watched never ends, and is looked at by itself.
            if path.ends_with("/events") || !who.takes(path) {
                continue;
            }
            for path in about(self).paths(path) {
                let (_, body) = self.get(who, &path).await;
                let word = about(self).word;
                let is_named = !path.contains(word) && body.contains(word);
                if is_named || body.contains(&data(word)) {
                    told.insert(*route);
                }
            }
        }
        told
    }
}

/// What waits of this workflow.
pub(super) fn waiting(house: &House, workflow: &str) -> Vec<crate::views::ExceptionView> {
    let query = ExceptionsQuery {
        workflow: Some(workflow.to_owned()),
        ..ExceptionsQuery::default()
    };
    let parts = &house.daemon.handle.parts;
    parts.exceptions(&query, (&Sight::All, 10)).unwrap()
}

pub(super) async fn known(house: &House, word: &'static str) -> Known {
    let handle = &house.daemon.handle;
    let upload = api::form::Upload {
        name: format!("{word}.csv"),
        media: "text/csv".to_owned(),
        content: axum::body::Bytes::from(format!("{};1\n", data(word))),
    };
    let sheet: ArtifactRef = files::keep(handle, upload).await.unwrap();
    let inputs = IndexMap::from([
        ("order".to_owned(), json!(data(word))),
        ("sheet".to_owned(), sheet.to_value()),
    ]);
    let deals = format!("{word}-deals");
    let stops = format!("{word}-stops");
    let key = Some(format!("{}-7", data(word)));
    handle.run(&deals, inputs, key, "ann").await.unwrap();
    handle
        .run(&stops, IndexMap::new(), None, "ann")
        .await
        .unwrap();
    while waiting(house, &deals).is_empty() || waiting(house, &stops).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let asked = waiting(house, &deals).remove(0);
    let about = json!({ "exceptions": [asked.id], "decision": { "assign": { "to": "ann" } }, "note": data(word), "by": "ann" });
    let about = serde_json::from_value(about).unwrap();
    let bulk = api::bulk::ask(handle, &Principal::local(), about)
        .await
        .unwrap();
    let run = RunId::root(asked.run.number());
    let summary = handle.parts.store.summary(&run).unwrap().unwrap();
    Known {
        word,
        run,
        exception: asked.id,
        cause: asked.fingerprint,
        version: summary.version,
        file: sheet.hash,
        bulk: bulk.id,
    }
}

impl Known {
    /// A path about what there is, and the lists that it stands in asked for in every way.
    pub(super) fn paths(&self, path: &str) -> Vec<String> {
        let (run, word) = (&self.run, self.word);
        let is = |end: &str| path.trim_start_matches("/api/v1") == end;
        let id = match path.contains("/bulk/") {
            true => self.bulk.to_string(),
            false => self.exception.to_string(),
        };
        let hash = match path.contains("/artifacts/") {
            true => format!("{}?run={run}", self.file.as_str()),
            false => self.version.as_str().to_owned(),
        };
        let filled = path
            .replace("{id}", &id)
            .replace("{run}", run.as_str())
            .replace("{step}", "lines")
            .replace("{hash}", &hash)
            .replace("{name}", &format!("{word}-deals"))
            .replace("{number}", "1");
        let mut paths = vec![filled];
        let mut also = |queries: &[String]| {
            let each = queries.iter().map(|it| format!("{path}?{it}"));
            paths.extend(each);
        };
        if is("/inbox") {
            let shows = [
                "newest",
                "oldest",
                "clusters",
                "mine",
                "overdue",
                "snoozed",
                "approvals",
            ];
            also(&shows.map(|show| format!("show={show}")));
            also(&[
                format!("q={word}"),
                format!("workflow={word}-deals&show=newest"),
                format!("fingerprint={}&show=oldest", self.cause.as_str()),
                "category=approval".to_owned(),
            ]);
        }
        if is("/runs") {
            also(&[
                format!("workflow={word}-deals"),
                format!("key={word}"),
                "state=parked".to_owned(),
            ]);
        }
        if is("/exceptions") {
            also(&[
                format!("workflow={word}-deals"),
                "assignee=ann".to_owned(),
                "category=approval".to_owned(),
            ]);
        }
        if is("/insights") || is("/insights/export") {
            also(&[format!("workflow={word}-deals")]);
            also(&["days", "causes", "steps", "workflows"].map(|it| format!("table={it}")));
        }
        if is("/calendar") {
            // A week in which it fires.
            also(&["from=2027-01-01".to_owned()]);
        }
        if is("/artifacts/{hash}") {
            paths.push(format!(
                "{}/{}",
                path.trim_end_matches("/{hash}"),
                self.file.as_str()
            ));
        }
        paths
    }
}

/// Somebody with a cookie, or a program with a token.
pub(super) enum Who {
    Person(String, String),
    Program(String),
}

impl Who {
    pub(super) fn headers(&self) -> Vec<(&str, &str)> {
        match self {
            Who::Person(cookie, csrf) => vec![("cookie", cookie), ("x-csrf-token", csrf)],
            Who::Program(token) => vec![("authorization", token)],
        }
    }

    pub(super) fn takes(&self, path: &str) -> bool {
        matches!(self, Who::Person(..)) || path.starts_with("/api/")
    }
}
