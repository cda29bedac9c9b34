//! The peer: its strategy in a simulated network of up to ten thousand hosts, and the whole of it on real sockets.

mod disk;
mod fixture;
mod hostile;
mod peers;
mod simulation;
