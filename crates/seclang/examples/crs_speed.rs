//! CPU time of the Core Rule Set per request, native: 200 GETs, a form of 10 KB, JSON of 1.7 KB.
//!
//! `cargo run --release -p lockgate-seclang --example crs_speed -- [FOLDER] [LEVEL] [ROUNDS] [WHAT]`
//!
//! FOLDER is a release of the set (`../shared/crs`), LEVEL a paranoia level or `all` (1 and 4),
//! WHAT one of `get`, `post`, `json`, `all`. With one WHAT and many ROUNDS it is a loop to profile.

use lockgate_seclang::{Source, compile, crs, parse};
use lockgate_waf::program::Phase;
use lockgate_waf::{Engine, Request, Response, Transaction, Workspace};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A request of its own making, with values that no other round has.
struct Sample {
    method: &'static str,
    uri: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Deterministic words and numbers (xorshift64).
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 16] = [
            "an", "be", "cor", "da", "el", "fin", "go", "hal", "in", "ka", "lo", "mer", "no",
            "pra", "ris", "tu",
        ];
        let count = 2 + self.next() % 3;
        (0..count)
            .map(|_| SYLLABLES[self.next() as usize % 16])
            .collect()
    }

    fn text(&mut self, words: usize) -> String {
        (0..words)
            .map(|_| self.word())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }
}

fn headers(words: &mut Words, extra: &[(&str, String)]) -> Vec<(String, String)> {
    let cookies = format!(
        "session={}; theme=dark; _ga=GA1.2.{}.{}; cart={}",
        words.hex(),
        words.next() % 1_000_000_000,
        words.next() % 1_000_000_000,
        words.next() % 10_000
    );
    let fixed = [
        ("Host", "shop.example".to_owned()),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".to_owned(),
        ),
        (
            "Accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".to_owned(),
        ),
        ("Accept-Language", "en-US,en;q=0.5".to_owned()),
        ("Accept-Encoding", "gzip, deflate, br".to_owned()),
        ("Referer", format!("https://shop.example/{}", words.word())),
        ("Cookie", cookies),
    ];
    fixed
        .iter()
        .chain(extra)
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn get(words: &mut Words, number: usize) -> Sample {
    let arguments: Vec<String> = (0..number % 11)
        .map(|_| {
            let value = match words.next() % 3 {
                0 => words.next().to_string(),
                1 => words.text(3).replace(' ', "+"),
                _ => words.word(),
            };
            format!("{}={value}", words.word())
        })
        .collect();
    let path = format!("/{}/{}", words.word(), words.word());
    let query = if arguments.is_empty() {
        String::new()
    } else {
        format!("?{}", arguments.join("&"))
    };
    Sample {
        method: "GET",
        uri: path + &query,
        headers: headers(words, &[]),
        body: Vec::new(),
    }
}

fn with_body(words: &mut Words, kind: &str, body: String) -> Sample {
    let extra = [
        ("Content-Type", kind.to_owned()),
        ("Content-Length", body.len().to_string()),
    ];
    Sample {
        method: "POST",
        uri: format!("/{}", words.word()),
        headers: headers(words, &extra),
        body: body.into_bytes(),
    }
}

fn post(words: &mut Words) -> Sample {
    let mut body = String::new();
    while body.len() < 10_000 {
        let (name, value) = (words.word(), words.text(60).replace(' ', "+"));
        body.push_str(&format!("{name}={value}&"));
    }
    body.truncate(10_240);
    with_body(words, "application/x-www-form-urlencoded", body)
}

fn json(words: &mut Words) -> Sample {
    let mut items = Vec::new();
    while items.iter().map(String::len).sum::<usize>() < 1_600 {
        items.push(format!(
            "{{\"sku\":\"{}\",\"name\":\"{}\",\"count\":{},\"price\":{}.{:02}}}",
            words.hex(),
            words.text(3),
            words.next() % 9,
            words.next() % 500,
            words.next() % 100
        ));
    }
    let body = format!(
        "{{\"cart\":\"{}\",\"items\":[{}]}}",
        words.hex(),
        items.join(",")
    );
    with_body(words, "application/json", body)
}

