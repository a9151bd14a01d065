//! 処方の点検の規則 from a file: read whole, compared with what holds, applied in one transaction. A rule that names no source never stops.

use chrono::NaiveDate;
use domain::medication_safety::{BadField, Rule, RuleDiff, read_table};
use tenancy::medication_rules::{ImportingRules, NewRules};
use tenancy::operator::Operator;
use tenancy::versioned::sha256;
use uuid::Uuid;

use crate::patient_import::reading::{self, SheetError};
use crate::prescriptions::rules::{built_in, forget};

pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// When more than this part of the rules would end at once, somebody has to say so.
const SHRINK_PERCENT: usize = 10;
const SHRINK_MIN: usize = 20;
const SHOWN: usize = 20;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("ファイルが大きすぎます({MAX_BYTES} バイトまで)")]
    TooLarge,
    #[error("{}", file_sentence(.0))]
    File(SheetError),
    #[error("{} か所に誤りがあります。何も取り込んでいません", .0.len())]
    Bad(Vec<BadField>),
    #[error("このファイルはすでに取り込まれています")]
    Known,
    #[error("適用日 {wanted} は、今の規則の適用日 {last} より後でなければなりません")]
    EffectiveDate { wanted: NaiveDate, last: NaiveDate },
    #[error("今ある {before} 件のうち {ended} 件がなくなります。ファイルが途中で切れていませんか (正しければ --allow-shrink)")]
    Shrinks { before: usize, ended: usize },
    #[error("実際の規則の上に見本は取り込めません")]
    SampleMix,
    #[error(transparent)]
    Internal(#[from] tenancy::Error),
}

fn file_sentence(error: &SheetError) -> String {
    match error {
        SheetError::Empty => "ファイルが空です。見出しの行と、規則の行が要ります".into(),
        SheetError::Encoding => "文字を読めません。UTF-8 か Shift_JIS(CP932)の CSV で書き出してください".into(),
        SheetError::Broken { line } => format!("{line}行目から CSV として読めません。引用符(\")の閉じ忘れがないか確かめてください"),
        SheetError::TooLarge | SheetError::TooManyLines | SheetError::TooManyColumns => "行か列が多すぎます".into(),
    }
}

/// A file with what the caller knows about it.
pub struct Request<'a> {
    pub bytes: &'a [u8],
    pub source_file: String,
    pub label: String,
    pub effective_on: NaiveDate,
    pub is_sample: bool,
    pub allow_shrink: bool,
}

/// A file that may be applied, with what that would change.
pub struct Prepared {
    importing: ImportingRules,
    release: NewRules,
    pub rules: Vec<Rule>,
    pub diff: RuleDiff,
    /// Names of rules that were to stop, and only ask for a reason because they name no source.
    pub softened: Vec<String>,
}

impl Prepared {
    pub async fn apply(self) -> Result<Uuid, RulesError> {
        let id = self.importing.apply(&self.release, &self.rules).await?;
        forget();
        Ok(id)
    }
}

/// Reads the file and compares it with the newest release. Nothing is written before [`Prepared::apply`].
pub async fn prepare(operator: &Operator, request: Request<'_>) -> Result<Prepared, RulesError> {
    let (rules, softened) = read(request.bytes)?;
    let sha256 = sha256(request.bytes);
    let mut importing = ImportingRules::begin(operator).await?;
    if importing.is_known(&sha256).await? {
        return Err(RulesError::Known);
    }
    let mut before = Vec::new();
    if let Some(last) = importing.last().await? {
        if request.is_sample && !last.is_sample {
            return Err(RulesError::SampleMix);
        }
        if request.effective_on <= last.effective_on {
            return Err(RulesError::EffectiveDate { wanted: request.effective_on, last: last.effective_on });
        }
        before = importing.rules_of(last.id).await?;
    }
    let diff = RuleDiff::between(&before, &rules);
    let ended = diff.ended.len();
    if !request.allow_shrink && ended > SHRINK_MIN && ended * 100 > before.len() * SHRINK_PERCENT {
        return Err(RulesError::Shrinks { before: before.len(), ended });
    }
    let release = NewRules {
        label: request.label,
        source_file: request.source_file,
        sha256,
        effective_on: request.effective_on,
        is_sample: request.is_sample,
    };
    Ok(Prepared { importing, release, rules, diff, softened })
}

/// The rules of a file, none of them a hard stop without a source.
fn read(bytes: &[u8]) -> Result<(Vec<Rule>, Vec<String>), RulesError> {
    if bytes.len() > MAX_BYTES {
        return Err(RulesError::TooLarge);
    }
    let sheet = reading::read(bytes).map_err(RulesError::File)?;
    let mut rules = read_table(&sheet.headings, &sheet.lines, &built_in()?.own_names()).map_err(RulesError::Bad)?;
    let mut softened = Vec::new();
    for rule in rules.iter_mut().filter(|rule| rule.level != rule.level()) {
        rule.level = rule.level();
        softened.push(rule.id.clone());
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    Ok((rules, softened))
}

/// What an import would change, for the person who decides.
pub fn report(prepared: &Prepared) -> String {
    let diff = &prepared.diff;
    let mut text = format!("  追加 {} 件\n", diff.added.len());
    diff.added.iter().take(SHOWN).for_each(|rule| text.push_str(&format!("    ＋ {}\n", words(rule))));
    text.push_str(&format!("  変更 {} 件\n", diff.changed.len()));
    diff.changed.iter().take(SHOWN).for_each(|(before, after)| text.push_str(&format!("    ✎ {} → {}\n", words(before), words(after))));
    text.push_str(&format!("  終了 {} 件\n", diff.ended.len()));
    diff.ended.iter().take(SHOWN).for_each(|rule| text.push_str(&format!("    × {}\n", words(rule))));
    text.push_str(&format!("  同じ {} 件\n", diff.unchanged));
    if !prepared.softened.is_empty() {
        text.push_str(&format!(
            "  出典がないため「止める」を「理由」にした {} 件: {}\n",
            prepared.softened.len(),
            prepared.softened.join(" ")
        ));
    }
    text
}

fn words(rule: &Rule) -> String {
    let until = rule.valid_to.map(|last| last.to_string()).unwrap_or_default();
    let source = if rule.source.trim().is_empty() { "出典なし" } else { rule.source.trim() };
    format!("{} {}・{} {}～{until} {source}", rule.id, rule.level.label(), rule.condition.label(), rule.valid_from)
}
