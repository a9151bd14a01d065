//! 同じ人かもしれません: who in the clinic may already be the person being typed in. A warning, never a stop (S03).

use chrono::NaiveDate;
use domain::TenantId;
use domain::kana::Kana;
use domain::patient::Demographics;
use domain::phone::Phone;
use domain::search_key::search_key;
use domain::wareki;
use sea_orm::sea_query::{Cond, ExprTrait, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::patient::Column;
use super::forms::RawPatientForm;
use super::search::{Hit, active, col, phone_condition};

/// Candidates shown.
const SHOWN: usize = 5;
/// Candidates read before they are weighed.
const READ: u64 = 50;

/// What is known so far about the person, possibly half typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    pub kana_key: Option<String>,
    pub kanji_key: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub phones: Vec<Phone>,
    /// The patient itself, when it is registered already.
    pub except: Option<Uuid>,
}

/// The form as far as it is filled in.
pub struct RawProbe<'a>(&'a RawPatientForm);

impl<'a> RawProbe<'a> {
    pub fn of(form: &'a RawPatientForm) -> Self {
        Self(form)
    }

    /// Fields that cannot be read yet are left out: the person is still typing.
    pub fn read(&self, today: NaiveDate) -> Probe {
        let key = |text: &str| Some(search_key(text)).filter(|key| key.chars().count() >= 2);
        Probe {
            kana_key: Kana::parse(&self.0.name_syllabic).ok().and_then(|kana| key(kana.as_str())),
            kanji_key: key(&self.0.name_ideographic),
            birth_date: wareki::parse_past(&self.0.birth_date, today).ok(),
            phones: [&self.0.tel, &self.0.mobile].into_iter().filter_map(|text| Phone::parse(text).ok()).collect(),
            except: None,
        }
    }
}

impl Probe {
    pub fn of(d: &Demographics, except: Option<Uuid>) -> Self {
        Self {
            kana_key: Some(d.name.kana_key()),
            kanji_key: Some(d.name.kanji_key()),
            birth_date: Some(d.birth_date),
            phones: [&d.tel, &d.mobile].into_iter().flatten().cloned().collect(),
            except,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.kana_key.is_none() && self.phones.is_empty() && (self.kanji_key.is_none() || self.birth_date.is_none())
    }

    pub(super) fn sample() -> Self {
        Self {
            kana_key: Some("サイトウチズコ".into()),
            kanji_key: Some("斉藤千鶴子".into()),
            birth_date: NaiveDate::from_ymd_opt(1959, 2, 11),
            phones: Phone::parse("090-0000-4471").into_iter().collect(),
            except: None,
        }
    }

    /// `None` for those that only share a birthday or four digits.
    fn weigh(&self, hit: &Hit) -> Option<Likeness> {
        let same = |a: &Option<String>, b: &str| a.as_deref().map(|a| a == b);
        let digits = |text: &str| Phone::parse(text).map(|phone| phone.digits()).unwrap_or_default();
        let known = [digits(&hit.tel), digits(&hit.mobile)];
        let likeness = Likeness {
            kana: same(&self.kana_key, &hit.kana_key),
            kanji: same(&self.kanji_key, &hit.kanji_key),
            birth_date: self.birth_date.map(|day| day == hit.birth_date),
            phone: (!self.phones.is_empty()).then(|| self.phones.iter().any(|phone| known.contains(&phone.digits()))),
        };
        let yes = |fact: Option<bool>| fact == Some(true);
        let is_named_alike = yes(likeness.kana) || yes(likeness.kanji) && yes(likeness.birth_date);
        (is_named_alike || yes(likeness.phone)).then_some(likeness)
    }
}

/// Fact by fact: the same, different, or not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness {
    pub kana: Option<bool>,
    pub kanji: Option<bool>,
    pub birth_date: Option<bool>,
    pub phone: Option<bool>,
}

