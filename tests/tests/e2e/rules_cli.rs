//! `lockgate rules test`, `check` and `import`, as people and pipelines call them.

use std::path::Path;
use std::process::{Command, Output};

use lockgate_tests::artifacts;
use lockgate_tests::postgres::{PASSWORD, Postgres};
use lockgate_tests::process::Process;
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, until};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

const RULES: &str = r#"
[[rules]]
name = "admin"
priority = 10
action = "block"
when = 'path starts_with "/admin"'
"#;

const CASES: &str = r#"
[[cases]]
title = "the admin's pages"
target = "/admin/users"
rule = "admin"

[[cases]]
title = "everybody's pages"
target = "/products"
"#;

/// A folder with files.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.path().join(name)).ok()
    }

    /// `lockgate rules ...`; `None` where it is not built.
    fn command(&self, arguments: &[&str]) -> Option<Command> {
        let mut command = Command::new(&artifacts::find()?.lockgate);
        command
            .arg("rules")
            .args(arguments)
            .current_dir(self.0.path());
        command.env("PGPASSWORD", PASSWORD);
        Some(command)
    }

    fn rules(&self, arguments: &[&str]) -> Option<Said> {
        let output = self.command(arguments)?.output();
        Some(Said::of(&output.expect("lockgate starts")))
    }
}

/// What a call said, and its exit code.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    #[track_caller]
    fn assert(self, code: i32, out: &[&str], err: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in out {
            assert!(self.out.contains(text), "{text} is not in\n{}", self.out);
        }
        for text in err {
            assert!(self.err.contains(text), "{text} is not in\n{}", self.err);
        }
        self
    }
}

#[test]
fn a_failing_case_says_what_it_wants_and_fails_the_call() {
    let files = Folder::with(&[("a.toml", RULES), ("a.test.toml", CASES)]);
    let Some(said) = files.rules(&["test", "a.toml", "a.test.toml"]) else {
        return;
    };
    said.assert(0, &["ok: 2 cases of 1 rule file passed"], &[]);
    files.write("a.test.toml", &CASES.replace("/products", "/admin?q=1"));
    let run = |arguments: &[&str]| files.rules(arguments).expect("it is built");
    let wanted = [
        "a.toml",
        "rule: admin",
        "case: everybody's pages",
        "request: GET /admin?q=1",
        "expected: no rule ends the firewall",
        "got: `admin` ends the firewall",
        "matched: text 0 in path: \"[/admin]\"",
    ];
    run(&["test", "a.toml"]).assert(1, &wanted, &["1 failure in 2 cases of 1 rule file"]);
    let said = run(&["test", "--json", "a.toml"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(told["passed"], false);
    assert_eq!(told["files"][0]["failures"][0]["rule"], "admin");
    // A rule without cases is a failure too, and so is a file that does not load.
    files.write("b.toml", &RULES.replace("admin", "internal"));
    run(&["test", "b.toml"]).assert(1, &["a case that this rule must match"], &[]);
    files.write("b.toml", &RULES.replace("priority", "prioritee"));
    run(&["test", "b.toml"]).assert(1, &["b.toml:4:", "priority"], &[]);
    run(&["test", "none.toml"]).assert(1, &["none.toml"], &[]);
}

#[test]
fn without_files_those_of_the_configuration_are_meant() {
    let site = PLAIN_SITE.replace(
        "[[sites.shop.routes]]\npath = \"/\"",
        "rules = [\"a.toml\"]\n[[sites.shop.routes]]\npath = \"/\"",
    );
    let config = format!(
        "version = 1\n[listeners.plain]\naddresses = [\"127.0.0.1:0\"]\n\
         [origins.shop]\nurl = \"http://127.0.0.1:9\"\n{site}"
    );
    let files = Folder::with(&[
        ("g.toml", &config),
        ("a.toml", RULES),
        ("a.test.toml", CASES),
    ]);
    let Some(said) = files.rules(&["test", "--config", "g.toml"]) else {
        return;
    };
    said.assert(0, &["2 cases of 1 rule file"], &[]);
    let run = |arguments: &[&str]| files.rules(arguments).expect("it is built");
    run(&["check", "--config", "g.toml"]).assert(0, &["# shop", "admin", "ok: 1 rule"], &[]);
    run(&["test", "--config", "g.toml", "a.toml"]).assert(2, &[], &["cannot be used with"]);
}

#[test]
fn the_check_tells_faults_from_notes_and_what_rules_cost() {
    let more = r#"
        [ip_sets.office]
        addresses = []
        [[rules]]
        name = "office"
        priority = 20
        action = "allow"
        when = 'ip in office'
        [[rules]]
        name = "over"
        priority = 30
        action = "block"
        expires = 2020-01-31
        when = 'path == "/over"'
    "#;
    let files = Folder::with(&[("a.toml", &format!("{RULES}{more}"))]);
    let Some(said) = files.rules(&["check", "a.toml"]) else {
        return;
    };
    let notes = [
        "note: a.toml: rule `office`",
        "note: a.toml: rule `over`: expired on 2020-01-31",
    ];
    let said = said.assert(0, &notes, &[]);
    said.assert(0, &["priority", "head ns", "ok: 3 rules"], &[]);
    let run = |arguments: &[&str]| files.rules(arguments).expect("it is built");
    run(&["check", "--strict", "a.toml"]).assert(1, &["fault: a.toml: rule `over`"], &["2 faults"]);
    let shadowed = RULES
        .replace("\"admin\"", "\"users\"")
        .replace("10", "11")
        .replace("/admin", "/admin/users");
    files.write("a.toml", &format!("{RULES}{shadowed}"));
    run(&["check", "a.toml"]).assert(
        1,
        &["fault: a.toml: rule `users`: never reached"],
        &["1 fault in 2 rules"],
    );
}

const ACL: &str = r#"{ "WebACL": { "Name": "shop", "DefaultAction": { "Allow": {} }, "Rules": [
  { "Name": "admin", "Priority": 0, "Action": { "Block": {} }, "Statement": {
    "ByteMatchStatement": { "SearchString": "L2FkbWlu", "FieldToMatch": { "UriPath": {} },
      "PositionalConstraint": "STARTS_WITH", "TextTransformations": [ { "Priority": 0, "Type": "NONE" } ] } } }
  REST ] } }"#;

