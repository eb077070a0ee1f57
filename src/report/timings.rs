//! Where the time of a run went, for those who ask.

use std::io::{self, Write};
use std::time::Duration;

use serde::{Serialize, Serializer};

/// How long a run took, by stages and rules.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Timings {
    /// All of it, from the first octet read to the last rule asked.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub total: Duration,
    /// Each stage without those within it, in order.
    #[serde(serialize_with = "by_stage")]
    pub stages: Vec<(&'static str, Duration)>,
    /// Each rule, the longest first.
    pub rules: Vec<RuleTime>,
}

/// How long a rule took.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct RuleTime {
    /// The rule.
    pub rule: &'static str,
    /// How often it was asked, about; `None` for a rule that was not to run.
    pub asked: Option<u64>,
    /// How long it took in all, about.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub time: Duration,
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

fn by_stage<S: Serializer>(stages: &[(&'static str, Duration)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Stage {
        stage: &'static str,
        seconds: f64,
    }
    serializer.collect_seq(stages.iter().map(|(stage, time)| Stage { stage, seconds: time.as_secs_f64() }))
}

impl Timings {
    /// Writes them as tables, with how long the report took.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, report: Duration, out: &mut impl Write) -> io::Result<()> {
        let all = self.total + report;
        let share = |time: Duration| 100.0 * time.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE);
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let mut row = |what: &str, time: Duration, asked: &str| {
            writeln!(out, "{what:38} {:>10.3} ms {:>5.1} % {asked:>12}", milliseconds(time), share(time))
        };
        let known: Duration = self.stages.iter().map(|(_, time)| *time).sum();
        for (stage, time) in &self.stages {
            row(stage, *time, "")?;
        }
        row("the rest", self.total.saturating_sub(known), "")?;
        row("report", report, "")?;
        row("in all", all, "")?;
        writeln!(out)?;
        for RuleTime { rule, asked, time } in &self.rules {
            match asked {
                None => writeln!(out, "{rule:38} not run")?,
                Some(0) => writeln!(out, "{rule:38} nothing to ask it about")?,
                Some(asked) => writeln!(
                    out,
                    "{rule:38} {:>10.3} ms {:>5.1} % {:>12}",
                    milliseconds(*time),
                    share(*time),
                    format!("{asked} times")
                )?,
            }
        }
        Ok(())
    }
}
