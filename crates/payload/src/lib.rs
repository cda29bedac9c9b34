//! A site's tree, its manifest, and the deterministic tar.zst that carries both.
