//! SecLang, as the Core Rule Set and the files beside it are written in: read, and compiled where it is sound.

use lockgate_seclang::{Fault, Source, compile, parse};
use std::path::{Path, PathBuf};

/// What names other files: those of this machine are no input.
const FILES: [&str; 4] = ["include", "fromfile", "@pmf", "@ipmatchf"];

/// Faults point into the text and stand on one line each; the same text is read the same; what is sound compiles,
/// or has faults of that kind.
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let lower = text.to_ascii_lowercase();
    if FILES.iter().any(|word| lower.contains(word)) {
        return;
    }
    match (read(text), read(text)) {
        (Ok(ast), Ok(again)) => {
            assert_eq!(format!("{ast:?}"), format!("{again:?}"));
            match compile(&ast) {
                Ok(compiled) => {
                    for note in &compiled.notes {
                        assert_eq!(&*note.place.file, Path::new(NAME));
                    }
                }
                Err(faults) => placed(text, &faults),
            }
        }
        (Err(faults), Err(again)) => {
            placed(text, &faults);
            assert_eq!(said(&faults), said(&again));
        }
        _ => panic!("read once and refused once: {text:?}"),
    }
}

const NAME: &str = "t.conf";

fn read(text: &str) -> Result<lockgate_seclang::ast::Ast, Vec<Fault>> {
    parse(&[Source::Text {
        name: PathBuf::from(NAME),
        text: text.to_owned(),
    }])
}

fn said(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn placed(text: &str, faults: &[Fault]) {
    assert!(!faults.is_empty());
    let lines = text.split('\n').count();
    for fault in faults {
        let said = fault.to_string();
        assert!(!said.contains('\n'), "{said:?}");
        assert_eq!(&*fault.place.file, Path::new(NAME), "{said}");
        let line = fault.place.line as usize;
        assert!(
            (1..=lines).contains(&line) && fault.place.column >= 1,
            "{said}"
        );
    }
}
