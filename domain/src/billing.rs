//! 会計: points and yen of one visit, what the patient pays of it, and how. Whole yen and whole points only.

use unicode_normalization::UnicodeNormalization;

use crate::codes;
use crate::monthly_cap::MonthCap;

/// One point is worth this many yen.
pub const YEN_PER_POINT: i64 = 10;
/// The largest amount one field takes.
pub const YEN_MAX: i32 = 9_999_999;
pub const POINTS_MAX: i32 = 999_999;
pub const QUANTITY_MAX: i32 = 999;

/// Why an amount or a count cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("nothing entered")]
    Missing,
    #[error("not a whole number")]
    NotNumber,
    #[error("out of range")]
    OutOfRange,
}

/// A whole number as people type money: full-width digits, commas, a yen sign. Never negative.
pub fn parse_amount(input: &str, max: i32) -> Result<i32, AmountError> {
    let text: String = input.nfkc().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let text = text.trim_start_matches(['¥', '\\']).trim_end_matches('円').trim_end_matches('点');
    if text.is_empty() {
        return Err(AmountError::Missing);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AmountError::NotNumber);
    }
    text.parse().ok().filter(|value| *value <= max).ok_or(AmountError::OutOfRange)
}

/// What one line adds: insured lines count points, private ones yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Of one unit; 0 for a private line.
    pub points: i32,
    /// Of one unit; 0 for an insured line.
    pub unit_yen: i32,
    pub quantity: i32,
}

/// What decides the patient's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// 負担割合; `None` without insurance: the patient pays all.
    pub copay_percent: Option<u8>,
    /// 公費: what a public payer takes over of the patient's share.
    pub public_yen: i32,
    /// 高額療養費: what the patient pays in a month at most.
    pub cap: Option<MonthCap>,
}

/// The sums of a bill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub points: i64,
    /// 保険診療の総額
    pub cost_yen: i64,
    /// 負担額, rounded to ten yen
    pub copay_yen: i64,
    /// 限度額を超えた分: the insurer's, not the patient's
    pub over_cap_yen: i64,
    /// 公費, never more than the share
    pub public_yen: i64,
    /// 自費
    pub self_pay_yen: i64,
    /// 請求額
    pub due_yen: i64,
}

/// The bill of these lines under these terms.
pub fn price(lines: &[Line], terms: Terms) -> Sums {
    let of = |line: &Line, unit: i32| i64::from(unit) * i64::from(line.quantity);
    let points: i64 = lines.iter().map(|line| of(line, line.points)).sum();
    let self_pay_yen = lines.iter().map(|line| of(line, line.unit_yen)).sum();
    let cost_yen = points * YEN_PER_POINT;
    let copay_yen = match terms.copay_percent {
        Some(percent) => round_to_ten(cost_yen * i64::from(percent.min(100)), 100),
        None => cost_yen,
    };
    // Without an insurance nobody limits anything.
    let cap = terms.cap.filter(|_| terms.copay_percent.is_some());
    let over_cap_yen = cap.map_or(0, |cap| (copay_yen - cap.left_yen(cost_yen)).max(0));
    let share_yen = copay_yen - over_cap_yen;
    let public_yen = i64::from(terms.public_yen).clamp(0, share_yen);
    Sums { points, cost_yen, copay_yen, over_cap_yen, public_yen, self_pay_yen, due_yen: share_yen - public_yen + self_pay_yen }
}

/// `value / scale` yen rounded half up to ten yen, in whole numbers. `value` is not negative.
pub(crate) fn round_to_ten(value: i64, scale: i64) -> i64 {
    (value + 5 * scale) / (10 * scale) * 10
}

codes! {
    /// How money changes hands. 後日 is not a payment: see [`UnpaidReason`].
    PaymentMethod {
        Cash "cash" "現金"
        Card "card" "カード"
        Qr "qr" "QR"
        Transfer "transfer" "振込"
    }
}

codes! {
    /// Why the patient went home with something to pay.
    UnpaidReason {
        Later "later" "後日支払う"
        Short "short" "持合せが足りない"
        EngineDown "engine_down" "レセコン停止・概算預かり"
        Coverage "coverage" "保険の確認待ち"
        Other "other" "その他"
    }
}

codes! {
    /// Where the account of one visit stands.
    AccountStatus {
        Open "open" "未請求"
        Issued "issued" "請求中"
        Balanced "balanced" "精算済"
        LeftUnpaid "left_unpaid" "未収"
    }
}

impl Sums {
    /// The patient's own share of the insured treatment, up to the limit.
    pub const fn share_yen(&self) -> i64 {
        self.copay_yen - self.over_cap_yen
    }
}

impl AccountStatus {
    /// After money moved: nothing left to pay or to give back is settled, whatever was said before.
    pub const fn after(unpaid_yen: i32, has_left: bool) -> Self {
        match (unpaid_yen, has_left) {
            (0, _) => Self::Balanced,
            (_, true) => Self::LeftUnpaid,
            (_, false) => Self::Issued,
        }
    }
}

