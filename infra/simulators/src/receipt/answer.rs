//! Answers, in the shape of the published samples: lists are padded with empty records, amounts with spaces.

use actix_web::HttpResponse;

use super::state::{Bill, Patient, Said, Unfinished};
use super::xml::escaped;

fn leaf(name: &str, value: &str) -> String {
    format!("<{name} type=\"string\">{}</{name}>", escaped(value))
}

fn record(name: &str, body: &str) -> String {
    format!("<{name} type=\"record\">{body}</{name}>")
}

fn array(name: &str, records: &[String]) -> String {
    let mut body: String = records.iter().map(|r| record(&format!("{name}_child"), r)).collect();
    body.push_str(&record(&format!("{name}_child"), ""));
    format!("<{name} type=\"array\">{body}</{name}>")
}

fn reply(root: &str, (code, words): (&str, &str), body: &str) -> HttpResponse {
    let now = chrono::Utc::now() + chrono::Duration::hours(9);
    let head = leaf("Information_Date", &now.format("%Y-%m-%d").to_string())
        + &leaf("Information_Time", &now.format("%H:%M:%S").to_string())
        + &leaf("Api_Result", code)
        + &leaf("Api_Result_Message", words);
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xmlio2>{}</xmlio2>\n", record(root, &(head + body)));
    HttpResponse::Ok().content_type("application/xml; charset=UTF-8").body(xml)
}

pub fn refused(root: &str, said: Said) -> HttpResponse {
    reply(root, said, "")
}

fn facts(patient: &Patient) -> String {
    leaf("Patient_ID", &patient.number)
        + &leaf("WholeName", &patient.name)
        + &leaf("WholeName_inKana", &patient.kana)
        + &leaf("BirthDate", &patient.birth)
        + &leaf("Sex", &patient.sex)
}

pub fn patient(root: &str, patient: &Patient) -> HttpResponse {
    let insurances: Vec<String> = patient
        .insurances
        .iter()
        .map(|i| {
            leaf("Insurance_Combination_Number", &i.combination)
                + &leaf("InsuranceProvider_Class", &i.class)
                + &leaf("InsuranceProvider_Number", &i.insurer)
                + &leaf("HealthInsuredPerson_Symbol", &i.symbol)
                + &leaf("HealthInsuredPerson_Number", &i.number)
        })
        .collect();
    let body = record("Patient_Information", &(facts(patient) + &array("HealthInsurance_Information", &insurances)));
    reply(root, ("00", "処理終了"), &body)
}

pub fn registered(patient: &Patient) -> HttpResponse {
    reply("patientmodres", ("00", "登録終了"), &record("Patient_Information", &facts(patient)))
}

pub fn medical(unfinished: &Unfinished, warnings: &[String], words: &str) -> HttpResponse {
    let remarks: Vec<String> = warnings
        .iter()
        .map(|w| w.split_once(' ').unwrap_or((w.as_str(), "")))
        .map(|(code, words)| leaf("Medical_Warning", code) + &leaf("Medical_Warning_Message", words))
        .collect();
    let body = leaf("Perform_Date", &unfinished.day)
        + &leaf("Medical_Uid", &unfinished.uid)
        + &leaf("Department_Code", &unfinished.department)
        + &leaf("Physician_Code", &unfinished.physician)
        + &record("Medical_Message_Information", &array("Medical_Warning_Info", &remarks));
    reply("medicalres", ("00", words), &body)
}

pub fn unfinished(rows: &[&Unfinished]) -> HttpResponse {
    let rows: Vec<String> = rows
        .iter()
        .map(|u| {
            record("Patient_Information", &leaf("Patient_ID", &u.patient))
                + &leaf("Department_Code", &u.department)
                + &leaf("Physician_Code", &u.physician)
                + &leaf("Medical_Uid", &u.uid)
        })
        .collect();
    reply("tmedicalgetres", ("00", "処理終了"), &array("Tmedical_List_Information", &rows))
}

pub fn income<'a>(patient: &Patient, bills: impl Iterator<Item = &'a Bill>) -> HttpResponse {
    let bills: Vec<String> = bills.map(bill).collect();
    let body = record("Patient_Information", &facts(patient)) + &array("Income_Information", &bills);
    reply("private_objects", ("0000", "処理終了"), &body)
}

fn bill(bill: &Bill) -> String {
    let parts: Vec<String> = bill
        .parts
        .iter()
        .map(|(code, name, points)| {
            leaf("AC_Point_Code", code) + &leaf("AC_Point_Name", name) + &leaf("AC_Point", &format!("{points:>10}"))
        })
        .collect();
    let money = |name: &str, yen: i64| leaf(name, &format!("{yen:>10}"));
    leaf("Perform_Date", &bill.day)
        + &leaf("IssuedDate", &bill.day)
        + &leaf("InOut", "2")
        + &leaf("Invoice_Number", &format!("{:07}", bill.invoice))
        + &leaf("Rate_Cd", &format!("{:>3}", bill.percent))
        + &leaf("Department_Code", &bill.department)
        + &record(
            "Cd_Information",
            &(money("Ac_Money", bill.due_yen) + &money("Ic_Money", 0) + &money("Ai_Money", bill.due_yen) + &money("Oe_Money", 0)),
        )
        + &record("Ac_Point_Information", &(money("Ac_Ttl_Point", bill.points) + &array("Ac_Point_Detail", &parts)))
}
