//! What turns one tree into another: a patch, for an ordinary update some kilobytes.
//!
//! A patch is a sequence of zstd frames, so that `zstd -l` lists it:
//! 1. a skippable frame with the [`Header`] as JSON: which tree and manifest it is for, and which it leads to;
//! 2. the text of the new manifest, with the base's manifest text as prefix;
//! 3. frames of new content, each with old content as prefix.
//!
//! New content is every content that the base does not have, by path; old content is every content of the base that the
//! new tree does not have, by path. Both are walked together and cut into frames of at most 32 MiB, so that memory is
//! bounded, and a file finds what it was before in its own frame. A prefix is what zstd calls one (`ZSTD_CCtx_refPrefix`): the
//! compressor refers to it as if it had just been written. It takes a tenth of what a dictionary of the same bytes takes.
//!
//! Where only the base's manifest is left, the prefix of content is empty, and what changed goes whole.
//!
//! The bytes are a function of the two trees, of which contents of the base are at hand, and of the version of zstd.

mod apply;
mod contents;
mod frame;
mod header;
mod make;
mod plan;

pub use self::apply::apply;
pub use self::contents::Contents;
pub use self::header::Header;
pub use self::make::make;
