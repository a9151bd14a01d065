//! The floor: what a patient list costs with nothing around it. actix-web, tokio-postgres and askama, the product's SQL
//! shape under the same row-level security, but no session, no permission, no audit. `bench` puts the product beside it.

#![allow(clippy::disallowed_methods)] // a load generator lives on the real clock and draws its own keys

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use askama::Template;
use chrono::NaiveDate;
use clap::Parser;
use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

/// Twenty are shown; one more tells that there are more.
const PAGE_ROWS: i64 = 21;

const SEARCH: &str = "SELECT id, patient_number, name_ideographic, name_syllabic, kana_key, kanji_key, sex, birth_date, tel, mobile, address, \
    deceased_on FROM patient WHERE tenant_id = $1 AND status = $2 AND kana_key >= $3 AND kana_key < $4 ORDER BY kana_key, id LIMIT $5";

#[derive(Parser)]
struct Options {
    #[arg(long, env = "TSUMUGI_DATABASE_URL")]
    database_url: String,
    #[arg(long)]
    port: u16,
    #[arg(long, default_value_t = 8)]
    connections: usize,
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

/// A fixed set of connections, taken in turn.
struct Pool {
    sessions: Vec<Mutex<Session>>,
    next: AtomicUsize,
}

struct Session {
    client: Client,
    search: Statement,
}

impl Pool {
    async fn connect(url: &str, connections: usize) -> anyhow::Result<Self> {
        let mut sessions = Vec::with_capacity(connections);
        for _ in 0..connections {
            let (client, driver) = tokio_postgres::connect(url, NoTls).await.context("cannot connect to Postgres")?;
            tokio::spawn(driver);
            let search = client.prepare(SEARCH).await?;
            sessions.push(Mutex::new(Session { client, search }));
        }
        Ok(Self { sessions, next: AtomicUsize::new(0) })
    }

    async fn session(&self) -> MutexGuard<'_, Session> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        for i in 0..self.sessions.len() {
            if let Ok(free) = self.sessions[(start + i) % self.sessions.len()].try_lock() {
                return free;
            }
        }
        self.sessions[start % self.sessions.len()].lock().await
    }
}

#[derive(Deserialize)]
struct Search {
    tenant: Uuid,
    q: String,
}

struct Patient {
    id: Uuid,
    number: String,
    name: String,
    kana: String,
    sex: &'static str,
    birth_date: NaiveDate,
    tel: String,
    address: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>患者</title></head><body><h1>患者</h1>
<form><label>検索 <input name="q" value="{{ q }}"></label></form>
<table><thead><tr><th>番号</th><th>氏名</th><th>カナ</th><th>性別</th><th>生年月日</th><th>電話</th><th>住所</th></tr></thead><tbody>
{% for p in patients %}<tr><td>{{ p.number }}</td><td><a href="/patients/{{ p.id }}">{{ p.name }}</a></td><td>{{ p.kana }}</td><td>{{ p.sex }}</td><td>{{ p.birth_date }}</td><td>{{ p.tel }}</td><td>{{ p.address }}</td></tr>
{% endfor %}</tbody></table></body></html>"#
)]
struct ListPage<'a> {
    q: &'a str,
    patients: Vec<Patient>,
}

fn patient(row: &Row) -> Result<Patient, tokio_postgres::Error> {
    Ok(Patient {
        id: row.try_get(0)?,
        number: row.try_get(1)?,
        name: row.try_get(2)?,
        kana: row.try_get(3)?,
        sex: match row.try_get(6)? {
            "male" => "男",
            "female" => "女",
            _ => "不明",
        },
        birth_date: row.try_get(7)?,
        tel: row.try_get(8)?,
        address: row.try_get(10)?,
    })
}

async fn list(pool: web::Data<Pool>, search: web::Query<Search>) -> actix_web::Result<HttpResponse> {
    let rows = {
        let session = pool.session().await;
        find(&session, &search).await.map_err(actix_web::error::ErrorInternalServerError)?
    };
    let patients = rows.iter().take(20).map(patient).collect::<Result<_, _>>().map_err(actix_web::error::ErrorInternalServerError)?;
    let page = ListPage { q: &search.q, patients }.render().map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

async fn find(session: &Session, search: &Search) -> Result<Vec<Row>, tokio_postgres::Error> {
    let client = &session.client;
    client.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{}'", search.tenant)).await?;
    let upper = format!("{}\u{10ffff}", search.q);
    let rows = client.query(&session.search, &[&search.tenant, &"active", &search.q, &upper, &PAGE_ROWS]).await?;
    client.batch_execute("COMMIT").await?;
    Ok(rows)
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let pool = web::Data::new(Pool::connect(&options.database_url, options.connections).await?);
    HttpServer::new(move || App::new().app_data(pool.clone()).route("/patients", web::get().to(list)))
        .workers(options.workers)
        .bind(("127.0.0.1", options.port))?
        .run()
        .await?;
    Ok(())
}
