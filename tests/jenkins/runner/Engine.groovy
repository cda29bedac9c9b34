import groovy.json.JsonOutput
import java.nio.file.Files
import java.nio.file.Paths
import org.codehaus.groovy.control.CompilerConfiguration

/** Runs one Jenkinsfile, or the config.xml of a freestyle job, as one build. */
class Engine {
    final Build build
    final Agents agents
    final Credentials credentials
    final Steps steps
    boolean skipsCheckout
    private final Map<String, Script> variables = [:]
    private final GroovyShell shell

    Engine(Map scenario) {
        build = new Build(scenario)
        agents = new Agents(build)
        credentials = new Credentials(build)
        steps = new Steps(this)
        Binding binding = new Binding(params: build.parameters, env: new Environment(build), currentBuild: new CurrentBuild(build),
                                      any: 'any', none: 'none', scm: 'scm')
        shell = new GroovyShell(Engine.classLoader, binding, configuration())
    }

    static CompilerConfiguration configuration() {
        CompilerConfiguration made = new CompilerConfiguration(scriptBaseClass: WorkflowScript.name)
        made.addCompilationCustomizers(new Rewrite())
        return made
    }

    /** The whole build; leaves result.json. */
    Map run() {
        try {
            Map scope = [handler: steps.handler, stage: new Stage(name: 'job'), deadlines: [build.abort], environment: baseEnvironment()]
            Scope.with(scope) { build.scenario.config ? new Freestyle(this).run() : script().run() }
            build.result = build.result ?: 'SUCCESS'
        } catch (Throwable error) {
            build.worsen(error instanceof Interrupted ? error.result : 'FAILURE')
            // A defect of the runner, or an error that Jenkins would show as a trace, too.
            if (!(error instanceof StepFailed || error instanceof Interrupted)) {
                System.err.println("$build.job: $error\n" + error.stackTrace.findAll { it.fileName?.endsWith('.groovy') }.take(8).join('\n'))
            }
            if (!build.reported(error)) { build.log("ERROR: ${error instanceof StepFailed ? error.message : error}") }
        }
        if (!build.keepsStashes) { build.stash('x').parent.toFile().deleteDir() }
        build.log("Finished: $build.result")
        Map result = [result: build.result, description: build.description, tests: build.tests, trace: build.trace, folder: build.folder.toString(), parameters: build.parameters]
        def written = build.folder.resolve('result.json.tmp')
        written.text = JsonOutput.toJson(result)
        Files.move(written, build.folder.resolve('result.json'))
        return result
    }

    private Script script() {
        File file = new File(build.scenario.jenkinsfile as String)
        List<String> wrong = Lint.structure(file)
        if (wrong) { throw new StepFailed(wrong.join('\n')) }
        inherit()
        return shell.parse(file.text, 'Jenkinsfile.groovy')
    }

    /** "Restart from Stage" begins with the stashes of the build that it restarts. */
    private void inherit() {
        if (!build.scenario.restartOf) { return }
        def from = Build.folder(build.scenario, build.scenario.job as String, build.scenario.restartOf).resolve('stashes')
        Workspace.copy(from, build.folder.resolve('stashes'), Workspace.find(from, '**'))
    }

    /** A global variable of the shared library, or null. */
    synchronized Script library(String name) {
        File file = build.scenario.library ? new File("$build.scenario.library/vars/${name}.groovy") : null
        if (!file?.exists()) { return null }
        if (!variables[name]) { variables[name] = shell.parse(file.text, "${name}.groovy") }
        return variables[name]
    }

    /** What every step sees: the scenario's, Jenkins' own, and parameters but for a job's very first build. */
    Map<String, String> baseEnvironment() {
        String name = build.scenario.job
        Map all = new LinkedHashMap(build.scenario.environment ?: [:])
        all += [BUILD_NUMBER: "$build.number", BUILD_ID: "$build.number", BUILD_TAG: "jenkins-${name.replace('/', '-')}-$build.number",
                BUILD_DISPLAY_NAME: "#$build.number", BUILD_URL: "http://jenkins.example/job/${name.replace('/', '/job/')}/$build.number/",
                JOB_NAME: name, JOB_BASE_NAME: name.tokenize('/').last(), JENKINS_URL: 'http://jenkins.example/', CI: 'true']
        if (!build.scenario.firstBuild) { all += build.parameters }
        return all.collectEntries { [it.key.toString(), it.value.toString()] }
    }
}
