//! Whatever the files hold, loading ends with an answer.

mod common;

use common::Folder;
use lockgate_config::{Sources, load, show};
use proptest::prelude::*;

/// Pieces of configurations, so that what is made of them gets past the first checks.
const PIECES: &[&str] = &[
    "version = 1\n",
    "[sites.a]\n",
    "[[sites.a.routes]]\n",
    "hosts = [",
    "\"a.localhost\"",
    "]",
    "[",
    "rules = [\"r.toml\"]\n",
    "path = \"/{a}\"\n",
    "path = ",
    "origin = \"a\"\n",
    "[origins.a]\n",
    "url = \"http://a\"\n",
    "[server]\n",
    "threads = ",
    "1",
    "-1",
    "99999999999999999999",
    "0x1F",
    "1.5",
    "true",
    "\"",
    "'''",
    "\"\"\"",
    "{",
    "}",
    ",",
    ".",
    "=",
    "\n",
    "#",
    "\\u0000",
    "é",
    "\u{feff}",
    "[ip_sets.a]\n",
    "addresses = [\"10.0.0.0/8\"]\n",
    "file = \"r.toml\"\n",
    "file = \".\"\n",
    "[[rules]]\n",
    "name = \"a\"\n",
    "priority = 1\n",
    "action = \"block\"\n",
    "statement = { ip_set = \"a\" }\n",
    "[user_agent_lists.a]\n",
    "contains = [\"x\"]\n",
    "1979-05-27",
    "claims = { a = [1, \"b\"] }\n",
    "sign_in = \"a\"\n",
    "[sign_in.a]\n",
    "algorithms = [\"HS256\"]\n",
    "secret = \"a\"\n",
    "[secrets.a]\n",
    "env = \"A\"\n",
    "respond = {}\n",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn load_all(base: &[u8], overlay: &[u8], rules: &[u8], env: &[(String, String)]) {
    let folder = Folder::new(&[]);
    folder.write("gateway.toml", base);
    folder.write("overlay.toml", overlay);
    folder.write("r.toml", rules);
    let loaded = load(&Sources {
        base: folder.path("gateway.toml"),
        overlays: vec![folder.path("overlay.toml")],
        env: env.to_vec(),
    });
    match loaded {
        Ok(loaded) => assert!(!show(&loaded).is_empty()),
        Err(refused) => {
            assert!(!refused.faults.is_empty());
            assert!(!refused.to_string().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(
        base in proptest::collection::vec(any::<u8>(), 0..300),
        rules in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        load_all(&base, b"", b"", &[]);
        let sound = b"version = 1\nsites.a = { hosts = [\"a\"], rules = [\"r.toml\"] }\n";
        load_all(sound, b"", &rules, &[]);
    }

    #[test]
    fn any_pieces_get_an_answer(
        base in text(),
        overlay in text(),
        rules in text(),
        env in proptest::collection::vec(("LOCKGATE__[A-Z_]{0,20}|LOCKGATE__SITES__A__.{0,9}", ".{0,9}"), 0..3),
    ) {
        load_all(base.as_bytes(), overlay.as_bytes(), rules.as_bytes(), &env);
        let base = format!("version = 1\nsites.a = {{ hosts = [\"a\"], rules = [\"r.toml\"] }}\n{base}");
        load_all(base.as_bytes(), b"", rules.as_bytes(), &env);
    }
}
