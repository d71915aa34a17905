//! `sheet.read` on real files.

use std::{fmt::Write as _, io::Write as _};

use botswain_bot::{Category, Reach};
use expect_test::{Expect, expect};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

use crate::support::Instance;

async fn read(content: &[u8], with: Value) -> Result<Value, botswain_bot::Fault> {
    let instance = Instance::new();
    instance.write("file", content);
    let mut with = with;
    with["file"] = "file".into();
    instance.run("sheet.read", with).await
}

/// Reads `content` with the parameters `with` and compares the rows.
async fn check(content: impl AsRef<[u8]>, with: Value, expected: Expect) {
    let output = read(content.as_ref(), with).await.expect("read");
    let rows = output["rows"].as_array().expect("a list");
    assert_eq!(output["count"], rows.len());
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

/// Reads `content` with the parameters `with` and compares the fault, which is a person's to mend.
async fn check_fault(content: impl AsRef<[u8]>, with: Value, expected: Expect) {
    let fault = read(content.as_ref(), with).await.expect_err("a fault");
    assert_eq!(
        (fault.category, fault.effect),
        (Category::Business, Reach::None)
    );
    expected.assert_eq(&format!(
        "{fault}\nhint: {}",
        fault.hint.clone().unwrap_or_default()
    ));
}

#[tokio::test]
async fn typed_columns_keep_text_and_digits() {
    check(
        "order,line,sku,quantity,amount,day,paid\n00071,1,0042,5,10.10,2026-03-29,yes\n",
        json!({ "columns": { "order": "text", "sku": "text", "quantity": "integer", "amount": "decimal", "day": "date", "paid": "boolean" } }),
        expect![[r#"{"order":"00071","sku":"0042","quantity":5,"amount":10.10,"day":"2026-03-29","paid":true}"#]],
    )
    .await;
}

#[tokio::test]
async fn without_columns_all_is_text() {
    check(
        "\u{feff}Order No;Amount;\r\n007;1,50;\r\n;;\r\n\r\n008;\"a;\"\"b\"\"\r\nc\";\r\n",
        json!({}),
        expect![[r#"
            {"Order No":"007","Amount":"1,50"}
            {"Order No":"008","Amount":"a;\"b\"\r\nc"}"#]],
    )
    .await;
}

#[tokio::test]
async fn columns_have_other_names_and_formats_in_the_file() {
    check(
        "Order No\tBetrag\tTag\n1\t1.234,50\t29.03.2026\n2\t\t1.4.2026",
        json!({ "decimals": "comma", "columns": {
            "order": { "type": "text", "from": "Order No" },
            "amount": { "type": "decimal", "from": "Betrag", "optional": true },
            "day": { "type": "date", "from": "Tag", "format": "%d.%m.%Y" },
        } }),
        expect![[r#"
            {"order":"1","amount":1234.50,"day":"2026-03-29"}
            {"order":"2","amount":null,"day":"2026-04-01"}"#]],
    )
    .await;
}

#[tokio::test]
async fn encodings_are_declared_or_marked() {
    check(
        b"name\nK\xe4se \x80\n",
        json!({ "encoding": "windows-1252" }),
        expect![[r#"{"name":"Käse €"}"#]],
    )
    .await;
    let utf16: Vec<u8> = "\u{feff}name\nKäse €\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check(utf16, json!({}), expect![[r#"{"name":"Käse €"}"#]]).await;
    check_fault(
        b"name\n\nok\nK\xe4se\n",
        json!({}),
        expect![[r#"
            sheet.encoding: `file` has bytes in line 4 that are not of its encoding
            hint: write `encoding: windows-1252` if it comes from a western Windows, `gb18030` from a Chinese one, or save it as UTF-8"#]],
    )
    .await;
}

#[tokio::test]
async fn a_missing_column_says_what_there_is() {
    check_fault(
        "order,menge\n1,2\n",
        json!({ "columns": { "order": "text", "quantity": "integer", "amount": "decimal" } }),
        expect![[r#"
            sheet.column: the file has no columns `quantity`, `amount`
            hint: its columns are `order`, `menge`; one of another name is read by `{ type: text, from: NAME }`"#]],
    )
    .await;
    check_fault(
        "a,a\n1,2\n",
        json!({}),
        expect![[r#"
            sheet.column: the file has the column `a` twice
            hint: rename one of them in the file"#]],
    )
    .await;
}

#[tokio::test]
async fn wrong_cells_are_all_named() {
    check_fault(
        "order,quantity,amount\r\n1,2,3\r\n\"two\r\nlines\",12x,\"1,5\"\r\n\r\n3,,4\r\n4,99999999999999999999,5\r\n",
        json!({ "columns": { "order": "text", "quantity": "integer", "amount": "decimal" } }),
        expect![[r#"
            sheet.cell: line 3, column `quantity`: `12x` is not an integer; line 3, column `amount`: `1,5` is not a decimal; line 6, column `quantity`: `` is empty; line 7, column `quantity`: `99999999999999999999` is too large for an integer
            hint: correct the file; if it writes decimals as `1.234,50`, write `decimals: comma`"#]],
    )
    .await;
}

#[tokio::test]
async fn twenty_wrong_cells_are_enough() {
    let mut file = "n\n".to_owned();
    for row in 0..50_000 {
        writeln!(file, "x{row}").expect("text");
    }
    let fault = read(file.as_bytes(), json!({ "columns": { "n": "integer" } }))
        .await
        .expect_err("a fault");
    assert_eq!(fault.message.matches("is not an integer").count(), 20);
    assert!(
        fault.message.contains("line 21,") && fault.message.ends_with("perhaps more"),
        "{fault}"
    );
}

#[tokio::test]
async fn what_would_lose_rows_is_refused() {
    check_fault(
        "a,b\n1,\"2\n3,4\n",
        json!({}),
        expect![[r#"
            sheet.format: `file` ends inside a quotation mark
            hint: close it, or write it twice where it stands inside a cell"#]],
    )
    .await;
    check_fault(
        "a,b\n1,2,3\n4\n",
        json!({}),
        expect![[r#"
            sheet.cell: line 2 has 3 cells, but there are 2 columns; is a quotation mark missing around a cell, or is `delimiter` another; line 3 has 1 cell, but there are 2 columns; is a quotation mark missing around a cell, or is `delimiter` another
            hint: correct the file; a column that may be empty is `{ type: …, optional: true }`"#]],
    )
    .await;
    check_fault(
        "a,b\r1,2\r",
        json!({}),
        expect![[r#"
            sheet.format: `file` ends its lines with CR alone
            hint: save it again as CSV with ordinary line ends"#]],
    )
    .await;
    let endless = format!("a,b\n1,\"{}\n", "x,\n".repeat(1_000_000));
    check_fault(
        endless,
        json!({}),
        expect![[r#"
            sheet.format: `file` has a row of more than 1 MiB from line 2 on
            hint: a quotation mark may be open there"#]],
    )
    .await;
}

#[tokio::test]
async fn a_file_without_rows_is_a_fault_but_one_with_names_is_not() {
    check_fault(
        "",
        json!({}),
        expect![[r#"
        sheet.format: `file` is empty
        hint: "#]],
    )
    .await;
    check_fault(
        "\n\n",
        json!({}),
        expect![[r#"
            sheet.empty: `file` has no rows
            hint: its first row must hold the names of the columns"#]],
    )
    .await;
    check("a,b\n", json!({}), expect![""]).await;
}

#[tokio::test]
async fn what_is_no_sheet_is_refused() {
    check_fault(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        json!({}),
        expect![[r#"
            sheet.format: `file` is an old or protected workbook
            hint: open it in the spreadsheet program and save it as .xlsx, without a password"#]],
    )
    .await;
    check_fault(
        b"\x89PNG\0\0\0",
        json!({}),
        expect![[r#"
            sheet.format: `file` is neither a text nor a workbook
            hint: if it is a CSV file in UTF-16, write `encoding: utf-16le`"#]],
    )
    .await;
    check_fault(
        b"PK\x03\x04nothing",
        json!({}),
        expect![[r#"
            sheet.format: `file` is not a sound workbook: invalid Zip archive: Could not find EOCD
            hint: open it in the spreadsheet program and save it again as .xlsx"#]],
    )
    .await;
    let fault = Instance::new()
        .run("sheet.read", json!({ "file": "none.csv" }))
        .await
        .expect_err("missing");
    assert_eq!(fault.code, "file.missing");
}

#[tokio::test]
async fn many_rows_become_a_table() {
    let instance = Instance::new();
    let mut file =
        std::io::BufWriter::new(std::fs::File::create(instance.path("big.csv")).expect("a file"));
    writeln!(file, "order,amount").expect("written");
    for row in 0..20_000 {
        writeln!(file, "{row:06},{row}.50").expect("written");
    }
    file.into_inner().expect("written");
    let with = json!({ "file": "big.csv", "columns": { "order": "text", "amount": "decimal" } });
    let output = instance.run("sheet.read", with).await.expect("read");
    assert_eq!(output["count"], 20_000);
    let rows = instance.table(&output["rows"]);
    assert_eq!(rows.len(), 20_000);
    assert_eq!(
        rows[19_999].to_string(),
        r#"{"order":"019999","amount":19999.50}"#
    );
}

#[tokio::test]
async fn an_artifact_can_be_read() {
    let instance = Instance::new();
    let kept = instance
        .context(None)
        .keep("a.csv", "text/csv", b"a\n1\n")
        .expect("kept");
    let output = instance
        .run("sheet.read", json!({ "file": kept.to_value() }))
        .await
        .expect("read");
    assert_eq!(output["rows"], json!([{ "a": "1" }]));
}

#[tokio::test]
async fn a_cancelled_reading_stops() {
    let instance = Instance::new();
    instance.write("a.csv", "a\n1\n");
    let context = instance.context(None);
    context.canceller().cancel();
    let bot = botswain_bots::find("sheet.read").expect("a bot");
    let fault = (bot.run)(json!({ "file": "a.csv" }), &context)
        .await
        .expect_err("cut short");
    assert_eq!(fault.code, "step.cancelled");
}

#[test]
fn the_output_has_the_shape_of_the_columns() {
    let bot = botswain_bots::find("sheet.read").expect("a bot");
    let with = json!({ "file": "{{inputs.file}}", "columns": { "order": "text", "amount": "decimal", "day": "date" } });
    let schema = (bot.output)(&with);
    assert_eq!(
        schema["properties"]["rows"]["items"]["properties"],
        json!({
            "order": { "type": "string" },
            "amount": { "type": "number", "format": "decimal" },
            "day": { "type": "string", "format": "date" },
        })
    );
    assert_eq!(schema["properties"]["rows"]["type"], "array");
    assert_eq!(schema["properties"]["count"]["type"], "integer");
}

#[tokio::test]
async fn times_and_durations_are_what_they_show() {
    let book = workbook(|book| {
        let sheet = book.add_worksheet();
        let time = Format::new().set_num_format("hh:mm");
        let both = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        let noon = ExcelDateTime::from_ymd(2026, 3, 29)
            .and_then(|day| day.and_hms(12, 0, 0))
            .expect("noon");
        sheet.write(0, 0, "time").expect("a name");
        sheet.write(0, 1, "moment").expect("a name");
        sheet
            .write_with_format(1, 0, 0.354_166_666_666_666_7, &time)
            .expect("a time");
        sheet
            .write_with_format(1, 1, &noon, &both)
            .expect("a moment");
    });
    check(
        book,
        json!({}),
        expect![[r#"{"time":"08:30:00","moment":"2026-03-29T12:00:00"}"#]],
    )
    .await;
}

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save_to_buffer().expect("a workbook")
}

fn orders() -> Vec<u8> {
    workbook(|book| {
        let notes = book.add_worksheet();
        notes.set_name("Old").expect("a name").set_hidden(true);
        let sheet = book.add_worksheet();
        sheet.set_name("Orders").expect("a name").set_active(true);
        for (column, name) in ["order", "ean", "quantity", "amount", "day", "paid"]
            .iter()
            .enumerate()
        {
            sheet.write(1, column as u16, *name).expect("a name");
        }
        let padded = Format::new().set_num_format("000000");
        let date = Format::new().set_num_format("dd.mm.yyyy");
        let day = ExcelDateTime::from_ymd(2026, 3, 29).expect("a day");
        sheet
            .write_with_format(2, 0, 71, &padded)
            .expect("a number");
        sheet.write(2, 1, 4_006_381_333_931_f64).expect("a number");
        sheet.write(2, 2, 5).expect("a number");
        sheet.write(2, 3, 1.1 * 3.0).expect("a number");
        sheet.write_with_format(2, 4, &day, &date).expect("a day");
        sheet.write(2, 5, true).expect("a boolean");
        sheet
            .write(2, 9, "a note beside the table")
            .expect("a text");
        sheet.write(4, 0, "0072").expect("a text");
        sheet.write(4, 2, "6").expect("a text");
        sheet.write(4, 3, "10.10").expect("a text");
        sheet.write(4, 4, "2026-04-01").expect("a text");
        sheet.write(4, 5, false).expect("a boolean");
    })
}

#[tokio::test]
async fn a_workbook_gives_what_it_shows() {
    let columns = json!({ "order": "text", "ean": "text", "quantity": "integer", "amount": "decimal", "day": "date", "paid": "boolean" });
    check(
        orders(),
        json!({ "columns": columns }),
        expect![[r#"
            {"order":"000071","ean":"4006381333931","quantity":5,"amount":3.3,"day":"2026-03-29","paid":true}
            {"order":"0072","ean":"","quantity":6,"amount":10.10,"day":"2026-04-01","paid":false}"#]],
    )
    .await;
    check(
        orders(),
        json!({ "sheet": "Orders" }),
        expect![[r#"
            {"order":"000071","ean":"4006381333931","quantity":"5","amount":"3.3","day":"2026-03-29","paid":"true"}
            {"order":"0072","ean":"","quantity":"6","amount":"10.10","day":"2026-04-01","paid":"false"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_workbook_names_the_place() {
    check_fault(
        orders(),
        json!({ "columns": { "ean": "integer", "day": "integer", "paid": "decimal" } }),
        expect![[r#"
            sheet.cell: row 3, column `day`: `2026-03-29` is not an integer; row 3, column `paid`: `true` is not a decimal; row 5, column `ean`: `` is empty; row 5, column `day`: `2026-04-01` is not an integer; row 5, column `paid`: `false` is not a decimal
            hint: correct the file; if it writes decimals as `1.234,50`, write `decimals: comma`"#]],
    )
    .await;
    check_fault(
        orders(),
        json!({ "sheet": "orders" }),
        expect![[r#"
            sheet.missing: `file` has no sheet `orders`
            hint: its sheets are `Old`, `Orders`"#]],
    )
    .await;
    check_fault(
        orders(),
        json!({ "delimiter": ";" }),
        expect![[r#"
            sheet.format: `file` is a workbook, which has no `delimiter` and no `encoding`
            hint: take them out, or name the CSV file"#]],
    )
    .await;
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("a part");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

#[tokio::test]
async fn bombs_are_not_unpacked() {
    let zeros = vec![0; 4 * 1024 * 1024];
    check_fault(
        zipped(&[("xl/worksheets/sheet1.xml", &zeros)]),
        json!({}),
        expect![[r#"
            sheet.too_large: `file` unpacks to more than 200 times its size
            hint: split the workbook, or export the sheet as CSV"#]],
    )
    .await;
    let names: Vec<String> = (0..5000).map(|part| format!("{part}.xml")).collect();
    let parts: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), b"".as_slice()))
        .collect();
    check_fault(
        zipped(&parts),
        json!({}),
        expect![[r#"
            sheet.too_large: `file` holds more than 4096 parts
            hint: split the workbook, or export the sheet as CSV"#]],
    )
    .await;
    check_fault(
        zipped(&[(
            "xl/sharedStrings.xml",
            br#"<sst uniqueCount="100000000000"></sst>"#,
        )]),
        json!({}),
        expect![[r#"
            sheet.too_large: `file` says that it holds more texts than it can
            hint: split the workbook, or export the sheet as CSV"#]],
    )
    .await;
}
