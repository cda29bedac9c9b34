/** The stage Swap: one `swap-release`, with the key bound for it alone. See swapRelease.txt. */
int call(Map args = [:]) {
    withEnv([
        "MKT_RECORDS=${args.records ?: 'records'}",
        "MKT_FLEET=${args.fleet ?: 'fleet.toml'}",
        "MKT_HOST=${args.only ?: ''}",
        "MKT_GROUP=${args.group ?: ''}",
        "MKT_EXCLUDE=${args.exclude ?: ''}",
        "MKT_DRY_RUN=${args.dryRun ? '--dry-run' : ''}",
        "MKT_RELEASE=${args.release ?: ''}",
        "MKT_CANARY=${args.canary ?: ''}",
        "MKT_OLDER=${args.allowOlder ? '--allow-older' : ''}",
    ]) {
        withCredentials([sshUserPrivateKey(credentialsId: args.credentialsId ?: 'site-deploy', keyFileVariable: 'MKT_IDENTITY', passphraseVariable: 'MKT_IDENTITY_PASSPHRASE')]) {
            switch (args.verb ?: 'activate') {
                case 'activate':
                    return mktSettle(sh(returnStatus: true, label: 'swap-release activate', script: 'exec swap-release activate $MKT_DRY_RUN --fleet "$MKT_FLEET" ${MKT_GROUP:+--group "$MKT_GROUP"} ${MKT_HOST:+--only "$MKT_HOST"} ${MKT_EXCLUDE:+--exclude "$MKT_EXCLUDE"} ${MKT_CANARY:+--canary "$MKT_CANARY"} $MKT_OLDER'))
                case 'rollback':
                    return mktSettle(sh(returnStatus: true, label: 'swap-release rollback', script: 'exec swap-release rollback $MKT_DRY_RUN --fleet "$MKT_FLEET" ${MKT_GROUP:+--group "$MKT_GROUP"} ${MKT_HOST:+--only "$MKT_HOST"} ${MKT_EXCLUDE:+--exclude "$MKT_EXCLUDE"} -- ${MKT_RELEASE:+"$MKT_RELEASE"}'))
                case 'manifest':
                    return mktSettle(sh(returnStatus: true, label: 'swap-release manifest', script: 'exec swap-release manifest --fleet "$MKT_FLEET" ${MKT_GROUP:+--group "$MKT_GROUP"} ${MKT_HOST:+--only "$MKT_HOST"} ${MKT_EXCLUDE:+--exclude "$MKT_EXCLUDE"} >live.manifest'))
                case 'status':
                    return mktSettle(sh(returnStatus: true, label: 'swap-release status', script: 'exec swap-release status --fleet "$MKT_FLEET" ${MKT_GROUP:+--group "$MKT_GROUP"} ${MKT_HOST:+--only "$MKT_HOST"} ${MKT_EXCLUDE:+--exclude "$MKT_EXCLUDE"}'))
                default:
                    error "swapRelease: verb is activate, rollback, manifest or status, not ${args.verb}"
            }
        }
    }
}
