//! What a column of the file means, guessed from its heading.

use domain::text::folded;

use crate::patients::forms::RawPatientForm;

macro_rules! columns {
    ($($variant:ident $code:literal $label:literal [$($heading:literal)*])+) => {
        /// A field of the registration form, or a part of one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Column { Ignored, $($variant),+ }

        impl Column {
            pub const ALL: &'static [Column] = &[Column::Ignored, $(Column::$variant),+];

            pub const fn code(self) -> &'static str {
                match self { Self::Ignored => "", $(Self::$variant => $code),+ }
            }

            pub const fn label(self) -> &'static str {
                match self { Self::Ignored => "使わない", $(Self::$variant => $label),+ }
            }

            const fn headings(self) -> &'static [&'static str] {
                match self { Self::Ignored => &[], $(Self::$variant => &[$label, $($heading),*]),+ }
            }
        }
    };
}

columns! {
    Number "patient_number" "患者番号" ["患者id" "カルテ番号" "診察券番号" "患者no" "患者コード" "id" "no"]
    Name "name_ideographic" "氏名" ["患者氏名" "漢字氏名" "患者名" "名前" "氏名(漢字)"]
    Family "family" "姓" ["氏" "苗字" "姓(漢字)"]
    Given "given" "名" ["名(漢字)"]
    Kana "name_syllabic" "カナ" ["カナ氏名" "フリガナ" "ふりがな" "氏名カナ" "患者カナ" "氏名(カナ)" "カナ名" "よみがな"]
    FamilyKana "family_kana" "姓カナ" ["セイ" "姓(カナ)" "せい" "姓フリガナ"]
    GivenKana "given_kana" "名カナ" ["メイ" "名(カナ)" "めい" "名フリガナ"]
    Alias "alias_name" "旧姓・通称" ["旧姓" "通称"]
    Sex "sex" "性別" ["男女"]
    BirthDate "birth_date" "生年月日" ["誕生日"]
    PostalCode "postal_code" "郵便番号" ["〒"]
    Address "address" "住所" ["現住所" "住所1"]
    Address2 "address_2" "住所の続き" ["住所2" "番地" "建物名" "方書"]
    Tel "tel" "電話" ["電話番号" "自宅電話" "tel" "電話番号1"]
    Mobile "mobile" "携帯電話" ["携帯" "携帯電話番号" "電話番号2"]
    Email "email" "メール" ["メールアドレス" "e-mail" "email"]
    Note "note" "メモ" ["備考" "特記事項"]
    HouseholdHead "household_head" "世帯主" ["世帯主氏名" "世帯主名"]
    HouseholdRelation "household_relation" "世帯主との続柄" ["続柄"]
    Occupation "occupation" "職業" ["勤務先"]
    Pharmacy "pharmacy" "かかりつけ薬局" ["薬局"]
    Referrer "referrer" "紹介元" ["紹介元医療機関"]
    DeceasedOn "deceased_on" "死亡日" []
}

impl Column {
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.code() == code)
    }

    fn of_heading(heading: &str) -> Self {
        let heading = folded(heading);
        let means = |column: &&Column| column.headings().iter().any(|known| folded(known) == heading);
        Self::ALL.iter().find(means).copied().unwrap_or(Self::Ignored)
    }

    /// A meaning for each heading; the second column of one meaning is left out.
    pub fn guess(headings: &[String]) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for heading in headings {
            let column = Self::of_heading(heading);
            found.push(if found.contains(&column) { Self::Ignored } else { column });
        }
        found
    }
}

/// What the mapping lacks to register anybody; empty when nothing.
pub fn missing(mapping: &[Column]) -> Vec<&'static str> {
    let has = |column: Column| mapping.contains(&column);
    let mut lacks = Vec::new();
    if !has(Column::Name) && !has(Column::Family) {
        lacks.push("氏名");
    }
    if !has(Column::Kana) && !has(Column::FamilyKana) {
        lacks.push("カナ");
    }
    lacks.extend([Column::Sex, Column::BirthDate].into_iter().filter(|column| !has(*column)).map(Column::label));
    lacks
}

/// One line as the registration form would have it.
pub fn form_of(mapping: &[Column], fields: &[String]) -> RawPatientForm {
    let text = |column: Column| {
        let at = mapping.iter().position(|known| *known == column);
        at.and_then(|at| fields.get(at)).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let joined = |whole: Column, parts: [Column; 2], between: &str| {
        let parts = parts.map(text);
        if text(whole).is_empty() {
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
        } else {
            text(whole)
        }
    };
    RawPatientForm {
        patient_number: text(Column::Number),
        name_ideographic: joined(Column::Name, [Column::Family, Column::Given], " "),
        name_syllabic: joined(Column::Kana, [Column::FamilyKana, Column::GivenKana], " "),
        alias_name: text(Column::Alias),
        sex: sex_code(&text(Column::Sex)),
        birth_date: text(Column::BirthDate),
        postal_code: text(Column::PostalCode),
        address: [text(Column::Address), text(Column::Address2)].concat(),
        tel: text(Column::Tel),
        mobile: text(Column::Mobile),
        email: text(Column::Email),
        note: text(Column::Note),
        household_head: text(Column::HouseholdHead),
        household_relation: text(Column::HouseholdRelation),
        occupation: text(Column::Occupation),
        pharmacy: text(Column::Pharmacy),
        referrer: text(Column::Referrer),
        deceased_on: text(Column::DeceasedOn),
        ..RawPatientForm::default()
    }
}

/// 男・1・M and their like; what is not known stays as it is, for the form's own message.
fn sex_code(text: &str) -> String {
    match folded(text).as_str() {
        "男" | "男性" | "1" | "m" | "male" => "male".into(),
        "女" | "女性" | "2" | "f" | "female" => "female".into(),
        "不明" | "9" | "0" | "その他" | "unknown" => "unknown".into(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(headings: &[&str]) -> Vec<Column> {
        Column::guess(&headings.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn headings_are_known_by_their_usual_names() {
        assert_eq!(
            guess(&["患者ＩＤ", " フリガナ", "氏 名", "生年月日", "性別", "血液型", "患者番号"]),
            [Column::Number, Column::Kana, Column::Name, Column::BirthDate, Column::Sex, Column::Ignored, Column::Ignored]
        );
        assert_eq!(missing(&guess(&["姓", "名", "セイ", "メイ"])), ["性別", "生年月日"]);
    }

    #[test]
    fn parts_of_a_name_are_joined_and_sexes_read() {
        let mapping = guess(&["姓", "名", "セイ", "メイ", "性別"]);
        let fields = ["髙橋", "榮太郎", "タカハシ", "エイタロウ", "１"].map(str::to_owned);
        let form = form_of(&mapping, &fields);
        assert_eq!(
            (form.name_ideographic.as_str(), form.name_syllabic.as_str(), form.sex.as_str()),
            ("髙橋 榮太郎", "タカハシ エイタロウ", "male")
        );
        assert_eq!(form_of(&mapping, &fields[..1]).name_syllabic, "", "a short line lacks fields, nothing else");
    }
}
