import groovy.json.JsonOutput
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths

/** One build of a job: its number, result, log, and folder. */
class Build {
    final Map scenario
    final int number
    final Path job
    final Path folder
    final Map<String, Object> parameters = [:]
    final Map<String, String> environment = [:]
    final Deadline abort = new Deadline('Aborted by a user', -1)
    final List<Map> trace = Collections.synchronizedList([])
    final Map<String, Integer> tests = [passed: 0, failed: 0, skipped: 0]
    String result
    String description
    boolean keepsStashes
    boolean timestamps
    final Journal journal
    /** Its controller has died: its threads do nothing any more, not even clean up. */
    volatile boolean gone
    private final Set<String> secrets = Collections.synchronizedSet([] as Set)

    Build(Map scenario) {
        this.scenario = scenario
        number = scenario.build as int
        job = Paths.get(scenario.jobs as String).resolve(scenario.job as String)
        folder = Files.createDirectories(job.resolve("builds/$number"))
        journal = new Journal(folder, scenario.resume as boolean)
    }

    static Path folder(Map scenario, String job, Object number) { Paths.get(scenario.jobs as String).resolve(job).resolve("builds/$number") }

    /** Does not come back once the controller is gone. */
    void live() {
        if (!gone) { return }
        event(at: 'gone')
        while (true) { Thread.sleep(60_000) }
    }

    Path getArchive() { folder.resolve('archive') }

    Path stash(String name) { folder.resolve('stashes').resolve(name) }

    void worsen(String other) { result = Stage.worse(result, other) }

    void mask(String secret) {
        secret?.readLines()?.findAll { it.trim().size() > 3 }?.each { secrets << it.trim() }
    }

    private final Set<Integer> told = [] as Set

    /** Whether this error is in the log already: it passes several blocks on its way out. */
    synchronized boolean reported(Throwable error) { !told.add(System.identityHashCode(error)) }

    /** Adds to the log; `raw` is what the masking of secrets does not hide from a test. */
    synchronized void log(String text) {
        text.readLines().each { line ->
            folder.resolve('raw.log') << "$line\n"
            String shown = secrets.sort { -it.size() }.inject(line) { done, secret -> done.replace(secret, '****') }
            folder.resolve('log') << (timestamps ? "${new Date().format('HH:mm:ss')}  " : '') + shown + '\n'
        }
    }

    /** One event, written at once: a test waits for it. */
    synchronized void event(Map event) {
        trace << event
        folder.resolve('trace.jsonl') << JsonOutput.toJson(event) + '\n'
    }
}
