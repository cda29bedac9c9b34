//! Whole files as people write them.

mod health;
mod load;
mod outside;
mod reference;
