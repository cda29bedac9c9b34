/** The stage Publish: one `tracker-publish`. See trackerPublish.txt. */
int call(Map args = [:]) {
    withEnv(["MKT_RECORDS=${args.records ?: 'records'}", "MKT_FLEET=${args.fleet ?: 'fleet.toml'}", "MKT_KEEP=${args.keep ?: ''}"]) {
        return mktSettle(sh(returnStatus: true, label: 'tracker-publish', script: 'exec tracker-publish ${MKT_KEEP:+--keep "$MKT_KEEP"}'))
    }
}