const CHALLENGE: &str = r#", { "Name": "ask", "Priority": 1, "Action": { "Challenge": {} },
  "Statement": { "GeoMatchStatement": { "CountryCodes": [ "US" ] } } }"#;

#[test]
fn a_web_acl_is_imported_and_what_is_left_out_is_named() {
    let files = Folder::with(&[("acl.json", &ACL.replace("REST", ""))]);
    let Some(said) = files.rules(&["import", "aws", "acl.json"]) else {
        return;
    };
    let said = said.assert(0, &["name = \"admin\"", "starts_with = \"/admin\""], &[]);
    assert_eq!(said.err, "");
    files.write("printed.toml", &said.out);
    let run = |arguments: &[&str]| files.rules(arguments).expect("it is built");
    run(&["check", "printed.toml"]).assert(0, &["ok: 1 rule"], &[]);
    files.write("acl.json", &ACL.replace("REST", CHALLENGE));
    run(&["import", "aws", "acl.json", "-o", "out.toml"]).assert(3, &[], &["left out: rule ask"]);
    assert_eq!(files.read("out.toml").as_ref(), Some(&said.out));
    // What is no Web ACL leaves the old file.
    files.write("acl.json", "[]");
    run(&["import", "aws", "acl.json", "-o", "out.toml"]).assert(1, &[], &["acl.json", "Web ACL"]);
    assert_eq!(files.read("out.toml"), Some(said.out));
}

#[test]
fn a_list_of_crawlers_is_imported() {
    let json = r#"[{"pattern": "Googlebot\\/"}, {"pattern": "[aA]hrefs(Bot|Site)"}]"#;
    let files = Folder::with(&[("crawlers.json", json)]);
    let Some(said) = files.rules(&["import", "crawlers", "crawlers.json", "-o", "out.toml"]) else {
        return;
    };
    said.assert(0, &[], &[]);
    let run = |arguments: &[&str]| files.rules(arguments).expect("it is built");
    run(&["check", "out.toml"]).assert(0, &["crawlers-by-expression"], &[]);
    for wrong in [
        &["import", "crawlers"][..],
        &["import", "crawlers", "a", "--postgres", "b"],
    ] {
        assert_eq!(run(wrong).code, Some(2), "{wrong:?}");
    }
}

const QUERY: &str = "SELECT pattern, remark FROM crawlers WHERE blocked";

/// Arguments of an import from a database.
fn from<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = [
        "import",
        "crawlers",
        "--postgres",
        url,
        "--query",
        QUERY,
        "-o",
        "list.txt",
    ];
    fixed.into_iter().chain(more.iter().copied()).collect()
}

