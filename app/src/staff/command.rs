//! The first 管理者 of a new clinic, from the command line: `tsumugi tenant staff`.

use anyhow::{Context, bail};
use clap::Args;
use domain::{Role, StaffId};
use tenancy::operator::Operator;
use tenancy::password::Hasher;

use super::forms::{NewPerson, RawStaffForm};
use super::handlers::{codes, managed};
use super::initial_password::InitialPassword;
use super::store;

#[derive(Args, Clone)]
pub struct Add {
    /// 医療機関ID
    #[arg(long)]
    pub tenant: String,
    /// ユーザーID
    #[arg(long)]
    pub login_id: String,
    /// 氏名
    #[arg(long)]
    pub name: String,
    /// カナ
    #[arg(long, default_value = "")]
    pub kana: String,
    /// 免許・登録番号
    #[arg(long, default_value = "")]
    pub license_no: String,
    /// 診療科。医師は必ず
    #[arg(long, default_value = "")]
    pub department: String,
    /// 職種。何度でも書ける
    #[arg(long, required = true)]
    pub role: Vec<String>,
    /// 勤務の始まり。書かなければ今日
    #[arg(long, default_value = "")]
    pub valid_from: String,
}

/// Adds the person and gives the initial password, which is kept nowhere.
pub async fn add(operator: &Operator, person: Add) -> anyhow::Result<String> {
    let Some(tenant) = operator.find_tenant(&person.tenant).await? else { bail!("医療機関ID {} はありません", person.tenant) };
    let new = read(&person, operator.clock().today_jst())?;
    let password = InitialPassword::draw(&Hasher::new()?).await?;
    let tx = operator.begin(tenant.id).await?;
    let id = StaffId::new(tx.new_id());
    store::insert(&tx, id, &new, password.phc).await.context("登録できません。ユーザーIDがもう使われていないか確かめてください")?;
    tx.commit(managed(id).detail("changed", "registered").detail("roles", codes(&new.facts.roles))).await?;
    Ok(password.plain)
}

/// By the rules of the form, so that both doors take the same people.
fn read(person: &Add, today: chrono::NaiveDate) -> anyhow::Result<NewPerson> {
    let mut raw = RawStaffForm {
        login_id: person.login_id.clone(),
        name: person.name.clone(),
        name_kana: person.kana.clone(),
        license_no: person.license_no.clone(),
        department: person.department.clone(),
        valid_from: if person.valid_from.is_empty() { today.to_string() } else { person.valid_from.clone() },
        ..RawStaffForm::default()
    };
    for code in &person.role {
        let known = || Role::ALL.iter().map(|role| role.code()).collect::<Vec<_>>().join(", ");
        raw = raw.with_role(Role::from_code(code).with_context(|| format!("職種 {code} はありません。{} から選んでください", known()))?);
    }
    raw.new_person().map_err(|errors| anyhow::anyhow!(errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join("\n")))
}
