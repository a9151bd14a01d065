/// A page is thousands of short-lived strings; with the C library's allocator a third of the server's time went there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    tsumugi::cli::main()
}
