//! Writing the result message. Order of elements as in the public descriptions of 資格確認結果.

use super::people::Person;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Cp932,
}

impl Encoding {
    fn declared(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Cp932 => "Shift_JIS",
        }
    }

    fn identifier(self) -> &'static str {
        match self {
            Self::Utf8 => "0",
            Self::Cp932 => "1",
        }
    }

    /// Letters outside the code page become numeric character references, as XML writers do.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Cp932 => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
        }
    }
}

/// Appends elements, leaving out empty optional ones.
#[derive(Default)]
pub struct Writer(String);

impl Writer {
    pub fn element(&mut self, name: &str, value: &str) -> &mut Self {
        if !value.is_empty() {
            self.open(name);
            for c in value.chars() {
                match c {
                    '<' => self.0.push_str("&lt;"),
                    '>' => self.0.push_str("&gt;"),
                    '&' => self.0.push_str("&amp;"),
                    c => self.0.push(c),
                }
            }
            self.close(name);
        }
        self
    }

    pub fn open(&mut self, name: &str) -> &mut Self {
        self.0.push_str(&format!("<{name}>"));
        self
    }

    pub fn close(&mut self, name: &str) -> &mut Self {
        self.0.push_str(&format!("</{name}>"));
        self
    }

    /// The complete file's text.
    pub fn finish(self, encoding: Encoding) -> String {
        format!("<?xml version=\"1.0\" encoding=\"{}\" standalone=\"no\"?>\n<XmlMsg>{}</XmlMsg>\n", encoding.declared(), self.0)
    }
}

/// The header; `failure` is code and message of a service that refused.
pub struct Header<'a> {
    pub at: &'a str,
    pub segment: &'a str,
    pub failure: Option<(&'a str, &'a str)>,
    /// The card in a smartphone; the element is ours (見本), as no public document names it.
    pub is_phone: bool,
}

impl Header<'_> {
    pub fn write(&self, w: &mut Writer, encoding: Encoding) {
        w.open("MessageHeader")
            .element("ProcessExecutionTime", self.at)
            .element("QualificationConfirmationDate", &self.at[..8])
            .element("MedicalInstitutionCode", "1319999999")
            .element("ReferenceClassification", "1")
            .element("IdentificationMedium", if self.is_phone { "2" } else { "" })
            .element("SegmentOfResult", self.segment);
        if let Some((code, message)) = self.failure {
            w.element("ErrorCode", code).element("ErrorMessage", message);
        }
        w.element("CharacterCodeIdentifier", encoding.identifier()).close("MessageHeader");
    }
}

/// 閲覧同意 as the reader asks for them.
pub const SUBJECTS: [&str; 4] = ["SpecificHealthCheckupsInfo", "PharmacistsInfo", "DiagnosisInfo", "OperationInfo"];

/// What varies between answers about the same person.
#[derive(Default)]
pub struct Answer<'a> {
    pub reference: &'a str,
    pub is_changed_card: bool,
    pub lost_on: &'a str,
    pub loss_reason: &'a str,
    pub hidden_number: &'a str,
    /// What the person allowed on the screen.
    pub consents: &'a [&'a str],
    /// Nobody could be asked (同意取得困難).
    pub is_unable: bool,
    /// Until when.
    pub until: &'a str,
    /// 「医療費助成の受給者証を利用する」 was chosen.
    pub with_subsidies: bool,
}

/// 高齢受給者証, 特定疾病 and 医療券 of those who have them.
fn certificates(w: &mut Writer, p: &Person, at: &str) {
    if p.key == "yoshida" {
        w.open("SpecificDiseasesCertificateList")
            .open("SpecificDiseasesCertificateInfo")
            .element("SpecificDiseasesDiseaseCategory", "1")
            .element("SpecificDiseasesValidStartDate", "20260401")
            .element("SpecificDiseasesSelfPay", "10000")
            .close("SpecificDiseasesCertificateInfo")
            .close("SpecificDiseasesCertificateList");
    }
    if p.classification == "A1" {
        w.open("PublicExpenseResultList");
        ticket(w, at, &Ticket { kind: "01", treatment: "02", combination: "01", self_pay: "3000" });
        ticket(w, at, &Ticket { kind: "02", treatment: "04", combination: "01", self_pay: "" });
        w.close("PublicExpenseResultList");
    }
}

/// 医療券 (01) or 調剤券 (02) of this month.
struct Ticket<'a> {
    kind: &'a str,
    treatment: &'a str,
    combination: &'a str,
    self_pay: &'a str,
}

fn ticket(w: &mut Writer, at: &str, ticket: &Ticket<'_>) {
    let (month, is_ours) = (&at[..6], ticket.kind == "01");
    w.open("MedicalTicketInfo")
        .element("TicketType", ticket.kind)
        .element("MedicalTicketValidDate", &format!("{month}01"))
        .element("MedicalTicketExpirationDate", &last_of(month))
        .element("IssueNumber", "0000001")
        .element("MedicalTreatmentMonth", month)
        .element("DesignatedMedicalInstitutionFlag", if is_ours { "0" } else { "1" })
        .element("DesignatedMedicalInstitutionName", if is_ours { "" } else { "架空薬局" })
        .element("PrescriptionIssuerMedicalInstitutionName", if is_ours { "" } else { "架空診療所" })
        .element("InjuryName1", if is_ours { "高血圧症" } else { "" })
        .element("MedicalTreatmentType", ticket.treatment)
        .element("SelfPayAmount", ticket.self_pay)
        .element("HandlingContactName", "架空 担当")
        .element("SingleOrCombinedUse", ticket.combination)
        .close("MedicalTicketInfo");
}

