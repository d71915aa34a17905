//! One's own account and the second step of signing in, with believable data.

use botswain_console as console;
use botswain_console::{Factor, Frame};
use botswain_views::Role;

use super::{Samples, at};

impl Samples {
    /// Without a second factor, while it is set up, with one, and the page that asks for a code.
    pub(crate) fn account(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
        let address = format!(
            "otpauth://totp/Botswain%20Hansen:maria?secret={secret}&issuer=Botswain%20Hansen"
        );
        let offered = Factor::Offered {
            secret: &self.text(secret),
            address: &address,
        };
        let set = Factor::Set {
            since: at("2026-11-02T09:14:00Z"),
            codes: 9,
        };
        let spares: Vec<String> = (0..10)
            .map(|nth| self.text(&format!("k3x{nth}-p7qa-m2ws-z5t{nth}")))
            .collect();
        let out = Frame {
            person: None,
            ..frame.clone()
        };
        let mut of_folder = frame.clone();
        if let Some(person) = &mut of_folder.person {
            person.role = Role::Viewer;
        }
        let why = self.text("the code is wrong, or was used already");
        let first = (
            &*self.text("half"),
            &*self.text("maria"),
            &*self.text("/inbox"),
        );
        vec![
            (
                "account",
                console::account(frame, Factor::None, (true, Some(&why))),
            ),
            (
                "account-folders",
                console::account(&of_folder, set, (false, None)),
            ),
            (
                "account-offered",
                console::account(frame, offered, (false, None)),
            ),
            (
                "account-provider",
                console::account(
                    frame,
                    Factor::Provider(&self.text("Office 365")),
                    (false, None),
                ),
            ),
            ("account-set", console::account(frame, set, (false, None))),
            (
                "account-made",
                console::account(frame, Factor::Made(&spares), (true, None)),
            ),
            ("login-code", console::second(&out, first, Some(&why))),
        ]
    }
}
