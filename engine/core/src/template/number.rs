//! Exact decimal numbers: what is added up is what is printed.
//!
//! A number keeps the digits it was written with; a result has the digits that
//! the sum or product has on paper. What 28 digits cannot hold is an error,
//! never rounded silently.

use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value};

use super::{
    call::Args,
    error::{ARGUMENT, RenderError},
};

/// Digits after the point that a person may ask for.
const MAX_DIGITS: i64 = 20;

pub(super) fn value(args: &Args<'_>) -> Result<Value, RenderError> {
    match args.call.helper {
        "add" => fold(args, add),
        "mul" => fold(args, mul),
        "sub" => fold(args, |a, b| add(a, -b)),
        "min" => fold(args, |a, b| Some(if b < a { b } else { a })),
        "max" => fold(args, |a, b| Some(if b > a { b } else { a })),
        "div" => div(args),
        "mod" => remainder(args),
        "round" => Ok(json(rounded(args, args.number(0)?, 1)?)),
        "floor" => Ok(json(args.number(0)?.floor())),
        "ceil" => Ok(json(args.number(0)?.ceil())),
        "abs" => Ok(json(args.number(0)?.abs())),
        "number" => Ok(json(said(args)?)),
        "integer" => integer(args),
        "decimal" => decimal(args),
        _ => format_number(args),
    }
}

/// A number of JSON, digit by digit.
pub(super) fn exact(number: &Number) -> Result<Decimal, RenderError> {
    let text = number.to_string();
    let parsed = match text.contains(['e', 'E']) {
        true => Decimal::from_scientific(&text),
        false => Decimal::from_str_exact(&text),
    };
    parsed.map_err(|_| {
        RenderError::new(ARGUMENT, format!("the number {text} has too many digits"))
            .hint("28 digits can be computed with")
    })
}

pub(super) fn json(number: Decimal) -> Value {
    let number = if number.is_zero() {
        number.abs()
    } else {
        number
    };
    let text = number.to_string();
    Number::from_str(&text).map_or_else(|_| Value::from(text), Value::Number)
}

pub(super) fn add(a: Decimal, b: Decimal) -> Option<Decimal> {
    let sum = a.checked_add(b)?;
    (sum.scale() == a.scale().max(b.scale())).then_some(sum)
}

fn mul(a: Decimal, b: Decimal) -> Option<Decimal> {
    let whole = |a: Decimal, b: Decimal| {
        let product = a.checked_mul(b)?;
        (product.scale() == a.scale() + b.scale() || a.is_zero() || b.is_zero()).then_some(product)
    };
    whole(a, b).or_else(|| whole(a.normalize(), b.normalize()))
}

pub(super) fn overflow(helper: &str) -> RenderError {
    RenderError::new(
        ARGUMENT,
        format!("`{helper}`: the result has too many digits"),
    )
    .hint("28 digits can be computed with; `round` what goes in")
}

fn fold(
    args: &Args<'_>,
    step: impl Fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<Value, RenderError> {
    let mut result = args.number(0)?;
    for place in 1..args.count() {
        let next = args.number(place)?;
        result = step(result, next).ok_or_else(|| overflow(args.call.helper))?;
    }
    Ok(json(result))
}

/// What is divided, and by what.
fn divided(args: &Args<'_>) -> Result<(Decimal, Decimal), RenderError> {
    let (a, b) = (args.number(0)?, args.number(1)?);
    match b.is_zero() {
        true => Err(args.senseless(format!("{} is 0", args.name(1)))),
        false => Ok((a, b)),
    }
}

fn remainder(args: &Args<'_>) -> Result<Value, RenderError> {
    let (a, b) = divided(args)?;
    a.checked_rem(b).map(json).ok_or_else(|| overflow("mod"))
}

fn div(args: &Args<'_>) -> Result<Value, RenderError> {
    let (a, b) = divided(args)?;
    let quotient = a.checked_div(b).ok_or_else(|| overflow("div"))?;
    Ok(json(rounded(args, quotient, 2)?))
}

/// To the digits that the argument at `place` says, by the rule behind it.
fn rounded(args: &Args<'_>, number: Decimal, place: usize) -> Result<Decimal, RenderError> {
    let digits = digits(args, place)?;
    let rule = match args.count() > place + 1 {
        true => args.text(place + 1)?,
        false => "half_up",
    };
    let strategy = match rule {
        "half_up" => RoundingStrategy::MidpointAwayFromZero,
        "half_even" => RoundingStrategy::MidpointNearestEven,
        other => {
            let error = args.senseless(format!("there is no way of rounding `{other}`"));
            return Err(error.hint("there is `half_up` and `half_even`"));
        }
    };
    scaled(number.round_dp_with_strategy(digits, strategy), digits)
        .ok_or_else(|| overflow(args.call.helper))
}

fn digits(args: &Args<'_>, place: usize) -> Result<u32, RenderError> {
    let digits = args.whole(place)?;
    match u32::try_from(digits) {
        Ok(fits) if digits <= MAX_DIGITS => Ok(fits),
        _ => {
            let why = format!("{digits} digits after the point; 0 to {MAX_DIGITS} are possible");
            Err(args.senseless(why))
        }
    }
}

/// With exactly so many digits after the point, unless that changes what it is worth.
fn scaled(number: Decimal, digits: u32) -> Option<Decimal> {
    let mut scaled = number;
    scaled.rescale(digits);
    (scaled == number && scaled.scale() == digits).then_some(scaled)
}

/// What a text says, or the number itself.
fn said(args: &Args<'_>) -> Result<Decimal, RenderError> {
    let Value::String(text) = args.at(0) else {
        return match args.at(0) {
            Value::Number(number) => exact(number),
            _ => Err(args.wrong(0, "a text that is a number")),
        };
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(args
            .wrong(0, "a text such as `-1234.50`")
            .hint("take out what is no digit, as in `(number (replace amount \",\" \"\"))`"));
    }
    Decimal::from_str_exact(text).map_err(|_| overflow(args.call.helper))
}

fn integer(args: &Args<'_>) -> Result<Value, RenderError> {
    let number = said(args)?;
    match number.fract().is_zero() {
        true => Ok(json(number.trunc())),
        false => Err(args
            .senseless(format!("{number} is not a whole number"))
            .hint("say what becomes of the fraction: `round`, `floor` or `ceil`")),
    }
}

fn decimal(args: &Args<'_>) -> Result<Value, RenderError> {
    let (number, digits) = (said(args)?, digits(args, 1)?);
    scaled(number, digits).map(json).ok_or_else(|| {
        args.senseless(format!(
            "{number} does not go into {digits} digits after the point"
        ))
        .hint("say how it is rounded, by `round`")
    })
}

fn format_number(args: &Args<'_>) -> Result<Value, RenderError> {
    let text = rounded(args, args.number(0)?, 1)?;
    let group = args.option("group")?.unwrap_or("");
    let point = args.option("point")?.unwrap_or(".");
    let negative = text.is_sign_negative() && !text.is_zero();
    let text = text.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut result = String::from(if negative { "-" } else { "" });
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            result.push_str(group);
        }
        result.push(digit);
    }
    if !fraction.is_empty() {
        result.push_str(point);
        result.push_str(fraction);
    }
    Ok(Value::from(result))
}
