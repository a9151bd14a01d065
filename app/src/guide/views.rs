//! The guide's page.

use askama::Template;

use super::Done;
use crate::web::Chrome;

#[derive(Debug, Clone)]
pub struct Step {
    pub title: &'static str,
    pub why: &'static str,
    pub href: &'static str,
    pub link: &'static str,
    pub is_done: bool,
}

impl Step {
    /// In the order in which one leads to the next.
    pub fn all(done: &Done) -> Vec<Self> {
        let step = |title, why, href, link, is_done| Self { title, why, href, link, is_done };
        vec![
            step("医療機関の名称・所在地・電話", "処方箋と予約票に印字されます", "/clinic", "設定を開く", done.address),
            step("勤務場所", "受付や診察室。サインインのときに選び、受付では画面が早く閉じます", "/places", "勤務場所を開く", done.places),
            step(
                "職員(医師と医療事務)",
                "一人ずつ登録し、はじめのパスワードを本人に渡します",
                "/staff",
                "職員を開く",
                done.doctor && done.clerk,
            ),
            step("予約枠", "医師ごとに曜日と時間を決めると、予約表に空きが並びます", "/schedules", "予約枠を開く", done.slots),
            step("医薬品などのマスタ", "薬や病名を探すための一覧。事業者が取り込みます", "/masters", "マスタを開く", done.masters),
            step(
                "患者",
                "前のシステムの CSV をまとめて取り込むか、一人ずつ登録します",
                "/patient-imports",
                "患者の取込を開く",
                done.patients,
            ),
            step(
                "最初の控え",
                "毎晩 2:00 に自動で取られます。一度取れたことを確かめてから診療を始めます",
                "/backups",
                "控えを開く",
                done.backup,
            ),
        ]
    }
}

/// 初日の手引き.
#[derive(Debug, Clone, Template)]
#[template(path = "guide/show.html")]
pub struct GuidePage {
    pub chrome: Chrome,
    pub steps: Vec<Step>,
}

impl GuidePage {
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.is_done).count()
    }

    /// The first step that waits.
    pub fn next(&self) -> Option<&'static str> {
        self.steps.iter().find(|step| !step.is_done).map(|step| step.href)
    }
}

crate::no_subjects!(GuidePage);
