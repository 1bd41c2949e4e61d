//! YAML as a tree in which every scalar is its text.
use saphyr_parser::{Event, Parser};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A scalar: its text, whatever its type would be.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in its order.
    Map(Vec<(String, Node)>),
}

/// What is open while events are read.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads the first document; none is an empty list.
///
/// # Errors
/// What is no YAML, or has aliases or keys that are no scalars; the text says where.
pub(super) fn read(text: &str) -> Result<Node, String> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        let done = match event {
            Event::Scalar(text, ..) => Node::Scalar(text.into_owned()),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(list)) => Node::List(list),
                Some(Open::Map(map, _)) => Node::Map(map),
                None => return Err("an end without a start".to_owned()),
            },
            Event::Alias(_) => return Err(format!("line {}: aliases", span.start.line())),
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(done),
            Some(Open::List(list)) => list.push(done),
            Some(Open::Map(map, key)) => match (key.take(), done) {
                (Some(name), node) => map.push((name, node)),
                (None, Node::Scalar(name)) => *key = Some(name),
                (None, _) => return Err(format!("line {}: a key", span.start.line())),
            },
        }
    }
    Ok(Node::List(Vec::new()))
}

impl Node {
    /// The value of a key.
    #[must_use]
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.iter().find(|(k, _)| k == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text of a scalar.
    #[must_use]
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a list; none of anything else.
    #[must_use]
    pub(super) fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// The entries of a mapping; none of anything else.
    #[must_use]
    pub(super) fn map(&self) -> &[(String, Self)] {
        match self {
            Self::Map(map) => map,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_text_and_maps_their_order() {
        let node =
            read("---\nb: 007\na:\n  - \"x\\x5c\"\n  - |-\n    y\n    z\nc: {d: yes}\n").unwrap();
        assert_eq!(node.get("b").and_then(Node::text), Some("007"));
        let list: Vec<_> = node
            .get("a")
            .unwrap()
            .list()
            .iter()
            .map(|n| n.text().unwrap())
            .collect();
        assert_eq!(list, ["x\\", "y\nz"]);
        assert_eq!(node.map()[2].0, "c");
        assert!(read("a: [").is_err());
        assert!(read("a: &x 1\nb: *x\n").is_err());
    }
}
