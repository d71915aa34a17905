//! What an unexpected status means for the step.

use botswain_bot::Fault;
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{self, HeaderMap},
};

/// Whether a request with an unexpected status has been acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The server says that it did nothing yet; later it may.
    Later,
    /// The server says that it will not do this.
    Refused,
    /// The server failed on the way; what it did is unknown.
    Failed,
    /// The server did something, but not what the step expects.
    Unexpected,
}

impl Verdict {
    pub(super) fn of(status: StatusCode) -> Verdict {
        match status.as_u16() {
            408 | 425 | 429 | 503 => Verdict::Later,
            400..500 | 501 | 505 => Verdict::Refused,
            500..600 => Verdict::Failed,
            _ => Verdict::Unexpected,
        }
    }

    /// Whether the effect of the request may have taken place.
    pub(super) fn is_doubtful(self) -> bool {
        matches!(self, Verdict::Failed | Verdict::Unexpected)
    }

    pub(super) fn fault(self, status: StatusCode, message: String, headers: &HeaderMap) -> Fault {
        let fault = match self {
            Verdict::Later => Fault::system("http.busy", message),
            Verdict::Failed => Fault::system("http.server", message),
            Verdict::Refused | Verdict::Unexpected => Fault::business("http.status", message),
        };
        let fault = match (self, status.as_u16()) {
            (_, 401 | 403) => fault.hint("look at the `auth` of the connection"),
            (Verdict::Unexpected, _) => {
                fault.hint("write `expect:` with this status if it is a good answer")
            }
            _ => fault,
        };
        match retry_after(headers).filter(|_| matches!(self, Verdict::Later | Verdict::Failed)) {
            Some(millis) => fault.retry_after(millis),
            None => fault,
        }
    }
}

/// `Retry-After` in milliseconds from now (RFC 9110, 10.2.3): seconds, or a date, which is
/// measured by the server's own clock where it tells that.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let moment = |text: &str| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let then = moment(text)?;
    let told = headers
        .get(header::DATE)
        .and_then(|date| moment(date.to_str().ok()?));
    let now = told.unwrap_or_else(Timestamp::now);
    u64::try_from(then.duration_since(now).as_millis().max(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let parse = |pairs: &[(&'static str, &'static str)]| {
            let header = |(name, value): &(&'static str, &'static str)| {
                (
                    name.parse().expect("a name"),
                    value.parse().expect("a value"),
                )
            };
            retry_after(&pairs.iter().map(header).collect())
        };
        assert_eq!(parse(&[("retry-after", "120")]), Some(120_000));
        let date = ("date", "Fri, 31 Dec 1999 23:59:00 GMT");
        assert_eq!(
            parse(&[date, ("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")]),
            Some(59_000)
        );
        assert_eq!(
            parse(&[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")]),
            Some(0)
        );
        assert_eq!(parse(&[("retry-after", "soon")]), None);
        assert_eq!(parse(&[]), None);
    }
}
