//! Runs one regression case of the Core Rule Set and shows every rule that reported, and what
//! matched where.
//!
//! `cargo run --release -p lockgate-seclang --features ftw --example crs_case -- FILE TEST [RULES]`
//!
//! FILE is a file of cases in `tests/` of a release, TEST a number in it; RULES is SecLang that is
//! added before the set.

use lockgate_seclang::{Source, compile, crs, ftw, parse};
use lockgate_waf::Engine;
use std::path::{Path, PathBuf};

const SETUP: &str = "SecAction \"id:900005,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly,\
    setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\
    setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,\
    setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535\"\n";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, test, rules @ ..] = arguments.as_slice() else {
        eprintln!("FILE TEST [RULES]");
        std::process::exit(2);
    };
    let folder = Path::new(file)
        .ancestors()
        .nth(3)
        .expect("FILE lies in tests/GROUP/");
    let setup = Source::Text {
        name: PathBuf::from("setup.conf"),
        text: SETUP.to_owned() + &rules.join("\n") + "\n",
    };
    let ast = parse(&crs::sources(folder, setup).expect("the release has rules"));
    let compiled = compile(&ast.expect("the rules are sound")).expect("the rules compile");
    let engine = Engine::from_program(compiled.program.clone()).expect("the program loads");
    let text = std::fs::read_to_string(file).expect("FILE is there");
    for case in ftw::read(&text).expect("FILE is understood") {
        if !case.name.ends_with(&format!("-{test}")) {
            continue;
        }
        println!(
            "{} {}\n{:?}",
            case.name,
            case.about,
            ftw::case(&engine, &case).faults
        );
        for stage in &case.stages {
            let message = ftw::read_message(&ftw::bytes(stage));
            for matched in ftw::request(&engine, &message).matched {
                println!("{} {}", matched.id, String::from_utf8_lossy(&matched.msg));
                for value in &matched.values {
                    println!(
                        "    {} {} = {:?} {:?}",
                        value.link,
                        String::from_utf8_lossy(&value.variable),
                        String::from_utf8_lossy(&value.value),
                        value.span
                    );
                }
            }
        }
    }
}
