//! Standard masters (IF-04): 傷病名, 修飾語, 医薬品 and 診療行為 as published for electronic claims.
//!
//! The files are CP932, quoted or not, without a header. Which column holds what is read from a [`Layout`] because
//! the ministry adds columns at each revision. A file is taken whole or not at all: every bad row is reported with
//! its line and reason, and a file that was cut is refused.

mod diff;
mod entry;
mod layout;
mod parse;

pub use diff::{Change, Changed, MasterDiff};
pub use entry::MasterEntry;
pub use layout::{Field, Layout, LayoutError, Layouts};
pub use parse::{BadRow, FileProblem, Parsed, Reason, parse};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of the four masters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MasterKind {
    Disease,
    Modifier,
    Drug,
    Procedure,
}

impl MasterKind {
    pub const ALL: [MasterKind; 4] = [Self::Disease, Self::Modifier, Self::Drug, Self::Procedure];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Disease => "disease",
            Self::Modifier => "modifier",
            Self::Drug => "drug",
            Self::Procedure => "procedure",
        }
    }

    pub const fn display(self) -> &'static str {
        match self {
            Self::Disease => "傷病名",
            Self::Modifier => "修飾語",
            Self::Drug => "医薬品",
            Self::Procedure => "診療行為",
        }
    }
}

impl fmt::Display for MasterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names none of the four masters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown master: expected disease, modifier, drug or procedure")]
pub struct UnknownMaster;

impl FromStr for MasterKind {
    type Err = UnknownMaster;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or(UnknownMaster)
    }
}
