//! Charts as SVG, drawn by `plotters`: bars by day, and bars in the order of their length.
//!
//! The library knows colours, our sheet knows themes: each thing is drawn in a
//! colour that stands for a class and is given the class in its place, so nothing
//! is said inline. What would be too small on a phone is drawn twice, and the
//! sheet shows the one that fits. Every chart has a table with its numbers beside
//! it, so to those who do not see it it is a picture with a name.

use maud::{Markup, PreEscaped, html};
use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Rectangle, Text},
    style::{
        Color, IntoFont, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// What is drawn where there is room, and on a phone; in points, which the sheet scales.
const WIDTHS: [(u32, &str); 2] = [(920, "wide"), (300, "slim")];

const HEIGHT: u32 = 210;

/// How high one row is, its name above its bar.
const ROW: i32 = 36;

/// As large as the library has it.
const TEXT: f64 = 14.0;

const LABEL: RGBColor = RGBColor(1, 0, 0);
const VALUE: RGBColor = RGBColor(1, 0, 1);
const GRID: RGBColor = RGBColor(1, 0, 2);

/// What each colour stands for.
const CLASSES: [(&str, &str); 3] = [
    ("#010000", "label"),
    ("#010001", "value"),
    ("#010002", "grid"),
];

type Failed = DrawingAreaErrorKind<std::io::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What stands on top of what, in one class.
pub(crate) struct Layer {
    pub(crate) class: &'static str,
    pub(crate) values: Vec<u64>,
}

/// A bar with its name, and what is written at its end; a longer, fainter one may lie behind it.
pub(crate) struct Rank {
    pub(crate) name: String,
    pub(crate) told: String,
    pub(crate) length: u64,
    pub(crate) behind: u64,
}

/// Bars side by side, each of several layers.
pub(crate) fn stacked(name: &str, labels: &[String], layers: &[Layer]) -> Markup {
    let classes: Vec<&str> = layers.iter().map(|it| it.class).collect();
    chart(name, &classes, |width| {
        ((width, HEIGHT), move |root: &Area<'_>| {
            columns(root, labels, layers, most_labels(width))
        })
    })
}

/// Bars below each other.
pub(crate) fn ranked(name: &str, ranks: &[Rank]) -> Markup {
    let rows = i32::try_from(ranks.len()).unwrap_or(i32::MAX / ROW);
    let height = u32::try_from(rows * ROW).unwrap_or_default();
    chart(name, &["bar", "behind"], |width| {
        ((width, height), move |root: &Area<'_>| rows_of(root, ranks))
    })
}

fn chart<D: FnOnce(&Area<'_>) -> Result<(), Failed>>(
    name: &str,
    classes: &[&str],
    draw: impl Fn(u32) -> ((u32, u32), D),
) -> Markup {
    html! {
        div class="chart" role="img" aria-label=(name) {
            @for (width, class) in WIDTHS {
                @let (size, draw) = draw(width);
                div class=(class) { (PreEscaped(drawn(size, classes, draw))) }
            }
        }
    }
}

/// The SVG; nothing when it cannot be drawn, for its numbers are there all the same.
fn drawn(
    size: (u32, u32),
    classes: &[&str],
    draw: impl FnOnce(&Area<'_>) -> Result<(), Failed>,
) -> String {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let done = draw(&root).and_then(|()| root.present());
    drop(root);
    match done {
        Ok(()) => classed(svg, classes),
        Err(_) => String::new(),
    }
}

/// With classes where colours were. A quote in a text is escaped, so none is taken for a colour.
fn classed(mut svg: String, classes: &[&str]) -> String {
    let own = classes.iter().enumerate();
    let own = own.map(|(at, class)| (format!("#0100{:02X}", 16 + at), *class));
    let known = CLASSES.map(|(colour, class)| (colour.to_owned(), class));
    for (colour, class) in own.chain(known) {
        for attribute in ["fill", "stroke"] {
            svg = svg.replace(
                &format!("{attribute}=\"{colour}\""),
                &format!("class=\"{class}\""),
            );
        }
    }
    svg
}

/// The colour that stands for a class of the caller's.
fn colour(at: usize) -> RGBColor {
    RGBColor(1, 0, u8::try_from(16 + at).unwrap_or(u8::MAX))
}

fn most_labels(width: u32) -> usize {
    usize::try_from(width / 85).unwrap_or(1)
}

fn columns(
    root: &Area<'_>,
    labels: &[String],
    layers: &[Layer],
    most: usize,
) -> Result<(), Failed> {
    let sum = |at: usize| layers.iter().map(|it| it.values[at]).sum::<u64>();
    let highest = (0..labels.len()).map(sum).max().unwrap_or_default();
    let mut chart = ChartBuilder::on(root)
        .margin_top(8)
        .x_label_area_size(22)
        .y_label_area_size(38)
        .build_cartesian_2d(
            0.0..exact(labels.len() as u64),
            0.0..exact(highest.max(1)) * 1.04,
        )?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .y_labels(5)
        .y_label_formatter(&|it| whole(*it))
        .label_style(text(LABEL, HPos::Left))
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.0))
        .draw()?;
    let every = labels.len().div_ceil(most.max(1)).max(1);
    for (at, label) in labels.iter().enumerate() {
        let (left, mut below) = (exact(at as u64), 0);
        for (nth, layer) in layers.iter().enumerate() {
            let top = below + layer.values[at];
            if top > below {
                let bar = [(left + 0.12, exact(below)), (left + 0.88, exact(top))];
                chart.draw_series([Rectangle::new(bar, colour(nth).filled())])?;
            }
            below = top;
        }
        if at % every == 0 {
            let (x, y) = chart.backend_coord(&(left + 0.5, 0.0));
            let style = text(LABEL, HPos::Center);
            root.draw(&Text::new(label.clone(), (x, y + 6), style))?;
        }
    }
    Ok(())
}

