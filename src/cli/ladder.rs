//! `impslint ladder`.

use std::io::{self, BufWriter, Write};

use super::arguments::{Ladder as Arguments, LadderFormat};
use super::{Fault, INTERNAL, NOT_RECOGNISED, UNREADABLE, complain, config, inputs, inputs::Inputs, inputs::Source};
use crate::engine::Engine;
use crate::report::Outcome;
use crate::report::ladder::{Ladder, Story, mermaid, svg, text};

pub(super) fn run(arguments: &Arguments) -> Result<u8, Fault> {
    let config = config::load(&arguments.reading.configured)?;
    let engine = Engine::new(config::rulebook(&config)?, inputs::threads(arguments.reading.threads));
    let engine = engine.with_keys(inputs::keys(arguments.reading.keylog.as_deref())?).with_stories();
    let mut inputs = Inputs::find(&arguments.paths, &arguments.reading, &config.profiles)?;
    let mut outcome = Outcome::default();
    while let Some(source) = inputs.next() {
        match source {
            Source::Capture(mut capture) => engine.check(&mut capture, &mut outcome),
            Source::Log(mut log) => engine.check_log(&mut log, &mut outcome),
        }
    }
    outcome.internal.iter().for_each(|fault| complain(fault));
    if outcome.stories.is_empty() {
        complain("no session in what was read");
    } else {
        write(arguments, &mut outcome)?;
    }
    Ok(if !outcome.internal.is_empty() {
        INTERNAL
    } else if inputs.unreadable() {
        UNREADABLE
    } else if outcome.stories.is_empty() {
        NOT_RECOGNISED
    } else {
        0
    })
}

/// Draws what is wanted.
fn write(arguments: &Arguments, outcome: &mut Outcome) -> Result<(), Fault> {
    let count = outcome.findings.len();
    if let Some(wanted) = arguments.finding.filter(|wanted| !(1..=count).contains(wanted)) {
        return Err(Fault::Usage(format!("--finding {wanted}: there are findings 1 to {count}")));
    }
    if arguments.redact {
        outcome.stories.iter_mut().for_each(|story| story.user = None);
    }
    let is_wanted = |story: &&Story| {
        let is = |known: &Option<String>, wanted: &String| known.as_ref() == Some(wanted);
        arguments.session.as_ref().is_none_or(|wanted| is(&story.id, wanted) || is(&story.user, wanted))
    };
    let draw = |story: &Story| Ladder::of(story, &outcome.findings, arguments.finding);
    let is_of_finding = |ladder: &Ladder| arguments.finding.is_none_or(|wanted| ladder.findings().contains(&wanted));
    let ladders: Vec<Ladder> = outcome.stories.iter().filter(is_wanted).map(draw).filter(is_of_finding).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match (arguments.format, ladders.as_slice()) {
        (_, []) if arguments.finding.is_some() => {
            let what = "the finding is about no session, or not about the one that was asked for";
            return Err(Fault::Usage(format!("--finding: {what}")));
        }
        (_, []) => return Err(Fault::Usage("--session: there is no such session or user".to_owned())),
        (LadderFormat::Svg, [ladder]) => out.write_all(svg(ladder).as_bytes())?,
        (LadderFormat::Svg, several) => {
            let what = format!("there are {}: choose one with --session or --finding", several.len());
            return Err(Fault::Usage(format!("SVG draws one session, and {what}")));
        }
        (format, several) => {
            for (at, ladder) in several.iter().enumerate() {
                let drawn = if format == LadderFormat::Text { text(ladder) } else { mermaid(ladder) };
                write!(out, "{}{drawn}", if at > 0 { "\n" } else { "" })?;
            }
        }
    }
    Ok(out.flush()?)
}
