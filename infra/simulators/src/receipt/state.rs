//! What the receipt computer keeps, and its rules. Codes and words are those of the published call descriptions; a number the
//! descriptions do not give is marked 見本.

use chrono::NaiveDate;
use serde::Serialize;

use super::xml::Element;

pub const USER: &str = "ormaster";
pub const PASSWORD: &str = "ormaster-mihon";
/// 患者番号の桁数
pub const NUMBER_DIGITS: usize = 6;
const DEPARTMENTS: [&str; 2] = ["01", "10"];
const PHYSICIANS: [&str; 2] = ["10001", "10002"];
const GROUPS_MAX: usize = 40;
const ITEMS_MAX: usize = 40;

/// Result code and words.
pub type Said = (&'static str, &'static str);

#[derive(Debug, Clone, Serialize)]
pub struct Insurance {
    pub combination: String,
    pub class: String,
    pub insurer: String,
    pub symbol: String,
    pub number: String,
    pub percent: i64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Patient {
    pub number: String,
    pub name: String,
    pub kana: String,
    pub birth: String,
    pub sex: String,
    pub insurances: Vec<Insurance>,
}

/// 中途終了データ
#[derive(Debug, Clone, Serialize)]
pub struct Unfinished {
    pub uid: String,
    pub patient: String,
    pub day: String,
    pub department: String,
    pub physician: String,
    pub combination: String,
    /// Class, code, name and times
    pub items: Vec<(String, String, String, i64)>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Bill {
    pub patient: String,
    pub day: String,
    pub department: String,
    pub invoice: u32,
    pub percent: i64,
    pub points: i64,
    pub due_yen: i64,
    /// Code, name, points
    pub parts: Vec<(&'static str, &'static str, i64)>,
}

#[derive(Default)]
pub struct State {
    pub patients: Vec<Patient>,
    pub unfinished: Vec<Unfinished>,
    pub bills: Vec<Bill>,
    /// How often 中途終了データ was ever registered, by patient and day.
    pub registered: Vec<(String, String)>,
}

impl State {
    pub fn patient(&self, number: &str) -> Option<&Patient> {
        let padded = padded(number);
        self.patients.iter().find(|patient| patient.number == padded)
    }

    /// patientmodv2 class=01
    pub fn register_patient(&mut self, q: &Element) -> Result<Patient, Said> {
        let (number, patient) = (q.text("Patient_ID"), person(q)?);
        if number != "*" && (number.is_empty() || number.len() > NUMBER_DIGITS || !digits(number)) {
            return Err(("P1", "患者番号の桁数が違います"));
        }
        let number = if number == "*" { padded(&(self.patients.len() + 1).to_string()) } else { padded(number) };
        if self.patients.iter().any(|known| known.number == number) {
            return Err(("P2", "患者番号は登録済です(見本)"));
        }
        let mut insurances = vec![self_pay()];
        if let Some(insurance) = q.find("HealthInsurance_Information") {
            insurances.insert(0, read_insurance(insurance, "0001")?);
        }
        let patient = Patient { number, insurances, ..patient };
        self.patients.push(patient.clone());
        Ok(patient)
    }

    /// patientmodv2 class=04: only for a patient without insurance.
    pub fn add_insurance(&mut self, q: &Element) -> Result<Patient, Said> {
        person(q)?;
        let number = padded(q.text("Patient_ID"));
        let patient =
            self.patients.iter_mut().find(|patient| patient.number == number).ok_or(("10", "患者番号に該当する患者が存在しません"))?;
        if patient.insurances.iter().any(|insurance| !insurance.insurer.is_empty()) {
            return Err(("E4", "保険が登録済のため追加できません(見本)"));
        }
        let given = q.find("HealthInsurance_Information").ok_or(("97", "保険の内容がありません"))?;
        patient.insurances.insert(0, read_insurance(given, "0001")?);
        Ok(patient.clone())
    }

    /// medicalmodv2 class=01
    pub fn register(&mut self, q: &Element, uid: String) -> Result<(Unfinished, Vec<String>), Said> {
        let (patient, day, diagnosis) = self.visit(q)?;
        let combination = diagnosis.find("HealthInsurance_Information").map_or("", |h| h.text("Insurance_Combination_Number"));
        if !patient.insurances.iter().any(|insurance| insurance.combination == combination) {
            return Err(("16", "保険・公費が存在しません"));
        }
        let groups = diagnosis.records("Medical_Information");
        if groups.is_empty() {
            return Err(("22", "診療内容がありません"));
        }
        if groups.len() > GROUPS_MAX {
            return Err(("97", "診療行為が40を超えています"));
        }
        let (mut items, mut warnings) = (vec![], vec![]);
        for group in groups {
            read_group(group, &mut items, &mut warnings)?;
        }
        let department = diagnosis.text("Department_Code").to_owned();
        let patient = patient.number.clone();
        if self.unfinished.iter().any(|u| u.patient == patient && u.day == day && u.department == department) {
            return Err(("80", "既に同日の診療データが登録されています"));
        }
        let made = Unfinished {
            uid,
            patient: patient.clone(),
            day: day.clone(),
            department,
            physician: diagnosis.text("Physician_Code").into(),
            combination: combination.into(),
            items,
        };
        self.unfinished.push(made.clone());
        self.registered.push((patient, day));
        Ok((made, warnings))
    }

