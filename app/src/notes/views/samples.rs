//! Samples of the note pages: a day in the middle of writing, signed and corrected, a helper's, empty, and everything wrong.

use domain::note::{NoteStatus, Section};
use domain::text_merge;
use domain::{EncounterId, NoteId, PatientId, StaffId};
use uuid::Uuid;

use super::chart::{ConflictLink, Doctor, Part, PastVisit, PreviousPlan, Reader, TimelinePage};
use super::conflict::{Row, merged};
use super::history::{ActRow, KeptText, SectionHistory, VersionView};
use super::pending::{Filter, PendingRow, VoidRequestRow, VoidRequestsPage};
use super::*;
use crate::web::samples::show;
use crate::web::{Chrome, Nav, PatientStripe};

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_a2b4_7c3e_7d11_8a55_0123_4567_0000 + n)
}

fn by(at: &str, by: &str) -> By {
    By { at: at.into(), by: by.into(), ..By::default() }
}

const READER: Reader = Reader {
    id: StaffId::new(Uuid::from_u128(0x0190_a2b4_7c3e_7d11_8a55_0123_4567_0007)),
    may_write: true,
    may_sign: true,
    may_amend: true,
};

fn section(section: Section, body: &str, saved: Option<By>) -> SectionView {
    SectionView {
        version: i32::from(saved.is_some()),
        body: body.into(),
        saved,
        idempotency_key: uuid(9),
        previous: "前回の文".into(),
        ..SectionView::empty(section)
    }
}

fn sections() -> Vec<SectionView> {
    let mut all = vec![
        section(
            Section::Subjective,
            "外食が続き間食も多かった。体重が増えた自覚あり。右膝が痛く、11/2 に近所の整形外科で痛み止めをもらった。\n低血糖症状なし。足のしびれなし。",
            Some(by("10:41:58", "山﨑 理恵")),
        ),
        section(
            Section::Objective,
            "体温 36.4、血圧 152/88、脈 78、SpO₂ 97%、体重 61.4kg。下腿浮腫 軽度(±)。足背動脈 触知良好。",
            Some(by("10:41:31", "小野寺 梓")),
        ),
        section(
            Section::Assessment,
            "2型糖尿病 増悪(生活要因)。CKD G3b A2。血圧も目標(130/80)に届かず。",
            Some(by("10:41:52", "山﨑 理恵")),
        ),
        section(Section::Plan, "", None),
    ];
    all[1].conflict = Some(ConflictLink { url: "/notes/1/sections/O/conflicts/2".into(), by: "小野寺 梓".into() });
    all
}

fn today(status: NoteStatus, reader: Reader, sections: Vec<SectionView>) -> Today {
    Today {
        patient_id: PatientStripe::sample().patient_id,
        note_id: Some(NoteId::new(uuid(2))),
        version: 1,
        status,
        is_amended: false,
        base: "/encounters/0190a2b4-7c3e-7d11-8a55-012345670001/note".into(),
        sections,
        responsible_id: Some(StaffId::new(uuid(7))),
        responsible_choice: None,
        doctors: vec![
            Doctor { id: StaffId::new(uuid(7)), name: "山﨑 理恵".into() },
            Doctor { id: StaffId::new(uuid(8)), name: "小笠原 慎太郎".into() },
        ],
        reader,
        returned: None,
        voided: None,
        void_request: None,
        sign_key: uuid(9),
    }
}

fn visit(n: u128, date: &str, doctor: &str, excerpt: &str) -> PastVisit {
    PastVisit {
        note_id: NoteId::new(uuid(n)),
        date: date.into(),
        date_iso: "2026-11-06".into(),
        doctor: doctor.into(),
        excerpt: excerpt.into(),
        parts: vec![Part { letter: "S", text: "変わりないが外食が増えた。".into() }, Part { letter: "P", text: excerpt.into() }],
        drugs: Some("28日 メトホルミン ほか3剤".into()),
        mark: None,
        is_today: false,
    }
}

