/** Somebody, a timeout or a newer build ended it: ABORTED, or NOT_BUILT. */
class Interrupted extends RuntimeException {
    final String result

    Interrupted(String message, String result = 'ABORTED') {
        super(message)
        this.result = result
    }
}
