//! A bounded reader for small XML messages: bytes to text by the declared character code, text to a tree of elements.
//!
//! Document types, entities and oversized input are refused rather than skipped; attributes, comments and processing
//! instructions carry nothing for us and are ignored.

use domain::eligibility::carries_individual_number;
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{PackRefusal, ReadError, is_packed};

const MAX_DEPTH: usize = 16;
const MAX_TEXT_CHARS: usize = 2_000;
/// Elements that name a question, a line of a list, or a list.
const IDENTIFIERS: [&str; 3] = ["ArbitraryFileIdentifier", "ArbitraryIdentifier", "ReceptionNumber"];

/// How large a message of one kind may be.
#[derive(Clone, Copy)]
pub struct Limits {
    pub bytes: usize,
    pub elements: usize,
}

/// A result about one person, a reply about one prescription.
pub const SMALL: Limits = Limits { bytes: 1024 * 1024, elements: 5_000 };
/// Years of somebody's drugs and treatments.
pub const HISTORY: Limits = Limits { bytes: 4 * 1024 * 1024, elements: 150_000 };

/// One element: its local name, its own text, its children in order.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All children of that name.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Trimmed text of a child; absent and empty are the same.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.trim()).filter(|text| !text.is_empty())
    }

    /// The first element of that name anywhere below, nearest levels in document order.
    pub fn descendant(&self, name: &str) -> Option<&Element> {
        self.children.iter().find_map(|c| if c.name == name { Some(c) } else { c.descendant(name) })
    }

    /// Every element of that name anywhere below.
    pub fn descendants<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            } else {
                child.descendants(name, found);
            }
        }
    }

    /// The element as text again.
    pub fn write(&self, out: &mut String) {
        out.push_str(&format!("<{}>{}", self.name, escape(self.text.trim())));
        self.children.iter().for_each(|child| child.write(out));
        out.push_str(&format!("</{}>", self.name));
    }

    /// Whether any text in the tree carries a 個人番号. What names a question or a list is drawn by chance and not looked at: one in some
    /// hundred lists would otherwise be refused for ever.
    pub fn carries_individual_number(&self) -> bool {
        let is_name = IDENTIFIERS.contains(&self.name.as_str());
        !is_name && carries_individual_number(&self.text) || self.children.iter().any(Self::carries_individual_number)
    }
}

/// A message of オンライン資格確認 as a tree: what every reader here begins with.
pub fn message(bytes: &[u8], limits: Limits) -> Result<Element, ReadError> {
    let root = parse_within(&decode_within(bytes, limits)?, limits)?;
    if root.name != "XmlMsg" {
        return Err(ReadError::NotFaceResult);
    }
    if root.carries_individual_number() {
        return Err(ReadError::IndividualNumber);
    }
    Ok(root)
}

/// Text between tags of a message we write.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Bytes to text. The XML declaration decides; `CharacterCodeIdentifier` (0 UTF-8, 1 or 2 Shift_JIS) settles what it leaves open
/// and helps when a declaration is plainly wrong.
pub fn decode(bytes: &[u8]) -> Result<String, ReadError> {
    decode_within(bytes, SMALL)
}

pub fn decode_within(bytes: &[u8], limits: Limits) -> Result<String, ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if bytes.len() > limits.bytes {
        return Err(ReadError::TooLarge { limit_kib: limits.bytes / 1024 });
    }
    // Whoever takes packed answers has unpacked them.
    if is_packed(bytes) {
        return Err(PackRefusal::NotHere.into());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::UnknownEncoding("UTF-16".into()));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return strict(UTF_8, rest).ok_or(ReadError::Garbled);
    }
    let declared = declared_encoding(bytes)?;
    let identified = identified_encoding(bytes);
    let order = match (declared, identified) {
        (Some(first), Some(second)) => vec![first, second],
        (Some(only), None) => vec![only],
        (None, Some(only)) => vec![only],
        (None, None) => vec![UTF_8, SHIFT_JIS],
    };
    order.into_iter().find_map(|encoding| strict(encoding, bytes)).ok_or(ReadError::Garbled)
}