impl Likeness {
    fn weight(&self) -> i32 {
        let points = |fact: Option<bool>, weight: i32| match fact {
            Some(true) => weight,
            Some(false) => -1,
            None => 0,
        };
        points(self.birth_date, 4) + points(self.kana, 3) + points(self.phone, 3) + points(self.kanji, 1)
    }

    /// Reading and birthday, or reading and telephone: most likely one person.
    pub fn is_strong(&self) -> bool {
        self.kana == Some(true) && (self.birth_date == Some(true) || self.phone == Some(true))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub hit: Hit,
    pub likeness: Likeness,
}

/// The likeliest first.
pub async fn find(tx: &TenantTx, probe: &Probe) -> Result<Vec<Candidate>, Error> {
    if probe.is_empty() {
        return Ok(vec![]);
    }
    let mut found = Vec::new();
    for row in tx.query_all(&statement(tx.tenant_id(), probe)).await? {
        let hit = Hit::from_query_result(&row, "")?;
        if let Some(likeness) = probe.weigh(&hit) {
            found.push(Candidate { hit, likeness });
        }
    }
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.likeness.weight()));
    found.truncate(SHOWN);
    Ok(found)
}

pub(super) fn statement(tenant: TenantId, probe: &Probe) -> SelectStatement {
    let mut any = Cond::any();
    if let Some(key) = &probe.kana_key {
        any = any.add(col(Column::KanaKey).eq(key.clone()));
    }
    if let (Some(key), Some(day)) = (&probe.kanji_key, probe.birth_date) {
        any = any.add(Cond::all().add(col(Column::KanjiKey).eq(key.clone())).add(col(Column::BirthDate).eq(day)));
    }
    for phone in &probe.phones {
        any = any.add(phone_condition(Column::TelLast4, &phone.last4())).add(phone_condition(Column::MobileLast4, &phone.last4()));
    }
    let mut list = active(tenant);
    list.cond_where(any);
    if let Some(id) = probe.except {
        list.and_where(col(Column::Id).ne(id));
    }
    list.limit(READ).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(kana: &str, kanji: &str, birth: &str, tel: &str) -> Hit {
        Hit {
            id: Uuid::nil(),
            patient_number: "001207".into(),
            name_ideographic: kanji.into(),
            name_syllabic: kana.into(),
            kana_key: search_key(kana),
            kanji_key: search_key(kanji),
            sex: "female".into(),
            birth_date: birth.parse().unwrap(),
            tel: tel.into(),
            mobile: String::new(),
            deceased_on: None,
            last_visit: None,
        }
    }

    #[test]
    fn weighs_reading_birthday_and_telephone() {
        let probe = Probe::sample();
        let same = probe.weigh(&hit("サイトウ チヅコ", "齋藤 千鶴子", "1959-02-11", "09000004471")).unwrap();
        assert!(same.is_strong());
        let namesake = probe.weigh(&hit("サイトウ チズコ", "斉藤 千鶴子", "1955-07-02", "03-1234-0912")).unwrap();
        assert!(!namesake.is_strong() && namesake.weight() < same.weight());
        assert_eq!(probe.weigh(&hit("スズキ ハナ", "鈴木 花", "1959-02-11", "03-1111-4471")), None, "only a birthday and four digits");
        assert!(
            probe.weigh(&hit("タナカ ハナ", "田中 花", "1990-01-01", "090-0000-4471")).is_some(),
            "same telephone: family or the same person"
        );
    }

    #[test]
    fn half_typed_input_is_read_as_far_as_it_goes() {
        let today = "2026-11-20".parse().unwrap();
        let raw =
            RawPatientForm { name_syllabic: "さいとう ちづこ".into(), birth_date: "S34.2".into(), ..RawPatientForm::default() };
        let probe = RawProbe::of(&raw).read(today);
        assert_eq!(probe.kana_key.as_deref(), Some("サイトウチズコ"));
        assert_eq!(probe.birth_date, None);
        assert!(!probe.is_empty());
        let raw = RawPatientForm { name_syllabic: "千".into(), tel: "090".into(), ..RawPatientForm::default() };
        assert!(RawProbe::of(&raw).read(today).is_empty());
    }
}
