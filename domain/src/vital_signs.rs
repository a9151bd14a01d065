//! 計測 (S06): what can be measured, within which limits, and what is unusual for this patient.
//!
//! Values are kept in tenths of their unit, so that 36.5℃ is exactly 365. The codes are the LOINC codes of JP Core Observation
//! VitalSigns where one exists.

/// Values looked back on for what is usual.
const USUAL_OF: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VitalItem {
    /// 体温
    BodyTemperature,
    /// 収縮期血圧
    Systolic,
    /// 拡張期血圧
    Diastolic,
    /// 脈拍
    Pulse,
    /// SpO2
    OxygenSaturation,
    /// 呼吸数
    Respiration,
    /// 体重
    Weight,
    /// 身長
    Height,
    /// 血糖
    Glucose,
    /// 痛み (NRS)
    Pain,
}

struct Spec {
    key: &'static str,
    label: &'static str,
    unit: &'static str,
    loinc: &'static str,
    /// Inclusive, in tenths.
    limits: (i32, i32),
    has_decimal: bool,
}

impl VitalItem {
    pub const ALL: [Self; 10] = [
        Self::BodyTemperature,
        Self::Systolic,
        Self::Diastolic,
        Self::Pulse,
        Self::OxygenSaturation,
        Self::Respiration,
        Self::Weight,
        Self::Height,
        Self::Glucose,
        Self::Pain,
    ];

    const fn spec(self) -> Spec {
        const fn of(
            key: &'static str,
            label: &'static str,
            unit: &'static str,
            loinc: &'static str,
            limits: (i32, i32),
            has_decimal: bool,
        ) -> Spec {
            Spec { key, label, unit, loinc, limits, has_decimal }
        }
        match self {
            Self::BodyTemperature => of("bt", "体温", "℃", "8310-5", (300, 430), true),
            Self::Systolic => of("sbp", "収縮期血圧", "mmHg", "8480-6", (400, 3000), false),
            Self::Diastolic => of("dbp", "拡張期血圧", "mmHg", "8462-4", (200, 2000), false),
            Self::Pulse => of("hr", "脈拍", "/分", "8867-4", (200, 2500), false),
            Self::OxygenSaturation => of("spo2", "SpO2", "%", "59408-5", (500, 1000), false),
            Self::Respiration => of("rr", "呼吸数", "/分", "9279-1", (40, 600), false),
            Self::Weight => of("wt", "体重", "kg", "29463-7", (3, 3000), true),
            Self::Height => of("ht", "身長", "cm", "8302-2", (200, 2300), true),
            Self::Glucose => of("bs", "血糖", "mg/dL", "2339-0", (100, 15000), false),
            Self::Pain => of("nrs", "痛み", "/10", "72514-3", (0, 100), false),
        }
    }

    /// The name of the field and of the column.
    pub const fn key(self) -> &'static str {
        self.spec().key
    }

    pub const fn label(self) -> &'static str {
        self.spec().label
    }

    pub const fn unit(self) -> &'static str {
        self.spec().unit
    }

    pub const fn loinc(self) -> &'static str {
        self.spec().loinc
    }

    pub const fn has_decimal(self) -> bool {
        self.spec().has_decimal
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.key() == key)
    }

    /// `30.0〜43.0`.
    pub fn limits_words(self) -> String {
        let (low, high) = self.spec().limits;
        format!("{}〜{}", self.words(low), self.words(high))
    }

    /// A stored value as it is read: `36.5`, `128`.
    pub fn words(self, tenths: i32) -> String {
        if self.has_decimal() { format!("{}.{}", tenths / 10, tenths % 10) } else { (tenths / 10).to_string() }
    }

    /// What was typed, half or full width.
    pub fn parse(self, typed: &str) -> Result<i32, VitalError> {
        let text: String = typed.trim().chars().map(half_width).collect();
        let (whole, decimal) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        if whole.is_empty() || whole.len() > 6 || !digits(whole) || !digits(decimal) || text.ends_with('.') {
            return Err(VitalError::NotANumber);
        }
        let tenth = match decimal {
            "" => 0,
            _ if !self.has_decimal() => return Err(VitalError::WholeNumber),
            one if one.len() == 1 => one.parse().map_err(|_| VitalError::NotANumber)?,
            _ => return Err(VitalError::OneDecimal),
        };
        let whole: i32 = whole.parse().map_err(|_| VitalError::NotANumber)?;
        let value = whole * 10 + tenth;
        let (low, high) = self.spec().limits;
        if (low..=high).contains(&value) { Ok(value) } else { Err(VitalError::OutOfLimits) }
    }
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
        '．' | '。' => '.',
        _ => c,
    }
}

/// Why a value is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VitalError {
    #[error("not a number")]
    NotANumber,
    #[error("one decimal at most")]
    OneDecimal,
    #[error("a whole number is asked for")]
    WholeNumber,
    #[error("outside the limits")]
    OutOfLimits,
}

/// One round of measuring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VitalSigns([Option<i32>; 10]);

impl VitalSigns {
    pub const fn get(&self, item: VitalItem) -> Option<i32> {
        self.0[item as usize]
    }

