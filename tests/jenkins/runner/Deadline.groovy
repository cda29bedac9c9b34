/** A limit of time, or the wish to end. */
class Deadline {
    final String what
    private volatile long at
    private volatile boolean over

    private final String result

    Deadline(String what, long milliseconds, String result = 'ABORTED') {
        this.what = what
        this.result = result
        this.at = milliseconds < 0 ? Long.MAX_VALUE : System.currentTimeMillis() + milliseconds
    }

    void expire() { over = true }

    void check() {
        if (over || System.currentTimeMillis() > at) {
            over = true
            throw new Interrupted(what, result)
        }
    }
}
