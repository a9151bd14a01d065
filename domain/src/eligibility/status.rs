//! Codes about an answer as a whole, and the state a visit's insurance is shown in.

/// 資格有効性 (OQSCD006).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QualificationValidity {
    /// 1 有効
    Valid,
    /// 2 無効
    Invalid,
    /// 3 無効(新しい資格あり)
    Superseded,
    /// 4 該当資格なし
    NotFound,
    /// 5 複数該当
    Multiple,
    /// 6 有効(未登録、医療扶助)
    ValidUnregistered,
    /// A code not in the table; never taken as valid.
    Unknown(String),
}

impl QualificationValidity {
    /// Reads the one-digit code.
    pub fn from_code(code: &str) -> Self {
        match code {
            "1" => Self::Valid,
            "2" => Self::Invalid,
            "3" => Self::Superseded,
            "4" => Self::NotFound,
            "5" => Self::Multiple,
            "6" => Self::ValidUnregistered,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The code as received.
    pub fn code(&self) -> &str {
        match self {
            Self::Valid => "1",
            Self::Invalid => "2",
            Self::Superseded => "3",
            Self::NotFound => "4",
            Self::Multiple => "5",
            Self::ValidUnregistered => "6",
            Self::Unknown(code) => code,
        }
    }
}

/// What the board shows about a visit's insurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EligibilityStatus {
    Unchecked,
    Valid,
    Invalid,
    Superseded,
    NotFound,
    Multiple,
    Pending,
    Unavailable,
    /// Seen by a person while nobody could be asked; to be asked again.
    ManualVerified,
}

impl EligibilityStatus {
    pub const ALL: [Self; 9] = [
        Self::Unchecked,
        Self::Valid,
        Self::Invalid,
        Self::Superseded,
        Self::NotFound,
        Self::Multiple,
        Self::Pending,
        Self::Unavailable,
        Self::ManualVerified,
    ];

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Superseded => "superseded",
            Self::NotFound => "not_found",
            Self::Multiple => "multiple",
            Self::Pending => "pending",
            Self::Unavailable => "unavailable",
            Self::ManualVerified => "manual_verified",
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The insurance is known not to hold.
    pub const fn is_void(self) -> bool {
        matches!(self, Self::Invalid | Self::Superseded | Self::NotFound)
    }

    /// The words on the board.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unchecked => "未照会",
            Self::Valid => "有効",
            Self::Invalid => "無効",
            Self::Superseded => "無効(新資格あり)",
            Self::NotFound => "該当なし",
            Self::Multiple => "複数候補",
            Self::Pending => "処理中",
            Self::Unavailable => "照会不可",
            Self::ManualVerified => "目視確認",
        }
    }
}

/// 処理結果区分 (OQSCD003), the header's word on the whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultSegment {
    /// 1 正常
    Normal,
    /// 2 処理中
    InProgress,
    /// 9 異常
    Failed,
    Unknown(String),
}

impl ResultSegment {
    pub fn from_code(code: &str) -> Self {
        match code {
            "1" => Self::Normal,
            "2" => Self::InProgress,
            "9" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }
}
