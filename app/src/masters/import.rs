//! From a file to an applied release: read whole, compared, guarded, applied in one transaction.

use chrono::NaiveDate;
use domain::masters::{BadRow, FileProblem, Layout, LayoutError, Layouts, MasterDiff, MasterEntry, MasterKind, parse};
use tenancy::masters::{Importing, NewRelease};
use tenancy::operator::Operator;
use tenancy::versioned::sha256;
use uuid::Uuid;

/// The largest published file is about 15 MB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// When more than this part of a master would end at once, somebody has to say so.
const SHRINK_PERCENT: usize = 10;
const SHRINK_MIN: usize = 20;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}")]
    File(#[from] FileProblem),
    #[error("{} 行に誤りがあります。何も取り込んでいません", .0.len())]
    BadRows(Vec<BadRow>),
    #[error("{found} 行ありますが、{expected} 行のはずです。ファイルが途中で切れていませんか")]
    RowCount { found: usize, expected: usize },
    #[error("このファイルはすでに取り込まれています")]
    Known,
    #[error("適用日 {wanted} は、今のマスタの適用日 {last} より後でなければなりません")]
    EffectiveDate { wanted: NaiveDate, last: NaiveDate },
    #[error("今ある {before} 件のうち {ended} 件が廃止になります。ファイルが途中で切れていませんか (正しければ --allow-shrink)")]
    Shrinks { before: usize, ended: usize },
    #[error("見本は見本の上にだけ、公表されたマスタは公表されたマスタの上にだけ取り込めます")]
    SampleMix,
    #[error("ファイルが大きすぎます({MAX_BYTES} バイトまで)")]
    TooLarge,
    #[error(transparent)]
    Layout(#[from] LayoutError),
    #[error(transparent)]
    Database(#[from] tenancy::Error),
}

/// A file with what the caller knows about it.
pub struct Request<'a> {
    pub kind: MasterKind,
    pub bytes: &'a [u8],
    pub source_file: String,
    pub label: String,
    pub effective_on: NaiveDate,
    pub is_sample: bool,
    /// Rows the publisher says there are.
    pub expect_rows: Option<usize>,
    pub allow_shrink: bool,
}

/// A file that may be applied, with what that would change.
pub struct Prepared {
    importing: Importing,
    release: NewRelease,
    entries: Vec<MasterEntry>,
    pub diff: MasterDiff,
}

impl Prepared {
    pub fn rows(&self) -> usize {
        self.entries.len()
    }

    pub async fn apply(self) -> Result<Uuid, ImportError> {
        Ok(self.importing.apply(&self.release, &self.entries, &self.diff).await?)
    }
}

/// Reads the file and compares it with what is in force. Nothing is written before [`Prepared::apply`].
pub async fn prepare(operator: &Operator, layouts: &Layouts, request: Request<'_>) -> Result<Prepared, ImportError> {
    let entries = read(layouts.of(request.kind)?, &request)?;
    let sha256 = sha256(request.bytes);
    let mut importing = Importing::begin(operator, request.kind).await?;
    if importing.is_known(&sha256).await? {
        return Err(ImportError::Known);
    }
    if let Some(last) = importing.last_release().await? {
        if last.is_sample != request.is_sample {
            return Err(ImportError::SampleMix);
        }
        if request.effective_on <= last.effective_on {
            return Err(ImportError::EffectiveDate { wanted: request.effective_on, last: last.effective_on });
        }
    }
    let before = importing.current().await?;
    let diff = MasterDiff::between(&before, &entries);
    let (ended, in_force) = (diff.ended.len(), before.iter().filter(|entry| !entry.withdrawn).count());
    if !request.allow_shrink && ended > SHRINK_MIN && ended * 100 > in_force * SHRINK_PERCENT {
        return Err(ImportError::Shrinks { before: in_force, ended });
    }
    let release = NewRelease {
        kind: request.kind,
        label: request.label,
        source_file: request.source_file,
        sha256,
        effective_on: request.effective_on,
        is_sample: request.is_sample,
    };
    Ok(Prepared { importing, release, entries, diff })
}

fn read(layout: &Layout, request: &Request<'_>) -> Result<Vec<MasterEntry>, ImportError> {
    if request.bytes.len() > MAX_BYTES {
        return Err(ImportError::TooLarge);
    }
    let parsed = parse(layout, request.bytes)?;
    if !parsed.bad.is_empty() {
        return Err(ImportError::BadRows(parsed.bad));
    }
    let found = parsed.entries.len();
    match request.expect_rows.filter(|&expected| expected != found) {
        Some(expected) => Err(ImportError::RowCount { found, expected }),
        None => Ok(parsed.entries),
    }
}

const SAMPLES: [(MasterKind, &str, &[u8]); 4] = [
    (MasterKind::Disease, "b_sample.csv", include_bytes!("../../../masters/sample/b_sample.csv")),
    (MasterKind::Modifier, "z_sample.csv", include_bytes!("../../../masters/sample/z_sample.csv")),
    (MasterKind::Drug, "y_sample.csv", include_bytes!("../../../masters/sample/y_sample.csv")),
    (MasterKind::Procedure, "s_sample.csv", include_bytes!("../../../masters/sample/s_sample.csv")),
];

/// Loads the 見本 masters that ship with the product, for demo and tests; those already there stay. Gives how many
/// were loaded.
pub async fn load_samples(operator: &Operator) -> Result<usize, ImportError> {
    let layouts = Layouts::built_in()?;
    let mut loaded = 0;
    for (kind, file, bytes) in SAMPLES {
        let request = Request {
            kind,
            bytes,
            source_file: file.to_owned(),
            label: format!("見本 {}", kind.display()),
            effective_on: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap_or_default(),
            is_sample: true,
            expect_rows: None,
            allow_shrink: false,
        };
        match prepare(operator, &layouts, request).await {
            Ok(prepared) => {
                prepared.apply().await?;
                loaded += 1;
            }
            Err(ImportError::Known | ImportError::SampleMix | ImportError::EffectiveDate { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(loaded)
}
