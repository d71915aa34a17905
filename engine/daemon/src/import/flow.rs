//! What was done in a browser, whichever recorder wrote it down.
//!
//! Locators are those of `browser.do` already, with their alternatives in the
//! order of the recording; nothing is decided yet about inputs and secrets.

/// A recording.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) title: String,
    /// The program that has recorded it.
    pub(super) recorder: &'static str,
    /// The window's size in CSS pixels.
    pub(super) window: Option<(u64, u64)>,
    /// The longest that one of its steps waits, in milliseconds.
    pub(super) wait: u64,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    /// As people count it, as in `step 3`.
    pub(super) place: String,
    /// The frames around it, outermost first.
    pub(super) frames: Vec<String>,
    pub(super) act: Act,
    /// What of it is not carried over.
    pub(super) left: Vec<String>,
    /// The page that it led to.
    pub(super) arrival: Option<Arrival>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// A whole address.
    Open(String),
    Enter {
        field: Target,
        value: String,
        /// What the recording calls the value.
        called: Option<String>,
        how: How,
    },
    Click(Target),
    /// Says itself that it saves.
    Submit(Target),
    DoubleClick(Target),
    RightClick(Target),
    Hover(Target),
    Tick(Target, bool),
    Scroll {
        element: Option<Target>,
        to: Option<(u64, u64)>,
    },
    /// A key as `browser.do` writes it.
    Press(String),
    Look(Look),
    Read {
        name: String,
        from: Target,
    },
    /// It has no counterpart.
    Nothing,
}

/// How many frames may lie around an element.
pub(super) const DEEPEST: usize = 8;

/// How a value gets into its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Fill,
    /// Key by key, the focus stays.
    Type,
    Select,
}

/// What the page must show.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Look {
    /// A mistake when it does not, rather than a reason to wait.
    pub(super) expect: bool,
    pub(super) text: Option<String>,
    pub(super) element: Option<Target>,
    pub(super) gone: Option<Target>,
    pub(super) url: Option<String>,
    pub(super) title: Option<String>,
    /// Milliseconds.
    pub(super) wait: Option<u64>,
}

/// The page that came after a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arrival {
    pub(super) url: String,
    pub(super) title: String,
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Target {
    /// Locators, in order, at least one.
    pub(super) alternatives: Vec<String>,
    /// What people call it.
    pub(super) label: Option<String>,
    /// What the page calls it.
    pub(super) id: Option<String>,
}

/// Words that make a field one for secrets, in the languages that recordings come in.
const SECRET: &[&str] = &[
    "passw",
    "passwd",
    "passcode",
    "passphrase",
    "pwd",
    "kennwort",
    "mot de passe",
    "motdepasse",
    "contraseña",
    "contrasena",
    "senha",
    "wachtwoord",
    "lösenord",
    "hasło",
    "пароль",
    "密码",
    "密碼",
    "口令",
    "secret",
    "token",
    "api key",
    "apikey",
    "api_key",
];
/// The same where they are a word of their own.
const SECRET_WORDS: &[&str] = &["pin", "otp", "cvv", "cvc", "tan", "pass", "pw"];
/// What a button is called that saves, sends or orders.
const SAVES: &[&str] = &[
    "save",
    "submit",
    "send",
    "create",
    "add",
    "order",
    "book",
    "confirm",
    "place",
    "post",
    "pay",
    "speichern",
    "sichern",
    "senden",
    "absenden",
    "anlegen",
    "buchen",
    "bestellen",
    "bestätigen",
    "enregistrer",
    "envoyer",
    "valider",
    "créer",
    "guardar",
    "enviar",
    "crear",
    "salvar",
    "salva",
    "opslaan",
    "保存",
    "提交",
    "确定",
    "發送",
    "发送",
];

impl Target {
    pub(super) fn is_same(&self, other: &Target) -> bool {
        let mut own = self.alternatives.iter();
        own.any(|one| other.alternatives.contains(one))
    }

    /// Whether what is typed there is nobody's business.
    pub(super) fn is_secret(&self) -> bool {
        let names = self.label.iter().chain(&self.id).chain(&self.alternatives);
        let mut names = names.map(|name| name.to_lowercase());
        names.any(|name| is_secret_name(&name))
    }

    /// Whether it looks like a button that saves.
    pub(super) fn saves(&self) -> bool {
        let typed = |one: &String| {
            let one = one.replace(['"', '\''], "");
            one.contains("type=submit") && !one.contains(":not([type=submit")
        };
        let label = self.label.as_deref().unwrap_or_default().to_lowercase();
        let mut words = label.split(|c: char| !c.is_alphanumeric());
        self.alternatives.iter().any(typed) || words.any(|word| SAVES.contains(&word))
    }

    /// Whether it is an entry of a list.
    pub(super) fn is_entry(&self) -> bool {
        self.alternatives.iter().any(|one| {
            let last = one.rsplit(['/', ' ', '>', '=']).next().unwrap_or_default();
            last == "option" || last.starts_with("option:") || last.starts_with("option[")
        })
    }
}

/// `name` in lower case.
pub(super) fn is_secret_name(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    SECRET.iter().any(|part| name.contains(part)) || words.any(|word| SECRET_WORDS.contains(&word))
}
