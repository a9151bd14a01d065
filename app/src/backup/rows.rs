//! The text inside an archive: for each table a line of JSON, its rows as PostgreSQL's COPY text, `\.`, and a line
//! with the count and SHA-256 of the rows; at the end a line that repeats all counts. Nothing is read as complete
//! without that last line.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use tenancy::archive::Column;

use super::BackupError;

/// Count and hash of a table's rows, in the order of its primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    pub rows: u64,
    pub sha256: String,
}

/// By table name.
pub type Sums = BTreeMap<String, TableSum>;

/// Facts about the whole archive, first in the sealed part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub tenant_code: String,
    /// Masters in force: kind, label and SHA-256, so that the same ones can be loaded again.
    pub masters: Vec<serde_json::Value>,
    /// Product settings in force, without secrets.
    pub config: BTreeMap<String, String>,
}

/// A line that is not a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mark {
    Manifest(Manifest),
    Table { name: String, columns: Vec<Column> },
    Sum(TableSum),
    End { tables: Sums },
}

/// Counts and hashes rows as they pass.
#[derive(Clone)]
pub struct RowSum {
    rows: u64,
    hash: digest::Context,
}

impl Default for RowSum {
    fn default() -> Self {
        Self { rows: 0, hash: digest::Context::new(&digest::SHA256) }
    }
}

impl RowSum {
    /// `rows` are whole lines, each with its line feed.
    pub fn add(&mut self, rows: &[u8]) {
        self.rows += rows.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.hash.update(rows);
    }

    pub fn finish(self) -> TableSum {
        TableSum { rows: self.rows, sha256: hex::encode(self.hash.finish()) }
    }
}

/// Writes marks and rows in their order.
pub struct RowWriter<W> {
    to: W,
    open: Option<(String, RowSum)>,
    sums: Sums,
}

impl<W: Write> RowWriter<W> {
    pub fn new(to: W) -> Self {
        Self { to, open: None, sums: Sums::new() }
    }

    fn mark(&mut self, mark: &Mark) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, mark)?;
        self.to.write_all(b"\n")
    }

    pub fn manifest(&mut self, manifest: Manifest) -> io::Result<()> {
        self.mark(&Mark::Manifest(manifest))
    }

    pub fn table(&mut self, name: String, columns: Vec<Column>) -> io::Result<()> {
        self.close_table()?;
        self.mark(&Mark::Table { name: name.clone(), columns })?;
        self.open = Some((name, RowSum::default()));
        Ok(())
    }

    pub fn rows(&mut self, rows: &[u8]) -> io::Result<()> {
        let Some((_, sum)) = &mut self.open else { return Err(io::Error::other("rows outside a table")) };
        sum.add(rows);
        self.to.write_all(rows)
    }

    fn close_table(&mut self) -> io::Result<()> {
        let Some((name, sum)) = self.open.take() else { return Ok(()) };
        let sum = sum.finish();
        self.to.write_all(b"\\.\n")?;
        self.mark(&Mark::Sum(sum.clone()))?;
        self.sums.insert(name, sum);
        Ok(())
    }

    /// Closes the last table and writes the end line.
    pub fn finish(mut self) -> io::Result<(W, Sums)> {
        self.close_table()?;
        let tables = self.sums.clone();
        self.mark(&Mark::End { tables })?;
        Ok((self.to, self.sums))
    }
}

/// What a reader meets, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    Manifest(Manifest),
    Table {
        name: String,
        columns: Vec<Column>,
    },
    /// Whole lines, at most about a quarter of a megabyte at once.
    Rows(Vec<u8>),
    TableEnd {
        name: String,
        sum: TableSum,
    },
    End,
}

const BATCH_LEN: usize = 256 * 1024;
const MAX_LINE_LEN: usize = 64 * 1024 * 1024;

