//! Questions as XML: `<data><…req type="record">…`, every leaf `type="string"`, every list `type="array"` of `…_child` records.

use quick_xml::escape::escape;

use super::content::{ClaimContent, CoverageFacts, wide};

/// An XML document being written.
struct Xml(String);

impl Xml {
    fn request(root: &str, body: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>".into());
        xml.record(root, body);
        xml.0.push_str("</data>\n");
        xml.0
    }

    fn record(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        self.open(name, "record");
        body(self);
        self.close(name);
    }

    fn array<T>(&mut self, name: &str, items: &[T], body: impl Fn(&mut Self, &T)) {
        self.open(name, "array");
        for item in items {
            self.record(&format!("{name}_child"), |xml| body(xml, item));
        }
        self.close(name);
    }

    /// An empty value is left out: an empty tag means "clear this" to some of the calls.
    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.open(name, "string");
            self.0.push_str(&escape(value));
            self.close(name);
        }
    }

    fn open(&mut self, name: &str, kind: &str) {
        self.0.push_str(&format!("<{name} type=\"{kind}\">"));
    }

    fn close(&mut self, name: &str) {
        self.0.push_str(&format!("</{name}>"));
    }
}

/// patientmodv2 class=01: 患者登録 with the one insurance it has.
pub fn register_patient(content: &ClaimContent) -> String {
    Xml::request("patientmodreq", |xml| {
        xml.text("Mod_Key", "2");
        xml.text("Patient_ID", &content.patient.number);
        person(xml, content);
        if let Some(coverage) = &content.coverage {
            insurance(xml, coverage);
        }
    })
}

/// patientmodv2 class=04: 保険追加, for a patient who has none there yet.
pub fn add_insurance(content: &ClaimContent, coverage: &CoverageFacts) -> String {
    Xml::request("patientmodreq", |xml| {
        xml.text("Mod_Key", "2");
        xml.text("Patient_ID", &content.patient.number);
        person(xml, content);
        insurance(xml, coverage);
    })
}

fn person(xml: &mut Xml, content: &ClaimContent) {
    let p = &content.patient;
    xml.text("WholeName", &wide(&p.name));
    xml.text("WholeName_inKana", &wide(&p.kana));
    xml.text("BirthDate", &p.birth);
    xml.text("Sex", &p.sex);
    if !p.postal_code.is_empty() || !p.address.is_empty() {
        xml.record("Home_Address_Information", |xml| {
            xml.text("Address_ZipCode", &p.postal_code.replace('-', ""));
            xml.text("WholeAddress1", &wide(&p.address));
            xml.text("PhoneNumber1", &p.phone);
        });
    }
}

fn insurance(xml: &mut Xml, c: &CoverageFacts) {
    xml.record("HealthInsurance_Information", |xml| {
        xml.text("InsuranceProvider_Class", &c.provider_class);
        xml.text("InsuranceProvider_Number", &c.insurer_number);
        xml.text("InsuranceProvider_WholeName", &c.insurer_name);
        xml.text("HealthInsuredPerson_Symbol", &wide(&c.symbol));
        xml.text("HealthInsuredPerson_Number", &wide(&c.number));
        xml.text("HealthInsuredPerson_Branch_Number", &c.branch);
        xml.text("RelationToInsuredPerson", &c.relation);
        xml.text("Certificate_StartDate", &c.valid_from);
        xml.text("Certificate_ExpiredDate", &c.valid_to);
        xml.text("Certificate_GetDate", &c.checked_on);
        if !c.public.is_empty() {
            xml.array("PublicInsurance_Information", &c.public, |xml, public| {
                xml.text("PublicInsurance_Class", &public.class);
                xml.text("PublicInsurance_Name", &public.name);
                xml.text("PublicInsurer_Number", &public.payer_number);
                xml.text("PublicInsuredPerson_Number", &public.recipient_number);
                xml.text("Certificate_IssuedDate", &public.valid_from);
                xml.text("Certificate_ExpiredDate", &public.valid_to);
            });
        }
    });
}

/// medicalmodv2 class=01: 中途終了データ登録.
pub fn register_acts(content: &ClaimContent, combination: &str) -> String {
    medical(content, |xml| {
        xml.record("Diagnosis_Information", |xml| {
            xml.text("Department_Code", &content.department);
            xml.text("Physician_Code", &content.physician);
            xml.record("HealthInsurance_Information", |xml| xml.text("Insurance_Combination_Number", combination));
            xml.array("Medical_Information", &content.acts, |xml, group| {
                xml.text("Medical_Class", &group.class);
                xml.text("Medical_Class_Number", &group.times.to_string());
                xml.array("Medication_info", &group.items, |xml, item| {
                    xml.text("Medication_Code", &item.code);
                    xml.text("Medication_Name", &item.name);
                    xml.text("Medication_Number", &item.amount);
                });
            });
            if !content.diseases.is_empty() {
                xml.array("Disease_Information", &content.diseases, |xml, disease| {
                    xml.text("Disease_Code", &disease.code);
                    xml.text("Disease_SuspectedFlag", if disease.is_suspected { "S" } else { "" });
                    xml.text("Disease_StartDate", &disease.started_on);
                });
            }
        });
    })
}

/// medicalmodv2 class=02: 中途終了データ削除.
pub fn delete_acts(content: &ClaimContent, uid: &str) -> String {
    medical(content, |xml| {
        xml.text("Medical_Uid", uid);
        xml.record("Diagnosis_Information", |xml| {
            xml.text("Department_Code", &content.department);
            xml.text("Physician_Code", &content.physician);
        });
    })
}

fn medical(content: &ClaimContent, body: impl FnOnce(&mut Xml)) -> String {
    Xml::request("medicalreq", |xml| {
        xml.text("InOut", "O");
        xml.text("Patient_ID", &content.patient.number);
        xml.text("Perform_Date", &content.performed_on);
        xml.text("Perform_Time", &content.performed_at);
        body(xml);
    })
}

/// tmedicalgetv2: 中途終了データの一覧 of one patient's day.
pub fn list_unfinished(content: &ClaimContent) -> String {
    Xml::request("tmedicalgetreq", |xml| {
        xml.text("Perform_Date", &content.performed_on);
        xml.text("InOut", "2");
        xml.text("Department_Code", &content.department);
        xml.text("Patient_ID", &content.patient.number);
    })
}

/// incomeinfv2: 収納情報 of one patient's day.
pub fn income(number: &str, day: &str) -> String {
    Xml::request("private_objects", |xml| {
        xml.text("Patient_ID", number);
        xml.text("Perform_Date", day);
    })
}
