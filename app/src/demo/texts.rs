//! Chart text by templates: what a busy practice writes, one problem at a time. `{…}` is filled with values that fit.

use super::rng::Rng;

/// A reason to come, with matching sentences for S, O, A and P and the drugs it usually ends with.
pub struct Problem {
    pub purpose: &'static str,
    /// Youngest and oldest usual age, years.
    pub ages: (i64, i64),
    pub subjective: &'static [&'static str],
    pub objective: &'static [&'static str],
    pub assessment: &'static [&'static str],
    pub plan: &'static [&'static str],
    /// A word of the sample drug master's names, 用法, days.
    pub drugs: &'static [(&'static str, &'static str, i32)],
}

pub const PROBLEMS: &[Problem] = &[
    Problem {
        purpose: "定期受診（高血圧）",
        ages: (40, 100),
        subjective: &[
            "家庭血圧は朝 {sbp}/{dbp} 前後で落ち着いている。頭痛なし。",
            "めまい・動悸なし。減塩は続けている。外食が週 {n} 回。",
            "冬になって朝の血圧が高め。薬の飲み忘れは月に {n} 回ほど。",
            "足のむくみは夕方だけ。息切れなし。",
            "血圧手帳を持参。夜間の測定はできていない。",
        ],
        objective: &[
            "BP {sbp}/{dbp} mmHg、P {pulse}/分 整。",
            "BP {sbp}/{dbp}、体重 {weight} kg。心音純、呼吸音清、下腿浮腫なし。",
            "診察室血圧 {sbp}/{dbp}（2回目 {sbp2}/{dbp}）。頸部血管雑音なし。",
            "Cr 0.{n}8、K 4.{n}。尿蛋白（−）。",
        ],
        assessment: &["高血圧症、目標内で推移。", "高血圧症。朝のみ高値、測定条件を再確認。", "高血圧症、減塩の効果あり。腎機能変化なし。"],
        plan: &[
            "同処方を継続。次回 {weeks} 週後。",
            "塩分 6 g/日未満を再度説明。家庭血圧を朝晩 2 回記録。",
            "次回採血（腎機能・電解質・脂質）。",
            "血圧が 160 を超える日が続けば早めに受診するよう説明。",
        ],
        drugs: &[("アルファ錠５", "1日1回 朝食後", 28), ("ベータカプセル", "1日1回 朝食後", 28)],
    },
    Problem {
        purpose: "定期受診（糖尿病）",
        ages: (35, 95),
        subjective: &[
            "間食が増えたと自覚。低血糖症状なし。",
            "1日 {steps} 歩を目標に歩いている。口渇・多尿なし。",
            "しびれは足先にときどき。夜間尿 {n} 回。",
            "眼科は半年前に受診、網膜症なしと言われた。",
        ],
        objective: &[
            "HbA1c {a1c}%、随時血糖 {glu} mg/dL。体重 {weight} kg。",
            "BP {sbp}/{dbp}。足背動脈触知良好、皮膚潰瘍なし。",
            "アキレス腱反射 両側やや低下。尿アルブミン 1{n} mg/gCr。",
        ],
        assessment: &[
            "2型糖尿病、HbA1c {a1c}%。",
            "2型糖尿病。食事療法の乱れによる一時的な悪化と考える。",
            "2型糖尿病、コントロール良好。合併症の進行なし。",
        ],
        plan: &[
            "処方継続。{weeks} 週後に HbA1c 再検。",
            "管理栄養士による栄養指導を予約。",
            "眼科受診を依頼（糖尿病連携手帳に記載）。",
            "シックデイの対応を文書で再説明。",
        ],
        drugs: &[("イオタ錠", "1日2回 朝夕食後", 28)],
    },
    Problem {
        purpose: "かぜ症状",
        ages: (0, 90),
        subjective: &[
            "{n} 日前から咽頭痛、昨夜から {temp}℃ の発熱。",
            "鼻汁と咳。痰は白色。食事はとれている。",
            "同居家族に同じ症状。息苦しさなし。",
            "咳で夜眠れない。市販薬は飲んでいない。",
            "関節痛と悪寒。水分はとれている。",
        ],
        objective: &[
            "BT {temp}℃、SpO2 {spo2}%。咽頭発赤軽度、扁桃腫大なし。",
            "呼吸音清、ラ音なし。頸部リンパ節 触れず。",
            "BT {temp}℃、P {pulse}/分。迅速抗原検査（インフルエンザ・SARS-CoV-2）陰性。",
        ],
        assessment: &["急性上気道炎。", "急性上気道炎、細菌感染を疑う所見なし。", "急性気管支炎の疑い。全身状態良好。"],
        plan: &[
            "対症療法。3日で改善しなければ再診。",
            "抗菌薬は不要と説明し、納得を得た。",
            "水分摂取と休養を指示。呼吸困難があればすぐ受診。",
            "登園・登校は解熱後 24 時間を目安に。",
        ],
        drugs: &[("カッパ坐剤", "発熱時", 3), ("ミュー顆粒", "1日3回 毎食後", 5)],
    },
    Problem {
        purpose: "腹痛・下痢",
        ages: (3, 90),
        subjective: &[
            "昨日から水様下痢 {n} 回。血便なし。",
            "みぞおちの痛みが食後に強い。黒色便なし。",
            "嘔気あり、嘔吐 1 回。生ものは食べていない。",
        ],
        objective: &[
            "腹部平坦・軟、圧痛は心窩部に軽度。反跳痛なし。",
            "BT {temp}℃、腸蠕動音亢進。脱水所見なし。",
            "体重 {weight} kg（前回より −0.{n} kg）。",
        ],
        assessment: &["急性胃腸炎。", "機能性ディスペプシアの疑い。", "急性胃腸炎、脱水なし。"],
        plan: &["整腸薬。経口補水を少量ずつ。", "警告症状（血便・高熱・持続する痛み）を説明。", "改善なければ上部消化管内視鏡を検討。"],
        drugs: &[("ガンマ散", "1日3回 毎食後", 5)],
    },
    Problem {
        purpose: "腰痛",
        ages: (20, 90),
        subjective: &[
            "荷物を持ち上げてから腰痛。下肢のしびれなし。",
            "朝のこわばりは 10 分程度。歩くと楽になる。",
            "安静時痛なし。排尿障害なし。",
        ],
        objective: &["SLR 両側陰性。下肢筋力 5/5。叩打痛なし。", "前屈で疼痛増強。感覚障害なし。"],
        assessment: &["急性腰痛症、危険な徴候なし。", "慢性腰痛症、姿勢と筋力低下の関与。"],
        plan: &["動ける範囲で活動を続けるよう説明。", "体操の資料を渡した。2週間で改善なければ画像検査。", "外用薬を処方。"],
        drugs: &[("エータテープ", "1日1回 貼付", 14)],
    },
    Problem {
        purpose: "花粉症",
        ages: (6, 80),
        subjective: &["くしゃみ・水様鼻汁・眼のかゆみ。例年この時期。", "夜間の鼻閉で口呼吸。眠気の出ない薬を希望。"],
        objective: &["鼻粘膜 蒼白・浮腫状。眼瞼結膜充血。", "呼吸音清、喘鳴なし。"],
        assessment: &["季節性アレルギー性鼻炎。", "アレルギー性鼻炎・結膜炎、中等症。"],
        plan: &["抗ヒスタミン薬を {weeks} 週分。", "点鼻薬の使い方を実演して説明。", "外出時のマスクと洗顔を勧めた。"],
        drugs: &[("ラムダＯＤ錠", "1日1回 就寝前", 28), ("ゼータ点眼液", "1日4回 両眼", 28)],
    },
    Problem {
        purpose: "予防接種の相談",
        ages: (0, 100),
        subjective: &["接種の希望。過去の接種で副反応なし。", "卵アレルギーなし。昨日から体調良好。"],
        objective: &["BT 36.{n}℃。咽頭・胸部に異常なし。", "全身状態良好。"],
        assessment: &["接種可能。"],
        plan: &["接種後 30 分の待機を説明。", "当日の激しい運動を避ける。入浴は可。"],
        drugs: &[],
    },
];

