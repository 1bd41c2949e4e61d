//! What an SVG may be at most, judged from its elements before usvg makes shapes of them.
//!
//! usvg copies what is used: ten elements that each use the one before ten times are ten thousand
//! million. It also goes down into what is nested or referred to by recursion, and the stack of a
//! component is a megabyte.

use std::collections::BTreeMap;

use resvg::usvg::roxmltree::{Document, Error, Node, ParsingOptions};

use crate::ImageError;

/// Elements, texts and comments.
const NODES_MAX: u32 = 100_000;

/// Elements once all that is used is copied.
const COPIES_MAX: u64 = 200_000;

/// How deep elements and what they refer to are nested.
const DEPTH_MAX: usize = 64;

/// Rules of style sheets times elements: each is compared with each.
const STYLED_MAX: usize = 20_000_000;

/// Parse `text`, and refuse what would take too much.
///
/// # Errors
/// [`ImageError::UnsupportedFormat`] for entities and for too much of anything,
/// [`ImageError::Corrupt`] for what is no XML.
pub(super) fn parse(text: &str) -> Result<Document<'_>, ImageError> {
    if text.contains("<!ENTITY") {
        return Err(refused("entities"));
    }
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        Error::NodesLimitReached => refused("too many nodes"),
        other => ImageError::corrupt(other),
    })?;
    check_nesting(&document)?;
    check_styles(&document)?;
    let mut sizes = Sizes::new(&document);
    let size = sizes.of(document.root_element(), 0)?;
    if size > COPIES_MAX {
        return Err(refused("too many elements once its uses are copied"));
    }
    Ok(document)
}

fn refused(why: &str) -> ImageError {
    ImageError::UnsupportedFormat(format!("an SVG of {why}"))
}

/// Nesting of elements alone, without recursion.
fn check_nesting(document: &Document<'_>) -> Result<(), ImageError> {
    let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
    // Parents stand before their children.
    for node in document.descendants().filter(Node::is_element) {
        let above = node
            .parent()
            .and_then(|parent| depths.get(&parent.id().get_usize()));
        let depth = above.map_or(0, |depth| depth + 1);
        if depth > DEPTH_MAX {
            return Err(refused("too deep a nesting"));
        }
        depths.insert(node.id().get_usize(), depth);
    }
    Ok(())
}

fn check_styles(document: &Document<'_>) -> Result<(), ImageError> {
    let elements = document.descendants().filter(Node::is_element);
    let rules: usize = elements
        .clone()
        .filter(|node| node.tag_name().name() == "style")
        .flat_map(|node| node.children())
        .filter_map(|child| child.text())
        .map(|text| {
            text.bytes()
                .filter(|byte| matches!(byte, b'{' | b','))
                .count()
        })
        .sum();
    if rules.saturating_mul(elements.count()) > STYLED_MAX {
        return Err(refused("too many styles"));
    }
    Ok(())
}

/// How many elements each becomes, with what it refers to.
struct Sizes<'d, 'input> {
    by_id: BTreeMap<&'d str, Node<'d, 'input>>,
    /// By the number of the node.
    known: BTreeMap<usize, Size>,
    /// What style sheets refer to: it may become part of any element.
    styled: Vec<Node<'d, 'input>>,
}

#[derive(Clone, Copy)]
enum Size {
    /// Being counted: a reference to it is a circle, which usvg breaks.
    Open,
    /// Elements, and how deep they go.
    Known(u64, usize),
}

impl<'d, 'input> Sizes<'d, 'input> {
    fn new(document: &'d Document<'input>) -> Self {
        let elements = document.descendants().filter(Node::is_element);
        let by_id: BTreeMap<_, _> = elements
            .clone()
            .filter_map(|node| Some((node.attribute("id")?, node)))
            .collect();
        let styled = elements
            .filter(|node| node.tag_name().name() == "style")
            .flat_map(|node| node.children())
            .filter_map(|child| child.text())
            .flat_map(references)
            .filter_map(|id| by_id.get(id).copied())
            // Gradients are looked up, not copied.
            .filter(|node| !node.tag_name().name().ends_with("Gradient"))
            .collect();
        Self {
            by_id,
            known: BTreeMap::new(),
            styled,
        }
    }

    /// The elements that `node` becomes.
    fn of(&mut self, node: Node<'d, 'input>, depth: usize) -> Result<u64, ImageError> {
        Ok(self.measure(node, depth)?.0)
    }

