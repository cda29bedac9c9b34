import groovy.json.JsonOutput
import org.codehaus.groovy.control.CompilerConfiguration

/** Reads a Job DSL file as a tree of calls. A word that Job DSL's reference has not at that place is an error. */
class Seed {
    private static final Map<String, List<String>> WORDS = [
        '': ['folder', 'multibranchPipelineJob'],
        folder: ['description', 'displayName'],
        multibranchPipelineJob: ['description', 'displayName', 'branchSources', 'orphanedItemStrategy', 'factory', 'triggers'],
        branchSources: ['git'],
        git: ['id', 'remote', 'credentialsId', 'includes', 'excludes'],
        orphanedItemStrategy: ['discardOldItems'],
        discardOldItems: ['daysToKeep', 'numToKeep'],
        factory: ['workflowBranchProjectFactory'],
        workflowBranchProjectFactory: ['scriptPath'],
    ]

    /** The calls as a tree, or what is wrong. */
    static void answer(Map request) {
        CompilerConfiguration configuration = Engine.configuration()
        Map answer
        try {
            Script script = new GroovyShell(Seed.classLoader, new Binding(request.variables), configuration).parse(new File(request.seed as String).text, 'seed.groovy')
            answer = [jobs: tree('') { script.run() }]
        } catch (StepFailed failed) {
            answer = [error: failed.message]
        }
        File written = new File("${request.answer}.tmp")
        written.text = JsonOutput.toJson(answer)
        written.renameTo(new File(request.answer as String))
    }

    private static List tree(String place, Closure body) {
        List calls = []
        Scope.with(handler: { String name, List arguments ->
            if (!WORDS[place].contains(name)) { throw new StepFailed("job DSL: no \"$name\" in \"$place\"") }
            Closure inner = arguments && arguments.last() instanceof Closure ? arguments.last() : null
            calls << [name: name, value: inner && arguments.size() == 1 ? null : "${arguments[0]}".toString(), inner: inner ? tree(name, inner) : []]
        }) { body.call() }
        return calls
    }
}
