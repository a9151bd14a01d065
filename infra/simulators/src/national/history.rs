//! 薬剤・診療情報 (YZKsiquc01) and 特定健診等情報 (TKKsiquc01): given only for what the person allowed at a reader, and only in time.

use actix_web::{HttpRequest, HttpResponse, web};

use super::allowed::Allowed;
use super::envelope::{Envelope, digits, insurer, xml_answer};
use super::faults::Fault;
use super::xml::Node;
use super::{National, recent};
use crate::reader::people::{PEOPLE, Person};

const HEADER: [&str; 6] = [
    "MedicalInstitutionCode",
    "InsurerNumber",
    "InsuranceCardSymbol",
    "InsuredPersonIdentificationNumber",
    "BranchNumber",
    "ArbitraryFileIdentifier",
];
const YZK: [&str; 5] = ["StartDate", "EndDate", "FileCategory", "PrDiInfClassification", "MedicalTreatmentFlag"];
const TKK: [&str; 2] = ["FileCategory", "MedicalTreatmentFlag"];

pub async fn care(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, read_care, yzk).await
}

pub async fn checkups(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, read_checkups, tkk).await
}

/// A question as it was understood.
pub(super) struct Asked {
    pub(super) institution: String,
    pub(super) identifier: String,
    pub(super) number: String,
    pub(super) person: Option<&'static Person>,
    pub(super) category: String,
    /// 診療区分: a consent at a reader opens nothing for a visit at home, nor the other way round.
    pub(super) flag: String,
    pub(super) months: Option<(String, String)>,
    /// 処方・調剤情報 too.
    pub(super) is_recent: bool,
}

impl Asked {
    fn may(&self, consents: &Allowed, subject: &str) -> bool {
        if self.flag == "1" {
            consents.holds(&self.number, subject)
        } else {
            consents.holds(&self.number, &format!("{}:{subject}", self.flag))
        }
    }
}

pub(super) type Tell = fn(&Asked, &Person, &National) -> Result<String, String>;
/// Checks the body and its elements.
pub(super) type Read = fn(&[u8]) -> Result<Asked, String>;

pub(super) async fn answer(national: &National, req: &HttpRequest, body: &[u8], read: Read, tell: Tell) -> HttpResponse {
    let fault = match national.admit(req).await {
        Ok(fault) => fault,
        Err(shut) => return shut,
    };
    let asked = match read(body) {
        Ok(asked) => asked,
        Err(reason) => return xml_answer(refused("", "", &reason)),
    };
    let told = asked.person.ok_or_else(|| "該当する資格がありません".to_owned()).and_then(|p| tell(&asked, p, national));
    let text = match told {
        Ok(text) => text.into_bytes(),
        Err(reason) => refused(&asked.institution, &asked.identifier, &reason),
    };
    xml_answer(damage(text, &asked, fault))
}

fn damage(text: Vec<u8>, asked: &Asked, fault: Option<Fault>) -> Vec<u8> {
    let replaced = |from: &str, to: &str| String::from_utf8_lossy(&text).replace(from, to).into_bytes();
    match fault {
        Some(Fault::Malformed) => text[..text.len() * 2 / 3].to_vec(),
        Some(Fault::OtherQuestion) => replaced(&asked.identifier, "somebody-else"),
        Some(Fault::OtherFacility) => replaced(&asked.institution, "1399999999"),
        Some(Fault::OtherPerson) => asked.person.map_or(text.clone(), |p| replaced(p.birth_date, "19010101")),
        Some(Fault::Flood) => [text, vec![b' '; 50 * 1024 * 1024]].concat(),
        Some(Fault::Entities) => replaced("<XmlMsg>", "<!DOCTYPE XmlMsg [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><XmlMsg>&b;"),
        Some(Fault::Cp932) => {
            let text = String::from_utf8_lossy(&text).replace("encoding=\"UTF-8\"", "encoding=\"Shift_JIS\"");
            encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
        }
        _ => text,
    }
}

/// The envelope all these questions have, and what is asked in it.
pub(super) fn envelope(body: &[u8], known: &[&str]) -> Result<(Asked, Node), String> {
    let Envelope { institution, identifier, header, body: asks } = Envelope::read(body, &HEADER)?;
    asks.only(known)?;
    let insurer = insurer(&header)?;
    let number = header.must("InsuredPersonIdentificationNumber")?;
    let branch = header.text_of("BranchNumber");
    let is = |p: &&Person| {
        let same_branch = branch.is_empty() || p.branch.is_empty() || branch == p.branch;
        p.insurer_number == insurer && p.number == number && same_branch
    };
    let asked = Asked {
        institution,
        identifier,
        number: number.to_owned(),
        person: PEOPLE.iter().find(is),
        category: String::new(),
        flag: String::new(),
        months: None,
        is_recent: false,
    };
    Ok((asked, asks))
}

fn read_care(body: &[u8]) -> Result<Asked, String> {
    let (asked, asks) = envelope(body, &YZK)?;
    let classification = asks.must("PrDiInfClassification")?;
    if !matches!(classification, "0" | "1") {
        return Err("PrDiInfClassification は 0 か 1 です".into());
    }
    let flag = asks.must("MedicalTreatmentFlag")?.to_owned();
    Ok(Asked { category: category(&asks)?, flag, months: months(&asks)?, is_recent: classification == "1", ..asked })
}

