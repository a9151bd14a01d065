//! What intake knows of a reader's file: its bytes, and in plain words why they could not be used.

use super::PackRefusal;

/// A file as it arrived, already bounded by the upload limit.
pub struct ReaderFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Why a file was not taken in. Element names are the specification's own; values are never part of an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file is empty")]
    Empty,
    #[error("the file is larger than {limit_kib} KiB")]
    TooLarge { limit_kib: usize },
    #[error("the character code cannot be read")]
    Garbled,
    #[error("the character code {0} is not used by readers")]
    UnknownEncoding(String),
    #[error("not XML or cut off (byte {offset})")]
    Malformed { offset: u64 },
    #[error("a document type or entity definition")]
    Forbidden,
    #[error("too deep, too many or too long elements")]
    TooComplex,
    #[error("the outermost element is not XmlMsg")]
    NotFaceResult,
    #[error("element {0} is missing")]
    Missing(&'static str),
    #[error("element {0} cannot be read")]
    Invalid(&'static str),
    #[error("an individual number (12 digits) is present")]
    IndividualNumber,
    #[error("a ZIP: {0}")]
    Packed(#[from] PackRefusal),
}

impl ReadError {
    /// Short code for audit and metrics; carries nothing of the file.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::Garbled => "garbled",
            Self::UnknownEncoding(_) => "unknown_encoding",
            Self::Malformed { .. } => "malformed",
            Self::Forbidden => "forbidden",
            Self::TooComplex => "too_complex",
            Self::NotFaceResult => "not_face_result",
            Self::Missing(_) => "missing",
            Self::Invalid(_) => "invalid",
            Self::IndividualNumber => "individual_number",
            Self::Packed(refusal) => refusal.code(),
        }
    }

    /// The sentence for the person at reception: what is wrong and what to do.
    pub fn sentence(&self) -> String {
        match self {
            Self::Empty => "ファイルが空です。読取り端末でもう一度読み取ってください。".into(),
            Self::TooLarge { limit_kib } => {
                format!("ファイルが大きすぎます(上限 {limit_kib} KB)。資格確認の結果ファイルを選んでください。")
            }
            Self::Garbled => "文字コードが壊れていて読めません。UTF-8 か Shift_JIS で書かれた結果ファイルを選んでください。".into(),
            Self::UnknownEncoding(name) => {
                format!("文字コード「{name}」には対応していません。UTF-8 か Shift_JIS の結果ファイルを選んでください。")
            }
            Self::Malformed { offset } => {
                format!("XML として読めません({offset} バイト目付近)。途中で切れている可能性があります。もう一度読み取ってください。")
            }
            Self::Forbidden => "文書型宣言(DOCTYPE)または実体参照を含むため、安全のため取り込みません。".into(),
            Self::TooComplex => "要素が多すぎるか深すぎるため取り込みません。資格確認の結果ファイルか確かめてください。".into(),
            Self::NotFaceResult => "資格確認の結果ファイルではありません(最も外側の要素が XmlMsg ではありません)。".into(),
            Self::Missing(element) => format!("必要な項目「{}」({element})がありません。", label(element)),
            Self::Invalid(element) => format!("項目「{}」({element})の値を読めません。", label(element)),
            Self::IndividualNumber => "個人番号(12桁)と思われる数字が含まれるため取り込みません。ファイルは保存していません。".into(),
            Self::Packed(refusal) => refusal.sentence().into(),
        }
    }
}

/// The Japanese name of an element, as the specification lists it.
fn label(element: &str) -> &str {
    match element {
        "MessageHeader" => "メッセージヘッダー",
        "MessageBody" => "メッセージボディ",
        "SegmentOfResult" => "処理結果区分",
        "ProcessingResultStatus" => "処理結果状況",
        "QualificationValidity" => "資格有効性",
        "ResultOfQualificationConfirmation" => "資格確認結果",
        "InsurerNumber" => "保険者番号",
        "InsuredIdentificationNumber" => "被保険者証番号",
        "InsuredBranchNumber" => "枝番",
        "Name" => "氏名",
        "NameKana" => "氏名カナ",
        "Sex1" => "性別",
        "Birthdate" => "生年月日",
        "QualificationDate" => "資格取得日",
        "DisqualificationDate" => "資格喪失日",
        "InsuredPartialContributionRatio" => "一部負担割合",
        "ReferenceNumber" => "照会番号",
        "QualificationConfirmationDate" => "資格確認日",
        "ProcessExecutionTime" => "処理実行日時",
        other => other,
    }
}
