//! The helpers, as the manual lists them and the parser checks calls against them.
//!
//! Sorted by what they are about. A test runs every example, so the manual that
//! is made from this table cannot lie.

/// One helper: what a person has to know to call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Helper {
    pub name: &'static str,
    pub about: About,
    /// How it is called; `…` repeats, `[ ]` may be left out.
    pub signature: &'static str,
    /// One line for the manual.
    pub doc: &'static str,
    pub example: Example,
    /// Further ones, as `[source, context, result]`.
    more: &'static [[&'static str; 3]],
    /// Fewest and most arguments.
    pub(super) args: (usize, usize),
    /// Which `name=value` it takes.
    pub(super) hash: &'static [&'static str],
    /// Arguments from the second on may say `(field "name")`: they are computed for each row.
    pub(super) rows: bool,
}

/// A template, what it sees and what comes out; the latter two as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    pub source: &'static str,
    pub context: &'static str,
    pub result: &'static str,
}

/// The chapter of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Blocks: `{{#if …}} … {{/if}}`.
    Blocks,
    Conditions,
    Text,
    Numbers,
    Dates,
    Lists,
}

const MANY: usize = 32;

const fn helper(
    about: About,
    args: (usize, usize),
    text: [&'static str; 3],
    example: [&'static str; 3],
) -> Helper {
    let [name, signature, doc] = text;
    let [source, context, result] = example;
    Helper {
        name,
        about,
        signature,
        doc,
        example: Example {
            source,
            context,
            result,
        },
        more: &[],
        args,
        hash: &[],
        rows: false,
    }
}

impl Helper {
    const fn hash(mut self, names: &'static [&'static str]) -> Helper {
        self.hash = names;
        self
    }

    const fn rows(mut self) -> Helper {
        self.rows = true;
        self
    }

    const fn more(mut self, examples: &'static [[&'static str; 3]]) -> Helper {
        self.more = examples;
        self
    }

    /// All its examples, the plainest first.
    pub fn examples(&self) -> impl Iterator<Item = Example> + use<> {
        let more = self.more.iter();
        let more = more.map(|&[source, context, result]| Example {
            source,
            context,
            result,
        });
        std::iter::once(self.example).chain(more)
    }
}

/// The helper of that name.
pub fn find(name: &str) -> Option<&'static Helper> {
    HELPERS.iter().find(|helper| helper.name == name)
}

use About::{Blocks, Conditions, Dates, Lists, Numbers, Text};

