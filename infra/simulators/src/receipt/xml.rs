//! The request format, read strictly and by hand: every element carries `type`, a `string` has no children, an `array` holds only
//! `…_child` records, nothing follows the root.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub kind: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn find(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Text of a child; empty when absent.
    pub fn text(&self, name: &str) -> &str {
        self.find(name).map_or("", |child| child.text.as_str())
    }

    pub fn records(&self, name: &str) -> &[Element] {
        self.find(name).map_or(&[], |child| &child.children)
    }
}

/// What is wrong with the document; the receipt computer answers 98 to all of these.
pub type Fault = &'static str;

/// The request inside `<data>`.
pub fn request(bytes: &[u8]) -> Result<Element, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| "UTF-8 でない")?;
    let mut scan = Scan { rest: text.trim_start_matches('\u{feff}') };
    scan.prologue()?;
    let root = scan.element(0)?;
    if !scan.rest.trim().is_empty() {
        return Err("ルートの後に余分な内容がある");
    }
    if root.name != "data" || !root.kind.is_empty() || root.children.len() != 1 {
        return Err("data の中は要求一つだけ");
    }
    let request = root.children.into_iter().next().ok_or("要求がない")?;
    check(&request)?;
    Ok(request)
}

fn check(element: &Element) -> Result<(), Fault> {
    match element.kind.as_str() {
        "string" if element.children.is_empty() => Ok(()),
        "string" => Err("string が子を持つ"),
        "record" | "array" if !element.text.trim().is_empty() => Err("record・array に文字がある"),
        "record" => element.children.iter().try_for_each(check),
        "array" => {
            let child = format!("{}_child", element.name);
            if element.children.iter().any(|c| c.name != child || c.kind != "record") {
                return Err("array の子は …_child の record だけ");
            }
            element.children.iter().try_for_each(check)
        }
        _ => Err("type がない"),
    }
}

struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    fn prologue(&mut self) -> Result<(), Fault> {
        self.rest = self.rest.trim_start();
        if let Some(after) = self.rest.strip_prefix("<?xml ") {
            let (declaration, after) = after.split_once("?>").ok_or("XML 宣言が閉じていない")?;
            let names_utf8 = declaration.to_ascii_uppercase().contains("ENCODING=\"UTF-8\"") || !declaration.contains("encoding");
            if !names_utf8 {
                return Err("文字コードは UTF-8 だけ");
            }
            self.rest = after.trim_start();
        }
        if self.rest.starts_with("<!") { Err("DOCTYPE とコメントは使えない") } else { Ok(()) }
    }

    fn element(&mut self, depth: usize) -> Result<Element, Fault> {
        if depth > 16 {
            return Err("入れ子が深すぎる");
        }
        let after = self.rest.strip_prefix('<').ok_or("要素がない")?;
        let (tag, after) = after.split_once('>').ok_or("タグが閉じていない")?;
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err("要素名が正しくない");
        }
        let mut element = Element { name: name.into(), kind: kind(attributes)?, text: String::new(), children: vec![] };
        self.rest = after;
        if is_empty {
            return Ok(element);
        }
        loop {
            let (words, _) = self.rest.split_once('<').ok_or("途中で終わっている")?;
            element.text.push_str(&unescaped(words)?);
            self.rest = &self.rest[words.len()..];
            if let Some(after) = self.rest.strip_prefix("</") {
                let (closing, after) = after.split_once('>').ok_or("タグが閉じていない")?;
                if closing.trim_end() != name {
                    return Err("開始と終了のタグが違う");
                }
                self.rest = after;
                return Ok(element);
            }
            element.children.push(self.element(depth + 1)?);
        }
    }
}

fn kind(attributes: &str) -> Result<String, Fault> {
    let attributes = attributes.trim();
    if attributes.is_empty() {
        return Ok(String::new());
    }
    let value = attributes.strip_prefix("type=\"").and_then(|rest| rest.strip_suffix('"')).ok_or("属性は type だけ")?;
    Ok(value.to_owned())
}

fn unescaped(words: &str) -> Result<String, Fault> {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';').ok_or("実体参照が閉じていない")?;
        out.push_str(before);
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err("知らない実体参照"),
        });
        rest = after;
    }
    out.push_str(rest);
    if out.chars().any(|c| c.is_control() && !c.is_whitespace()) { Err("制御文字がある") } else { Ok(out) }
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreed_shape_is_read_and_nothing_else() {
        let good = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><data><q type=\"record\"><A type=\"string\">髙&amp;橋</A>\
                    <L type=\"array\"><L_child type=\"record\"><B type=\"string\">1</B></L_child></L></q></data>";
        let q = request(good.as_bytes()).unwrap();
        assert_eq!((q.text("A"), q.records("L")[0].text("B")), ("髙&橋", "1"));
        for bad in [
            "",
            "<data></data>",
            "<data><q type=\"record\"></q><q type=\"record\"></q></data>",
            "<data><q type=\"record\"><A>1</A></q></data>",
            "<data><q type=\"record\"><A type=\"string\"><B type=\"string\">1</B></A></q></data>",
            "<data><q type=\"record\"><L type=\"array\"><X type=\"record\"></X></L></q></data>",
            "<data><q type=\"record\"></q></data>more",
            "<!DOCTYPE x><data><q type=\"record\"></q></data>",
            "<data><q type=\"record\"><A type=\"string\">&evil;</A></q></data>",
            "<data><q type=\"record\"><A type=\"string\">1</B></q></data>",
            "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><data><q type=\"record\"></q></data>",
        ] {
            assert!(request(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(request(b"<data><q type=\"record\"><A type=\"string\">\x82\xa0</A></q></data>").is_err());
    }
}
