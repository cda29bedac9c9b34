import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap

/** The steps that Catalog lists, each as its plugin documents it. */
class Steps {
    /** Resources of `lock`, for all builds of this process. */
    private static final Map<String, Build> LOCKS = new ConcurrentHashMap<>()

    private static final Map<String, Long> UNITS = [SECONDS: 1_000L, MINUTES: 60_000L, HOURS: 3_600_000L, DAYS: 86_400_000L]

    private final Engine engine
    private final Build build
    /** Answers calls inside `steps`, `script` and `post`. */
    final Closure handler = { String name, List arguments -> this.step(name, arguments) }

    Steps(Engine engine) {
        this.engine = engine
        build = engine.build
    }

    private Object step(String name, List arguments) {
        build.live()
        Scope.current().check()
        if (Catalog.VALUES.containsKey(name)) { return [(name): arguments] }
        Script variable = engine.library(name)
        if (variable) { return variable.invokeMethod('call', arguments as Object[]) }
        if (name == 'pipeline') { return new Declarative(engine).pipeline(arguments[0]) }
        if (!Catalog.STEPS.containsKey(name)) { throw new StepFailed("java.lang.NoSuchMethodError: No such DSL method '$name' found among steps") }
        Closure body = arguments && arguments.last() instanceof Closure ? arguments.last() : null
        List plain = body ? arguments.init() : arguments
        // A lone value stands for the step's first parameter.
        Map values = !plain ? [:] : plain[0] instanceof Map ? plain[0] : [(Catalog.STEPS[name][1]): plain[0]]
        String wrong = Catalog.wrongParameter(name, values.keySet())
        if (wrong) { throw new StepFailed(wrong) }
        if (body) { return this."$name"(values, body) }
        // What only speaks or decides is done again when a build goes on.
        if (name in ['echo', 'error', 'junit', 'milestone', 'unstable']) { return this."$name"(values) }
        return build.journal.once(Scope.current().stage.name) { Map began, Closure begin ->
            name == 'sh' ? sh(values, began, begin) : this."$name"(values)
        }
    }

    // --- flow

    Object script(Map none, Closure body) { body.call() }

    void echo(Map options) { build.log("$options.message") }

    void error(Map options) { throw new StepFailed("$options.message") }

    void unstable(Map options) {
        build.log("WARNING: $options.message")
        build.worsen('UNSTABLE')
        Scope.current().stage.worsen('UNSTABLE')
    }

    void catchError(Map options, Closure body) {
        try {
            body.call()
        } catch (StepFailed failed) {
            build.log("ERROR: $failed.message")
            build.worsen(options.buildResult ?: 'FAILURE')
            Scope.current().stage.worsen(options.stageResult ?: options.buildResult ?: 'FAILURE')
        }
    }

    Object timeout(Map options, Closure body) {
        Deadline deadline = new Deadline('Timeout has been exceeded', (options.time as long) * UNITS[options.unit ?: 'MINUTES'])
        return Scope.with(deadlines: Scope.current().deadlines + deadline, body)
    }

    Object retry(Map options, Closure body) {
        int count = options.count
        while (true) {
            try {
                return body.call()
            } catch (StepFailed failed) {
                // Conditions name lost agents, which do not happen here.
                if (--count <= 0 || options.conditions) { throw failed }
                build.log("ERROR: $failed.message\nRetrying")
            }
        }
    }

    void sleep(Map options) { pause((options.time as long) * UNITS[options.unit ?: 'SECONDS']) }

    private void pause(long milliseconds) {
        long until = System.currentTimeMillis() + milliseconds
        while (System.currentTimeMillis() < until) {
            build.live()
            Scope.current().check()
            Thread.sleep(5)
        }
    }

    void parallel(Map branches) {
        boolean failFast = branches.failFast ?: false
        together(branches.findAll { it.key != 'failFast' }, failFast)
    }

