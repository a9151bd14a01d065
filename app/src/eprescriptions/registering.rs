//! 登録: a signed 処方箋 goes to the service, as an electronic one or beside its paper, at once or later.

use chrono::{DateTime, NaiveDate, Utc};
use domain::outbox::{Delivery, Errand};
use domain::prescription::head::IssueForm;
use domain::prescription::registration::{RegistrationEvent, RegistrationStatus};
use domain::prescription::split::Part;
use domain::{EncounterId, PatientId};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::content::{Problem, gather, part_of, parts};
use super::entity::registration::{self, Model};
use super::{changes, store};
use crate::account::certificates;
use crate::adapters::eprescription::{Insurance, PrescriptionRecord, PrescriptionSigner, SigningRefusal, Trace, csv_of, paper_document};
use crate::outbox::{self, Posting};
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::heads;

/// What a registration message carries.
#[derive(Serialize, Deserialize)]
pub struct Registering {
    pub trace: Trace,
    pub document: String,
    /// 変更: the 処方箋ID whose place it takes
    #[serde(default)]
    pub replaces: Option<String>,
    /// The paper is the original.
    #[serde(default)]
    pub is_on_paper: bool,
}

/// 署名と登録: signs the 処方箋, or each of its parts, as the doctor at work and puts the registration into the outbox, all in the act's
/// own transaction.
pub async fn register(tx: &TenantTx, head: &prescription::Model, signer: &dyn PrescriptionSigner) -> Result<Result<(), Problem>, Error> {
    let record = match gather(tx, head).await? {
        Ok(record) => record,
        Err(problem) => return Ok(Err(problem)),
    };
    let replaces = match changes::exchange(tx, head).await? {
        Ok(replaces) => replaces,
        Err(problem) => return Ok(Err(problem)),
    };
    for part in parts(head) {
        let (record, csv) = match part_of(&record, part) {
            Ok(written) => written,
            Err(problem) => return Ok(Err(problem)),
        };
        let is_on_paper = heads::content_of(head).issue_form != IssueForm::Electronic;
        let document = match documented(tx, &csv, is_on_paper, signer).await? {
            Ok(document) => document,
            Err(refusal) => return Ok(Err(signing_sentence(refusal))),
        };
        let mut row = begun(head, tx.now(), record.issued_on, is_on_paper);
        if let Some(part) = part {
            row.part = Some(i32::from(part.no));
            (row.id, row.whole_id) = if part.no == 1 { (head.id, None) } else { (tx.new_id(), Some(head.id)) };
        }
        let carried = Registering { trace: trace_of(format!("rx-{}", row.id), &record), document, replaces: replaces.clone(), is_on_paper };
        row.message_id = post(tx, &row, format!("rx/{}/register", row.id), &carried).await?;
        store::insert(tx, row).await?;
    }
    Ok(Ok(()))
}

