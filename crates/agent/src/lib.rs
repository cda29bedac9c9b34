//! The client of `swap-release` on a host: its command lines, its answers, and the conversation with one that waits for words.

mod ask;
mod command;
mod conversation;
mod error;
mod exit;
mod read;

pub use self::ask::ask;
pub use self::command::{command, verb};
pub use self::conversation::Conversation;
pub use self::error::AgentError;
pub use self::exit::exit_code;
pub use self::read::{read, warnings};
