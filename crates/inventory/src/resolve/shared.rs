//! `site.shared` together with what the Drupal preset shares.

use super::place::Place;
use crate::{Error, SharedPath, SharedPaths};

/// The paths as typed, each with line and column, then those of the preset that are not among them. Of the latter, what is linked only when there
/// makes way for what was typed: who names `private/uploads/` does not mean all of `private/`.
pub(super) fn shared(
    at: &Place<'_>,
    typed: Vec<(String, (usize, usize))>,
    preset: Vec<SharedPath>,
) -> Result<SharedPaths, Error> {
    let refuse =
        |(line, column), reason| Error::ParseInventory { path: at.path.to_owned(), line, column, reason };
    let positions: Vec<(usize, usize)> = typed.iter().map(|(_, position)| *position).collect();
    let parse = |(text, position): (String, _)| text.parse().map_err(|why| refuse(position, why));
    let typed = typed.into_iter().map(parse).collect::<Result<Vec<SharedPath>, _>>()?;
    let is_typed = |path: &SharedPath| {
        typed.iter().any(|own| own.path() == path.path() && own.is_directory() == path.is_directory())
    };
    let (mut all, count) = (typed.clone(), typed.len());
    for path in preset.into_iter().filter(|path| !is_typed(path)) {
        let beside = || [&typed[..], std::slice::from_ref(&path)].concat();
        if !path.is_when_there()
            || SharedPaths::new(typed.clone()).is_err()
            || SharedPaths::new(beside()).is_ok()
        {
            all.push(path);
        }
    }
    SharedPaths::new(all).map_err(|conflict| {
        // Of two, the one that is in the file.
        let number = if conflict.second < count { conflict.second } else { conflict.first };
        let reason = match conflict.second < count {
            true => conflict.reason,
            false => format!("{} (the other one is of the preset of `site.drupal`)", conflict.reason),
        };
        refuse(positions.get(number).copied().unwrap_or((1, 1)), reason)
    })
}