/// 診療区分 of a line, in the order of a receipt; the code is that of the receipt computers' 診療種別区分.
pub const SECTIONS: [(&str, &str); 11] = [
    ("110", "初・再診"),
    ("130", "医学管理等"),
    ("140", "在宅医療"),
    ("210", "投薬"),
    ("310", "注射"),
    ("400", "処置"),
    ("500", "手術"),
    ("600", "検査"),
    ("700", "画像診断"),
    ("800", "その他"),
    ("950", "自費"),
];

/// The words of a section; an unknown code is said as it is stored.
pub fn section_label(code: &str) -> &str {
    SECTIONS.iter().find(|(known, _)| *known == code).map_or(code, |(_, label)| label)
}

/// `12,340`.
pub fn grouped(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if amount < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(points: i32) -> Line {
        Line { points, unit_yen: 0, quantity: 1 }
    }

    fn terms(percent: u8) -> Terms {
        Terms { copay_percent: Some(percent), public_yen: 0, cap: None }
    }

    #[test]
    fn the_share_is_rounded_to_ten_yen_half_up() {
        for (total, percent, copay) in
            [(291, 30, 870), (75, 30, 230), (125, 10, 130), (85, 10, 90), (84, 10, 80), (216, 30, 650), (0, 30, 0)]
        {
            assert_eq!(price(&[points(total)], terms(percent)).copay_yen, copay, "{total} points at {percent} %");
        }
    }

    #[test]
    fn the_sum_is_rounded_once_not_each_line() {
        let sums = price(&[points(75), points(26), points(21)], terms(30));
        assert_eq!((sums.points, sums.cost_yen, sums.copay_yen), (122, 1_220, 370));
    }

    #[test]
    fn a_public_payer_takes_no_more_than_the_share_and_private_lines_stay() {
        let lines = [points(291), Line { points: 0, unit_yen: 3_300, quantity: 2 }];
        let sums = price(&lines, Terms { copay_percent: Some(30), public_yen: 9_000, cap: None });
        assert_eq!((sums.public_yen, sums.self_pay_yen, sums.due_yen), (870, 6_600, 6_600));
        let part = price(&lines, Terms { copay_percent: Some(30), public_yen: 370, cap: None });
        assert_eq!(part.due_yen, 7_100);
    }

    /// FN-OQ-03
    #[test]
    fn the_months_limit_takes_the_rest_before_a_public_payer_does() {
        let cap = MonthCap { earlier_cost_yen: 290_000, earlier_share_yen: 80_000, ..MonthCap::of(80_100, Some(267_000)) };
        let sums = price(&[points(1_000)], Terms { copay_percent: Some(30), public_yen: 100, cap: Some(cap) });
        assert_eq!((sums.copay_yen, sums.over_cap_yen, sums.share_yen(), sums.public_yen, sums.due_yen), (3_000, 2_570, 430, 100, 330));
        let unlimited = price(&[points(1_000)], Terms { copay_percent: None, public_yen: 0, cap: Some(cap) });
        assert_eq!((unlimited.over_cap_yen, unlimited.due_yen), (0, 10_000));
        let far = price(&[points(1_000)], Terms { copay_percent: Some(30), public_yen: 0, cap: Some(MonthCap::of(80_100, None)) });
        assert_eq!((far.over_cap_yen, far.due_yen), (0, 3_000));
    }

    #[test]
    fn without_insurance_everything_is_paid() {
        assert_eq!(price(&[points(291)], Terms { copay_percent: None, public_yen: 0, cap: None }).due_yen, 2_910);
    }

    #[test]
    fn amounts_are_read_as_people_type_them() {
        assert_eq!(parse_amount(" ￥１，２３０ ", YEN_MAX), Ok(1_230));
        assert_eq!(parse_amount("870円", YEN_MAX), Ok(870));
        assert_eq!(parse_amount("", YEN_MAX), Err(AmountError::Missing));
        assert_eq!(parse_amount("-1", YEN_MAX), Err(AmountError::NotNumber));
        assert_eq!(parse_amount("1.5", YEN_MAX), Err(AmountError::NotNumber));
        assert_eq!(parse_amount("99999999999", YEN_MAX), Err(AmountError::OutOfRange));
        assert_eq!(parse_amount("10000000", YEN_MAX), Err(AmountError::OutOfRange));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([grouped(0), grouped(999), grouped(1_000), grouped(-1_234_567)], ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn codes_read_back() {
        assert!(PaymentMethod::ALL.iter().all(|m| PaymentMethod::from_code(m.code()) == Some(*m)));
        assert!(UnpaidReason::ALL.iter().all(|r| UnpaidReason::from_code(r.code()) == Some(*r)));
        assert_eq!(AccountStatus::after(0, true), AccountStatus::Balanced);
        assert_eq!(AccountStatus::after(-10, false), AccountStatus::Issued);
    }

    proptest! {
        #[test]
        fn a_share_is_within_five_yen_and_a_multiple_of_ten(total in 0i32..POINTS_MAX, percent in 0u8..=100) {
            let sums = price(&[points(total)], terms(percent));
            let exact_hundredths = sums.cost_yen * i64::from(percent);
            prop_assert_eq!(sums.copay_yen % 10, 0);
            prop_assert!((sums.copay_yen * 100 - exact_hundredths).abs() <= 500);
        }

        #[test]
        fn reading_an_amount_never_panics(text in any::<String>()) {
            let _ = parse_amount(&text, YEN_MAX);
        }
    }
}
