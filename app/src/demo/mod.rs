//! Synthetic clinics for the demo, for tests by hand and for the bench.
//!
//! The generator is seeded: the same day gives the same people and visits. It writes through the slices' own row types
//! and gives every row its history, digest and audit event, so that nothing about demo data is special once it is there.

mod clinics;
mod sign_ins;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// サインインに必要なもの
    SignIns,
}

/// `tsumugi demo …`
///
/// # Errors
/// When the configuration lacks something or a service is away.
pub async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::SignIns => sign_ins::print(),
    }
    Ok(())
}
