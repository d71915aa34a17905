//! kill -9 before and right after a form is submitted.
//!
//! What is written down right before the effect tells the two apart: a form that
//! was only being filled is filled again, one that was sent is for a person.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use serde_json::Value;

use crate::place::{Place, wait_for};

const WORKFLOW: &str = "
name: gate
steps:
  - id: form
    bot: browser.do
    connection: shop
    with:
      actions:
        - open: /form
        - fill: { Reference: A-1 }
        - open: /gate
        - fill: { Reference: A-1 }
        - submit: Save
        - expect: { text: Saved }
";

const FORM: &str = "<!DOCTYPE html><form method=post action=/save>\
    <label>Reference <input name=reference></label><button>Save</button></form>";

/// Nothing that is heard here takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A site that says what it is asked for. The first one at its gate is kept waiting, and so is
/// everybody who saves.
struct Site {
    address: String,
    asked: Receiver<&'static str>,
}

impl Site {
    fn start() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (tell, asked) = channel();
        let gates = Arc::new(AtomicU32::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tell, gates) = (tell.clone(), gates.clone());
                // A browser that is killed ends its connections however it likes.
                std::thread::spawn(move || drop(serve(stream, &tell, &gates)));
            }
        });
        Site { address, asked }
    }

    fn hears(&self, what: &str) {
        let heard = self.asked.recv_timeout(PATIENCE);
        assert_eq!(heard, Ok(what));
    }
}

fn serve(stream: TcpStream, tell: &Sender<&'static str>, gates: &AtomicU32) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    // What is left unread when the connection is closed would break it for the other side.
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let asked = first.rsplit_once(' ').map_or("", |(asked, _)| asked);
    let (status, body) = match asked {
        "GET /form" => ("200 OK", FORM),
        "GET /gate" => {
            let before = gates.fetch_add(1, Ordering::SeqCst);
            // Nobody listens any more when the test is over.
            tell.send("gate").ok();
            match before {
                0 => return until_gone(reader),
                _ => ("200 OK", FORM),
            }
        }
        "POST /save" => {
            tell.send("save").ok();
            return until_gone(reader);
        }
        _ => ("404 Not Found", ""),
    };
    write!(
        reader.get_mut(),
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn until_gone(mut reader: BufReader<TcpStream>) -> std::io::Result<()> {
    reader.read_to_end(&mut Vec::new()).map(drop)
}

#[test]
fn a_form_that_was_not_sent_is_filled_again_and_one_that_was_is_in_doubt() {
    let site = Site::start();
    let place = Place::with_orders("order,line,customer,sku,quantity,amount\n");
    let settings = format!(
        "name: gate\nconnections:\n  shop: {{ kind: web, address: \"{}\" }}\n",
        site.address
    );
    place.write("botswain.yaml", &settings);
    place.write("workflows/gate.yaml", WORKFLOW);

    let up = place.up();
    let mut asked = place.command(&["run", "gate"]).spawn().unwrap();
    site.hears("gate");
    up.kill();
    let up = place.up();
    site.hears("gate");
    site.hears("save");
    up.kill();
    let up = place.up();
    wait_for("the order to be in doubt", || {
        let open = place.exceptions();
        open.iter().any(|it| it["category"] == "in_doubt")
    });
    asked.wait().unwrap();
    let detail = place.json(&["runs", "show", "1"]);
    let facts = detail["facts"].as_array().unwrap();
    assert_eq!(
        facts.iter().map(name).collect::<Vec<_>>(),
        [
            "created",
            "admitted",
            "entered",
            "started",
            "interrupted",
            "started",
            "acting",
            "interrupted"
        ]
    );
    assert_eq!(place.exceptions().len(), 1);
    up.terminate();
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// What kind of fact it is.
fn name(fact: &Value) -> &str {
    let what = &fact["what"];
    let named = what.as_object().and_then(|what| what.keys().next());
    named.map(String::as_str).or(what.as_str()).unwrap()
}
