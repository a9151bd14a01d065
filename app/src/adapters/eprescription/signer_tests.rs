//! FN-EP-06: only a doctor's own certificate, in force, with its own key, signs.

use std::process::Command;

use super::*;

const ROLE: &str = "
subjectDirectoryAttributes = ASN1:SEQUENCE:attributes
[attributes]
role = SEQUENCE:role
[role]
type = OID:1.0.17090.0.1
values = SET:actors
[actors]
actor = SEQUENCE:actor
[actor]
coded = EXPLICIT:0,SEQUENCE:coded
[coded]
scheme = EXPLICIT:0,OID:1.2.392.100495.1.6.1.1
words = EXPLICIT:2,UTF8:Medical Doctor
";

/// A key and a certificate for it in one PEM.
fn pem(name: &str, extensions: &str, days: &str) -> Vec<u8> {
    let dir = std::env::temp_dir().join(format!("tsumugi-signer-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let config = format!(
        "[req]\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n[ext]\n{}",
        extensions.replace("subjectDirectoryAttributes", "2.5.29.9")
    );
    std::fs::write(dir.join("c.cnf"), config).unwrap();
    let subject = "/C=JP/O=A, B/CN=SIM doctor";
    let args = format!("req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -set_serial 4660 -config c.cnf {days}");
    let done = Command::new("openssl").args(args.split(' ')).args(["-subj", subject]).current_dir(&dir).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |file: &str| std::fs::read(dir.join(file)).unwrap();
    let both = [read("key.pem"), read("cert.pem")].concat();
    std::fs::remove_dir_all(dir).unwrap();
    both
}

#[test]
fn a_doctors_key_in_force_signs_and_no_other() {
    let usage = "keyUsage = critical,nonRepudiation\n";
    let doctor = pem("doctor", &format!("{usage}{ROLE}"), "-days 2");
    let now: DateTime<Utc> = DateTime::from_timestamp(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64, 0).unwrap();
    let signer = read(&doctor, now).ok().unwrap();
    let signed = signed_document("SJ1\n", &signer, now).unwrap();
    assert!(signed.contains("CN=SIM doctor,O=A\\, B,C=JP") && signed.contains(">4660<"), "{signed}");

    // Keys made from here on begin a little later.
    let soon = now + chrono::TimeDelta::minutes(5);
    let why = |pem: &[u8], at| read(pem, at).err().unwrap();
    let later = now + chrono::TimeDelta::days(3);
    assert!(matches!(why(&doctor, later), SigningRefusal::Expired(until) if until < later));
    assert!(matches!(why(&doctor, now - chrono::TimeDelta::days(1)), SigningRefusal::NotYet(_)));
    assert_eq!(
        why(&pem("nurse", &format!("{usage}{}", ROLE.replace("Medical Doctor", "Registered Nurse")), "-days 2"), soon),
        SigningRefusal::NotADoctor
    );
    assert_eq!(why(&pem("plain", usage, "-days 2"), soon), SigningRefusal::NotADoctor);
    assert_eq!(why(&pem("usage", &format!("keyUsage = digitalSignature\n{ROLE}"), "-days 2"), soon), SigningRefusal::NotADoctor);
    let other = pem("other", &format!("{usage}{ROLE}"), "-days 2");
    let end = |pem: &[u8]| String::from_utf8(pem.to_vec()).unwrap().find("-----BEGIN CERTIFICATE").unwrap();
    let mixed = [&doctor[..end(&doctor)], &other[end(&other)..]].concat();
    assert_eq!(why(&mixed, soon), SigningRefusal::BadKey);
    assert_eq!(why(b"no key", soon), SigningRefusal::BadKey);
}
