//! The people who may sign in: who they are, what they may, and who is signed in.
//!
//! `.botswain/accounts.json` (0600) holds names, roles, groups, passwords as
//! Argon2id makes them or what an identity provider calls somebody, and sessions
//! by the hash of what their cookie holds, so that the file lets nobody in. A
//! change is durable once its call has returned.
//! While there is nobody, the first admin is made by whoever holds the token
//! that the daemon printed.

mod arrivals;
mod factor;
mod password;
mod principal;
mod refusal;
mod throttle;
mod tokens;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use botswain_core::Hash;
use botswain_views::{FolderRoles, PersonView, Role};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::{arrivals::Arrival, principal::Principal, refusal::Refusal, tokens::NewToken};
use self::{
    arrivals::Bound,
    factor::{Begun, Factor},
    throttle::Throttle,
    tokens::Token,
};
use crate::instance::{Private, catalogue::DEPTH, replace_file, secrets::Secrets};

/// How long a session lasts without a request, and at most.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

const FORMAT: u32 = 1;

/// What is to be changed of an account.
#[derive(Clone, Debug, Default, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub role: Option<Role>,
    /// All that they may in folders of workflows from now on.
    #[serde(default)]
    pub folders: Option<FolderRoles>,
    pub groups: Option<Vec<String>>,
    pub password: Option<String>,
    /// Whether they are kept out, with their tokens, until somebody lets them in again.
    pub locked: Option<bool>,
}

/// What somebody new may.
#[derive(Clone, Debug)]
pub struct Rights {
    pub role: Role,
    pub groups: Vec<String>,
    pub folders: FolderRoles,
}

impl From<(Role, Vec<String>)> for Rights {
    fn from((role, groups): (Role, Vec<String>)) -> Rights {
        Rights {
            role,
            groups,
            folders: FolderRoles::new(),
        }
    }
}

/// Everybody with an account, and everybody signed in.
pub struct Accounts {
    path: PathBuf,
    stored: Mutex<Stored>,
    /// Opens what is sealed in it.
    secrets: Secrets,
    begun: Mutex<Begun>,
    throttle: Mutex<Throttle>,
    /// The hash of the token that makes the first admin; there is one while there is nobody.
    setup: Mutex<Option<Hash>>,
}

