//! `tsumugi-simulators`: the national services and partners as a clinic sees them. Written from the specification
//! and sharing no code with the product, so that one misreading cannot pass on both sides.

#![allow(clippy::disallowed_methods)] // the world outside has its own clock and its own numbers

use std::path::PathBuf;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::{Args, Parser, Subcommand};
use simulators::national::terminal::Terminal;
use simulators::national::{self, Anchors, Certificates, Latency, National};
use simulators::{catalog, reader};

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
    /// Port of the national services (HTTPS with client certificates); they run where the certificates are given
    #[arg(long, env = "TSUMUGI_NATIONAL_PORT", default_value_t = 0)]
    national_port: u16,
    /// How long the national services think, in milliseconds
    #[arg(long, env = "TSUMUGI_NATIONAL_LATENCY_MS", default_value = "3000-7000")]
    latency: Latency,
    /// Keys and certificates of the people who may sign in at the key service (カードレス署名)
    #[arg(long, env = "TSUMUGI_SIGNER_DIR")]
    signer_dir: Option<PathBuf>,
    /// Authorities whose doctors' certificates 電子処方箋管理サービス believes
    #[arg(long, env = "TSUMUGI_SIGNING_CA_FILE")]
    signing_ca_file: Option<PathBuf>,
    /// Folder of a 資格確認端末 with `req`, `res` and `face`; it runs where the terminal's certificate is given too
    #[arg(long, env = "TSUMUGI_TERMINAL_DIR")]
    terminal_dir: Option<PathBuf>,
    #[arg(long, env = "TSUMUGI_NATIONAL_CLIENT_PEM_FILE")]
    terminal_pem_file: Option<PathBuf>,
    #[arg(long, env = "TSUMUGI_CA_FILE")]
    ca_file: Option<PathBuf>,
    #[arg(long, env = "TSUMUGI_TLS_CERT_FILE")]
    cert_file: Option<PathBuf>,
    #[arg(long, env = "TSUMUGI_TLS_KEY_FILE")]
    key_file: Option<PathBuf>,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let options = cli.command.map_or(cli.serve, |Command::Serve(options)| options);
    if let Some(dir) = &options.face_dir {
        std::fs::create_dir_all(dir)?;
    }
    let reader = web::Data::new(reader::Reader::new(options.face_dir));
    let anchors = match &options.signing_ca_file {
        Some(file) => Anchors::from_pem(&std::fs::read(file)?)?,
        None => Anchors::default(),
    };
    let services = web::Data::new(National::new(options.latency).trusting(anchors));
    if let (Some(authority), Some(certificate), Some(key)) = (&options.ca_file, &options.cert_file, &options.key_file) {
        let certificates = Certificates { authority, certificate, key };
        let (address, server) = national::bind(services.get_ref().clone(), &certificates, options.national_port)?;
        println!("national services: https://{address}");
        actix_web::rt::spawn(server);
        if let (Some(folder), Some(pem)) = (&options.terminal_dir, &options.terminal_pem_file) {
            let mut terminal = Terminal::new(folder, &format!("https://localhost:{}", address.port()), pem, authority)?;
            terminal.faults = services.terminal_faults.clone();
            println!("terminal: {}", folder.display());
            actix_web::rt::spawn(terminal.run());
        }
    }
    let cardless = web::Data::new(simulators::cardless::Cardless::new(options.signer_dir));
    let receipt = web::Data::new(simulators::receipt::Receipt::default());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(reader.clone())
            .app_data(services.clone())
            .configure(national::control)
            .route("/healthz", web::get().to(|| async { HttpResponse::Ok().body("ok\n") }))
            .route("/", web::get().to(|| async { HttpResponse::Ok().json(catalog::SERVICES) }))
            .app_data(receipt.clone())
            .app_data(cardless.clone())
            .configure(simulators::cardless::routes)
            .configure(reader::routes)
            .configure(simulators::receipt::routes)
    })
    .workers(1)
    .shutdown_timeout(5)
    .bind(("127.0.0.1", options.port))?;
    for address in server.addrs() {
        println!("card reader: http://{address}/reader");
        println!("pharmacy: http://{address}/pharmacy");
        println!("receipt computer: http://{address}/orca");
    }
    server.run().await?;
    Ok(())
}
