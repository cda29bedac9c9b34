/** A step failed, or the file is not one that Jenkins would take: FAILURE. */
class StepFailed extends RuntimeException {
    StepFailed(String message) { super(message) }
}
