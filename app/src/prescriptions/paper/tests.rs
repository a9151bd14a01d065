//! The paper is read back with poppler when it is installed, and always checked for what must not happen.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::paper::Replaced;

fn faces() -> Option<Typefaces> {
    let file = |name: &str, fallback: &str| PathBuf::from(std::env::var(name).unwrap_or_else(|_| fallback.into()));
    let mincho = file("TSUMUGI_FONT_MINCHO_FILE", "/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf");
    let gothic = file("TSUMUGI_FONT_GOTHIC_FILE", "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf");
    Typefaces::load(Some(&mincho), Some(&gothic)).ok()
}

fn sheet() -> Sheet {
    Sheet {
        insurer_number: "01139997".into(),
        insured: "12345678・9000001 (枝番) 00".into(),
        patient_name: "髙﨑　𠮷太郎".into(),
        patient_kana: "タカサキ　ヨシタロウ".into(),
        birth_date: "昭和50年4月1日".into(),
        sex: "男".into(),
        relation: "被保険者".into(),
        copay: "3割".into(),
        clinic_address: "東京都架空区架空１－２－３".into(),
        clinic_name: "医療法人　架空会　架空内科クリニック".into(),
        clinic_tel: "03-0000-0000".into(),
        institution_code: "1319999999".into(),
        doctor_name: "山﨑　理恵".into(),
        issued_on: "令和8年11月20日".into(),
        lines: vec![
            line("アムロジピンＯＤ錠５ｍｇ「見本」"),
            line("見本長名薬配合カプセル２５０ｍｇ（アセトアミノフェン・イソプロピルアンチピリン・無水カフェイン配合）「見本製薬」"),
        ],
        remarks: vec!["体重 61.4kg".into()],
        public: vec![("54136015".into(), "1234566".into()), ("12345671".into(), "7654321".into())],
        valid_to: "令和8年11月30日".into(),
        refill: 3,
        part: None,
        is_copy: false,
        register_id: String::new(),
        access_code: String::new(),
        symbols: Vec::new(),
        asks_back: true,
        reports_back: false,
    }
}

fn line(name: &str) -> SheetLine {
    SheetLine {
        drug_name: name.into(),
        amount: "1錠".into(),
        usage: "1日1回朝食後　28日分".into(),
        is_patient_wish: true,
        ..SheetLine::default()
    }
}

fn text_of(pdf: &[u8], name: &str) -> Option<String> {
    let path = std::env::temp_dir().join(format!("tsumugi-paper-{}-{name}.pdf", std::process::id()));
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-").stderr(Stdio::null()).output();
    if std::env::var_os("TSUMUGI_KEEP_PAPER").is_none() {
        let _ = std::fs::remove_file(&path);
    }
    Some(String::from_utf8_lossy(&output.ok()?.stdout).into_owned())
}

#[test]
fn the_form_can_be_read_back() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let paper = draw(&[sheet()], &faces).unwrap();
    assert!(paper.pdf.starts_with(b"%PDF-"));
    assert_eq!(paper.replaced, [Replaced { wanted: '𠮷', printed: '吉' }], "髙 and 﨑 are in the font, 𠮷 is not");
    let Some(text) = text_of(&paper.pdf, "usual") else { return eprintln!("no pdftotext: skipped") };
    for expected in [
        "処　方　箋",
        "髙﨑　吉太郎",
        "※U+20BB7を吉で印字",
        "昭和50年4月1日",
        "令和8年11月20日",
        "アムロジピンＯＤ錠５ｍｇ「見本」",
        "1日1回朝食後",
        "以 下 余 白",
        "リフィル可",
        "山﨑　理恵",
    ] {
        let squeeze = |s: &str| s.split_whitespace().collect::<String>();
        assert!(squeeze(&text).contains(&squeeze(expected)), "{expected} in\n{text}");
    }
}

#[test]
fn a_letter_no_font_has_is_replaced_and_reported() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let mut odd = sheet();
    odd.patient_name = "𰻞󠄀　😀".into();
    let paper = draw(&[odd], &faces).unwrap();
    let printed: Vec<_> = paper.replaced.iter().map(|r| (r.wanted, r.printed)).collect();
    assert_eq!(printed, [('😀', '〓'), ('𰻞', '〓')]);
    if let Some(text) = text_of(&paper.pdf, "odd") {
        assert!(text.contains('〓'));
    }
}

