//! The table on the screen and in docs/bench.md.

use std::fmt::Write as _;

/// One goal and what was measured.
pub struct Line {
    pub what: String,
    pub measured: String,
    pub goal: String,
    pub is_met: bool,
}

#[derive(Default)]
pub struct Report {
    pub lines: Vec<Line>,
    pub facts: Vec<String>,
}

impl Report {
    /// A value that must not exceed its goal.
    pub fn at_most(&mut self, what: &str, value: f64, goal: f64, unit: &str) {
        self.lines.push(Line {
            what: what.to_owned(),
            measured: format!("{value:.2}{unit}"),
            goal: format!("≤ {goal}{unit}"),
            is_met: value <= goal,
        });
    }

    pub fn fact(&mut self, text: String) {
        println!("{text}");
        self.facts.push(text);
    }

    pub fn to_markdown(&self) -> String {
        let mut out = String::from(
            "# Bench\n\nWritten by `make bench`. CPU is that of the server, the Postgres cluster and Redis per request, load generator left out; \
             floor and product were driven in turns in one run. Ratios hold on a busy machine, absolute times do not.\n\n| | measured | goal | |\n|---|---|---|---|\n",
        );
        for line in &self.lines {
            let mark = if line.is_met { "met" } else { "**missed**" };
            let _ = writeln!(out, "| {} | {} | {} | {mark} |", line.what, line.measured, line.goal);
        }
        out.push_str("\n## Behind the table\n\n");
        for fact in &self.facts {
            let _ = writeln!(out, "- {fact}");
        }
        out
    }
}
