/** A stage that runs. */
class Stage {
    static final List<String> WORSE = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    String name
    Stage parent
    String result = 'SUCCESS'

    void worsen(String other) {
        result = worse(result, other)
        parent?.worsen(other)
    }

    static String worse(String one, String other) { WORSE.indexOf(one ?: 'SUCCESS') >= WORSE.indexOf(other) ? one : other }
}
