//! 資格確認端末 with its 連携ソフト: reads whole files from `req`, asks the services over the line as the real one does (client
//! certificate, login), and leaves the answer in `res` under the question's suffix. What it cannot read becomes `.err`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use anyhow::Context;
use reqwest::{Certificate, Client, Identity, StatusCode};

use super::faults::{Fault, Faults};
use super::xml;

const LOOK_EVERY: Duration = Duration::from_millis(80);
const PATIENCE: Duration = Duration::from_secs(12);

/// Where a file with this beginning goes. ⟲ the official list names more.
const INTERFACES: [(&str, &str); 24] = [
    ("OQSsiquc01", "/oqs/v1/OQSsiquc01"),
    ("OQSmuquc01", "/oqs/v1/OQSmuquc01"),
    ("OQSmuquc02", "/oqs/v1/OQSmuquc02"),
    ("OQSsiimm01", "/oqs/v1/OQSsiimm01"),
    ("OQSsihvq01", "/oqs/v1/OQSsihvq01"),
    ("OQSsionq01", "/oqs/v1/OQSsionq01"),
    ("OQSmuhvq01", "/oqs/v1/OQSmuhvq01"),
    ("OQSmuhvq02", "/oqs/v1/OQSmuhvq02"),
    ("OQSmuonq01", "/oqs/v1/OQSmuonq01"),
    ("OQSmuonq02", "/oqs/v1/OQSmuonq02"),
    ("OQSmutic01", "/oqs/v1/OQSmutic01"),
    ("OQSmutic02", "/oqs/v1/OQSmutic02"),
    ("OQSsihvd01", "/oqs/v1/OQSsihvd01"),
    ("YZKsiquc01", "/oqs/v1/YZKsiquc01"),
    ("TKKsiquc01", "/oqs/v1/TKKsiquc01"),
    ("OQS-IF-047", "/oqs/v1/OQS-IF-047"),
    ("DISASTER", "/oqs/v1/DISASTER"),
    ("EPSsiDMP01", "/eps/v1/EPS-IF-101"),
    ("EPSsiPIR01", "/eps/v1/EPS-IF-201"),
    ("EPSsiPIR02", "/eps/v1/EPS-IF-203"),
    ("EPSsiPIR03", "/eps/v1/EPS-IF-205"),
    ("EPSsiPIR04", "/eps/v1/EPS-IF-207"),
    ("EPSsiPIR05", "/eps/v1/EPS-IF-209"),
    ("EPSsiPIR06", "/eps/v1/EPS-IF-211"),
];

/// What a terminal can be made to do wrong.
pub const TERMINAL_FAULTS: [Fault; 9] = [
    Fault::Unread,
    Fault::LostReply,
    Fault::Cut,
    Fault::Partial,
    Fault::Malformed,
    Fault::Duplicate,
    Fault::Cp932,
    Fault::OtherFacility,
    Fault::OtherQuestion,
];

#[derive(Clone)]
pub struct Terminal {
    pub faults: Faults,
    folder: PathBuf,
    base: String,
    http: Client,
    tokens: Arc<Mutex<HashMap<&'static str, String>>>,
}

