//! People who do not exist, with cards whose numbers pass their check digit.

/// One card holder. Reading in half-width kana, as cards carry it.
pub struct Person {
    pub key: &'static str,
    pub name: &'static str,
    pub kana: &'static str,
    /// 1 male, 2 female
    pub sex: &'static str,
    pub birth_date: &'static str,
    pub post_number: &'static str,
    pub address: &'static str,
    pub insurer_number: &'static str,
    pub insurer_name: &'static str,
    pub symbol: &'static str,
    pub number: &'static str,
    pub branch: &'static str,
    /// 1 self, 2 family
    pub relation: &'static str,
    /// three digits of percent
    pub ratio: &'static str,
    /// 証区分
    pub classification: &'static str,
    /// 限度額区分, empty when none
    pub limit: &'static str,
}

pub const PEOPLE: [Person; 8] = [
    Person {
        key: "taro",
        name: "架空　太郎",
        kana: "ｶｸｳ ﾀﾛｳ",
        sex: "1",
        birth_date: "19750401",
        post_number: "100-0000",
        address: "東京都架空区架空１－２－３",
        insurer_number: "01139997",
        insurer_name: "全国健康保険協会　架空支部",
        symbol: "12345678",
        number: "9000001",
        branch: "00",
        relation: "1",
        ratio: "030",
        classification: "01",
        limit: "A03",
    },
    Person {
        key: "hanako",
        name: "架空　花子",
        kana: "ｶｸｳ ﾊﾅｺ",
        sex: "2",
        birth_date: "19900101",
        post_number: "100-0000",
        address: "東京都架空区架空１－２－３",
        insurer_number: "06139992",
        insurer_name: "架空健康保険組合",
        symbol: "ア・１２",
        number: "9000003",
        branch: "01",
        relation: "2",
        ratio: "030",
        classification: "01",
        limit: "",
    },
    Person {
        key: "takasaki",
        name: "髙﨑　德藏",
        kana: "ﾀｶｻｷ ﾄｸｿﾞｳ",
        sex: "1",
        birth_date: "19391103",
        post_number: "251-0000",
        address: "神奈川県架空市架空台０－０",
        insurer_number: "39140017",
        insurer_name: "神奈川県架空後期高齢者医療広域連合",
        symbol: "",
        number: "09000012",
        branch: "",
        relation: "1",
        ratio: "010",
        classification: "01",
        limit: "B09",
    },
    Person {
        key: "yoshida",
        name: "吉田　健一",
        kana: "ﾖｼﾀﾞ ｹﾝｲﾁ",
        sex: "1",
        birth_date: "19680815",
        post_number: "100-0000",
        address: "東京都架空区架空４－５",
        insurer_number: "138057",
        insurer_name: "架空区",
        symbol: "架１",
        number: "900100",
        branch: "01",
        relation: "1",
        ratio: "030",
        classification: "01",
        limit: "",
    },
    Person {
        key: "maria",
        name: "マリアクリスティーナ　フェルナンデスデラクルス",
        kana: "ﾏﾘｱｸﾘｽﾃｨｰﾅ ﾌｪﾙﾅﾝﾃﾞｽﾃﾞﾗｸﾙｽ",
        sex: "2",
        birth_date: "19960229",
        post_number: "100-0000",
        address: "東京都架空区架空６－７－８０９",
        insurer_number: "138057",
        insurer_name: "架空区",
        symbol: "架２",
        number: "900777",
        branch: "02",
        relation: "2",
        ratio: "030",
        classification: "01",
        limit: "",
    },
    Person {
        key: "baby",
        name: "架空　陽翔",
        kana: "ｶｸｳ ﾊﾙﾄ",
        sex: "1",
        birth_date: "20260510",
        post_number: "100-0000",
        address: "東京都架空区架空１－２－３",
        insurer_number: "01139997",
        insurer_name: "全国健康保険協会　架空支部",
        symbol: "12345678",
        number: "9000001",
        branch: "03",
        relation: "2",
        ratio: "020",
        classification: "01",
        limit: "",
    },
    Person {
        key: "fujo",
        name: "架空　扶助",
        kana: "ｶｸｳ ﾌｼﾞｮ",
        sex: "2",
        birth_date: "19550612",
        post_number: "100-0000",
        address: "東京都架空区架空９",
        insurer_number: "12130019",
        insurer_name: "架空区福祉事務所",
        symbol: "",
        number: "9000019",
        branch: "",
        relation: "1",
        ratio: "",
        classification: "A1",
        limit: "",
    },
    Person {
        key: "nguyen",
        name: "ＮＧＵＹＥＮ　ＴＨＩ　ＨＵＯＮＧ",
        kana: "",
        sex: "2",
        birth_date: "20000315",
        post_number: "100-0000",
        address: "東京都架空区架空１０",
        insurer_number: "138057",
        insurer_name: "架空区",
        symbol: "架３",
        number: "900888",
        branch: "01",
        relation: "1",
        ratio: "030",
        classification: "01",
        limit: "",
    },
];

/// The person of that key, or the first.
pub fn find(key: &str) -> &'static Person {
    PEOPLE.iter().find(|person| person.key == key).unwrap_or(&PEOPLE[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 検証番号 of 保険者番号: weights 2,1 from the right, digits of products summed, modulo 10.
    fn passes_check(number: &str) -> bool {
        let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
        let (check, body) = digits.split_last().unwrap();
        let sum: u32 = body.iter().rev().zip([2, 1].iter().cycle()).map(|(d, w)| d * w / 10 + d * w % 10).sum();
        *check == (10 - sum % 10) % 10
    }

    #[test]
    fn every_insurer_number_passes_its_check_digit() {
        for person in &PEOPLE {
            assert!(passes_check(person.insurer_number), "{} {}", person.key, person.insurer_number);
        }
    }

    #[test]
    fn every_birth_date_is_a_day() {
        for person in &PEOPLE {
            assert!(chrono::NaiveDate::parse_from_str(person.birth_date, "%Y%m%d").is_ok(), "{}", person.key);
        }
    }
}
