fn main() -> anyhow::Result<()> {
    tsumugi::cli::main()
}
