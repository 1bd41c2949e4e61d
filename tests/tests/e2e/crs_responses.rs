//! Responses under inspection: what gives a database away is withheld, pictures stream.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lockgate_tests::backend::{Backend, Received, answer};
use lockgate_tests::crs::{self, POLICY, rule_file, site};
use lockgate_tests::{Request, Setup, World};
use serde_json::Value;

const ERROR: &str = "You have an error in your SQL syntax near 'mug'";

/// Half of a picture: more than fits in the buffers of a head.
const HALF: [u8; 5000] = [0xD8; 5000];

/// The bytes of a response that the rules look at.
const LOOKED_AT: usize = 4096;

fn page(text: &str) -> Vec<u8> {
    format!("<!doctype html><title>Mugs</title><p>{text}").into_bytes()
}

fn origin(go_on: Receiver<()>) -> Backend {
    let go_on = Mutex::new(go_on);
    Backend::start(move |request, stream| respond(request, stream, &go_on))
}

/// Answers by path.
fn respond(
    request: &Received,
    stream: &mut TcpStream,
    go_on: &Mutex<Receiver<()>>,
) -> std::io::Result<()> {
    let html = [("Content-Type", "text/html; charset=utf-8")];
    let path = request.target.split('?').next().unwrap_or_default();
    let bytes = match path {
        "/page" => answer(200, &html, &page("We have mugs.")),
        "/error" => answer(200, &html, &page(ERROR)),
        "/error.json" => {
            let json = [("Content-Type", "application/json")];
            answer(500, &json, format!("{{\"error\": \"{ERROR}\"}}").as_bytes())
        }
        // Nobody looks at pictures for texts.
        "/error.jpg" => answer(200, &[("Content-Type", "image/jpeg")], ERROR.as_bytes()),
        "/long" => answer(200, &html, &page(&"We have mugs. ".repeat(50_000))),
        "/late-error" => {
            let text = "We have mugs. ".repeat(LOOKED_AT);
            answer(200, &html, &page(&format!("{text}{ERROR}")))
        }
        "/stored" => {
            let cached = [html[0], ("Cache-Control", "max-age=600")];
            answer(200, &cached, &page(ERROR))
        }
        "/picture" => {
            let length = 2 * HALF.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&HALF)?;
            stream.flush()?;
            let go_on = go_on.lock().unwrap_or_else(PoisonError::into_inner);
            // The rest goes out once the client has the first half.
            let _ = go_on.recv_timeout(Duration::from_secs(20));
            HALF.to_vec()
        }
        _ => answer(404, &html, &page("There is no such page.")),
    };
    stream.write_all(&bytes)
}

struct Gate {
    world: World,
    origin: Backend,
    go_on: Sender<()>,
}

fn gate() -> Option<Gate> {
    let folder = crs::folder()?;
    let (go_on, wait) = channel();
    let origin = origin(wait);
    let site = site("shop", "backend", Some("rules/crs.toml")).replace(
        "path = \"/{*rest}\"\norigin = \"backend\"\n",
        "path = \"/{*rest}\"\norigin = \"backend\"\ncache = { audience = \"shared\" }\n",
    );
    let config = format!(
        "{POLICY}[origins.backend]\nurl = \"http://{}\"\n{site}",
        origin.address
    );
    let keys = format!("inspect_responses = true\nresponse_body_bytes_max = {LOOKED_AT}");
    let setup = Setup::new(&config).file("rules/crs.toml", &rule_file(&folder, &keys));
    let world = crs::start(setup)?;
    Some(Gate {
        world,
        origin,
        go_on,
    })
}

fn get(target: &str) -> Request {
    Request::get(target)
        .agent("Mozilla/5.0")
        .header("Accept", "*/*")
        .header("Accept-Encoding", "gzip, br")
}