fn timeline() -> Timeline {
    let mut visits = vec![
        visit(11, "11/20(金)", "山﨑 理恵", "2型糖尿病 増悪(生活要因)。CKD G3b A2。"),
        visit(12, "11/06(金)", "山﨑 理恵", "HbA1c 7.9↑。外食増えた。間食の記録を2週間。eGFR 38 → メトホルミン減量を次回検討。"),
        visit(13, "10/09(金)", "山﨑 理恵", "家庭血圧 146/84 平均。塩分の話。むくみなし。眼科は9月受診済 A1。"),
        visit(14, "09/11(金)", "小笠原 慎太郎", "HbA1c 7.2。歩数 5,800/日。足のしびれなし、足背動脈触知良好。"),
        visit(15, "2025/12/26(金)", "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ", "咽頭痛・微熱。溶連菌(−)。対症療法のみ。"),
    ];
    (visits[0].is_today, visits[0].mark) = (true, Some(Mark { kind: "info", word: "下書き" }));
    visits[3].mark = Some(Mark { kind: "warn", word: "訂正済" });
    Timeline { visits, older_url: Some("/patients/1/chart?before=2025-12-26.x".into()) }
}

fn page(stripe: PatientStripe, today: Today, timeline: Timeline) -> ChartPage {
    ChartPage {
        chrome: Chrome::sample(Nav::Today),
        stripe,
        visit: VisitHead {
            id: EncounterId::new(uuid(1)),
            month: "2026-11".into(),
            date: "2026/11/20(金)".into(),
            purpose: "定期".into(),
            patient_id: PatientId::new(uuid(9)),
            on_hold_from: Some(3),
            doctor: Some("山﨑 理恵".into()),
        },
        today,
        previous_plan: Some(PreviousPlan {
            date: "11/06(金)".into(),
            text: "間食の記録を2週間。eGFR が 40 を切ったため次回メトホルミン減量を検討。".into(),
        }),
        previous_day: Some("11/06(金)".into()),
        timeline,
        panes: vec![],
        amend: AmendForm { idempotency_key: uuid(9), ..AmendForm::default() },
        notice: None,
        unseen: super::unseen::UnseenView::default(),
    }
}

#[test]
fn chart_while_writing() {
    let html = show("chart", &page(PatientStripe::sample(), today(NoteStatus::Draft, READER, sections()), timeline()));
    assert_eq!(html.matches("data-autosave").count(), 4);
    assert!(html.contains("name=\"body_P\"") && html.contains("name=\"version_P\""));
}

#[test]
fn chart_of_a_first_visit_is_empty_and_says_so() {
    let empty = Section::ALL.into_iter().map(SectionView::empty).collect();
    let mut first = today(NoteStatus::Draft, READER, empty);
    first.note_id = None;
    let mut chart = page(PatientStripe::sample_long(), first, Timeline::default());
    chart.previous_plan = None;
    assert!(show("chart-empty", &chart).contains("この条件の記載はありません"));
}

fn amended() -> Vec<SectionView> {
    let mut all = sections();
    all[1].conflict = None;
    let amendment = |kind, label, body: &str, reason: &str, replaced| AmendmentView {
        kind,
        label,
        at: "2026/11/20 12:10".into(),
        by: "山﨑 理恵".into(),
        entered_by: None,
        body: body.into(),
        reason: reason.into(),
        replaced,
    };
    all[1].amendments = vec![
        amendment("amendment", "訂正", "体温 36.4、血圧 152/88、左下腿浮腫 軽度(±)。", "左右の誤り", true),
        amendment("amendment", "訂正", "体温 36.4、血圧 152/88、両下腿浮腫 軽度(±)。", "両側だった", false),
    ];
    all[3].amendments = vec![amendment("addendum", "追記", "栄養指導の予約 12/02。", "", false)];
    all
}

#[test]
fn chart_signed_and_corrected() {
    let mut signed = today(NoteStatus::Signed, READER, amended());
    signed.is_amended = true;
    signed.void_request = Some(By { reason: "誤患者".into(), ..by("2026/11/20 12:30", "山﨑 理恵") });
    let mut chart = page(PatientStripe::sample(), signed, timeline());
    chart.amend.errors = vec![("reason", "訂正と無効には理由が要ります。".into())];
    (chart.amend.kind, chart.amend.body) = ("amendment".into(), "書き直した文".into());
    let html = show("chart-signed", &chart);
    assert!(html.contains("<del class=\"note-text\">体温") && html.contains("aria-invalid") && !html.contains("data-autosave"));
}

