//! What is in the way of an adoption, said line by line.

use cli::Console;
use record::host::Obstacle;
use record::{RemedyCommand, RemedyPlace};

use crate::Error;

/// What helps, a line each, as `fleet-push doctor` says it.
pub(crate) fn lines(obstacle: &Obstacle) -> Vec<String> {
    let command = |command: &RemedyCommand| {
        let place = match command.place {
            RemedyPlace::Here => "here",
            RemedyPlace::Host => "there",
            RemedyPlace::Root => "there as root",
        };
        format!("remedy, run {place}: {}", command.command)
    };
    let words = obstacle.remedy.iter().map(|remedy| format!("remedy: {remedy}"));
    words.chain(obstacle.commands.iter().map(command)).collect()
}

/// All that is in the way of an adoption, and what helps; the error says the first.
pub(crate) fn tell_obstacles(error: Error, console: &Console) -> Error {
    if let Error::InTheWay { obstacles, .. } = &error {
        for obstacle in obstacles {
            console.warn(&obstacle.found);
            lines(obstacle).iter().for_each(|line| console.say(line));
        }
    }
    error
}
