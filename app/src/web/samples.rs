//! Renders a view's sample into `target/samples/<name>.html`, with the addresses of static files made local, so that a person or a
//! browser can look at it. Checks what every page owes: a language, one title, no inline script, style or handler (CSP).

use askama::Template;
use std::{fs, path::Path};

use super::{assets, form::FormErrors};

/// Messages for a sample form.
pub fn errors(list: &[(&'static str, &str)]) -> FormErrors {
    let mut errors = FormErrors::default();
    for (field, message) in list {
        errors.add(field, *message);
    }
    errors
}

/// Renders, checks and keeps one sample.
pub fn show(name: &str, view: &impl Template) -> String {
    let html = view.render().unwrap();
    check(name, &html);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/samples");
    fs::create_dir_all(&folder).unwrap();
    let prefix = assets::asset("icons.svg").trim_end_matches("icons.svg");
    fs::write(folder.join(format!("{name}.html")), html.replace(prefix, "static/")).unwrap();
    html
}

fn check(name: &str, html: &str) {
    let lower = html.to_lowercase();
    for (found, rule) in [
        (lower.contains(" style=\""), "inline style"),
        (lower.contains("<style"), "style element"),
        (lower.contains(" onclick=") || lower.contains(" onsubmit=") || lower.contains(" onchange="), "inline handler"),
        (html.contains("/assets/unknown"), "unknown static file or icon"),
    ] {
        assert!(!found, "{name}: {rule}");
    }
    for tag in lower.split("<script").skip(1) {
        assert!(tag.contains("src=") && tag.trim_start().split('>').nth(1).is_some_and(|rest| rest.starts_with("</script")), "{name}: inline script");
    }
    if lower.starts_with("<!doctype") {
        assert!(html.contains("<html lang=\"ja\">"), "{name}: language");
        assert_eq!(html.matches("<title>").count(), 1 , "{name}: one title");
        assert_eq!(html.matches("<main").count(), 1, "{name}: one main");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
    }
}