/// Lines of a list but for what is remarked.
fn patterns(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

fn table(server: &Postgres) {
    server.run(
        "CREATE TABLE crawlers (pattern text, remark varchar, blocked boolean DEFAULT true);\
         INSERT INTO crawlers VALUES ('price-bot', 'Ann'), ('^harvest/', NULL), ('zz-spider', ''), \
         ('friend', 'ours'); \
         UPDATE crawlers SET blocked = false WHERE pattern = 'friend'",
    );
}

#[test]
fn a_list_follows_its_table_and_survives_what_befalls_it() {
    if artifacts::find().is_none() {
        return;
    }
    let Some(mut server) = Postgres::start() else {
        return;
    };
    table(&server);
    let files = Folder::with(&[]);
    let url = server.url();
    let run = |more: &[&str]| files.rules(&from(&url, more)).expect("it is built");
    let list = || files.read("list.txt").expect("a list");
    run(&[]).assert(0, &[], &["list.txt: 3 patterns, 3 added"]);
    assert_eq!(patterns(&list()), ["^harvest/", "price-bot", "zz-spider"]);
    assert!(list().contains("# Ann\nprice-bot\n"), "{}", list());
    run(&[]).assert(0, &[], &["unchanged"]);
    // What would be dangerous or means nothing in a list.
    server.run("INSERT INTO crawlers VALUES ('Mozilla'), (NULL), ('a.*b')");
    run(&[]).assert(
        3,
        &[],
        &[
            "left out: pattern \"Mozilla\"",
            "left out: pattern \"a.*b\"",
        ],
    );
    assert_eq!(patterns(&list()).len(), 3);
    // More than half gone, all gone, another query, no table, no server.
    server.run("DELETE FROM crawlers WHERE pattern IS DISTINCT FROM 'price-bot'");
    let before = list();
    run(&[]).assert(1, &[], &["would shrink from 3 patterns to 1"]);
    server.run("UPDATE crawlers SET blocked = false");
    run(&["--allow-shrink"]).assert(1, &[], &["no pattern"]);
    let three = [
        "import",
        "crawlers",
        "--postgres",
        &url,
        "--query",
        "SELECT 1, 2, 3",
        "-o",
        "list.txt",
    ];
    files
        .rules(&three)
        .expect("it is built")
        .assert(1, &[], &["3 columns"]);
    let writes = [
        "import",
        "crawlers",
        "--postgres",
        &url,
        "--query",
        "DELETE FROM crawlers RETURNING pattern",
        "-o",
        "list.txt",
    ];
    assert_eq!(files.rules(&writes).expect("it is built").code, Some(1));
    server.run("UPDATE crawlers SET blocked = true");
    assert_eq!(list(), before);
    run(&["--allow-shrink"]).assert(0, &[], &["1 pattern, 2 removed"]);
    server.run("DROP TABLE crawlers");
    run(&[]).assert(1, &[], &["crawlers"]);
    server.stop();
    let said = run(&[]).assert(1, &[], &["not reached"]);
    assert!(!said.err.contains(PASSWORD), "{said:?}");
    assert_eq!(patterns(&list()), ["price-bot"]);
}

#[test]
fn a_database_with_tls_is_asked_only_where_its_certificate_is_trusted() {
    let files = Folder::with(&[]);
    let Some(server) = files.command(&[]).and_then(|_| Postgres::start()) else {
        return;
    };
    table(&server);
    let url = format!("{}?sslmode=require", server.url());
    let said = files.rules(&from(&url, &[])).expect("it is built");
    said.assert(1, &[], &["not reached"]);
    assert_eq!(files.read("list.txt"), None);
    files.write("trusted.pem", &server.certificate.certificate);
    let mut command = files.command(&from(&url, &[])).expect("it is built");
    let output = command
        .env("SSL_CERT_FILE", files.0.path().join("trusted.pem"))
        .output();
    Said::of(&output.expect("lockgate starts")).assert(0, &[], &["3 added"]);
    server.run("SELECT 1 / count(*) FROM crawlers");
}

#[test]
fn a_gate_takes_the_list_that_an_import_keeps() {
    let list = |name: &Path| std::fs::read_to_string(name).unwrap_or_default();
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules.toml\"]",
    );
    let rules = "[user_agent_lists.reported]\nfile = \"list.txt\"\n\
                 [[rules]]\nname = \"reported\"\npriority = 1\naction = \"block\"\n\
                 statement = { user_agent_list = \"reported\" }\n";
    let setup = Setup::new(&site)
        .file("rules.toml", rules)
        .file("list.txt", "old-bot\n");
    let Some(server) = artifacts::find().and_then(|_| Postgres::start()) else {
        return;
    };
    table(&server);
    let Some(world) = setup.start() else { return };
    let status = |agent: &str| world.send(&Request::get("/products/1").agent(agent)).status;
    assert_eq!((status("old-bot"), status("Price-Bot/1")), (403, 200));
    let url = server.url();
    let mut command = Command::new(&artifacts::find().expect("a world has them").lockgate);
    command
        .arg("rules")
        .args(from(&url, &["--every", "5"]))
        .current_dir(world.dir());
    let mut import = Process::start("the import", command.env("PGPASSWORD", PASSWORD));
    import.wait_line("the first list", |line| {
        line.contains("3 patterns").then_some(())
    });
    assert_eq!(patterns(&list(&world.dir().join("list.txt"))).len(), 3);
    until("the new list in force", || {
        (status("Price-Bot/1") == 403 && status("old-bot") == 200).then_some(())
    });
    assert!(import.ended().is_none());
    import.signal(Signal::TERM);
    assert!(import.wait_end().success());
}
