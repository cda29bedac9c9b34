//! The site that the tests deploy is what it claims to be.

use std::path::Path;

use e2e::site::{Shape, write};
use e2e::{Scratch, Tree};

fn tree(scratch: &Scratch, name: &str, shape: Shape, release: u32) -> Tree {
    let dir = scratch.path().join(name);
    write(&dir, shape, release);
    Tree::read(&dir, &[])
}

#[test]
fn the_same_release_is_the_same_tree_and_the_next_one_is_not() {
    let scratch = Scratch::new();
    let first = tree(&scratch, "a", Shape::Small, 1);
    first.assert_same(&tree(&scratch, "b", Shape::Small, 1), "one release written twice");
    let (files, bytes) = first.files();
    assert!((250..400).contains(&files) && bytes < 3_000_000, "{files} files, {bytes} bytes");
    assert!(first.difference(&tree(&scratch, "c", Shape::Small, 2)).is_some());
}

#[test]
fn the_large_one_has_the_shape_of_drupal_10_3() {
    let scratch = Scratch::new();
    let site = scratch.path().join("site");
    let (files, bytes) = tree(&scratch, "site", Shape::Drupal, 1).files();
    assert!((17_800..18_200).contains(&files), "{files} files");
    assert!((74_000_000..80_000_000).contains(&bytes), "{bytes} bytes");
    assert_eq!(longest(&site, 0), 167, "the longest path");
}

fn longest(dir: &Path, prefix: usize) -> usize {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let length = prefix + entry.file_name().len();
            if entry.file_type().unwrap().is_dir() { longest(&entry.path(), length + 1) } else { length }
        })
        .max()
        .unwrap_or(0)
}