impl Terminal {
    /// `folder` holds `req`, `res` and `face`; `base` is the address of the services.
    pub fn new(folder: &Path, base: &str, client_pem: &Path, authority: &Path) -> anyhow::Result<Self> {
        for name in ["req", "res", "face"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let identity = Identity::from_pem(&fs::read(client_pem)?).context("the terminal's certificate")?;
        let root = Certificate::from_pem(&fs::read(authority)?).context("the services' authority")?;
        let http = Client::builder().identity(identity).tls_certs_only([root]).timeout(PATIENCE).build()?;
        Ok(Self {
            faults: Faults::default(),
            folder: folder.to_owned(),
            base: base.trim_end_matches('/').to_owned(),
            http,
            tokens: Arc::default(),
        })
    }

    /// A question is taken away at once and answered beside the others.
    pub async fn run(self) {
        loop {
            for path in self.questions() {
                match taken(&path) {
                    Ok((name, bytes)) => {
                        let (one, fault) = (self.clone(), self.faults.take());
                        tokio::spawn(async move {
                            if let Err(error) = one.serve(&name, bytes, fault).await {
                                eprintln!("terminal: {error}");
                            }
                        });
                    }
                    Err(error) => eprintln!("terminal: {error}"),
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Only files under their final name.
    fn questions(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.join("req")) else { return Vec::new() };
        let mut list: Vec<PathBuf> =
            entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("xml"))).collect();
        list.sort();
        list
    }

    async fn serve(&self, name: &str, bytes: Vec<u8>, fault: Option<Fault>) -> io::Result<()> {
        let Some((prefix, suffix)) = parts(name).filter(|_| xml::parse(&bytes).is_ok() && fault != Some(Fault::Unread)) else {
            return self.leave(&format!("{}.err", name.trim_end_matches(".xml")), b"OQSComApp: unreadable\r\n");
        };
        if fault == Some(Fault::Cut) {
            return Ok(());
        }
        // The line is out of order: the real one writes nothing either.
        let Some(answer) = self.ask(prefix, bytes).await else { return Ok(()) };
        let ending = if answer.starts_with(b"PK") { "zip" } else { "xml" };
        self.reply(&format!("{prefix}res_{suffix}.{ending}"), answer, fault).await
    }

    async fn reply(&self, name: &str, answer: Vec<u8>, fault: Option<Fault>) -> io::Result<()> {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let path = self.folder.join("res").join(name);
        match fault {
            Some(Fault::LostReply) => Ok(()),
            Some(Fault::Partial) => {
                for end in [answer.len() / 3, answer.len() * 2 / 3, answer.len()] {
                    fs::write(&path, &answer[..end])?;
                    tokio::time::sleep(Duration::from_millis(40)).await;
                }
                Ok(())
            }
            Some(Fault::Malformed) => self.leave(name, &answer[..answer.len() / 2]),
            Some(Fault::Cp932) => {
                let text = text.replace("UTF-8", "Shift_JIS").replace("<CharacterCodeIdentifier>0", "<CharacterCodeIdentifier>1");
                self.leave(name, &encoding_rs::SHIFT_JIS.encode(&text).0)
            }
            Some(Fault::Duplicate) => {
                self.leave(name, &answer)?;
                tokio::time::sleep(Duration::from_millis(600)).await;
                self.leave(name, &answer)?;
                tokio::time::sleep(Duration::from_millis(600)).await;
                self.leave(name, format!("{text}\n").as_bytes())
            }
            // An XML under the name of a pack.
            Some(Fault::Packed(_)) => self.leave(&name.replace(".xml", ".zip"), &answer),
            Some(Fault::OtherFacility) => self.leave(name, with_facility(&text).as_bytes()),
            Some(Fault::OtherQuestion) => {
                self.leave(name, text.replace("</ArbitraryFileIdentifier>", "x</ArbitraryFileIdentifier>").as_bytes())
            }
            _ => self.leave(name, &answer),
        }
    }

    fn leave(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.folder.join("res").join(format!("{name}.tmp"));
        fs::write(&part, bytes)?;
        fs::rename(part, self.folder.join("res").join(name))
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<&'static str, String>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, prefix: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let path = address(prefix)?;
        let service = if path.starts_with("/eps") { "eps" } else { "oqs" };
        for _ in 0..2 {
            let known = self.tokens().get(service).cloned();
            let token = match known {
                Some(token) => token,
                None => self.login(service).await?,
            };
            let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&token).body(bytes.clone());
            let answer = request.header("content-type", "application/xml").send().await.ok()?;
            match answer.status() {
                StatusCode::UNAUTHORIZED => self.tokens().retain(|_, kept| *kept != token),
                StatusCode::OK => return answer.bytes().await.ok().map(|bytes| bytes.to_vec()),
                _ => return None,
            }
        }
        None
    }

    async fn login(&self, service: &'static str) -> Option<String> {
        let answer = self.http.post(format!("{}/{service}/v1/login", self.base)).send().await.ok()?;
        let login: serde_json::Value = answer.json().await.ok()?;
        let token = login["result"]["idToken"].as_str()?.to_owned();
        self.tokens().insert(service, token.clone());
        Some(token)
    }
}

/// Name and bytes of a question; the file is gone.
fn taken(path: &Path) -> io::Result<(String, Vec<u8>)> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = fs::read(path)?;
    fs::remove_file(path)?;
    Ok((name, bytes))
}

/// `OQSsiquc01req_2026ab.xml` → (`OQSsiquc01`, `2026ab`)
fn parts(name: &str) -> Option<(&str, &str)> {
    let (prefix, suffix) = name.strip_suffix(".xml")?.split_once("req_")?;
    let plain = !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain && address(prefix).is_some()).then_some((prefix, suffix))
}

fn address(prefix: &str) -> Option<String> {
    let known = INTERFACES.iter().find(|(known, _)| *known == prefix).map(|(_, path)| (*path).to_owned());
    known.or_else(|| prefix.strip_prefix("EPSsiIF").map(|number| format!("/eps/v1/EPS-IF-{number}")))
}

/// The answer with another facility's code in its header.
fn with_facility(text: &str) -> String {
    let stranger = "<MedicalInstitutionCode>1310000009</MedicalInstitutionCode>";
    let without = match (text.find("<MedicalInstitutionCode>"), text.find("</MedicalInstitutionCode>")) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to + "</MedicalInstitutionCode>".len()..]),
        _ => text.to_owned(),
    };
    without.replacen("<MessageHeader>", &format!("<MessageHeader>{stranger}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_list_are_questions() {
        assert_eq!(parts("OQSsiquc01req_2026ab.xml"), Some(("OQSsiquc01", "2026ab")));
        assert_eq!(parts("EPSsiIF217req_2026ab.xml"), Some(("EPSsiIF217", "2026ab")));
        for name in ["OQSsiquc01res_1.xml", "XYZreq_1.xml", "OQSsiquc01req_.xml", "OQSsiquc01req_a-b.xml", "OQSsiquc01req_1.txt"] {
            assert_eq!(parts(name), None, "{name}");
        }
    }

    #[test]
    fn another_facility_takes_the_place_of_ours() {
        let text =
            with_facility("<XmlMsg><MessageHeader><MedicalInstitutionCode>1319999999</MedicalInstitutionCode></MessageHeader></XmlMsg>");
        assert_eq!(text.matches("MedicalInstitutionCode").count(), 2);
        assert!(text.contains("1310000009"));
    }
}
