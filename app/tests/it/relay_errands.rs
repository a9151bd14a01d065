//! Every kind of question to オンライン資格確認 goes through a terminal's folders and comes back as itself; those about prescriptions in
//! `eprescriptions::folders`. FN-OQ-02.

use chrono::{NaiveDate, TimeDelta, Utc};
use domain::check_in::CareSetting;
use domain::outbox::{Errand, Service};
use domain::{MessageId, Role};
use simulators::national::National;
use simulators::national::disaster::DISASTER;
use simulators::national::emergency::EMERGENCY;
use sqlx::Row;
use tsumugi::adapters::eligibility::bulk::{self, BulkItem, Insured, Reply};
use tsumugi::adapters::eligibility::consented::{self, Collection, Listing};
use tsumugi::adapters::eligibility::entrusted;
use tsumugi::adapters::eligibility::history::{Asks, HistoryQuestion, Reply as HistoryReply, read_reply};
use tsumugi::adapters::eligibility::{Question, ReaderFile, read_answer};
use tsumugi::adapters::national_way::NationalWay;
use tsumugi::outbox::Message;
use uuid::Uuid;

use crate::devices::{Relay, institution_code, until};
use crate::eligibility_query::national;
use crate::fixtures::two_clinics;
use crate::harness::Harness;
use crate::relay::{folders, terminal};

const INSURER: &str = "01139997";
const SYMBOL: &str = "12345678";
const NUMBER: &str = "9000001";

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// A clinic that asks through folders, and one message of its outbox that all questions are asked for.
struct Line {
    code: String,
    way: NationalWay,
    services: National,
    asked: Vec<Errand>,
    _relay: Relay,
}

async fn line() -> Line {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let (services, url) = national();
    let (mut relay, _) = terminal(h, &here, &url).await;
    relay.start();
    until("the relay", async || !clerk.get("/outbox").await.body.contains("まだ連絡なし")).await;
    let key = Uuid::now_v7().to_string();
    let form = [
        ("idempotency_key", key.as_str()),
        ("insurer_number", INSURER),
        ("insured_symbol", SYMBOL),
        ("insured_number", NUMBER),
        ("birth_date", "S50.4.1"),
    ];
    let path = clerk.post("/reception/inquiries", &form).await.expect(303).header("location").to_owned();
    let lane: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    let sql = "SELECT id FROM outbox_message WHERE lane = $1";
    let id: Uuid = sqlx::query(sql).bind(lane).fetch_one(&mut h.superuser().await).await.unwrap().get(0);
    let message = Message {
        tenant_id: here.id,
        id: MessageId::new(id),
        errand: Errand::QualificationConfirm,
        lane,
        key,
        patient_id: None,
        encounter_id: None,
        payload: vec![],
        attempts: 1,
        prepared: vec![],
    };
    let way = folders(&h.operator()).of(&message);
    Line { code: institution_code(h, &here).await, way, services, asked: vec![], _relay: relay }
}

impl Line {
    /// The name of the question is that of the errand.
    async fn ask(&mut self, errand: Errand, path: &str, bytes: &[u8]) -> Vec<u8> {
        self.asked.push(errand);
        self.way.query(path, errand.code(), bytes).await.unwrap_or_else(|outcome| panic!("{errand:?} over {path}: {outcome:?}"))
    }

    fn allow_everything(&self) {
        let until = Utc::now().fixed_offset() + TimeDelta::hours(20);
        for subject in ["PharmacistsInfo", "DiagnosisInfo", "SpecificHealthCheckupsInfo"] {
            self.services.consents.grant(NUMBER, subject, until);
        }
        self.services.consents.grant(NUMBER, EMERGENCY, until);
        self.services.consents.grant("13", DISASTER, until);
        self.services.remote.consent("taro", "2", &["PharmacistsInfo"], Some(day(2099, 1, 1)));
        self.services.remote.consent("taro", "3", &["PharmacistsInfo"], None);
    }

    fn insured(&self) -> Insured {
        let [insurer_number, insured_symbol, insured_number, branch_number] = [INSURER, SYMBOL, NUMBER, "00"].map(str::to_owned);
        Insured { insurer_number, insured_symbol, insured_number, branch_number }
    }

    fn question(&self, setting: CareSetting) -> Question {
        let Insured { insurer_number, insured_symbol, insured_number, branch_number } = self.insured();
        Question {
            institution_code: self.code.clone(),
            insurer_number,
            insured_symbol,
            insured_number,
            branch_number,
            birth_date: day(1975, 4, 1),
            limit_consent: false,
            asked_on: domain::clock::today(Utc::now()),
            setting,
        }
    }

    fn history(&self, asks: Asks) -> HistoryQuestion {
        let is_found_by_words = matches!(asks, Asks::Disaster { .. });
        let [insurer_number, insured_symbol, insured_number, branch_number] =
            [INSURER, SYMBOL, NUMBER, "00"].map(|text| if is_found_by_words { String::new() } else { text.to_owned() });
        HistoryQuestion {
            institution_code: self.code.clone(),
            insurer_number,
            insured_symbol,
            insured_number,
            branch_number,
            birth_date: day(1975, 4, 1),
            asks,
            setting: CareSetting::Outpatient,
        }
    }
}