/// Takes a request through all phases; how many rules reported.
fn run(engine: &Engine, workspace: &mut Workspace, sample: &Sample) -> usize {
    let fields: Vec<(&[u8], &[u8])> = sample
        .headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let request = Request {
        method: sample.method.as_bytes(),
        uri: sample.uri.as_bytes(),
        headers: &fields,
        ..Request::default()
    };
    let mut transaction = Transaction::with(engine, std::mem::take(workspace), &request);
    transaction.run_phase(Phase::RequestHeaders);
    transaction.set_body(&sample.body);
    transaction.run_phase(Phase::RequestBody);
    transaction.set_response(&Response {
        status: 200,
        protocol: b"HTTP/1.1",
        headers: &[(b"content-type", b"image/png")],
        duration_us: 0,
    });
    transaction.run_phase(Phase::ResponseHeaders);
    transaction.run_phase(Phase::ResponseBody);
    transaction.run_phase(Phase::Logging);
    let matched = transaction.matched().len();
    *workspace = transaction.finish();
    matched
}

/// CPU time of this thread, in microseconds.
fn cpu_us() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn measure(engine: &Engine, rounds: usize, what: &str) {
    let mut words = Words(0x9e37_79b9_7f4a_7c15);
    let mut workspace = Workspace::default();
    let mut times: Vec<f64> = Vec::new();
    let mut matched = 0;
    for round in 0..rounds {
        let samples: Vec<Sample> = match what {
            "get" => (0..200).map(|number| get(&mut words, number)).collect(),
            "post" => (0..10).map(|_| post(&mut words)).collect(),
            _ => (0..10).map(|_| json(&mut words)).collect(),
        };
        for sample in &samples {
            let before = cpu_us();
            matched += run(engine, &mut workspace, sample);
            // The first round warms up.
            if round > 0 {
                times.push(cpu_us() - before);
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "  {what:4} mean {mean:8.1}  p50 {:8.1}  p99 {:8.1} us, {matched} matches",
        at(0.5),
        at(0.99)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, default: &str| {
        arguments
            .get(at)
            .cloned()
            .unwrap_or_else(|| default.to_owned())
    };
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/crs");
    let folder = argument(0, beside);
    let level = argument(1, "all");
    let rounds: usize = argument(2, "20").parse().expect("ROUNDS is a number");
    let what = argument(3, "all");
    for paranoia in ["1", "2", "3", "4"] {
        if !(level == paranoia || level == "all" && (paranoia == "1" || paranoia == "4")) {
            continue;
        }
        let setup = Source::Text {
            name: PathBuf::from("setup.conf"),
            text: format!(
                "SecAction \"id:900005,phase:1,nolog,pass,\
                 setvar:tx.blocking_paranoia_level={paranoia}\"\n"
            ),
        };
        let sources = crs::sources(Path::new(&folder), setup).expect("FOLDER is a release");
        let started = Instant::now();
        let ast = parse(&sources).expect("the set is sound");
        let compiled = compile(&ast).expect("the set compiles");
        let compiled_ms = started.elapsed().as_millis();
        let image = compiled.image().expect("the image is written");
        let started = Instant::now();
        let engine = Engine::load(&image).expect("the image loads");
        println!(
            "paranoia level {paranoia}: {} rules, compiled in {compiled_ms} ms, image {} KB, \
             loaded in {} us",
            compiled.program.rules.len(),
            image.len() / 1024,
            started.elapsed().as_micros()
        );
        for kind in ["get", "post", "json"] {
            if what == "all" || what == kind {
                measure(&engine, rounds.max(2), kind);
            }
        }
    }
}
