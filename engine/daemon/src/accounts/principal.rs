//! Who asks for something, and what they may.

use botswain_views::{FolderRoles, Role};

/// Who asks for something, and what they may.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    pub name: String,
    pub role: Role,
    /// What else they may in folders of workflows.
    pub folders: FolderRoles,
    pub groups: Vec<String>,
    /// What a form must hold so that it is known to be from this session; none is needed from
    /// whoever may open the socket.
    pub csrf: Option<String>,
    /// The name of the token by which a program acts for them.
    pub token: Option<String>,
    /// Whether more than a password was needed.
    pub factor: bool,
    /// The identity provider that vouches for them; none for those with a password.
    pub issuer: Option<String>,
}

impl Principal {
    /// The user who runs the daemon, over its socket, while nobody has said who that is.
    pub fn local() -> Principal {
        Principal {
            name: crate::daemon::SELF.to_owned(),
            role: Role::Admin,
            folders: FolderRoles::new(),
            groups: Vec::new(),
            csrf: None,
            token: None,
            factor: true,
            issuer: None,
        }
    }

    /// The name under what they do. Only over the socket may a request give another.
    pub fn signs(&self, given: String) -> String {
        match self.is_local() && !given.is_empty() {
            true => given,
            false => self.name.clone(),
        }
    }

    /// Every role that they have somewhere.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        std::iter::once(self.role).chain(self.folders.values().copied())
    }

    /// Whether the operating system has let them in.
    pub fn is_local(&self) -> bool {
        self.csrf.is_none() && self.token.is_none()
    }
}
