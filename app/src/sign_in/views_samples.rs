//! What the sign-in pages look like with long names, errors and nothing.

use super::*;
use crate::web::samples::{errors, show};

fn pair(code: &str, word: &str) -> (String, String) {
    (code.into(), word.into())
}

#[test]
fn login() {
    let form = FormState::default().set("tenant_code", "ainosato").set("login_id", "r.yamazaki");
    show("login", &LoginPage { form: FormState::default(), ended: None, refusal: None, next: "/board".into() });
    show("login-idle", &LoginPage { form: form.clone(), ended: Some(Ended::Idle), refusal: None, next: "/patients".into() });
    show("login-refused", &LoginPage { form, ended: None, refusal: Some("サインインできませんでした".into()), next: String::new() });
}

#[test]
fn second_factor() {
    let page = |form, with_recovery_code| SecondFactorPage {
        form,
        staff_name: "山﨑 理恵".into(),
        clinic_code: "ainosato".into(),
        has_totp: true,
        has_passkey: true,
        with_recovery_code,
        next: "/board".into(),
    };
    show("second-factor", &page(FormState::default(), false));
    show(
        "second-factor-error",
        &page(
            FormState::default()
                .set("code", "482715")
                .with_errors(errors(&[("code", "期限が切れたコードです。いま出ている6桁を入れてください。")])),
            false,
        ),
    );
    show("second-factor-recovery", &page(FormState::default(), true));
}

#[test]
fn new_password() {
    let form = FormState::default().with_errors(errors(&[
        ("new_password", "13文字以上にしてください(いま9文字)"),
        ("confirmation", "1回目と同じものを入れてください"),
    ]));
    show("new-password", &NewPasswordPage { form, login_id: "r.yamazaki".into(), next: String::new() });
}

#[test]
fn enrolment() {
    let qr = qrcode::QrCode::new("otpauth://totp/Tsumugi:r.yamazaki?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tsumugi").unwrap();
    let qr_svg = qr.render::<qrcode::render::svg::Color<'_>>().min_dimensions(180, 180).build();
    let qr_svg = qr_svg.split_once("?>").map_or(qr_svg.clone(), |(_, svg)| svg.to_owned());
    show(
        "enrolment",
        &EnrolmentPage {
            form: FormState::default(),
            qr_svg,
            secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".into(),
            next: String::new(),
        },
    );
    let codes = (0..10).map(|n| format!("{n}k4m-8w2q-z7t{n}")).collect();
    show("recovery-codes", &RecoveryCodesPage { codes, during_sign_in: true, onward: "/login/place".into() });
}

#[test]
fn place() {
    let page = |form, roles, other_sessions| PlacePage {
        form,
        staff_name: "長谷部 摩利亜アレクサンドラ".into(),
        clinic: "医療法人社団 藍の里内科・小児科クリニック".into(),
        other_sessions,
        places: vec![pair("1", "診察室1"), pair("2", "受付"), pair("3", "3階病棟")],
        roles,
        next: "/board".into(),
    };
    let both = vec![pair("doctor", "医師"), pair("clinic_admin", "管理者")];
    show("place", &page(FormState::default().set("role", "doctor").set("place", "1"), both, 2));
    show(
        "place-one-role",
        &page(FormState::default().with_errors(errors(&[("place", "勤務場所を選んでください")])), vec![pair("nurse", "看護師")], 0),
    );
}

#[test]
fn locked() {
    let page = |form, has_pin| LockedPage {
        form,
        staff_name: "山﨑 理恵".into(),
        clinic: "藍の里内科クリニック".into(),
        place: "診察室1".into(),
        has_pin,
        has_passkey: true,
        next: "/patients".into(),
    };
    show("locked", &page(FormState::default(), true));
    show("locked-error", &page(FormState::default().with_errors(errors(&[("password", "パスワードが違います")])), false));
}

#[test]
fn switch() {
    let person = |n: u8, name: &str, role, has_pin| SwitchPerson { staff_id: n.to_string(), name: name.into(), role, has_pin };
    let people = vec![
        person(1, "山﨑 理恵", "医師", true),
        person(2, "小野寺 梓", "看護師", true),
        person(3, "長谷部 摩利亜アレクサンドラ", "医療事務", false),
    ];
    let form = FormState::default().set("staff_id", "2").with_errors(errors(&[("pin", "PINが違います(あと3回)")]));
    show("switch", &SwitchPage { form, people, signed_in: true, next: "/patients".into() });
    show("switch-empty", &SwitchPage { form: FormState::default(), people: Vec::new(), signed_in: false, next: String::new() });
}

#[test]
fn reasons_survive_the_address() {
    for ended in [Ended::Expired, Ended::SignedOut, Ended::EverywhereSignedOut, Ended::Idle] {
        assert_eq!(Ended::from_code(ended.code()), Some(ended));
    }
    assert_eq!(Ended::from_code("<script>"), None);
}