fn read_checkups(body: &[u8]) -> Result<Asked, String> {
    let (asked, asks) = envelope(body, &TKK)?;
    let flag = asks.must("MedicalTreatmentFlag")?.to_owned();
    Ok(Asked { category: category(&asks)?, flag, ..asked })
}

fn category(asks: &Node) -> Result<String, String> {
    let category = asks.must("FileCategory")?;
    if !matches!(category, "2" | "4") {
        return Err("FileCategory は XML の 2 か 4 です".into());
    }
    if !matches!(asks.must("MedicalTreatmentFlag")?, "1" | "2" | "3") {
        return Err("MedicalTreatmentFlag は 1、2、3 です".into());
    }
    Ok(category.to_owned())
}

fn months(asks: &Node) -> Result<Option<(String, String)>, String> {
    let (from, to) = (asks.must("StartDate")?, asks.must("EndDate")?);
    let is_month = |text: &str| text.len() == 6 && digits(text) && matches!(text[4..].parse(), Ok(1..=12));
    if !is_month(from) || !is_month(to) || from > to {
        return Err("StartDate と EndDate は yyyyMM で、この順です".into());
    }
    Ok(Some((from.to_owned(), to.to_owned())))
}

pub(super) fn head(institution: &str, identifier: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><MedicalInstitutionCode>{institution}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>{identifier}</ArbitraryFileIdentifier>{more}</MessageHeader>"
    )
}

fn refused(institution: &str, identifier: &str, reason: &str) -> Vec<u8> {
    let more = format!("<ResultCode>9</ResultCode><MessageContents>{reason}</MessageContents>");
    let head = head(institution, identifier, &more);
    let head = if institution.is_empty() {
        head.replace("<MedicalInstitutionCode></MedicalInstitutionCode><ArbitraryFileIdentifier></ArbitraryFileIdentifier>", "")
    } else {
        head
    };
    format!("{head}</XmlMsg>").into_bytes()
}

/// One month of the claims, and what electronic prescriptions add to them.
fn yzk(asked: &Asked, person: &Person, national: &National) -> Result<String, String> {
    let has = |subject: &str| asked.may(&national.consents, subject);
    let (drugs, care, surgery) = (has("PharmacistsInfo"), has("DiagnosisInfo"), has("OperationInfo"));
    let is_any = drugs || has("PrescriptionInfo") || asked.category == "4" && (care || surgery);
    if !is_any {
        return Err("閲覧の同意がないか、期限が過ぎています".into());
    }
    let (from, to) = asked.months.clone().unwrap_or_default();
    let mut body = String::new();
    for (month, prescriber, pharmacy, given) in DRUGS {
        if drugs && from.as_str() <= month && month <= to.as_str() {
            body.push_str(&claim_month(month, prescriber, pharmacy, &drug_day(month, given)));
        }
    }
    if asked.category == "4" {
        let allowed: Vec<&(&str, &str, &str, &str)> = TREATMENTS.iter().filter(|t| if t.3 == "50" { surgery } else { care }).collect();
        for month in ["202608", "202609"] {
            let lines: String = allowed.iter().filter(|t| t.0 == month).map(|t| treatment(t)).collect();
            if !lines.is_empty() && from.as_str() <= month && month <= to.as_str() {
                let day = format!("<DiDateInfs><DiDateInf><DiDate>{month}11</DiDate><MeTrInfs>{lines}</MeTrInfs></DiDateInf></DiDateInfs>");
                body.push_str(&claim_month(month, "", "架空総合病院", &day));
            }
        }
    }
    if asked.is_recent && (drugs || has("PrescriptionInfo")) {
        body.push_str(&recent::recent());
    }
    Ok(given(asked, person, &body))
}

/// The answer about this person.
pub(super) fn given(asked: &Asked, person: &Person, body: &str) -> String {
    let about = format!(
        "<ResultCode>1</ResultCode><QuaInf><Name>{}</Name><KanaName>{}</KanaName><Birth>{}</Birth><AdmGendCode>{}</AdmGendCode></QuaInf>",
        person.name, person.kana, person.birth_date, person.sex
    );
    format!("{}<MessageBody>{body}</MessageBody></XmlMsg>", head(&asked.institution, &asked.identifier, &about))
}

/// Month, prescriber, pharmacy, drugs as (code, name, ingredient, amount, unit, usage, days).
pub(super) type Given = [(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str); 2];

pub(super) const DRUGS: [(&str, &str, &str, Given); 2] = [
    (
        "202610",
        "架空内科クリニック",
        "架空薬局",
        [
            ("620000001", "架空アムロ錠５ｍｇ", "架空アムロジピン", "1", "錠", "１日１回朝食後　服用", "28"),
            ("620000002", "架空ロキソ錠６０ｍｇ", "架空ロキソプロフェン", "3", "錠", "１日３回毎食後　服用", "7"),
        ],
    ),
    (
        "202609",
        "架空整形外科",
        "架空薬局　駅前店",
        [
            ("620000003", "架空プレガ錠７５ｍｇ", "架空プレガバリン", "2", "錠", "１日２回朝夕食後　服用", "14"),
            ("699999999", "旧品目コードの薬", "", "1", "包", "", "5"),
        ],
    ),
];

