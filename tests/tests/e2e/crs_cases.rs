//! The regression cases of the Core Rule Set, unmodified, over sockets: the raw bytes of each go
//! to the gate, and what matched is read from its decision records.
//!
//! Cases that come out otherwise stand in `tests/crs-known.toml`, each with its reason. The test
//! fails when another one does, and when one of these passes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockgate_seclang::ftw::{self, Case, Kind, Stage};
use lockgate_tests::backend::{Backend, Received};
use lockgate_tests::crs::{self, rule_file};
use lockgate_tests::wait::until_within;
use lockgate_tests::{Setup, World};
use serde::Deserialize;
use serde_json::Value;

/// Cases that are sent at the same time.
const CLIENTS: usize = 8;

/// Longest time for all cases together; they take a fraction of it on an idle machine.
const ALL: Duration = Duration::from_secs(180);

/// What the cases expect after `crs-setup.conf`.
const SET_UP: &str = "SecAction \"id:900005,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly,\
    ctl:ruleRemoveById=910000,\
    setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\
    setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,\
    setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535\"\n";

/// The gate lets through what it can: the rules are what is tested.
const GATE: &str = r#"
[policy]
inspection_deadline_ms = 5000
wall_clock_ms_max = 25000
inspection_threads = 2
[server]
header_bytes_max = 1048576
headers_max = 1000
target_bytes_max = 65536
header_timeout_ms = 3000
body_timeout_ms = 3000
"#;

/// Cases that come out otherwise than they ask, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    cases: Vec<String>,
    reason: String,
}

fn known() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        known: Vec<Known>,
    }
    let text = include_str!("../../crs-known.toml");
    let list: List = toml::from_str(text).expect("tests/crs-known.toml");
    let mut known = BTreeMap::new();
    for entry in list.known {
        for case in entry.cases {
            let twice = known.insert(case.clone(), entry.reason.clone());
            assert!(twice.is_none(), "{case} is listed twice");
        }
    }
    known
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of cases") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|kind| kind == "yaml") {
            out.push(path);
        }
    }
    out.sort();
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a text");
        let read = ftw::read(&text);
        cases.extend(read.unwrap_or_else(|why| panic!("{}: {why}", path.display())));
    }
    cases
}

/// The host names that the cases are for, as far as a site can have them.
fn hosts(cases: &[Case]) -> BTreeSet<String> {
    let mut hosts = BTreeSet::from(["localhost".to_owned()]);
    for stage in cases.iter().flat_map(|case| &case.stages) {
        let message = ftw::read_message(&ftw::bytes(stage));
        for (name, value) in &message.headers {
            if name.eq_ignore_ascii_case(b"host") {
                hosts.extend(host(&String::from_utf8_lossy(value)));
            }
        }
    }
    hosts
}

/// A host without its port, where it is one.
fn host(field: &str) -> Option<String> {
    let name = match field.find(']') {
        Some(end) => field.get(..=end)?,
        None => field.split(':').next()?,
    };
    let name = name.to_ascii_lowercase();
    if let Some(inner) = name.strip_prefix('[') {
        let address: std::net::Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

/// Answers as the cases' backend does: `/reflect` with what it is asked for.
fn reflect(request: &Received, stream: &mut TcpStream) -> std::io::Result<()> {
    let answer = ftw::answer(request.target.as_bytes(), &request.body);
    let mut bytes = format!("HTTP/1.1 {} Answer\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    let bodiless = request.method == "HEAD" || matches!(answer.status, 204 | 304);
    if !bodiless {
        bytes.extend_from_slice(&answer.body);
    }
    stream.write_all(&bytes)
}

fn world(folder: &Path, cases: &[Case]) -> Option<World> {
    let backend = Backend::start(reflect);
    let hosts: Vec<String> = hosts(cases)
        .iter()
        .map(|host| format!("{host:?}"))
        .collect();
    let config = format!(
        "{GATE}[origins.backend]\nurl = \"http://{}\"\n\
         [sites.cases]\nhosts = [{}]\nrules = [\"rules/crs.toml\"]\npath_parameters = \"forward\"\n\
         [[sites.cases.routes]]\npath = \"/\"\norigin = \"backend\"\n\
         [[sites.cases.routes]]\npath = \"/{{*rest}}\"\norigin = \"backend\"\n",
        backend.address,
        hosts.join(", ")
    );
    let keys = "mode = \"detect\"\nparanoia_level = 4\ninspect_responses = true\n\
                body_bytes_max = 1048576\nbefore = \"set-up.conf\"";
    let setup = Setup::new(&config)
        .file("rules/crs.toml", &rule_file(folder, keys))
        .file("rules/set-up.conf", SET_UP);
    crs::start(setup)
}

/// What came back of a request.
#[derive(Default)]
struct Came {
    /// The status of the first answer.
    status: Option<u16>,
    /// The request ids of all answers: some raw requests are two.
    ids: Vec<String>,
}

/// Sends bytes on a connection of their own, and ends the sending side: who waits for more bytes
/// than come is told.
fn send(address: SocketAddr, bytes: &[u8]) -> Came {
    let mut stream = lockgate_tests::client::connect(address);
    // The gate may refuse before it has read everything, and close.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let mut came = Came::default();
    for line in String::from_utf8_lossy(&all).lines() {
        let status = line.strip_prefix("HTTP/1.1 ");
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        if let Some(status) = status.filter(|status| *status >= 200) {
            came.status.get_or_insert(status);
        }
        let lower = line.to_ascii_lowercase();
        if let Some(id) = lower.strip_prefix("x-request-id:") {
            came.ids.push(id.trim().to_owned());
        }
    }
    came
}

/// Sends the stages of all cases: those of a case one after the other.
fn send_all(world: &World, cases: &[Case]) -> Vec<Vec<Came>> {
    let address = world.listener("public");
    let next = AtomicUsize::new(0);
    let answers: Mutex<BTreeMap<usize, Vec<Came>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else {
                        return;
                    };
                    let stages = case.stages.iter();
                    let came = stages
                        .map(|stage| send(address, &ftw::bytes(stage)))
                        .collect();
                    answers
                        .lock()
                        .expect("no client panics here")
                        .insert(number, came);
                }
            });
        }
    });
    let answers = answers.into_inner().expect("no client panics here");
    answers.into_values().collect()
}

