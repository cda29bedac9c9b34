//! The rules of the house that a compiler does not hold. Fast: nothing is built and no server is started.

mod direction;
mod licences;
mod module_tree;
mod modules;
mod pages;
mod readme;
mod scripts;
mod sources;
