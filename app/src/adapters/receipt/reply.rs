//! Answers read: any XML of the agreed shape becomes a tree of names and texts; anything else is unreadable.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deeper or longer than any real answer.
const DEPTH: usize = 24;
const NODES: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an answer of the agreed shape: {0}")]
pub struct Unreadable(pub &'static str);

/// One element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|node| node.name == name)
    }

    /// The text at a path below this one, trimmed; empty when there is none.
    pub fn at(&self, path: &str) -> &str {
        path.split('/').try_fold(self, |node, name| node.child(name)).map_or("", |node| node.text.trim())
    }

    /// Records of a list; the empty ones it is padded with are left out.
    pub fn list<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Node> {
        let found = path.split('/').try_fold(self, |node, name| node.child(name));
        found.into_iter().flat_map(|node| &node.children).filter(|record| !record.children.is_empty())
    }
}

/// What every answer says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub result: String,
    pub message: String,
    pub body: Node,
}

impl Reply {
    /// `root` is the record that must stand inside `<xmlio2>`.
    pub fn parse(bytes: &[u8], root: &str) -> Result<Self, Unreadable> {
        let tree = tree(bytes)?;
        if tree.name != "xmlio2" {
            return Err(Unreadable("no xmlio2"));
        }
        let body = tree.children.into_iter().find(|node| node.name == root).ok_or(Unreadable("another record"))?;
        let result = body.at("Api_Result").to_owned();
        if result.is_empty() || result.len() > 8 {
            return Err(Unreadable("no Api_Result"));
        }
        Ok(Self { result, message: body.at("Api_Result_Message").to_owned(), body })
    }

    /// All zeros; `K…` and `W…` are done with a remark.
    pub fn is_done(&self) -> bool {
        self.result.bytes().all(|b| b == b'0') || self.result.starts_with(['K', 'W'])
    }
}

fn tree(bytes: &[u8]) -> Result<Node, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable("not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let (mut open, mut nodes): (Vec<Node>, usize) = (Vec::new(), 0);
    loop {
        match reader.read_event().map_err(|_| Unreadable("not XML"))? {
            Event::Start(tag) => {
                nodes += 1;
                if open.len() >= DEPTH || nodes > NODES {
                    return Err(Unreadable("too large"));
                }
                open.push(Node { name: tag.name().as_ref().to_owned(), ..Node::default() });
            }
            Event::Empty(tag) => {
                let node = Node { name: tag.name().as_ref().to_owned(), ..Node::default() };
                if let Some(root) = shut(&mut open, node) {
                    return Ok(root);
                }
            }
            Event::Text(words) => push(&mut open, &words.xml10_content()),
            Event::GeneralRef(entity) => push(&mut open, &entity_of(&entity)?),
            Event::CData(words) => push(&mut open, &words.xml10_content()),
            Event::End(_) => {
                let node = open.pop().ok_or(Unreadable("not XML"))?;
                if let Some(root) = shut(&mut open, node) {
                    return Ok(root);
                }
            }
            Event::DocType(_) => return Err(Unreadable("a document type")),
            Event::Eof => return Err(Unreadable("cut short")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
}

fn push(open: &mut [Node], words: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(words);
    }
}

/// `&amp;`, `&#x9ad9;`; entities of a document's own are refused.
fn entity_of(entity: &quick_xml::events::BytesRef<'_>) -> Result<Cow<'static, str>, Unreadable> {
    if let Some(c) = entity.resolve_char_ref().map_err(|_| Unreadable("an entity"))? {
        return Ok(c.to_string().into());
    }
    quick_xml::escape::resolve_predefined_entity(&entity.xml10_content()).map(Cow::Borrowed).ok_or(Unreadable("an entity"))
}

/// A finished node goes to its parent; the outermost one is the tree.
fn shut(open: &mut [Node], node: Node) -> Option<Node> {
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(node);
            None
        }
        None => Some(node),
    }
}
