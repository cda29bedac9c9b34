//! The very strategy that runs on sockets, in a network that is computed: a virtual clock, hosts with an uplink and a downlink
//! of a given rate, links with a given delay. Everything is chosen by a seed, so every run is the same.

mod bound;
mod host;
mod stories;
mod topology;
mod world;
