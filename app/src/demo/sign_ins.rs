//! `tsumugi demo sign-ins`: what a person needs to walk in.

use super::clinics::{CLINICS, FIRST_PASSWORD, PASSWORD, STAFF, TOTP_SECRET};

pub fn print() {
    println!("医療機関コード");
    for clinic in CLINICS {
        println!("  {:<10} {}", clinic.code, clinic.name);
    }
    println!("\nユーザーID（各医療機関共通）");
    for person in STAFF {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.label()).collect();
        let first = if person.is_new {
            format!("  初回パスワード {FIRST_PASSWORD}（変更と認証アプリの登録が必要）")
        } else {
            String::new()
        };
        println!("  {:<11} {}（{}）{first}", person.login_id, person.name, roles.join("・"));
    }
    println!("\nパスワード     {PASSWORD}");
    println!("認証アプリの鍵 {TOTP_SECRET}（TOTP, SHA-1, 6桁, 30秒）");
    println!("合成データです。実在の人物・医療機関とは関係ありません。");
}