/// The document around these records: signed, unless the paper is the original.
async fn documented(
    tx: &TenantTx,
    csv: &str,
    is_on_paper: bool,
    signer: &dyn PrescriptionSigner,
) -> Result<Result<String, SigningRefusal>, Error> {
    if is_on_paper {
        return Ok(Ok(paper_document(csv)));
    }
    match signer.sign(tx.tenant_id(), tx.actor(), csv, tx.now()).await {
        Ok(document) => Ok(certificates::claim(tx, &document).await?.map(|()| document)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// あとから登録 of what went out on paper, word for word as it was signed. The name is another than that of an electronic attempt, which
/// the service may remember.
pub async fn register_late(tx: &TenantTx, head: &prescription::Model) -> Result<Result<(), Problem>, Error> {
    let record = match gather(tx, head).await? {
        Ok(record) => record,
        Err(problem) => return Ok(Err(problem)),
    };
    let Ok(csv) = record.to_csv() else { return Ok(Err("処方を電子処方箋の形にできません。".into())) };
    let known = match store::find(tx, head.id).await? {
        Some(_) => Some(store::lock(tx, head.id).await?),
        None => None,
    };
    let version = known.as_ref().map_or(0, |row| row.version);
    let trace = trace_of(format!("rx-{}-p{version}", head.id), &record);
    let carried = Registering { trace, document: paper_document(&csv), replaces: None, is_on_paper: true };
    let begun = begun(head, tx.now(), record.issued_on, true);
    let message_id = post(tx, &begun, format!("rx/{}/late/{version}", head.id), &carried).await?;
    let Some(mut row) = known else {
        store::insert(tx, Model { message_id, ..begun }).await?;
        return Ok(Ok(()));
    };
    (row.message_id, row.original) = (message_id, registration::PAPER.to_owned());
    (row.service_code, row.service_said, row.register_id, row.access_code) = Default::default();
    Ok(store::turn(tx, row, RegistrationEvent::Late).await?.map(drop).map_err(|_| "もう登録されているか、取り消してあります。".to_owned()))
}

/// 処方箋情報 of a signed 処方箋 or of one part of it: as it was registered, else as it would be; `None` where the records cannot say it.
pub async fn records_of(
    tx: &TenantTx,
    head: &prescription::Model,
    part: Option<Part>,
    registered: Option<Uuid>,
) -> Result<Option<String>, Error> {
    let lane = registered.or(part.is_none().then_some(head.id));
    let messages = match lane {
        Some(lane) => outbox::store::of_lane(tx, lane).await?,
        None => Vec::new(),
    };
    for message in messages.into_iter().rev() {
        if message.errand == Errand::PrescriptionRegister.code() && message.state == Delivery::Done.code() {
            let carried: Registering = serde_json::from_slice(&outbox::store::payload(tx, &message).await?).map_err(Error::internal)?;
            return Ok(csv_of(&carried.document));
        }
    }
    Ok(gather(tx, head).await?.and_then(|record| part_of(&record, part)).ok().map(|(_, csv)| csv))
}

async fn post(tx: &TenantTx, row: &Model, key: String, carried: &Registering) -> Result<Uuid, Error> {
    let payload = serde_json::to_vec(carried).map_err(Error::internal)?;
    let posting = Posting {
        errand: Errand::PrescriptionRegister,
        key,
        lane: row.id,
        patient_id: Some(PatientId::new(row.patient_id)),
        encounter_id: Some(EncounterId::new(row.encounter_id)),
        payload: &payload,
        not_before: None,
    };
    Ok(outbox::put(tx, posting).await?.as_uuid())
}

/// Who registers, under this name, for whom.
pub fn trace_of(identifier: String, record: &PrescriptionRecord) -> Trace {
    let insured = |field: fn(&Insurance) -> &String| record.insurance.as_ref().map(field).cloned().unwrap_or_default();
    Trace {
        institution_code: record.facility.institution_code.clone(),
        identifier,
        insurer_number: insured(|i| &i.insurer_number),
        symbol: insured(|i| &i.symbol),
        number: insured(|i| &i.number),
        branch: insured(|i| &i.branch),
        issued_on: record.issued_on,
    }
}

/// 登録待ち, its message not written yet.
fn begun(head: &prescription::Model, now: DateTime<Utc>, issued_on: NaiveDate, is_on_paper: bool) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: head.id,
        version: 0,
        recorded_at: now,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: RegistrationStatus::Pending.code().to_owned(),
        digest: Vec::new(),
        patient_id: head.patient_id,
        encounter_id: head.encounter_id,
        message_id: Uuid::nil(),
        issued_on,
        usable_until: heads::content_of(head).usable_until(issued_on),
        register_id: String::new(),
        access_code: String::new(),
        pharmacy_name: String::new(),
        pharmacy_message: String::new(),
        service_code: String::new(),
        service_said: String::new(),
        reason: String::new(),
        original: if is_on_paper { registration::PAPER } else { registration::ELECTRONIC }.to_owned(),
        part: None,
        whole_id: None,
    }
}

/// Why nothing was signed, in words for the doctor.
pub fn signing_sentence(refusal: SigningRefusal) -> Problem {
    let day = |at: DateTime<Utc>| domain::clock::today(at).format("%Y年%m月%d日").to_string();
    match refusal {
        SigningRefusal::Off => "この医院では電子署名が設定されていません。".into(),
        SigningRefusal::NoKey => "あなたの署名用の証明書が登録されていません。管理者に登録を頼んでください。".into(),
        SigningRefusal::BadKey => "署名用の鍵と証明書を読めないか、組になっていません。管理者に確かめてください。".into(),
        SigningRefusal::NotYet(from) => format!("署名用の証明書は{}から使えます。", day(from)),
        SigningRefusal::Expired(until) => format!("署名用の証明書の有効期限({})が切れています。証明書を更新してください。", day(until)),
        SigningRefusal::NotADoctor => "署名用の証明書に医師の資格がありません。医師の証明書を登録してください。".into(),
        SigningRefusal::Module => "署名の装置が署名しませんでした。もう一度確定してください。".into(),
        SigningRefusal::SignedOut => {
            "電子署名にサインインしていません。自分の設定の「電子署名」でサインインしてから、もう一度確定してください。".into()
        }
        SigningRefusal::SessionEnded => "電子署名のサインインが終わりました。自分の設定の「電子署名」でサインインし直してください。".into(),
        SigningRefusal::Revoked => "署名用の証明書は失効しています。証明書の発行元に確かめてください。".into(),
        SigningRefusal::OtherDocument => "署名の装置が返した処方が、送った内容と違うため止めました。もう一度確定してください。".into(),
        SigningRefusal::Pin => "PINが違うか、入れられませんでした。間違いを繰り返すとカードが使えなくなります。".into(),
        SigningRefusal::Locked => "カードのPINが閉じられています。カードの発行元に確かめてください。".into(),
        SigningRefusal::Unchecked => "証明書の失効リストを確かめられません。運用の担当者に連絡してください。紙の処方箋は出せます。".into(),
        SigningRefusal::OtherPerson => {
            "この署名用の証明書は、ほかの職員のものとして登録されています。自分のカードか鍵で署名してください。".into()
        }
        SigningRefusal::OtherCertificate => {
            "登録してある証明書と違う証明書です。更新したときは、自分の設定の「電子署名」で登録を外してから署名してください。".into()
        }
        SigningRefusal::Away => "署名の装置につながりません。しばらくしてから確定するか、紙の処方箋に切り替えてください。".into(),
    }
}
