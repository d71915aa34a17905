//! API tokens: for programs that do something in the name of a person.
//!
//! A token may what its role says, in the folders that it names or else everywhere, and
//! nowhere more than its person at that moment.
//! What is kept is the hash; whoever reads the file cannot use it. It ends when its
//! time has come, when it is revoked, and with the account.

use std::net::IpAddr;

use botswain_core::Hash;
use botswain_views::{FolderRoles, Role, TokenView, is_within};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Accounts, Principal, Refusal, hash, is_name, is_right, lock, token};

/// What each begins with, so that those who look for leaked tokens know one.
const PREFIX: &str = "bots_";

/// The longest that one lasts.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// As many has a person.
const MOST: usize = 50;

/// How often its last use is written down; between, it is remembered.
const WRITTEN: SignedDuration = SignedDuration::from_hours(1);

/// What is kept of one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) person: String,
    name: String,
    role: Role,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    folders: Vec<String>,
    created: Timestamp,
    expires: Timestamp,
    used: Option<Timestamp>,
    #[serde(skip)]
    written: Option<Timestamp>,
}

/// One that somebody asks for.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub person: String,
    pub name: String,
    pub role: Role,
    /// In which folders alone; everywhere when there are none.
    pub folders: Vec<String>,
    pub expires: Timestamp,
}

/// What a token may whose person has these roles: everywhere, and in folders.
fn rights(
    (role, folders): (Role, &[String]),
    (theirs, roles): (Role, &FolderRoles),
) -> (Role, FolderRoles) {
    let capped = |(folder, its): (&String, Role)| (folder.clone(), role.min(its));
    let own = |it: &String| folders.is_empty() || folders.iter().any(|of| is_within(it, of));
    let of_person = roles.iter().filter(|(folder, _)| own(folder));
    let of_person = of_person.map(|(folder, its)| (folder, *its));
    let named = folders.iter().map(|it| (it, theirs.in_folder(roles, it)));
    // What the person has in a folder around one that is named counts in that.
    let all: FolderRoles = of_person.chain(named).map(capped).collect();
    match folders.is_empty() {
        true => (role.min(theirs), all),
        false => (Role::None, all),
    }
}

impl Accounts {
    /// Makes one; what is given is shown once and kept nowhere.
    pub fn add_token(&self, new: NewToken) -> Result<String, Refusal> {
        let now = Timestamp::now();
        if !is_name(&new.name) {
            return Err(Refusal::BadName(new.name));
        }
        if new.expires <= now || new.expires.duration_since(now) > LONGEST {
            return Err(Refusal::Expiry);
        }
        for folder in &new.folders {
            is_right(folder, new.role)?;
        }
        let text = format!("{PREFIX}{}", token());
        self.change(|stored| {
            let unknown = || Refusal::Unknown(new.person.clone());
            let person = stored.people.get(&new.person).ok_or_else(unknown)?;
            let asked = (new.role, &new.folders[..]);
            let (everywhere, folders) = rights(asked, (person.role, &person.folders));
            if new.role > everywhere.somewhere(&folders) {
                return Err(Refusal::TooMuch(new.person.clone()));
            }
            stored.tokens.retain(|_, it| it.expires > now);
            let theirs = || stored.tokens.values().filter(|it| it.person == new.person);
            if theirs().any(|it| it.name == new.name) {
                return Err(Refusal::TakenToken(new.name.clone()));
            }
            if theirs().count() >= MOST {
                return Err(Refusal::ManyTokens);
            }
            let kept = Token {
                person: new.person.clone(),
                name: new.name.clone(),
                role: new.role,
                folders: new.folders.clone(),
                created: now,
                expires: new.expires,
                used: None,
                written: None,
            };
            stored.tokens.insert(hash(&text), kept);
            Ok(())
        })?;
        Ok(text)
    }

    /// Those of everybody, or of one.
    pub fn tokens(&self, of: Option<&str>) -> Vec<TokenView> {
        let stored = lock(&self.stored);
        let now = Timestamp::now();
        let fits = |it: &&Token| it.expires > now && of.is_none_or(|of| it.person == of);
        let views = stored.tokens.values().filter(fits).map(|it| TokenView {
            person: it.person.clone(),
            name: it.name.clone(),
            role: it.role,
            folders: it.folders.clone(),
            created: it.created,
            expires: it.expires,
            used: it.used,
        });
        let mut views: Vec<TokenView> = views.collect();
        views.sort_by(|a, b| (&a.person, &a.name).cmp(&(&b.person, &b.name)));
        views
    }

    pub fn revoke(&self, person: &str, name: &str) -> Result<(), Refusal> {
        self.change(|stored| {
            let before = stored.tokens.len();
            let is_it = |it: &Token| it.person == person && it.name == name;
            stored.tokens.retain(|_, it| !is_it(it));
            match stored.tokens.len() < before {
                true => Ok(()),
                false => Err(Refusal::UnknownToken(name.to_owned())),
            }
        })
    }

    /// Who is behind a token, from an address that has not shown too many wrong ones.
    pub fn bearer(&self, text: &str, from: IpAddr) -> Result<Principal, Refusal> {
        let now = Timestamp::now();
        lock(&self.throttle).admits_bearer(from, now)?;
        match self.holder(&hash(text), now) {
            Some(principal) => Ok(principal),
            None => {
                lock(&self.throttle).failed_bearer(from, now);
                Err(Refusal::BadToken)
            }
        }
    }

    /// Who is behind a token still, long after it was let in.
    pub fn still_holds(&self, text: &str) -> Option<Principal> {
        self.holder(&hash(text), Timestamp::now())
    }

    fn holder(&self, key: &Hash, now: Timestamp) -> Option<Principal> {
        let mut stored = lock(&self.stored);
        let token = stored.tokens.get_mut(key).filter(|it| it.expires > now)?;
        token.used = Some(now);
        let token = token.clone();
        let person = token.person.clone();
        let person = stored.people.get_key_value(&person)?;
        if person.1.locked || person.1.bound.as_ref().is_some_and(|it| it.is_stale(now)) {
            return None;
        }
        let theirs = (person.1.role, &person.1.folders);
        let (role, folders) = rights((token.role, &token.folders), theirs);
        Some(Principal {
            name: person.0.clone(),
            role,
            folders,
            groups: person.1.groups.clone(),
            csrf: None,
            token: Some(token.name),
            // A token is made by somebody who was let in, and nobody could show a code for it.
            factor: true,
            issuer: person.1.issuer(),
        })
    }

    /// Writes down when tokens were used last, when that was not done for long. Blocks.
    pub fn note_uses(&self) {
        let is_due = |it: &Token| {
            let written = it.written.unwrap_or(Timestamp::UNIX_EPOCH);
            it.used
                .is_some_and(|used| used.duration_since(written) > WRITTEN)
        };
        if !lock(&self.stored).tokens.values().any(is_due) {
            return;
        }
        let noted = self.change(|stored| {
            let tokens = stored.tokens.values_mut();
            tokens.for_each(|it| it.written = it.used);
            Ok(())
        });
        if let Err(error) = noted {
            tracing::warn!("when tokens were used last is not written down: {error}");
        }
    }
}
