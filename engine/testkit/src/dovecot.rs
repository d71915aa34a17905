//! A Dovecot that keeps the mail of one user, `orders@example.com`.
//!
//! It runs in a temporary folder with a configuration of its own, in the clear on
//! one port and in TLS on another. Mails are put into its folders as a delivery
//! agent does. Dovecot gives away rights as it works, so it must be started by
//! root, and the folder above must let those users in.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::unistd::User;

use crate::{
    certificates::Certificates,
    server::{PATIENCE, end, free_ports, greets, open_to_all},
};

pub const USER: &str = "orders@example.com";
pub const PASSWORD: &str = "password-of-orders";

pub struct Dovecot {
    folder: tempfile::TempDir,
    master: Option<Child>,
    port: u16,
    port_in_tls: u16,
    certificates: Certificates,
    delivered: usize,
}

impl Dovecot {
    /// Starts one and waits until it greets.
    pub fn start() -> Dovecot {
        let folder = tempfile::tempdir().expect("a temporary folder");
        open_to_all(folder.path());
        let certificates = Certificates::make(folder.path());
        let (port, port_in_tls) = free_ports();
        configure(folder.path(), &certificates, (port, port_in_tls));
        let mut dovecot = Dovecot {
            folder,
            master: None,
            port,
            port_in_tls,
            certificates,
            delivered: 0,
        };
        dovecot.make_folder("");
        dovecot.up();
        dovecot
    }

    /// On `localhost`, with STARTTLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// On `localhost`, in TLS from the first byte on.
    pub fn port_in_tls(&self) -> u16 {
        self.port_in_tls
    }

    /// The certificate of the authority that vouches for it.
    pub fn ca(&self) -> &Path {
        &self.certificates.ca
    }

    /// Puts a mail into `INBOX`, as it stands.
    pub fn deliver(&mut self, mail: &str) {
        self.deliver_into("", mail);
    }

    /// Puts a mail into another folder, which is made if it is not there.
    pub fn deliver_into(&mut self, folder: &str, mail: &str) {
        self.make_folder(folder);
        self.delivered += 1;
        let name = format!("{:09}.test", self.delivered);
        let base = self.maildir(folder);
        let (draft, there) = (base.join("tmp").join(&name), base.join("new").join(&name));
        fs::write(&draft, mail).expect("a mail");
        give_away(&draft);
        fs::rename(&draft, &there).expect("delivered");
    }

    /// How many mails of `INBOX` somebody has marked, moved or deleted.
    pub fn touched(&self) -> usize {
        let base = self.maildir("");
        // Dovecot takes what it has seen from `new` to `cur`; the flags stand behind `:2,`.
        let names = ["new", "cur"].into_iter().flat_map(|part| {
            let entries = fs::read_dir(base.join(part)).expect("a folder");
            entries.map(|entry| entry.expect("an entry").file_name())
        });
        let unmarked = names.filter(|name| {
            let name = name.to_string_lossy();
            name.split_once(":2,")
                .is_none_or(|(_, flags)| flags.is_empty())
        });
        self.delivered - unmarked.count()
    }

    /// Ends it; the mails stay.
    pub fn down(&mut self) {
        if let Some(mut master) = self.master.take() {
            end(&mut master);
        }
    }

    /// Starts it again at the same ports.
    pub fn up(&mut self) {
        let master = Command::new("dovecot")
            .arg("-F")
            .arg("-c")
            .arg(self.folder.path().join("dovecot.conf"))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`dovecot-imapd` is installed");
        self.master = Some(master);
        let until = Instant::now() + PATIENCE;
        while !self.greets() {
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("no greeting from dovecot; its log:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Numbers the mails of `INBOX` anew, as a server does that was moved or mended.
    pub fn renumber(&mut self) {
        self.down();
        let base = self.maildir("");
        let list = base.join("dovecot-uidlist");
        let text = fs::read_to_string(&list).expect("the numbers of the mails");
        let (head, mails) = text.split_once('\n').expect("a head");
        let anew = head.split(' ').map(|field| match field.strip_prefix('V') {
            Some(validity) => format!("V{}", validity.parse::<u32>().expect("a number") + 1),
            None => field.to_owned(),
        });
        let head = anew.collect::<Vec<_>>().join(" ");
        fs::write(&list, format!("{head}\n{mails}")).expect("written");
        for entry in fs::read_dir(&base).expect("a folder").flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with("dovecot.index")
            {
                fs::remove_file(entry.path()).expect("removed");
            }
        }
        self.up();
    }

    fn greets(&self) -> bool {
        greets(self.port, "* OK")
    }

    /// Maildir++: other folders lie in that of `INBOX`, a dot before their names.
    fn maildir(&self, folder: &str) -> PathBuf {
        let inbox = self.folder.path().join("mail").join(USER);
        match folder {
            "" => inbox,
            folder => inbox.join(format!(".{folder}")),
        }
    }

    fn make_folder(&self, folder: &str) {
        let base = self.maildir(folder);
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(base.join(part)).expect("a folder");
            give_away(&base.join(part));
        }
        give_away(&base);
        give_away(&self.folder.path().join("mail"));
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.down();
    }
}

fn configure(folder: &Path, certificates: &Certificates, (port, port_in_tls): (u16, u16)) {
    let (dir, user) = (folder.display(), mail_user());
    let users = format!("{USER}:{{PLAIN}}{PASSWORD}\n");
    fs::write(folder.join("users"), users).expect("written");
    // It is read by the user `dovecot`.
    fs::set_permissions(folder.join("users"), Permissions::from_mode(0o644)).expect("our own file");
    let text = format!(
        "base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{dir}/mail/%u
first_valid_uid = {uid}
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = passwd-file
  args = {dir}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {port_in_tls}
    ssl = yes
  }}
}}
",
        cert = certificates.certificate.display(),
        key = certificates.key.display(),
        uid = user.uid,
        gid = user.gid,
    );
    fs::write(folder.join("dovecot.conf"), text).expect("written");
}

/// Who owns the mails; every Debian has it.
fn mail_user() -> User {
    User::from_name("mail")
        .expect("users")
        .expect("the user `mail`")
}

fn give_away(path: &Path) {
    let user = mail_user();
    let (owner, group) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
    chown(path, owner, group).expect("dovecot is started by root");
}
