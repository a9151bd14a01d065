//! A namespace-aware reader of the signed document and its exclusive canonical form (xml-exc-c14n), written from the W3C text.
//! Comments, processing instructions, document types and entities beyond the predefined ones do not occur in a prescription.

use std::collections::BTreeMap;

use crate::national::xml::unescape;

pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
const DEEPEST: usize = 24;

type Scope = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub struct Attribute {
    prefix: String,
    pub local: String,
    pub value: String,
}

#[derive(Debug, Clone)]
pub enum Child {
    Element(Element),
    Text(String),
}

#[derive(Debug, Clone)]
pub struct Element {
    prefix: String,
    pub local: String,
    pub attributes: Vec<Attribute>,
    pub children: Vec<Child>,
    /// Every namespace in force here.
    scope: Scope,
}

impl Element {
    pub fn namespace(&self) -> &str {
        self.scope.get(&self.prefix).map_or("", String::as_str)
    }

    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace() == namespace
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    /// The only child of that name; none and several are both wrong.
    pub fn one(&self, namespace: &str, local: &str) -> Result<&Element, String> {
        let mut found = self.elements().filter(|e| e.is(namespace, local));
        match (found.next(), found.next()) {
            (Some(element), None) => Ok(element),
            (None, _) => Err(format!("{} に {local} がありません", self.local)),
            _ => Err(format!("{} に {local} が二つあります", self.local)),
        }
    }

    pub fn attribute(&self, local: &str) -> &str {
        self.attributes.iter().find(|a| a.prefix.is_empty() && a.local == local).map_or("", |a| a.value.as_str())
    }

    pub fn text(&self) -> String {
        let pieces = self.children.iter().filter_map(|child| match child {
            Child::Text(text) => Some(text.as_str()),
            Child::Element(_) => None,
        });
        pieces.collect::<String>().trim().to_owned()
    }

    /// Itself and everything below.
    pub fn all(&self) -> Vec<&Element> {
        let mut found = vec![self];
        for child in self.elements() {
            found.extend(child.all());
        }
        found
    }

    /// Exclusive canonical form, without comments and without an InclusiveNamespaces list.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.render(&Scope::new(), &mut out);
        out
    }

    fn render(&self, rendered: &Scope, out: &mut String) {
        let mut rendered = rendered.clone();
        let mut used: Vec<&str> = vec![&self.prefix];
        used.extend(self.attributes.iter().map(|a| a.prefix.as_str()).filter(|prefix| !prefix.is_empty()));
        used.sort_unstable();
        used.dedup();
        let name = qualified(&self.prefix, &self.local);
        out.push_str(&format!("<{name}"));
        for prefix in used {
            let uri = self.scope.get(prefix).cloned().unwrap_or_default();
            if prefix == "xml" || rendered.get(prefix).map_or("", String::as_str) == uri {
                continue;
            }
            let declared = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            out.push_str(&format!(" {declared}=\"{}\"", in_attribute(&uri)));
            rendered.insert(prefix.to_owned(), uri);
        }
        let mut attributes: Vec<&Attribute> = self.attributes.iter().collect();
        let uri = |a: &Attribute| if a.prefix.is_empty() { "" } else { self.scope.get(&a.prefix).map_or("", String::as_str) }.to_owned();
        attributes.sort_by_key(|a| (uri(a), a.local.clone()));
        for a in attributes {
            out.push_str(&format!(" {}=\"{}\"", qualified(&a.prefix, &a.local), in_attribute(&a.value)));
        }
        out.push('>');
        for child in &self.children {
            match child {
                Child::Element(element) => element.render(&rendered, out),
                Child::Text(text) => {
                    out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;"));
                }
            }
        }
        out.push_str(&format!("</{name}>"));
    }
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
}

fn in_attribute(value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    value.replace('\t', "&#x9;").replace('\n', "&#xA;").replace('\r', "&#xD;")
}

/// UTF-8 with an optional declaration and one root.
pub fn parse(bytes: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "文書が UTF-8 ではありません".to_owned())?;
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").ok_or("宣言が閉じていません")?.1,
        None => text,
    };
    let (root, rest) = element(text.trim_start(), &Scope::new(), 0)?;
    if rest.trim().is_empty() { Ok(root) } else { Err("根の要素のあとに余分があります".into()) }
}

fn element<'a>(text: &'a str, scope: &Scope, depth: usize) -> Result<(Element, &'a str), String> {
    if depth > DEEPEST {
        return Err("要素が深すぎます".into());
    }
    let rest = text.strip_prefix('<').filter(|rest| !rest.starts_with(['!', '?', '/'])).ok_or("要素が始まりません")?;
    let name_end = rest.find([' ', '\t', '\n', '\r', '/', '>']).ok_or("要素が閉じていません")?;
    let (name, mut rest) = rest.split_at(name_end);
    let (mut raw, mut scope) = (Vec::new(), scope.clone());
    let is_empty = loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            rest = after;
            break true;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break false;
        }
        let (attribute, after) = rest.split_once('=').ok_or("属性に値がありません")?;
        let quote = after.trim_start().chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or("属性の値に引用符がありません")?;
        let (value, after) = after.trim_start()[1..].split_once(quote).ok_or("属性の値が閉じていません")?;
        let (attribute, value) = (attribute.trim(), unescape(value)?);
        match attribute.strip_prefix("xmlns") {
            Some("") => drop(scope.insert(String::new(), value)),
            Some(prefix) if prefix.starts_with(':') => drop(scope.insert(prefix[1..].to_owned(), value)),
            _ => raw.push((attribute.to_owned(), value)),
        }
        rest = after;
    };
    let (prefix, local) = parts(name);
    let attributes = raw.iter().map(|(name, value)| {
        let (prefix, local) = parts(name);
        Attribute { prefix, local, value: value.clone() }
    });
    let mut made = Element { prefix, local, attributes: attributes.collect(), children: Vec::new(), scope };
    if is_empty {
        return Ok((made, rest));
    }
    loop {
        let at = rest.find('<').ok_or("閉じる要素がありません")?;
        if at > 0 {
            made.children.push(Child::Text(unescape(&rest[..at])?));
        }
        rest = &rest[at..];
        if let Some(end) = rest.strip_prefix("</") {
            let (closing, after) = end.split_once('>').ok_or("閉じる要素が途切れています")?;
            return if closing.trim_end() == name {
                Ok((made, after))
            } else {
                Err(format!("{name} が {closing} で閉じられています"))
            };
        }
        let (child, after) = element(rest, &made.scope, depth + 1)?;
        made.children.push(Child::Element(child));
        rest = after;
    }
}

fn parts(name: &str) -> (String, String) {
    name.split_once(':').map_or((String::new(), name.to_owned()), |(prefix, local)| (prefix.to_owned(), local.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_declares_what_is_used_where_it_is_used() {
        let root = parse(b"<a xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" b=\"2\" a='1'><x:c y:z=\"&lt;\" k=\"v\"/><d>1 &amp; 2</d></a>").unwrap();
        assert_eq!(
            root.canonical(),
            "<a a=\"1\" b=\"2\"><x:c xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" k=\"v\" y:z=\"&lt;\"></x:c><d>1 &amp; 2</d></a>"
        );
        let inner = root.elements().next().unwrap();
        assert_eq!(inner.canonical(), "<x:c xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" k=\"v\" y:z=\"&lt;\"></x:c>");
        for bad in ["", "<a>", "<a></b>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "<a b></a>", "<a/><b/>"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
