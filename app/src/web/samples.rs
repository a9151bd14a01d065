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
        assert!(
            tag.contains("src=") && tag.trim_start().split('>').nth(1).is_some_and(|rest| rest.starts_with("</script")),
            "{name}: inline script"
        );
    }
    if lower.starts_with("<!doctype") {
        assert!(html.contains("<html lang=\"ja\">"), "{name}: language");
        assert_eq!(html.matches("<title>").count(), 1, "{name}: one title");
        assert_eq!(html.matches("<main").count(), 1, "{name}: one main");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
    }
}

mod gallery {
    use askama::Template;
    use domain::{eligibility::EligibilityStatus, encounter::VisitStatus, note::NoteStatus};

    use super::{errors, show};
    use crate::web::{
        Chrome, FormState, Nav, PatientStripe, face,
        face::Face,
        render::{ErrorInside, ErrorPage},
    };

    #[derive(Template)]
    #[template(path = "components/gallery.html")]
    struct Gallery {
        chrome: Chrome,
        stripe: PatientStripe,
        form: FormState,
        face: Face,
        sections: Vec<(&'static str, &'static str, bool)>,
        visits: Vec<Face>,
        eligibilities: Vec<Face>,
        sexes: Vec<(&'static str, &'static str)>,
    }

    fn gallery(stripe: PatientStripe) -> Gallery {
        let wrong = errors(&[("birth_date", "今日より後の日付です。S34.2.11 ですか?"), ("sex", "性別を選んでください")]);
        Gallery {
            chrome: Chrome::sample(Nav::Patients),
            stripe,
            form: FormState::default().set("birth_date", "R34.2.11").set("kana", "サイトウ チヅコ").with_errors(wrong),
            face: face::note(NoteStatus::Signed),
            sections: vec![("S", "主訴・経過", false), ("O", "所見・計測", true), ("A", "評価", false), ("P", "計画", false)],
            visits: VisitStatus::ALL.into_iter().map(face::visit).collect(),
            eligibilities: EligibilityStatus::ALL.into_iter().map(face::eligibility).collect(),
            sexes: vec![("male", "男"), ("female", "女"), ("unknown", "不明")],
        }
    }

    #[test]
    fn components() {
        let html = show("gallery", &gallery(PatientStripe::sample()));
        assert!(html.contains("aria-describedby=\"birth_date-error birth_date-help\"") && html.contains("aria-invalid=\"true\""));
        assert!(html.contains("value=\"R34.2.11\""), "what was typed is kept");
        show("gallery-long", &gallery(PatientStripe::sample_long()));
    }

    #[test]
    fn error_page() {
        let page = |status, happened: &str| ErrorPage {
            status,
            happened: happened.into(),
            safe: "保存済みと表示された記載は失われていません。",
            todo: "少し待ってからやり直してください。",
            request_id: "0190a2b4-7c3e-7d11-8a55-012345678900".into(),
        };
        show("error-404", &page(404, "お探しのものは見つかりません。"));
        show("error-503", &page(503, "いまは保存や表示ができません。"));
        let missing = page(404, "お探しのものは見つかりません。");
        let html = show("error-404-inside", &ErrorInside { chrome: Chrome::sample(Nav::Account), error: &missing });
        assert!(html.contains("藍の里内科クリニック") && html.contains("href=\"/board\""));
    }
}
