//! Files, the files that they include, and their lines, as one list of items.
use super::directive::{self, Line};
use super::{lines, read, words};
use crate::ast::Ast;
use crate::fault::{Fault, FaultKind};
use crate::place::{Place, Text};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How deep files may include each other.
const DEPTH_MAX: usize = 16;
/// Most files that are read, one that is included twice counted twice.
const FILES_MAX: usize = 2_000;
/// Most bytes of all of them.
const BYTES_MAX: usize = 64 << 20;

/// Where SecLang is read from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Text in memory. Files that it names are looked for beside `name`.
    Text {
        /// What places in it are called.
        name: PathBuf,
        /// The text.
        text: String,
    },
}

/// Reads sources in their order.
///
/// # Errors
/// Everything that is wrong with their form: after a fault, reading goes on with the next line.
pub fn parse(sources: &[Source]) -> Result<Ast, Vec<Fault>> {
    parse_noting(sources, &mut BTreeSet::new())
}

/// The same. Notes every file that was read or looked for, and of those that are named by a pattern the
/// folder: what is to be watched, also where something is wrong.
///
/// # Errors
/// As [`parse`].
pub fn parse_noting(sources: &[Source], read: &mut BTreeSet<PathBuf>) -> Result<Ast, Vec<Fault>> {
    let mut loader = Loader {
        ast: Ast::default(),
        faults: Vec::new(),
        read,
        files: 0,
        bytes: 0,
    };
    for source in sources {
        match source {
            Source::File(path) => {
                let start = Place {
                    file: Arc::from(path.as_path()),
                    line: 1,
                    column: 1,
                };
                loader.file(path, &start, 1);
            }
            Source::Text { name, text } => loader.text(name, text, 1),
        }
    }
    if loader.faults.is_empty() {
        Ok(loader.ast)
    } else {
        Err(loader.faults)
    }
}

struct Loader<'r> {
    ast: Ast,
    faults: Vec<Fault>,
    read: &'r mut BTreeSet<PathBuf>,
    files: usize,
    bytes: usize,
}

impl Loader<'_> {
    fn file(&mut self, path: &Path, from: &Place, depth: usize) {
        if depth > DEPTH_MAX {
            let kind = FaultKind::IncludeDepth(DEPTH_MAX);
            self.faults.push(Fault::new(from.clone(), kind));
            return;
        }
        self.read.insert(path.to_owned());
        self.files += 1;
        if self.files > FILES_MAX || self.bytes > BYTES_MAX {
            // Said once: files that include each other would say it for ever.
            if self.files <= FILES_MAX + 1 {
                let kind = FaultKind::TooManyFiles(FILES_MAX, BYTES_MAX);
                self.faults.push(Fault::new(from.clone(), kind));
                self.files = FILES_MAX + 1;
            }
            return;
        }
        match read::text(path) {
            Ok(text) => {
                self.bytes += text.len();
                self.text(path, &text, depth);
            }
            Err(error) => self.faults.push(unreadable(from, path, &error)),
        }
    }

    fn text(&mut self, name: &Path, text: &str, depth: usize) {
        let logical = match lines::logical(&Arc::from(name), text) {
            Ok(logical) => logical,
            Err(fault) => return self.faults.push(fault),
        };
        for line in logical {
            let read = words::split(&line).and_then(|words| directive::line(&words));
            match read {
                Ok(Line::Item(item)) => self.ast.items.push(item),
                Ok(Line::Note(note)) => self.ast.notes.push(note),
                Ok(Line::Include { pattern, optional }) => {
                    self.include(name, &pattern, optional, depth);
                }
                Err(fault) => self.faults.push(fault),
            }
        }
    }

    fn include(&mut self, name: &Path, pattern: &Text, optional: bool, depth: usize) {
        let place = pattern.start();
        let whole = name
            .parent()
            .unwrap_or(Path::new(""))
            .join(pattern.as_str());
        if is_pattern(&whole) {
            self.read.extend(whole.parent().map(Path::to_owned));
        }
        match matching(&whole) {
            Ok(files) if files.is_empty() => {
                // One that comes is worth another look.
                self.read.insert(whole.clone());
                if optional {
                    return;
                }
                let why = "no file is there".to_owned();
                let path = whole.display().to_string();
                let kind = FaultKind::Unreadable { path, why };
                self.faults.push(Fault::new(place, kind));
            }
            Ok(files) => {
                for file in files {
                    self.file(&file, &place, depth + 1);
                }
            }
            Err(_) if optional => {}
            Err(error) => self.faults.push(unreadable(&place, &whole, &error)),
        }
    }
}