/// Month, code, name, 診療識別.
pub(super) const TREATMENTS: [(&str, &str, &str, &str); 5] = [
    ("202608", "113002310", "特定疾患療養管理料(架空)", "13"),
    ("202608", "160008010", "末梢血液一般検査(架空)", "60"),
    ("202609", "170001910", "単純撮影(架空)", "70"),
    ("202609", "150262710", "胃切除術(架空)", "50"),
    ("202609", "199999999", "知らない区分の行為(架空)", "Z9"),
];

pub(super) fn claim_month(month: &str, prescriber: &str, place: &str, days: &str) -> String {
    let prescriber =
        if prescriber.is_empty() { String::new() } else { format!("<PrlsHCd>1319999998</PrlsHCd><PrlsHNm>{prescriber}</PrlsHNm>") };
    format!(
        "<MeTrMonthInf><DiOrg>2</DiOrg><MeTrDiHCd>1349999991</MeTrDiHCd><MeTrDiHNm>{place}</MeTrDiHNm>{prescriber}<MeTrMonth>{month}</MeTrMonth><InOut>4</InOut>\
         <PrIsOrg>2</PrIsOrg>{days}</MeTrMonthInf>"
    )
}

pub(super) fn drug_day(month: &str, drugs: Given) -> String {
    let lines: String = drugs
        .iter()
        .map(|(code, name, ingredient, amount, unit, usage, days)| {
            format!(
                "<DrugInf><DrugC>{code}</DrugC><DrugN>{name}</DrugN><IngreN>{ingredient}</IngreN><Qua1>{amount}</Qua1><Unit>{unit}</Unit>\
                 <UsageN>{usage}</UsageN><Times>{days}</Times><MeTrIdCl>21</MeTrIdCl></DrugInf>"
            )
        })
        .collect();
    format!(
        "<DiDateInfs><DiDateInf><DiDate>{month}04</DiDate><PrDate>{month}04</PrDate><DrugInfs>{lines}</DrugInfs></DiDateInf></DiDateInfs>"
    )
}

pub(super) fn treatment((_, code, name, class): &(&str, &str, &str, &str)) -> String {
    format!(
        "<MeTrInf><SinInfN>{name}</SinInfN><SinInfCd>{code}</SinInfCd><MeTrIdCl>{class}</MeTrIdCl><Qua1>1</Qua1><Times>1</Times></MeTrInf>"
    )
}

/// Code, name, value, unit.
type Measured = (&'static str, &'static str, &'static str, &'static str);

const CHECKUPS: [(&str, [Measured; 4]); 2] = [
    (
        "20260605",
        [
            ("9N001000000000001", "身長", "171.2", "cm"),
            ("9N006000000000001", "体重", "72.5", "kg"),
            ("3D046000001906202", "HbA1c(NGSP)", "5.9", "%"),
            ("9A751000000000001", "収縮期血圧", "134", "mmHg"),
        ],
    ),
    (
        "20250603",
        [
            ("9N001000000000001", "身長", "171.4", "cm"),
            ("9N006000000000001", "体重", "70.1", "kg"),
            ("3D046000001906202", "HbA1c(NGSP)", "5.6", "%"),
            ("9A751000000000001", "収縮期血圧", "126", "mmHg"),
        ],
    ),
];

fn tkk(asked: &Asked, person: &Person, national: &National) -> Result<String, String> {
    if !asked.may(&national.consents, "SpecificHealthCheckupsInfo") {
        return Err("閲覧の同意がないか、期限が過ぎています".into());
    }
    let mut body = String::new();
    for (on, items) in CHECKUPS {
        let items: String = items
            .iter()
            .map(|(code, name, value, unit)| {
                format!(
                    "<HealthCheckupResultAndQuestionInfo><ItemCode>{code}</ItemCode><ItemName>{name}</ItemName><DataType>PQ</DataType>\
                     <DataValue>{value}</DataValue><Unit>{unit}</Unit></HealthCheckupResultAndQuestionInfo>"
                )
            })
            .collect();
        body.push_str(&format!(
            "<SpecificHealthCheckupInfo><EffectiveTime>{on}</EffectiveTime><HealthCheckupResultAndQuestionInfos>{items}</HealthCheckupResultAndQuestionInfos></SpecificHealthCheckupInfo>"
        ));
    }
    let about = format!(
        "<ResultCode>1</ResultCode><QualificationsInfo><Name>{}</Name><KanasName>{}</KanasName><Birthday>{}</Birthday>\
         <AdministrativeGenderCode>{}</AdministrativeGenderCode></QualificationsInfo>",
        person.name, person.kana, person.birth_date, person.sex
    );
    Ok(format!("{}<MessageBody>{body}</MessageBody></XmlMsg>", head(&asked.institution, &asked.identifier, &about)))
}
