//! What starts a workflow by itself, and what it promises, as its author writes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    duration::Duration,
    plan::{Missed, Shift, SignatureKind},
    run::fact::Outcome,
};

/// What starts a workflow: it has exactly one of `cron`, `every`, `files`, `mail`, `webhook` and
/// `finished`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-what" = "a trigger"))]
pub(crate) struct Trigger {
    /// When: `"0 18 * * MON-FRI"`, or `"@daily"`.
    #[schemars(with = "String")]
    pub(crate) cron: Option<String>,
    /// How often, at most once a day: `15m` fires at :00, :15, :30 and :45.
    #[schemars(with = "Duration", extend(
        "x-least" = 1000, "x-most" = 86_400_000,
        "x-instead" = "what comes once in several days has a `cron:`, as in `\"0 7 * * MON\"`"
    ))]
    pub(crate) every: Option<Duration>,
    /// A folder and a pattern for names, as in `inbox/orders/*.csv`: each file is a run.
    #[schemars(with = "String")]
    pub(crate) files: Option<String>,
    /// A connection of kind `imap`: each mail that comes into its folder is a run.
    #[schemars(with = "String")]
    pub(crate) mail: Option<String>,
    /// A path at which another system hands things over, as in `orders`: each delivery is a run.
    #[schemars(with = "String")]
    pub(crate) webhook: Option<String>,
    /// Another workflow: each run of it that ends is a run of this one.
    #[schemars(with = "String")]
    pub(crate) finished: Option<String>,

    /// An IANA zone such as `Europe/Berlin`; the instance's when absent.
    #[schemars(with = "String")]
    pub(crate) timezone: Option<String>,
    /// Which firings are made up for that were due while the daemon was down.
    #[schemars(with = "Missed")]
    pub(crate) missed: Option<Missed>,
    /// The days on which `cron` does not fire.
    #[schemars(with = "Calendar")]
    pub(crate) calendar: Option<Calendar>,
    /// For how long a file must not have changed before it is taken; 2 s when absent.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) settle: Option<Duration>,
    /// The folder that mails come into; `INBOX` when absent.
    #[schemars(with = "String", length(min = 1))]
    pub(crate) folder: Option<String>,
    /// A pattern for the address that a mail comes from, as in `"*@acme.example"`.
    #[schemars(with = "String")]
    pub(crate) from: Option<String>,
    /// A pattern for the subject of a mail, as in `"*order*"`.
    #[schemars(with = "String")]
    pub(crate) subject: Option<String>,
    /// How often it is looked whether mails have come; every minute when absent.
    #[schemars(with = "Duration", extend("x-least" = 1000, "x-most" = 86_400_000))]
    pub(crate) poll: Option<Duration>,
    /// The secret that a delivery has to bring as its bearer token, by its name.
    #[schemars(with = "String")]
    pub(crate) token: Option<String>,
    /// How a delivery is signed.
    #[schemars(with = "Signature")]
    pub(crate) signature: Option<Signature>,
    /// By what a delivery is known again, as in `"{{trigger.body.order}}"`: with the same key it is
    /// one run. Without it the header `Idempotency-Key` counts, when there is one.
    #[schemars(with = "String")]
    pub(crate) key: Option<String>,
    /// The headers of a delivery that the run may see, in `trigger.headers`.
    #[schemars(with = "Vec<String>", length(min = 1, max = 32))]
    pub(crate) headers: Option<Vec<Option<String>>>,
    /// How the run of the other workflow must have ended; `succeeded` when absent.
    #[schemars(with = "Vec<Outcome>", length(min = 1))]
    pub(crate) ended: Option<Vec<Option<Outcome>>>,
    /// The inputs of the run.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) inputs: IndexMap<String, IgnoredAny>,
}

/// A signature of the body, made with a secret that both sides know.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["secret", "header"], "x-what" = "`signature`"))]
pub(crate) struct Signature {
    /// The secret, by its name.
    #[schemars(with = "String")]
    pub(crate) secret: Option<String>,
    /// The header that it stands in, as in `X-Signature`.
    #[schemars(with = "String")]
    pub(crate) header: Option<String>,
    /// How it is made: `sha256` when absent.
    #[schemars(with = "SignatureKind")]
    pub(crate) kind: Option<SignatureKind>,
}

/// Days that are left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["skip"], "x-what" = "`calendar`"))]
pub(crate) struct Calendar {
    /// An iCalendar file of the instance with whole days, as in `holidays.ics`.
    #[schemars(with = "String")]
    pub(crate) skip: Option<String>,
    /// To which working day a firing is moved that falls on one of them, or on a Saturday or
    /// Sunday; it is left out when absent.
    #[schemars(with = "Shift")]
    pub(crate) shift: Option<Shift>,
}

/// So many runs have succeeded by a time of the day.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["before"], "x-what" = "`promise`"))]
pub(crate) struct Promise {
    /// How many; 1 when absent.
    #[schemars(with = "u64", range(min = 1, max = 1_000_000))]
    pub(crate) succeeded: Option<u64>,
    /// The time of the day, as in `"10:00"`.
    #[schemars(with = "String", extend("format" = "time-of-day"))]
    pub(crate) before: Option<String>,
    /// On which days it holds: `working` when absent.
    #[schemars(with = "Days")]
    pub(crate) days: Option<Days>,
    /// An iCalendar file of the instance with days on which nothing is promised.
    #[schemars(with = "String")]
    pub(crate) skip: Option<String>,
    /// An IANA zone; the instance's when absent.
    #[schemars(with = "String")]
    pub(crate) timezone: Option<String>,
}

/// On which days a promise holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Days {
    /// Monday to Friday.
    Working,
    /// Every day of the week.
    Every,
}