    /** Runs branches on threads of their own; the first error is the one that counts. */
    void together(Map<String, Closure> branches, boolean failFast) {
        Scope scope = Scope.current()
        List<Throwable> errors = Collections.synchronizedList([])
        Deadline siblings = new Deadline('Failed in another branch', -1, 'FAILURE')
        branches.collect { name, body ->
            Scope.with(deadlines: scope.deadlines + siblings) {
                Scope.thread(Scope.current()) {
                    try {
                        body.call()
                    } catch (Throwable error) {
                        errors << error
                        if (failFast) { siblings.expire() }
                    }
                }
            }
        }*.join()
        if (errors) { throw errors[0] }
    }

    /** Asks; the scenario holds what people answer, by the name of the stage. */
    def input(Map values) {
        Map answer = build.scenario.inputs?.get(Scope.current().stage.name) ?: [:]
        build.log("$values.message\n${values.ok ?: 'Proceed'} or Abort")
        build.event(at: 'input', stage: Scope.current().stage.name, holdsAgent: Scope.current().workspace != null)
        boolean may = !values.submitter || values.submitter.tokenize(', ').any { it == answer.by || it in answer.groups }
        if (answer.answer && !may) { build.log("$answer.by is not allowed to answer") }
        if (answer.answer == 'proceed' && may) { return build.log("Approved by $answer.by") }
        if (answer.answer == 'abort' && may) { throw new Interrupted("Rejected by $answer.by") }
        // Nobody answers: what remains is the nearest timeout.
        if (Scope.current().deadlines.size() < 2) { throw new StepFailed('input without a timeout waits for ever') }
        Scope.current().deadlines.last().expire()
        Scope.current().check()
    }

    Object lock(Map options, Closure body) {
        String resource = options.resource
        // Each test is a Jenkins of its own.
        String key = "$build.scenario.jobs $resource"
        build.event(at: 'lock', resource: resource)
        // A build that goes on still has it.
        while (LOCKS.putIfAbsent(key, build) != null && LOCKS[key].folder != build.folder) { pause(10) }
        LOCKS[key] = build
        try {
            return body.call()
        } finally {
            LOCKS.remove(key)
            build.event(at: 'unlock', resource: resource)
        }
    }

    /** A newer build that has passed here ends the older ones. */
    void milestone(Map options) {
        Path file = Files.createDirectories(build.job).resolve("milestone-$options.ordinal")
        int passed = Files.exists(file) ? file.text as int : 0
        if (passed > build.number) { throw new Interrupted("Superseded by #$passed", 'NOT_BUILT') }
        file.text = build.number
    }

    // --- the shell

    Object sh(Map options, Map began = null, Closure begin = { }) {
        Scope scope = Scope.current().needsAgent('sh')
        Durable process
        if (began) {
            process = Durable.again(began)
            build.event(at: 'sh again', stage: scope.stage.name, ended: process.code() != null)
        } else {
            build.event(at: 'sh', stage: scope.stage.name, script: options.script)
            process = new Durable(scope, options.script as String, options.returnStdout as boolean)
            begin(process.begun())
        }
        Integer code
        String output
        try {
            while ((code = process.code()) == null) {
                build.live()
                scope.check()
                Thread.sleep(5)
            }
            output = options.returnStdout ? process.output : null
        } catch (Interrupted interrupted) {
            build.log("Sending interrupt signal to process")
            long asked = System.currentTimeMillis()
            boolean ended = process.abort()
            build.event(at: 'interrupted', stage: scope.stage.name, ended: ended, code: process.code(), milliseconds: System.currentTimeMillis() - asked)
            if (!ended) { build.log('After 20s process did not stop') }
            throw interrupted
        } finally {
            build.log(process.log.text)
            process.forget()
        }
        build.event(at: 'exit', stage: scope.stage.name, code: code)
        if (options.returnStatus) { return code }
        if (code != 0) { throw new StepFailed("script returned exit code $code") }
        return output
    }

    // --- the environment

    Object withEnv(Map options, Closure body) {
        Map all = new LinkedHashMap(Scope.current().environment)
        options.overrides.each {
            def (String key, String value) = "$it".split('=', 2) as List
            // PATH+ANYTHING puts a directory in front.
            if (key.contains('+')) {
                key = key.split('\\+')[0]
                value = all[key] ? "$value:${all[key]}" : value
            }
            all[key] = value.toString()
        }
        return Scope.with(environment: all, body)
    }

