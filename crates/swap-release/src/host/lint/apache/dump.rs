//! What Apache's own program says of its configuration.

use std::collections::{BTreeMap, BTreeSet};

/// What `apachectl -t -D DUMP_MODULES -D DUMP_RUN_CFG -D DUMP_INCLUDES` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::host::lint) struct Dump {
    pub(in crate::host::lint) modules: BTreeSet<String>,
    pub(in crate::host::lint) defines: BTreeMap<String, String>,
}

impl Dump {
    pub(in crate::host::lint) fn read(text: &str) -> Self {
        let mut dump = Self::default();
        for line in text.lines() {
            if let Some(define) = line.strip_prefix("Define: ") {
                let (name, value) = define.split_once('=').unwrap_or((define, ""));
                dump.defines.insert(name.to_owned(), value.to_owned());
            } else if let Some((module, _)) = line.strip_prefix(' ').and_then(|rest| rest.split_once(" (")) {
                dump.modules.insert(module.trim().to_owned());
            }
        }
        dump
    }
}
