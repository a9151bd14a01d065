//! Postgres' jsonlog, one statement at a time.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde::Deserialize;

/// One statement of the runtime role; `session` is `database/connection`.
pub struct Entry {
    pub session: String,
    pub statement: String,
    pub parameters: String,
}

#[derive(Deserialize)]
struct Line {
    user: Option<String>,
    dbname: Option<String>,
    application_name: Option<String>,
    session_id: Option<String>,
    message: Option<String>,
    detail: Option<String>,
}

/// Calls `visit` for every statement of `tsumugi_app`, oldest file first.
pub fn each(folder: &Path, mut visit: impl FnMut(Entry)) -> anyhow::Result<()> {
    let mut files: Vec<_> = fs::read_dir(folder)?.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    for path in files {
        for line in BufReader::new(File::open(path)?).split(b'\n') {
            // A torn last line after a kill is not a statement.
            let Ok(line) = serde_json::from_slice::<Line>(&line?) else {
                continue;
            };
            if let Some(entry) = entry(line) {
                visit(entry);
            }
        }
    }
    Ok(())
}

/// Tests that play the attacker with the role's own password call their sessions so.
fn entry(line: Line) -> Option<Entry> {
    if line.user.as_deref() != Some("tsumugi_app") || line.application_name.as_deref() == Some("attacker") {
        return None;
    }
    let message = line.message?;
    let statement = match message.strip_prefix("statement: ") {
        Some(simple) => simple,
        None => message.strip_prefix("execute ")?.split_once(": ")?.1,
    };
    Some(Entry {
        session: format!("{}/{}", line.dbname?, line.session_id?),
        statement: statement.to_owned(),
        parameters: line.detail.unwrap_or_default(),
    })
}
