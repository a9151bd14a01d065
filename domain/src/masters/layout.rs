//! The position map: which column of a file holds which fact. Data, not code, because layouts change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MasterKind;

/// A fact we read from a row. Columns not named in the layout are kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Change,
    MasterType,
    Code,
    SuccessorCode,
    Name,
    ShortName,
    NameKana,
    Unit,
    YjCode,
    PriceKind,
    PriceYen,
    ControlledClass,
    Generic,
    DosageForm,
    GenericCode,
    GenericName,
    ManagementNumber,
    ExchangeCode,
    Icd10,
    Icd10Second,
    AloneForbidden,
    NotInsured,
    SpecificDisease,
    ModifierClass,
    PointKind,
    Points,
    InpatientOutpatient,
    ListedOn,
    ChangedOn,
    EndedOn,
    UsableUntil,
}

/// One published layout. Column numbers count from 1, as in the ministry's tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub kind: MasterKind,
    pub label: String,
    pub master_type: String,
    pub code_digits: usize,
    #[serde(default)]
    pub code_prefix: String,
    pub columns_min: usize,
    pub columns_max: usize,
    pub fields: BTreeMap<Field, usize>,
}

/// Why a position map cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("the layout file is not valid JSON of the expected shape: {0}")]
    Malformed(String),
    #[error("layout {label}: column {column} of {field:?} is outside 1..={columns_max}")]
    Column { label: String, field: Field, column: usize, columns_max: usize },
    #[error("layout {label} does not say where {field:?} is")]
    Missing { label: String, field: Field },
    #[error("no layout for {0}")]
    NoLayout(MasterKind),
}

/// All layouts of one position map.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layouts {
    layouts: Vec<Layout>,
}

impl Layouts {
    /// Reads and checks a position map.
    pub fn from_json(text: &str) -> Result<Self, LayoutError> {
        let map: Self = serde_json::from_str(text).map_err(|e| LayoutError::Malformed(e.to_string()))?;
        map.layouts.iter().try_for_each(Layout::check)?;
        Ok(map)
    }

    /// The map that ships with the product.
    pub fn built_in() -> Result<Self, LayoutError> {
        Self::from_json(include_str!("../../../masters/layouts.json"))
    }

    pub fn of(&self, kind: MasterKind) -> Result<&Layout, LayoutError> {
        self.layouts.iter().find(|layout| layout.kind == kind).ok_or(LayoutError::NoLayout(kind))
    }
}

impl Layout {
    fn check(&self) -> Result<(), LayoutError> {
        for (&field, &column) in &self.fields {
            if column == 0 || column > self.columns_max {
                let (label, columns_max) = (self.label.clone(), self.columns_max);
                return Err(LayoutError::Column { label, field, column, columns_max });
            }
        }
        for field in [Field::Change, Field::MasterType, Field::Code, Field::Name, Field::EndedOn] {
            if !self.fields.contains_key(&field) {
                return Err(LayoutError::Missing { label: self.label.clone(), field });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_map_covers_every_master() {
        let map = Layouts::built_in().unwrap();
        for kind in MasterKind::ALL {
            assert_eq!(map.of(kind).unwrap().kind, kind);
        }
    }

    #[test]
    fn a_map_with_an_impossible_column_is_refused_by_name() {
        let text = r#"{"layouts":[{"kind":"modifier","label":"x","master_type":"Z","code_digits":4,"columns_min":3,
            "columns_max":3,"fields":{"change":1,"master_type":2,"code":3,"name":9,"ended_on":3}}]}"#;
        assert!(matches!(Layouts::from_json(text), Err(LayoutError::Column { field: Field::Name, column: 9, .. })));
    }
}
