//! The program itself, as a clinic starts it.

use std::process::Command;

/// A wrong setting is said in one sentence before anything runs.
#[test]
fn the_settings_are_checked_before_anything_runs() {
    let dir = std::env::temp_dir().join(format!("relay-program-{}", std::process::id()));
    for folder in ["req", "res"] {
        std::fs::create_dir_all(dir.join(folder)).unwrap();
    }
    let at = |name: &str| dir.join(name).display().to_string();
    let text = format!(
        "url = 'https://t.example'\ndevice_key = 'tsd_a'\nreq = '{}'\nres = '{}'\nspool = '{}'\n",
        at("req"),
        at("res"),
        at("spool")
    );
    let check = |text: &str| {
        std::fs::write(dir.join("relay.toml"), text).unwrap();
        Command::new(env!("CARGO_BIN_EXE_tsumugi-relay")).arg("--check").arg("--config").arg(dir.join("relay.toml")).output().unwrap()
    };
    assert!(check(&text).status.success());
    let refused = check(&text.replace("tsd_a", "wrong"));
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("device_key"));
    std::fs::remove_dir_all(&dir).unwrap();
}