/// One gate for all of it: compiling the rules takes longer than the test.
#[test]
fn what_gives_the_database_away_is_withheld() {
    let Some(gate) = gate() else { return };
    ordinary_answers_pass(&gate);
    errors_of_the_database_are_withheld(&gate);
    what_is_withheld_is_not_stored(&gate);
    pictures_stream(&gate);
}

fn ordinary_answers_pass(gate: &Gate) {
    let answer = gate.world.send(&get("/page"));
    assert_eq!(answer.assert_status(200).body, page("We have mugs."));
    let record = gate.world.record(&answer);
    assert_eq!(record["inspection"]["rules"], Value::Array(Vec::new()));
    assert_eq!(record["inspection"]["outbound_score"], 0, "{record}");
    // Texts are asked for in a form that can be read.
    let asked = gate.origin.received();
    let coding = asked.first().and_then(|request| {
        let coding = request.header("accept-encoding");
        coding.map(str::to_owned)
    });
    assert_eq!(coding.as_deref(), Some("identity"));
    // Longer than what is looked at: whole all the same.
    let long = gate.world.send(&get("/long"));
    let whole = page(&"We have mugs. ".repeat(50_000));
    assert!(long.assert_status(200).body == whole, "it came otherwise");
    let late = gate.world.send(&get("/late-error"));
    assert!(late.assert_status(200).text().ends_with(ERROR));
    let missing = gate.world.send(&get("/nowhere"));
    missing.assert_status(404);
    assert!(missing.text().contains("no such page"), "{missing:?}");
}

fn errors_of_the_database_are_withheld(gate: &Gate) {
    for target in ["/error", "/error.json"] {
        let answer = gate.world.send(&get(target));
        answer.assert_problem(403, "blocked");
        assert!(!answer.text().contains("SQL"), "{answer:?}");
        let record = gate.world.record(&answer);
        let found = &record["inspection"];
        let rules: Vec<u64> = found["rules"]
            .as_array()
            .map(|rules| rules.iter().filter_map(Value::as_u64).collect())
            .unwrap_or_default();
        assert!(rules.contains(&951_230), "{target}: {record}");
        assert!(rules.contains(&959_100), "{target}: {record}");
        assert!(found["outbound_score"].as_u64() >= Some(4), "{record}");
        assert_eq!(found["inbound_score"], 0, "{record}");
    }
    let picture = gate.world.send(&get("/error.jpg"));
    assert_eq!(picture.assert_status(200).text(), ERROR);
}

fn what_is_withheld_is_not_stored(gate: &Gate) {
    for _ in 0..2 {
        let answer = gate.world.send(&get("/stored"));
        answer.assert_problem(403, "blocked");
        assert!(!answer.is_hit(), "{answer:?}");
    }
    let asked = gate.origin.received();
    let count = asked
        .iter()
        .filter(|request| request.target == "/stored")
        .count();
    assert_eq!(count, 2);
}

fn pictures_stream(gate: &Gate) {
    let mut stream = lockgate_tests::client::connect(gate.world.listener("public"));
    let request = get("/picture").header("Connection", "close");
    stream.write_all(&request.to_bytes()).expect("it is taken");
    let mut came = Vec::new();
    let mut chunk = [0; 4096];
    let ends = |came: &[u8]| came.windows(4).position(|four| four == b"\r\n\r\n");
    while ends(&came).is_none_or(|end| came.len() < end + 4 + HALF.len()) {
        let read = stream.read(&mut chunk).expect("the first half");
        assert!(read > 0, "the connection ended");
        came.extend_from_slice(&chunk[..read]);
    }
    // The origin has not sent more by now.
    let end = ends(&came).expect("a head") + 4;
    assert_eq!(came.len(), end + HALF.len());
    gate.go_on.send(()).expect("the origin waits");
    stream.read_to_end(&mut came).expect("the second half");
    assert_eq!(came.len(), end + 2 * HALF.len());
    assert!(came[end..].iter().all(|byte| *byte == 0xD8));
}
