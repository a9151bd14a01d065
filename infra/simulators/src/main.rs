//! `tsumugi-simulators`: the national services and partners as a clinic sees them. Written from the specification
//! and sharing no code with the product, so that one misreading cannot pass on both sides.

#![allow(clippy::disallowed_methods)] // the world outside has its own clock and its own numbers

mod catalog;
mod reader;

use std::path::PathBuf;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "tsumugi-simulators", version, about = "Simulated national services and partners, on loopback only")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Start the servers; also what happens without a subcommand
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, env = "TSUMUGI_SIMULATORS_PORT", default_value_t = 8090)]
    port: u16,
    /// Folder the card reader writes into, as the terminal's `face` folder
    #[arg(long, env = "TSUMUGI_FACE_DIR")]
    face_dir: Option<PathBuf>,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let options = cli.command.map_or(cli.serve, |Command::Serve(options)| options);
    if let Some(dir) = &options.face_dir {
        std::fs::create_dir_all(dir)?;
    }
    let reader = web::Data::new(reader::Reader::new(options.face_dir));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(reader.clone())
            .route("/healthz", web::get().to(|| async { HttpResponse::Ok().body("ok\n") }))
            .route("/", web::get().to(|| async { HttpResponse::Ok().json(catalog::SERVICES) }))
            .configure(reader::routes)
    })
    .workers(1)
    .shutdown_timeout(5)
    .bind(("127.0.0.1", options.port))?;
    for address in server.addrs() {
        println!("card reader: http://{address}/reader");
    }
    server.run().await?;
    Ok(())
}
