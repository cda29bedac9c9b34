/** The stage Push: one `fleet-push`, with the key bound for it alone. See fleetPush.txt. */
int call(Map args = [:]) {
    withEnv(["MKT_RECORDS=${args.records ?: 'records'}", "MKT_FLEET=${args.fleet ?: 'fleet.toml'}", "MKT_HOST=${args.only ?: ''}"]) {
        withCredentials([sshUserPrivateKey(credentialsId: args.credentialsId ?: 'site-deploy', keyFileVariable: 'MKT_IDENTITY', passphraseVariable: 'MKT_IDENTITY_PASSPHRASE')]) {
            return mktSettle(sh(returnStatus: true, label: 'fleet-push', script: 'exec fleet-push ${MKT_HOST:+--only "$MKT_HOST"}'))
        }
    }
}