#[tokio::test]
async fn every_question_of_eligibility_goes_through_the_folders_and_back() {
    let mut l = line().await;
    l.allow_everything();
    let code = l.code.clone();

    for setting in [CareSetting::Outpatient, CareSetting::Home, CareSetting::Online] {
        let (errand, question) = (Errand::QualificationConfirm, l.question(setting));
        let bytes = l.ask(errand, question.path(), &question.message(errand.code())).await;
        let file = ReaderFile { name: String::new(), bytes };
        assert!(read_answer(&file, &question, errand.code()).unwrap().is_processed, "{setting:?}");
    }

    let items = [BulkItem { identifier: "1".into(), insured: l.insured(), birth_date: day(1975, 4, 1) }];
    let (submit, collect) = (Errand::BulkSubmit, Errand::BulkCollect);
    let list = bulk::submission(&code, submit.code(), domain::clock::today(Utc::now()), &items);
    let answer = l.ask(submit, "/oqs/v1/OQSmuquc01", &list).await;
    let Ok(Reply::Given(number)) = bulk::read_submitted(&answer, &code, submit.code()) else { panic!("{submit:?}") };
    let answer = l.ask(collect, "/oqs/v1/OQSmuquc02", &bulk::collection(&code, collect.code(), &number)).await;
    let Ok(Reply::Given(units)) = bulk::read_units(&answer, &code, collect.code()) else { panic!("{collect:?}") };
    assert_eq!(units[0].identifier, "1");

    let (submit, collect) = (Errand::EntrustedSubmit, Errand::EntrustedCollect);
    let month = entrusted::Submission { institution_code: code.clone(), month: domain::clock::today(Utc::now()) };
    let answer = l.ask(submit, entrusted::SUBMIT, &entrusted::submission(&month, submit.code())).await;
    let Ok(Reply::Given(number)) = bulk::read_submitted(&answer, &code, submit.code()) else { panic!("{submit:?}") };
    let answer = l.ask(collect, entrusted::COLLECT, &bulk::collection(&code, collect.code(), &number)).await;
    let Ok(Reply::Given(people)) = entrusted::read_people(&answer, &code, collect.code()) else { panic!("{collect:?}") };
    assert!(!people.is_empty());

    let errand = Errand::ReferenceRegister;
    let answer = l.ask(errand, "/oqs/v1/OQSsiimm01", &bulk::registration(&code, errand.code(), "00017", &l.insured())).await;
    assert_eq!(bulk::read_registered(&answer, &code, errand.code()).unwrap(), Reply::Given(()));
    assert_eq!(l.services.register.reference(NUMBER, "00").as_deref(), Some("00017"));

    for setting in [CareSetting::Home, CareSetting::Online] {
        let [first, second] = consented::paths(setting);
        let (submit, collect, today) = (Errand::ConsentedSubmit, Errand::ConsentedCollect, domain::clock::today(Utc::now()));
        let listing = Listing { institution_code: code.clone(), setting, from: today, to: today };
        let answer = l.ask(submit, first, &consented::submission(&listing, submit.code())).await;
        let Ok(Reply::Given(reception_number)) = bulk::read_submitted(&answer, &code, submit.code()) else { panic!("{submit:?}") };
        let answer = l.ask(collect, second, &bulk::collection(&code, collect.code(), &reception_number)).await;
        let collection = Collection { institution_code: code.clone(), setting, reception_number };
        let Ok(Reply::Given(people)) = consented::read_people(&answer, &collection, collect.code()) else { panic!("{collect:?}") };
        assert_eq!(people.len(), 1, "{setting:?}");
    }
    let errand = Errand::ConsentCancel;
    let answer = l.ask(errand, consented::CANCEL, &consented::cancellation(&code, errand.code(), &l.insured(), day(1975, 4, 1))).await;
    assert_eq!(bulk::read_registered(&answer, &code, errand.code()).unwrap(), Reply::Given(()));
    assert!(!l.services.remote.is_continuing("taro"));

    let words = ["架空 太郎", "1", "東京都架空区架空１－２－３"].map(str::to_owned);
    let [name, sex, address] = words;
    for (errand, path, asks) in [
        (Errand::CareHistory, "/oqs/v1/YZKsiquc01", Asks::Care { from: day(2026, 9, 1), to: day(2026, 10, 1), with_treatments: true }),
        (Errand::CheckupHistory, "/oqs/v1/TKKsiquc01", Asks::Checkups),
        (Errand::EmergencySummary, "/oqs/v1/OQS-IF-047", Asks::Emergency),
        (Errand::DisasterHistory, "/oqs/v1/DISASTER", Asks::Disaster { name, sex, address }),
    ] {
        let question = l.history(asks);
        let answer = l.ask(errand, path, &question.message(errand.code())).await;
        assert_eq!(read_reply(&answer, &question, errand.code()).unwrap(), HistoryReply::Given, "{errand:?}");
    }

    let missing: Vec<_> = Errand::ALL.iter().filter(|e| e.service() == Service::Eligibility && !l.asked.contains(e)).collect();
    assert!(missing.is_empty(), "not through the folders yet: {missing:?}");
}
