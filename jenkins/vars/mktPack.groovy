/** The stage Pack: one `mkt-pack`. See mktPack.txt. */
int call(Map args = [:]) {
    withEnv([
        "MKT_RECORDS=${args.records ?: 'records'}",
        "MKT_SITE=${args.site ?: '.'}",
        "MKT_BASE=${args.base ?: ''}",
        "MKT_EXCLUDE_FROM=${args.excludeFrom ?: ''}",
        "MKT_RELEASE_ID=${args.releaseId ?: ''}",
    ]) {
        // What is there beside the site in most repositories is no part of a release.
        return mktSettle(sh(returnStatus: true, label: 'mkt-pack', script: 'test -n "$MKT_BASE" || ! test -s live.manifest || MKT_BASE=live.manifest; exec mkt-pack "$MKT_SITE" --exclude "/$MKT_RECORDS" --exclude /live.manifest --exclude /fleet.toml --exclude /known_hosts --exclude /Jenkinsfile ${MKT_EXCLUDE_FROM:+--exclude-from "$MKT_EXCLUDE_FROM"} ${MKT_BASE:+--base "$MKT_BASE"} ${MKT_RELEASE_ID:+--release-id "$MKT_RELEASE_ID"}'))
    }
}
