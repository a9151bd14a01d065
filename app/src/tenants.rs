//! Onboarding from the command line: a clinic is data, made in seconds.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use tenancy::keys::Keyring;
use tenancy::operator::{NewTenant, Operator};
use tenancy::{Act, Audit, Clock, InfoClass, TenantPool};

use crate::{config, services, staff};

#[derive(Subcommand)]
pub enum Command {
    /// 医療機関を登録する
    Create(Create),
    /// 医療機関の一覧
    List,
    /// 職員を登録し、はじめのパスワードを出す
    Staff(staff::command::Add),
}

#[derive(Args)]
pub struct Create {
    #[arg(long)]
    code: String,
    #[arg(long)]
    name: String,
    /// clinic か hospital
    #[arg(long, default_value = "clinic")]
    kind: String,
    /// 医療機関コード10桁 (都道府県2 + 点数表1 + 医療機関7)
    #[arg(long)]
    institution_code: String,
    #[arg(long, default_value = "")]
    postal_code: String,
    #[arg(long, default_value = "")]
    address: String,
    #[arg(long, default_value = "")]
    tel: String,
}

/// The operator's paths, from the environment.
pub fn operator(clock: Clock) -> anyhow::Result<Operator> {
    over(TenantPool::new(config::secret("TSUMUGI_DATABASE_URL")?.expose_secret(), 4, clock)?)
}

/// The same for duties that open what is sealed.
pub fn operator_with(clock: Clock, keyring: Keyring) -> anyhow::Result<Operator> {
    let tenants = TenantPool::new(config::secret("TSUMUGI_DATABASE_URL")?.expose_secret(), 12, clock)?;
    over(tenants.with_keyring(keyring))
}

fn over(tenants: TenantPool) -> anyhow::Result<Operator> {
    Ok(Operator::new(config::secret("TSUMUGI_OPERATOR_DATABASE_URL")?.expose_secret(), tenants)?)
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    let operator = operator(clock)?;
    match command {
        Command::List => {
            for tenant in operator.list_tenants().await? {
                println!("{:<20} {}", tenant.code, tenant.name);
            }
        }
        Command::Staff(person) => println!("{}", staff::command::add(&operator, person).await?),
        Command::Create(new) => {
            if operator.find_tenant(&new.code).await?.is_some() {
                bail!("医療機関ID {} はもう使われています", new.code);
            }
            let entry = NewTenant {
                code: new.code,
                name: new.name,
                kind: new.kind,
                institution_code: new.institution_code,
                postal_code: new.postal_code,
                address: new.address,
                tel: new.tel,
            };
            let id = operator
                .create_tenant(&entry)
                .await
                .context("登録できません。医療機関IDは英小文字・数字・-で4〜20字、医療機関コードは数字10桁です")?;
            // The first data key is made in a transaction of its own, before anything is sealed under it.
            let tx = operator.begin(id).await?;
            services::keyring().await?.current(&tx).await?;
            tx.commit(Audit::of(Act::Manage, InfoClass::Clinic).detail("step", "created")).await?;
            println!("{id}");
        }
    }
    Ok(())
}