/// What the records say of a request.
#[derive(Default)]
struct Told {
    /// The rules that matched.
    rules: Vec<u64>,
    /// The rules have seen it.
    inspected: bool,
    /// The code of the gate's refusal, and its cause.
    refusal: String,
}

fn told(came: &Came, records: &BTreeMap<String, Value>) -> Told {
    let mut told = Told::default();
    for record in came.ids.iter().filter_map(|id| records.get(id)) {
        let inspection = &record["inspection"];
        told.inspected |= inspection.is_object();
        let rules = inspection["rules"].as_array();
        told.rules
            .extend(rules.into_iter().flatten().filter_map(Value::as_u64));
        if let Some(code) = record["code"].as_str() {
            let cause = record["cause"].as_str().unwrap_or_default();
            told.refusal = format!("{code}: {cause}");
        }
    }
    if came.ids.is_empty() {
        told.refusal = "no answer".to_owned();
    }
    told
}

/// What is missing or too much.
fn fault(stage: &Stage, came: &Came, told: &Told) -> Option<String> {
    let has = |id: &&u32| told.rules.contains(&u64::from(**id));
    let got = || {
        let refusal = match told.inspected {
            true => "",
            false => told.refusal.as_str(),
        };
        format!("got {:?} {:?} {refusal}", came.status, told.rules)
    };
    if let Some(id) = stage.expect.iter().find(|id| !has(id)) {
        return Some(format!("expected {id}, {}", got()));
    }
    if let Some(id) = stage.forbid.iter().find(has) {
        return Some(format!("did not expect {id}, {}", got()));
    }
    if let Some(status) = stage.status.filter(|status| came.status != Some(*status)) {
        return Some(format!("expected status {status}, {}", got()));
    }
    // Records have ids and no texts of matches.
    let log = stage.log_has.as_ref().or(stage.log_lacks.as_ref());
    log.map(|pattern| format!("asks for `{pattern}` of a log, {}", got()))
}

#[test]
fn cases_of_the_core_rule_set() {
    let Some(folder) = crs::folder() else { return };
    let cases = cases(&folder.join("tests"));
    let Some(world) = world(&folder, &cases) else {
        return;
    };
    let begun = Instant::now();
    let answers = send_all(&world, &cases);
    let took = begun.elapsed();
    let mut records: BTreeMap<String, Value> = BTreeMap::new();
    until_within(Duration::from_secs(60), "the records of all cases", || {
        records = world
            .records()
            .into_iter()
            .filter_map(|record| Some((record["id"].as_str()?.to_owned(), record)))
            .collect();
        let ids = answers.iter().flatten().flat_map(|came| &came.ids);
        let missing = ids.filter(|id| !records.contains_key(*id)).count();
        (missing == 0).then_some(())
    });
    let mut known = known();
    let mut counts: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let mut unseen = 0;
    let mut wrong = Vec::new();
    for (case, came) in cases.iter().zip(&answers) {
        let told: Vec<Told> = came.iter().map(|came| told(came, &records)).collect();
        let stages = case.stages.iter().zip(came.iter().zip(&told));
        let faults: Vec<String> = stages
            .filter_map(|(stage, (came, told))| fault(stage, came, told))
            .collect();
        let (passed, all) = counts.entry(case.kind()).or_default();
        *all += 1;
        *passed += usize::from(faults.is_empty());
        // Nothing is found in what the gate has refused before the rules saw it.
        unseen += usize::from(faults.is_empty() && told.iter().any(|told| !told.inspected));
        let listed = known.remove(&case.name).is_some();
        match (faults.is_empty(), listed) {
            (true, true) => wrong.push(format!("{} is listed and passes", case.name)),
            (false, false) => wrong.push(format!("{}: {}", case.name, faults.join("; "))),
            _ => {}
        }
    }
    for (kind, (passed, all)) in &counts {
        println!("{kind:?}: {passed} of {all}");
    }
    println!("{unseen} of those that passed were refused before the rules saw them; {took:?}");
    wrong.extend(
        known
            .keys()
            .map(|name| format!("{name} is listed and is no case")),
    );
    assert!(
        wrong.is_empty(),
        "{} are not as tests/crs-known.toml says:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cases.len() > 2_500, "{} cases", cases.len());
    assert!(took < ALL, "all cases took {took:?}");
}
