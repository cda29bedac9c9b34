//! Where everything is below `deploy_to`.

use std::path::{Path, PathBuf};

use record::{ReleaseId, Sha256};

use crate::host::disk::mounts::Inode;

/// The layout of a site on a server (Capistrano's names).
#[derive(Debug, Clone)]
pub(crate) struct Paths(PathBuf);

impl Paths {
    pub(crate) fn new(deploy_to: &Path) -> Self {
        Self(deploy_to.to_owned())
    }

    pub(crate) fn deploy_to(&self) -> &Path {
        &self.0
    }

    /// The symlink that the web server follows.
    pub(crate) fn current(&self) -> PathBuf {
        self.0.join("current")
    }

    /// The symlink that becomes `current` by rename; in the same directory, so that rename(2) is all it takes.
    pub(crate) fn next(&self) -> PathBuf {
        self.0.join(".current.next")
    }

    pub(crate) fn releases(&self) -> PathBuf {
        self.0.join("releases")
    }

    /// Whether `..` of `releases/` is deploy_to. It is not where `releases/` is a link to a directory elsewhere: from there a
    /// relative link would lead past `shared/`.
    pub(crate) fn releases_are_below(&self) -> bool {
        let above = Inode::of(&self.releases().join(".."));
        above.is_none() || above == Inode::of(&self.0)
    }

    /// The text of a link to what is at `path` in `shared/`, wherever the link is.
    pub(crate) fn shared_from_anywhere(&self, path: &str) -> PathBuf {
        let shared = self.shared().join(path);
        std::path::absolute(&shared).unwrap_or(shared)
    }

    /// The tree of a release.
    pub(crate) fn release(&self, id: &ReleaseId) -> PathBuf {
        self.releases().join(id.as_str())
    }

    /// Where a release is unpacked; a release id never starts with a dot, so the two cannot clash.
    pub(crate) fn staging(&self, id: &ReleaseId) -> PathBuf {
        self.releases().join(format!(".staging-{id}"))
    }

    pub(crate) fn shared(&self) -> PathBuf {
        self.0.join("shared")
    }

    /// Where BitTorrent clients put payloads: an rtorrent, and the embedded peer.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.0.join("incoming")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.0.join(".swap")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.state().join("lock")
    }

    /// Held by the embedded peer while it is at work.
    pub(crate) fn receiving(&self) -> PathBuf {
        self.state().join("receive.lock")
    }

    /// Notes of what embedded peers brought.
    pub(crate) fn received_folder(&self) -> PathBuf {
        self.state().join("received")
    }

    /// The note of the payload of this name.
    pub(crate) fn received(&self, name: &str) -> PathBuf {
        self.received_folder().join(name)
    }

    /// Room for a full disk.
    pub(crate) fn reserve(&self) -> PathBuf {
        self.state().join("reserve")
    }

    pub(crate) fn pending(&self) -> PathBuf {
        self.state().join("pending.json")
    }

    /// A journal that could not be read, kept for whoever wants to know.
    pub(crate) fn unreadable(&self) -> PathBuf {
        self.state().join("pending.unreadable")
    }

    /// A `current` that led nowhere, out of the way of the release that was activated instead.
    pub(crate) fn set_aside(&self, id: &ReleaseId) -> PathBuf {
        self.state().join(format!("current.{id}"))
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.state().join("history.jsonl")
    }

    /// What is known of all releases.
    pub(crate) fn known(&self) -> PathBuf {
        self.state().join("releases")
    }

    /// What is known of one release.
    pub(crate) fn known_release(&self, id: &ReleaseId) -> PathBuf {
        self.known().join(id.as_str())
    }

    pub(crate) fn state_file(&self, id: &ReleaseId) -> PathBuf {
        self.known_release(id).join("state.json")
    }

    pub(crate) fn manifest(&self, id: &ReleaseId) -> PathBuf {
        self.known_release(id).join("manifest.jsonl")
    }

    /// What events of a BitTorrent client may stage.
    pub(crate) fn wanted_folder(&self) -> PathBuf {
        self.state().join("wanted")
    }

    /// The wanted record of an infohash, lower-case hex.
    pub(crate) fn wanted(&self, infohash: &str) -> PathBuf {
        self.wanted_folder().join(format!("{infohash}.json"))
    }

    /// The manifest of a plain tree, as fleet-push leaves it.
    pub(crate) fn pushed_manifest(&self, tree_digest: &Sha256) -> PathBuf {
        self.state().join("manifests").join(format!("{tree_digest}.jsonl"))
    }

    /// Sites whose maintenance mode is to be ended.
    pub(crate) fn maintenance(&self) -> PathBuf {
        self.state().join("maintenance.json")
    }

    /// The command that runs for whoever holds the lock.
    pub(crate) fn running(&self) -> PathBuf {
        self.state().join("running")
    }

    /// Hooks that are to be run should the deployment under way be taken back.
    pub(crate) fn afterwards(&self) -> PathBuf {
        self.state().join("afterwards.json")
    }

    /// What an undo of the deployment under way needs.
    pub(crate) fn undo(&self) -> PathBuf {
        self.state().join("undo.json")
    }

    /// What a deployment that was taken back left in the database.
    pub(crate) fn remains(&self) -> PathBuf {
        self.state().join("remains.json")
    }

    /// Database dumps made before updates.
    pub(crate) fn all_dumps(&self) -> PathBuf {
        self.state().join("dumps")
    }

    /// Those made before a release's updates.
    pub(crate) fn dumps(&self, id: &ReleaseId) -> PathBuf {
        self.all_dumps().join(id.as_str())
    }

    /// PHP that is compiled at run time.
    pub(crate) fn all_php_storage(&self) -> PathBuf {
        self.shared().join("php")
    }

    /// What a release compiles.
    pub(crate) fn php_storage(&self, id: &ReleaseId) -> PathBuf {
        self.all_php_storage().join(id.as_str())
    }

    /// Pruned releases on their way out.
    pub(crate) fn trash(&self) -> PathBuf {
        self.state().join("trash")
    }

    /// Every directory of the layout, parents first.
    pub(crate) fn folders(&self) -> [PathBuf; 6] {
        [self.state(), self.known(), self.trash(), self.releases(), self.shared(), self.incoming()]
    }
}
