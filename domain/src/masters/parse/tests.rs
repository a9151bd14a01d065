#![allow(clippy::unwrap_used)]

use super::*;
use crate::masters::{Layouts, MasterKind};

const DRUGS: &[u8] = include_bytes!("../../../../masters/sample/y_sample.csv");

fn layout(kind: MasterKind) -> Layout {
    Layouts::built_in().unwrap().of(kind).unwrap().clone()
}

fn cp932(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

fn drug_lines() -> Vec<String> {
    let (text, _, _) = encoding_rs::SHIFT_JIS.decode(DRUGS);
    text.split_inclusive("\r\n").map(str::to_owned).collect()
}

fn reason_of(line: &str) -> Reason {
    let parsed = parse(&layout(MasterKind::Drug), &cp932(line)).unwrap();
    parsed.bad[0].reason.clone()
}

// IF-04
#[test]
fn every_sample_file_is_read_whole() {
    let samples: [(MasterKind, &[u8]); 4] = [
        (MasterKind::Disease, include_bytes!("../../../../masters/sample/b_sample.csv")),
        (MasterKind::Modifier, include_bytes!("../../../../masters/sample/z_sample.csv")),
        (MasterKind::Drug, DRUGS),
        (MasterKind::Procedure, include_bytes!("../../../../masters/sample/s_sample.csv")),
    ];
    for (kind, bytes) in samples {
        let parsed = parse(&layout(kind), bytes).unwrap();
        assert_eq!(parsed.bad, [], "{kind}");
        assert!(parsed.entries.len() >= 10, "{kind}");
        assert!(parsed.entries.iter().all(|entry| entry.name.contains("見本")), "{kind}");
    }
}

#[test]
fn a_drug_keeps_its_facts() {
    let parsed = parse(&layout(MasterKind::Drug), DRUGS).unwrap();
    let drug = &parsed.entries[0];
    assert_eq!(drug.code, "699999001");
    assert_eq!(drug.unit, "錠");
    assert!(drug.attribute(Field::YjCode).is_some());
    assert!(drug.is_usable_on(NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()));
}

#[test]
fn bad_rows_are_named_by_line_and_reason_and_good_ones_are_still_judged() {
    let mut lines = drug_lines();
    lines[1] = lines[1].replacen("99999999", "20260230", 1);
    lines[3] = "0,Y,699999099\r\n".into();
    lines[4] = lines[0].clone();
    let parsed = parse(&layout(MasterKind::Drug), &cp932(&lines.concat())).unwrap();
    let found: Vec<_> = parsed.bad.iter().map(|bad| (bad.line, bad.reason.to_string())).collect();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].0, 2);
    assert!(found[0].1.contains("20260230"), "{}", found[0].1);
    assert_eq!(found[1], (4, "項目数が3です(正しくは35〜42)".into()));
    assert_eq!(found[2], (5, "コード699999001が1行目と重複しています".into()));
}

#[test]
fn each_kind_of_mistake_has_its_reason() {
    let good = drug_lines().remove(0);
    let changed = |from: &str, to: &str| reason_of(&good.replacen(from, to, 1));
    assert!(matches!(changed("\"Y\"", "\"S\""), Reason::MasterType { .. }));
    assert!(matches!(changed("\"0\"", "\"7\""), Reason::ChangeClass { .. }));
    assert!(matches!(changed("699999001", "199999001"), Reason::Code { .. }));
    assert!(matches!(changed("699999001", "69999900"), Reason::Code { .. }));
    assert!(matches!(changed("\"12.30\"", "\"12,30\""), Reason::Number { .. }));
    assert!(matches!(changed("見本", "見\u{7}本"), Reason::ControlCharacter { .. }));
}

#[test]
fn a_broken_character_is_found_by_column() {
    let mut bytes = cp932(&drug_lines()[0]);
    let at = bytes.iter().position(|b| !b.is_ascii()).unwrap();
    bytes[at] = 0xFD;
    let parsed = parse(&layout(MasterKind::Drug), &bytes).unwrap();
    assert_eq!(parsed.bad[0].reason, Reason::Encoding { column: 5 });
}

#[test]
fn a_file_cut_anywhere_is_never_read_as_whole_with_a_partial_row() {
    let whole = parse(&layout(MasterKind::Drug), DRUGS).unwrap().entries;
    for length in 0..DRUGS.len() {
        match parse(&layout(MasterKind::Drug), &DRUGS[..length]) {
            Err(_) => {}
            // Cut between two rows: each row is whole, and the missing ones show in the difference.
            Ok(parsed) => {
                assert!(DRUGS[..length].ends_with(b"\r\n"), "cut at {length}");
                assert_eq!(parsed.entries, whole[..parsed.entries.len()]);
            }
        }
    }
}

#[test]
fn a_file_saved_as_utf8_is_refused_with_the_way_out() {
    assert_eq!(parse(&layout(MasterKind::Drug), drug_lines().concat().as_bytes()), Err(FileProblem::Utf8));
    assert_eq!(parse(&layout(MasterKind::Drug), b""), Err(FileProblem::Empty));
}