/// `accounts.json`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    people: BTreeMap<String, Person>,
    sessions: BTreeMap<Hash, Session>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tokens: BTreeMap<Hash, Token>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Person {
    role: Role,
    #[serde(default, skip_serializing_if = "FolderRoles::is_empty")]
    folders: FolderRoles,
    groups: Vec<String>,
    /// Those whom an identity provider vouches for have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    created: Timestamp,
    last_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<Factor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bound: Option<Bound>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    locked: bool,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Session {
    name: String,
    begun: Timestamp,
    seen: Timestamp,
}

impl Accounts {
    pub fn open(private: &Private) -> Result<Accounts, Refusal> {
        let path = private.accounts();
        let damaged = |reason: String| Refusal::Damaged {
            path: path.clone(),
            reason,
        };
        let stored = match std::fs::read(&path) {
            Ok(text) => {
                let stored: Stored =
                    serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
                match stored.format {
                    FORMAT => stored,
                    other => return Err(damaged(format!("it is of format {other}"))),
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Stored {
                format: FORMAT,
                ..Stored::default()
            },
            Err(error) => return Err(error.into()),
        };
        Ok(Accounts {
            path,
            stored: Mutex::new(stored),
            secrets: Secrets::new(private.clone()),
            begun: Mutex::default(),
            throttle: Mutex::default(),
            setup: Mutex::default(),
        })
    }

    /// A new token for the first admin, while there is nobody; the one before is worth nothing then.
    pub fn offer_setup(&self) -> Option<String> {
        if !self.is_empty() {
            return None;
        }
        let token = token();
        *lock(&self.setup) = Some(hash(&token));
        Some(token)
    }

    /// Whether nobody has an account.
    pub fn is_empty(&self) -> bool {
        lock(&self.stored).people.is_empty()
    }

    /// Makes the first admin, unless somebody has come in by another way since that was offered.
    pub async fn set_up(&self, given: &str, name: &str, password: String) -> Result<(), Refusal> {
        if !self.is_empty() {
            return Err(Refusal::NoSetup);
        }
        // Taken first, so that two who come at once do not both get in by it.
        let offered = lock(&self.setup).take_if(|offered| *offered == hash(given));
        let offered = offered.ok_or(Refusal::NoSetup)?;
        let added = self.add(name, password, (Role::Admin, Vec::new())).await;
        if added.is_err() {
            *lock(&self.setup) = Some(offered);
        }
        added
    }

    /// Lets somebody in who knows the password; gives what their cookie is to hold.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        from: IpAddr,
    ) -> Result<String, Refusal> {
        lock(&self.throttle).admits(name, from, Timestamp::now())?;
        let known = lock(&self.stored)
            .people
            .get(name)
            .and_then(|it| it.password.clone());
        // Who is not known takes as long.
        let is_right = password::verify(password, known).await;
        let now = Timestamp::now();
        if !is_right {
            lock(&self.throttle).failed(name, from, now);
            tracing::warn!(name, %from, "somebody could not sign in");
            return Err(Refusal::Wrong);
        }
        // Whoever guesses codes is not to have their failures forgotten by a password that they know.
        if self.factor(name).is_some() {
            return Err(Refusal::NeedsCode(self.half(name)));
        }
        lock(&self.throttle).succeeded(name, from);
        let mut session = String::new();
        self.change(|stored| {
            session = stored.begin(name, now)?;
            Ok(())
        })?;
        tracing::info!(name, %from, "signed in");
        Ok(session)
    }

    /// Who holds this cookie.
    pub fn principal(&self, token: &str) -> Option<Principal> {
        let (mut stored, now) = (lock(&self.stored), Timestamp::now());
        let session = stored.sessions.get_mut(&hash(token))?;
        if !session.is_alive(now) {
            return None;
        }
        // Written down with the next change: a session that is seen later than that lives on.
        session.seen = now;
        let name = session.name.clone();
        let person = stored.people.get_mut(&name).filter(|it| !it.locked)?;
        person.last_seen = Some(now);
        Some(Principal {
            role: person.role,
            folders: person.folders.clone(),
            groups: person.groups.clone(),
            csrf: Some(hash(&format!("form {token}")).as_str().to_owned()),
            // Whether more than a password was needed the provider decides.
            factor: person.factor.is_some() || person.bound.is_some(),
            issuer: person.issuer(),
            name,
            token: None,
        })
    }

    pub fn sign_out(&self, token: &str) -> Result<(), Refusal> {
        self.change(|stored| {
            stored.sessions.remove(&hash(token));
            Ok(())
        })
    }

    /// Whether somebody has an account of this name.
    pub fn has(&self, name: &str) -> bool {
        lock(&self.stored).people.contains_key(name)
    }

    /// Whether somebody may still what they might when they were let in.
    pub fn is_still(&self, principal: &Principal) -> bool {
        let stored = lock(&self.stored);
        let person = stored.people.get(&principal.name).filter(|it| !it.locked);
        person.is_some_and(|it| {
            let mut folders = principal.folders.iter();
            it.role >= principal.role
                && folders.all(|(folder, role)| it.role.in_folder(&it.folders, folder) >= *role)
        })
    }

    /// Whether somebody has an account that may what this role may in a folder, or else everywhere,
    /// as things stand.
    pub fn may(&self, name: &str, role: Role, folder: Option<&str>) -> bool {
        let stored = lock(&self.stored);
        let person = stored.people.get(name).filter(|it| !it.locked);
        let own = person.map(|it| match folder {
            Some(folder) => it.role.in_folder(&it.folders, folder),
            None => it.role,
        });
        own.is_some_and(|own| own >= role)
    }

    pub fn people(&self) -> Vec<PersonView> {
        let stored = lock(&self.stored);
        let people = stored.people.iter().map(|(name, person)| PersonView {
            name: name.clone(),
            role: person.role,
            folders: person.folders.clone(),
            groups: person.groups.clone(),
            created: person.created,
            last_seen: person.last_seen,
            second_factor: person.factor.is_some(),
            provider: person.issuer(),
            full_name: person.bound.as_ref().and_then(|it| it.full_name.clone()),
            locked: person.locked,
        });
        people.collect()
    }

    pub async fn add(
        &self,
        name: &str,
        password: String,
        rights: impl Into<Rights>,
    ) -> Result<(), Refusal> {
        if !is_name(name) {
            return Err(Refusal::BadName(name.to_owned()));
        }
        let Rights {
            role,
            groups,
            folders,
        } = rights.into();
        are_folders(&folders)?;
        password::is_strong(&password, name)?;
        let password = password::hash(password).await;
        self.change(|stored| {
            if stored.people.contains_key(name) {
                return Err(Refusal::Taken(name.to_owned()));
            }
            let person = Person {
                role,
                folders,
                groups,
                password: Some(password),
                created: Timestamp::now(),
                last_seen: None,
                factor: None,
                bound: None,
                locked: false,
            };
            stored.people.insert(name.to_owned(), person);
            Ok(())
        })
    }

    /// Whoever is changed has to sign in again.
    pub async fn alter(&self, name: &str, change: Change) -> Result<(), Refusal> {
        are_folders(change.folders.as_ref().unwrap_or(&FolderRoles::new()))?;
        let password = match change.password {
            Some(password) => {
                password::is_strong(&password, name)?;
                Some(password::hash(password).await)
            }
            None => None,
        };
        self.change(|stored| {
            let is_less = change.role.is_some_and(|role| role != Role::Admin);
            if is_less || change.locked == Some(true) {
                stored.keeps_an_admin_without(name)?;
            }
            let person = stored.person(name)?;
            if person.bound.is_some() && (change.role.is_some() || password.is_some()) {
                return Err(Refusal::ByProvider(name.to_owned()));
            }
            person.locked = change.locked.unwrap_or(person.locked);
            person.role = change.role.unwrap_or(person.role);
            if let Some(folders) = change.folders {
                person.folders = folders;
            }
            if let Some(groups) = change.groups {
                person.groups = groups;
            }
            if password.is_some() {
                person.password = password;
            }
            stored.sessions.retain(|_, session| session.name != name);
            Ok(())
        })?;
        lock(&self.begun).forget(name);
        Ok(())
    }

    /// Whom an identity provider vouches for would come again as somebody new: they stay in the list,
    /// locked. Removed once more they are gone, and their name is free.
    pub fn remove(&self, name: &str) -> Result<(), Refusal> {
        self.change(|stored| {
            stored.keeps_an_admin_without(name)?;
            let person = stored.person(name)?;
            match person.bound {
                Some(_) if !person.locked => {
                    person.locked = true;
                    person.groups.clear();
                    person.folders.clear();
                }
                _ => drop(stored.people.remove(name)),
            }
            stored.sessions.retain(|_, session| session.name != name);
            stored.tokens.retain(|_, token| token.person != name);
            Ok(())
        })?;
        lock(&self.begun).forget(name);
        Ok(())
    }

    /// All or nothing, and durable once it has returned.
    fn change(
        &self,
        change: impl FnOnce(&mut Stored) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut stored = lock(&self.stored);
        let mut changed = stored.clone();
        change(&mut changed)?;
        let text = serde_json::to_vec_pretty(&changed).map_err(std::io::Error::from)?;
        replace_file(&self.path, &text)?;
        *stored = changed;
        Ok(())
    }
}

impl Stored {
    /// Begins a session; gives what its cookie is to hold.
    fn begin(&mut self, name: &str, now: Timestamp) -> Result<String, Refusal> {
        self.sessions.retain(|_, session| session.is_alive(now));
        // The account may have gone while the password was looked at.
        let person = self.people.get_mut(name).ok_or(Refusal::Wrong)?;
        if person.locked {
            return Err(Refusal::Locked(name.to_owned()));
        }
        person.last_seen = Some(now);
        let token = token();
        let session = Session {
            name: name.to_owned(),
            begun: now,
            seen: now,
        };
        self.sessions.insert(hash(&token), session);
        Ok(token)
    }

    fn person(&mut self, name: &str) -> Result<&mut Person, Refusal> {
        let unknown = || Refusal::Unknown(name.to_owned());
        self.people.get_mut(name).ok_or_else(unknown)
    }

    fn keeps_an_admin_without(&self, name: &str) -> Result<(), Refusal> {
        let is_admin =
            |(_, person): &(&String, &Person)| person.role == Role::Admin && !person.locked;
        let admins = self.people.iter().filter(is_admin);
        // What a provider says of others may end with it, so they do not count beside a password.
        let (own, bound): (Vec<_>, Vec<_>) = admins.partition(|(_, person)| person.bound.is_none());
        let counted = if own.is_empty() { bound } else { own };
        match counted[..] {
            [(only, _)] if only == name => Err(Refusal::LastAdmin(name.to_owned())),
            _ => Ok(()),
        }
    }
}

impl Person {
    fn issuer(&self) -> Option<String> {
        self.bound.as_ref().map(|it| it.issuer.clone())
    }
}

impl Session {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen) < IDLE && now.duration_since(self.begun) < LONGEST
    }
}

/// Stands in addresses, in logs and under decisions.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    let begins = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 63 && name.starts_with(begins) && name.chars().all(fits)
}

/// Whether somebody can have these roles in these folders. The folders may not be there yet.
fn are_folders(roles: &FolderRoles) -> Result<(), Refusal> {
    roles
        .iter()
        .try_for_each(|(folder, role)| is_right(folder, *role))
}

fn is_right(folder: &str, role: Role) -> Result<(), Refusal> {
    let is_part = |part: &str| {
        let is_plain = |c: char| !c.is_control() && c != '\\';
        (1..=100).contains(&part.len())
            && part.trim() == part
            && !part.starts_with('.')
            && part.chars().all(is_plain)
    };
    let count = folder.split('/').count();
    if count > DEPTH || !folder.split('/').all(is_part) {
        return Err(Refusal::BadFolder(folder.to_owned()));
    }
    match role {
        Role::None | Role::Admin => Err(Refusal::FolderRole(role.name())),
        Role::Viewer | Role::Handler | Role::Author => Ok(()),
    }
}

/// 256 bits that nobody guesses.
fn token() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn hash(token: &str) -> Hash {
    Hash::of(token.as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