    Object withCredentials(Map options, Closure body) { engine.credentials.bind(options.bindings, body) }

    // --- files

    Object dir(Map options, Closure body) {
        Path directory = path(options.path)
        return Scope.with(directory: Files.createDirectories(directory), body)
    }

    void deleteDir(Map none) { Scope.current().needsAgent('deleteDir').directory.toFile().deleteDir() }

    boolean fileExists(Map options) { Files.exists(path(options.file)) }

    String readFile(Map options) {
        if (!fileExists(options)) { throw new StepFailed("java.nio.file.NoSuchFileException: ${path(options.file)}") }
        return path(options.file).text
    }

    void writeFile(Map options) {
        Files.createDirectories(path(options.file).parent)
        path(options.file).text = options.text
    }

    private static Path path(Object file) { Scope.current().needsAgent('file').directory.resolve("$file") }

    void checkout(Map options) { engine.agents.checkout() }

    // --- what leaves the workspace

    void stash(Map options) {
        Path directory = Scope.current().needsAgent('stash').directory
        List files = Workspace.find(directory, options.includes ?: '**', options.excludes ?: '')
        if (!files && !options.allowEmpty) { throw new StepFailed("No files included in stash '$options.name'") }
        build.stash(options.name).toFile().deleteDir()
        Files.createDirectories(build.stash(options.name))
        Workspace.copy(directory, build.stash(options.name), files)
        build.log("Stashed ${files.size()} file(s)")
    }

    void unstash(Map options) {
        Path from = build.stash("$options.name")
        if (!Files.exists(from)) { throw new StepFailed("No such saved stash '$from.fileName'") }
        Workspace.copy(from, Scope.current().needsAgent('unstash').directory, Workspace.find(from, '**'))
    }

    void archiveArtifacts(Map values) {
        Path directory = Scope.current().needsAgent('archiveArtifacts').directory
        List files = Workspace.find(directory, values.artifacts, values.excludes ?: '')
        if (!files && !values.allowEmptyArchive) {
            throw new StepFailed("No artifacts found that match the file pattern \"$values.artifacts\"")
        }
        Workspace.copy(directory, build.archive, files)
        build.event(at: 'archive', files: files, fingerprint: values.fingerprint ?: false)
    }

    void copyArtifacts(Map options) {
        def number = options.selector?.specific?.getAt(0)
        if (number == null) { throw new StepFailed('copyArtifacts: only the selector specific(NUMBER) is not a race') }
        Path archive = Build.folder(build.scenario, options.projectName as String, number).resolve('archive')
        List files = "$number".isInteger() ? Workspace.find(archive, options.filter ?: '**', options.excludes ?: '') : []
        if (!files && !options.optional) { throw new StepFailed("Unable to find a build for artifact copy from: $options.projectName #$number") }
        Workspace.copy(archive, Scope.current().needsAgent('copyArtifacts').directory.resolve(options.target ?: '.'), files)
    }

    void junit(Map values) {
        Path directory = Scope.current().needsAgent('junit').directory
        Map counted = build.journal.once(Scope.current().stage.name) { Map began, Closure begin -> count(directory, values) }
        counted.each { status, number -> build.tests[status] = build.tests[status] + (number as int) }
        if (counted.failed && !values.skipMarkingBuildUnstable) { unstable(message: "$counted.failed test(s) failed") }
    }

    /** Test cases of the reports by how they went. */
    private Map count(Path directory, Map values) {
        List files = Workspace.find(directory, values.testResults)
        if (!files && !values.allowEmptyResults) { throw new StepFailed('No test report files were found. Configuration error?') }
        Map counted = [passed: 0, failed: 0, skipped: 0]
        files.each {
            new XmlSlurper().parse(directory.resolve(it).toFile()).'**'.findAll { it.name() == 'testcase' }.each { testCase ->
                String status = testCase.failure.size() || testCase.error.size() ? 'failed' : testCase.skipped.size() ? 'skipped' : 'passed'
                counted[status] = counted[status] + 1
                build.event(at: 'test', name: "${testCase.@classname}.${testCase.@name}".toString(), status: status)
            }
        }
        return counted
    }
}