/// Gives every item to `each` and checks counts and hashes on the way.
pub fn read(from: impl BufRead, each: &mut dyn FnMut(Item) -> Result<(), BackupError>) -> Result<(), BackupError> {
    let mut reader = RowReader { from, sums: Sums::new() };
    loop {
        match reader.mark()? {
            Mark::Manifest(manifest) => each(Item::Manifest(manifest))?,
            Mark::Table { name, columns } => {
                each(Item::Table { name: name.clone(), columns })?;
                let sum = reader.table(each)?;
                reader.sums.insert(name.clone(), sum.clone());
                each(Item::TableEnd { name, sum })?;
            }
            Mark::Sum(_) => return Err(BackupError::Damaged("order")),
            Mark::End { tables } if tables == reader.sums => return each(Item::End),
            Mark::End { .. } => return Err(BackupError::Damaged("counts")),
        }
    }
}

struct RowReader<R> {
    from: R,
    sums: Sums,
}

impl<R: BufRead> RowReader<R> {
    fn line(&mut self, into: &mut Vec<u8>) -> Result<(), BackupError> {
        let before = into.len();
        let mut limited = io::Read::take(&mut self.from, MAX_LINE_LEN as u64);
        limited.read_until(b'\n', into).map_err(BackupError::from_io)?;
        match into.last() {
            Some(b'\n') if into.len() > before => Ok(()),
            _ => Err(BackupError::Truncated),
        }
    }

    fn mark(&mut self) -> Result<Mark, BackupError> {
        let mut line = Vec::new();
        self.line(&mut line)?;
        serde_json::from_slice(&line).map_err(|_| BackupError::Damaged("mark"))
    }

    fn table(&mut self, each: &mut dyn FnMut(Item) -> Result<(), BackupError>) -> Result<TableSum, BackupError> {
        let mut sum = RowSum::default();
        loop {
            let mut batch = Vec::with_capacity(BATCH_LEN + 4096);
            let ended = self.batch(&mut batch)?;
            if !batch.is_empty() {
                sum.add(&batch);
                each(Item::Rows(batch))?;
            }
            if ended {
                break;
            }
        }
        let counted = sum.finish();
        match self.mark()? {
            Mark::Sum(written) if written == counted => Ok(counted),
            _ => Err(BackupError::Damaged("table sum")),
        }
    }

    /// Fills the batch with lines; true when the table's end was met.
    fn batch(&mut self, batch: &mut Vec<u8>) -> Result<bool, BackupError> {
        while batch.len() < BATCH_LEN {
            let start = batch.len();
            self.line(batch)?;
            if &batch[start..] == b"\\.\n" {
                batch.truncate(start);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        vec![Column { name: "id".into(), data_type: "uuid".into() }]
    }

    fn written() -> (Vec<u8>, Sums) {
        let mut writer = RowWriter::new(Vec::new());
        writer.table("place".into(), columns()).unwrap();
        writer.table("patient".into(), columns()).unwrap();
        writer.rows(b"1\t\\N\n2\ta\\tb\n").unwrap();
        writer.rows("3\t髙橋\n".as_bytes()).unwrap();
        writer.finish().unwrap()
    }

    fn items(bytes: &[u8]) -> Result<Vec<Item>, BackupError> {
        let mut items = Vec::new();
        read(bytes, &mut |item| {
            items.push(item);
            Ok(())
        })?;
        Ok(items)
    }

    #[test]
    fn tables_rows_and_sums_come_back() {
        let (bytes, sums) = written();
        let items = items(&bytes).unwrap();
        assert_eq!(sums["patient"].rows, 3);
        assert_eq!(sums["place"].rows, 0);
        assert!(matches!(&items[3], Item::Rows(rows) if rows.ends_with("3\t髙橋\n".as_bytes())));
        assert_eq!(items.last(), Some(&Item::End));
    }

    #[test]
    fn a_text_without_its_end_or_with_a_changed_row_is_refused() {
        let (bytes, _) = written();
        for length in 0..bytes.len() {
            assert!(items(&bytes[..length]).is_err(), "cut at {length}");
        }
        let at = bytes.windows(3).position(|w| w == b"2\ta").unwrap();
        let mut changed = bytes.clone();
        changed[at] = b'4';
        assert!(matches!(items(&changed), Err(BackupError::Damaged("table sum"))));
    }
}
