import java.nio.file.Path

/** What holds at one place of a running pipeline, on one thread. */
class Scope {
    private static final ThreadLocal<Scope> CURRENT = new ThreadLocal<>()

    /** Who answers calls: a block of sections, or the steps. */
    Closure handler
    /** Null where no agent is held. */
    Path workspace
    Path directory
    Map<String, String> environment = [:]
    List<Deadline> deadlines = []
    Stage stage

    static Scope current() { CURRENT.get() }

    /** Runs `body` with some of it changed. */
    static <T> T with(Map changes, Closure<T> body) {
        Scope before = CURRENT.get()
        Map all = before ? [handler: before.handler, workspace: before.workspace, directory: before.directory,
                            environment: before.environment, deadlines: before.deadlines, stage: before.stage] : [:]
        CURRENT.set(new Scope(all + changes))
        try {
            return body.call()
        } finally {
            CURRENT.set(before)
        }
    }

    /** The same on a thread of its own. */
    static Thread thread(Scope scope, Closure body) {
        return Thread.start { with([handler: scope.handler, workspace: scope.workspace, directory: scope.directory,
                                    environment: scope.environment, deadlines: scope.deadlines, stage: scope.stage], body) }
    }

    Scope needsAgent(String step) {
        if (!workspace) {
            throw new StepFailed("Required context class hudson.FilePath is missing: step $step needs an agent")
        }
        return this
    }

    /** Ends the work here if a time is over or somebody asked for it. */
    void check() { deadlines.each { it.check() } }
}
