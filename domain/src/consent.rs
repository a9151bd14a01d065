//! 閲覧の同意: what a patient allowed on the reader, and until when. The last word on a subject counts; nothing is shown after its end.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::codes;

/// A reader's clock may be ahead of ours by so much.
const SKEW: TimeDelta = TimeDelta::minutes(10);

codes! {
    /// 閲覧同意の種別, by the prefix of its elements.
    ConsentSubject {
        Medication "PharmacistsInfo" "薬剤"
        Care "DiagnosisInfo" "診療"
        Surgery "OperationInfo" "手術"
        Checkup "SpecificHealthCheckupsInfo" "健診"
        DiagnosisName "DiagnosisName" "傷病名"
        Infection "InfectiousInfo" "感染症"
        Allergy "AllergyInfo" "アレルギー"
        Contraindication "ContraindicationInfo" "薬剤アレルギー"
        Test "TestInfo" "検査"
        Prescription "PrescriptionInfo" "処方"
        Limit "LimitApplicationCertificateRelated" "限度額"
        SpecificDisease "SpecificDiseasesCertificateRelated" "特定疾病"
    }
}

impl ConsentSubject {
    /// Part of the answer itself; nothing more is fetched for it.
    pub const fn is_of_certificate(self) -> bool {
        matches!(self, Self::Limit | Self::SpecificDisease)
    }
}

/// One answer of the patient about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Element prefix, such as `PharmacistsInfo`; a prefix we do not know is kept.
    pub subject: String,
    /// 同意区分 (OQSCD016) as it came.
    pub flag: String,
    pub given_at: Option<DateTime<FixedOffset>>,
    /// Viewing is allowed only until then.
    pub available_until: Option<DateTime<FixedOffset>>,
}

impl Consent {
    pub fn is_given(&self) -> bool {
        self.flag == "1"
    }

    /// The person could not be asked (同意取得困難): what opens 救急時の閲覧, and nothing else.
    pub fn is_unobtainable(&self) -> bool {
        self.flag == "3"
    }

    /// Viewing is allowed at this moment. Without an end nothing is: it could not be taken away in time.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.is_given() && self.given_at.is_none_or(|at| at <= now + SKEW) && self.available_until.is_some_and(|until| now <= until)
    }

    pub fn is_about(&self, subject: ConsentSubject) -> bool {
        self.subject == subject.code()
    }

    /// The word for the subject; one we do not know is named as the service names it.
    pub fn subject_label(&self) -> &str {
        ConsentSubject::from_code(&self.subject).map_or(self.subject.as_str(), |subject| subject.label())
    }

    /// 同意区分 in words; a code we do not know is shown as it came.
    pub fn flag_label(&self) -> String {
        match self.flag.as_str() {
            "0" => "同意なし".into(),
            "1" => "同意あり".into(),
            "2" => "期限切れ".into(),
            "3" => "取得困難".into(),
            other => format!("区分 {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        text.parse().unwrap()
    }

    fn consent(flag: &str) -> Consent {
        Consent {
            subject: "PharmacistsInfo".into(),
            flag: flag.into(),
            given_at: Some(at("2026-11-20T09:01:00+09:00")),
            available_until: Some(at("2026-11-21T09:01:00+09:00")),
        }
    }

    #[test]
    fn open_until_its_end_and_not_a_second_longer() {
        let given = consent("1");
        for (now, expected) in [
            ("2026-11-20T08:50:00+09:00", false), // eleven minutes before: no clock is that wrong
            ("2026-11-20T08:52:00+09:00", true),
            ("2026-11-21T09:01:00+09:00", true),
            ("2026-11-21T09:01:01+09:00", false),
        ] {
            assert_eq!(given.is_open(at(now).to_utc()), expected, "{now}");
        }
    }

    #[test]
    fn only_a_plain_yes_with_an_end_opens_anything() {
        let now = at("2026-11-20T12:00:00+09:00").to_utc();
        for flag in ["0", "2", "3", "", "9", "11"] {
            assert!(!consent(flag).is_open(now), "{flag}");
        }
        assert!(!Consent { available_until: None, ..consent("1") }.is_open(now));
        assert!(Consent { given_at: None, ..consent("1") }.is_open(now));
    }

    #[test]
    fn unknown_codes_are_shown_as_they_are() {
        let odd = Consent { subject: "GenomeInfo".into(), ..consent("7") };
        assert_eq!((odd.subject_label(), odd.flag_label().as_str()), ("GenomeInfo", "区分 7"));
        assert_eq!(consent("1").subject_label(), "薬剤");
    }
}
