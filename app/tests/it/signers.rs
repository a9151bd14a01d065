//! A certificate authority for doctors, and their keys, made by openssl for this run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use simulators::national::Anchors;
use uuid::Uuid;

const EXTENSIONS: &str = include_str!("../../../infra/local/signer.cnf");

/// What `openssl ca` needs to date a certificate back.
const PAST: &str = "[ca]\ndefault_ca = issuing\n[issuing]\ndatabase = ./index.txt\nnew_certs_dir = .\nserial = ./serial\ndefault_md = sha256\n\
                    policy = any\n[any]\ncommonName = supplied\ncountryName = optional\norganizationName = optional\n";

/// Where the product looks for doctors' keys in this run.
pub fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let folder = std::env::temp_dir().join(format!("tsumugi-signers-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("signer.cnf"), EXTENSIONS).unwrap();
            for name in ["ca", "stranger"] {
                let args = format!("req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 -subj /CN={name} -config signer.cnf -extensions authority");
                openssl(&folder, &args);
            }
            folder
        })
        .clone()
}

fn openssl(folder: &Path, args: &str) {
    let done = Command::new("openssl").args(args.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{args}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Whom the simulated service believes.
pub fn anchors() -> Anchors {
    Anchors::from_pem(&std::fs::read(folder().join("ca.crt")).unwrap()).unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Card {
    Doctor,
    /// Ended yesterday.
    Expired,
    Nurse,
    /// Of an authority nobody trusts.
    Strange,
}

/// A key with its certificate for one person.
pub fn give(clinic: Uuid, person: Uuid, card: Card) {
    let (folder, name) = (folder(), format!("{clinic}.{person}"));
    let (authority, section) = match card {
        Card::Strange => ("stranger", "doctor"),
        Card::Nurse => ("ca", "nurse"),
        _ => ("ca", "doctor"),
    };
    openssl(
        &folder,
        &format!("req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /C=JP/O=SIM/CN=SIM-doctor -config signer.cnf"),
    );
    let signed = if card == Card::Expired {
        std::fs::write(folder.join("index.txt"), "").unwrap();
        std::fs::write(folder.join("serial"), "1235").unwrap();
        std::fs::write(folder.join("ca.cnf"), PAST).unwrap();
        format!(
            "ca -batch -notext -config ca.cnf -in {name}.csr -out {name}.crt -cert ca.crt -keyfile ca.key -startdate 20200101000000Z -enddate 20250101000000Z"
        )
    } else {
        format!("x509 -req -in {name}.csr -CA {authority}.crt -CAkey {authority}.key -set_serial 4660 -out {name}.crt -days 2")
    };
    openssl(&folder, &format!("{signed} -extfile signer.cnf -extensions {section}"));
    let read = |end: &str| std::fs::read(folder.join(format!("{name}.{end}"))).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), [read("key"), read("crt")].concat()).unwrap();
}
