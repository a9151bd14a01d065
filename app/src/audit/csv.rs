//! The log as a file a spreadsheet opens: UTF-8 with its mark, one event a line.

use super::handlers::Read;
use super::views::{act, info, jst, outcome, person, role};

const HEAD: [&str; 10] = ["日時", "職員", "職種", "業務", "情報区分", "結果", "患者番号", "対象", "接続元", "要求ID"];

pub fn write(read: &Read) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    file.write_record(HEAD)?;
    for event in &read.events {
        let numbers: Vec<&str> =
            event.subject_ids.iter().filter_map(|id| read.subjects.get(id)).map(|s| s.patient_number.as_str()).collect();
        let cells = [
            jst(event.recorded_at),
            person(event, &read.people).to_owned(),
            role(&event.actor_role).to_owned(),
            act(&event.act),
            info(&event.info_class),
            outcome(&event.outcome).to_owned(),
            numbers.join(" "),
            event.entity_kind.clone(),
            event.source_ip.clone(),
            event.request_id.to_string(),
        ];
        file.write_record(cells.map(harmless))?;
    }
    file.into_inner().map_err(|e| e.into_error().into())
}

/// A cell beginning with a formula's sign is text to a spreadsheet.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::audit::views::AuditPage;

    #[test]
    fn the_file_opens_in_a_spreadsheet_and_runs_no_formula() {
        let text = String::from_utf8(write(&AuditPage::sample_read()).unwrap()).unwrap();
        assert!(text.starts_with("\u{feff}日時,職員"));
        assert!(text.contains("2026-11-18 22:33:20"), "{text}");
        assert!(text.contains("000123"));
        assert_eq!(harmless("=1+1".into()), "'=1+1");
    }
}
