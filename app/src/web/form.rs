//! Errors of a form are data: shown beside the field and in the summary on top, with the input kept.

/// `(field key, message)` in the order the fields stand on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<(&'static str, String)>);

impl FormErrors {
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, message.into()));
    }

    /// Keeps a good value, or notes the message and gives nothing.
    pub fn take<T, E>(&mut self, field: &'static str, result: Result<T, E>, message: impl FnOnce(&E) -> String) -> Option<T> {
        result.map_err(|e| self.add(field, message(&e))).ok()
    }

    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(f, _)| *f == field).map(|(_, m)| m.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(f, m)| (*f, m.as_str()))
    }
}

/// A form as a template sees it: what was typed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    values: std::collections::BTreeMap<String, String>,
    errors: FormErrors,
}

impl FormState {
    /// From the raw form struct: every text field by its name. Numbers and booleans are shown as text, absent ones as empty.
    pub fn of(raw: &impl serde::Serialize) -> Self {
        let values = match serde_json::to_value(raw) {
            Ok(serde_json::Value::Object(fields)) => fields.into_iter().map(|(name, value)| (name, as_text(value))).collect(),
            _ => Default::default(),
        };
        Self { values, errors: FormErrors::default() }
    }

    pub fn with_errors(mut self, errors: FormErrors) -> Self {
        self.errors = errors;
        self
    }

    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Whether this choice is the one taken.
    pub fn is(&self, name: &str, code: impl AsRef<str>) -> bool {
        self.value(name) == code.as_ref()
    }

    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.of(name)
    }

    pub fn errors(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.errors.iter()
    }

    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    pub fn error_count(&self) -> usize {
        self.errors.len()
    }
}

fn as_text(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