/// 医療扶助 beside the insurance of the same person (併用), a result of its own.
pub fn assistance(w: &mut Writer, p: &Person, at: &str) {
    w.open("ResultOfQualificationConfirmation")
        .element("InsuredCardClassification", "A1")
        .element("InsurerNumber", "12130019")
        .element("InsuredIdentificationNumber", "9000019")
        .element("PersonalFamilyClassification", "1")
        .element("Name", p.name)
        .element("NameKana", p.kana)
        .element("Sex1", p.sex)
        .element("Birthdate", p.birth_date)
        .element("QualificationDate", "20260401")
        .element("InsurerName", "架空区福祉事務所")
        .open("PublicExpenseResultList");
    ticket(w, at, &Ticket { kind: "01", treatment: "02", combination: "02", self_pay: "500" });
    w.close("PublicExpenseResultList").close("ResultOfQualificationConfirmation");
}

/// A town's own scheme and one of the state, the town's first: the order they pay in is for the reader to find out. Element names are
/// ours (見本); the items are those of the municipalities' interface.
fn subsidies(w: &mut Writer) {
    w.open("PublicMedicalHubResultList");
    for (payer, recipient, name, cap) in [
        ("80137011", "0001234567", "架空区ひとり親家庭等医療費助成", "500"),
        ("54136015", "1234566", "特定医療費(指定難病)受給者証", "5000"),
    ] {
        w.open("PublicMedicalHubInfo")
            .element("MedicalSubsidyInsurerNumber", payer)
            .element("MedicalSubsidyRecipientNumber", recipient)
            .element("CertificationName", name)
            .element("IsAlwaysReimbursement", "0")
            .element("MaxCopaymentAmount", cap)
            .element("ValidFrom", "20260401")
            .element("ValidTo", "20270331")
            .close("PublicMedicalHubInfo");
    }
    w.close("PublicMedicalHubResultList");
}

/// The last day of a month `yyyyMM`.
fn last_of(month: &str) -> String {
    let first = chrono::NaiveDate::parse_from_str(&format!("{month}01"), "%Y%m%d").ok();
    let last = first.and_then(|day| day.checked_add_months(chrono::Months::new(1))).and_then(|day| day.pred_opt());
    last.map(|day| day.format("%Y%m%d").to_string()).unwrap_or_default()
}

/// One `ResultOfQualificationConfirmation`.
pub fn qualification(w: &mut Writer, p: &Person, answer: &Answer<'_>, at: &str) {
    let (insurer, insurer_name, number) = if answer.is_changed_card {
        ("06139992", "架空健康保険組合", "9100001")
    } else {
        (p.insurer_number, p.insurer_name, p.number)
    };
    w.open("ResultOfQualificationConfirmation")
        .element("InsuredCardClassification", p.classification)
        .element("InsurerNumber", insurer)
        .element("InsuredCardSymbol", if answer.is_changed_card { "新・１" } else { p.symbol })
        .element("InsuredIdentificationNumber", number)
        .element("InsuredBranchNumber", p.branch)
        .element("PersonalFamilyClassification", p.relation)
        .element("InsuredName", p.name)
        .element("Name", p.name)
        .element("NameKana", p.kana)
        .element("Sex1", p.sex)
        .element("Birthdate", p.birth_date)
        .element("Address", p.address)
        .element("PostNumber", p.post_number)
        .element("QualificationDate", if answer.is_changed_card { "20261001" } else { "20200401" })
        .element("DisqualificationDate", answer.lost_on)
        .element("InsuredPartialContributionRatio", p.ratio)
        .element("ReasonOfLoss", answer.loss_reason)
        .element("InsurerName", insurer_name);
    certificates(w, p, at);
    if answer.with_subsidies {
        subsidies(w);
    }
    if !p.limit.is_empty() {
        w.element("LimitApplicationCertificateRelatedConsFlg", "1")
            .element("LimitApplicationCertificateRelatedConsTime", at)
            .open("LimitApplicationCertificateRelatedInfo")
            .element("LimitApplicationCertificateClassification", "01")
            .element("LimitApplicationCertificateClassificationFlag", p.limit)
            .element("LimitApplicationCertificateValidStartDate", "20260801")
            .element("LimitApplicationCertificateValidEndDate", "20270731")
            .close("LimitApplicationCertificateRelatedInfo");
    }
    for subject in SUBJECTS.iter().filter(|_| !answer.until.is_empty()) {
        let given = answer.consents.contains(subject);
        let flag = if answer.is_unable {
            "3"
        } else if given {
            "1"
        } else {
            "0"
        };
        w.element(&format!("{subject}ConsFlg"), flag);
        if given {
            w.element(&format!("{subject}ConsTime"), at).element(&format!("{subject}AvailableTime"), answer.until);
        }
    }
    w.element("Memo", answer.hidden_number).element("ReferenceNumber", answer.reference).close("ResultOfQualificationConfirmation");
}