/// Decodes without inventing characters; a replacement character or NUL means the text is damaged.
fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let is_damaged = text.chars().any(|c| c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t')));
    (!is_damaged).then(|| text.into_owned())
}

fn declared_encoding(bytes: &[u8]) -> Result<Option<&'static Encoding>, ReadError> {
    let head = &bytes[..bytes.len().min(200)];
    let Some(declaration) = between(head, b"<?xml", b"?>") else { return Ok(None) };
    let name = between(declaration, b"encoding=\"", b"\"").or_else(|| between(declaration, b"encoding='", b"'"));
    let Some(name) = name else { return Ok(None) };
    let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    match name.as_str() {
        "utf-8" | "utf8" => Ok(Some(UTF_8)),
        "shift_jis" | "shift-jis" | "sjis" | "x-sjis" | "cp932" | "ms932" | "windows-31j" => Ok(Some(SHIFT_JIS)),
        _ => Err(ReadError::UnknownEncoding(name.chars().filter(char::is_ascii_graphic).take(20).collect())),
    }
}

fn identified_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    match between(bytes, b"<CharacterCodeIdentifier>", b"</CharacterCodeIdentifier>")?.trim_ascii() {
        b"0" => Some(UTF_8),
        b"1" | b"2" => Some(SHIFT_JIS),
        _ => None,
    }
}

fn between<'a>(bytes: &'a [u8], before: &[u8], after: &[u8]) -> Option<&'a [u8]> {
    let start = find(bytes, before)? + before.len();
    let rest = &bytes[start..];
    find(rest, after).map(|end| &rest[..end])
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Text to the root element.
pub fn parse(text: &str) -> Result<Element, ReadError> {
    parse_within(text, SMALL)
}

pub fn parse_within(text: &str, limits: Limits) -> Result<Element, ReadError> {
    let mut reader = Reader::from_str(text);
    let mut builder = Builder { left: limits.elements, ..Builder::default() };
    loop {
        let event = reader.read_event().map_err(|_| ReadError::Malformed { offset: reader.error_position() })?;
        match event {
            Event::Start(start) => builder.open(start.local_name().as_ref())?,
            Event::Empty(start) => {
                builder.open(start.local_name().as_ref())?;
                builder.close();
            }
            Event::End(_) => builder.close(),
            Event::Text(piece) => builder.text(&piece.xml10_content())?,
            Event::CData(piece) => builder.text(&piece.xml10_content())?,
            Event::GeneralRef(reference) => builder.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) => return Err(ReadError::Forbidden),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return builder.finish(reader.buffer_position()),
        }
    }
}

/// The five predefined entities and character references; anything else would need a definition we refuse.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, ReadError> {
    if let Some(c) = reference.resolve_char_ref().map_err(|_| ReadError::Forbidden)? {
        let is_allowed = !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        return if is_allowed { Ok(c) } else { Err(ReadError::Garbled) };
    }
    match reference.xml10_content().as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(ReadError::Forbidden),
    }
}

/// Elements still open, innermost last; iterative, so depth costs no stack.
#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    /// Elements that may still come.
    left: usize,
}

impl Builder {
    fn open(&mut self, name: &str) -> Result<(), ReadError> {
        if self.left == 0 || self.open.len() >= MAX_DEPTH {
            return Err(ReadError::TooComplex);
        }
        self.left -= 1;
        if self.root.is_some() {
            return Err(ReadError::NotFaceResult);
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn close(&mut self) {
        let Some(done) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
    }

    fn text(&mut self, piece: &str) -> Result<(), ReadError> {
        let Some(current) = self.open.last_mut() else {
            return if piece.trim().is_empty() { Ok(()) } else { Err(ReadError::NotFaceResult) };
        };
        current.text.push_str(piece);
        if current.text.chars().count() > MAX_TEXT_CHARS { Err(ReadError::TooComplex) } else { Ok(()) }
    }

    fn finish(self, offset: u64) -> Result<Element, ReadError> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(ReadError::Malformed { offset }),
        }
    }
}
