//! `rtorrent-events`: rtorrent tells swap-release of what it has, so that a server whose push was killed finishes by itself.

use record::Check;

use crate::doctor::Subject;
use crate::doctor::remedy::{ok, unknown, warning};
use crate::doctor::seen::SeenRtorrent;

const NAME: &str = "rtorrent-events";
/// The key under which the reviewed configuration hangs its handler on both events.
const KEY: &str = "swap";

pub(super) fn check(subject: &Subject<'_>, rtorrent: &SeenRtorrent) -> Option<Check> {
    rtorrent.version.as_ref().ok()?;
    let Some(events) = &rtorrent.events else {
        return Some(unknown(NAME, "rtorrent does not say what it runs on its events"));
    };
    if events.iter().all(|keys| keys.iter().any(|key| key == KEY)) {
        return Some(ok(NAME, "finished and hash_done tell swap-release"));
    }
    Some(warning(
        NAME,
        "rtorrent does not tell swap-release when a download is there",
        "pushes work all the same; for servers to finish on their own, take the two `method.set_key` lines of the reviewed configuration",
        [subject.rtorrent_setup()],
    ))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good_rtorrent};

    #[test]
    fn both_events_are_needed() {
        let world = World::new("rtorrent");
        let mut rtorrent = good_rtorrent();
        assert_eq!(check(&world.subject(), &rtorrent).unwrap().verdict, Verdict::Ok);
        rtorrent.events = Some([vec!["swap".into()], vec!["!_timestamp".into()]]);
        let told = check(&world.subject(), &rtorrent).unwrap();
        assert_says(&told, Verdict::Warning, "does not tell", "fleet-push install");
        rtorrent.events = None;
        assert_eq!(check(&world.subject(), &rtorrent).unwrap().verdict, Verdict::Unknown);
        rtorrent.version = Err("x".into());
        assert_eq!(check(&world.subject(), &rtorrent), None);
    }
}
