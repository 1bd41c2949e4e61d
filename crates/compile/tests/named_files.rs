//! Files that directives name, wherever they lie: they count, and they are watched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lockgate_compile::{Compiled, Fault, compile, compile_keeping, crs_files};
use lockgate_config::{Loaded, Sources, load};

const GATEWAY: &str = r#"
version = 1
[origins.api]
url = "http://127.0.0.1:9000"
[sites.shop]
hosts = ["shop.example"]
rules = ["rules/crs.toml"]
routes = [{ path = "/", origin = "api" }]
"#;

const RULES: &str = "[crs]\npath = \"../set\"\nbefore = \"before.conf\"\n";

/// A folder with a small set, and `elsewhere` beside it, which the site's own directives name.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        world.write("gateway.toml", GATEWAY);
        world.write("rules/crs.toml", RULES);
        world.write(
            "set/rules/a.conf",
            "SecRule ARGS \"@pmFromFile words.data\" \"id:900001,phase:2,deny\"\n",
        );
        world.write("set/rules/words.data", "word\n");
        world.write("set/crs-setup.conf", "# nothing\n");
        world.write("rules/before.conf", "Include ../elsewhere/*.conf\n");
        world.write(
            "elsewhere/more.conf",
            "SecRule ARGS \"@pmFromFile list.txt\" \"id:1000,phase:2,deny\"\n\
             SecRule REMOTE_ADDR \"@ipMatchFromFile nets.txt\" \"id:1001,phase:1,deny\"\n",
        );
        world.write("elsewhere/list.txt", "one\n");
        world.write("elsewhere/nets.txt", "192.0.2.0/24\n");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn loaded(&self) -> Loaded {
        let sources = Sources {
            base: self.path("gateway.toml"),
            ..Sources::default()
        };
        load(&sources).unwrap_or_else(|refused| panic!("{refused}"))
    }

    fn compile(&self) -> Result<Compiled, Vec<Fault>> {
        compile(&self.loaded())
    }

    /// The digest of the program.
    fn program(&self) -> [u8; 32] {
        self.compile().unwrap().bundle.programs[0].digest
    }

    fn fault(&self) -> String {
        let faults = self.compile().unwrap_err();
        faults.iter().map(|fault| format!("{fault}\n")).collect()
    }
}

fn has(files: &[PathBuf], path: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    files.iter().any(|file| real(file) == real(path))
}

#[test]
fn every_file_that_is_named_counts_and_is_watched() {
    let world = World::new();
    let files = world.compile().unwrap().files;
    for name in [
        "set/rules/a.conf",
        "set/rules/words.data",
        "set/crs-setup.conf",
        "rules/before.conf",
        "elsewhere/more.conf",
        "elsewhere/list.txt",
        "elsewhere/nets.txt",
        // For what may come.
        "elsewhere",
    ] {
        assert!(has(&files, &world.path(name)), "{name} of {files:?}");
    }
    let mut before = world.program();
    for (name, text) in [
        ("elsewhere/list.txt", "one\ntwo\n"),
        ("elsewhere/nets.txt", "198.51.100.0/24\n"),
        ("set/rules/words.data", "another\n"),
        (
            "elsewhere/new.conf",
            "SecAction \"id:1002,phase:1,pass,nolog\"\n",
        ),
    ] {
        world.write(name, text);
        let now = world.program();
        assert_ne!(now, before, "{name}");
        before = now;
    }
    // What nobody names does not.
    world.write("rules/other.txt", "whatever");
    world.write("set/rules/other.data", "whatever");
    assert_eq!(world.program(), before);
}

#[test]
fn a_kept_program_is_that_of_its_files() {
    let world = World::new();
    let store = world.path("store");
    // Nobody else's, or it would be kept in the process already.
    world.write("elsewhere/list.txt", "first\n");
    let first = compile_keeping(&world.loaded(), Some(&store)).unwrap();
    world.write("elsewhere/list.txt", "second\n");
    let second = compile_keeping(&world.loaded(), Some(&store)).unwrap();
    assert_ne!(first.bytes, second.bytes);
    world.write("elsewhere/list.txt", "first\n");
    let third = compile_keeping(&world.loaded(), Some(&store)).unwrap();
    assert_eq!(first.bytes, third.bytes);
    let kept = fs::read_dir(&store).unwrap().count();
    assert_eq!(kept, 2);
}

#[test]
fn what_is_no_file_is_a_fault_at_once() {
    let world = World::new();
    let fifo = world.path("elsewhere/fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for (named, why) in [
        ("../elsewhere/fifo", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("../elsewhere", "not a regular file"),
        ("../elsewhere/none.conf", "no file is there"),
    ] {
        world.write("rules/before.conf", &format!("# first\nInclude {named}\n"));
        let fault = world.fault();
        assert!(
            fault.contains("before.conf:2:9") && fault.contains(why),
            "{named}: {fault}"
        );
        world.write(
            "rules/before.conf",
            &format!("SecRule ARGS \"@pmFromFile {named}\" \"id:1000,phase:2,deny\"\n"),
        );
        let fault = world.fault();
        assert!(fault.contains("before.conf:1:"), "{named}: {fault}");
    }
    // Its mending is seen.
    world.write("rules/before.conf", "Include ../elsewhere/none.conf\n");
    let loaded = world.loaded();
    let crs = loaded.rules.values().find_map(|rules| rules.crs.as_ref());
    let files = crs_files(crs.unwrap());
    assert!(
        files
            .iter()
            .any(|file| file.ends_with("elsewhere/none.conf")),
        "{files:?}"
    );
}

#[test]
fn a_file_that_is_too_large_and_files_without_end_are_faults() {
    let world = World::new();
    world.write("rules/before.conf", "Include ../elsewhere/large.conf\n");
    let large = fs::File::create(world.path("elsewhere/large.conf")).unwrap();
    large.set_len(17 << 20).unwrap();
    assert!(world.fault().contains("larger than"), "{}", world.fault());
    // Each includes the next one twice: 2 to the power of 12 files.
    for number in 0..12 {
        let next = format!("Include part{}.conf\n", number + 1);
        world.write(&format!("elsewhere/part{number}.conf"), &next.repeat(2));
    }
    world.write("elsewhere/part12.conf", "# the end\n");
    world.write("rules/before.conf", "Include ../elsewhere/part0.conf\n");
    let fault = world.fault();
    assert!(fault.contains("more than 2000 files"), "{fault}");
    assert_eq!(fault.lines().count(), 1, "{fault}");
}
