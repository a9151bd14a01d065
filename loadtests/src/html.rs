//! The forms of a page, as a browser without scripts reads them: names, values, what is chosen, which buttons there are.

/// One form with everything it would send. A button is named when it is pressed.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub action: String,
    id: String,
    fields: Vec<(String, String)>,
    /// Name, value and words of what can be chosen or pressed.
    choices: Vec<(String, String, String)>,
}

impl Form {
    /// A form without fields, for an act that has no page of its own.
    pub fn to(action: impl Into<String>) -> Self {
        Self { action: action.into(), ..Self::default() }
    }

    /// The same fields, sent somewhere else.
    #[must_use]
    pub fn at(mut self, action: impl Into<String>) -> Self {
        self.action = action.into();
        self
    }

    /// Replaces whatever stands under the name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The value of the choice or button whose words contain the text.
    pub fn choice(&self, name: &str, words: &str) -> Option<&str> {
        self.choices.iter().find(|(known, _, said)| known == name && said.contains(words)).map(|(_, value, _)| value.as_str())
    }

    pub fn offers(&self, name: &str, value: &str) -> bool {
        self.choices.iter().any(|(known, offered, _)| known == name && offered == value)
    }

    pub fn names_starting(&self, prefix: &str) -> Vec<String> {
        self.fields.iter().map(|(name, _)| name).filter(|name| name.starts_with(prefix)).cloned().collect()
    }
}

/// The first form whose action ends so.
pub fn form(page: &str, action: &str) -> Option<Form> {
    forms(page).into_iter().find(|form| form.action.ends_with(action))
}

/// Fields that belong to a form of another fragment, by its id.
pub fn fields_for(page: &str, id: &str) -> Vec<(String, String)> {
    read(page).1.into_iter().filter(|(owner, ..)| owner == id).map(|(_, name, value)| (name, value)).collect()
}

pub fn forms(page: &str) -> Vec<Form> {
    let (mut forms, orphans) = read(page);
    for (owner, name, value) in orphans {
        if let Some(form) = forms.iter_mut().find(|form| form.id == owner) {
            form.fields.push((name, value));
        }
    }
    forms
}

type Orphan = (String, String, String);

struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, String)>,
    /// Where the text after it begins.
    end: usize,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

fn read(page: &str) -> (Vec<Form>, Vec<Orphan>) {
    let (mut forms, mut orphans): (Vec<Form>, Vec<Orphan>) = Default::default();
    let (mut open, mut select, mut at) = (None, None::<(String, bool)>, 0);
    while let Some(tag) = next_tag(page, at) {
        at = tag.end;
        let name = tag.get("name").unwrap_or_default().to_owned();
        let words = || text_of(page, tag.end);
        let mut keep = |name: String, value: String| match (tag.get("form"), open) {
            (Some(owner), _) => orphans.push((owner.to_owned(), name, value)),
            (None, Some(n)) => Vec::<Form>::push_field(&mut forms, n, name, value),
            (None, None) => {}
        };
        match tag.name {
            "form" => {
                let action = tag.get("action").unwrap_or_default().to_owned();
                forms.push(Form { action, id: tag.get("id").unwrap_or_default().to_owned(), ..Form::default() });
                open = Some(forms.len() - 1);
            }
            "/form" => open = None,
            "input" if !name.is_empty() => match tag.get("type").unwrap_or("text") {
                kind @ ("checkbox" | "radio") => {
                    let value = tag.get("value").unwrap_or("on").to_owned();
                    if tag.has("checked") {
                        keep(name.clone(), value.clone());
                    }
                    if let (Some(n), "radio") = (open, kind) {
                        forms[n].choices.push((name, value, words()));
                    }
                }
                "submit" | "button" | "file" => {}
                _ => keep(name, tag.get("value").unwrap_or_default().to_owned()),
            },
            "textarea" if !name.is_empty() => {
                let end = page[at..].find("</textarea>").map_or(page.len(), |n| at + n);
                let text = page[at..end].strip_prefix('\n').unwrap_or(&page[at..end]);
                keep(name, unescaped(text));
                at = end;
            }
            "select" => select = Some((name, false)),
            "/select" => select = None,
            "option" => {
                let (Some((name, is_set)), Some(n)) = (&mut select, open) else { continue };
                let value = tag.get("value").unwrap_or_default().to_owned();
                forms[n].choices.push((name.clone(), value.clone(), words()));
                if tag.has("selected") || !*is_set {
                    forms[n].fields.retain(|(known, _)| known != name);
                    forms[n].fields.push((name.clone(), value));
                    *is_set = true;
                }
            }
            "button" if !name.is_empty() => {
                if let Some(n) = open {
                    forms[n].choices.push((name, tag.get("value").unwrap_or_default().to_owned(), words()));
                }
            }
            _ => {}
        }
    }
    (forms, orphans)
}

