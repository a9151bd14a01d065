//! The three places of the demo, their people and rooms. Passwords and the TOTP secret are public on purpose: they
//! exist only in synthetic data.

use domain::Role;
use uuid::{Uuid, uuid};

pub const PASSWORD: &str = "Aizome-demo-2026!";
/// For the person who signs in for the first time and must change it.
pub const FIRST_PASSWORD: &str = "Hajimete-2026!";
/// Base32, as an authenticator app takes it; the same for everybody who has a second factor already.
pub const TOTP_SECRET: &str = "KRZXK3LVM5US2ZDFNVXS243FMNZGK5BB";

/// Whose 資格確認端末 `make demo` simulates, with a relay beside it.
pub const TERMINAL_CLINIC: &str = "minato";

#[derive(Clone, Copy)]
pub struct Clinic {
    pub id: Uuid,
    pub code: &'static str,
    pub name: &'static str,
    pub kind: &'static str,
    pub institution_code: &'static str,
    pub postal_code: &'static str,
    pub address: &'static str,
    pub tel: &'static str,
    /// Name and kind.
    pub places: &'static [(&'static str, &'static str)],
    pub patients: usize,
    /// Ages of the people who come.
    pub ages: (i64, i64),
    /// Whether one of the charts holds a thousand visits.
    pub has_busy_chart: bool,
    pub seed: u64,
}

pub static CLINICS: &[Clinic] = &[
    Clinic {
        id: uuid!("01900000-0000-7000-8000-000000000001"),
        code: "ainosato",
        name: "藍の里内科クリニック",
        kind: "clinic",
        institution_code: "1312345678",
        postal_code: "198-0001",
        address: "東京都青梅市藍の里1-2-3",
        tel: "0428-00-0101",
        places: &[("受付", "reception"), ("診察室1", "exam"), ("診察室2", "exam"), ("処置室", "other")],
        patients: 2_100,
        ages: (0, 98),
        has_busy_chart: true,
        seed: 0x7473_756d,
    },
    Clinic {
        id: uuid!("01900000-0000-7000-8000-000000000002"),
        code: "minato",
        name: "みなと小児科",
        kind: "clinic",
        institution_code: "1412345671",
        postal_code: "231-0001",
        address: "神奈川県横浜市中区みなと町4-5",
        tel: "045-000-0202",
        places: &[("受付", "reception"), ("診察室", "exam")],
        patients: 240,
        ages: (0, 18),
        has_busy_chart: false,
        seed: 0x7473_756d,
    },
    Clinic {
        id: uuid!("01900000-0000-7000-8000-000000000003"),
        code: "tsukimi",
        name: "月見台病院",
        kind: "hospital",
        institution_code: "1112345674",
        postal_code: "330-0001",
        address: "埼玉県さいたま市月見台10-1",
        tel: "048-000-0303",
        places: &[("受付", "reception"), ("内科外来", "exam"), ("東2病棟", "ward"), ("西2病棟", "ward"), ("東3病棟", "ward")],
        patients: 160,
        ages: (20, 99),
        has_busy_chart: false,
        seed: 0x7473_756d,
    },
];

pub struct Person {
    pub login_id: &'static str,
    pub name: &'static str,
    pub name_kana: &'static str,
    pub license_no: &'static str,
    pub roles: &'static [Role],
    pub is_new: bool,
}

const fn person(
    login_id: &'static str,
    name: &'static str,
    name_kana: &'static str,
    license_no: &'static str,
    roles: &'static [Role],
) -> Person {
    Person { login_id, name, name_kana, license_no, roles, is_new: false }
}

/// Every place has the same staff, so that one table documents them all.
pub static STAFF: &[Person] = &[
    person("doctor", "藍沢 朋子", "アイザワ トモコ", "412345", &[Role::Doctor]),
    person("director", "紺野 修", "コンノ オサム", "398765", &[Role::Doctor, Role::ClinicAdmin]),
    person("nurse", "縞田 千秋", "シマダ チアキ", "1234567", &[Role::Nurse]),
    person("clerk", "糸井 真央", "イトイ マオ", "", &[Role::Clerk]),
    person("pharmacist", "絹川 翼", "キヌカワ ツバサ", "345678", &[Role::Pharmacist]),
    person("labtech", "織部 楓", "オリベ カエデ", "456789", &[Role::LabTech]),
    person("admin", "結城 薫", "ユウキ カオル", "", &[Role::ClinicAdmin]),
    person("aide", "綾瀬 望", "アヤセ ノゾミ", "", &[Role::DoctorAide]),
    Person {
        login_id: "newcomer", name: "新堀 光", name_kana: "ニイボリ ヒカル", license_no: "", roles: &[Role::Clerk], is_new: true
    },
];
