/** Keeps what a stage left, also after a failure or an abort. See mktReport.txt. */
void call(Map args = [:]) {
    String records = args.records ?: 'records'
    junit testResults: "${records}/*.junit.xml", allowEmptyResults: true
    archiveArtifacts artifacts: "${records}/*", allowEmptyArchive: true, fingerprint: true
    if (fileExists("${records}/summary.txt")) {
        currentBuild.description = readFile("${records}/summary.txt").trim()
    }
}
