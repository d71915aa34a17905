//! A real Postfix that takes mail for `ops@example.com` and refuses all others.
//!
//! It listens on a port of its own, offers STARTTLS under its own authority, and
//! delivers into a maildir. Postfix changes users as it works, so it must be
//! started by root, and the folder above must let those users in.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::unistd::{Group, User};

use crate::{
    certificates::Certificates,
    server::{PATIENCE, end, free_ports, greets, open_to_all},
};

const PROGRAMS: &str = "/usr/lib/postfix/sbin";

pub struct Postfix {
    folder: tempfile::TempDir,
    master: Child,
    port: u16,
    port_in_tls: u16,
    certificates: Certificates,
}

impl Postfix {
    /// Starts one and waits until it greets.
    pub fn start() -> Postfix {
        let folder = tempfile::tempdir().expect("a temporary folder");
        open_to_all(folder.path());
        let certificates = Certificates::make(folder.path());
        let (port, port_in_tls) = free_ports();
        lay_out(folder.path());
        configure(folder.path(), &certificates, (port, port_in_tls));
        let master = Command::new(format!("{PROGRAMS}/master"))
            .arg("-c")
            .arg(folder.path().join("etc"))
            .arg("-d")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`postfix` is installed");
        let postfix = Postfix {
            folder,
            master,
            port,
            port_in_tls,
            certificates,
        };
        postfix.wait("a greeting", || postfix.greets().then_some(()));
        postfix
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

    /// The mails that have arrived, once there are at least `count`, oldest first.
    pub fn mails(&self, count: usize) -> Vec<String> {
        self.wait("the mails", || {
            let mails = self.arrived();
            (mails.len() >= count).then_some(mails)
        })
    }

    /// The mails that are there now.
    pub fn arrived(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail/ops/new")) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        let read = |path: &PathBuf| fs::read_to_string(path).expect("a mail");
        paths.iter().map(read).collect()
    }

    fn greets(&self) -> bool {
        greets(self.port, "220")
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("no sign of {what} from postfix; its log:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        end(&mut self.master);
    }
}

/// The folders that Postfix expects, with the owners it insists on.
fn lay_out(folder: &Path) {
    let user = User::from_name("postfix")
        .expect("users")
        .expect("the user `postfix`");
    let drop = Group::from_name("postdrop")
        .expect("groups")
        .expect("the group `postdrop`");
    let make = |path: String, owner: Option<u32>, group: Option<u32>| {
        let path = folder.join(path);
        fs::create_dir_all(&path).expect("a folder");
        chown(&path, owner, group).expect("postfix is started by root");
        path
    };
    let postfix = Some(user.uid.as_raw());
    make("etc".to_owned(), None, None);
    open_to_all(&make("queue".to_owned(), None, None));
    for name in [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
        "saved", "trace",
    ] {
        make(format!("queue/{name}"), postfix, None);
    }
    make("queue/pid".to_owned(), None, None);
    for name in ["public", "maildrop"] {
        make(format!("queue/{name}"), postfix, Some(drop.gid.as_raw()));
    }
    make("data".to_owned(), postfix, None);
    make("mail".to_owned(), postfix, None);
}

fn configure(folder: &Path, certificates: &Certificates, (port, port_in_tls): (u16, u16)) {
    let user = User::from_name("postfix")
        .expect("users")
        .expect("the user `postfix`");
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("written");
    let (dir, uid) = (folder.display(), user.uid);
    write("etc/mailboxes", "ops@example.com ops/\n".to_owned());
    write(
        "etc/main.cf",
        format!(
            "compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
daemon_directory = {PROGRAMS}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mail.test.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
virtual_mailbox_domains = example.com
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = texthash:{dir}/etc/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_transport = error:no mail leaves a test
",
            cert = certificates.certificate.display(),
            key = certificates.key.display(),
            gid = user.gid,
        ),
    );
    write(
        "etc/master.cf",
        format!(
            "127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{port_in_tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"
        ),
    );
}