/// One chart entry: two or three sentences for S and O, one for A, two for P.
pub struct Entry {
    pub sections: [(&'static str, String); 4],
}

pub fn entry(problem: &Problem, rng: &mut Rng) -> Entry {
    Entry {
        sections: [
            ("S", sentences(problem.subjective, 2, rng)),
            ("O", sentences(problem.objective, 2, rng)),
            ("A", sentences(problem.assessment, 1, rng)),
            ("P", sentences(problem.plan, 2, rng)),
        ],
    }
}

/// A problem that suits the age.
pub fn problem(age: i64, rng: &mut Rng) -> &'static Problem {
    loop {
        let problem = rng.pick(PROBLEMS);
        if (problem.ages.0..=problem.ages.1).contains(&age) {
            return problem;
        }
    }
}

fn sentences(from: &[&str], count: usize, rng: &mut Rng) -> String {
    let start = rng.pick(&[0_usize, 1, 2, 3, 4]);
    let lines: Vec<String> = (0..count.min(from.len())).map(|i| fill(from[(start + i) % from.len()], rng)).collect();
    lines.join("\n")
}

fn fill(template: &str, rng: &mut Rng) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(&value(name, rng));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn value(name: &str, rng: &mut Rng) -> String {
    let tenths = |low, high, rng: &mut Rng| {
        let n = rng.between(low, high);
        format!("{}.{}", n / 10, n % 10)
    };
    match name {
        "sbp" => rng.between(112, 158).to_string(),
        "sbp2" => rng.between(110, 140).to_string(),
        "dbp" => rng.between(62, 95).to_string(),
        "pulse" => rng.between(58, 98).to_string(),
        "spo2" => rng.between(95, 100).to_string(),
        "glu" => rng.between(98, 230).to_string(),
        "weeks" => rng.pick(&[4, 8]).to_string(),
        "steps" => (rng.between(40, 95) * 100).to_string(),
        "temp" => tenths(362, 392, rng),
        "a1c" => tenths(60, 85, rng),
        "weight" => tenths(420, 830, rng),
        _ => rng.between(2, 7).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_fills_and_every_age_has_a_problem() {
        let mut rng = Rng::new(1);
        for age in 0..=100 {
            for _ in 0..20 {
                for (_, text) in entry(problem(age, &mut rng), &mut rng).sections {
                    assert!(!text.is_empty() && !text.contains(['{', '}']), "{text}");
                }
            }
        }
    }
}
