//! Who comes this morning and what happens to each of them: drawn from the seed, so that a morning can be had again.

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len() as u64) as usize]
    }
}

/// How somebody comes to be on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    WalkIn,
    /// The card reader's file; in Shift_JIS when true.
    Card(bool),
    Booking,
    /// The service cannot be asked: received by sight.
    BySight,
}

/// How the visit ends at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Paid,
    PartlyPaid,
    Later,
    Cancelled,
    /// Left before the end: stays 保留, said in the day's closing.
    OnHold,
}

/// How the 処方箋 of a visit is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issue {
    Paper,
    /// Signed and registered.
    Electronic,
    /// On paper, registered beside it.
    Numbered,
}

impl Issue {
    pub fn is_registered(self) -> bool {
        self != Self::Paper
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Electronic => "electronic",
            Self::Numbered => "numbered",
        }
    }
}

/// One patient's morning.
#[derive(Debug, Clone)]
pub struct Plan {
    pub number: usize,
    pub family: String,
    pub given: String,
    pub birth: String,
    pub arrival: Arrival,
    pub ending: Ending,
    pub is_measured: bool,
    pub has_questionnaire: bool,
    /// Nurse and doctor write the same section at the same moment.
    pub is_contested: bool,
    pub drugs: usize,
    pub issue: Issue,
    /// The doctor takes the registered 処方箋 back afterwards.
    pub is_taken_back: bool,
    pub is_examined: bool,
    pub is_treated: bool,
    pub is_recalled: bool,
    pub comes_again: bool,
}

const FAMILY: [&str; 12] = [
    "アサギリ",
    "ハルノ",
    "ミナセ",
    "コトブキ",
    "シラカワ",
    "タチバナ",
    "ヒノデ",
    "フジナミ",
    "マツカゼ",
    "ユウナギ",
    "ワカバ",
    "ツキシロ",
];
const GIVEN: [&str; 12] =
    ["アオイ", "イブキ", "カナデ", "キヨシ", "サクラ", "シズカ", "タケル", "チヒロ", "ナオミ", "ヒカル", "ミドリ", "ユズル"];

/// Every kind of arrival and ending is there from the twelfth patient on.
pub fn plans(patients: usize, seed: u64) -> Vec<Plan> {
    let mut dice = Dice(seed);
    (0..patients).map(|number| plan(number, &mut dice)).collect()
}

fn plan(number: usize, dice: &mut Dice) -> Plan {
    let arrival =
        [Arrival::WalkIn, Arrival::Card(false), Arrival::Booking, Arrival::Card(true), Arrival::WalkIn, Arrival::BySight][number % 6];
    let ending = match number % 12 {
        5 => Ending::PartlyPaid,
        7 => Ending::Later,
        9 => Ending::Cancelled,
        10 => Ending::OnHold,
        _ => Ending::Paid,
    };
    // The third doctor begins today and has no key to sign with yet.
    let issue = match number % 12 {
        0 => Issue::Paper,
        n if n % 3 == 2 => Issue::Numbered,
        _ => Issue::Electronic,
    };
    let is_whole = !matches!(ending, Ending::Cancelled | Ending::OnHold);
    let (year, month, day) = (1930 + dice.roll(80), 1 + dice.roll(12), 1 + dice.roll(28));
    Plan {
        number,
        family: (*dice.pick(&FAMILY)).to_owned(),
        given: (*dice.pick(&GIVEN)).to_owned(),
        birth: format!("{year}-{month:02}-{day:02}"),
        arrival,
        ending,
        is_measured: number % 3 != 1,
        has_questionnaire: number.is_multiple_of(4),
        is_contested: number % 5 == 2 && is_whole,
        drugs: if is_whole { [1, 2, 0, 3][number % 4] } else { 0 },
        issue,
        is_taken_back: number % 12 == 3,
        is_examined: number % 4 == 3 && is_whole,
        is_treated: number % 6 == 4 && is_whole,
        is_recalled: number % 12 == 8,
        comes_again: number % 12 == 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_morning_and_nothing_is_left_out() {
        let twelve = plans(12, 7);
        assert_eq!(format!("{twelve:?}"), format!("{:?}", plans(12, 7)));
        for ending in [Ending::Paid, Ending::PartlyPaid, Ending::Later, Ending::Cancelled, Ending::OnHold] {
            assert!(twelve.iter().any(|p| p.ending == ending), "{ending:?}");
        }
        for arrival in [Arrival::WalkIn, Arrival::Card(true), Arrival::Card(false), Arrival::Booking, Arrival::BySight] {
            assert!(twelve.iter().any(|p| p.arrival == arrival), "{arrival:?}");
        }
        assert!(twelve.iter().any(|p| p.is_contested) && twelve.iter().any(|p| p.is_examined) && twelve.iter().any(|p| p.comes_again));
        for issue in [Issue::Paper, Issue::Electronic, Issue::Numbered] {
            assert!(twelve.iter().any(|p| p.issue == issue && p.drugs > 0), "{issue:?}");
        }
        assert!(twelve.iter().any(|p| p.is_taken_back && p.drugs > 0));
    }
}