fn rows_of(root: &Area<'_>, ranks: &[Rank]) -> Result<(), Failed> {
    let width = i32::try_from(root.dim_in_pixel().0).unwrap_or(i32::MAX);
    let longest = ranks.iter().map(|it| it.length.max(it.behind)).max();
    let long = |length: u64| {
        let share = u128::from(length) * u128::from(width.unsigned_abs())
            / u128::from(longest.unwrap_or_default().max(1));
        i32::try_from(share).unwrap_or(width).max(2)
    };
    // A line has so many characters; what is longer is told by the table.
    let most = usize::try_from(width / 9).unwrap_or_default();
    for (y, it) in (0..).step_by(usize::try_from(ROW).unwrap_or(1)).zip(ranks) {
        let name = shortened(&it.name, most.saturating_sub(it.told.chars().count()));
        root.draw(&Text::new(name, (0, y + 4), text(LABEL, HPos::Left)))?;
        let told = text(VALUE, HPos::Right);
        root.draw(&Text::new(it.told.clone(), (width, y + 4), told))?;
        for (nth, length) in [(1, it.behind), (0, it.length)] {
            if length > 0 {
                let bar = [(0, y + 20), (long(length), y + 29)];
                root.draw(&Rectangle::new(bar, colour(nth).filled()))?;
            }
        }
    }
    Ok(())
}

fn text(colour: RGBColor, side: HPos) -> TextStyle<'static> {
    let style = ("sans-serif", TEXT).into_font().color(&colour);
    style.pos(Pos::new(side, VPos::Top))
}

fn shortened(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text
            .chars()
            .take(most.saturating_sub(1))
            .chain(['…'])
            .collect(),
        false => text.to_owned(),
    }
}

/// Of a scale only what can be counted is told.
fn whole(value: f64) -> String {
    match value.fract().abs() < 1e-6 {
        true => format!("{value:.0}"),
        false => String::new(),
    }
}

fn exact(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_nothing_inline_and_what_it_is_given_stays_a_text() {
        let layers = [("succeeded", vec![3, 0]), ("failed", vec![1, 2])];
        let layers = layers.map(|(class, values)| Layer { class, values });
        let labels = ["11-26".to_owned(), "<b>\" fill=\"#010000\"".to_owned()];
        let rank = Rank {
            name: "</text><script>".to_owned(),
            told: "1 s".to_owned(),
            length: 1,
            behind: 2,
        };
        let drawn = stacked("runs", &labels, &layers).into_string()
            + &ranked("steps", &[rank]).into_string();
        for inline in ["style=", "<style", "<script", "<b>", "#0100", "href"] {
            let outside = drawn.replace("&quot;#010000&quot;", "");
            assert!(!outside.contains(inline), "{inline}: {drawn}");
        }
        for class in ["succeeded", "failed", "bar", "behind", "label", "grid"] {
            assert!(drawn.contains(&format!("class=\"{class}\"")), "{class}");
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let drawn = ranked("steps", &[]).into_string();
        assert!(!drawn.contains("rect"));
        stacked("runs", &[], &[]);
    }
}