    pub const fn set(&mut self, item: VitalItem, tenths: Option<i32>) {
        self.0[item as usize] = tenths;
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// 拡張期 must be below 収縮期.
    pub fn has_crossed_pressure(&self) -> bool {
        matches!((self.get(VitalItem::Systolic), self.get(VitalItem::Diastolic)), (Some(high), Some(low)) if low >= high)
    }

    /// kg/m² in tenths, of a person who was weighed and measured.
    pub fn bmi_tenths(&self) -> Option<i32> {
        let (weight, height) = (i64::from(self.get(VitalItem::Weight)?), i64::from(self.get(VitalItem::Height)?));
        i32::try_from(weight * 1_000_000 / (height * height)).ok()
    }

    /// `体温 36.5℃ 血圧 128/76mmHg 脈拍 72/分`: for O of the chart.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        for item in VitalItem::ALL {
            let Some(value) = self.get(item) else { continue };
            match (item, self.get(VitalItem::Systolic), self.get(VitalItem::Diastolic)) {
                (VitalItem::Systolic, _, Some(low)) => words.push(format!("血圧 {}/{}mmHg", item.words(value), item.words(low))),
                (VitalItem::Diastolic, Some(_), _) => {}
                _ => words.push(format!("{} {}{}", item.label(), item.words(value), item.unit())),
            }
        }
        if let Some(bmi) = self.bmi_tenths() {
            words.push(format!("BMI {}.{}", bmi / 10, bmi % 10));
        }
        words.join(" ")
    }
}

/// The middle of the last values, newest first; `None` for somebody never measured.
pub fn usual(newest_first: &[i32]) -> Option<i32> {
    let mut last: Vec<i32> = newest_first.iter().copied().take(USUAL_OF).collect();
    last.sort_unstable();
    last.get(last.len() / 2).copied()
}

/// More than a fifth away from what is usual for this patient.
pub const fn is_unusual(value: i32, usual: i32) -> bool {
    (value - usual).abs() * 5 > usual
}

/// 意識 (JCS).
pub const JCS: [&str; 10] = ["0", "1", "2", "3", "10", "20", "30", "100", "200", "300"];

/// トリアージ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acuity {
    /// 緊急
    Emergency,
    /// 準緊急
    Urgent,
    /// 通常
    Routine,
}

impl Acuity {
    pub const ALL: [Self; 3] = [Self::Emergency, Self::Urgent, Self::Routine];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Urgent => "urgent",
            Self::Routine => "routine",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acuity| acuity.code() == code)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Emergency => "緊急",
            Self::Urgent => "準緊急",
            Self::Routine => "通常",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VitalItem::*;

    #[test]
    fn reads_what_people_type() {
        for (item, typed, tenths) in [
            (BodyTemperature, "36.5", 365),
            (BodyTemperature, " ３６．５ ", 365),
            (BodyTemperature, "37", 370),
            (Systolic, "128", 1280),
            (Weight, "0.3", 3),
            (Glucose, "1500", 15000),
            (Pain, "0", 0),
        ] {
            assert_eq!(item.parse(typed), Ok(tenths), "{typed}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        use VitalError::*;
        for (item, typed, why) in [
            (BodyTemperature, "29.9", OutOfLimits),
            (BodyTemperature, "43.1", OutOfLimits),
            (BodyTemperature, "36.55", OneDecimal),
            (BodyTemperature, "36.", NotANumber),
            (BodyTemperature, "-36", NotANumber),
            (BodyTemperature, "１e9", NotANumber),
            (Systolic, "128.5", WholeNumber),
            (Systolic, "301", OutOfLimits),
            (Pulse, "", NotANumber),
            (Weight, "99999999999", NotANumber),
            (Pain, "11", OutOfLimits),
        ] {
            assert_eq!(item.parse(typed), Err(why), "{typed}");
        }
    }

    #[test]
    fn says_a_round_in_one_line() {
        let mut round = VitalSigns::default();
        assert!(round.is_empty() && round.words().is_empty());
        for (item, value) in [(BodyTemperature, 365), (Systolic, 1280), (Diastolic, 760), (Pulse, 720), (Weight, 625), (Height, 1680)] {
            round.set(item, Some(value));
        }
        assert_eq!(round.words(), "体温 36.5℃ 血圧 128/76mmHg 脈拍 72/分 体重 62.5kg 身長 168.0cm BMI 22.1");
        assert!(!round.has_crossed_pressure());
        round.set(Diastolic, Some(1280));
        assert!(round.has_crossed_pressure());
    }

    #[test]
    fn a_fifth_away_from_the_middle_of_the_last_five_is_unusual() {
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[625]), Some(625));
        assert_eq!(usual(&[625, 260, 620, 630, 628, 10]), Some(625));
        assert!(is_unusual(260, 625) && is_unusual(751, 625));
        assert!(!is_unusual(750, 625) && !is_unusual(500, 625) && is_unusual(499, 625));
        assert!(is_unusual(10, 0) && !is_unusual(0, 0));
    }

    #[test]
    fn keys_and_codes_read_back() {
        assert!(VitalItem::ALL.into_iter().all(|item| VitalItem::from_key(item.key()) == Some(item)));
        assert!(Acuity::ALL.into_iter().all(|acuity| Acuity::from_code(acuity.code()) == Some(acuity)));
        assert_eq!(BodyTemperature.limits_words(), "30.0〜43.0");
    }
}