    /// medicalmodv2 class=02
    pub fn delete(&mut self, q: &Element) -> Result<Unfinished, Said> {
        let (patient, day, diagnosis) = self.visit(q)?;
        let (uid, department, patient) = (q.text("Medical_Uid"), diagnosis.text("Department_Code"), patient.number.clone());
        let at = self.unfinished.iter().position(|u| u.uid == uid && u.patient == patient && u.day == day && u.department == department);
        at.map(|at| self.unfinished.remove(at)).ok_or(("30", "削除対象のデータがありません"))
    }

    /// What both need, judged in the documents' order.
    fn visit<'a>(&'a self, q: &'a Element) -> Result<(&'a Patient, String, &'a Element), Said> {
        let diagnosis = q.find("Diagnosis_Information").ok_or(("97", "診療内容がありません"))?;
        if q.text("Patient_ID").is_empty() {
            return Err(("01", "患者番号が設定されていません"));
        }
        if diagnosis.text("Department_Code").is_empty() {
            return Err(("02", "診療科が設定されていません"));
        }
        if diagnosis.text("Physician_Code").is_empty() {
            return Err(("03", "ドクターが設定されていません"));
        }
        let patient = self.patient(q.text("Patient_ID")).ok_or(("10", "患者番号に該当する患者が存在しません"))?;
        if !DEPARTMENTS.contains(&diagnosis.text("Department_Code")) {
            return Err(("13", "診療科が存在しません"));
        }
        if !PHYSICIANS.contains(&diagnosis.text("Physician_Code")) {
            return Err(("14", "ドクターが存在しません"));
        }
        if !matches!(q.text("InOut"), "" | "O" | "I") || !is_time(q.text("Perform_Time")) {
            return Err(("97", "入外区分か診療時間が正しくありません"));
        }
        let day = q.text("Perform_Date");
        if !is_date(day) {
            return Err(("91", "診療日付が暦日ではありません"));
        }
        Ok((patient, day.to_owned(), diagnosis))
    }

