//! A strict reader of one-level-of-trust messages: elements and text, nothing else. Attributes only where a document allows them.

/// One element.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Text of the child; a missing one is an error that names it.
    pub fn must(&self, name: &str) -> Result<&str, String> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty()).ok_or_else(|| format!("{name} がありません"))
    }

    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// Only these children are known here.
    pub fn only(&self, names: &[&str]) -> Result<(), String> {
        match self.children.iter().find(|child| !names.contains(&child.name.as_str())) {
            Some(unknown) => Err(format!("{} に {} は置けません", self.name, unknown.name)),
            None => Ok(()),
        }
    }
}

/// UTF-8 text with an optional declaration and one root element.
pub fn parse(bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "UTF-8 ではありません".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").ok_or("宣言が閉じていません")?.1,
        None => text,
    };
    let (node, rest) = element(text.trim_start(), 0)?;
    if rest.trim().is_empty() { Ok(node) } else { Err("根の要素のあとに余分があります".into()) }
}

fn element(text: &str, depth: usize) -> Result<(Node, &str), String> {
    if depth > 24 {
        return Err("深すぎます".into());
    }
    let rest = text.strip_prefix('<').ok_or("要素がありません")?;
    let (head, mut rest) = rest.split_once('>').ok_or("要素が閉じていません")?;
    if head.starts_with(['!', '?']) {
        return Err("宣言・注釈は使えません".into());
    }
    let empty = head.ends_with('/');
    let head = head.trim_end_matches('/');
    let name = head.split_whitespace().next().unwrap_or_default().to_owned();
    let mut node = Node { name, ..Node::default() };
    if empty {
        return Ok((node, rest));
    }
    loop {
        let at = rest.find('<').ok_or("閉じる要素がありません")?;
        node.text.push_str(&unescape(&rest[..at])?);
        rest = &rest[at..];
        if let Some(end) = rest.strip_prefix("</") {
            let (closing, after) = end.split_once('>').ok_or("閉じる要素が途切れています")?;
            if closing.trim() != node.name {
                return Err(format!("{} が {} で閉じられています", node.name, closing.trim()));
            }
            node.text = node.text.trim().to_owned();
            return Ok((node, after));
        }
        let (child, after) = element(rest, depth + 1)?;
        node.children.push(child);
        rest = after;
    }
}

/// The five entities every reader knows; nothing else is read.
pub(super) fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (entity, after) = rest[at + 1..].split_once(';').ok_or("実体参照が閉じていません")?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("実体参照 {other} は使えません")),
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_plain_and_refuses_the_rest() {
        let node = parse("<?xml version=\"1.0\"?><a><b>1&lt;2</b><c/></a>".as_bytes()).unwrap();
        assert_eq!((node.text_of("b"), node.children.len()), ("1<2", 2));
        for bad in ["", "<a>", "<a></b>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "<a/><b/>", "<a><!-- --></a>"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
