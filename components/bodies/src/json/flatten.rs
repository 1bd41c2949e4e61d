//! The leaves of a document as ModSecurity's arguments.

use super::{Error, Event, Reader};
use crate::Limits;

/// Where the flattening stands in the containers around a value.
struct Level {
    /// Length of the path up to and with this container.
    path: usize,
    /// The next element's number; `None` in an object.
    element: Option<usize>,
}

/// Hands the name and the value of every string, number, boolean and null to `each`, in order, and
/// says how many there were.
///
/// Names are those of ModSecurity: `{"a":{"b":[1,{"c":2}]}}` gives `json.a.b.array_0` and
/// `json.a.b.array_1.c`; a document that is one value gives `json`; a member without a name is
/// called `empty-key`. Strings are decoded, numbers are as written, null is empty. Empty objects
/// and arrays give nothing. An empty document is no error.
///
/// # Errors
///
/// Any [`Error`]; what came before the fault has been handed over.
pub fn flatten(
    input: &[u8],
    limits: &Limits,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<usize, Error> {
    if input.is_empty() {
        return Ok(0);
    }
    let mut reader = Reader::new(input, limits);
    let mut path = b"json".to_vec();
    let mut levels: Vec<Level> = Vec::new();
    let mut room = Vec::new();
    let mut names_left = limits.name_bytes_max;
    let mut count = 0;
    while let Some(event) = reader.next_event()? {
        let value: &[u8] = match event {
            Event::StartObject | Event::StartArray => {
                let object = event == Event::StartObject;
                enter_element(&mut path, &levels);
                if object {
                    path.push(b'.');
                }
                if path.len() > names_left {
                    return Err(Error::NamesTooLong);
                }
                levels.push(Level {
                    path: path.len(),
                    element: (!object).then_some(0),
                });
                continue;
            }
            Event::EndObject | Event::EndArray => {
                levels.pop();
                leave_value(&mut path, &mut levels);
                continue;
            }
            Event::Key(text) => {
                let key = text.decode(&mut room);
                path.extend_from_slice(if key.is_empty() { b"empty-key" } else { key });
                continue;
            }
            Event::String(text) => text.decode(&mut room),
            Event::Number(raw) => raw,
            Event::Bool(true) => b"true",
            Event::Bool(false) => b"false",
            Event::Null => b"",
        };
        enter_element(&mut path, &levels);
        if count >= limits.items_max {
            return Err(Error::TooManyValues);
        }
        count += 1;
        names_left = names_left
            .checked_sub(path.len())
            .ok_or(Error::NamesTooLong)?;
        each(&path, value);
        leave_value(&mut path, &mut levels);
    }
    Ok(count)
}

/// Appends the number of an array's element that begins.
fn enter_element(path: &mut Vec<u8>, levels: &[Level]) {
    if let Some(Level {
        element: Some(number),
        ..
    }) = levels.last()
    {
        path.extend_from_slice(b".array_");
        path.extend_from_slice(number.to_string().as_bytes());
    }
}

/// Shortens the path to the container that a value has just ended in.
fn leave_value(path: &mut Vec<u8>, levels: &mut [Level]) {
    if let Some(level) = levels.last_mut() {
        path.truncate(level.path);
        if let Some(number) = &mut level.element {
            *number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(input: &str) -> Vec<String> {
        let mut found = Vec::new();
        let count = flatten(input.as_bytes(), &Limits::default(), |name, value| {
            let text = [name, b"=", value].concat();
            found.push(String::from_utf8(text).expect("text"));
        });
        assert_eq!(count, Ok(found.len()));
        found
    }

    #[test]
    fn names_are_those_of_modsecurity() {
        for (input, expected) in [
            (r#""x""#, &["json=x"][..]),
            ("", &[]),
            (
                r#"{"a":1,"b":{"c":null,"":true}}"#,
                &["json.a=1", "json.b.c=", "json.b.empty-key=true"],
            ),
            (
                r#"{"a":[1,"x",{"b":2},[3,[4]],5]}"#,
                &[
                    "json.a.array_0=1",
                    "json.a.array_1=x",
                    "json.a.array_2.b=2",
                    "json.a.array_3.array_0=3",
                    "json.a.array_3.array_1.array_0=4",
                    "json.a.array_4=5",
                ],
            ),
            (
                r#"[{"x":1},{"x":2}]"#,
                &["json.array_0.x=1", "json.array_1.x=2"],
            ),
            (r#"{"a":1,"a":2,"e":{},"f":[]}"#, &["json.a=1", "json.a=2"]),
            (r#"{"":{"":[0]}}"#, &["json.empty-key.empty-key.array_0=0"]),
            (r#"{"a.b":-1.50e2}"#, &["json.a.b=-1.50e2"]),
        ] {
            assert_eq!(leaves(input), expected, "{input}");
        }
    }

    #[test]
    fn what_comes_before_a_fault_is_handed_over() {
        let mut found = 0;
        let answer = flatten(br#"{"a":1,"b":2,]"#, &Limits::default(), |_, _| found += 1);
        assert!(matches!(answer, Err(Error::Unexpected { .. })));
        assert_eq!(found, 2);
    }

    #[test]
    fn bombs_end_in_time() {
        let limits = Limits::default();
        let none = |_: &[u8], _: &[u8]| ();
        let wide = [b"[".as_slice(), &b"1,".repeat(500_000), b"1]"].concat();
        assert_eq!(flatten(&wide, &limits, none), Err(Error::TooManyValues));
        let deep = br#"{"a":"#.repeat(200_000);
        assert_eq!(flatten(&deep, &limits, none), Err(Error::TooDeep));
        let name = "n".repeat(100_000);
        let long = format!("{{\"{name}\":[{}1]}}", "1,".repeat(5_000));
        assert_eq!(
            flatten(long.as_bytes(), &limits, none),
            Err(Error::NamesTooLong)
        );
    }
}