    fn measure(
        &mut self,
        node: Node<'d, 'input>,
        depth: usize,
    ) -> Result<(u64, usize), ImageError> {
        match self.known.get(&node.id().get_usize()) {
            Some(Size::Open) => return Ok((1, 0)),
            Some(Size::Known(_, deep)) if depth + deep > DEPTH_MAX => {
                return Err(refused("too deep a nesting"));
            }
            Some(Size::Known(elements, deep)) => return Ok((*elements, *deep)),
            None => {}
        }
        if depth > DEPTH_MAX {
            return Err(refused("too deep a nesting"));
        }
        self.known.insert(node.id().get_usize(), Size::Open);
        let mut elements = 1_u64;
        let mut deep = 0;
        let mut add = |(more, below): (u64, usize), times: u64| {
            elements = elements.saturating_add(more.saturating_mul(times));
            deep = deep.max(below + 1);
        };
        for child in node.children().filter(Node::is_element) {
            let size = self.measure(child, depth + 1)?;
            add(size, 1);
        }
        for attribute in node.attributes() {
            let name = attribute.name();
            let link = (name == "href").then(|| attribute.value().trim().strip_prefix('#'));
            let links = link.flatten().into_iter();
            for id in links.chain(references(attribute.value())) {
                if let Some(target) = self.by_id.get(id).copied() {
                    let size = self.measure(target, depth + 1)?;
                    add(size, vertices(node, target));
                }
            }
        }
        for at in 0..self.styled.len() {
            if let Some(target) = self.styled.get(at).copied() {
                let size = self.measure(target, depth + 1)?;
                add(size, vertices(node, target));
            }
        }
        self.known
            .insert(node.id().get_usize(), Size::Known(elements, deep));
        Ok((elements, deep))
    }
}

/// How often `target` becomes part of `node`: a marker once at each vertex, at most.
fn vertices(node: Node<'_, '_>, target: Node<'_, '_>) -> u64 {
    if target.tag_name().name() != "marker" {
        return 1;
    }
    let text = node.attribute("d").or_else(|| node.attribute("points"));
    text.map_or(2, |text| text.len() as u64 / 2 + 1)
}

/// The identifiers in `url(#...)`.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("url(").skip(1).filter_map(|rest| {
        let rest = rest.trim_start().trim_start_matches(['"', '\'']);
        let id = rest.strip_prefix('#')?;
        id.split([')', '"', '\'']).next().map(str::trim_end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Result<(), String> {
        let text = format!("<svg xmlns='http://www.w3.org/2000/svg'>{body}</svg>");
        parse(&text).map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn uses_are_counted_as_copies() {
        let mut body = "<g id='a0'><path/></g>".to_owned();
        for level in 1..=5 {
            let one = format!("<use href='#a{}'/>", level - 1);
            body += &format!("<g id='a{level}'>{}</g>", one.repeat(20));
        }
        assert!(code(&body).unwrap_err().contains("copied"));
        assert!(code("<g id='a'><path/></g><use href='#a'/><use href='#a'/>").is_ok());
    }

    #[test]
    fn circles_are_left_to_usvg() {
        assert!(code("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>").is_ok());
        assert!(code("<mask id='m' mask='url(#m)'/><path mask=\"url( '#m' )\"/>").is_ok());
    }

    #[test]
    fn nesting_is_bounded_through_references_too() {
        let deep = format!("{}{}", "<g>".repeat(70), "</g>".repeat(70));
        assert!(code(&deep).unwrap_err().contains("nesting"));
        let chain: String = (0..70)
            .map(|n| format!("<mask id='m{n}' mask='url(#m{})'><path/></mask>", n + 1))
            .collect();
        assert!(code(&chain).unwrap_err().contains("nesting"));
    }

    #[test]
    fn markers_count_at_each_vertex() {
        let marker = format!("<marker id='m'>{}</marker>", "<path/>".repeat(500));
        let path = format!(
            "<path d='M0 0{}' marker-mid='url(#m)'/>",
            " 1 1".repeat(1_000)
        );
        assert!(code(&format!("{marker}{path}")).is_err());
        let styled = format!("<style>path {{ marker-mid: url(#m) }}</style>{marker}");
        let path = path.replace("marker-mid='url(#m)'", "");
        assert!(code(&format!("{styled}{path}")).is_err());
    }

    #[test]
    fn entities_are_refused() {
        let text = "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>";
        assert!(parse(text).is_err());
        let plain = "<!DOCTYPE svg><svg xmlns='http://www.w3.org/2000/svg'/>";
        assert!(parse(plain).is_ok());
    }
}