#[test]
fn chart_of_a_helper() {
    let reader = Reader { may_sign: false, may_amend: false, ..READER };
    let mut all = sections();
    all[0].saved = Some(By { entered_by: Some("小野寺 梓".into()), ..by("10:41:58", "山﨑 理恵") });
    all[2].error = Some("20001文字あります。20000文字以内にしてください。入力した文は消えていません。".into());
    let mut helper = today(NoteStatus::Draft, reader, all);
    helper.returned = Some(By { reason: "発症日を書いてください".into(), ..by("2026/11/20 12:30", "山﨑 理恵") });
    let mut chart = page(PatientStripe::sample(), helper, timeline());
    chart.notice = Some(Notice::stop("ほかの人が先に変えました。最新の内容を確かめてから、もう一度操作してください。"));
    assert!(show("chart-helper", &chart).contains("承認を依頼"));
    let mut unnamed = today(NoteStatus::Draft, reader, sections());
    unnamed.responsible_id = None;
    assert!(show("chart-responsible", &page(PatientStripe::sample(), unnamed, timeline())).contains("責任医師を選ぶと代行入力できます"));
    let waiting = today(NoteStatus::PendingApproval, READER, sections());
    assert!(show("chart-waiting", &page(PatientStripe::sample(), waiting, timeline())).contains("差戻す"));
    show("timeline-page", &TimelinePage { timeline: timeline() });
}

#[test]
fn conflict() {
    let base = "体温 36.4、血圧 152/88、脈 78、SpO₂ 97%、体重 61.4kg。\n下腿浮腫 なし。足背動脈 触知良好。";
    let mine = "体温 36.4、血圧 152/88、脈 78、SpO₂ 97%、体重 61.4kg。\n下腿浮腫 軽度(±)。足背動脈 触知良好。右膝 腫脹・熱感なし。";
    let theirs = "体温 36.4、血圧 152/88、脈 78、SpO₂ 97%、体重 61.4kg。\n下腿浮腫 右のみ圧痕あり。足背動脈 触知良好。来院時 ふらつきの訴えあり、座位で軽快。";
    let hunks = text_merge::three_way(base, mine, theirs);
    let view = |error: Option<&str>, is_open| ConflictPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample(),
        encounter_id: EncounterId::new(uuid(1)),
        section: Section::Objective,
        action: "/notes/1/sections/O/conflicts/2".into(),
        is_open,
        mine: by("10:41:58", "山﨑 理恵"),
        theirs: by("10:41:31", "小野寺 梓"),
        theirs_version: 3,
        next_version: 4,
        mine_chars: mine.chars().count(),
        theirs_chars: theirs.chars().count(),
        differences: hunks.iter().filter(|h| h.proposal().is_some()).count(),
        rows: Row::all(hunks.clone(), &[]),
        merged: merged(&hunks, &[]),
        base: base.into(),
        base_label: "2版・10:40:12".into(),
        kept_at: "10:42:03".into(),
        idempotency_key: uuid(9),
        error: error.map(str::to_owned),
    };
    let html = show("conflict", &view(None, true));
    assert!(html.contains("<del>なし</del><ins>軽度(±)</ins>") && html.contains("右膝 腫脹・熱感なし。来院時 ふらつき"));
    show("conflict-error", &view(Some("20001文字あります。20000文字以内にしてください。"), false));
}

#[test]
fn history() {
    let version = |name: &str, old: &str, new: &str, reason: &str| VersionView {
        name: name.into(),
        at: "2026/11/20 10:41".into(),
        by: "山﨑 理恵".into(),
        entered_by: Some("小野寺 梓".into()),
        reason: reason.into(),
        spans: SpanView::between(old, new),
    };
    let (one, two) = ("下腿浮腫 なし。血圧 152/88。", "下腿浮腫 軽度(±)。血圧 148/86。足背動脈 触知良好。");
    let view = HistoryPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample(),
        encounter_id: EncounterId::new(uuid(1)),
        date: "2026/11/20(金)".into(),
        mark: Mark { kind: "warn", word: "訂正済" },
        acts: vec![
            ActRow {
                at: "2026/11/20 10:50".into(),
                status: "確定".into(),
                by: "山﨑 理恵".into(),
                entered_by: "山﨑 理恵".into(),
                reason: String::new(),
            },
            ActRow {
                at: "2026/11/20 10:45".into(),
                status: "下書き".into(),
                by: "山﨑 理恵".into(),
                entered_by: "山﨑 理恵".into(),
                reason: "発症日を書いてください".into(),
            },
        ],
        sections: vec![
            SectionHistory {
                letter: "O",
                label: "所見・計測",
                versions: vec![
                    version("訂正", two, "両下腿浮腫 軽度(±)。血圧 148/86。足背動脈 触知良好。", "両側だった"),
                    version("2版 確定", one, two, ""),
                    version("1版", "", one, ""),
                ],
            },
            SectionHistory { letter: "P", label: "計画", versions: vec![] },
        ],
        kept: vec![KeptText {
            letter: "O".into(),
            at: "2026/11/20 10:42".into(),
            by: "小野寺 梓".into(),
            body: "下腿浮腫 右のみ圧痕あり。".into(),
            url: "/x".into(),
            is_open: true,
        }],
    };
    assert!(show("note-history", &view).contains("採られなかった文"));
}

