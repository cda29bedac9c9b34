import groovy.json.JsonOutput

/**
 * Runs a freestyle job from its config.xml: checkout, wrappers, build steps in order, then publishers; a trigger is written
 * down as the next build's parameters. An element that is not known here is an error, not left out.
 */
class Freestyle {
    private static final List<String> HARMLESS = ['TimestamperBuildWrapper', 'BuildTimeoutWrapper']

    private final Engine engine
    private final Build build
    private final job

    Freestyle(Engine engine) {
        this.engine = engine
        build = engine.build
        job = new XmlSlurper().parse(new File(build.scenario.config as String))
        definitions()
    }

    private void definitions() {
        job.properties.'hudson.model.ParametersDefinitionProperty'.parameterDefinitions.'*'.each {
            String name = it.name.text()
            build.parameters[name] = build.scenario.parameters?.get(name) ?: it.defaultValue.text()
        }
    }

    void run() {
        engine.agents.hold(job.assignedNode.text()) {
            Map environment = engine.baseEnvironment()
            if (job.buildWrappers.'*'.any { kind(it) == 'PreBuildCleanup' }) { engine.steps.deleteDir([:]) }
            if (job.scm.@class.text().endsWith('GitSCM')) {
                engine.agents.checkout()
                environment += engine.agents.variables()
            }
            environment += [WORKSPACE: Scope.current().workspace.toString()]
            Scope.with(environment: environment) {
                try {
                    bound { job.builders.'*'.each { step(it) } }
                } finally {
                    job.publishers.'*'.each { publish(it) }
                }
            }
        }
    }

    /** A class name without its package. */
    private static String kind(element) { element.name().tokenize('.').last() }

    private void bound(Closure body) {
        List bindings = []
        job.buildWrappers.'*'.findAll { !(kind(it) in HARMLESS || kind(it) == 'PreBuildCleanup') }.each { wrapper ->
            if (kind(wrapper) != 'SecretBuildWrapper') { throw new StepFailed("wrapper ${wrapper.name()} is not known") }
            wrapper.bindings.'*'.each { bindings << [sshUserPrivateKey: [it.'*'.collectEntries { field -> [field.name(), field.text()] }]] }
        }
        bindings ? engine.credentials.bind(bindings, body) : body.call()
    }

    private void step(element) {
        Map environment = Scope.current().environment
        Closure text = { it.text().replaceAll(/\$(\w+)/) { all, name -> environment[name] ?: all } }
        switch (kind(element)) {
            case 'Shell':
                engine.steps.sh(script: element.command.text())
                break
            case 'CopyArtifact':
                if (!element.selector.@class.text().endsWith('SpecificBuildSelector')) { throw new StepFailed('only a specific build is not a race') }
                allow(element.project.text())
                engine.steps.copyArtifacts(projectName: element.project.text(), selector: [specific: [text(element.selector.buildNumber)]],
                                           filter: element.filter.text() ?: '**', target: element.target.text() ?: '.')
                break
            default: throw new StepFailed("build step ${element.name()} is not known")
        }
    }

    /** Copy Artifact asks the other job for its permission. */
    private void allow(String project) {
        def other = new XmlSlurper().parse(new File(new File(build.scenario.config as String).parentFile.parentFile, "$project/config.xml"))
        List allowed = other.properties.'hudson.plugins.copyartifact.CopyArtifactPermissionProperty'.projectNameList.string*.text()
        if (!(build.scenario.job in allowed)) { throw new StepFailed("$project does not let $build.scenario.job copy its artifacts") }
    }

    private void publish(element) {
        switch (kind(element)) {
            case 'ArtifactArchiver':
                engine.steps.archiveArtifacts(artifacts: element.artifacts.text(), allowEmptyArchive: element.allowEmptyArchive.text() == 'true',
                                              fingerprint: element.fingerprint.text() == 'true')
                break
            case 'JUnitResultArchiver':
                engine.steps.junit(testResults: element.testResults.text(), allowEmptyResults: element.allowEmptyResults.text() == 'true')
                break
            case 'BuildTrigger': trigger(element); break
            default: throw new StepFailed("publisher ${element.name()} is not known")
        }
    }

    private void trigger(element) {
        def config = element.configs.'*'[0]
        if (build.result && config.condition.text() == 'SUCCESS') { return }
        Map environment = Scope.current().environment
        String lines = config.configs.'*'[0].properties.text().replaceAll(/\$(\w+)/) { all, name -> environment[name] ?: '' }
        Map parameters = lines.readLines().findAll { it.contains('=') }.collectEntries { it.split('=', 2) as List }
        build.event(at: 'trigger', job: config.projects.text(), parameters: JsonOutput.toJson(parameters))
    }
}
