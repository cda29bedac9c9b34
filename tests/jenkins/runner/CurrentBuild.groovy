/** `currentBuild`. */
class CurrentBuild {
    private final Build build

    CurrentBuild(Build build) { this.build = build }

    int getNumber() { build.number }

    String getResult() { build.result }

    String getCurrentResult() { build.result ?: 'SUCCESS' }

    /** As in Jenkins a result only gets worse. */
    void setResult(String result) { build.worsen(result) }

    String getDescription() { build.description }

    void setDescription(String text) { build.description = text }
}
