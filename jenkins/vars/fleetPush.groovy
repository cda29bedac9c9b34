/** The stage Push: one `fleet-push`, with the key bound for it alone. See fleetPush.txt. */
int call(Map args = [:]) {
    withEnv(["MKT_RECORDS=${args.records ?: 'records'}", "MKT_FLEET=${args.fleet ?: 'fleet.toml'}", "MKT_HOST=${args.only ?: ''}", "MKT_GROUP=${args.group ?: ''}", "MKT_EXCLUDE=${args.exclude ?: ''}", "MKT_DRY_RUN=${args.dryRun ? '--dry-run' : ''}"]) {
        withCredentials([sshUserPrivateKey(credentialsId: args.credentialsId ?: 'site-deploy', keyFileVariable: 'MKT_IDENTITY', passphraseVariable: 'MKT_IDENTITY_PASSPHRASE')]) {
            return mktSettle(sh(returnStatus: true, label: 'fleet-push', script: 'exec fleet-push $MKT_DRY_RUN ${MKT_GROUP:+--group "$MKT_GROUP"} ${MKT_HOST:+--only "$MKT_HOST"} ${MKT_EXCLUDE:+--exclude "$MKT_EXCLUDE"}'))
        }
    }
}
