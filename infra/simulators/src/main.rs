//! `tsumugi-simulators`: the national services and partners as a clinic sees them. Written from the specification
//! and sharing no code with the product, so that one misreading cannot pass on both sides.

mod catalog;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;

#[derive(Parser)]
#[command(name = "tsumugi-simulators", version, about = "Simulated national services and partners, on loopback only")]
struct Options {
    /// Port on 127.0.0.1
    #[arg(long, env = "TSUMUGI_SIMULATORS_PORT")]
    port: u16,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    HttpServer::new(|| {
        App::new()
            .route("/healthz", web::get().to(|| async { HttpResponse::Ok().body("ok\n") }))
            .route("/", web::get().to(|| async { HttpResponse::Ok().json(catalog::SERVICES) }))
    })
    .workers(1)
    .shutdown_timeout(5)
    .bind(("127.0.0.1", options.port))?
    .run()
    .await?;
    Ok(())
}
