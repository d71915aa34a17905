//! The helpers on text. Places and lengths count characters, never bytes.

use serde_json::Value;

use super::{
    call::{Args, made},
    error::RenderError,
    evaluate::Evaluation,
    output::printed,
};

/// Longest that `pad_left` and `pad_right` make.
const MAX_WIDTH: i64 = 1000;

pub(super) fn value(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    let result = match args.call.helper {
        "text" => Value::from(printed(args.at(0), &args.name(0))?),
        "upper" => Value::from(args.text(0)?.to_uppercase()),
        "lower" => Value::from(args.text(0)?.to_lowercase()),
        "trim" => Value::from(args.text(0)?.trim()),
        "replace" => Value::from(replace(of, args)?),
        "split" => split(of, args)?,
        "starts_with" => Value::from(args.text(0)?.starts_with(args.text(1)?)),
        "ends_with" => Value::from(args.text(0)?.ends_with(args.text(1)?)),
        "pad_left" => Value::from(filling(args)? + args.text(0)?),
        "pad_right" => Value::from(args.text(0)?.to_owned() + &filling(args)?),
        _ => Value::from(slice(args)?),
    };
    if let Value::String(text) = &result {
        made(of, text.len())?;
    }
    Ok(result)
}

fn replace(of: &Evaluation<'_>, args: &Args<'_>) -> Result<String, RenderError> {
    let (text, from, to) = (args.text(0)?, args.text(1)?, args.text(2)?);
    if from.is_empty() {
        return Err(args.senseless("the text to be replaced is empty"));
    }
    let times = text.matches(from).count();
    made(of, text.len() + times * to.len())?;
    Ok(text.replace(from, to))
}

fn split(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    let (text, separator) = (args.text(0)?, args.text(1)?);
    if separator.is_empty() {
        return Err(args.senseless("the separator is empty"));
    }
    made(of, text.len() + 32 * text.matches(separator).count())?;
    Ok(text.split(separator).map(Value::from).collect())
}

/// What is lacking to a width.
fn filling(args: &Args<'_>) -> Result<String, RenderError> {
    let (text, width) = (args.text(0)?, args.whole(1)?);
    if !(0..=MAX_WIDTH).contains(&width) {
        let why = format!("the length is {width}, but it goes from 0 to {MAX_WIDTH}");
        return Err(args.senseless(why));
    }
    let fill = if args.count() == 3 {
        args.text(2)?
    } else {
        " "
    };
    if fill.chars().count() != 1 {
        return Err(args.senseless(format!("`{fill}` is not a single character")));
    }
    let lacking = usize::try_from(width)
        .unwrap_or(0)
        .saturating_sub(text.chars().count());
    Ok(fill.repeat(lacking))
}

fn slice(args: &Args<'_>) -> Result<String, RenderError> {
    let text = args.text(0)?;
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let place = |at: i64| match at {
        at if at < 0 => length.saturating_add(at).max(0),
        at => at.min(length),
    };
    let start = place(args.whole(1)?);
    let end = if args.count() == 3 {
        place(args.whole(2)?)
    } else {
        length
    };
    let skip = usize::try_from(start).unwrap_or(0);
    let take = usize::try_from(end - start).unwrap_or(0);
    Ok(text.chars().skip(skip).take(take).collect())
}
