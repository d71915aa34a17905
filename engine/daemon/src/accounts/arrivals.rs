//! Accounts of those whom an identity provider vouches for.
//!
//! Such an account belongs to what the provider calls somebody for good, its
//! issuer and subject, never to a name or an address that others may get. It has
//! no password, and its role is what the provider said at the last login. The
//! name is chosen once, from what the provider tells; one that is taken is never
//! shared, and an account with a password is never taken over.

use std::net::IpAddr;

use botswain_views::{FolderRoles, Role};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Accounts, Person, Refusal, Stored, is_name, lock};
use crate::daemon::SELF;

/// How long what the provider said of somebody counts for their tokens: whoever has left is to be
/// left with nothing, though nobody told Botswain.
const CREDIT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The longest name that is shown of what a provider calls somebody.
const LONGEST: usize = 100;

/// To whom an account belongs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bound {
    pub(super) issuer: String,
    subject: String,
    pub(super) full_name: Option<String>,
    /// When the provider vouched for them last.
    vouched: Timestamp,
}

/// Somebody of whom the provider has just spoken.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub issuer: String,
    pub subject: String,
    /// What could be their name here, the best first.
    pub names: Vec<String>,
    pub full_name: Option<String>,
    pub role: Role,
}

impl Bound {
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.vouched) > CREDIT
    }

    fn is_of(&self, arrival: &Arrival) -> bool {
        self.issuer == arrival.issuer && self.subject == arrival.subject
    }
}

impl Accounts {
    /// Whether somebody may come by the provider now, from an address that has not failed too often.
    pub fn admits_arrival(&self, from: IpAddr) -> Result<(), Refusal> {
        lock(&self.throttle).admits_arrival(from, Timestamp::now())
    }

    pub fn failed_arrival(&self, from: IpAddr) {
        lock(&self.throttle).failed_arrival(from, Timestamp::now());
    }

    /// The name of somebody's account, or the one that it would get; whether it is there.
    pub fn name_of(&self, arrival: &Arrival) -> Result<(String, bool), Refusal> {
        let stored = lock(&self.stored);
        match stored.bound_to(arrival) {
            Some(name) => Ok((name, true)),
            None => Ok((stored.free_name(arrival)?, false)),
        }
    }

    /// Lets somebody in by their account, which is made when it is not there; gives what their
    /// cookie is to hold.
    pub fn arrive(&self, arrival: &Arrival, from: IpAddr) -> Result<String, Refusal> {
        let now = Timestamp::now();
        let mut session = String::new();
        self.change(|stored| {
            let name = match stored.bound_to(arrival) {
                Some(name) => name,
                None => stored.admit(arrival, now)?,
            };
            let person = stored.person(&name)?;
            person.role = arrival.role;
            if let Some(bound) = &mut person.bound {
                bound.full_name = arrival.full_name.as_deref().and_then(shown);
                bound.vouched = now;
            }
            session = stored.begin(&name, now)?;
            Ok(())
        })?;
        lock(&self.throttle).arrived(from);
        Ok(session)
    }
}

impl Stored {
    fn bound_to(&self, arrival: &Arrival) -> Option<String> {
        let is_theirs = |it: &&(&String, &Person)| {
            let bound = it.1.bound.as_ref();
            bound.is_some_and(|bound| bound.is_of(arrival))
        };
        let found = self.people.iter().find(|it| is_theirs(&it));
        found.map(|(name, _)| name.clone())
    }

    fn free_name(&self, arrival: &Arrival) -> Result<String, Refusal> {
        let mut names = arrival.names.iter().map(|it| plain(it));
        // The daemon signs what it does by itself.
        let name = names.find(|it| is_name(it) && it != SELF);
        let name = name.ok_or_else(|| Refusal::BadName(arrival.subject.clone()))?;
        match self.people.contains_key(&name) {
            true => Err(Refusal::NameTaken(name)),
            false => Ok(name),
        }
    }

