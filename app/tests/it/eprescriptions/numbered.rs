//! 紙+登録: a paper that carries a 引換番号 and a 2次元シンボル, and one registered after it was handed out. FN-EP-02.

use std::process::{Command, Stdio};

use super::*;

impl Desk {
    async fn numbered(&self) -> Rx<'_> {
        let visit = self.visit().await;
        self.head(&visit, &[("issue_form", "numbered")]).await.expect(303);
        self.line(&visit, DRUG).await;
        self.check(&visit).await;
        self.sign(&self.doctor, &visit).await.expect(303);
        let encounter: Uuid = visit.parse().unwrap();
        let sql = "SELECT id FROM prescription WHERE encounter_id = $1";
        let id = sqlx::query(sql).bind(encounter).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0);
        Rx { d: self, visit, id }
    }
}

impl Rx<'_> {
    async fn paper_bytes(&self) -> Vec<u8> {
        let answer = self.d.doctor.request("GET", &format!("/encounters/{}/prescription.pdf", self.visit)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{}", self.page().await);
        answer.bytes().await.unwrap().to_vec()
    }

    async fn register_late(&self, by: &Client) -> Answer {
        let key = Uuid::now_v7().to_string();
        let form = [("patient_token", self.d.patient.as_str()), ("idempotency_key", &key)];
        by.post(&format!("/prescriptions/{}/late-registration", self.id), &form).await
    }
}

/// The lines of the symbol, as poppler prints the paper and zbar reads it; neither shares code with the writer.
fn scanned(pdf: &[u8]) -> Option<Vec<String>> {
    let folder = std::env::temp_dir().join(format!("tsumugi-scan-{}", Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("rx.pdf"), pdf).unwrap();
    let run = |program: &str, args: &[&str]| Command::new(program).args(args).current_dir(&folder).stderr(Stdio::null()).output().ok();
    let printed = run("pdftoppm", &["-r", "200", "-gray", "-png", "rx.pdf", "page"]);
    let pages: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|f| f.unwrap().file_name().into_string().ok())
        .filter(|f| f.ends_with(".png"))
        .collect();
    let read: Vec<u8> = pages
        .iter()
        .filter_map(|page| run("zbarimg", &["--quiet", "--raw", "--oneshot", "-Sbinary", page]))
        .flat_map(|o| o.stdout)
        .collect();
    let _ = std::fs::remove_dir_all(&folder);
    if printed.is_none() || Command::new("zbarimg").arg("--version").output().is_err() {
        eprintln!("no pdftoppm or no zbarimg: not scanned");
        return None;
    }
    let (text, _, is_wrong) = encoding_rs::SHIFT_JIS.decode(read.strip_suffix(&[0x1a]).expect("ends with EOF"));
    assert!(!is_wrong);
    Some(text.strip_suffix("\r\n").unwrap().split("\r\n").map(str::to_owned).collect())
}

/// FN-EP-02: the paper waits for its number, carries it, and its symbol says record by record what the service holds.
#[tokio::test]
async fn a_numbered_paper_says_what_the_service_holds() {
    let d = desk().await;
    let rx = d.numbered().await;
    assert!(rx.pdf("prescription").await.expect(422).body.contains("引換番号を待っている"));
    d.deliver().await;
    let [held] = &rx.shelf()[..] else { panic!("{:?}", rx.shelf()) };
    assert!(held.signer.is_empty(), "the paper is the original");
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("registered", "issued_paper"));
    let page = rx.page().await;
    assert!(page.contains("引換番号を印字した紙の処方箋を渡してください") && page.contains(&held.access_code), "{page}");
    let pdf = rx.paper_bytes().await;
    if let Some(text) = text_of(&pdf) {
        assert!(text.contains("処方箋") && text.contains(&held.access_code) && !text.contains("控え"), "{text}");
    }
    let Some(lines) = scanned(&pdf) else { return };
    assert_eq!(lines[0], "JAHIS10");
    assert!(lines.contains(&format!("82,1,{}", held.access_code)) && lines.iter().any(|line| line.contains("髙﨑　■太郎")), "{lines:?}");
    let registered: Vec<String> =
        held.summary.csv.lines().skip(1).map(|line| line.replace("111,1,3,", "111,1,2,").replace('𠮷', "■")).collect();
    let said: Vec<String> = lines[1..].iter().filter(|line| !line.starts_with("82,")).cloned().collect();
    assert_eq!(said, registered);
}

/// FN-EP-02, FN-EP-15: away, the same two keys make it plain paper; when the service is back it is registered word for word, once.
#[tokio::test]
async fn a_plain_paper_is_registered_later_once() {
    let d = desk().await;
    let rx = d.numbered().await;
    d.services.eps_faults.next(Fault::Closed, 3);
    d.deliver().await;
    rx.paper().await.expect(303);
    assert_eq!(rx.status().await, "paper");
    let plain = rx.paper_bytes().await;
    if let Some(lines) = scanned(&plain) {
        assert!(lines.iter().all(|line| !line.starts_with("82,")) && lines.iter().any(|line| line.starts_with("201,1,")), "{lines:?}");
    }
    d.services.eps_faults.clear();
    d.pass(TimeDelta::minutes(5));
    rx.register_late(&d.here.client(d.h, Role::Nurse).await).await.expect(403);
    rx.register_late(&d.neighbour.client(d.h, Role::Doctor).await).await.expect(404);
    rx.register_late(&d.doctor).await.expect(303);
    rx.register_late(&d.doctor).await.expect(422);
    for fault in [Fault::LostReply, Fault::Cut] {
        d.services.eps_faults.next(fault, 1);
    }
    for _ in 0..4 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(3));
    }
    let held: Vec<Held> = d.services.shelf.all().into_iter().filter(Held::stands).collect();
    assert_eq!((held.len(), rx.status().await.as_str()), (1, "registered"));
    assert!(held[0].summary.issued_on == domain::clock::today(Utc::now()).format("%Y%m%d").to_string());
    rx.paper_bytes().await;

    // One that was written as plain paper, and never sent anywhere.
    let visit = d.visit().await;
    d.line(&visit, DRUG).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    let encounter: Uuid = visit.parse().unwrap();
    let id = sqlx::query("SELECT id FROM prescription WHERE encounter_id = $1")
        .bind(encounter)
        .fetch_one(&mut d.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    let plain = Rx { d: &d, visit, id };
    let check = d.doctor.get_fragment(&format!("/encounters/{}/duplicate-check", plain.visit)).await.expect(200);
    assert!(check.body.contains("あとから登録する") && check.statements() <= 12, "{}", check.statements());
    plain.register_late(&d.doctor).await.expect(303);
    d.deliver().await;
    assert_eq!(plain.status().await, "registered");
    plain.withdraw().await.expect(303);
    d.deliver().await;
    assert_eq!((plain.status().await.as_str(), plain.head().await.as_str()), ("withdrawn", "withdrawn"));
    plain.register_late(&d.doctor).await.expect(422);
}
