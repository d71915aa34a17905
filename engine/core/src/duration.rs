//! How long: `10s`, `5m`, `4h`, `2d`, `1h30m`, `1h 30m`; in workflows and in the parameters of bots.
//!
//! Out come milliseconds. Units go from large to small, each once, so that a
//! slip such as `5m10m` is seen. A JSON Schema says `"format": "duration"`, and
//! the bounds in `x-least` and `x-most`, so that the check knows them.

use std::{borrow::Cow, fmt, time};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub u64);

/// A span of time of at least `LEAST` and at most `MOST` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded<const LEAST: u64, const MOST: u64>(Duration);

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Nothing that is waited for is longer than ten years.
pub const LONGEST: u64 = 3_650 * 86_400_000;

impl Duration {
    /// `Err` says what is wrong, as a lower-case fragment.
    pub fn parse(text: &str) -> Result<Duration, String> {
        let refused = || format!("`{text}` is not a duration such as `10s`, `5m` or `1h30m`");
        let (mut rest, mut total, mut units) = (text, 0u64, UNITS.as_slice());
        while !rest.is_empty() {
            let (count, unit, after) = piece(rest).ok_or_else(refused)?;
            let place = units
                .iter()
                .position(|(name, _)| *name == unit)
                .ok_or_else(refused)?;
            total = count
                .checked_mul(units[place].1)
                .and_then(|millis| total.checked_add(millis))
                .filter(|total| *total <= LONGEST)
                .ok_or_else(|| format!("`{text}` is longer than ten years"))?;
            (rest, units) = (after, &units[place + 1..]);
        }
        match text.is_empty() {
            true => Err(refused()),
            false => Ok(Duration(total)),
        }
    }

    /// As [`Duration::parse`], and within the bounds.
    pub fn within(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
        match Duration::parse(text)? {
            short if short < least => Err(format!("`{text}` is too short, it is at least {least}")),
            long if long > most => Err(format!("`{text}` is too long, it is at most {most}")),
            fits => Ok(fits),
        }
    }

    /// As the standard library has it.
    pub fn to_std(self) -> time::Duration {
        time::Duration::from_millis(self.0)
    }
}

/// The number and the unit at the front, and what follows behind at most one blank.
fn piece(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = &text[digits..];
    let end = unit
        .find(|c: char| c.is_ascii_digit() || c == ' ')
        .unwrap_or(unit.len());
    let after = &unit[end..];
    let next = after.strip_prefix(' ').filter(|next| !next.is_empty());
    Some((
        text[..digits].parse().ok()?,
        &unit[..end],
        next.unwrap_or(after),
    ))
}

/// As it is written: `1h 30m`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut blank) = (self.0, "");
        for (unit, millis) in UNITS {
            if rest >= millis {
                write!(f, "{blank}{}{unit}", rest / millis)?;
                (rest, blank) = (rest % millis, " ");
            }
        }
        match self.0 {
            0 => f.write_str("0s"),
            _ => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "duration",
            "pattern": "^([0-9]+d ?)?([0-9]+h ?)?([0-9]+m ?)?([0-9]+s ?)?([0-9]+ms)?$",
            "minLength": 2,
            "examples": ["10s", "5m", "4h", "2d", "1h30m"]
        })
    }
}

impl<const LEAST: u64, const MOST: u64> Bounded<LEAST, MOST> {
    /// The nearest that is within the bounds.
    pub const fn of_millis(millis: u64) -> Bounded<LEAST, MOST> {
        Bounded(Duration(match millis {
            short if short < LEAST => LEAST,
            long if long > MOST => MOST,
            fits => fits,
        }))
    }

    /// As the standard library has it.
    pub fn to_std(self) -> time::Duration {
        self.0.to_std()
    }
}

impl<const LEAST: u64, const MOST: u64> fmt::Display for Bounded<LEAST, MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, const LEAST: u64, const MOST: u64> Deserialize<'de> for Bounded<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = Duration::within(&text, Duration(LEAST), Duration(MOST));
        read.map(Bounded).map_err(D::Error::custom)
    }
}

impl<const LEAST: u64, const MOST: u64> JsonSchema for Bounded<LEAST, MOST> {
    fn schema_name() -> Cow<'static, str> {
        "Bounded".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Duration::json_schema(generator);
        schema.insert("x-least".to_owned(), LEAST.into());
        schema.insert("x-most".to_owned(), MOST.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_milliseconds() {
        for (text, millis) in [
            ("10s", 10_000),
            ("5m", 300_000),
            ("4h", 14_400_000),
            ("2d", 172_800_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("250ms", 250),
            ("0s", 0),
        ] {
            assert_eq!(Duration::parse(text), Ok(Duration(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "10",
            "s",
            "10 s",
            "1m1h",
            "5m5m",
            "-5s",
            "1.5h",
            "10S",
            "9999999d",
            "1w",
            "１s",
            "10s ",
            " 10s",
            "1h  30m",
            "soon",
            "99999999999999999999s",
        ] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for (millis, text) in [
            (90_000, "1m 30s"),
            (1_500, "1s 500ms"),
            (0, "0s"),
            (172_800_000, "2d"),
        ] {
            assert_eq!(Duration(millis).to_string(), text);
            assert_eq!(Duration::parse(text), Ok(Duration(millis)));
        }
    }

    #[test]
    fn bounds_are_kept() {
        let wait = |text: &str| {
            let wait = serde_json::from_value::<Bounded<1, 3_600_000>>(text.into());
            wait.map_or_else(|err| err.to_string(), |wait| wait.to_string())
        };
        assert_eq!(wait("1h"), "1h");
        assert_eq!(wait("90m"), "`90m` is too long, it is at most 1h");
        assert_eq!(wait("0s"), "`0s` is too short, it is at least 1ms");
    }
}
