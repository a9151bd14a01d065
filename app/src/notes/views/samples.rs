//! The chart and its comparison with long text, a conflict, amendments and nothing at all.

use domain::note::{NoteStatus, Section};
use domain::text_merge;
use domain::{EncounterId, NoteId, StaffId};
use uuid::Uuid;

use super::chart::{ConflictLink, Doctor, Part, PastVisit, PreviousPlan, Reader};
use super::conflict::{Row, merged};
use super::{AmendForm, AmendmentView, By, ChartPage, ConflictPage, SectionView, SpanView, Timeline, Today, VisitHead};
use crate::notes::neighbours::PrescriptionBox;
use crate::web::samples::show;
use crate::web::{Chrome, Nav, PatientStripe};

fn by(at: &str, by: &str) -> By {
    By { at: at.into(), by: by.into(), entered_by: None, reason: String::new() }
}

fn section(section: Section, body: &str) -> SectionView {
    let saved = (!body.is_empty()).then(|| by("10:41:52", "山﨑 理恵"));
    SectionView { version: 3, body: body.into(), saved, previous: "前回の文。".into(), ..SectionView::empty(section) }
}

fn today(status: NoteStatus) -> Today {
    let mut objective = section(Section::Objective, "下腿浮腫 軽度(±)。足背動脈 触知良好。右膝 腫脹・熱感なし。");
    objective.conflict = Some(ConflictLink { url: "/notes/1/sections/O/conflicts/1".into(), by: "小野寺".into() });
    Today {
        patient_id: PatientStripe::sample().patient_id,
        note_id: Some(NoteId::new(Uuid::from_u128(7))),
        version: 2,
        status,
        is_amended: false,
        base: "/notes/7".into(),
        sections: vec![
            section(Section::Subjective, "外食が続き間食も多かった。体重が増えた自覚あり。右膝が痛く、11/2 に近所の整形外科で痛み止めをもらった。\n低血糖症状なし。足のしびれなし。"),
            objective,
            section(Section::Assessment, "2型糖尿病 増悪(生活要因)。CKD G3b A2。血圧も目標(130/80)に届かず。"),
            section(Section::Plan, ""),
        ],
        responsible_id: None,
        responsible_choice: None,
        doctors: vec![Doctor { id: StaffId::new(Uuid::from_u128(2)), name: "山﨑 理恵".into() }],
        reader: Reader { may_write: true, may_sign: true, may_amend: true },
        returned: None,
        voided: None,
        void_request: None,
        sign_key: Uuid::from_u128(9),
    }
}

fn past(n: u128, date: &str, excerpt: &str) -> PastVisit {
    PastVisit {
        note_id: NoteId::new(Uuid::from_u128(n)),
        date: date.into(),
        date_iso: "2026-11-06".into(),
        doctor: "山﨑".into(),
        excerpt: excerpt.into(),
        parts: vec![Part { letter: "S", text: excerpt.into() }],
        mark: None,
        is_today: n == 1,
    }
}

fn page(today: Today) -> ChartPage {
    ChartPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample(),
        visit: VisitHead { id: EncounterId::new(Uuid::from_u128(5)), date: "11/20(金)".into(), purpose: "糖尿病 定期・結果説明".into(), doctor: Some("山﨑 理恵".into()) },
        today,
        previous_plan: Some(PreviousPlan { date: "11/06".into(), text: "間食の記録を2週間。eGFR が 40 を切ったため次回メトホルミン減量を検討。".into() }),
        timeline: Timeline {
            visits: vec![past(1, "11/20(金)", "外食が続き間食も多かった。"), past(2, "11/06(金)", "HbA1c 7.9↑。外食増えた。間食の記録を2週間。eGFR 38 → メトホルミン減量を次回検討。"), past(3, "10/09(金)", "家庭血圧 146/84 平均。")],
            older_url: Some("/encounters/5/timeline".into()),
        },
        prescription: PrescriptionBox::default(),
        amend: AmendForm::default(),
        notice: None,
    }
}

#[test]
fn chart() {
    show("chart", &page(today(NoteStatus::Draft)));
    let mut helper = today(NoteStatus::Draft);
    helper.reader = Reader { may_write: true, may_sign: false, may_amend: false };
    show("chart-helper", &page(helper));
    let mut signed = today(NoteStatus::Signed);
    signed.sections[0].amendments = vec![AmendmentView {
        kind: "addendum",
        label: "追記",
        at: "2026/11/21 09:12".into(),
        by: "山﨑 理恵".into(),
        entered_by: Some("小野寺 梓".into()),
        body: "家族より電話。夜間の間食も続いているとのこと。".into(),
        reason: String::new(),
        replaced: false,
    }];
    let mut wrong = page(signed);
    wrong.amend = AmendForm { kind: "amendment".into(), errors: vec![("reason", "訂正の理由を書いてください".into())], ..AmendForm::default() };
    show("chart-signed", &wrong);
    let mut nobody = today(NoteStatus::Draft);
    nobody.sections = Section::ALL.into_iter().map(SectionView::empty).collect();
    show("chart-empty", &ChartPage { stripe: PatientStripe::sample_long(), timeline: Timeline::default(), previous_plan: None, ..page(nobody) });
}

#[test]
fn comparison() {
    let (base, mine, theirs) = ("体温 36.4。\n下腿浮腫 なし。\n", "体温 36.4。\n下腿浮腫 軽度(±)。\n右膝 腫脹なし。\n", "体温 36.4。\n下腿浮腫 右のみ圧痕あり。\n来院時 ふらつきあり。\n");
    let hunks = text_merge::three_way(base, mine, theirs);
    let view = ConflictPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample(),
        encounter_id: EncounterId::new(Uuid::from_u128(5)),
        section: Section::Objective,
        action: "/notes/7/sections/O/conflicts/1".into(),
        is_open: true,
        mine: by("10:41:58", "山﨑 理恵"),
        theirs: by("10:41:31", "小野寺 梓"),
        theirs_version: 3,
        next_version: 4,
        mine_chars: mine.chars().count(),
        theirs_chars: theirs.chars().count(),
        differences: hunks.len(),
        merged: merged(&hunks, &[]),
        rows: Row::all(hunks, &[]),
        base: base.into(),
        base_label: "2版・10:40:12・小野寺".into(),
        kept_at: "10:42:03".into(),
        idempotency_key: Uuid::from_u128(11),
        error: None,
    };
    show("conflict", &view);
    assert!(SpanView::between("多かった", "やや多かった").iter().any(SpanView::is_inserted));
}