trait PushField {
    fn push_field(forms: &mut Self, at: usize, name: String, value: String);
}

impl PushField for Vec<Form> {
    fn push_field(forms: &mut Self, at: usize, name: String, value: String) {
        forms[at].fields.push((name, value));
    }
}

/// The words right after a tag, up to the next block.
fn text_of(page: &str, from: usize) -> String {
    let rest = &page[from..];
    let end = ["</button>", "</option>", "</label>", "<input", "<button", "<option"].iter().filter_map(|stop| rest.find(stop)).min();
    let piece = &rest[..end.unwrap_or(rest.len()).min(rest.len())];
    let mut words = String::new();
    let mut is_tag = false;
    for letter in piece.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => words.push(letter),
            _ => {}
        }
    }
    unescaped(words.trim())
}

fn next_tag(page: &str, from: usize) -> Option<Tag<'_>> {
    let start = from + page.get(from..)?.find('<')?;
    let bytes = page.as_bytes();
    let mut at = start + 1;
    let name_end = (at..bytes.len()).find(|n| matches!(bytes[*n], b' ' | b'>' | b'\n' | b'\t'))?;
    let name = &page[at..name_end];
    at = name_end;
    let mut attributes = Vec::new();
    loop {
        while at < bytes.len() && matches!(bytes[at], b' ' | b'\n' | b'\t' | b'/') {
            at += 1;
        }
        if at >= bytes.len() || bytes[at] == b'>' {
            return Some(Tag { name, attributes, end: (at + 1).min(bytes.len()) });
        }
        let key_end = (at..bytes.len()).find(|n| matches!(bytes[*n], b'=' | b' ' | b'>' | b'\n'))?;
        let key = &page[at..key_end];
        at = key_end;
        if bytes[at] != b'=' {
            attributes.push((key, String::new()));
        } else if bytes.get(at + 1) == Some(&b'"') {
            let end = at + 2 + page[at + 2..].find('"')?;
            attributes.push((key, unescaped(&page[at + 2..end])));
            at = end + 1;
        } else {
            let end = (at + 1..bytes.len()).find(|n| matches!(bytes[*n], b' ' | b'>'))?;
            attributes.push((key, page[at + 1..end].to_owned()));
            at = end;
        }
        if key.is_empty() {
            at += 1;
        }
    }
}

fn unescaped(text: &str) -> String {
    let pairs =
        [("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&lt;", "<"), ("&#62;", ">"), ("&gt;", ">"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<form id="a" method="post" action="/x/1"><input type="hidden" name="version" value="3&#34;"><select name="doctor"><option value="">決めない</option>
        <option value="d1" selected>藍沢 朋子</option></select><input type="radio" name="kind" value="new" checked> 初診<input type="radio" name="kind" value="old"> 再診
        <textarea name="body">
1行目 &lt;b&gt;</textarea><button name="to" value="waiting"><svg><use href="x"/></svg>診察待ち</button></form>
        <input type="hidden" form="a" name="late" value="7"><input form="other" name="seen" value="x:1"><form action="/y"><input name="q"></form>"#;

    #[test]
    fn a_form_sends_what_a_browser_would_send() {
        let a = form(PAGE, "/x/1").unwrap();
        for (name, value) in [("version", "3\""), ("doctor", "d1"), ("kind", "new"), ("body", "1行目 <b>"), ("late", "7")] {
            assert_eq!(a.value(name), value, "{name}");
        }
        assert_eq!((a.choice("to", "診察待ち"), a.choice("doctor", "決めない")), (Some("waiting"), Some("")));
        assert!(a.offers("kind", "old") && !a.offers("kind", "none"));
        assert_eq!(fields_for(PAGE, "other"), [("seen".to_owned(), "x:1".to_owned())]);
        assert_eq!(form(PAGE, "/y").unwrap().with("q", "a").with("q", "b").fields(), [("q".to_owned(), "b".to_owned())]);
    }
}