#[test]
fn many_drugs_take_more_sheets_and_only_the_last_ends() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let mut long = sheet();
    long.lines = (0..14).map(|n| line(&format!("見本錠{n}号 10mg"))).collect();
    let paper = draw(&[long], &faces).unwrap();
    let Some(text) = text_of(&paper.pdf, "long") else { return eprintln!("no pdftotext: skipped") };
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    let squeezed: Vec<String> = pages.iter().map(|page| page.split_whitespace().collect()).collect();
    let [first, .., last] = squeezed.as_slice() else { panic!("one page only") };
    assert!(first.contains("次葉へ続く") && !first.contains("以下余白"));
    assert!(last.contains("以下余白") && last.contains(&format!("{0}枚中{0}枚目", pages.len())));
    assert!(squeezed.iter().all(|page| page.contains("髙﨑吉太郎")), "the head is on every sheet");
}

/// 分割: each part says which one it is, and the 別紙 lies behind the last, once.
#[test]
fn the_parts_are_followed_by_their_page() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let part = |no| Sheet { refill: 0, part: Some((no, 3)), ..sheet() };
    let paper = draw(&[part(1), part(2), part(3), sheet()], &faces).unwrap();
    let Some(text) = text_of(&paper.pdf, "parts") else { return eprintln!("no pdftotext: skipped") };
    let pages: Vec<String> = text.split('\u{c}').map(|page| page.split_whitespace().collect()).collect();
    assert!(pages[0].contains("3分割の1回目") && pages[2].contains("3分割の3回目"), "{pages:?}");
    assert!(
        pages[3].contains("分割指示に係る処方箋（別紙）")
            && pages[3].contains("3枚目を受け付けた保険薬局")
            && pages[3].contains("03-0000-0000")
    );
    assert!(pages[4].contains("処方箋") && !pages[4].contains("分割"), "{}", pages[4]);
    assert_eq!(text.matches("別紙").count(), 1);
    let copy = draw(&[Sheet { is_copy: true, ..part(1) }, Sheet { is_copy: true, ..part(2) }], &faces).unwrap();
    assert!(text_of(&copy.pdf, "parts-copy").is_some_and(|text| !text.contains("別紙")));
}

/// FN-EP-11: the page for the お薬手帳 and a label for each 薬袋, also of the longest names.
#[test]
fn a_patient_keeps_a_page_and_a_label_for_each_drug() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let mut long = sheet();
    long.lines.extend((0..12).map(|n| line(&format!("見本錠{n}号 10mg"))));
    let (page, label) = (notebook(&long, &faces).unwrap(), labels(&long, &faces).unwrap());
    let (Some(page), Some(label)) = (text_of(&page.pdf, "notebook"), text_of(&label.pdf, "labels")) else {
        return eprintln!("no pdftotext: skipped");
    };
    let squeezed: String = page.split_whitespace().collect();
    for said in ["お薬手帳", "髙﨑吉太郎", "令和8年11月20日", "14)見本錠11号", "1日1錠", "1/2", "架空内科クリニック"]
    {
        assert!(squeezed.contains(said), "{said}: {squeezed}");
    }
    let pages: Vec<&str> = label.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert_eq!(pages.len(), long.lines.len());
    assert!(pages.iter().all(|page| page.contains("1日3回") || page.contains("1日1回")), "{label}");
    long.lines = vec![SheetLine { drug_name: "。".repeat(500), amount: "9".repeat(60), ..SheetLine::default() }];
    assert!(notebook(&long, &faces).is_ok() && labels(&long, &faces).is_ok());
}

#[test]
fn absurd_text_neither_panics_nor_hangs() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let mut absurd = sheet();
    absurd.patient_name = "あ".repeat(400);
    absurd.clinic_address = "A".repeat(400);
    absurd.insurer_number = "1".repeat(40);
    absurd.institution_code = "髙".into();
    absurd.lines = vec![SheetLine { drug_name: "。".repeat(500), amount: "9".repeat(60), ..SheetLine::default() }, SheetLine::default()];
    assert!(draw(std::slice::from_ref(&absurd), &faces).is_ok());
    absurd.lines.clear();
    assert!(draw(std::slice::from_ref(&absurd), &faces).is_ok());
}

#[test]
fn a_missing_or_wrong_font_is_said_not_guessed() {
    assert!(matches!(Typefaces::load(None, None), Err(PaperError::FontNotSet { .. })));
    let nowhere = PathBuf::from("/nonexistent/font.ttf");
    assert!(matches!(Typefaces::load(Some(&nowhere), None), Err(PaperError::FontUnreadable { .. })));
    let not_a_font = PathBuf::from("Cargo.toml");
    assert!(matches!(Typefaces::load(Some(&not_a_font), None), Err(PaperError::NotAFont { .. })));
}