fn sheets() -> Vec<NoteSheet> {
    let sheet = |n, mark, voided| NoteSheet {
        id: NoteId::new(uuid(n)),
        encounter_id: EncounterId::new(uuid(1)),
        date: "2026/11/20(金)".into(),
        date_iso: "2026-11-20".into(),
        doctor: "山﨑 理恵".into(),
        mark,
        signed: Some(by("2026/11/20 10:50", "山﨑 理恵")),
        voided,
        sections: amended(),
    };
    vec![
        sheet(2, Mark { kind: "warn", word: "訂正済" }, None),
        sheet(3, Mark { kind: "stop", word: "無効" }, Some(By { reason: "誤患者".into(), ..by("2026/11/20 13:00", "山﨑 理恵") })),
    ]
}

#[test]
fn patient_chart_and_print() {
    let chart = |notes, older: Option<&str>| PatientChartPage {
        chrome: Chrome::sample(Nav::Patients),
        stripe: PatientStripe::sample(),
        notes,
        older_url: older.map(str::to_owned),
        is_window: false,
    };
    show("patient-chart", &chart(sheets(), Some("/patients/1/chart?before=x")));
    assert!(show("patient-chart-empty", &chart(vec![], None)).contains("記載はありません"));
    let print = ChartPrintPage {
        stripe: PatientStripe::sample(),
        clinic: "藍の里内科クリニック".into(),
        printed_at: "2026/11/20 18:00".into(),
        printed_by: "山﨑 理恵".into(),
        from: "2026-01-01".into(),
        to: "2026-11-20".into(),
        notes: sheets(),
        left_out: Some(200),
    };
    show("chart-print", &print);
    show(
        "note-refused",
        &RefusedPage { chrome: Chrome::sample(Nav::Today), token: PatientStripe::sample().patient_id, body: "入力した文".into() },
    );
}

#[test]
fn pending() {
    let row = |n: u128, name: &str, kana: &str, is_pending, overdue: Option<&str>| PendingRow {
        encounter_id: EncounterId::new(uuid(n)),
        stamp: format!("{}:1.0.1.0", uuid(n)),
        is_pending,
        date: "2026/11/20(金)".into(),
        overdue: overdue.map(str::to_owned),
        patient_id: PatientStripe::sample().patient_id,
        patient: name.into(),
        kana: kana.into(),
        number: "001207".into(),
        status: if is_pending { "承認待ち" } else { "下書き" },
        responsible: "山﨑 理恵".into(),
        entered_by: "小野寺 梓".into(),
        excerpt: "外食が続き間食も多かった。体重が増えた自覚あり。右膝が痛く、11/2 に近所の整形外科で痛み止めをもらった。".into(),
    };
    let page = |rows: Vec<PendingRow>, notice| PendingPage {
        can_judge_looks: false,
        chrome: Chrome::sample(Nav::Approvals),
        filters: vec![
            Filter { href: "/notes/pending", label: "自分が責任医師", current: true },
            Filter { href: "/notes/pending?who=all", label: "院内すべて", current: false },
        ],
        rows,
        has_more: false,
        can_sign: true,
        notice,
    };
    let rows = vec![
        row(1, "齋藤 千鶴子", "サイトウ チヅコ", true, Some("26時間")),
        row(2, "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ", "ハセベ マリアアレクサンドラクリスティーナ", true, None),
        row(3, "髙橋 一", "タカハシ ハジメ", false, None),
    ];
    show("pending", &page(rows, Some(Notice::ok("2件を確定しました。"))));
    assert!(show("pending-empty", &page(vec![], None)).contains("0件"));
    let request = VoidRequestRow {
        note_id: NoteId::new(uuid(2)),
        patient_id: PatientStripe::sample().patient_id,
        patient: "齋藤 千鶴子".into(),
        kana: "サイトウ チヅコ".into(),
        number: "001207".into(),
        asked_at: "2026/11/20 12:30".into(),
        asked_by: "山﨑 理恵".into(),
        reason: "同姓同名の別の患者に書いた".into(),
    };
    show("void-requests", &VoidRequestsPage { chrome: Chrome::sample(Nav::Approvals), rows: vec![request], may_agree: true, notice: None });
}
