import java.nio.file.Files
import java.nio.file.Path

/**
 * A shell script as durable-task starts it, and ends it.
 *
 * Detached by nohup and `&`, so HUP, INT and QUIT arrive ignored; standard input is /dev/null; standard output and error
 * are one file; the exit code comes by a file. An abort looks for the cookie in the environment of every process, sends
 * SIGTERM to children first, waits 5 s for each, and never kills.
 */
class Durable {
    static final long SOFT_KILL = 5_000
    static final long GIVE_UP = 20_000

    final Path control
    final Path log
    private final Path result
    private final String cookie

    /** Starts it. With `capture` standard output is its value and only standard error goes to the log. */
    Durable(Scope scope, String script, boolean capture) {
        String id = UUID.randomUUID().toString()[0..7]
        cookie = "durable-${UUID.randomUUID().toString().replace('-', '')}"
        control = Files.createDirectories(Workspace.temporary(scope.workspace).resolve("durable-$id"))
        log = control.resolve('jenkins-log.txt')
        result = control.resolve('jenkins-result.txt')
        Path file = control.resolve('script.sh')
        file.text = script
        String run = script.startsWith('#!') ? '"$SCRIPT"' : 'sh -xe "$SCRIPT"'
        file.toFile().executable = true
        Files.createFile(log)
        String redirect = capture ? '> "$c/output.txt" 2> "$c/jenkins-log.txt"' : '> "$c/jenkins-log.txt" 2>&1'
        // The wrapper has another cookie: it must outlive the script to write the code down.
        def wrapper = '{ jsc=$RUNNER_COOKIE; c=$RUNNER_CONTROL; unset RUNNER_COOKIE RUNNER_CONTROL; SCRIPT=$c/script.sh; ' +
            "JENKINS_SERVER_COOKIE=\$jsc $run $redirect; " +
            'echo $? > "$c/jenkins-result.txt.tmp"; mv "$c/jenkins-result.txt.tmp" "$c/jenkins-result.txt"; } >&- 2>&-'
        def builder = new ProcessBuilder('nohup', 'sh', '-c', "($wrapper) &")
        builder.directory(scope.directory.toFile())
        builder.environment().clear()
        builder.environment().putAll(scope.environment + [JENKINS_SERVER_COOKIE: 'please-do-not-kill-me', RUNNER_COOKIE: cookie, RUNNER_CONTROL: control.toString()])
        builder.redirectErrorStream(true).redirectOutput(new File('/dev/null')).redirectInput(new File('/dev/null'))
        builder.start().waitFor()
    }

    /** One that was started before the controller died; it has gone on by itself. */
    private Durable(Path control, String cookie) {
        this.control = control
        this.cookie = cookie
        log = control.resolve('jenkins-log.txt')
        result = control.resolve('jenkins-result.txt')
    }

    /** By what `begun` wrote down. */
    static Durable again(Map begun) { new Durable(java.nio.file.Paths.get(begun.control as String), begun.cookie as String) }

    /** By what it can be found again. */
    Map begun() { [control: control.toString(), cookie: cookie] }

    /** What was captured. */
    String getOutput() { control.resolve('output.txt').text }

    /** The exit code, or null while it runs. */
    Integer code() { Files.exists(result) ? result.text.trim() as Integer : null }

    /** Ends it; false if it did not end. */
    boolean abort() {
        Map<Long, Long> parents = [:]
        List<Long> ours = []
        // Jenkins looks once; a script that is being started at this very moment is waited for here, so that a test is
        // about the script and not about that gap.
        while (!ours && code() == null) { ours = list(parents) }
        ours.findAll { !ours.contains(parents[it]) }.each { end(it, parents) }
        long until = System.currentTimeMillis() + GIVE_UP
        while (code() == null && System.currentTimeMillis() < until) { Thread.sleep(10) }
        return code() != null
    }

    /** Processes with our cookie; fills in everybody's parent. */
    private List<Long> list(Map<Long, Long> parents) {
        List<Long> ours = []
        new File('/proc').list().findAll { it.isLong() }.each {
            try {
                long pid = it as long
                // proc(5): the command may hold anything, so the fields are counted after its parenthesis.
                parents[pid] = new File("/proc/$it/stat").text.replaceFirst(/(?s).*\) /, '').split(' ')[1] as long
                if (new File("/proc/$it/environ").text.split('\0').contains("JENKINS_SERVER_COOKIE=$cookie".toString())) { ours << pid }
            } catch (IOException ended) {
                parents.remove(it as long)
            }
        }
        return ours
    }

    private void end(long pid, Map<Long, Long> parents) {
        parents.findAll { it.value == pid }.keySet().each { end(it, parents) }
        if (!new File("/proc/$pid").exists()) { return }
        Runtime.runtime.exec(['kill', '-TERM', "$pid"] as String[]).waitFor()
        long until = System.currentTimeMillis() + SOFT_KILL
        while (runs(pid) && System.currentTimeMillis() < until) { Thread.sleep(5) }
    }

    private static boolean runs(long pid) {
        try {
            return new File("/proc/$pid/stat").text.replaceFirst(/(?s).*\) /, '')[0] != 'Z'
        } catch (IOException ended) {
            return false
        }
    }

    void forget() { control.toFile().deleteDir() }
}