#[rustfmt::skip]
pub const HELPERS: &[Helper] = &[
    helper(Blocks, (1, 1), ["if", "{{#if condition}} … {{else}} … {{/if}}", "prints the first part when the condition is true, else the second; the condition must be true or false"],
        ["{{#if (gt stock 0)}}in stock{{else}}sold out{{/if}}", r#"{"stock": 3}"#, r#""in stock""#]),
    helper(Blocks, (1, 1), ["unless", "{{#unless condition}} … {{else}} … {{/unless}}", "prints the first part when the condition is false"],
        ["{{#unless order.paid}}please pay{{/unless}}", r#"{"order": {"paid": false}}"#, r#""please pay""#]),
    helper(Blocks, (1, 1), ["each", "{{#each list as |item index|}} … {{else}} … {{/each}}", "repeats its body for each item of a list, a table or an object; inside are `this`, `@index`, `@key`, `@first`, `@last`"],
        ["{{#each lines as |line|}}{{line.quantity}} x {{line.sku}}{{#unless @last}}, {{/unless}}{{/each}}", r#"{"lines": [{"sku": "A1", "quantity": 2}, {"sku": "007", "quantity": 5}]}"#, r#""2 x A1, 5 x 007""#]).more(&[
            [r#"{{#each rates as |rate country|}}{{country}} {{rate}} {{/each}}"#, r#"{"rates": {"DE": 0.19, "AT": 0.20}}"#, r#""DE 0.19 AT 0.20 ""#],
            [r#"{{#each open as |order|}}{{order}} {{else}}none{{/each}}"#, r#"{"open": []}"#, r#""none""#],
        ]),
    helper(Blocks, (1, 1), ["with", "{{#with value as |name|}} … {{else}} … {{/with}}", "gives a value a short name; the second part is printed when the value is null"],
        ["{{#with order.customer as |c|}}{{c.name}}, {{c.city}}{{/with}}", r#"{"order": {"customer": {"name": "Ana", "city": "Bern"}}}"#, r#""Ana, Bern""#]),

    helper(Conditions, (2, 2), ["eq", "eq a b", "whether two values are equal: numbers by what they are worth, text letter by letter; either may be null"],
        [r#"{{eq price 10}}"#, r#"{"price": 10.00}"#, "true"]).more(&[
            [r#"{{eq note null}}"#, r#"{"note": null}"#, r#"true"#],
            [r#"{{eq sku "0042"}}"#, r#"{"sku": "42"}"#, r#"false"#],
        ]),
    helper(Conditions, (2, 2), ["ne", "ne a b", "whether two values differ"],
        [r#"{{ne country "DE"}}"#, r#"{"country": "AT"}"#, "true"]),
    helper(Conditions, (2, 2), ["gt", "gt a b", "whether a is greater (or later) than b; both are numbers, or both dates"],
        ["{{gt amount ceiling}}", r#"{"amount": 100000.00, "ceiling": 20000}"#, "true"]).more(&[
            [r#"{{gt due today}}"#, r#"{"due": "2026-04-01", "today": "2026-03-29"}"#, r#"true"#],
        ]),
    helper(Conditions, (2, 2), ["gte", "gte a b", "whether a is greater than b, or equal"],
        ["{{gte amount 20000}}", r#"{"amount": 20000.00}"#, "true"]),
    helper(Conditions, (2, 2), ["lt", "lt a b", "whether a is less (or earlier) than b; both are numbers, or both dates"],
        ["{{lt due today}}", r#"{"due": "2026-03-28", "today": "2026-03-29"}"#, "true"]),
    helper(Conditions, (2, 2), ["lte", "lte a b", "whether a is less than b, or equal"],
        ["{{lte stock reorder_level}}", r#"{"stock": 10, "reorder_level": 10}"#, "true"]),
    helper(Conditions, (2, MANY), ["and", "and a b …", "whether all are true; what stands behind the first false one is not looked at"],
        ["{{and (gt stock 0) active}}", r#"{"stock": 3, "active": true}"#, "true"]).more(&[
            [r#"{{and (ne note null) (contains note "urgent")}}"#, r#"{"note": null}"#, r#"false"#],
        ]),
    helper(Conditions, (2, MANY), ["or", "or a b …", "whether at least one is true; what stands behind it is not looked at"],
        [r#"{{or (eq country "DE") (eq country "AT")}}"#, r#"{"country": "AT"}"#, "true"]),
    helper(Conditions, (1, 1), ["not", "not a", "whether it is false"],
        ["{{not paid}}", r#"{"paid": false}"#, "true"]),
    helper(Conditions, (2, 2), ["default", "default value fallback", "the value, or the fallback when the value is null or not there"],
        [r#"{{default body.note "no note"}}"#, r#"{"body": {}}"#, r#""no note""#]).more(&[
            [r#"{{default discount 0}}"#, r#"{"discount": null}"#, r#"0"#],
        ]),
    helper(Conditions, (2, 2), ["lookup", "lookup object key", "the part of an object with a computed name, or the item of a list at a place counted from 0"],
        ["{{lookup prices country}}", r#"{"prices": {"DE": 9.90, "AT": 10.90}, "country": "AT"}"#, "10.90"]).more(&[
            [r#"{{lookup rows 1}}"#, r#"{"rows": ["a", "b"]}"#, r#""b""#],
        ]),
    helper(Conditions, (2, 2), ["mapped", "mapped \"mapping\" value", "what a text stands for in the table of corrections of that name, as people have remembered it; any other text stands for itself"],
        [r#"{{mapped "customers" customer}}"#, r#"{"customer": "ACME Ltd"}"#, r#""C001""#]).more(&[
            [r#"{{mapped "customers" customer}}"#, r#"{"customer": "Nobody Inc"}"#, r#""Nobody Inc""#],
        ]),

    helper(Text, (1, 1), ["text", "text value", "a number, date or true/false as text"],
        ["{{text number}}", r#"{"number": 4711}"#, r#""4711""#]).more(&[
            [r#"{{pad_left (text (add last 1)) 5 "0"}}"#, r#"{"last": 41}"#, r#""00042""#],
        ]),
    helper(Text, (1, 1), ["upper", "upper text", "in capital letters"],
        ["{{upper country}}", r#"{"country": "de"}"#, r#""DE""#]),
    helper(Text, (1, 1), ["lower", "lower text", "in small letters"],
        ["{{lower mail}}", r#"{"mail": "Ops@Example.COM"}"#, r#""ops@example.com""#]),
    helper(Text, (1, 1), ["trim", "trim text", "without white space at both ends"],
        ["{{trim sku}}", r#"{"sku": " 0042 "}"#, r#""0042""#]),
    helper(Text, (3, 3), ["replace", "replace text from to", "with every occurrence of one text replaced by another"],
        [r#"{{replace name "/" "-"}}"#, r#"{"name": "a/b/c"}"#, r#""a-b-c""#]).more(&[
            [r#"{{number (replace amount "," "")}}"#, r#"{"amount": "1,234.50"}"#, r#"1234.50"#],
        ]),
    helper(Text, (2, 2), ["split", "split text separator", "the list of parts between separators"],
        [r#"{{split tags ","}}"#, r#"{"tags": "new,sale"}"#, r#"["new", "sale"]"#]).more(&[
            [r#"{{first (split mail "@")}}"#, r#"{"mail": "ops@example.com"}"#, r#""ops""#],
        ]),
    helper(Text, (2, 2), ["contains", "contains text part", "whether a text contains another, or a list an item"],
        [r#"{{contains (split "DE,AT,CH" ",") country}}"#, r#"{"country": "AT"}"#, "true"]).more(&[
            [r#"{{contains subject "invoice"}}"#, r#"{"subject": "Your invoice 4711"}"#, r#"true"#],
        ]),
    helper(Text, (2, 2), ["starts_with", "starts_with text start", "whether a text begins so"],
        [r#"{{starts_with sku "DE-"}}"#, r#"{"sku": "DE-42"}"#, "true"]),
    helper(Text, (2, 2), ["ends_with", "ends_with text end", "whether a text ends so"],
        [r#"{{ends_with file ".csv"}}"#, r#"{"file": "orders.csv"}"#, "true"]),
    helper(Text, (2, 3), ["pad_left", "pad_left text length [fill]", "filled up at the left to a length, with spaces or the given character"],
        [r#"{{pad_left (text number) 6 "0"}}"#, r#"{"number": 4711}"#, r#""004711""#]),
    helper(Text, (2, 3), ["pad_right", "pad_right text length [fill]", "filled up at the right to a length, with spaces or the given character; a text that is longer stays whole"],
        [r#"{{pad_right name 6 "."}}|"#, r#"{"name": "Tea"}"#, r#""Tea...|""#]),
    helper(Text, (2, 3), ["slice", "slice text start [end]", "the characters from a place counted from 0, up to before another; negative places count from the end"],
        ["{{slice iban 0 2}}", r#"{"iban": "DE0212030000"}"#, r#""DE""#]).more(&[
            [r#"{{slice file -3}}"#, r#"{"file": "orders.csv"}"#, r#""csv""#],
            [r#"{{slice name 0 3}}"#, r#"{"name": "日本語テスト"}"#, r#""日本語""#],
        ]),

    helper(Numbers, (2, MANY), ["add", "add a b …", "the exact sum"],
        ["{{add net tax}}", r#"{"net": 0.10, "tax": 0.20}"#, "0.30"]),
    helper(Numbers, (2, 2), ["sub", "sub a b", "the exact difference"],
        ["{{sub reorder_level stock}}", r#"{"reorder_level": 25, "stock": 10}"#, "15"]),
    helper(Numbers, (2, MANY), ["mul", "mul a b …", "the exact product"],
        ["{{mul quantity price}}", r#"{"quantity": 3, "price": 9.90}"#, "29.70"]),
    helper(Numbers, (3, 4), ["div", "div a b digits [\"half_up\" | \"half_even\"]", "a divided by b, rounded to so many digits after the point; half_up when nothing is said"],
        ["{{div total 3 2}}", r#"{"total": 20}"#, "6.67"]).more(&[
            [r#"{{div 1 3 4}}"#, r#"{}"#, r#"0.3333"#],
        ]),
    helper(Numbers, (2, 2), ["mod", "mod a b", "what is left when a is divided by b into whole parts; it has the sign of a"],
        ["{{mod pieces 12}}", r#"{"pieces": 30}"#, "6"]),
    helper(Numbers, (2, 3), ["round", "round number digits [\"half_up\" | \"half_even\"]", "rounded to so many digits after the point; half_up (2.5 is 3, -2.5 is -3) when nothing is said"],
        ["{{round price 1}}", r#"{"price": 0.25}"#, "0.3"]).more(&[
            [r#"{{round total 2}}"#, r#"{"total": 1.005}"#, r#"1.01"#],
            [r#"{{round total 0 "half_even"}}"#, r#"{"total": 2.5}"#, r#"2"#],
        ]),
    helper(Numbers, (1, 1), ["floor", "floor number", "the next whole number below"],
        ["{{floor x}}", r#"{"x": -1.5}"#, "-2"]),
    helper(Numbers, (1, 1), ["ceil", "ceil number", "the next whole number above"],
        ["{{ceil pallets}}", r#"{"pallets": 1.2}"#, "2"]),
    helper(Numbers, (1, 1), ["abs", "abs number", "without its sign"],
        ["{{abs difference}}", r#"{"difference": -3.50}"#, "3.50"]),
    helper(Numbers, (2, MANY), ["min", "min a b …", "the smallest of some numbers"],
        ["{{min stock ordered}}", r#"{"stock": 7, "ordered": 12}"#, "7"]),
    helper(Numbers, (2, MANY), ["max", "max a b …", "the greatest of some numbers"],
        ["{{max 0 (sub target stock)}}", r#"{"target": 5, "stock": 9}"#, "0"]),
    helper(Numbers, (1, 1), ["number", "number text", "the number that a text such as `-1234.50` says, digit by digit"],
        ["{{number amount}}", r#"{"amount": "1234.50"}"#, "1234.50"]).more(&[
            [r#"{{number text}}"#, r#"{"text": "007"}"#, r#"7"#],
        ]),
    helper(Numbers, (1, 1), ["integer", "integer value", "the whole number that a text or a number says; an error when it has a fraction"],
        ["{{integer quantity}}", r#"{"quantity": "12"}"#, "12"]),
    helper(Numbers, (2, 2), ["decimal", "decimal value digits", "the number with exactly so many digits after the point; an error when that would lose some"],
        ["{{decimal price 2}}", r#"{"price": 9.9}"#, "9.90"]).more(&[
            [r#"{{decimal amount 2}}"#, r#"{"amount": "1250"}"#, r#"1250.00"#],
        ]),
    helper(Numbers, (2, 3), ["format_number", "format_number number digits [\"half_up\" | \"half_even\"] [group=\",\"] [point=\".\"]", "a number as text, rounded, with a mark between thousands and a decimal mark"],
        [r#"{{format_number total 2 group="." point=","}}"#, r#"{"total": 1234567.5}"#, r#""1.234.567,50""#]).hash(&["group", "point"]).more(&[
            [r#"{{format_number rate 1}} %"#, r#"{"rate": 4.25}"#, r#""4.3 %""#],
        ]),

    helper(Dates, (1, 2), ["date", "date text [pattern]", "the day that a text says: `2026-03-29`, a time stamp, or by a pattern such as `%d.%m.%Y`"],
        [r#"{{date due "%d.%m.%Y"}}"#, r#"{"due": "29.03.2026"}"#, r#""2026-03-29""#]).more(&[
            [r#"{{date stamp}}"#, r#"{"stamp": "2026-03-29T18:30:00Z"}"#, r#""2026-03-29""#],
        ]),
    helper(Dates, (2, 2), ["add_days", "add_days date days", "the day so many days later, or earlier when negative"],
        ["{{add_days today 3}}", r#"{"today": "2026-02-27"}"#, r#""2026-03-02""#]).more(&[
            [r#"{{add_days today -7}}"#, r#"{"today": "2026-03-03"}"#, r#""2026-02-24""#],
        ]),
    helper(Dates, (2, 2), ["add_workdays", "add_workdays date days", "so many days later, or earlier when negative, of which Saturdays and Sundays do not count"],
        ["{{add_workdays today 3}}", r#"{"today": "2026-03-26"}"#, r#""2026-03-31""#]).more(&[
            [r#"{{add_workdays today -1}}"#, r#"{"today": "2026-03-30"}"#, r#""2026-03-27""#],
            [r#"{{add_workdays today 1}}"#, r#"{"today": "2026-03-28"}"#, r#""2026-03-30""#],
        ]),
    helper(Dates, (2, 2), ["add_months", "add_months date months", "the same day so many months later, or the last of that month"],
        ["{{add_months today 1}}", r#"{"today": "2026-01-31"}"#, r#""2026-02-28""#]),
    helper(Dates, (1, 1), ["month_start", "month_start date", "the first day of its month"],
        ["{{month_start today}}", r#"{"today": "2026-02-27"}"#, r#""2026-02-01""#]),
    helper(Dates, (1, 1), ["month_end", "month_end date", "the last day of its month"],
        ["{{month_end today}}", r#"{"today": "2026-02-10"}"#, r#""2026-02-28""#]),
    helper(Dates, (1, 1), ["weekday", "weekday date", "`monday` to `sunday`"],
        ["{{weekday today}}", r#"{"today": "2026-03-29"}"#, r#""sunday""#]).more(&[
            [r#"{{contains (split "saturday,sunday" ",") (weekday today)}}"#, r#"{"today": "2026-03-28"}"#, r#"true"#],
        ]),
    helper(Dates, (2, 2), ["days_between", "days_between from to", "how many days to is after from; negative when it is before"],
        ["{{days_between ordered today}}", r#"{"ordered": "2026-02-27", "today": "2026-03-02"}"#, "3"]),
    helper(Dates, (2, 2), ["format_date", "format_date date pattern", "a date or time stamp as text, by a pattern: `%d.%m.%Y`, `%H:%M`, `%A`"],
        [r#"{{format_date today "%d.%m.%Y"}}"#, r#"{"today": "2026-03-29"}"#, r#""29.03.2026""#]).more(&[
            [r#"{{format_date now "%A, %H:%M"}}"#, r#"{"now": "2026-03-29T18:30:00"}"#, r#""Sunday, 18:30""#],
            [r#"{{format_date today "%G-W%V"}}"#, r#"{"today": "2026-03-29"}"#, r#""2026-W13""#],
        ]),

    helper(Lists, (1, 1), ["len", "len list", "how many items a list, a table or an object has, or characters a text"],
        ["{{len rows}}", r#"{"rows": [1, 2, 3]}"#, "3"]).more(&[
            [r#"{{len text}}"#, r#"{"text": "日本"}"#, r#"2"#],
        ]),
    helper(Lists, (2, 4), ["where", "where rows condition | where rows \"field\" [\"op\"] value", "the rows for which it holds; a row's own fields are `(field \"name\")`; op is eq, ne, gt, gte, lt or lte"],
        [r#"{{where rows (lte (add (field "stock") (field "on_order")) (field "reorder_level"))}}"#, r#"{"rows": [{"sku": "A", "stock": 3, "on_order": 0, "reorder_level": 5}, {"sku": "B", "stock": 3, "on_order": 9, "reorder_level": 5}]}"#, r#"[{"sku": "A", "stock": 3, "on_order": 0, "reorder_level": 5}]"#]).rows().more(&[
            [r#"{{where rows "stock" "lt" 5}}"#, r#"{"rows": [{"sku": "A", "stock": 3}, {"sku": "B", "stock": 9}]}"#, r#"[{"sku": "A", "stock": 3}]"#],
            [r#"{{where rows "country" "DE"}}"#, r#"{"rows": [{"country": "AT"}, {"country": "DE"}]}"#, r#"[{"country": "DE"}]"#],
        ]),
    helper(Lists, (1, 4), ["count", "count rows [condition] | count rows \"field\" [\"op\"] value", "how many rows there are for which it holds, written as in `where`"],
        [r#"{{count rows "quantity" "gt" 1}}"#, r#"{"rows": [{"quantity": 1}, {"quantity": 2}]}"#, "1"]).rows().more(&[
            [r#"{{count rows}}"#, r#"{"rows": [{"a": 1}, {"a": 2}]}"#, r#"2"#],
        ]),
    helper(Lists, (1, 2), ["sum", "sum list | sum rows \"field\" | sum rows (mul (field \"a\") (field \"b\"))", "the exact sum of a list of numbers, of a field, or of what is computed for each row"],
        [r#"{{sum rows (mul (field "quantity") (field "price"))}}"#, r#"{"rows": [{"quantity": 2, "price": 1.10}, {"quantity": 1, "price": 0.05}]}"#, "2.25"]).rows().more(&[
            [r#"{{sum rows "amount"}}"#, r#"{"rows": [{"amount": 10.10}, {"amount": 0.90}]}"#, r#"11.00"#],
            [r#"{{sum list}}"#, r#"{"list": [1, 2]}"#, r#"3"#],
        ]),
    helper(Lists, (1, 2), ["sort", "sort list [\"field\"] [order=\"desc\"]", "the list in order: by a field, or the items themselves; all numbers or all texts; equals stay as they were"],
        [r#"{{sort rows "price" order="desc"}}"#, r#"{"rows": [{"price": 9}, {"price": 10}]}"#, r#"[{"price": 10}, {"price": 9}]"#]).hash(&["order"]).rows().more(&[
            [r#"{{sort names}}"#, r#"{"names": ["b", "a"]}"#, r#"["a", "b"]"#],
        ]),
    helper(Lists, (2, 2), ["group", "group rows \"field\"", "a list of `{ key, rows }`, one for each value of the field, in order of first appearance"],
        [r#"{{group rows "supplier"}}"#, r#"{"rows": [{"supplier": "7", "sku": "A"}, {"supplier": "3", "sku": "B"}, {"supplier": "7", "sku": "C"}]}"#, r#"[{"key": "7", "rows": [{"supplier": "7", "sku": "A"}, {"supplier": "7", "sku": "C"}]}, {"key": "3", "rows": [{"supplier": "3", "sku": "B"}]}]"#]).rows(),
    helper(Lists, (1, 2), ["unique", "unique list | unique rows \"field\"", "the list without repetitions; with a field, the first row for each of its values"],
        ["{{unique skus}}", r#"{"skus": ["A", "B", "A"]}"#, r#"["A", "B"]"#]).rows().more(&[
            [r#"{{unique rows "order"}}"#, r#"{"rows": [{"order": "1", "line": 1}, {"order": "1", "line": 2}]}"#, r#"[{"order": "1", "line": 1}]"#],
        ]),
    helper(Lists, (2, 2), ["pluck", "pluck rows \"field\"", "the list of the values of one field"],
        [r#"{{pluck rows "sku"}}"#, r#"{"rows": [{"sku": "A"}, {"sku": "007"}]}"#, r#"["A", "007"]"#]).rows(),
    helper(Lists, (2, 2), ["join", "join list separator", "the items of a list as one text"],
        [r#"{{join (pluck rows "sku") ", "}}"#, r#"{"rows": [{"sku": "A"}, {"sku": "007"}]}"#, r#""A, 007""#]),
    helper(Lists, (1, 1), ["first", "first list", "the first item; an error when there is none"],
        ["{{first list}}", r#"{"list": ["a", "b"]}"#, r#""a""#]).more(&[
            [r#"{{default (first list) "nobody"}}"#, r#"{"list": []}"#, r#""nobody""#],
        ]),
    helper(Lists, (1, 1), ["last", "last list", "the last item; an error when there is none"],
        ["{{last list}}", r#"{"list": ["a", "b"]}"#, r#""b""#]),
    helper(Lists, (1, 1), ["field", "field \"name\"", "inside the list helpers: the value of that field in the row being looked at"],
        [r#"{{where rows "units" "lt" (field "reorder_level")}}"#, r#"{"rows": [{"units": 1, "reorder_level": 2}]}"#, r#"[{"units": 1, "reorder_level": 2}]"#]),
];