    /// A person finishes the visit at the receipt computer's own screen.
    pub fn finish(&mut self, uid: &str) -> Option<Bill> {
        let at = self.unfinished.iter().position(|u| u.uid == uid)?;
        let done = self.unfinished.remove(at);
        let patient = self.patient(&done.patient)?;
        let percent = patient.insurances.iter().find(|i| i.combination == done.combination).map_or(100, |i| i.percent);
        let mut parts: Vec<(&'static str, &'static str, i64)> = vec![("A00", "初・再診料", 75)];
        for (class, code, _, _) in &done.items {
            let (part, name) = part_of(class);
            match parts.iter_mut().find(|(known, _, _)| *known == part) {
                Some((_, _, sum)) => *sum += points_of(code),
                None => parts.push((part, name, points_of(code))),
            }
        }
        let points: i64 = parts.iter().map(|(_, _, points)| points).sum();
        let due_yen = (points * 10 * percent + 500) / 1000 * 10;
        let bill = Bill {
            patient: done.patient,
            day: done.day,
            department: done.department,
            invoice: self.bills.len() as u32 + 1,
            percent,
            points,
            due_yen,
            parts,
        };
        self.bills.push(bill.clone());
        Some(bill)
    }
}

fn person(q: &Element) -> Result<Patient, Said> {
    if !matches!(q.text("Mod_Key"), "1" | "2") {
        return Err(("97", "Mod_Key がありません"));
    }
    let (name, kana) = (q.text("WholeName"), q.text("WholeName_inKana"));
    if !name.contains('　') || name.chars().any(|c| c.is_ascii()) {
        return Err(("E1", "氏名は全角で、姓と名の間に全角の空白が要ります(見本)"));
    }
    if !kana.contains('　') || !kana.chars().all(|c| ('ァ'..='ヺ').contains(&c) || "ー　・".contains(c)) {
        return Err(("E2", "カナ氏名は全角カナで、姓と名の間に全角の空白が要ります(見本)"));
    }
    if !is_date(q.text("BirthDate")) || !matches!(q.text("Sex"), "1" | "2") {
        return Err(("E3", "生年月日か性別が正しくありません(見本)"));
    }
    Ok(Patient {
        number: String::new(),
        name: name.into(),
        kana: kana.into(),
        birth: q.text("BirthDate").into(),
        sex: q.text("Sex").into(),
        insurances: vec![],
    })
}

fn read_insurance(given: &Element, combination: &str) -> Result<Insurance, Said> {
    let (class, insurer) = (given.text("InsuranceProvider_Class"), given.text("InsuranceProvider_Number"));
    if !matches!(insurer.len(), 6 | 8) || !digits(insurer) || !check_digit_fits(insurer) {
        return Err(("H1", "保険者番号検証チェックエラー"));
    }
    if class.len() != 3 || !digits(class) || (class == "060") != (insurer.len() == 6) {
        return Err(("H2", "保険の種類と保険者番号が合いません(見本)"));
    }
    let (symbol, number) = (given.text("HealthInsuredPerson_Symbol"), given.text("HealthInsuredPerson_Number"));
    if number.is_empty() || format!("{symbol}{number}").chars().any(|c| c.is_ascii()) {
        return Err(("H3", "記号・番号は全角で要ります(見本)"));
    }
    if !matches!(given.text("RelationToInsuredPerson"), "1" | "2") {
        return Err(("H4", "本人・家族の区分がありません(見本)"));
    }
    let percent = if class == "039" { 10 } else { 30 };
    Ok(Insurance {
        combination: combination.into(),
        class: class.into(),
        insurer: insurer.into(),
        symbol: symbol.into(),
        number: number.into(),
        percent,
    })
}

fn self_pay() -> Insurance {
    Insurance {
        combination: "0005".into(),
        class: "980".into(),
        insurer: String::new(),
        symbol: String::new(),
        number: String::new(),
        percent: 100,
    }
}

fn read_group(group: &Element, items: &mut Vec<(String, String, String, i64)>, warnings: &mut Vec<String>) -> Result<(), Said> {
    let class = group.text("Medical_Class");
    let times: i64 = group.text("Medical_Class_Number").parse().map_err(|_| ("97", "回数が正しくありません"))?;
    if class.len() != 3 || !digits(class) || !(1..=999).contains(&times) {
        return Err(("97", "診療種別区分か回数が正しくありません"));
    }
    let given = group.records("Medication_info");
    if given.is_empty() || given.len() > ITEMS_MAX {
        return Err(("97", "剤の内容は1から40までです"));
    }
    for item in given {
        let code = item.text("Medication_Code");
        if code.len() != 9 || !digits(code) {
            warnings.push(format!("M01 点数マスタに登録がありません {code}"));
            continue;
        }
        items.push((class.into(), code.into(), item.text("Medication_Name").into(), times));
    }
    Ok(())
}

fn part_of(class: &str) -> (&'static str, &'static str) {
    match class.get(..1).unwrap_or_default() {
        "1" if class == "130" => ("B00", "医学管理等"),
        "1" => ("A00", "初・再診料"),
        "2" => ("F00", "投薬"),
        "3" => ("G00", "注射"),
        "4" => ("J00", "処置"),
        "5" => ("K00", "手術"),
        "6" => ("D00", "検査"),
        "7" => ("E00", "画像診断"),
        _ => ("N00", "その他"),
    }
}

/// Invented points (見本): by the last digit of the code; comments and drugs dispensed outside cost nothing here, a prescription 60.
fn points_of(code: &str) -> i64 {
    match code.get(..1) {
        Some("6") => 60,
        Some("1") => 20 + 10 * i64::from(code.bytes().last().map_or(0, |b| b - b'0')),
        _ => 0,
    }
}

fn padded(number: &str) -> String {
    format!("{:0>NUMBER_DIGITS$}", number.trim_start_matches('0'))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_time(text: &str) -> bool {
    text.is_empty() || (text.len() == 8 && chrono::NaiveTime::parse_from_str(text, "%H:%M:%S").is_ok())
}

/// Modulus 10 with weights 2, 1 from the right of the body; digits of a product are added.
fn check_digit_fits(number: &str) -> bool {
    let digit = |b: u8| u32::from(b - b'0');
    let (body, last) = number.as_bytes().split_at(number.len() - 1);
    let mut sum = 0;
    for (at, b) in body.iter().rev().enumerate() {
        let product = digit(*b) * if at % 2 == 0 { 2 } else { 1 };
        sum += product / 10 + product % 10;
    }
    (10 - sum % 10) % 10 == digit(last[0])
}