/// The fault of a file that cannot be read.
pub(crate) fn unreadable(place: &Place, path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(
        place.clone(),
        FaultKind::Unreadable {
            path: path.display().to_string(),
            why: error.to_string(),
        },
    )
}

fn is_pattern(path: &Path) -> bool {
    let last = path.file_name().unwrap_or_default().to_string_lossy();
    last.contains(['*', '?'])
}

/// The files of a path whose last part may hold `*` and `?`, by name.
fn matching(pattern: &Path) -> std::io::Result<Vec<PathBuf>> {
    let last = pattern.file_name().unwrap_or_default().to_string_lossy();
    if !is_pattern(pattern) {
        return Ok(if pattern.exists() {
            vec![pattern.to_owned()]
        } else {
            Vec::new()
        });
    }
    let folder = match pattern.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if glob(last.as_bytes(), name.as_bytes()) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether `name` has the form of `pattern`, in which `*` is any bytes and `?` is one.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    // reach[i]: the pattern up to here can have used the first i bytes of the name.
    let mut reach = vec![false; name.len() + 1];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    for part in pattern {
        let mut next = vec![false; name.len() + 1];
        let mut any = false;
        for (i, slot) in next.iter_mut().enumerate() {
            let here = reach.get(i).copied().unwrap_or(false);
            let before = i.checked_sub(1);
            let came = before.and_then(|b| reach.get(b)).copied().unwrap_or(false);
            any |= here;
            *slot = match part {
                b'*' => any,
                b'?' => came,
                byte => came && before.and_then(|b| name.get(b)) == Some(byte),
            };
        }
        reach = next;
    }
    reach.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, name, is) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.example", false),
            ("REQUEST-9?1*.conf", "REQUEST-901-X.conf", true),
            ("REQUEST-9?1*.conf", "REQUEST-912-X.conf", false),
            ("*a*b", "xaxbxb", true),
            ("?", "", false),
        ] {
            assert_eq!(
                glob(pattern.as_bytes(), name.as_bytes()),
                is,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn files_are_included_in_order_beside_the_file_that_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        put(
            "main.conf",
            "Include rules/*.conf\nIncludeOptional none/*.conf\nSecMarker END\n",
        );
        put("rules/b.conf", "SecMarker B\n");
        put("rules/a.conf", "SecMarker A\n");
        let ast = parse(&[Source::File(folder.path().join("main.conf"))]).unwrap();
        let names: Vec<_> = ast.items.iter().map(|i| format!("{i:?}")).collect();
        assert_eq!(names.len(), 3);
        assert!(
            names[0].contains("\"A\"") && names[2].contains("\"END\""),
            "{names:?}"
        );
    }

    #[test]
    fn a_file_that_includes_itself_is_a_fault_and_so_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("main.conf");
        std::fs::write(&main, "Include main.conf\nInclude gone.conf\n").unwrap();
        let faults = parse(&[Source::File(main)]).unwrap_err();
        assert!(
            faults
                .iter()
                .any(|f| f.kind == FaultKind::IncludeDepth(DEPTH_MAX))
        );
        let gone = faults
            .iter()
            .find(|f| matches!(f.kind, FaultKind::Unreadable { .. }));
        assert_eq!(gone.map(|f| (f.place.line, f.place.column)), Some((2, 9)));
    }
}
