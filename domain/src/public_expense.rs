//! 公費負担医療: certificates that come with the card (PMH), the order in which public payers pay, and what each bears of a patient's share.

use chrono::NaiveDate;

use crate::billing::{grouped, round_to_ten};
use crate::insurer::{parse_public_payer_number, public_scheme};

/// 医療費助成の受給者証, as it came with the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subsidy {
    /// 負担者番号, as received
    pub payer_number: String,
    /// 受給者番号, up to 30 letters
    pub recipient_number: String,
    pub name: String,
    /// 所得区分, as received
    pub income_segment: String,
    /// 償還払い: the patient pays here and is paid back elsewhere.
    pub is_paid_back: bool,
    /// 月の自己負担上限額
    pub cap_yen: Option<u32>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

impl Subsidy {
    /// It holds on that day, and its payer's number is one.
    pub fn is_usable(&self, day: NaiveDate) -> bool {
        let holds = self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to);
        holds && self.has_payer() && !self.recipient_number.is_empty()
    }

    fn has_payer(&self) -> bool {
        parse_public_payer_number(&self.payer_number).is_ok()
    }

    /// `難病 架空難病受給者証 54136015・1234567`
    pub fn words(&self) -> String {
        format!("{} {} {}・{}", public_scheme(&self.payer_number), self.name, self.payer_number, self.recipient_number)
    }

    /// What it means at the counter, and why it cannot be used.
    pub fn terms(&self) -> String {
        let cap = self.cap_yen.map(|yen| format!("上限 {}円/月", grouped(yen.into())));
        let back = self.is_paid_back.then(|| "償還払い".to_owned());
        let wrong = (!self.has_payer()).then(|| "負担者番号の検証番号が合わないため、登録しません".to_owned());
        [cap, back, wrong].into_iter().flatten().collect::<Vec<_>>().join("・")
    }
}

/// 法別番号 in the order the payers pay (診療報酬請求書等の記載要領). The prefectures' and towns' own schemes come after the state's, and
/// 生活保護 after every other.
const ORDER: [&str; 26] = [
    "13", "14", "18", "29", "30", "10", "11", "20", "21", "15", "16", "24", "22", "28", "17", "79", "19", "23", "52", "54", "51", "38",
    "53", "66", "62", "25",
];

/// Where a payer stands in the order; the smaller pays first.
pub fn order_of(payer_number: &str) -> usize {
    match payer_number.get(..2) {
        Some("12") => ORDER.len() + 1,
        Some(law) => ORDER.iter().position(|known| *known == law).unwrap_or(ORDER.len()),
        None => ORDER.len(),
    }
}

/// 生活保護 (法別番号 12): it bears all that is left but what its 医療券 says.
pub fn is_assistance(payer_number: &str) -> bool {
    payer_number.len() == 8 && payer_number.starts_with("12")
}

/// What one certificate leaves to the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicTerms {
    /// Of the whole cost, at most so much; 難病 20.
    pub percent: Option<u8>,
    /// What is left of the month's limit.
    pub left_yen: Option<i64>,
    pub is_paid_back: bool,
}

impl PublicTerms {
    /// Nothing on the paper says how much: a person has to.
    pub const fn is_open(self) -> bool {
        self.percent.is_none() && self.left_yen.is_none()
    }
}

/// What one payer bears, and what the patient is left with after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Borne {
    pub yen: i64,
    pub after_yen: i64,
}

/// Payers in their order over the patient's share of a visit that cost so much. One that says nothing, or pays back later, bears nothing.
pub fn borne(cost_yen: i64, share_yen: i64, payers: &[PublicTerms]) -> Vec<Borne> {
    let mut left = share_yen.max(0);
    let one = |payer: &PublicTerms| {
        if payer.is_paid_back || payer.is_open() {
            return Borne { yen: 0, after_yen: left };
        }
        let by_percent = payer.percent.map(|percent| round_to_ten(cost_yen * i64::from(percent.min(100)), 100));
        let after = [by_percent, payer.left_yen].into_iter().flatten().fold(left, i64::min).max(0);
        let borne = Borne { yen: left - after, after_yen: after };
        left = after;
        borne
    };
    payers.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(percent: Option<u8>, left_yen: Option<i64>) -> PublicTerms {
        PublicTerms { percent, left_yen, is_paid_back: false }
    }

    /// FN-PL-01
    #[test]
    fn the_states_payers_come_before_the_towns_and_assistance_last() {
        let mut numbers = ["12130019", "80137011", "54136015", "21136015", "99", "", "x"];
        numbers.sort_by_key(|number| order_of(number));
        assert_eq!(numbers, ["21136015", "54136015", "80137011", "99", "", "x", "12130019"]);
    }

    /// FN-PL-01
    #[test]
    fn each_payer_bears_what_the_one_before_it_left() {
        let both = borne(10_000, 3_000, &[terms(Some(20), Some(1_500)), terms(None, Some(500))]);
        assert_eq!(both, [Borne { yen: 1_500, after_yen: 1_500 }, Borne { yen: 1_000, after_yen: 500 }]);
        let percent = borne(10_000, 3_000, &[terms(Some(20), Some(5_000))]);
        assert_eq!(percent, [Borne { yen: 1_000, after_yen: 2_000 }]);
        assert_eq!(borne(10_000, 3_000, &[terms(Some(0), None)]), [Borne { yen: 3_000, after_yen: 0 }]);
    }

    #[test]
    fn what_says_nothing_or_pays_back_bears_nothing() {
        let back = PublicTerms { is_paid_back: true, ..terms(Some(0), None) };
        assert_eq!(borne(10_000, 3_000, &[terms(None, None), back]).iter().map(|b| b.yen).sum::<i64>(), 0);
        assert_eq!(borne(10_000, 1_000, &[terms(Some(20), None)]), [Borne { yen: 0, after_yen: 1_000 }], "never more than the share");
    }

    #[test]
    fn a_certificate_with_a_wrong_payer_is_not_used() {
        let day = "2026-11-20".parse().unwrap();
        let good = Subsidy {
            payer_number: "54136015".into(),
            recipient_number: "1234567".into(),
            name: "架空".into(),
            income_segment: String::new(),
            is_paid_back: true,
            cap_yen: Some(5_000),
            valid_from: "2026-04-01".parse().ok(),
            valid_to: "2026-11-20".parse().ok(),
        };
        assert!(good.is_usable(day) && !good.is_usable("2026-11-21".parse().unwrap()));
        assert_eq!(good.terms(), "上限 5,000円/月・償還払い");
        let wrong = Subsidy { payer_number: "54136016".into(), ..good };
        assert!(!wrong.is_usable(day) && wrong.terms().contains("検証番号"));
    }

    proptest! {
        #[test]
        fn nobody_bears_less_than_nothing_and_all_together_the_share(
            share in 0i64..100_000, cost in 0i64..400_000,
            payers in prop::collection::vec((prop::option::of(0u8..=120), prop::option::of(-10i64..50_000), any::<bool>()), 0..5),
        ) {
            let payers: Vec<_> = payers.into_iter().map(|(percent, left_yen, is_paid_back)| PublicTerms { percent, left_yen, is_paid_back }).collect();
            let all = borne(cost, share, &payers);
            prop_assert!(all.iter().all(|b| b.yen >= 0 && b.after_yen >= 0));
            let after = all.last().map_or(share, |b| b.after_yen);
            prop_assert_eq!(all.iter().map(|b| b.yen).sum::<i64>() + after, share);
        }
    }
}