    fn admit(&mut self, arrival: &Arrival, now: Timestamp) -> Result<String, Refusal> {
        let name = self.free_name(arrival)?;
        let person = Person {
            role: arrival.role,
            folders: FolderRoles::new(),
            groups: Vec::new(),
            password: None,
            created: now,
            last_seen: None,
            factor: None,
            bound: Some(Bound {
                issuer: arrival.issuer.clone(),
                subject: arrival.subject.clone(),
                full_name: None,
                vouched: now,
            }),
            locked: false,
        };
        self.people.insert(name.clone(), person);
        Ok(name)
    }
}

/// A name as names are here, as far as it can be one.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "-")
}

/// On one line, not too long, and without what turns the letters after it around.
fn shown(name: &str) -> Option<String> {
    let is_plain = |c: &char| {
        let turns = matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !c.is_control() && !turns
    };
    let name: String = name.trim().chars().filter(is_plain).take(LONGEST).collect();
    Some(name).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Change, tests::folder},
        *,
    };
    use crate::accounts::NewToken;

    const OFFICE: &str = "https://login.example.com/office";

    fn here() -> IpAddr {
        [127, 0, 0, 1].into()
    }

    fn arrival(subject: &str, names: &[&str], role: Role) -> Arrival {
        Arrival {
            issuer: OFFICE.to_owned(),
            subject: subject.to_owned(),
            names: names.iter().map(|it| (*it).to_owned()).collect(),
            full_name: Some("Maria\n\u{202e}Hansen".to_owned()),
            role,
        }
    }

    /// As an admin with a password.
    async fn let_ann_in(accounts: &Accounts) {
        let password = "correct horse battery".to_owned();
        let added = accounts.add("ann", password, (Role::Admin, Vec::new()));
        added.await.unwrap();
    }

    fn token_of_maria(accounts: &Accounts) -> String {
        let new = NewToken {
            person: "maria".to_owned(),
            name: "report".to_owned(),
            role: Role::Viewer,
            folders: Vec::new(),
            expires: Timestamp::now() + SignedDuration::from_hours(1),
        };
        accounts.add_token(new).unwrap()
    }

    #[tokio::test]
    async fn an_account_belongs_to_a_subject_and_never_to_a_name() {
        let (_folder, private) = folder();
        let accounts = Accounts::open(&private).unwrap();
        let_ann_in(&accounts).await;
        // Whoever calls themselves as somebody else here gets nothing of theirs.
        let eve = arrival("7", &["Ann"], Role::Admin);
        let taken = accounts.arrive(&eve, here());
        assert!(matches!(taken, Err(Refusal::NameTaken(name)) if name == "ann"));
        assert_eq!(accounts.people().len(), 1);

        let maria = arrival("8", &["Мария", "Maria.Hansen@example.com"], Role::Handler);
        let session = accounts.arrive(&maria, here()).unwrap();
        let principal = accounts.principal(&session).unwrap();
        assert_eq!(
            (principal.name.as_str(), principal.role, principal.factor),
            ("maria.hansen@example.com", Role::Handler, true)
        );
        assert_eq!(principal.issuer.as_deref(), Some(OFFICE));
        assert_eq!(
            accounts.people()[1].full_name.as_deref(),
            Some("MariaHansen")
        );

        // Another name and another group at the provider: the same account, as it is there now.
        let renamed = arrival("8", &["maria.olsen"], Role::Viewer);
        accounts.arrive(&renamed, here()).unwrap();
        assert_eq!(accounts.people().len(), 2);
        assert_eq!(accounts.principal(&session).unwrap().role, Role::Viewer);

        // The same subject at another provider is somebody else.
        let elsewhere = Arrival {
            issuer: "https://evil.example".to_owned(),
            ..maria.clone()
        };
        let taken = accounts.arrive(&elsewhere, here());
        assert!(matches!(taken, Err(Refusal::NameTaken(_))), "{taken:?}");

        let role = Change {
            role: Some(Role::Admin),
            ..Change::default()
        };
        let password = Change {
            password: Some("correct donkey battery".to_owned()),
            ..Change::default()
        };
        for change in [role, password] {
            let refused = accounts.alter("maria.hansen@example.com", change).await;
            assert!(matches!(refused, Err(Refusal::ByProvider(_))));
        }
        let given = accounts.sign_in("maria.hansen@example.com", String::new(), here());
        assert!(matches!(given.await, Err(Refusal::Wrong)));
    }

    #[tokio::test]
    async fn whoever_is_removed_stays_out_until_somebody_lets_them_in_again() {
        let (_folder, private) = folder();
        let accounts = Accounts::open(&private).unwrap();
        let maria = arrival("8", &["maria"], Role::Handler);
        let session = accounts.arrive(&maria, here()).unwrap();
        let token = token_of_maria(&accounts);
        let is_in = |token: &str| accounts.bearer(token, here()).is_ok();
        assert!(is_in(&token));

        let locked = |locked| Change {
            locked: Some(locked),
            ..Change::default()
        };
        accounts.alter("maria", locked(true)).await.unwrap();
        assert!(accounts.principal(&session).is_none() && !is_in(&token));
        let out = accounts.arrive(&maria, here());
        assert!(matches!(out, Err(Refusal::Locked(_))), "{out:?}");
        accounts.alter("maria", locked(false)).await.unwrap();
        assert!(is_in(&token));
        accounts.arrive(&maria, here()).unwrap();

        accounts.remove("maria").unwrap();
        assert!(!is_in(&token));
        let out = accounts.arrive(&maria, here());
        assert!(matches!(out, Err(Refusal::Locked(_))), "{out:?}");
        accounts.alter("maria", locked(false)).await.unwrap();
        accounts.arrive(&maria, here()).unwrap();
        assert!(!is_in(&token));

        // Once more, and the name is free for whoever comes from another provider.
        accounts.remove("maria").unwrap();
        accounts.remove("maria").unwrap();
        let issuer = "https://login.example.com/other".to_owned();
        let anew = Arrival { issuer, ..maria };
        accounts.arrive(&anew, here()).unwrap();
    }

    #[tokio::test]
    async fn an_admin_of_a_provider_does_not_stand_in_for_one_with_a_password() {
        let (_folder, private) = folder();
        let accounts = Accounts::open(&private).unwrap();
        let_ann_in(&accounts).await;
        let maria = arrival("8", &["botswain", "maria"], Role::Admin);
        accounts.arrive(&maria, here()).unwrap();
        let names: Vec<String> = accounts.people().into_iter().map(|it| it.name).collect();
        // Nobody is called as the daemon is.
        assert_eq!(names, ["ann", "maria"]);
        assert!(matches!(accounts.remove("ann"), Err(Refusal::LastAdmin(_))));
        accounts.remove("maria").unwrap();
    }

    #[tokio::test]
    async fn a_token_rests_when_the_provider_has_not_vouched_for_its_person_for_long() {
        let (_folder, private) = folder();
        let accounts = Accounts::open(&private).unwrap();
        let maria = arrival("8", &["maria"], Role::Handler);
        accounts.arrive(&maria, here()).unwrap();
        let token = token_of_maria(&accounts);
        let long_ago = Timestamp::now() - CREDIT - SignedDuration::from_secs(1);
        let age = |stored: &mut Stored| {
            let person = stored.person("maria")?;
            person.bound.as_mut().unwrap().vouched = long_ago;
            Ok(())
        };
        accounts.change(age).unwrap();
        assert!(accounts.bearer(&token, here()).is_err());
        accounts.arrive(&maria, here()).unwrap();
        assert!(accounts.bearer(&token, here()).is_ok());
    }
}
